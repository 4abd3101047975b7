//! The value that decides which of a tenant's conversations and contacts are there.

use super::Visibility;
use crate::{
    ids::{TenantId, UserId},
    tenants::TenantScope,
};

/// Whose eyes a conversation or a contact is looked at with. What they may not see does not exist for them.
///
/// Like a [`TenantScope`] it comes from credentials, or from background work, which sees everything of its tenant. The
/// statements that take it look the teams up in the same transaction, so that leaving one counts at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    scope: TenantScope,
    visibility: Visibility,
    user: UserId,
}

impl Sight {
    /// The sight of somebody with credentials.
    pub(crate) fn of_credentials(scope: TenantScope, visibility: Visibility, user: UserId) -> Self {
        Self { scope, visibility, user }
    }

    /// The sight of background work: everything of its tenant.
    pub(crate) fn of_work(scope: TenantScope) -> Self {
        Self { scope, visibility: Visibility::All, user: UserId(uuid::Uuid::nil()) }
    }

    /// The tenant's scope.
    pub fn scope(self) -> TenantScope {
        self.scope
    }

    /// The tenant.
    pub fn tenant(self) -> TenantId {
        self.scope.tenant()
    }

    /// How far it reaches.
    pub fn visibility(self) -> Visibility {
        self.visibility
    }

    /// Whose it is; nil for background work.
    pub fn user(self) -> UserId {
        self.user
    }

    /// How far it reaches, as statements take it: 0 their own, 1 their teams', 2 everything.
    pub(crate) fn reach(self) -> i64 {
        match self.visibility {
            Visibility::Own => 0,
            Visibility::Team => 1,
            Visibility::All => 2,
        }
    }
}

impl From<Sight> for db::Scope {
    fn from(sight: Sight) -> Self {
        sight.scope.into()
    }
}
