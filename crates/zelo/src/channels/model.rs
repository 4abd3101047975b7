//! What a channel is.

use crate::{
    clock::Millis,
    error::{Error, FieldError, Result},
    ids::ChannelId,
};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Whether messages can leave through a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelStatus {
    /// It works.
    Active,
    /// Meta refuses its token or account: somebody has to connect it again.
    ReconnectNeeded,
    /// Switched off by the tenant.
    Disabled,
}

impl ChannelStatus {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::ReconnectNeeded => "reconnect_needed",
            Self::Disabled => "disabled",
        }
    }

    /// Read the word that is stored.
    pub fn from_word(word: &str) -> Self {
        match word {
            "active" => Self::Active,
            "reconnect_needed" => Self::ReconnectNeeded,
            _ => Self::Disabled,
        }
    }
}

/// A connected WhatsApp number. Its credentials are write-only and not here.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// What the tenant calls it.
    pub name: String,
    /// Meta's id of the number: the only thing that events are routed by.
    pub phone_number_id: String,
    /// Meta's id of the account.
    pub waba_id: String,
    /// The number as people read it; may lack the ninth digit.
    pub display_phone: String,
    /// Whether messages can leave.
    pub status: ChannelStatus,
    /// Messages a second that Meta grants the number, once it has said so.
    pub throughput: Option<u32>,
    /// What the tenant wants at most.
    pub messages_per_second: Option<u32>,
    /// Since when its access token is used.
    pub token_since: Millis,
    /// Whether somebody is told when nothing comes in that usually would.
    pub silence_alert: bool,
}

impl Channel {
    /// Messages a second that may leave; `usual` for a number of which Meta has said nothing.
    pub fn pace(&self, usual: u32) -> u32 {
        let granted = self.throughput.unwrap_or(usual);
        self.messages_per_second.map_or(granted, |wanted| wanted.min(granted)).max(1)
    }
}

/// What Meta gave the tenant to speak for a number.
#[derive(Clone, Default, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Credentials {
    /// Authorises calls to the Graph API.
    pub access_token: String,
    /// Signs the webhooks of the app.
    pub app_secret: String,
    /// Proves at the handshake that the address is ours.
    pub verify_token: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Credentials(…)")
    }
}

impl Credentials {
    fn validate(&self, errors: &mut Vec<FieldError>) {
        // Meta's tokens have some hundred characters; the words that people choose are shorter.
        for (field, text, most) in [
            ("access_token", &self.access_token, 4096),
            ("app_secret", &self.app_secret, 255),
            ("verify_token", &self.verify_token, 255),
        ] {
            if text.len() > most || text.chars().any(char::is_control) {
                let message = format!("this has at most {most} characters and no control characters");
                errors.push(FieldError::new(field, "length", message));
            }
        }
        if self.access_token.is_empty() {
            let message = "without an access token nothing can be sent";
            errors.push(FieldError::new("access_token", "required", message));
        }
        if self.app_secret.len() < 8 {
            let message = "without the app secret no webhook can be trusted";
            errors.push(FieldError::new("app_secret", "required", message));
        }
    }

    /// Take over what a change says.
    pub(super) fn change(&mut self, change: &ChannelChange) {
        for (field, new) in [
            (&mut self.access_token, &change.access_token),
            (&mut self.app_secret, &change.app_secret),
            (&mut self.verify_token, &change.verify_token),
        ] {
            if let Some(new) = new {
                field.zeroize();
                field.clone_from(new);
            }
        }
    }
}

/// A channel to be.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// What the tenant calls it.
    pub name: String,
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the account.
    pub waba_id: String,
    /// The number as people read it.
    pub display_phone: String,
    /// What Meta gave the tenant.
    pub credentials: Credentials,
}

impl NewChannel {
    /// Refuse what Meta could not have given.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming each field.
    pub fn validate(&self) -> Result<()> {
        let mut errors = Vec::new();
        let digits = |text: &str| {
            !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 120 {
            errors.push(FieldError::new("name", "length", "a name has 1 to 120 characters"));
        }
        if self.display_phone.chars().count() > 40 {
            errors.push(FieldError::new("display_phone", "length", "a number has at most 40 characters"));
        }
        if !digits(&self.phone_number_id) {
            errors.push(FieldError::new(
                "phone_number_id",
                "pattern",
                "Meta's id of the number has only digits",
            ));
        }
        if !digits(&self.waba_id) {
            errors.push(FieldError::new("waba_id", "pattern", "Meta's id of the account has only digits"));
        }
        self.credentials.validate(&mut errors);
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }
}

/// The most that Meta grants a number, in messages a second (Cloud API, "Throughput").
const FASTEST: u32 = 1_000;

/// What is to be different about a channel; what is left out stays.
#[derive(Default)]
pub struct ChannelChange {
    /// What the tenant calls it.
    pub name: Option<String>,
    /// The number as people read it.
    pub display_phone: Option<String>,
    /// A new access token; a channel that waited for one sends again.
    pub access_token: Option<String>,
    /// A new secret of the app. The old one is believed for seven days more, because Meta repeats events for so long.
    pub app_secret: Option<String>,
    /// A new verify token.
    pub verify_token: Option<String>,
    /// Messages a second that may leave at most; 0 for what Meta grants.
    pub messages_per_second: Option<u32>,
    /// Whether somebody is told when nothing comes in that usually would.
    pub silence_alert: Option<bool>,
    /// Whether it is switched on. While it is off nothing leaves, and what comes in is kept.
    pub is_on: Option<bool>,
}

impl ChannelChange {
    /// The status after it, where it says something of it. A number that has to be connected again stays so until it gets a
    /// token; one that is switched on again finds out by itself.
    pub(super) fn status_after(&self, before: ChannelStatus) -> Option<ChannelStatus> {
        match (self.is_on, before) {
            (Some(false), _) => Some(ChannelStatus::Disabled),
            (Some(true), ChannelStatus::Disabled) => Some(ChannelStatus::Active),
            (_, ChannelStatus::ReconnectNeeded) if self.access_token.is_some() => Some(ChannelStatus::Active),
            _ => None,
        }
    }

    /// Refuse a pace that no number has.
    pub(super) fn validate(&self) -> Result<()> {
        if self.messages_per_second.is_none_or(|wanted| wanted <= FASTEST) {
            return Ok(());
        }
        let message = "Meta takes at most 1,000 messages a second from a number";
        Err(Error::Invalid(vec![FieldError::new("messages_per_second", "range", message)]))
    }
}

impl std::fmt::Debug for ChannelChange {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ChannelChange(…)")
    }
}
