//! What happened, for those who tell others.
//!
//! A use case records its events in the outbox, inside its own transaction; after the commit everybody who tells others
//! follows the outbox ([`Follower`]). Events hold ids only: who hears of one reads the rest in their own scope.

mod fan_out;
pub(crate) mod outbox;

pub use fan_out::Follower;
pub use outbox::{Recorded, record};

use crate::ids::{ConversationId, MessageId};

/// Rung when something was recorded.
pub const TOPIC: db::Topic = "events";

/// Everything that can happen to a conversation. Each carries the conversation's `seq` of the change, so that who misses
/// one sees the gap.
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
}

impl Event {
    /// Which conversation it is about.
    pub fn conversation(self) -> ConversationId {
        match self {
            Self::MessageCreated { conversation, .. }
            | Self::MessageStatus { conversation, .. }
            | Self::MessageChanged { conversation, .. }
            | Self::ConversationUpdated { conversation, .. }
            | Self::ConversationAssigned { conversation, .. } => conversation,
        }
    }

    /// The conversation's change.
    pub fn seq(self) -> i64 {
        match self {
            Self::MessageCreated { seq, .. }
            | Self::MessageStatus { seq, .. }
            | Self::MessageChanged { seq, .. }
            | Self::ConversationUpdated { seq, .. }
            | Self::ConversationAssigned { seq, .. } => seq,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::MessageCreated { .. } => "message_created",
            Self::MessageStatus { .. } => "message_status",
            Self::MessageChanged { .. } => "message_changed",
            Self::ConversationUpdated { .. } => "conversation_updated",
            Self::ConversationAssigned { .. } => "conversation_assigned",
        }
    }

    fn message(self) -> Option<MessageId> {
        match self {
            Self::MessageCreated { message, .. }
            | Self::MessageStatus { message, .. }
            | Self::MessageChanged { message, .. } => Some(message),
            Self::ConversationUpdated { .. } | Self::ConversationAssigned { .. } => None,
        }
    }

    fn read(name: &str, conversation: ConversationId, message: Option<MessageId>, seq: i64) -> Option<Self> {
        Some(match (name, message) {
            ("message_created", Some(message)) => Self::MessageCreated { conversation, message, seq },
            ("message_status", Some(message)) => Self::MessageStatus { conversation, message, seq },
            ("message_changed", Some(message)) => Self::MessageChanged { conversation, message, seq },
            ("conversation_updated", _) => Self::ConversationUpdated { conversation, seq },
            ("conversation_assigned", _) => Self::ConversationAssigned { conversation, seq },
            _ => return None,
        })
    }
}
