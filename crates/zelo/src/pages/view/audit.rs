//! The audit log as its page shows it.

use super::{Person, Rail};
pub use crate::audit::{EventType, Outcome};
use uuid::Uuid;

/// The page of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    pub user: Person,
    /// Conversations with something unread, for the rail.
    pub unread: i64,
    pub rail: Rail,
    pub query: AuditQuery,
    pub seal: AuditSeal,
    pub rows: Vec<AuditRow>,
    /// The address of older entries.
    pub older: Option<String>,
    pub detail: Option<AuditDetail>,
    /// Whether the reader may take entries along.
    pub may_export: bool,
}

/// What the filters say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    pub event: Option<EventType>,
    pub outcome: Option<Outcome>,
    pub target: String,
    pub ip: String,
    /// Days as the browser writes them, such as `2026-11-20`; empty where there is none.
    pub from: String,
    pub to: String,
    /// Whether reads are shown.
    pub reads: bool,
}

impl AuditQuery {
    /// Whether entries of this kind alone are shown.
    pub fn is_event(&self, event: &EventType) -> bool {
        self.event == Some(*event)
    }

    /// Whether entries of this outcome alone are shown.
    pub fn is_outcome(&self, outcome: &Outcome) -> bool {
        self.outcome == Some(*outcome)
    }
}

/// What is known about the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditSeal {
    /// Nobody has looked yet; so many entries wait to be sealed.
    NotChecked { unsealed: i64 },
    /// Everything up to here is as it was sealed.
    Whole { size: i64 },
    /// Something is not; the number of the first such entry, where it has one.
    Bad { seq: Option<i64> },
}

/// One entry in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub id: Uuid,
    pub at_ms: i64,
    pub who: Person,
    /// None for a word that this version does not know.
    pub event: Option<EventType>,
    pub action: String,
    pub target: String,
    pub outcome: Outcome,
    pub ip: String,
    /// The address of the entry, beside the same list.
    pub address: String,
    pub is_open: bool,
}

/// One entry beside the table.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditDetail {
    pub row: AuditRow,
    pub seq: Option<i64>,
    /// Field, before, after.
    pub changes: Vec<(String, String, String)>,
    pub circumstances: Vec<(String, String)>,
    pub is_erased: bool,
    pub user_agent: String,
    pub request_id: String,
    pub trace_id: String,
}
