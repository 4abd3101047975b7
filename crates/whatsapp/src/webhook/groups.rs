//! Notices of the Groups API.

use serde::{Deserialize, Serialize};

use super::messages::Metadata;
use crate::lenient;

/// What happened to groups of one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups {
    pub metadata: Metadata,
    pub groups: Vec<GroupChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChange {
    /// Unix seconds.
    #[serde(deserialize_with = "lenient::seconds")]
    pub timestamp: i64,
    #[serde(default)]
    pub group_id: Option<String>,
    /// `group_create`, `group_delete`, `group_participants_add`, …
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub request_id: Option<String>,
    #[serde(default)]
    pub subject: Option<String>,
    #[serde(default)]
    pub invite_link: Option<String>,
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub added_participants: Vec<Participant>,
    #[serde(default)]
    pub removed_participants: Vec<Participant>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Participant {
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    pub username: Option<String>,
}
