//! Numbers that are used in the WhatsApp Business app and through the Cloud API at the same time.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::message::InboundMessage;
use super::message_wire::read_messages;
use super::messages::{Metadata, Sender, read_senders};
use crate::errors::GraphError;
use crate::lenient::{self, Fields, Raw};

/// Messages that a person of the business sent from the app. `to` names the customer.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageEchoes {
    pub metadata: Metadata,
    pub contacts: Vec<Sender>,
    pub message_echoes: Vec<InboundMessage>,
    pub unreadable: Vec<Raw>,
}

/// What was written before the number was connected, up to 180 days. Parts arrive in any order.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    pub metadata: Metadata,
    pub history: Vec<HistoryPart>,
    /// The content of media that earlier parts only announced.
    pub messages: Vec<InboundMessage>,
    pub unreadable: Vec<Raw>,
}

/// One part. `errors` with 2593109 means that the business shares no history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryPart {
    /// 0 is the last day, 1 up to day 90, 2 up to day 180.
    pub phase: Option<i64>,
    pub chunk_order: Option<i64>,
    /// Per cent.
    pub progress: Option<i64>,
    pub threads: Vec<HistoryThread>,
    pub errors: Vec<GraphError>,
}

/// The messages with one customer; those whose `from` is the business were sent by it.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryThread {
    /// The customer's `wa_id`.
    pub id: Option<String>,
    pub user_id: Option<String>,
    pub messages: Vec<InboundMessage>,
}

/// Changes of the app's address book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppStateSync {
    pub metadata: Metadata,
    pub state_sync: Vec<AppStateChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppStateChange {
    #[serde(rename = "type")]
    pub kind: String,
    /// `add` or `remove`.
    pub action: String,
    #[serde(default)]
    pub contact: BookContact,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BookContact {
    pub full_name: Option<String>,
    pub first_name: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub phone_number: Option<String>,
    pub user_id: Option<String>,
}

pub(super) fn read_echoes(raw: &RawValue) -> Option<MessageEchoes> {
    let fields = Fields::read(raw)?;
    let (message_echoes, unreadable) = read_messages(&fields.list("message_echoes"));
    Some(MessageEchoes {
        metadata: fields.get("metadata")?,
        contacts: read_senders(&fields),
        message_echoes,
        unreadable,
    })
}

pub(super) fn read_history(raw: &RawValue) -> Option<History> {
    let fields = Fields::read(raw)?;
    let (mut messages, mut unreadable) = read_messages(&fields.list("messages"));
    let (echoes, unreadable_echoes) = read_messages(&fields.list("message_echoes"));
    messages.extend(echoes);
    unreadable.extend(unreadable_echoes);
    let history =
        fields.list("history").into_iter().filter_map(|part| read_part(part, &mut unreadable)).collect();
    Some(History { metadata: fields.get("metadata")?, history, messages, unreadable })
}

fn read_part(raw: &RawValue, unreadable: &mut Vec<Raw>) -> Option<HistoryPart> {
    let Some(fields) = Fields::read(raw) else {
        unreadable.push(raw.into());
        return None;
    };
    let metadata = fields.raw("metadata").and_then(Fields::read);
    let number = |name| metadata.as_ref().and_then(|metadata| metadata.seconds(name));
    Some(HistoryPart {
        phase: number("phase"),
        chunk_order: number("chunk_order"),
        progress: number("progress"),
        threads: fields
            .list("threads")
            .into_iter()
            .filter_map(|thread| read_thread(thread, unreadable))
            .collect(),
        errors: fields.get("errors").unwrap_or_default(),
    })
}

fn read_thread(raw: &RawValue, unreadable: &mut Vec<Raw>) -> Option<HistoryThread> {
    let Some(fields) = Fields::read(raw) else {
        unreadable.push(raw.into());
        return None;
    };
    let context = fields.raw("context").and_then(Fields::read);
    let of_context = |name| context.as_ref().and_then(|context| context.text(name));
    let (messages, lost) = read_messages(&fields.list("messages"));
    unreadable.extend(lost);
    Some(HistoryThread {
        id: fields.text("id").or_else(|| of_context("wa_id")),
        user_id: of_context("user_id"),
        messages,
    })
}
