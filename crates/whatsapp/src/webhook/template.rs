//! Notices about message templates.
//!
//! Languages come as `pt_BR` or `pt-BR`: compare them with both signs taken as equal.

use crate::lenient;
use serde::{Deserialize, Serialize};

/// Meta decided about a template, or its state changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateStatus {
    /// `APPROVED`, `REJECTED`, `PENDING`, `PAUSED`, `DISABLED`, `FLAGGED`, `REINSTATED`, `ARCHIVED`, `UNARCHIVED`,
    /// `DELETED`, `PENDING_DELETION`, `IN_APPEAL`, `LOCKED`, `LIMIT_EXCEEDED`, or a later word.
    pub event: String,
    #[serde(deserialize_with = "lenient::text")]
    pub message_template_id: String,
    pub message_template_name: String,
    pub message_template_language: String,
    #[serde(default)]
    pub message_template_category: Option<String>,
    /// `NONE` or null unless rejected.
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub other_info: Option<OtherInfo>,
    #[serde(default)]
    pub rejection_info: Option<RejectionInfo>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OtherInfo {
    pub title: Option<String>,
    pub description: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RejectionInfo {
    pub reason: Option<String>,
    pub recommendation: Option<String>,
}

/// The quality score of a template changed: `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateQuality {
    #[serde(deserialize_with = "lenient::text")]
    pub message_template_id: String,
    pub message_template_name: String,
    pub message_template_language: String,
    #[serde(default)]
    pub previous_quality_score: Option<String>,
    pub new_quality_score: String,
}

/// Somebody edited a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateComponents {
    #[serde(deserialize_with = "lenient::text")]
    pub message_template_id: String,
    pub message_template_name: String,
    pub message_template_language: String,
    #[serde(default)]
    pub message_template_title: Option<String>,
    /// The body.
    #[serde(default)]
    pub message_template_element: Option<String>,
    #[serde(default)]
    pub message_template_footer: Option<String>,
    #[serde(default)]
    pub message_template_buttons: Vec<ChangedButton>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedButton {
    #[serde(rename = "message_template_button_type")]
    pub kind: String,
    #[serde(default, rename = "message_template_button_text")]
    pub text: Option<String>,
    #[serde(default, rename = "message_template_button_url")]
    pub url: Option<String>,
    #[serde(default, rename = "message_template_button_phone_number")]
    pub phone_number: Option<String>,
}

/// The category of a template changes. Announced: `new_category` is the one that still holds and `correct_category`
/// the one to come. Done: `previous_category` is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateCategory {
    #[serde(deserialize_with = "lenient::text")]
    pub message_template_id: String,
    pub message_template_name: String,
    pub message_template_language: String,
    #[serde(default)]
    pub previous_category: Option<String>,
    pub new_category: String,
    #[serde(default)]
    pub correct_category: Option<String>,
    /// Unix seconds.
    #[serde(default, deserialize_with = "lenient::optional_seconds")]
    pub category_update_timestamp: Option<i64>,
}
