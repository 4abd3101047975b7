//! Notices about the account, its numbers and its limits.

use serde::{Deserialize, Serialize};

use super::messages::{Metadata, Sender};
use crate::lenient;

/// The account was restricted, disabled, connected, …
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountUpdate {
    /// `ACCOUNT_RESTRICTION`, `DISABLED_UPDATE`, `ACCOUNT_DELETED`, `PARTNER_ADDED`, …
    pub event: String,
    #[serde(default)]
    pub restriction_info: Vec<RestrictionInfo>,
    #[serde(default)]
    pub ban_info: Option<BanInfo>,
    /// The account of a `PARTNER_*` notice, whose entry id is the partner's business.
    #[serde(default)]
    pub waba_info: Option<WabaInfo>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestrictionInfo {
    pub restriction_type: String,
    /// Unix seconds.
    #[serde(default, deserialize_with = "lenient::optional_seconds")]
    pub expiration: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BanInfo {
    /// `DISABLE`, `REINSTATE`, `SCHEDULE_FOR_DISABLE`.
    pub waba_ban_state: Option<String>,
    /// A date in English words.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub waba_ban_date: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WabaInfo {
    #[serde(deserialize_with = "lenient::optional_text")]
    pub waba_id: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub owner_business_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountAlert {
    #[serde(default)]
    pub entity_type: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub entity_id: Option<String>,
    pub alert_info: AlertInfo,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertInfo {
    pub alert_severity: Option<String>,
    pub alert_status: Option<String>,
    pub alert_type: Option<String>,
    pub alert_description: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountReview {
    /// `APPROVED`, `REJECTED`, `PENDING`, `DEFERRED`.
    pub decision: String,
}

/// How many people the portfolio may write to first, per 24 hours. Meta documents a word (`TIER_2K`) and shows a
/// number; both are read as a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusinessCapability {
    /// From v24 of webhooks.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub max_daily_conversations_per_business: Option<String>,
    /// Before v24.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub max_daily_conversation_per_phone: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub max_phone_numbers_per_waba: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub max_phone_numbers_per_business: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessUsername {
    pub display_phone_number: String,
    #[serde(default)]
    pub username: Option<String>,
    /// `approved`, `reserved`, `deleted`.
    pub status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNumberQuality {
    pub display_phone_number: String,
    /// `THROUGHPUT_UPGRADE`, `ONBOARDING`, …
    pub event: String,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub current_limit: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub old_limit: Option<String>,
    /// Replaces the two above.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub max_daily_conversations_per_business: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNumberName {
    pub display_phone_number: String,
    pub decision: String,
    #[serde(default)]
    pub requested_verified_name: Option<String>,
    #[serde(default)]
    pub rejection_reason: Option<String>,
}

/// Somebody touched the two-step PIN of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityNotice {
    pub display_phone_number: String,
    /// `PIN_CHANGED`, `PIN_RESET_REQUEST`, `PIN_REQUEST_SUCCESS`.
    pub event: String,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub requester: Option<String>,
}

/// People who stopped or resumed marketing messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPreferences {
    pub metadata: Metadata,
    #[serde(default)]
    pub contacts: Vec<Sender>,
    pub user_preferences: Vec<UserPreference>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPreference {
    #[serde(default)]
    pub wa_id: Option<String>,
    #[serde(default)]
    pub user_id: Option<String>,
    /// `marketing_messages`.
    pub category: String,
    /// `stop` or `resume`.
    pub value: String,
    /// English, for people.
    #[serde(default)]
    pub detail: Option<String>,
    /// Unix seconds.
    #[serde(deserialize_with = "lenient::seconds")]
    pub timestamp: i64,
}

/// A WhatsApp Flow changed its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowNotice {
    pub event: String,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub flow_id: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    pub old_status: Option<String>,
    #[serde(default)]
    pub new_status: Option<String>,
}
