//! What is done with tenants.

use super::{NewTenant, Settings, Tenant, TenantStatus, store};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    error::{Error, Result},
    ids::TenantId,
};
use db::Scope;

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
