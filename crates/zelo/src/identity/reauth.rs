//! Proving again who one is.

use super::{
    Caller,
    login::{note_wrong_code, note_wrong_password, refuse_guessers},
    mfa,
    sessions::forget_sessions,
    store::{self, UserRow},
    users::{email_digest, email_of},
};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    error::{Error, Result},
    limits::login::{self as limits, Attempt, LoginClient},
};
use db::Scope;
use zeroize::Zeroizing;

/// What somebody gives to prove who they are.
pub enum Again {
    /// Their password.
    Password(Zeroizing<String>),
    /// A code of their app, or a backup code.
    Code(String),
}

/// The caller proves again who they are: for five minutes dangerous acts are open to this session.
///
/// # Errors
/// [`Error::WrongSecret`] when it is not right, [`Error::TooManyRequests`] after too many wrong codes.
pub async fn reauthenticate(app: &App, caller: &Caller, again: Again) -> Result<()> {
    let methods = match again {
        Again::Password(password) => {
            require_password(app, caller, password).await?;
            "password"
        }
        Again::Code(code) => {
            require_code(app, caller, &code).await?;
            "otp"
        }
    };
    renew(app, caller, methods).await
}

async fn find_caller(app: &App, caller: &Caller) -> Result<UserRow> {
    let who = &caller.signed_in;
    db::read!(app.db, "find_user", Scope::Tenant(who.tenant.0), |tx| -> Result<_> {
        store::find_user(tx, who.tenant, who.user).await?.ok_or(Error::Unauthorized)
    })
}

/// Refuse who does not know the caller's password.
pub(super) async fn require_password(app: &App, caller: &Caller, password: Zeroizing<String>) -> Result<()> {
    let user = find_caller(app, caller).await?;
    let digest = email_digest(app, &email_of(app, &user).await?).await?;
    let client = LoginClient::of_current_request();
    let permit = limits::admit(app, Attempt::Reauthentication, &digest, &client).await?;
    let checked = app.identity.passwords.verify(password, Some(user.password_hash.clone())).await?;
    if checked.matches {
        return permit.succeeded().await;
    }
    permit.failed().await?;
    note_wrong_password(app, &digest, Some(&user)).await?;
    Err(Error::WrongSecret)
}

/// Refuse who has no code of the caller's second factor.
pub(super) async fn require_code(app: &App, caller: &Caller, code: &str) -> Result<()> {
    let user = find_caller(app, caller).await?;
    let enrolled = db::read!(app.db, "find_factor", Scope::Tenant(user.tenant.0), |tx| -> Result<bool> {
        Ok(mfa::is_enrolled(tx, user.tenant, user.id).await?)
    })?;
    if !enrolled {
        return Err(mfa::not_enrolled());
    }
    let digest = email_digest(app, &email_of(app, &user).await?).await?;
    refuse_guessers(app, &digest).await?;
    if mfa::use_code(app, user.tenant, user.id, code).await?.is_some() {
        return Ok(());
    }
    note_wrong_code(app, user.tenant, user.id, &digest, false).await?;
    Err(Error::WrongSecret)
}

/// The session counts as fresh from now on.
async fn renew(app: &App, caller: &Caller, methods: &'static str) -> Result<()> {
    let who = &caller.signed_in;
    let (pen, now) = (Pen::of(app, who.tenant).await?, app.clock.now());
    db::write!(app.db, "reauthenticate", Scope::Tenant(who.tenant.0), |tx| -> Result<()> {
        if store::renew_session(tx, who.tenant, who.session, now, methods).await? == 0 {
            return Err(Error::Unauthorized);
        }
        let entry = Entry::of(EventType::Reauthentication, "reauthenticated").on("session", who.session);
        pen.write(tx, entry.with("methods", methods)).await
    })?;
    forget_sessions(app);
    Ok(())
}
