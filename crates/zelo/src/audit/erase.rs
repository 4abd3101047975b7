//! What is left of the log of a tenant that was deleted: the hashes in the tree, and one entry of the platform that says how
//! many. Every other entry can still be proven, and nobody can pass off a removed entry as one of these.

use super::{Entry, EventType, Pen, seal_pending, store};
use crate::{
    app::App,
    error::{Error, Result},
    ids::TenantId,
};
use db::Scope;
use uuid::Uuid;

/// The platform's entry about places in the tree without their entries.
pub(super) const ERASED: &str = "audit_entries_erased";
/// What such an entry is about: its target's id is the number of places.
pub(super) const PLACES: &str = "audit_places";

/// Take away `most` entries at most of a tenant that is being deleted; returns how many those were.
///
/// # Errors
/// When the database does not answer. It refuses, when the tenant is not being deleted.
pub async fn erase_tenant(app: &App, tenant: TenantId, most: i64) -> Result<u64> {
    // What has no place in the tree yet gets one: an entry that is nowhere is what a verifier looks for.
    seal_pending(app).await?;
    let Some(said_in) = announce(app, tenant).await? else { return Ok(0) };
    let mut erased = 0;
    loop {
        let (before, after) =
            db::write!(app.db, "erase_audit_entries", Scope::Tenant(tenant.0), |tx| -> Result<(i64, i64)> {
                let before = store::count_entries(tx, tenant).await?;
                store::insert_erasure(tx, app.ids.next(), tenant, said_in, most).await?;
                Ok((before, store::count_entries(tx, tenant).await?))
            })?;
        if before > 0 && after >= before {
            return Err(Error::internal("audit entries of a deleted tenant have no place in the tree"));
        }
        erased += u64::try_from(before - after).unwrap_or_default();
        if after == 0 {
            return Ok(erased);
        }
    }
}

/// Say in the platform's log how many places will have no entry, before any of them loses it. After an interruption the rest
/// is announced anew; then the first number is larger than what it stands for, which proves as much.
async fn announce(app: &App, tenant: TenantId) -> Result<Option<Uuid>> {
    let id = app.ids.next();
    let pen = Pen::of(app, TenantId(Uuid::nil())).await?;
    db::write!(app.db, "announce_audit_erasure", Scope::Tenant(tenant.0), |tx| -> Result<Option<Uuid>> {
        let count = store::count_entries(tx, tenant).await?;
        if count == 0 {
            return Ok(None);
        }
        tx.enter(Scope::Tenant(Uuid::nil())).await?;
        let entry = Entry::of(EventType::DataDelete, ERASED).on(PLACES, count);
        pen.write_once(tx, id, entry.with("tenant_id", tenant.to_string())).await?;
        Ok(Some(id))
    })
}
