//! One inbound message.

use serde::{Deserialize, Serialize};

use super::content::Content;
use super::messages::Sender;
use crate::errors::GraphError;

/// A message of a customer. In `smb_message_echoes` and `history` the same shape also carries what the business sent.
#[derive(Debug, Clone, PartialEq)]
pub struct InboundMessage {
    /// The wamid: opaque, unique, and the key that makes a repeated delivery harmless.
    pub id: String,
    /// The sender's `wa_id`. Absent if the person has a username and no number to share.
    pub from: Option<String>,
    /// The business-scoped user id, on every message since April 2026.
    pub from_user_id: Option<String>,
    /// Managed portfolios only.
    pub from_parent_user_id: Option<String>,
    /// Unix seconds, by Meta's clock: the 24-hour window counts from here, not from the arrival.
    pub timestamp: i64,
    pub content: Content,
    pub context: Option<Context>,
    /// The ad or post that led the customer here.
    pub referral: Option<Referral>,
    pub group_id: Option<String>,
    pub errors: Vec<GraphError>,
    /// Echoes and history only: whom the business wrote to.
    pub to: Option<String>,
    /// Echoes only.
    pub to_user_id: Option<String>,
    /// History only: `READ`, `DELIVERED`, `PLAYED`, …
    pub history_status: Option<String>,
}

impl InboundMessage {
    /// Meta's name of the type.
    pub fn kind(&self) -> &str {
        self.content.kind()
    }

    /// The entry of `contacts[]` that describes the sender. The user id decides; the number only where it is missing.
    pub fn sender_contact<'a>(&self, contacts: &'a [Sender]) -> Option<&'a Sender> {
        let by_user_id = || {
            let user_id = self.from_user_id.as_deref()?;
            contacts.iter().find(|contact| contact.user_id.as_deref() == Some(user_id))
        };
        let by_number = || {
            let number = self.from.as_deref()?;
            contacts.iter().find(|contact| contact.wa_id.as_deref() == Some(number))
        };
        by_user_id().or_else(by_number)
    }
}

/// What the message refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// Who wrote the message that is quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The wamid of the message that is quoted. May be missing even on a quick reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Forwarded up to five times.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub forwarded: bool,
    /// Forwarded more often.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub frequently_forwarded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referred_product: Option<ReferredProduct>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferredProduct {
    pub catalog_id: String,
    pub product_retailer_id: String,
}

/// The click-to-WhatsApp ad or post. Answering within 24 hours opens 72 hours free of charge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Referral {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// `ad` or `post`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// `image` or `video`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
    /// Meta's click id; absent for ads in Status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctwa_clid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welcome_message: Option<WelcomeMessage>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WelcomeMessage {
    #[serde(default)]
    pub text: String,
}
