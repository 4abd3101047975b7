//! What a role gives.

use super::{Permission, Permissions};
use crate::ids::RoleId;
use serde::{Deserialize, Serialize};

/// Whose conversations and contacts somebody sees. The order is from narrow to wide.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Those that they have themselves.
    Own,
    /// Their own, and those of their teams.
    Team,
    /// All of the tenant's.
    All,
}

impl Visibility {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Team => "team",
            Self::All => "all",
        }
    }

    /// Read the word that is stored.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Own, Self::Team, Self::All].into_iter().find(|visibility| visibility.as_str() == word)
    }
}

/// What somebody may do, and whose conversations they see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// What they may do.
    pub permissions: Permissions,
    /// Whose conversations and contacts they see.
    pub visibility: Visibility,
}

impl Rights {
    /// Nothing at all.
    pub const NONE: Self = Self { permissions: Permissions::NONE, visibility: Visibility::Own };

    /// Whether they allow something.
    pub fn allow(&self, permission: Permission) -> bool {
        self.permissions.allow(permission)
    }

    /// Whether somebody who has these may hand out `others`: nobody gives what they lack.
    pub fn include(&self, others: &Self) -> bool {
        self.permissions.include(others.permissions) && self.visibility >= others.visibility
    }

    /// What is left of them where `limit` is all that is allowed.
    #[must_use]
    pub fn within(&self, limit: &Self) -> Self {
        Self {
            permissions: self.permissions.within(limit.permissions),
            visibility: self.visibility.min(limit.visibility),
        }
    }
}

/// A role that a tenant wrote itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRole {
    /// Its id, by which people have it.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// What it gives.
    pub rights: Rights,
}
