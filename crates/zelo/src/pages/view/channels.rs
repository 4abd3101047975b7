//! The connected numbers as their page shows them.

use super::{Person, Rail};
use crate::pages::notices::Tone;

/// The page of the connected numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelsPage {
    pub user: Person,
    /// Conversations with something unread, for the rail.
    pub unread: i64,
    pub rail: Rail,
    pub channels: Vec<ChannelCard>,
    pub templates: Vec<TemplateRow>,
    pub notices: Vec<NoticeRow>,
}

/// One number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelCard {
    pub name: String,
    pub phone: String,
    /// Whether messages leave, in words.
    pub state: String,
    pub is_well: bool,
    /// Messages a second, in words.
    pub pace: String,
    /// What Meta says: the text's key and the word.
    pub facts: Vec<(&'static str, String)>,
}

/// One template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRow {
    pub name: String,
    pub language: String,
    pub status: String,
    pub category: String,
    pub quality: String,
    pub reason: String,
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
