//! What is said of one deed.

use super::EventType;
use crate::ids::{TenantId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::fmt::Display;
use uuid::Uuid;

/// How a deed ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was tried and did not work, such as a log-in with a wrong password.
    Failed,
    /// It was refused, because the one who tried may not do it.
    Denied,
}

impl Outcome {
    /// Its name in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Denied => "denied",
        }
    }

    /// The outcome of this name.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Success, Self::Failed, Self::Denied].into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// One of a tenant's staff, or of the platform's with the nil tenant.
    User(TenantId, UserId),
    /// A program with an API key.
    ApiKey(Uuid),
    /// Somebody who is not known, such as at a failed log-in.
    Anonymous,
    /// The product itself, or somebody at its command line.
    System,
}

impl Actor {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::User(..) => "user",
            Self::ApiKey(_) => "api_key",
            Self::Anonymous => "anonymous",
            Self::System => "system",
        }
    }

    pub(super) fn id(self) -> Option<Uuid> {
        match self {
            Self::User(_, user) => Some(user.0),
            Self::ApiKey(key) => Some(key),
            Self::Anonymous | Self::System => None,
        }
    }
}

/// What is said of one deed; who, when and from where is known to the [`super::Pen`] that writes it.
///
/// Neither a secret nor the text of a message belongs in it, sealed or not.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(super) event: EventType,
    pub(super) action: &'static str,
    pub(super) target_kind: &'static str,
    pub(super) target_id: String,
    pub(super) outcome: Outcome,
    pub(super) changes: Map<String, Value>,
    pub(super) details: Map<String, Value>,
}

impl Entry {
    /// A deed that was done. `action` says more exactly what, such as `channel_created`; it is a word of the program,
    /// never something that a client sent.
    pub fn of(event: EventType, action: &'static str) -> Self {
        Self {
            event,
            action,
            target_kind: "",
            target_id: String::new(),
            outcome: Outcome::Success,
            changes: Map::new(),
            details: Map::new(),
        }
    }

    /// What it was done to. The id stands in clear and outlives an erasure: an id, never a name or a number.
    #[must_use]
    pub fn on(mut self, kind: &'static str, id: impl Display) -> Self {
        (self.target_kind, self.target_id) = (kind, id.to_string());
        self
    }

    /// It did not work.
    #[must_use]
    pub fn failed(self) -> Self {
        Self { outcome: Outcome::Failed, ..self }
    }

    /// It was refused.
    #[must_use]
    pub fn denied(self) -> Self {
        Self { outcome: Outcome::Denied, ..self }
    }

    /// A field before and after. Null where it was or is not there. A field that did not change is left out.
    #[must_use]
    pub fn changed(mut self, field: &str, old: impl Into<Value>, new: impl Into<Value>) -> Self {
        let (old, new) = (old.into(), new.into());
        if old != new {
            self.changes.insert(field.to_owned(), json!({ "old": old, "new": new }));
        }
        self
    }

    /// A circumstance, such as the reason that was given.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}
