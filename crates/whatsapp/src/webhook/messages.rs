//! The field `messages`: what customers wrote and how our messages fared.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::message::InboundMessage;
use super::message_wire::read_messages;
use super::status::{Status, read_status};
use crate::errors::GraphError;
use crate::lenient::{self, Fields, Raw};

/// The business number a change is about. Route by `phone_number_id`: for area codes from 31 on the displayed number
/// comes without Brazil's ninth digit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Digits without a plus.
    #[serde(default, deserialize_with = "lenient::text")]
    pub display_phone_number: String,
    #[serde(deserialize_with = "lenient::text")]
    pub phone_number_id: String,
}

/// An entry of `contacts[]`: who somebody is, as far as Meta says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sender {
    pub profile: Profile,
    /// Exactly as Meta spells it; absent if the person has a username and no number to share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    /// One per person and business portfolio: two tenants see different ones for the same person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_key_hash: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Chosen by the person: never trust it to be a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Without an at sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// Up to 1,000 messages and statuses of one number.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Messages {
    pub metadata: Metadata,
    /// Empty for `system` messages and `failed` statuses.
    #[serde(default)]
    pub contacts: Vec<Sender>,
    #[serde(default)]
    pub messages: Vec<InboundMessage>,
    #[serde(default)]
    pub statuses: Vec<Status>,
    /// Errors of the whole change, such as 130429 or 131000.
    #[serde(default)]
    pub errors: Vec<GraphError>,
    /// Messages and statuses without id or time, and statuses of calls.
    #[serde(skip)]
    pub unreadable: Vec<Raw>,
}

/// Reads piece by piece; only the number it is about has to be there.
pub(super) fn read_value(raw: &RawValue) -> Option<Messages> {
    let fields = Fields::read(raw)?;
    let (messages, mut unreadable) = read_messages(&fields.list("messages"));
    let mut statuses = Vec::new();
    for raw in fields.list("statuses") {
        match read_status(raw) {
            Some(status) => statuses.push(status),
            None => unreadable.push(raw.into()),
        }
    }
    Some(Messages {
        metadata: fields.get("metadata")?,
        contacts: read_senders(&fields),
        messages,
        statuses,
        errors: fields
            .list("errors")
            .into_iter()
            .filter_map(|raw| serde_json::from_str(raw.get()).ok())
            .collect(),
        unreadable,
    })
}

/// The entries of `contacts[]`. A profile name that is no text (Meta cuts names, sometimes through an emoji) costs the
/// name and not the ids.
pub(super) fn read_senders(fields: &Fields<'_>) -> Vec<Sender> {
    let sender = |raw: &RawValue| {
        let fields = Fields::read(raw)?;
        let profile = fields.raw("profile").and_then(Fields::read);
        let of_profile = |name| profile.as_ref().and_then(|profile| profile.text(name));
        Some(Sender {
            profile: Profile { name: of_profile("name"), username: of_profile("username") },
            wa_id: fields.text("wa_id"),
            user_id: fields.text("user_id"),
            parent_user_id: fields.text("parent_user_id"),
            identity_key_hash: fields.text("identity_key_hash"),
        })
    };
    fields.list("contacts").into_iter().filter_map(sender).collect()
}
