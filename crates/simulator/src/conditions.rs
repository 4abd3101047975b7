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
    /// Meta's limits; without them everything is taken as fast as it comes.
    pub limits: Option<SendLimits>,
    /// Milliseconds that every send is on its way before it is looked at.
    pub travel_ms: u64,
    /// Of a thousand sends, so many are refused with an error that passes (131016).
    pub transient_per_mille: u16,
    /// How Meta decides about templates that are handed in; without it they wait for somebody.
    pub template_review: Option<TemplateReview>,
    /// Of a thousand accepted sends, so many lose their connection before the answer is complete.
    pub cut_per_mille: u16,
}

/// What becomes of templates that are handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateReview {
    /// Milliseconds that it takes, by the clock that can be moved forward.
    #[serde(default)]
    pub after_ms: u64,
    /// What is decided.
    #[serde(flatten)]
    pub decision: TemplateDecision,
}

impl TemplateReview {
    /// Everything is approved.
    pub fn approves_after(after_ms: u64) -> Self {
        Self { after_ms, decision: TemplateDecision::new("APPROVED") }
    }
}

/// A decision of Meta about a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateDecision {
    /// `APPROVED`, `REJECTED`, `PAUSED`, `DISABLED` or another of Meta's words.
    pub event: String,
    /// Why, in words; of rejected and paused ones.
    #[serde(default)]
    pub reason: Option<String>,
}

impl TemplateDecision {
    /// A decision without a reason.
    pub fn new(event: impl Into<String>) -> Self {
        Self { event: event.into(), reason: None }
    }
}

/// How fast messages may come (Meta, throughput and about-the-platform).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SendLimits {
    /// For one number within any second: 80, 1,000 after an upgrade, 20 in coexistence. What is above gets 130429.
    pub per_second: usize,
    /// Milliseconds that each message to one person costs. What comes too early gets 131056.
    pub pair_ms: i64,
    /// So many may come within the time of one, on credit: afterwards nothing, until all of them are paid for.
    pub pair_burst: i64,
}

impl Default for SendLimits {
    fn default() -> Self {
        Self { per_second: 80, pair_ms: 6_000, pair_burst: 45 }
    }
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
