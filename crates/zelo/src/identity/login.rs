//! Logging in, staying in, logging out.

use super::{
    store::{self, SessionRow, UserRow},
    tokens::SessionSecret,
    users::email_digest,
};
use crate::{
    app::App,
    clock::SECOND,
    crypto::random_bytes,
    error::{Error, Result},
    ids::{SessionId, TenantId, UserId},
};
use db::Scope;
use zeroize::Zeroizing;

/// Two tabs may refresh at once; the slower one is not a thief.
const GRACE: i64 = 10 * SECOND;

/// The tokens of a session.
pub struct LoggedIn {
    /// For requests; lives minutes.
    pub access_token: String,
    /// For the next access token; works once.
    pub refresh_token: String,
}

/// Log in with tokens.
///
/// # Errors
/// [`Error::Unauthorized`] for a wrong password and for an unknown address alike, in the same time.
pub async fn log_in(app: &App, email: &str, password: Zeroizing<String>) -> Result<LoggedIn> {
    let user = check_password(app, email, password).await?;
    let secret = begin_session(app, &user, "token").await?;
    let access_token = app.identity.access_token(secret.tenant, user.id, secret.session, app.clock.now())?;
    Ok(LoggedIn { access_token, refresh_token: secret.encode() })
}

/// Log in a browser; returns the value of its cookie.
///
/// # Errors
/// As [`log_in`].
pub async fn log_in_with_cookie(app: &App, email: &str, password: Zeroizing<String>) -> Result<String> {
    let user = check_password(app, email, password).await?;
    Ok(begin_session(app, &user, "cookie").await?.encode())
}

async fn check_password(app: &App, email: &str, password: Zeroizing<String>) -> Result<UserRow> {
    let digest = email_digest(app, email).await?;
    let login = db::read!(app.db, "find_login", Scope::Platform, |tx| -> Result<_> {
        Ok(store::find_login(tx, &digest).await?)
    })?;
    // Unknown addresses read as much as known ones.
    let (tenant, id) = login.unwrap_or((TenantId(uuid::Uuid::nil()), UserId(uuid::Uuid::nil())));
    let user = db::read!(app.db, "find_user", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        Ok(store::find_user(tx, tenant, id).await?)
    })?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let matches = app.identity.passwords.verify(password, hash).await?;
    user.filter(|user| matches && user.status == "active").ok_or(Error::Unauthorized)
}

async fn begin_session(app: &App, user: &UserRow, kind: &str) -> Result<SessionSecret> {
    let now = app.clock.now();
    let session = SessionId(app.ids.next());
    let secret = SessionSecret { tenant: user.tenant, session, secret: *random_bytes::<32>()? };
    let row = SessionRow {
        id: session,
        tenant: user.tenant,
        user: user.id,
        kind: kind.to_owned(),
        secret_digest: secret.digest(),
        previous_digest: None,
        rotated_at: None,
        security_version: user.security_version,
        expires_at: now + app.identity.refresh_life,
        revoked_at: None,
    };
    db::write!(app.db, "log_in", Scope::Tenant(user.tenant.0), |tx| -> Result<()> {
        store::insert_session(tx, &row, now).await?;
        store::note_login(tx, user.tenant, user.id, now).await?;
        Ok(())
    })?;
    Ok(secret)
}

/// Exchange a refresh token for new tokens. Each works once; one that is used again later than two tabs would ends the
/// session, because one of its two holders is a thief.
///
/// # Errors
/// [`Error::Unauthorized`] when the token or its session is over.
pub async fn refresh(app: &App, token: &str) -> Result<LoggedIn> {
    let given = SessionSecret::decode(token)?;
    let now = app.clock.now();
    let next = SessionSecret { secret: app.identity.successor(&given.secret), ..given.clone() };
    let expires_at = now + app.identity.refresh_life;
    let user =
        db::write!(app.db, "refresh", Scope::Tenant(given.tenant.0), |tx| -> Result<Option<UserId>> {
            let Some(row) = store::find_session(tx, given.tenant, given.session).await? else {
                return Ok(None);
            };
            let user = store::find_user(tx, given.tenant, row.user).await?;
            let is_current = user
                .is_some_and(|user| user.status == "active" && user.security_version == row.security_version);
            if row.kind != "token" || row.revoked_at.is_some() || row.expires_at <= now || !is_current {
                return Ok(None);
            }
            if row.secret_digest == given.digest() {
                store::rotate_session(tx, &row, &next.digest(), now, expires_at).await?;
                return Ok(Some(row.user));
            }
            if row.previous_digest != Some(given.digest()) {
                return Ok(None);
            }
            if row.rotated_at.is_some_and(|rotated| now - rotated <= GRACE)
                && row.secret_digest == next.digest()
            {
                return Ok(Some(row.user));
            }
            tracing::warn!(session_id = %row.id, "A refresh token was used twice; its session is ended");
            store::revoke_session(tx, given.tenant, given.session, now).await?;
            Ok(None)
        })?;
    let Some(user) = user else {
        app.identity.sessions.forget(given.session);
        return Err(Error::Unauthorized);
    };
    let access_token = app.identity.access_token(given.tenant, user, given.session, now)?;
    Ok(LoggedIn { access_token, refresh_token: next.encode() })
}

/// End a session: its tokens, its cookie and its sockets stop working at once.
///
/// # Errors
/// When the database does not answer.
pub async fn end_session(app: &App, tenant: TenantId, session: SessionId) -> Result<()> {
    let now = app.clock.now();
    db::write!(app.db, "log_out", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        store::revoke_session(tx, tenant, session, now).await?;
        Ok(())
    })?;
    app.identity.sessions.forget(session);
    Ok(())
}
