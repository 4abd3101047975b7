//! Who is signed in, looked up for every request and remembered for seconds.

use super::{Role, store, tokens::SessionSecret};
use crate::{
    app::App,
    clock::Millis,
    error::{Error, Result},
    ids::{SessionId, TenantId, UserId},
    rights::Rights,
};
use std::{sync::Arc, time::Duration};

/// How long another process may still believe in a session that was ended here.
const REMEMBERED: Duration = Duration::from_secs(3);

/// Somebody whose credentials were right, and still are.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Their session.
    pub session: SessionId,
    /// Their tenant; nil for the platform's own.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// What they are here.
    pub role: Role,
    /// What they may do, and whose conversations they see.
    pub rights: Rights,
    expires_at: Millis,
    secret_digest: [u8; 32],
    is_cookie: bool,
}

#[derive(Debug)]
pub(super) struct Sessions {
    remembered: moka::sync::Cache<SessionId, Arc<SignedIn>>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            remembered: moka::sync::Cache::builder().max_capacity(100_000).time_to_live(REMEMBERED).build(),
        }
    }
}

impl Sessions {
    pub(super) fn forget(&self, session: SessionId) {
        self.remembered.invalidate(&session);
    }
}

/// The session behind an access token.
pub(super) async fn by_access_token(app: &App, token: &str) -> Result<Arc<SignedIn>> {
    let claims = app.identity.read_access_token(token, app.clock.now())?;
    let signed_in = find(app, TenantId(claims.tid), SessionId(claims.sid)).await?;
    if signed_in.user.0 == claims.sub { Ok(signed_in) } else { Err(Error::Unauthorized) }
}

/// The session behind a cookie.
pub(super) async fn by_cookie(app: &App, cookie: &str) -> Result<Arc<SignedIn>> {
    let secret = SessionSecret::decode(cookie)?;
    let signed_in = find(app, secret.tenant, secret.session).await?;
    let given = secret.digest();
    let matches = aws_lc_rs::constant_time::verify_slices_are_equal(&given, &signed_in.secret_digest).is_ok();
    if matches && signed_in.is_cookie { Ok(signed_in) } else { Err(Error::Unauthorized) }
}

pub(super) async fn find(app: &App, tenant: TenantId, session: SessionId) -> Result<Arc<SignedIn>> {
    let now = app.clock.now();
    if let Some(known) = app.identity.sessions.remembered.get(&session)
        && known.tenant == tenant
        && now < known.expires_at
    {
        return Ok(known);
    }
    let found = db::read!(app.db, "find_session", db::Scope::Tenant(tenant.0), |tx| -> Result<_> {
        let Some(row) = store::find_session(tx, tenant, session).await? else { return Ok(None) };
        let user = store::find_user(tx, tenant, row.user).await?;
        Ok(user.map(|user| (row, user)))
    })?;
    let (row, user) = found.ok_or(Error::Unauthorized)?;
    let is_over = row.revoked_at.is_some() || row.expires_at <= now;
    if is_over || user.status != "active" || user.security_version != row.security_version {
        return Err(Error::Unauthorized);
    }
    let role = Role::from_word(&user.role).ok_or(Error::Unauthorized)?;
    let signed_in = Arc::new(SignedIn {
        session,
        tenant,
        user: user.id,
        role,
        rights: role.rights(),
        expires_at: row.expires_at,
        secret_digest: row.secret_digest,
        is_cookie: row.kind == "cookie",
    });
    app.identity.sessions.remembered.insert(session, signed_in.clone());
    Ok(signed_in)
}
