//! What a tenant is.

use super::{TaxId, tax_id::TaxIdError};
use crate::{
    approvals::Act,
    clock::{HOUR, Millis},
    error::{Error, FieldError, Result},
    ids::TenantId,
};
use serde::{Deserialize, Serialize};

/// Whether a tenant may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
    /// Trying it out.
    #[serde(alias = "TRIAL")]
    Trial,
    /// A customer.
    #[serde(alias = "ACTIVE")]
    Active,
    /// Stopped by the platform owner; messages still come in and are kept.
    #[serde(alias = "SUSPENDED")]
    Suspended,
    /// Gone.
    #[serde(alias = "CANCELLED")]
    Cancelled,
}

impl TenantStatus {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
        }
    }

    /// Read the word that is stored. An unknown one stops work instead of allowing it.
    pub fn from_word(word: &str) -> Self {
        match word {
            "trial" => Self::Trial,
            "active" => Self::Active,
            "cancelled" => Self::Cancelled,
            _ => Self::Suspended,
        }
    }

    /// Whether its people may work and its messages may leave.
    pub fn may_work(self) -> bool {
        matches!(self, Self::Trial | Self::Active)
    }
}

/// What a tenant pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// The least.
    #[serde(alias = "BASIC")]
    Basic,
    /// More.
    #[serde(alias = "PRO")]
    Pro,
    /// Everything.
    #[serde(alias = "ENTERPRISE")]
    Enterprise,
}

impl Plan {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }

    /// Read the word that is stored. An unknown one gives the least.
    pub fn from_word(word: &str) -> Self {
        match word {
            "pro" => Self::Pro,
            "enterprise" => Self::Enterprise,
            _ => Self::Basic,
        }
    }
}

/// How much a tenant may have, where the platform's owner said so: nothing leaves it to the settings, 0 is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Quotas {
    /// Bytes of files.
    pub media_bytes: Option<u64>,
    /// Messages sent in a calendar month, by UTC.
    pub messages_per_month: Option<u64>,
}

/// Which quotas are to change; null leaves one to the settings again.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuotasChange {
    /// Bytes of files.
    pub media_bytes: Option<Option<u64>>,
    /// Messages sent in a calendar month.
    pub messages_per_month: Option<Option<u64>>,
}

impl QuotasChange {
    /// What holds after it.
    pub(super) fn of(self, before: Quotas) -> Quotas {
        Quotas {
            media_bytes: self.media_bytes.unwrap_or(before.media_bytes),
            messages_per_month: self.messages_per_month.unwrap_or(before.messages_per_month),
        }
    }

    /// What is wrong with them, if anything is.
    pub(super) fn wrong(self) -> impl Iterator<Item = FieldError> {
        [("quotas.media_bytes", self.media_bytes), ("quotas.messages_per_month", self.messages_per_month)]
            .into_iter()
            .filter(|(_, said)| said.flatten().is_some_and(|most| most > MOST_OF_A_QUOTA))
            .map(|(field, _)| FieldError::new(field, "range", "a quota is at most 9007199254740991"))
    }
}

/// The largest quota: the largest whole number that every reader of JSON keeps exactly (RFC 8259, section 6).
const MOST_OF_A_QUOTA: u64 = (1 << 53) - 1;

/// What is to change of a tenant; what is not said stays as it is.
#[derive(Debug, Clone, Default)]
pub struct TenantChange {
    /// Its name.
    pub name: Option<String>,
    /// What it pays for.
    pub plan: Option<Plan>,
    /// Whether it may work.
    pub status: Option<TenantStatus>,
    /// Its CPF or CNPJ; null takes it away.
    pub tax_id: Option<Option<String>>,
    /// How much it may have.
    pub quotas: QuotasChange,
    /// How its desk works.
    pub settings: SettingsChange,
}

/// Which of a tenant's settings are to change.
#[derive(Debug, Clone, Copy, Default)]
pub struct SettingsChange {
    /// Within so many hours of resolving a message reopens the conversation; after 0 hours each begins a new one.
    pub reopen_within_hours: Option<u32>,
    /// Whether numbers without a country code are Brazilian.
    pub in_brazil: Option<bool>,
}

/// The longest time within which a message reopens a conversation, in hours: whoever writes a month later means something
/// else.
const LONGEST_REOPENING: u32 = 30 * 24;

impl SettingsChange {
    /// What holds after it.
    pub(super) fn of(self, before: &Settings) -> Settings {
        Settings {
            reopen_within_ms: self
                .reopen_within_hours
                .map_or(before.reopen_within_ms, |hours| i64::from(hours) * HOUR),
            in_brazil: self.in_brazil.unwrap_or(before.in_brazil),
            ..before.clone()
        }
    }

    /// What is wrong with it, if anything is.
    pub(super) fn wrong(self) -> Option<FieldError> {
        let is_long = self.reopen_within_hours.is_some_and(|hours| hours > LONGEST_REOPENING);
        let message = "a conversation is reopened within at most 720 hours";
        is_long.then(|| FieldError::new("settings.reopen_within_hours", "range", message))
    }
}

/// What a tenant may set for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// A message within this time of resolving reopens the conversation; a later one begins a new conversation.
    pub reopen_within_ms: Millis,
    /// The language of its pages and texts.
    pub language: String,
    /// Whether numbers without a country code are Brazilian.
    pub in_brazil: bool,
    /// The acts that need a second person.
    pub second_person_for: Vec<Act>,
}

impl Settings {
    /// Within how many hours of resolving a message reopens the conversation.
    pub fn reopen_within_hours(&self) -> i64 {
        self.reopen_within_ms / HOUR
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reopen_within_ms: 24 * HOUR,
            language: "pt-BR".into(),
            in_brazil: true,
            second_person_for: Vec::new(),
        }
    }
}

/// A customer organisation.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its short name in commands and addresses.
    pub slug: String,
    /// Its name as people write it.
    pub name: String,
    /// Whether it may work.
    pub status: TenantStatus,
    /// What it pays for.
    pub plan: Plan,
    /// What it set for itself.
    pub settings: Settings,
    /// When everything of it goes for good, where that was asked for.
    pub deletion_due_at: Option<Millis>,
    /// Since when it is going.
    pub deletion_begun_at: Option<Millis>,
    /// Its CPF or CNPJ; [`super::tax_id_of`] opens it.
    pub tax_id_sealed: Option<Vec<u8>>,
    /// How much it may have, where something was said of it.
    pub quotas: Quotas,
}

/// A tenant to be.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Its name as people write it.
    pub name: String,
    /// Its short name: small letters, digits and hyphens.
    pub slug: String,
    /// Its CPF or CNPJ, with or without signs.
    pub tax_id: Option<String>,
}

impl NewTenant {
    /// Refuse names that could not be used.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming each field.
    pub fn validate(&self) -> Result<()> {
        let mut errors: Vec<_> = wrong_name(&self.name).into_iter().collect();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.slug.is_empty() || self.slug.len() > 40 || !self.slug.bytes().all(fits) {
            errors.push(FieldError::new(
                "slug",
                "pattern",
                "a slug has 1 to 40 small letters, digits and hyphens",
            ));
        }
        errors.extend(self.tax_id.as_deref().and_then(wrong_tax_id));
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }
}

/// What is wrong with a CPF or CNPJ, if anything is.
pub(super) fn wrong_tax_id(text: &str) -> Option<FieldError> {
    let wrong = TaxId::parse(text).err()?;
    let code = match wrong {
        TaxIdError::Format => "format",
        TaxIdError::CheckDigits => "check_digits",
    };
    Some(FieldError::new("tax_id", code, wrong.to_string()))
}

/// What is wrong with the name of a tenant, if anything is.
pub(super) fn wrong_name(name: &str) -> Option<FieldError> {
    let fits = !name.trim().is_empty() && name.chars().count() <= 120;
    (!fits).then(|| FieldError::new("name", "length", "a name has 1 to 120 characters"))
}
