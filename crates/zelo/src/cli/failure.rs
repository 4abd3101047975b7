//! Why a command failed, in words for the person who typed it.

use crate::error::Error;
use std::fmt;

/// A command that ends with 1, or with 2 where it was used wrongly.
#[derive(Debug)]
pub(super) struct Failure {
    text: String,
    /// 1 for what went wrong, 2 for wrong use (the habit of command lines, and clap's).
    pub(super) code: u8,
}

pub(super) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// Something went wrong; the text should name the cure.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 1 }
    }

    /// The command was used wrongly.
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 2 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// An error with its causes, each once: many repeat the text of their source.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    text
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Invalid(fields) => {
                let sentences: Vec<String> =
                    fields.iter().map(|field| format!("{}: {}", field.field, field.message)).collect();
                Self::new(sentences.join("; "))
            }
            Error::Conflict { detail, .. } => Self::new(detail.clone()),
            _ => Self::new(with_causes(&error)),
        }
    }
}

macro_rules! from_error {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(with_causes(&error))
            }
        }
    )*};
}

from_error!(
    crate::config::ConfigError,
    crate::crypto::MasterKeyError,
    crate::crypto::KeyError,
    crate::crypto::OpenError,
    crate::egress::Failure,
    crate::telemetry::LogError,
    crate::telemetry::MetricsError,
    db::Error,
    std::io::Error,
    serde_json::Error,
    simulator::NotAContact,
    simulator::UnknownParty
);
