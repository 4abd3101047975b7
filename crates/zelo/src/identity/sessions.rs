//! Who is signed in, looked up for every request and remembered for seconds.

use super::{
    Role,
    store::{self, SignedInRow},
    tokens::SessionSecret,
};
use crate::{
    app::App,
    clock::{MINUTE, Millis},
    error::{Error, Result},
    ids::{SessionId, TenantId, UserId},
    rights::{self, Rights},
    telemetry::count_cache,
    tenants::TenantStatus,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Rung when sessions ended, so that every process looks them up anew.
const TOPIC: db::Topic = "sessions";

/// How long another process may still believe in a session that was ended here, should it not hear of it.
const REMEMBERED: Duration = Duration::from_secs(3);
/// How long somebody counts as active after their session was last looked up here.
const ACTIVE: Duration = Duration::from_secs(300);
/// How often the use of a session is written down. Somebody who is away is noticed earlier by this much at most.
const NOTED: Millis = MINUTE;

/// How a session is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// By a browser, in a cookie.
    Cookie,
    /// By a program, as access and refresh tokens.
    Token,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Token => "token",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::Cookie, Self::Token].into_iter().find(|kind| kind.as_str() == word)
    }
}

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
    /// When they last proved who they are.
    pub auth_time: Millis,
    /// How the session is carried.
    pub kind: Kind,
    /// Whether a second factor must be set up before anything else is allowed.
    pub must_enrol: bool,
    over_at: Millis,
    noted_at: Millis,
    secret_digest: [u8; 32],
}

#[derive(Debug)]
pub(super) struct Sessions {
    remembered: moka::sync::Cache<SessionId, Arc<SignedIn>>,
    /// Whose session was looked up lately, and how it is carried. What is remembered ends within seconds, so that nobody
    /// who goes on working is missing here.
    seen: moka::sync::Cache<(UserId, Kind), ()>,
    /// Counts the calls of [`Sessions::forget_all`], so that what was read before one is not remembered after it.
    forgotten: AtomicU64,
}

impl Default for Sessions {
    fn default() -> Self {
        let remembered = moka::sync::Cache::builder().max_capacity(100_000).time_to_live(REMEMBERED).build();
        let seen = moka::sync::Cache::builder().max_capacity(100_000).time_to_live(ACTIVE).build();
        Self { remembered, seen, forgotten: AtomicU64::new(0) }
    }
}

impl Sessions {
    /// Look everything up anew: somebody's sessions ended, or their rights changed.
    pub(super) fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.remembered.invalidate_all();
        count_cache("session", "delete", 1);
    }

    fn remember(&self, as_of: u64, signed_in: &Arc<SignedIn>) {
        self.seen.insert((signed_in.user, signed_in.kind), ());
        if self.forgotten.load(Ordering::SeqCst) == as_of {
            self.remembered.insert(signed_in.session, signed_in.clone());
            count_cache("session", "set", 1);
        }
    }
}

/// Look sessions, roles and states of users up anew, here at once and in the other processes as soon as they hear of
/// it. Call it after the transaction that changed them was committed.
pub fn forget_sessions(app: &App) {
    app.identity.sessions.forget_all();
    app.db.wake(TOPIC);
}

/// Say how many people work with this process now.
pub(crate) fn publish_active(app: &App) {
    for (kind, word) in [(Kind::Cookie, "browser"), (Kind::Token, "program")] {
        let count = app.identity.sessions.seen.iter().filter(|(key, ())| key.1 == kind).count();
        metrics::gauge!("zelo_active_users", "type" => word).set(count as f64);
    }
}

/// Wakes whoever watches a session when sessions or rights changed, here or in another process.
pub(crate) fn changes(app: &App) -> db::Listener {
    app.db.listen(TOPIC)
}

/// Forget what other processes changed.
pub(crate) fn follow(app: &App) {
    let (app, mut changes) = (app.clone(), app.db.listen(TOPIC));
    app.tasks.clone().spawn(async move {
        while !app.stop.is_cancelled() {
            tokio::select! {
                () = changes.wait(Duration::from_secs(60)) => app.identity.sessions.forget_all(),
                () = app.stop.cancelled() => return,
            }
        }
    });
}

/// The session behind an access token.
pub(super) async fn by_access_token(app: &App, token: &str) -> Result<Arc<SignedIn>> {
    let claims = app.identity.read_access_token(token, app.clock.now())?;
    let signed_in = used(app, TenantId(claims.tid), SessionId(claims.sid)).await?;
    if signed_in.user.0 == claims.sub { Ok(signed_in) } else { Err(Error::Unauthorized) }
}

/// The session behind a cookie.
pub(super) async fn by_cookie(app: &App, cookie: &str) -> Result<Arc<SignedIn>> {
    let secret = SessionSecret::decode(cookie)?;
    let signed_in = used(app, secret.tenant, secret.session).await?;
    let given = secret.digest();
    let matches = aws_lc_rs::constant_time::verify_slices_are_equal(&given, &signed_in.secret_digest).is_ok();
    if matches && signed_in.kind == Kind::Cookie { Ok(signed_in) } else { Err(Error::Unauthorized) }
}

/// A session that its owner uses now.
async fn used(app: &App, tenant: TenantId, session: SessionId) -> Result<Arc<SignedIn>> {
    let signed_in = find(app, tenant, session).await?;
    let now = app.clock.now();
    if now - signed_in.noted_at < NOTED {
        return Ok(signed_in);
    }
    db::write!(app.db, "note_session_use", db::Scope::Tenant(tenant.0), |tx| -> Result<()> {
        store::note_session_use(tx, tenant, session, now).await?;
        Ok(())
    })?;
    app.identity.sessions.remembered.invalidate(&session);
    find(app, tenant, session).await
}

/// The session behind something else that its owner uses now, such as a support access: it ends with the session, and the
/// session is not unused meanwhile.
///
/// # Errors
/// [`Error::Unauthorized`] when it has ended.
pub async fn keep_session(app: &App, tenant: TenantId, session: SessionId) -> Result<Arc<SignedIn>> {
    used(app, tenant, session).await
}

/// Whether a session has not ended.
///
/// # Errors
/// When the database does not answer.
pub async fn is_session_alive(app: &App, tenant: TenantId, session: SessionId) -> Result<bool> {
    match find(app, tenant, session).await {
        Ok(_) => Ok(true),
        Err(Error::Unauthorized) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A session that has not ended, whether or not anybody uses it.
pub(super) async fn find(app: &App, tenant: TenantId, session: SessionId) -> Result<Arc<SignedIn>> {
    let now = app.clock.now();
    if let Some(known) = app.identity.sessions.remembered.get(&session)
        && known.tenant == tenant
        && now < known.over_at
        && now - known.noted_at < NOTED
    {
        count_cache("session", "hit", 1);
        return Ok(known);
    }
    count_cache("session", "miss", 1);
    let as_of = app.identity.sessions.forgotten.load(Ordering::SeqCst);
    let row = db::read!(app.db, "find_session", db::Scope::Tenant(tenant.0), |tx| -> Result<_> {
        let Some(row) = store::find_signed_in(tx, tenant, session).await? else { return Ok(None) };
        let role = Role::from_word(&row.role).ok_or(Error::Unauthorized)?;
        let rights = rights::rights_of(tx, tenant, role, row.visibility.as_deref()).await?;
        Ok(Some((row, rights)))
    })?;
    let (row, rights) = row.ok_or(Error::Unauthorized)?;
    let signed_in = Arc::new(admit(app, &row, rights, now)?);
    app.identity.sessions.remember(as_of, &signed_in);
    Ok(signed_in)
}

/// Whether everything that a session stands on still holds.
fn admit(app: &App, row: &SignedInRow, rights: Rights, now: Millis) -> Result<SignedIn> {
    let session = &row.session;
    let role = Role::from_word(&row.role).ok_or(Error::Unauthorized)?;
    let kind = Kind::from_word(&session.kind).ok_or(Error::Unauthorized)?;
    let over_at = session.expires_at.min(session.last_used_at + app.identity.rules.idle(role));
    let is_over = session.revoked_at.is_some() || over_at <= now;
    let is_changed = row.user_status != "active" || row.security_version != session.security_version;
    if is_over || is_changed || !may_work(session.tenant, row.tenant_status.as_deref()) {
        return Err(Error::Unauthorized);
    }
    Ok(SignedIn {
        session: session.id,
        tenant: session.tenant,
        user: session.user,
        role,
        rights,
        auth_time: session.auth_time,
        kind,
        must_enrol: session.reach != "full",
        over_at,
        noted_at: session.last_used_at,
        secret_digest: session.secret_digest,
    })
}

/// Whether the people of a tenant may log in. The platform's own have none.
pub(super) fn may_work(tenant: TenantId, status: Option<&str>) -> bool {
    tenant.0.is_nil() || status.is_some_and(|word| TenantStatus::from_word(word).may_work())
}
