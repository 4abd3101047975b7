//! What is done with tenants.

use super::{
    NewTenant, Plan, Settings, Tenant, TenantChange, TenantStatus, deletion::refuse_begun, model::wrong_name,
    store,
};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    error::{Error, Result},
    identity::forget_sessions,
    ids::TenantId,
};
use db::{Scope, Tx};

/// Create a tenant and its keys.
///
/// # Errors
/// [`Error::Invalid`] when a name does not fit, [`Error::Conflict`] when the slug is taken.
pub async fn create_tenant(app: &App, new: &NewTenant) -> Result<Tenant> {
    new.validate()?;
    let tenant = Tenant {
        id: TenantId(app.ids.next()),
        slug: new.slug.clone(),
        name: new.name.trim().to_owned(),
        status: TenantStatus::Active,
        settings: Settings::default(),
        plan: Plan::Basic,
        deletion_due_at: None,
        deletion_begun_at: None,
    };
    // A key is on disk before anything that it seals.
    app.keyring.tenant(tenant.id.0).await?;
    let now = app.clock.now();
    let pen = Pen::of(app, TenantId(uuid::Uuid::nil())).await?;
    db::write!(app.db, "create_tenant", Scope::Tenant(uuid::Uuid::nil()), |tx| -> Result<Tenant> {
        match store::insert_tenant(tx, &tenant, now).await {
            Err(error) if error.is_unique() => Err(Error::Conflict {
                code: "slug_taken",
                detail: "A tenant with this slug exists already.".into(),
            }),
            Err(error) => Err(error.into()),
            Ok(()) => {
                let entry = Entry::of(EventType::TenantUpdate, "tenant_created").on("tenant", tenant.id);
                let entry = entry.changed("slug", None::<&str>, tenant.slug.as_str());
                pen.write(tx, entry.changed("name", None::<&str>, tenant.name.as_str())).await?;
                Ok(tenant.clone())
            }
        }
    })
}

/// The tenant with this slug.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find_tenant(app: &App, slug: &str) -> Result<Tenant> {
    db::read!(app.db, "find_tenant", Scope::Platform, |tx| -> Result<Tenant> {
        store::find_by_slug(tx, slug).await?.ok_or(Error::NotFound)
    })
}

/// The tenant with this id.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn get_tenant(app: &App, id: TenantId) -> Result<Tenant> {
    db::read!(app.db, "get_tenant", Scope::Platform, |tx| -> Result<Tenant> {
        store::find_by_id(tx, id).await?.ok_or(Error::NotFound)
    })
}

/// All tenants, by slug.
///
/// # Errors
/// When the database does not answer.
pub async fn list_tenants(app: &App) -> Result<Vec<Tenant>> {
    db::read!(app.db, "list_tenants", Scope::Platform, |tx| -> Result<Vec<Tenant>> {
        Ok(store::list(tx).await?)
    })
}

/// Change a tenant. One that may not work any more is stopped at once: its log-ins, keys and sockets open nothing, and no
/// message of its leaves. What comes in for it is kept.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Invalid`] for a name that does not fit.
pub async fn update_tenant(app: &App, id: TenantId, change: &TenantChange) -> Result<Tenant> {
    if let Some(wrong) = change.name.as_deref().and_then(wrong_name) {
        return Err(Error::Invalid(vec![wrong]));
    }
    refuse_begun(&get_tenant(app, id).await?)?;
    // The platform's owner acts; the tenant reads of it in its own log.
    let pen = Pen::of(app, id).await?;
    let tenant = db::write!(app.db, "update_tenant", Scope::Tenant(id.0), |tx| -> Result<Tenant> {
        let before = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
        let stays = change.status.is_none_or(|status| status == before.status);
        if before.deletion_due_at.is_some() && !stays {
            let detail =
                "This tenant is to be deleted: call that off first (DELETE /tenants/{id}/deletion).".into();
            return Err(Error::Conflict { code: "deletion_is_due", detail });
        }
        let after = Tenant {
            name: change.name.as_ref().map_or_else(|| before.name.clone(), |name| name.trim().to_owned()),
            plan: change.plan.unwrap_or(before.plan),
            status: change.status.unwrap_or(before.status),
            ..before.clone()
        };
        store::update(tx, &after).await?;
        let entry = Entry::of(EventType::TenantUpdate, "tenant_changed")
            .on("tenant", id)
            .changed("name", before.name.as_str(), after.name.as_str())
            .changed("plan", before.plan.as_str(), after.plan.as_str())
            .changed("status", before.status.as_str(), after.status.as_str());
        pen.write(tx, entry).await?;
        Ok(after)
    })?;
    forget_sessions(app);
    Ok(tenant)
}

/// What a tenant set for itself, locked until the transaction ends.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn lock_settings(tx: &mut Tx, id: TenantId) -> Result<Settings> {
    Ok(store::lock(tx, id).await?.ok_or(Error::NotFound)?.settings)
}

/// Store what a tenant sets for itself, inside the transaction of the one who knows what it means.
///
/// # Errors
/// What the database answers.
pub async fn store_settings(tx: &mut Tx, id: TenantId, settings: &Settings) -> Result<()> {
    store::update_settings(tx, id, settings).await?;
    Ok(())
}
