//! A chat between one person and one business number, as it shows on the person's phone.

use serde::Serialize;
use serde_json::Value;

use crate::contact::ContactId;

/// Free-form messages may be sent for 24 hours after the last message of the customer (Meta, pricing).
pub(crate) const WINDOW_MS: i64 = 24 * 3_600 * 1_000;

/// Who wrote a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    Contact,
    Business,
}

/// How far a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tick {
    /// On its way. A message of the contact stays here until the webhook was answered with 200.
    Sent,
    Delivered,
    Read,
    Failed,
}

/// One message.
#[derive(Debug, Clone, Serialize)]
pub struct Turn {
    pub wamid: String,
    pub writer: Writer,
    /// Milliseconds since 1970.
    pub at: i64,
    /// `type` and its object, in Meta's form.
    pub content: Value,
    /// A template with its variables filled, as `{header, body, footer, buttons}`.
    pub rendered: Option<Value>,
    pub quotes: Option<String>,
    pub tick: Tick,
    /// Meta's code, if it failed.
    pub error: Option<i64>,
    /// What the other side reacted with.
    pub reaction: Option<String>,
    /// The id of the button or row that the contact chose.
    pub chosen: Option<String>,
    /// What the desk wants to have back in each status.
    #[serde(skip)]
    pub(crate) opaque: Option<String>,
    /// Meta's category of charging.
    #[serde(skip)]
    pub(crate) category: String,
    /// The desk addressed the user id and not the number.
    #[serde(skip)]
    pub(crate) by_user_id: bool,
}

/// A chat.
#[derive(Debug, Clone, Serialize)]
pub struct Talk {
    pub phone_number_id: String,
    pub contact: ContactId,
    pub turns: Vec<Turn>,
    /// Messages of the business that were not read yet.
    pub unread: usize,
    /// Milliseconds until the 24-hour window closes; nothing if it is closed.
    pub window_left_ms: Option<i64>,
    /// The business shows that it types.
    pub typing: bool,
    /// When the contact last wrote, on the clock that can be moved forward.
    #[serde(skip)]
    pub(crate) wrote_at: Option<i64>,
    #[serde(skip)]
    pub(crate) typing_until: i64,
}

impl Talk {
    pub(crate) fn new(phone_number_id: String, contact: ContactId) -> Self {
        Self {
            phone_number_id,
            contact,
            turns: Vec::new(),
            unread: 0,
            window_left_ms: None,
            typing: false,
            wrote_at: None,
            typing_until: 0,
        }
    }

    pub(crate) fn window_left(&self, now: i64) -> Option<i64> {
        let closes = self.wrote_at?.saturating_add(WINDOW_MS);
        (closes > now).then(|| closes.saturating_sub(now))
    }

    pub(crate) fn turn(&mut self, wamid: &str) -> Option<&mut Turn> {
        self.turns.iter_mut().rev().find(|turn| turn.wamid == wamid)
    }

    /// The talk with what depends on the hour filled in.
    pub(crate) fn at(&self, now: i64) -> Self {
        let arrived = |turn: &&Turn| turn.writer == Writer::Business && turn.tick < Tick::Read;
        Self {
            unread: self.turns.iter().filter(arrived).count(),
            window_left_ms: self.window_left(now),
            typing: self.typing_until > now,
            ..self.clone()
        }
    }
}
