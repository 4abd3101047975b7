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
    webhook::{Content, Referral, ReferredProduct},
};

/// What was said, in the form of its direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// By the contact.
    Inbound(Content),
    /// By somebody here.
    Outbound(OutboundContent),
    /// A call, or a step of one. Nothing was said that could be read.
    Call(CallStep),
    /// Nothing that is to be shown: its writer deleted it, or its words stand on the message that it changes. Never stored.
    Withheld {
        /// Meta's name of the type that it had.
        kind: String,
    },
}

/// A step of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallStep {
    /// `connect` when it began, `terminate` when it ended, or how one of ours stands: `ringing`, `accepted`, `rejected`.
    pub step: String,
    /// Of one that ended: `completed` or `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// How long they talked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
}

/// By which way a message came that nobody wrote here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Somebody of the business wrote it in the WhatsApp Business app.
    BusinessApp,
    /// It was written before the number was connected.
    History,
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
    /// Whether it was forwarded more than five times.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_forwarded_often: bool,
    /// The advertisement that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
    /// The product of the catalogue that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ReferredProduct>,
    /// Meta's id of the group in which it was said, to others too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Meta's code of why it does not hand over what was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i64>,
    /// The words of a template with its variables filled, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered: Option<String>,
    /// The way by which it came, where it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
}

impl Body {
    /// Something that was said, and nothing more known of it.
    pub fn new(said: Said) -> Self {
        Self {
            wamid: None,
            said,
            quotes: None,
            is_forwarded: false,
            is_forwarded_often: false,
            referral: None,
            product: None,
            group: None,
            error_code: None,
            rendered: None,
            via: None,
        }
    }

    /// Meta's name of its type.
    pub fn kind(&self) -> &str {
        match &self.said {
            Said::Inbound(content) => content.kind(),
            Said::Outbound(content) => content.kind(),
            Said::Call(_) => "call",
            Said::Withheld { kind } => kind,
        }
    }

    /// The words that a person would read, if it has any.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match &self.said {
            Said::Inbound(content) => content.preview_text(),
            Said::Outbound(content) => {
                self.rendered.as_deref().map(Cow::Borrowed).or_else(|| content.preview_text())
            }
            Said::Call(_) | Said::Withheld { .. } => None,
        }
    }

    /// Meta's id of the message that it changes, where it is a reaction, an edit or a deletion.
    pub fn changes(&self) -> Option<&str> {
        match &self.said {
            Said::Inbound(Content::Reaction(reaction)) => Some(&reaction.message_id),
            Said::Inbound(Content::Edit(edit)) => Some(&edit.original_message_id),
            Said::Inbound(Content::Revoke(revoke)) => Some(&revoke.original_message_id),
            Said::Outbound(OutboundContent::Reaction(reaction)) => Some(&reaction.message_id),
            _ => None,
        }
    }

    /// Whether a file belongs to it.
    pub fn names_a_file(&self) -> bool {
        match &self.said {
            Said::Inbound(content) => content.media().is_some(),
            Said::Outbound(content) => content.media().is_some(),
            Said::Call(_) | Said::Withheld { .. } => false,
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
