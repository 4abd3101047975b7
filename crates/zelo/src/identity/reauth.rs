//! Proving again who one is.

use super::{
    Caller,
    login::note_failure,
    sessions::forget_sessions,
    store,
    users::{email_digest, email_of},
};
use crate::{
    app::App,
    error::{Error, Result},
};
use db::Scope;
use zeroize::Zeroizing;

/// The caller gives their password again: for five minutes dangerous acts are open to this session.
///
/// # Errors
/// [`Error::WrongSecret`] when it is another one.
pub async fn reauthenticate(app: &App, caller: &Caller, password: Zeroizing<String>) -> Result<()> {
    require_password(app, caller, password).await?;
    renew(app, caller, "password").await
}

/// Refuse who does not know the caller's password.
pub(super) async fn require_password(app: &App, caller: &Caller, password: Zeroizing<String>) -> Result<()> {
    let who = &caller.signed_in;
    let user = db::read!(app.db, "find_user", Scope::Tenant(who.tenant.0), |tx| -> Result<_> {
        store::find_user(tx, who.tenant, who.user).await?.ok_or(Error::Unauthorized)
    })?;
    let checked = app.identity.passwords.verify(password, Some(user.password_hash.clone())).await?;
    if checked.matches {
        return Ok(());
    }
    let digest = email_digest(app, &email_of(app, &user).await?).await?;
    note_failure(app, &digest).await?;
    Err(Error::WrongSecret)
}

/// The session counts as fresh from now on.
pub(super) async fn renew(app: &App, caller: &Caller, methods: &'static str) -> Result<()> {
    let who = &caller.signed_in;
    let now = app.clock.now();
    db::write!(app.db, "reauthenticate", Scope::Tenant(who.tenant.0), |tx| -> Result<()> {
        match store::renew_session(tx, who.tenant, who.session, now, methods).await? {
            0 => Err(Error::Unauthorized),
            _ => Ok(()),
        }
    })?;
    forget_sessions(app);
    Ok(())
}
