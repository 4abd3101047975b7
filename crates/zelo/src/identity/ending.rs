//! A user's sessions: seen, ended, renewed.

use super::{
    Caller,
    client::Remembered,
    login::client_place,
    sessions::{Kind, forget_sessions},
    store,
    tokens::SessionSecret,
};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    clock::Millis,
    error::{Error, Result},
    ids::{SessionId, TenantId, UserId},
};
use db::Scope;

/// A log-in that lasts, as its owner sees it.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// How it is carried.
    pub kind: Kind,
    /// What the program called itself at log-in.
    pub program: String,
    /// Where it called from.
    pub address: Option<String>,
    /// When it began.
    pub created_at: Millis,
    /// When it was last used; a minute late at most.
    pub last_used_at: Millis,
    /// When it ends at the latest.
    pub expires_at: Millis,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// The caller's sessions, newest first.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn list_sessions(app: &App, caller: &Caller) -> Result<Vec<Session>> {
    let who = &caller.signed_in;
    let now = app.clock.now();
    let rows = db::read!(app.db, "list_sessions", Scope::Tenant(who.tenant.0), |tx| -> Result<_> {
        let user = store::find_user(tx, who.tenant, who.user).await?.ok_or(Error::Unauthorized)?;
        Ok(store::list_sessions(tx, who.tenant, who.user, user.security_version, now).await?)
    })?;
    let keys = app.keyring.tenant(who.tenant.0).await?;
    let idle = app.identity.rules.idle(who.role);
    let alive = rows.into_iter().filter(|row| row.last_used_at + idle > now);
    let shown = alive.map(|row| -> Result<Session> {
        let client: Remembered = match &row.client_sealed {
            Some(sealed) => {
                let plain = keys.data.open(client_place(row.tenant, row.id), sealed)?;
                serde_json::from_slice(&plain).unwrap_or_default()
            }
            None => Remembered::default(),
        };
        Ok(Session {
            id: row.id,
            kind: Kind::from_word(&row.kind).unwrap_or(Kind::Token),
            program: client.program,
            address: client.address,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at.min(row.last_used_at + idle),
            is_current: row.id == who.session,
        })
    });
    shown.collect()
}

/// End a session: its tokens, its cookie and its sockets stop working at once.
///
/// # Errors
/// When the database does not answer.
pub async fn end_session(app: &App, tenant: TenantId, session: SessionId) -> Result<()> {
    let (pen, now) = (Pen::of(app, tenant).await?, app.clock.now());
    db::write!(app.db, "log_out", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        store::revoke_session(tx, tenant, session, now).await?;
        pen.write(tx, Entry::of(EventType::Logout, "logged_out").on("session", session)).await
    })?;
    forget_sessions(app);
    Ok(())
}

/// End the session that a refresh token belongs to. A token that is no current one ends nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn end_session_of_token(app: &App, token: &str) -> Result<()> {
    let Ok(given) = SessionSecret::decode(token) else { return Ok(()) };
    // A token may name a tenant that is gone or never was: no key is made for one of whom there is no log-in.
    let known = db::read!(app.db, "find_session", Scope::Tenant(given.tenant.0), |tx| -> Result<bool> {
        Ok(store::find_signed_in(tx, given.tenant, given.session).await?.is_some())
    })?;
    if !known {
        return Ok(());
    }
    let (pen, now) = (Pen::of(app, given.tenant).await?, app.clock.now());
    db::write!(app.db, "log_out", Scope::Tenant(given.tenant.0), |tx| -> Result<()> {
        if let Some(found) = store::find_signed_in(tx, given.tenant, given.session).await?
            && found.session.secret_digest == given.digest()
            && store::revoke_session(tx, given.tenant, given.session, now).await? == 1
        {
            pen.write(tx, Entry::of(EventType::Logout, "logged_out").on("session", given.session)).await?;
        }
        Ok(())
    })?;
    forget_sessions(app);
    Ok(())
}

/// End one of the caller's own sessions.
///
/// # Errors
/// [`Error::NotFound`] when it is not the caller's, or over already.
pub async fn end_own_session(app: &App, caller: &Caller, session: SessionId) -> Result<()> {
    let who = &caller.signed_in;
    let (pen, now) = (Pen::of(app, who.tenant).await?, app.clock.now());
    db::write!(app.db, "end_own_session", Scope::Tenant(who.tenant.0), |tx| -> Result<()> {
        if store::revoke_session_of(tx, who.tenant, who.user, session, now).await? == 0 {
            return Err(Error::NotFound);
        }
        pen.write(tx, Entry::of(EventType::SessionRevoked, "session_ended").on("session", session)).await
    })?;
    forget_sessions(app);
    Ok(())
}

/// End all sessions of somebody, the caller's own among them.
///
/// # Errors
/// [`Error::NotFound`] when there is no such user in this tenant.
pub async fn end_all_sessions(app: &App, tenant: TenantId, user: UserId) -> Result<()> {
    let pen = Pen::of(app, tenant).await?;
    db::write!(app.db, "end_all_sessions", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        store::find_user(tx, tenant, user).await?.ok_or(Error::NotFound)?;
        store::raise_security_version(tx, tenant, user, None).await?;
        pen.write(tx, Entry::of(EventType::SessionRevoked, "all_sessions_ended").on("user", user)).await
    })?;
    forget_sessions(app);
    Ok(())
}
