//! What Meta takes of one message, checked part by part before anything is sent.
//!
//! Meta says 100 or 131009 for all of it, and only after the call. Here every fault is found at once and named by its path
//! in Meta's JSON. What is read and what was made here pass the same tables ([`content`], [`interactive`], [`template`]);
//! they hold the lengths and counts of Meta's pages messages/*.

mod content;
mod emoji;
mod interactive;
mod shape;
mod template;

use serde_json::{Map, Value};

use super::outbound::OutboundContent;

/// What is wrong with one part of a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct ContentFault {
    /// Where, such as `interactive.action.buttons[2].reply.title`.
    pub field: String,
    pub problem: ContentProblem,
}

/// Why a part would not be taken. As a sentence for people it says what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentProblem {
    #[error("This part is needed.")]
    Missing,
    #[error("There is no such part here.")]
    Unknown,
    #[error("This must be {0}.")]
    WrongType(&'static str),
    /// More than so many characters.
    #[error("WhatsApp takes at most {0} characters here.")]
    TooLong(usize),
    /// More than so many pieces.
    #[error("WhatsApp takes at most {0} of these.")]
    TooMany(usize),
    #[error("Two of these may not be the same.")]
    Repeated,
    #[error("{0}")]
    Invalid(String),
}

impl ContentProblem {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "required",
            Self::Unknown => "unknown",
            Self::WrongType(_) => "wrong_type",
            Self::TooLong(_) => "too_long",
            Self::TooMany(_) => "too_many",
            Self::Repeated => "duplicate",
            Self::Invalid(_) => "invalid",
        }
    }
}

impl OutboundContent {
    /// Reads what Meta's JSON has under the name of a message's type. A part that is null is as good as none.
    ///
    /// # Errors
    /// Everything that Meta would not take, in the order of the tables.
    pub fn read(kind: &str, object: &Value) -> Result<Self, Vec<ContentFault>> {
        let mut object = object.clone();
        drop_nulls(&mut object);
        let faults = faults_of(kind, &object);
        if !faults.is_empty() {
            return Err(faults);
        }
        let whole = Value::Object(Map::from_iter([(kind.to_owned(), object)]));
        serde_json::from_value(whole).map_err(|error| {
            vec![ContentFault { field: kind.to_owned(), problem: ContentProblem::Invalid(error.to_string()) }]
        })
    }

    /// Everything in it that Meta would not take.
    pub fn faults(&self) -> Vec<ContentFault> {
        let whole = serde_json::to_value(self).unwrap_or_default();
        faults_of(self.kind(), whole.get(self.kind()).unwrap_or(&Value::Null))
    }
}

fn faults_of(kind: &str, object: &Value) -> Vec<ContentFault> {
    let mut faults = Vec::new();
    match content::KINDS.iter().find(|(name, _)| *name == kind) {
        Some((_, shape)) => shape.check(object, kind, &mut faults),
        None => {
            let problem = shape::not_one_of(content::KINDS.iter().map(|(name, _)| *name));
            faults.push(ContentFault { field: "type".to_owned(), problem });
        }
    }
    faults
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
