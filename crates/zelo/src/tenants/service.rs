//! What is done with tenants.

use super::{
    NewTenant, Plan, Quotas, Settings, Tenant, TenantChange, TenantStatus,
    deletion::refuse_begun,
    model::{wrong_name, wrong_tax_id},
    store,
    tax_id::TaxId,
};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    crypto::{Place, TenantKeys},
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
    let id = TenantId(app.ids.next());
    // A key is on disk before anything that it seals.
    let keys = app.keyring.tenant(id.0).await?;
    let tenant = Tenant {
        id,
        slug: new.slug.clone(),
        name: new.name.trim().to_owned(),
        status: TenantStatus::Active,
        settings: Settings::default(),
        plan: Plan::Basic,
        deletion_due_at: None,
        deletion_begun_at: None,
        tax_id_sealed: sealed(&keys, id, new.tax_id.as_deref())?,
        quotas: Quotas::default(),
    };
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

fn tax_id_place(id: TenantId) -> Place<'static> {
    Place { tenant: id.0, table: "tenants", column: "tax_id", row: id.0 }
}

fn sealed(keys: &TenantKeys, id: TenantId, tax_id: Option<&str>) -> Result<Option<Vec<u8>>> {
    // Whoever calls has refused what is none.
    let Some(tax_id) = tax_id.and_then(|text| TaxId::parse(text).ok()) else { return Ok(None) };
    Ok(Some(keys.data.seal(tax_id_place(id), tax_id.as_str().as_bytes())?))
}

/// A tenant's CPF or CNPJ; none where none was given, or where its keys are destroyed already.
///
/// # Errors
/// When the keystore does not answer.
pub async fn tax_id_of(app: &App, tenant: &Tenant) -> Result<Option<TaxId>> {
    let Some(sealed) = tenant.tax_id_sealed.as_deref().filter(|_| tenant.deletion_begun_at.is_none()) else {
        return Ok(None);
    };
    let keys = app.keyring.tenant(tenant.id.0).await?;
    let plain = keys.data.open(tax_id_place(tenant.id), sealed)?;
    Ok(std::str::from_utf8(&plain).ok().and_then(|text| TaxId::parse(text).ok()))
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
/// [`Error::NotFound`] when there is none, [`Error::Invalid`] for a name or a number that does not fit.
pub async fn update_tenant(app: &App, id: TenantId, change: &TenantChange) -> Result<Tenant> {
    let given = change.tax_id.as_ref().and_then(Option::as_deref);
    let wrong = [change.name.as_deref().and_then(wrong_name), given.and_then(wrong_tax_id)];
    let wrong: Vec<_> =
        wrong.into_iter().flatten().chain(change.quotas.wrong()).chain(change.settings.wrong()).collect();
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    refuse_begun(&get_tenant(app, id).await?)?;
    let tax_id_sealed = sealed(&*app.keyring.tenant(id.0).await?, id, given)?;
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
            tax_id_sealed: match change.tax_id {
                Some(_) => tax_id_sealed.clone(),
                None => before.tax_id_sealed.clone(),
            },
            quotas: change.quotas.of(before.quotas),
            settings: change.settings.of(&before.settings),
            ..before.clone()
        };
        store::update(tx, &after).await?;
        let entry = Entry::of(EventType::TenantUpdate, "tenant_changed")
            .on("tenant", id)
            .changed("name", before.name.as_str(), after.name.as_str())
            .changed("plan", before.plan.as_str(), after.plan.as_str())
            .changed("status", before.status.as_str(), after.status.as_str())
            .changed("quotas.media_bytes", before.quotas.media_bytes, after.quotas.media_bytes)
            .changed(
                "quotas.messages_per_month",
                before.quotas.messages_per_month,
                after.quotas.messages_per_month,
            )
            .changed(
                "settings.reopen_within_hours",
                before.settings.reopen_within_hours(),
                after.settings.reopen_within_hours(),
            )
            .changed("settings.in_brazil", before.settings.in_brazil, after.settings.in_brazil)
            // The number itself may be a person's.
            .with("tax_id_changed", change.tax_id.is_some());
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
