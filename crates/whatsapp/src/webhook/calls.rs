//! The field `calls`. An incoming call opens the 24-hour window like a message does.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::messages::{Metadata, Sender, read_senders};
use crate::lenient::{self, Fields, Raw};

/// Calls of one number, and steps of calls that the business started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    pub metadata: Metadata,
    pub contacts: Vec<Sender>,
    pub calls: Vec<Call>,
    pub statuses: Vec<CallStatus>,
    pub unreadable: Vec<Raw>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The `wacid`.
    pub id: String,
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub from_user_id: Option<String>,
    #[serde(default)]
    pub to: Option<String>,
    /// `connect` or `terminate`.
    pub event: String,
    /// Unix seconds.
    #[serde(deserialize_with = "lenient::seconds")]
    pub timestamp: i64,
    /// `USER_INITIATED` or `BUSINESS_INITIATED`.
    #[serde(default)]
    pub direction: Option<String>,
    /// With `terminate`: `COMPLETED` or `FAILED`.
    #[serde(default)]
    pub status: Option<String>,
    /// Seconds.
    #[serde(default, deserialize_with = "lenient::optional_seconds")]
    pub duration: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallStatus {
    /// The `wacid`.
    pub id: String,
    /// `RINGING`, `ACCEPTED`, `REJECTED`.
    pub status: String,
    /// Unix seconds.
    #[serde(deserialize_with = "lenient::seconds")]
    pub timestamp: i64,
    #[serde(default)]
    pub recipient_id: Option<String>,
    #[serde(default)]
    pub biz_opaque_callback_data: Option<String>,
}

pub(super) fn read_value(raw: &RawValue) -> Option<Calls> {
    let fields = Fields::read(raw)?;
    let mut unreadable = Vec::new();
    let calls = read_all(&fields, "calls", &mut unreadable);
    let statuses = read_all(&fields, "statuses", &mut unreadable);
    Some(Calls {
        metadata: fields.get("metadata")?,
        contacts: read_senders(&fields),
        calls,
        statuses,
        unreadable,
    })
}

fn read_all<T: serde::de::DeserializeOwned>(
    fields: &Fields<'_>,
    name: &str,
    unreadable: &mut Vec<Raw>,
) -> Vec<T> {
    let mut read = Vec::new();
    for raw in fields.list(name) {
        match serde_json::from_str(raw.get()) {
            Ok(item) => read.push(item),
            Err(_) => unreadable.push(raw.into()),
        }
    }
    read
}
