//! What a conversation is.

use crate::{
    clock::Millis,
    ids::{ChannelId, ContactId, ConversationId, TeamId, UserId},
};
use serde::{Deserialize, Serialize};

/// Who is to act on a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    /// The bot has it.
    Pending,
    /// People have it.
    Open,
    /// It sleeps until a time, or until the contact writes.
    Snoozed,
    /// Done.
    Resolved,
}

impl ConversationStatus {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
        }
    }

    /// Read the word that is stored.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "pending" => Self::Pending,
            "open" => Self::Open,
            "snoozed" => Self::Snoozed,
            "resolved" => Self::Resolved,
            _ => return None,
        })
    }

    /// Whether a message of the contact wakes it.
    pub(super) fn is_asleep(self) -> bool {
        matches!(self, Self::Resolved | Self::Snoozed)
    }

    /// Its place in the list: what asks for action first.
    pub(super) fn list_rank(self) -> i64 {
        match self {
            Self::Open => 0,
            Self::Pending => 1,
            Self::Snoozed => 2,
            Self::Resolved => 3,
        }
    }
}

/// A thread with one contact on one channel.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// The number that it came in by.
    pub channel: ChannelId,
    /// With whom.
    pub contact: ContactId,
    /// Who is to act.
    pub status: ConversationStatus,
    /// Who of the staff has it.
    pub assignee: Option<UserId>,
    /// Which team has it.
    pub team: Option<TeamId>,
    /// Its last change.
    pub last_seq: i64,
    /// Messages of the contact that nobody has read.
    pub unread_count: i64,
    /// Its last message.
    pub last_message_seq: i64,
    /// When something was last said.
    pub last_activity_at: Millis,
    /// Until when anything may be sent; afterwards only templates. Nothing while the contact never wrote.
    pub window_expires_at: Option<Millis>,
    /// Until when it sleeps.
    pub snoozed_until: Option<Millis>,
    /// When it began.
    pub created_at: Millis,
}

impl Conversation {
    /// Whether anything but a template may be sent now.
    pub fn window_is_open(&self, now: Millis) -> bool {
        self.window_expires_at.is_some_and(|expires| now < expires)
    }

    /// Its place in the list.
    pub fn position(&self) -> Position {
        Position { rank: self.status.list_rank(), last_activity_at: self.last_activity_at, id: self.id }
    }
}

/// Whose conversations are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssigneeFilter {
    /// Everybody's.
    Anybody,
    /// Nobody's.
    Nobody,
    /// One person's.
    User(UserId),
}

/// Which conversations are listed.
#[derive(Debug, Clone)]
pub struct Listing {
    /// In which states; empty means all.
    pub statuses: Vec<ConversationStatus>,
    /// Whose.
    pub assignee: AssigneeFilter,
    /// On which channel.
    pub channel: Option<ChannelId>,
    /// With whom.
    pub contact: Option<ContactId>,
    /// In which team's hands.
    pub team: Option<TeamId>,
    /// Behind this place in the list.
    pub after: Option<Position>,
    /// How many at most.
    pub limit: i64,
}

/// A place in the list of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// What asks for action comes first.
    pub rank: i64,
    /// Then the last activity.
    pub last_activity_at: Millis,
    /// Then the youngest.
    pub id: ConversationId,
}
