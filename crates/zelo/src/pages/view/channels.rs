//! The connected numbers as their page shows them.

use super::{Person, Rail, TemplateCard};
pub use crate::connecting::Verdict;
use crate::pages::notices::Tone;
use uuid::Uuid;

/// The page of the connected numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelsPage {
    pub user: Person,
    /// Conversations with something unread, for the rail.
    pub unread: i64,
    pub rail: Rail,
    /// What a check of one of them found.
    pub checked: Option<CheckedNumber>,
    pub channels: Vec<ChannelCard>,
    pub templates: Vec<TemplateCard>,
    pub notices: Vec<NoticeRow>,
}

/// What a check of a number found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedNumber {
    pub name: String,
    pub lines: Vec<CheckRow>,
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRow {
    pub verdict: Verdict,
    /// The verdict in a word.
    pub word: String,
    pub text: String,
    /// What helps; empty where all is in order.
    pub cure: String,
}

impl CheckRow {
    /// The class of its badge.
    pub fn class(&self) -> &'static str {
        match self.verdict {
            Verdict::Ok => "is-ok",
            Verdict::Warning => "is-warn",
            Verdict::Failed => "is-danger",
        }
    }

    /// The icon of its badge.
    pub fn icon(&self) -> &'static str {
        match self.verdict {
            Verdict::Ok => "check",
            Verdict::Warning => "warn",
            Verdict::Failed => "stop",
        }
    }
}

/// One number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelCard {
    pub id: Uuid,
    pub name: String,
    pub phone: String,
    /// Whether messages leave, in words.
    pub state: String,
    pub is_well: bool,
    /// Whether it is switched on.
    pub is_on: bool,
    /// Messages a second, in words.
    pub pace: String,
    /// What Meta says: the text's key and the word.
    pub facts: Vec<(&'static str, String)>,
    /// That nothing comes in where people usually write.
    pub silence: Option<SilenceNote>,
}

/// That nothing comes in on a number, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilenceNote {
    /// Since when, and what is usual, in the reader's language.
    pub text: String,
    /// What is wrong and what helps; empty where Meta finds nothing wrong.
    pub causes: Vec<CheckRow>,
}

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRow {
    pub at_ms: i64,
    pub tone: Tone,
    /// Already in the reader's language.
    pub text: String,
}

impl NoticeRow {
    /// The class of its badge.
    pub fn class(&self) -> &'static str {
        match self.tone {
            Tone::Info => "is-info",
            Tone::Warn => "is-warn",
            Tone::Danger => "is-danger",
        }
    }

    /// The icon of its badge.
    pub fn icon(&self) -> &'static str {
        match self.tone {
            Tone::Info => "info",
            Tone::Warn => "warn",
            Tone::Danger => "stop",
        }
    }
}
