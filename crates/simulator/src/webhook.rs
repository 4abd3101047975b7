//! Bodies of webhooks, as versions from v24 on write them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::channel::Channel;
use crate::contact::Contact;
use crate::json::put;
use crate::talk::Turn;

/// One change of the field `messages`.
pub(crate) fn messages_body(channel: &Channel, contacts: &[Value], list: &str, updates: &[Value]) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": channel.display_number(), "phone_number_id": channel.phone_number_id},
    });
    if !contacts.is_empty() {
        put(&mut value, "contacts", json!(contacts));
    }
    put(&mut value, list, json!(updates));
    body(channel, "messages", &value, None)
}

/// A change of any field. Only account and template notices carry the time of the entry.
pub(crate) fn body(channel: &Channel, field: &str, value: &Value, time: Option<i64>) -> Value {
    let mut entry = json!({"id": channel.waba_id, "changes": [{"value": value, "field": field}]});
    if let Some(time) = time {
        put(&mut entry, "time", json!(time));
    }
    json!({"object": "whatsapp_business_account", "entry": [entry]})
}

/// Whether a body tells of messages, and not of an account, its numbers or its templates (Meta, webhooks/override).
pub(crate) fn is_of_messages(body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<Body>(body) else { return true };
    let mut changes = body.entry.iter().flat_map(|entry| &entry.changes);
    !changes.any(|change| OF_ACCOUNTS.iter().any(|start| change.field.starts_with(start)))
}

/// How the fields begin whose webhooks follow no override.
const OF_ACCOUNTS: [&str; 5] = ["account_", "business_", "message_template_", "phone_number_", "template_"];

#[derive(Deserialize)]
struct Body {
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    field: String,
}

/// An entry of `contacts[]`. What the person does not share is left out.
pub(crate) fn sender(channel: &Channel, contact: &Contact) -> Value {
    let mut profile = json!({"name": contact.name});
    if let Some(username) = &contact.username {
        put(&mut profile, "username", json!(username));
    }
    let mut sender = json!({"profile": profile, "user_id": contact.user_id(&channel.waba_id)});
    if let Some(wa_id) = &contact.wa_id {
        put(&mut sender, "wa_id", json!(wa_id));
    }
    sender
}

/// An entry of `messages[]`. `content` holds `type` and its object.
pub(crate) fn message(
    channel: &Channel,
    contact: &Contact,
    wamid: &str,
    seconds: i64,
    content: &Map<String, Value>,
    quotes: Option<&str>,
) -> Value {
    let mut message = Map::new();
    if let Some(quoted) = quotes {
        message.insert("context".into(), json!({"from": channel.display_number(), "id": quoted}));
    }
    if let Some(wa_id) = &contact.wa_id {
        message.insert("from".into(), json!(wa_id));
    }
    message.insert("from_user_id".into(), json!(contact.user_id(&channel.waba_id)));
    message.insert("id".into(), json!(wamid));
    message.insert("timestamp".into(), json!(seconds.to_string()));
    message.extend(content.clone());
    Value::Object(message)
}

/// An entry of `statuses[]`. The price comes with `sent` only.
pub(crate) fn status(channel: &Channel, contact: &Contact, turn: &Turn, word: &str, seconds: i64) -> Value {
    let mut status = json!({"id": turn.wamid, "status": word, "timestamp": seconds.to_string()});
    if !turn.by_user_id
        && let Some(wa_id) = &contact.wa_id
    {
        put(&mut status, "recipient_id", json!(wa_id));
    }
    if word != "failed" || turn.by_user_id {
        put(&mut status, "recipient_user_id", json!(contact.user_id(&channel.waba_id)));
    }
    if word == "sent" {
        let free = turn.category == "service";
        let kind = if free { "free_customer_service" } else { "regular" };
        put(
            &mut status,
            "pricing",
            json!({"billable": !free, "pricing_model": "PMP", "type": kind, "category": turn.category}),
        );
    }
    if let Some(data) = &turn.opaque {
        put(&mut status, "biz_opaque_callback_data", json!(data));
    }
    status
}
