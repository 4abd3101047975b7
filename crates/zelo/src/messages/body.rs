//! What a message says, and how it is sealed.

use crate::{
    crypto::{Key, OpenError, Place},
    ids::MessageId,
    tenants::TenantScope,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use whatsapp::{
    client::OutboundContent,
    webhook::{Content, Referral},
};

/// What was said, in the form of its direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// By the contact.
    Inbound(Content),
    /// By somebody here.
    Outbound(OutboundContent),
}

/// All of a message that is personal: sealed as one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Meta's id. Needed to quote, to react and to mark as read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wamid: Option<String>,
    /// What was said.
    pub said: Said,
    /// Meta's id of the message that this one quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotes: Option<String>,
    /// Whether it was forwarded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_forwarded: bool,
    /// The advertisement that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
}

impl Body {
    /// Meta's name of its type.
    pub fn kind(&self) -> &str {
        match &self.said {
            Said::Inbound(content) => content.kind(),
            Said::Outbound(content) => content.kind(),
        }
    }

    /// The words that a person would read, if it has any.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match &self.said {
            Said::Inbound(content) => content.preview_text(),
            Said::Outbound(content) => content.preview_text(),
        }
    }

    /// Whether a file belongs to it.
    pub fn names_a_file(&self) -> bool {
        match &self.said {
            Said::Inbound(content) => content.media().is_some(),
            Said::Outbound(content) => content.media().is_some(),
        }
    }

    /// Seal it for its row.
    ///
    /// # Errors
    /// Only when the system has no randomness.
    pub fn seal(&self, scope: TenantScope, id: MessageId, key: &Key) -> Result<Vec<u8>, OpenError> {
        let plain = serde_json::to_vec(self).map_err(|_| OpenError)?;
        key.seal(message_place(scope, id), &plain)
    }

    /// Open what was sealed for this row.
    ///
    /// # Errors
    /// When the key or the row is another one.
    pub fn open(scope: TenantScope, id: MessageId, key: &Key, sealed: &[u8]) -> Result<Self, OpenError> {
        let plain = key.open(message_place(scope, id), sealed)?;
        serde_json::from_slice(&plain).map_err(|_| OpenError)
    }
}

/// Where a message's content belongs.
pub fn message_place(scope: TenantScope, id: MessageId) -> Place<'static> {
    Place { tenant: scope.tenant().0, table: "messages", column: "content", row: id.0 }
}
