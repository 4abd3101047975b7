//! How a message of ours fared.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::errors::GraphError;
use crate::lenient::{self, Fields};

/// One step of a message of ours. Steps arrive in any order, more than once, and sometimes before the answer to the
/// send call; `delivered` is skipped when the chat is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The wamid that the send call answered.
    pub id: String,
    pub status: Delivery,
    /// Unix seconds.
    #[serde(deserialize_with = "lenient::seconds")]
    pub timestamp: i64,
    /// The `wa_id`, or the group id for a group. Absent if the message went to a user id without a known number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_id: Option<String>,
    /// Absent from `failed` if the message went to a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_parent_user_id: Option<String>,
    /// `group`, or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_type: Option<String>,
    /// Groups only: whose step this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_participant_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_participant_user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_identity_key_hash: Option<String>,
    /// What we put in the send call, up to 512 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biz_opaque_callback_data: Option<String>,
    /// From v24 of webhooks only for free entry points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Conversation>,
    /// Comes with `sent`, `delivered` or `read`: take it from the first that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Pricing>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<GraphError>,
    /// Meta gives messages none. Statuses of calls have the same keys and the word `call` here; they are refused, so
    /// that none is taken for a message's.
    #[serde(
        default,
        rename = "type",
        deserialize_with = "refuse_calls",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Delivery {
    /// Meta took it over.
    Sent,
    /// It is on the customer's phone.
    Delivered,
    /// The customer opened the chat.
    Read,
    /// A voice message of ours was played for the first time.
    Played,
    /// It will not arrive; `errors` say why.
    Failed,
    /// A word that was not known when this was written.
    Other(String),
}

impl Delivery {
    /// Meta's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for Delivery {
    fn from(word: String) -> Self {
        match word.as_str() {
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "played" => Self::Played,
            "failed" => Self::Failed,
            _ => Self::Other(word),
        }
    }
}

impl From<Delivery> for String {
    fn from(delivery: Delivery) -> Self {
        delivery.as_str().to_owned()
    }
}

/// Meta's unit of charging until v23 of webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: String,
    /// Unix seconds; with `sent` only.
    #[serde(
        default,
        deserialize_with = "lenient::optional_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub expiration_timestamp: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<ConversationOrigin>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationOrigin {
    #[serde(rename = "type")]
    pub kind: String,
}

/// What Meta charges. Prices differ by market and quarter and are not in the webhook.
///
/// `billable` is left out on purpose: Meta announced its removal; `kind` says the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pricing {
    /// `PMP`: per message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pricing_model: Option<String>,
    /// `regular`, `free_customer_service`, `free_entry_point`, `free_group_customer_service`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `service`, `utility`, `marketing`, `authentication`, `referral_conversion`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

fn refuse_calls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let kind = Option::<String>::deserialize(deserializer)?;
    if kind.as_deref() == Some("call") { Err(D::Error::custom("the status of a call")) } else { Ok(kind) }
}

/// Reads any status of a message that has an id and a time, each key for itself.
pub(super) fn read_status(raw: &RawValue) -> Option<Status> {
    let fields = Fields::read(raw)?;
    let kind = fields.text("type");
    if kind.as_deref() == Some("call") {
        return None;
    }
    Some(Status {
        id: fields.text("id").filter(|id| !id.is_empty())?,
        status: fields.text("status")?.into(),
        timestamp: fields.seconds("timestamp")?,
        recipient_id: fields.text("recipient_id"),
        recipient_user_id: fields.text("recipient_user_id"),
        recipient_parent_user_id: fields.text("recipient_parent_user_id"),
        recipient_type: fields.text("recipient_type"),
        recipient_participant_id: fields.text("recipient_participant_id"),
        recipient_participant_user_id: fields.text("recipient_participant_user_id"),
        recipient_identity_key_hash: fields.text("recipient_identity_key_hash"),
        biz_opaque_callback_data: fields.text("biz_opaque_callback_data"),
        conversation: fields.get("conversation"),
        pricing: fields.get("pricing"),
        errors: fields
            .list("errors")
            .into_iter()
            .filter_map(|raw| serde_json::from_str(raw.get()).ok())
            .collect(),
        kind,
    })
}
