//! What is known of a template.

use crate::clock::Millis;
use serde::Serialize;

/// A template that Meta has told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MessageTemplate {
    /// Meta's id of the account.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// `APPROVED`, `REJECTED`, `PAUSED`, `DISABLED` or another word of Meta's; null until Meta said one.
    pub status: Option<String>,
    /// Why, in Meta's words.
    pub reason: Option<String>,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`; null until Meta said one.
    pub category: Option<String>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`; null until Meta said one.
    pub quality: Option<String>,
}

/// One thing that Meta says of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying {
    /// Its state, and why.
    Status(String, Option<String>),
    /// Its category.
    Category(String),
    /// Its quality.
    Quality(String),
}

/// News of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Meta's id of the account.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Its language, with a hyphen or an underscore.
    pub language: String,
    /// Meta's id of it.
    pub meta_key: String,
    /// When, by Meta's clock.
    pub at: Millis,
    /// What.
    pub saying: Saying,
}

/// Languages come with a hyphen or an underscore: Meta means the same.
pub(super) fn spelled(language: &str) -> String {
    language.replace('-', "_")
}
