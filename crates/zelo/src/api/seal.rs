//! Sealing the answers that are kept for a repeated request: they hold what the request was about.

use crate::{
    app::App,
    crypto::{Place, TenantKeys},
    error::Result,
    http::idempotency::Seal,
    tenants::TenantScope,
};
use std::sync::Arc;
use uuid::Uuid;

/// Seals answers under the tenant's key.
pub(crate) struct AnswerSeal {
    keys: Arc<TenantKeys>,
}

impl AnswerSeal {
    /// The seal of a tenant.
    pub(crate) async fn of(app: &App, scope: TenantScope) -> Result<Self> {
        Ok(Self { keys: app.keyring.tenant(scope.tenant().0).await? })
    }
}

/// The row is a digest; its first 128 bits name it.
fn place(tenant: Uuid, row: &[u8]) -> Place<'static> {
    let row = row.first_chunk::<16>().copied().map(Uuid::from_bytes).unwrap_or_default();
    Place { tenant, table: "idempotency_keys", column: "answer", row }
}

impl Seal for AnswerSeal {
    fn seal(&self, tenant: Uuid, row: &[u8], answer: &[u8]) -> Result<Vec<u8>> {
        Ok(self.keys.data.seal(place(tenant, row), answer)?)
    }

    fn open(&self, tenant: Uuid, row: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        Ok(self.keys.data.open(place(tenant, row), sealed)?)
    }
}
