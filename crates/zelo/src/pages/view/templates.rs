//! Message templates as their pages show them.

use super::{Person, Rail};
use uuid::Uuid;

/// The list of templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplatesPage {
    pub user: Person,
    /// Conversations with something unread, for the rail.
    pub unread: i64,
    pub rail: Rail,
    /// Whether the reader may make, delete and read them again.
    pub may_write: bool,
    /// What was just done, in words.
    pub done: Option<String>,
    pub syncs: Vec<SyncLine>,
    pub templates: Vec<TemplateCard>,
}

/// When the list of an account was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncLine {
    pub account: String,
    pub at_ms: Option<i64>,
    pub problem: Option<String>,
}

/// One template in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateCard {
    pub id: Uuid,
    pub name: String,
    pub language: String,
    /// Its state, in words.
    pub state: String,
    pub tone: TemplateTone,
    /// Meta's reason for its state; empty without one.
    pub reason: String,
    /// Its category, in words.
    pub category: String,
    /// What Meta did or is going to do with its category, in words.
    pub change: Option<String>,
    /// Meta's word; empty until it said one.
    pub quality: String,
}

/// How a template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateTone {
    /// It can be sent.
    Good,
    /// It waits for Meta.
    Waits,
    /// It cannot be sent.
    Bad,
}

impl TemplateCard {
    /// The class of its badge.
    pub fn class(&self) -> &'static str {
        match self.tone {
            TemplateTone::Good => "is-ok",
            TemplateTone::Waits => "is-warn",
            TemplateTone::Bad => "is-danger",
        }
    }
}

/// A template as the customer sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplatePreview {
    /// The words above the body, or in words what stands there; empty where nothing does.
    pub header: String,
    pub body: String,
    pub footer: String,
    /// What stands on each button, and where it leads.
    pub buttons: Vec<(String, String)>,
}

/// Something that has to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateField {
    /// The name of the field in the form.
    pub name: String,
    /// What it is, in words.
    pub label: String,
    pub example: String,
    pub value: String,
}

/// One template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplatePage {
    pub user: Person,
    pub unread: i64,
    pub rail: Rail,
    pub may_write: bool,
    pub card: TemplateCard,
    /// Nothing while Meta has not told its text.
    pub preview: Option<TemplatePreview>,
    pub fields: Vec<TemplateField>,
}

/// The form for a new template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTemplatePage {
    pub user: Person,
    pub unread: i64,
    pub rail: Rail,
    /// What was typed.
    pub draft: TypedTemplate,
    /// Where there are several accounts: id and name of a number of each.
    pub channels: Vec<(Uuid, String)>,
    /// Everything that is wrong: the part and why, in words.
    pub faults: Vec<(String, String)>,
}

/// What the form for a new template holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedTemplate {
    pub channel: String,
    pub name: String,
    pub language: String,
    pub category: String,
    pub header: String,
    pub body: String,
    /// One example a line, for `{{1}}`, `{{2}}`, ….
    pub examples: String,
    pub footer: String,
    /// One quick reply a line.
    pub replies: String,
}

impl TypedTemplate {
    /// Whether this language was chosen.
    pub fn is_in(&self, language: &str) -> bool {
        self.language == language
    }

    /// Whether this category was chosen.
    pub fn is_of(&self, category: &str) -> bool {
        self.category == category
    }

    /// Whether this number was chosen.
    pub fn is_for(&self, channel: &Uuid) -> bool {
        self.channel == channel.to_string()
    }
}

/// Choosing, filling and sending a template to one contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateChooserPage {
    pub user: Person,
    pub unread: i64,
    pub rail: Rail,
    pub conversation_id: Uuid,
    pub contact_name: String,
    /// Those that can be sent now, and filled in on a page.
    pub templates: Vec<TemplateCard>,
    pub chosen: Option<ChosenTemplate>,
    /// Why it was not sent, in words.
    pub problem: Option<String>,
}

/// The template that is being filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenTemplate {
    pub card: TemplateCard,
    pub fields: Vec<TemplateField>,
    pub preview: TemplatePreview,
    /// New for each rendering: a form that is sent twice sends one message.
    pub idempotency_key: String,
}
