//! Off-boarding: everything of a tenant whose deletion is due goes.
//!
//! Its keys go first, so that whatever is left anywhere, in a copy of the database too, opens no more. Then its rows, table by
//! table, as the database itself lists them: a table that somebody adds tomorrow is among them without a line here. Of its
//! audit log the places in the signed tree stay, as hashes ([`audit::erase_tenant`]). Each batch is a transaction of its
//! own, and where one stands is what is still there: killed at any moment, the work goes on with the next call.

use crate::{
    app::App,
    audit, channels,
    error::Result,
    ids::TenantId,
    media,
    tenants::{self, Tenant},
};
use db::{Scope, catalogue};

/// Rows of one transaction.
const BATCH: i64 = 500;
/// Batches of one table before the others get their turn, so that one call ends.
const TURN: usize = 20;

/// The log's own tables, emptied by [`audit::erase_tenant`]: an entry loses its place in none of them before it goes.
const OF_THE_LOG: [&str; 3] = ["audit_entries", "audit_pending", "audit_tree"];

/// How far a deletion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do.
    More,
    /// Nothing of it is left.
    Done,
}

/// Delete every tenant whose time has come.
///
/// # Errors
/// When a database does not answer; what was deleted until then is gone, and the next call goes on.
pub async fn delete_due(app: &App) -> Result<()> {
    let now = app.clock.now();
    let all = tenants::list_tenants(app).await?;
    for tenant in all.iter().filter(|it| it.deletion_due_at.is_some_and(|due| due <= now)) {
        while !app.stop.is_cancelled() && delete_some(app, tenant).await? == Progress::More {}
    }
    Ok(())
}

/// Do a part of the work that is bounded.
///
/// # Errors
/// As [`delete_due`].
pub async fn delete_some(app: &App, tenant: &Tenant) -> Result<Progress> {
    if !tenants::begin_deletion(app, tenant).await? {
        return Ok(Progress::Done);
    }
    let id = tenant.id;
    if app.keyring.destroy_tenant_keys(id.0, BATCH).await? > 0 {
        return Ok(Progress::More);
    }
    // From here on what comes in for its numbers is a stranger's.
    channels::disconnect_tenant(app, id).await?;
    if delete_rows(app, id).await? > 0 {
        return Ok(Progress::More);
    }
    if audit::erase_tenant(app, id, BATCH).await? > 0 {
        return Ok(Progress::More);
    }
    // Whatever wrote during the work, such as a batch of events that was under way, and a key made for it.
    if delete_rows(app, id).await? + app.keyring.destroy_tenant_keys(id.0, BATCH).await? > 0 {
        return Ok(Progress::More);
    }
    // Nobody has a key to its files any more; they go when nothing names them.
    media::delete_tenant(app, id).await?;
    tenants::finish_deletion(app, tenant).await?;
    app.db.forget_old_pages().await?;
    app.keyring.forget_old_pages().await?;
    tracing::info!(tenant_id = %id, "A tenant was deleted");
    Ok(Progress::Done)
}

/// Rows of every table that names a tenant.
async fn delete_rows(app: &App, tenant: TenantId) -> Result<u64> {
    let (scope, engine) = (Scope::Tenant(tenant.0), app.db.engine());
    let tables = db::read!(app.db, "list_tables_of_tenants", scope, |tx| -> Result<_> {
        Ok(catalogue::tables_with(tx, engine, "tenant_id").await?)
    })?;
    let mut deleted = 0;
    for table in tables.iter().filter(|table| !OF_THE_LOG.contains(&table.name.as_str())) {
        for _ in 0..TURN {
            let batch = db::write!(app.db, "delete_tenant_rows", scope, |tx| -> Result<u64> {
                Ok(catalogue::delete_some(tx, table, tenant.into(), BATCH).await?)
            })?;
            deleted += batch;
            if batch < BATCH.unsigned_abs() {
                break;
            }
        }
    }
    Ok(deleted)
}
