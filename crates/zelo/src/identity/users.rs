//! What is done with users.

use super::{
    NewUser, Role, User,
    model::canonical_email,
    store::{self, UserRow},
};
use crate::{
    app::App,
    crypto::{Field, Place, TenantKeys},
    error::{Error, Result},
    ids::{TenantId, UserId},
};
use db::Scope;
use std::collections::HashMap;

fn place(tenant: TenantId, column: &'static str, user: UserId) -> Place<'static> {
    Place { tenant: tenant.0, table: "users", column, row: user.0 }
}

fn opened(row: &UserRow, keys: &TenantKeys) -> Result<User> {
    let name = keys.data.open(place(row.tenant, "name", row.id), &row.name_sealed)?;
    let email = keys.data.open(place(row.tenant, "email", row.id), &row.email_sealed)?;
    Ok(User {
        id: row.id,
        tenant: row.tenant,
        role: Role::from_word(&row.role).unwrap_or(Role::Viewer),
        name: String::from_utf8_lossy(&name).into_owned(),
        email: String::from_utf8_lossy(&email).into_owned(),
        is_active: row.status == "active",
    })
}

/// Add somebody to a tenant's staff, or with the nil tenant to the platform's.
///
/// # Errors
/// [`Error::Invalid`] when something does not fit, [`Error::Conflict`] when the address is taken, by whomever.
pub async fn create_user(app: &App, tenant: TenantId, new: &NewUser) -> Result<User> {
    new.validate()?;
    if new.role.is_platform() != tenant.0.is_nil() {
        return Err(Error::invalid("role", "not_allowed", "This role does not belong here."));
    }
    let password_hash = app.identity.passwords.hash(new.password.clone()).await?;
    let keys = app.keyring.tenant(tenant.0).await?;
    let digest = email_digest(app, &new.email).await?;
    let id = UserId(app.ids.next());
    let row = UserRow {
        id,
        tenant,
        role: new.role.as_str().to_owned(),
        status: "active".to_owned(),
        name_sealed: keys.data.seal(place(tenant, "name", id), new.name.trim().as_bytes())?,
        email_sealed: keys.data.seal(place(tenant, "email", id), new.email.trim().as_bytes())?,
        password_hash,
        security_version: 1,
    };
    let now = app.clock.now();
    db::write!(app.db, "create_user", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        match store::insert_login(tx, &digest, tenant, id).await {
            Err(error) if error.is_unique() => {
                let detail = "Somebody has this e-mail address already.".into();
                return Err(Error::Conflict { code: "email_taken", detail });
            }
            other => other?,
        }
        Ok(store::insert_user(tx, &row, now).await?)
    })?;
    opened(&row, &keys)
}

/// The address of a user.
pub(super) async fn email_of(app: &App, user: &UserRow) -> Result<String> {
    let keys = app.keyring.tenant(user.tenant.0).await?;
    let email = keys.data.open(place(user.tenant, "email", user.id), &user.email_sealed)?;
    Ok(String::from_utf8_lossy(&email).into_owned())
}

pub(super) async fn email_digest(app: &App, email: &str) -> Result<[u8; 16]> {
    Ok(app.keyring.platform().await?.index.digest(Field::Email, &canonical_email(email)))
}

/// One of the staff.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's staff too.
pub async fn get_user(app: &App, tenant: TenantId, id: UserId) -> Result<User> {
    let row = db::read!(app.db, "get_user", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        Ok(store::find_user(tx, tenant, id).await?)
    })?;
    opened(&row.ok_or(Error::NotFound)?, &*app.keyring.tenant(tenant.0).await?)
}

/// The staff of a tenant, oldest first.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn list_users(app: &App, tenant: TenantId) -> Result<Vec<User>> {
    let rows = db::read!(app.db, "list_users", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        Ok(store::list_users(tx, tenant).await?)
    })?;
    let keys = app.keyring.tenant(tenant.0).await?;
    rows.iter().map(|row| opened(row, &keys)).collect()
}

/// The staff of a tenant, by id.
///
/// # Errors
/// As [`list_users`].
pub async fn load_users(app: &App, tenant: TenantId) -> Result<HashMap<UserId, User>> {
    Ok(list_users(app, tenant).await?.into_iter().map(|user| (user.id, user)).collect())
}
