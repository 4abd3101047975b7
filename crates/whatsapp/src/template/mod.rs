//! What Meta demands of templates: of their text when they are made, and of what fills them when they are sent.
//!
//! Meta answers 100 or 2388xxx to most of it, one fault at a time and some only hours later, in the review. Looked at
//! before the call, a person gets every fault at once, with its field.

mod buttons;
mod draft;
mod fill;
mod variables;

pub use draft::TemplateDraft;
pub use fill::{Filled, Known, Preview, PreviewButton, PreviewHeader, Variable};
pub use variables::names;

use serde_json::Value;

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The path in the body, such as `components.1.text`.
    pub field: String,
    /// A stable name for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl Fault {
    fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }
}

/// The text at a key; empty where there is none.
fn text_of<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The list at a key; empty where there is none.
fn list_of<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A fault where a text is empty or longer than `most` characters.
fn check_length(faults: &mut Vec<Fault>, field: String, text: &str, most: usize) {
    if text.trim().is_empty() {
        faults.push(Fault::new(field, "required", "This needs a text."));
    } else if text.chars().count() > most {
        faults.push(Fault::new(field, "too_long", format!("This has at most {most} characters.")));
    }
}
