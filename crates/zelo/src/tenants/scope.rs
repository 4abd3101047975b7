//! The value that opens a tenant's rows.

use crate::ids::TenantId;

/// Says whose rows a store function may touch; every one of them takes it first.
///
/// It is made in two places only: by an extractor from valid credentials, and by background work from the row that it
/// works on. Nothing that a client sends becomes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantScope {
    tenant: TenantId,
}

impl TenantScope {
    /// The scope of credentials that were just checked.
    pub(crate) fn of_credentials(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// The scope of background work on a row that names its tenant.
    pub(crate) fn of_work(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// The tenant.
    pub fn tenant(self) -> TenantId {
        self.tenant
    }
}

impl From<TenantScope> for db::Scope {
    fn from(scope: TenantScope) -> Self {
        Self::Tenant(scope.tenant.0)
    }
}

impl From<TenantScope> for db::Value<'_> {
    fn from(scope: TenantScope) -> Self {
        Self::Uuid(scope.tenant.0)
    }
}
