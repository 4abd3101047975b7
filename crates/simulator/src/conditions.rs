//! What goes wrong on purpose.

use serde::{Deserialize, Serialize};

/// Conditions that hold until they are changed. The default is a network without faults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// Webhooks change places in pairs.
    pub out_of_order: bool,
    /// Every webhook is posted twice.
    pub duplicate: bool,
    /// Milliseconds that every webhook waits.
    pub delay_ms: u64,
    /// Webhooks are signed with a secret that is not the app's.
    pub wrong_signature: bool,
    /// Sends are accepted, and the connection breaks before the answer is complete.
    pub cut_connection: bool,
    /// The first status arrives before the send call is answered.
    pub status_before_answer: bool,
    /// Whoever gets a message reads it at once.
    pub reads_at_once: bool,
    /// What happens to the next send only.
    pub fail_next: Option<PlannedFailure>,
}

/// An error on demand, for one send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFailure {
    /// Meta's code.
    pub code: i64,
    #[serde(default)]
    pub form: FailureForm,
}

/// How an error is told. Meta does either, or both, for the same code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureForm {
    /// The send call is refused.
    #[default]
    Answer,
    /// The send call is accepted, and a `failed` status follows.
    Status,
}
