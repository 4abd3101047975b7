//! What is asked for.

use crate::{
    audit::ReportKind,
    clock::{DAY, Millis},
    ids::{ApprovalId, UserId},
    rights::Permission,
};
use serde::{Deserialize, Serialize};

/// How long a request waits for its second person, and how long what was approved can be taken along.
pub(super) const WAITS: Millis = 3 * DAY;

/// The acts for which a tenant may demand a second person.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Making somebody an owner.
    OwnerRole,
    /// Taking a report of the audit log along.
    ExportAll,
    /// Deleting the tenant. It is the platform's owner who asks, and another of the platform's owners who agrees.
    TenantDeletion,
    /// Demanding a second person for fewer acts: otherwise one person alone could.
    ApprovalPolicy,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OwnerRole, Self::ExportAll, Self::TenantDeletion, Self::ApprovalPolicy];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OwnerRole => "owner_role",
            Self::ExportAll => "export_all",
            Self::TenantDeletion => "tenant_deletion",
            Self::ApprovalPolicy => "approval_policy",
        }
    }

    /// Read the word that is stored.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == word)
    }

    /// What both persons must be allowed; none of a tenant's permissions allows what is the platform's.
    pub(super) fn permission(self) -> Option<Permission> {
        match self {
            Self::OwnerRole => Some(Permission::WriteOwners),
            Self::ExportAll => Some(Permission::ExportAudit),
            Self::ApprovalPolicy => Some(Permission::WriteSettings),
            Self::TenantDeletion => None,
        }
    }
}

/// What exactly is to be done. Sealed until it is decided, and done as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Wish {
    /// Make somebody an owner.
    OwnerRole {
        /// Whom.
        user_id: UserId,
    },
    /// Take a report of the audit log along.
    ExportAll {
        /// Which one.
        report: ReportKind,
    },
    /// Demand a second person for these acts from now on.
    ApprovalPolicy {
        /// For which.
        second_person_for: Vec<Act>,
    },
    /// Delete the tenant; asked for by the platform's owner (`DELETE /tenants/{id}`).
    TenantDeletion {
        /// The time to think again, in days.
        grace_days: Option<u32>,
    },
}

impl Wish {
    /// Its act.
    pub fn act(&self) -> Act {
        match self {
            Self::OwnerRole { .. } => Act::OwnerRole,
            Self::ExportAll { .. } => Act::ExportAll,
            Self::ApprovalPolicy { .. } => Act::ApprovalPolicy,
            Self::TenantDeletion { .. } => Act::TenantDeletion,
        }
    }
}

/// What a second person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Do it.
    Approve,
    /// Leave it.
    Decline,
}

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has decided.
    Open,
    /// It was done; an export can be fetched by the one who asked.
    Approved,
    /// It was left.
    Declined,
    /// An export was fetched.
    Used,
    /// Nobody decided in time, or nobody fetched the export.
    Expired,
}

impl State {
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "open" => Self::Open,
            "approved" => Self::Approved,
            "declined" => Self::Declined,
            "used" => Self::Used,
            _ => return None,
        })
    }
}

/// A request.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// What is to be done.
    pub wish: Wish,
    /// Who asks.
    pub requester: UserId,
    /// When they asked.
    pub created_at: Millis,
    /// Until when it waits.
    pub expires_at: Millis,
    /// How it stands.
    pub state: State,
    /// Who decided and when.
    pub decided: Option<(UserId, Millis)>,
}
