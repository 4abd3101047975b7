//! What happened, for those who tell others.
//!
//! A use case records its events in the outbox, inside its own transaction; after the commit everybody who tells others
//! follows the outbox ([`Follower`]). Events hold ids only: who hears of one reads the rest in their own scope.

mod fan_out;
pub(crate) mod outbox;

pub use fan_out::Follower;
pub use outbox::{Recorded, record};

use crate::ids::{ChannelId, ConversationId, MessageId};
use uuid::Uuid;

/// Rung when something was recorded.
pub const TOPIC: db::Topic = "events";

/// Everything that can happen to a conversation, or to a channel. What happens to a conversation carries its `seq` of the
/// change, so that who misses one sees the gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A message was stored.
    MessageCreated {
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// The conversation's change.
        seq: i64,
    },
    /// A message got further, or failed.
    MessageStatus {
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// The conversation's change.
        seq: i64,
    },
    /// A reaction, an edit or a deletion changed a message.
    MessageChanged {
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// The conversation's change.
        seq: i64,
    },
    /// A conversation began, or its state changed.
    ConversationUpdated {
        /// Which.
        conversation: ConversationId,
        /// Its change.
        seq: i64,
    },
    /// A conversation was given to somebody, or to nobody.
    ConversationAssigned {
        /// Which.
        conversation: ConversationId,
        /// Its change.
        seq: i64,
    },
    /// A channel fell silent, or is heard again.
    ChannelSilence {
        /// Which.
        channel: ChannelId,
    },
}

impl Event {
    /// The conversation or channel that it is about.
    fn subject(self) -> Uuid {
        match self {
            Self::MessageCreated { conversation, .. }
            | Self::MessageStatus { conversation, .. }
            | Self::MessageChanged { conversation, .. }
            | Self::ConversationUpdated { conversation, .. }
            | Self::ConversationAssigned { conversation, .. } => conversation.0,
            Self::ChannelSilence { channel } => channel.0,
        }
    }

    /// The conversation's change; 0 for what happens to no conversation.
    pub fn seq(self) -> i64 {
        match self {
            Self::MessageCreated { seq, .. }
            | Self::MessageStatus { seq, .. }
            | Self::MessageChanged { seq, .. }
            | Self::ConversationUpdated { seq, .. }
            | Self::ConversationAssigned { seq, .. } => seq,
            Self::ChannelSilence { .. } => 0,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::MessageCreated { .. } => "message_created",
            Self::MessageStatus { .. } => "message_status",
            Self::MessageChanged { .. } => "message_changed",
            Self::ConversationUpdated { .. } => "conversation_updated",
            Self::ConversationAssigned { .. } => "conversation_assigned",
            Self::ChannelSilence { .. } => "channel_silence",
        }
    }

    fn message(self) -> Option<MessageId> {
        match self {
            Self::MessageCreated { message, .. }
            | Self::MessageStatus { message, .. }
            | Self::MessageChanged { message, .. } => Some(message),
            Self::ConversationUpdated { .. }
            | Self::ConversationAssigned { .. }
            | Self::ChannelSilence { .. } => None,
        }
    }

    fn read(name: &str, subject: Uuid, message: Option<MessageId>, seq: i64) -> Option<Self> {
        let conversation = ConversationId(subject);
        Some(match (name, message) {
            ("message_created", Some(message)) => Self::MessageCreated { conversation, message, seq },
            ("message_status", Some(message)) => Self::MessageStatus { conversation, message, seq },
            ("message_changed", Some(message)) => Self::MessageChanged { conversation, message, seq },
            ("conversation_updated", _) => Self::ConversationUpdated { conversation, seq },
            ("conversation_assigned", _) => Self::ConversationAssigned { conversation, seq },
            ("channel_silence", _) => Self::ChannelSilence { channel: ChannelId(subject) },
            _ => return None,
        })
    }
}
