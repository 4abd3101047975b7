//! What is known of a template.

use crate::{
    clock::Millis,
    error::{Error, FieldError, Result},
    ids::{ChannelId, TemplateId},
};
use serde_json::Value;
use whatsapp::template::{Fault, Known, TemplateDraft};

/// The state of one that was deleted. Its row stays until the next reading of the whole list, so that a notice which comes
/// late does not bring it back.
pub(super) const DELETED: &str = "DELETED";

/// A template that Meta has told of, or that was handed in here.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageTemplate {
    /// Its id.
    pub id: TemplateId,
    /// Meta's id of the account.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// Meta's id of it.
    pub meta_key: String,
    /// `APPROVED`, `REJECTED`, `PAUSED`, `DISABLED` or another word of Meta's; none until Meta said one.
    pub status: Option<String>,
    /// Why, in Meta's words.
    pub reason: Option<String>,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`; none until Meta said one.
    pub category: Option<String>,
    /// The category that it had before Meta changed it.
    pub previous_category: Option<String>,
    /// The category that Meta is going to give it.
    pub next_category: Option<String>,
    /// When, where Meta said it.
    pub next_category_on: Option<Millis>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`; none until Meta said one.
    pub quality: Option<String>,
    /// Whether its variables have names.
    pub is_named: bool,
    /// Header, body, footer and buttons, as Meta writes them; none until Meta said them.
    pub components: Option<Vec<Value>>,
}

impl MessageTemplate {
    /// Its text and variables; nothing until Meta said them.
    pub fn known(&self) -> Option<Known<'_>> {
        let components = self.components.as_deref()?;
        Some(Known { components, is_named: self.is_named })
    }

    /// Whether Meta takes messages with it now. What Meta has said nothing of may be one of those.
    pub fn may_be_sent(&self) -> bool {
        matches!(self.status.as_deref(), None | Some("APPROVED" | "REINSTATED" | "UNARCHIVED" | "FLAGGED"))
    }

    /// Why it cannot be sent, as a conflict with its cure.
    pub(super) fn refusal(&self) -> Error {
        let (code, cure) = match self.status.as_deref().unwrap_or_default() {
            "PAUSED" => (
                "template_paused",
                "Meta paused it because customers blocked or reported it; wait until Meta resumes it, or use another one.",
            ),
            "REJECTED" => {
                ("template_rejected", "Meta rejected it; change it and hand it in under another name.")
            }
            "DISABLED" => ("template_disabled", "Meta disabled it for good; use another one."),
            "PENDING" | "IN_APPEAL" => {
                ("template_pending", "Meta is still looking at it; wait for its decision.")
            }
            DELETED | "PENDING_DELETION" => ("template_deleted", "It was deleted; use another one."),
            _ => ("template_not_approved", "Meta does not take messages with it now; use another one."),
        };
        let reason = self.reason.as_deref().map(|reason| format!(" Meta says: {reason}")).unwrap_or_default();
        Error::Conflict { code, detail: format!("The template {} cannot be sent. {cure}{reason}", self.name) }
    }
}

/// A template to be handed in.
#[derive(Debug, Clone)]
pub struct NewTemplate {
    /// A number of the account that it is for; may be missing where there is only one account.
    pub channel: Option<ChannelId>,
    /// What is handed in.
    pub draft: TemplateDraft,
}

/// How the last reading of an account's list ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncState {
    /// Meta's id of the account.
    pub account: String,
    /// When the list was last read whole.
    pub synced_at: Option<Millis>,
    /// Why the last try failed; none where it did not.
    pub problem: Option<String>,
}

/// One thing that Meta says of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying {
    /// Its state, and why.
    Status(String, Option<String>),
    /// Its category.
    Category(String),
    /// Its category was changed, or is going to be.
    Change {
        /// What it was.
        previous: Option<String>,
        /// What it is going to be.
        next: Option<String>,
        /// When.
        on: Option<Millis>,
    },
    /// Its quality.
    Quality(String),
    /// Somebody changed its text.
    Edited,
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

/// Faults as the API names them.
///
/// # Errors
/// [`Error::Invalid`] naming every field, where there are faults.
pub(super) fn refuse(faults: Vec<Fault>) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    let fields = faults.into_iter().map(|fault| FieldError::new(fault.field, fault.code, fault.message));
    Err(Error::Invalid(fields.collect()))
}
