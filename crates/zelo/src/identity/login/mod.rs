//! Logging in: the password, then perhaps a code, then a session.
//!
//! Known and unknown addresses cost the same: the same reads, one hash, one write.

mod begin;
mod device;
mod store;

pub(super) use begin::client_place;
pub use begin::{Entered, LoggedIn};

use super::{
    sessions::{Kind, may_work},
    store::UserRow,
    users::email_digest,
};
use crate::{
    app::App,
    error::{Error, Result},
    identity::Client,
    ids::{TenantId, UserId},
};
use begin::Proof;
use db::Scope;
use zeroize::Zeroizing;

/// What a right password opens.
pub enum Entrance {
    /// A session.
    In(Entered),
}

/// Log in with a password.
///
/// # Errors
/// [`Error::Unauthorized`] for a wrong password, an unknown address and a closed account alike, in the same time;
/// [`Error::Unavailable`] while too many passwords are being checked.
pub async fn log_in(
    app: &App,
    kind: Kind,
    email: &str,
    password: Zeroizing<String>,
    client: &Client,
) -> Result<Entrance> {
    let digest = email_digest(app, email).await?;
    let Some(user) = check_password(app, &digest, password).await? else {
        note_failure(app, &digest).await?;
        return Err(Error::Unauthorized);
    };
    let proof = Proof { user: &user, kind, methods: "password", must_enrol: false, email_digest: &digest };
    Ok(Entrance::In(begin::begin_session(app, &proof, client).await?))
}

/// The account behind an address, if this is its password and it is open.
async fn check_password(
    app: &App,
    email_digest: &[u8; 16],
    password: Zeroizing<String>,
) -> Result<Option<UserRow>> {
    let login = db::read!(app.db, "find_login", Scope::Platform, |tx| -> Result<_> {
        Ok(super::store::find_login(tx, email_digest).await?)
    })?;
    // Unknown addresses read as much as known ones.
    let (tenant, id) = login.unwrap_or((TenantId(uuid::Uuid::nil()), UserId(uuid::Uuid::nil())));
    let found = db::read!(app.db, "find_user", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        let status = super::store::find_tenant_status(tx, tenant).await?;
        Ok(super::store::find_user(tx, tenant, id).await?.map(|user| (user, status)))
    })?;
    let hash = found.as_ref().map(|(user, _)| user.password_hash.clone());
    let checked = app.identity.passwords.verify(password, hash).await?;
    let Some((user, status)) = found else { return Ok(None) };
    let is_open = user.status == "active" && may_work(tenant, status.as_deref());
    if !checked.matches || !is_open {
        return Ok(None);
    }
    if let Some(better) = checked.better_hash {
        db::write!(app.db, "rehash_password", Scope::Tenant(tenant.0), |tx| -> Result<()> {
            super::store::replace_hash(tx, tenant, id, &user.password_hash, &better).await?;
            Ok(())
        })?;
    }
    Ok(Some(user))
}

/// Count a wrong password, for an unknown address too.
pub(super) async fn note_failure(app: &App, email_digest: &[u8; 16]) -> Result<()> {
    let now = app.clock.now();
    db::write!(app.db, "note_failed_login", Scope::Platform, |tx| -> Result<()> {
        Ok(store::note_password_failure(tx, email_digest, now).await?)
    })
}
