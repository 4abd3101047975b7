//! The panel about the contact of the open conversation.

use uuid::Uuid;

use super::{Assignment, ConversationStatus, Person};

/// Everything the panel says. Rows without a value are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPanel {
    pub conversation_id: Uuid,
    pub contact: Person,
    /// When the contact first wrote.
    pub since_ms: Option<i64>,
    /// With country code; see [`super::phone_text`].
    pub phone: Option<String>,
    pub email: Option<String>,
    /// The public WhatsApp user name, without `@`.
    pub username: Option<String>,
    /// Whether the contact told Meta to get no marketing messages.
    pub wants_no_marketing: bool,
    pub assignment: Assignment,
    pub status: ConversationStatus,
    /// The name of the number that the contact writes to.
    pub channel: String,
    /// Earlier conversations, newest first.
    pub past: Vec<PastConversation>,
}

/// An earlier conversation of the same contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastConversation {
    pub id: Uuid,
    /// What it was about, or its last words.
    pub title: String,
    pub at_ms: i64,
}
