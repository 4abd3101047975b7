//! The open conversation.

use uuid::Uuid;

use super::{ContactPanel, Entry, Notice, Person, Quote};

/// The state of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConversationStatus {
    #[default]
    Open,
    /// A bot has it.
    Pending,
    Snoozed,
    Resolved,
}

/// Who owns a conversation, seen by the reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Assignment {
    #[default]
    Nobody,
    Me(Person),
    Other(Person),
}

impl Assignment {
    /// The owner, whoever it is.
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Nobody => None,
            Self::Me(person) | Self::Other(person) => Some(person),
        }
    }

    /// Whether the reader owns it.
    pub fn is_mine(&self) -> bool {
        matches!(self, Self::Me(_))
    }
}

/// WhatsApp's customer service window: until when anything but a template may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    Open {
        until_ms: i64,
    },
    /// `since_ms` is absent when the contact never wrote.
    Closed {
        since_ms: Option<i64>,
    },
}

/// The bar above the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadHead {
    pub conversation_id: Uuid,
    pub contact: Person,
    /// Number and channel, in one line.
    pub subtitle: String,
    pub status: ConversationStatus,
    pub window: Window,
    pub assignment: Assignment,
}

/// Where the agent writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composer {
    pub conversation_id: Uuid,
    pub contact_name: String,
    /// Decides between the field and the word that a template is needed.
    pub window: Window,
    /// Whether the reader's role may answer at all.
    pub may_reply: bool,
    /// New for each rendering: a form that is sent twice sends one message.
    pub idempotency_key: String,
    /// What the field holds; after a refused form what was written.
    pub text: String,
    /// The message being replied to.
    pub reply_to: Option<Quote>,
    pub notice: Option<Notice>,
}

/// An open conversation: head, messages, composer and the contact beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    pub head: ThreadHead,
    /// The conversation's newest `seq` at the time of rendering; live updates continue after it.
    pub last_seq: i64,
    /// The newest page, in reading order.
    pub messages: MessageRange,
    pub composer: Composer,
    pub contact: ContactPanel,
}

/// Some consecutive entries of one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageRange {
    pub conversation_id: Uuid,
    /// In reading order: by time, then by `seq`.
    pub entries: Vec<Entry>,
    /// Opaque; `None` at the beginning of the conversation and in answers to `after_seq`.
    pub older_cursor: Option<String>,
}
