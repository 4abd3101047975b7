//! What went between the simulator and the desk.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use crate::contact::ContactId;

/// Enough for an afternoon of clicking; a load test must not fill the memory.
const KEPT: usize = 500;

/// Seen from the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A webhook.
    Received,
    /// A call of the Graph API.
    Sent,
}

/// One webhook or one call.
#[derive(Debug, Clone, Serialize)]
pub struct LogEntry {
    pub id: u64,
    /// Milliseconds since 1970.
    pub at: i64,
    pub direction: Direction,
    /// Such as `messages.text`, `statuses.read` or `POST /messages text`.
    pub label: String,
    pub phone_number_id: String,
    pub contact: Option<ContactId>,
    /// The message or status of a webhook; the body of a call.
    pub payload: Value,
    /// The last HTTP status; nothing while a webhook waits or if nobody answered.
    pub http_status: Option<u16>,
    /// How often a webhook was posted.
    pub attempts: u32,
    /// Meta's code, if the call was refused.
    pub code: Option<i64>,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: VecDeque<LogEntry>,
    last_id: u64,
}

impl Log {
    /// Adds an entry, gives it its id, and forgets the oldest one if there are too many.
    pub(crate) fn add(&mut self, mut entry: LogEntry) -> u64 {
        self.last_id = self.last_id.saturating_add(1);
        entry.id = self.last_id;
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
        self.last_id
    }

    /// Notes an attempt to post a webhook, if it is still remembered.
    pub(crate) fn attempted(&mut self, id: u64, http_status: Option<u16>) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.id == id) {
            entry.attempts = entry.attempts.saturating_add(1);
            entry.http_status = http_status;
        }
    }

    /// The newest first.
    pub(crate) fn newest(&self, limit: usize) -> Vec<LogEntry> {
        self.entries.iter().rev().take(limit).cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
