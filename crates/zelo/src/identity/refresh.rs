//! Exchanging refresh tokens.

use super::{
    LoggedIn, Role,
    sessions::may_work,
    store::{self, SessionRow},
    tokens::SessionSecret,
    users::postman,
};
use crate::{
    app::App,
    audit::{Actor, Entry, EventType, Pen},
    clock::{Millis, SECOND},
    error::{Error, Result},
    ids::UserId,
    mail::Message,
};
use db::Scope;

/// Two tabs may refresh at once; the slower one is not a thief.
const GRACE: Millis = 10 * SECOND;
/// More exchanges than fit into the life of any log-in: one a minute for a month.
const MOST_GENERATIONS: i64 = 50_000;

/// What a refresh token is worth.
enum Exchange {
    /// The next one.
    Next(Box<SessionRow>),
    /// Nothing.
    Nothing,
    /// It was exchanged before: one of its two holders is a thief, so the whole family is over.
    Reused(UserId),
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
    let outcome = db::write!(app.db, "refresh", Scope::Tenant(given.tenant.0), |tx| -> Result<Exchange> {
        let Some(found) = store::find_signed_in(tx, given.tenant, given.session).await? else {
            return Ok(Exchange::Nothing);
        };
        let row = found.session;
        let role = Role::from_word(&found.role).ok_or(Error::Unauthorized)?;
        let over_at = row.expires_at.min(row.last_used_at + app.identity.rules.idle(role));
        let is_current = found.user_status == "active"
            && found.security_version == row.security_version
            && may_work(row.tenant, found.tenant_status.as_deref());
        if row.kind != "token" || row.revoked_at.is_some() || over_at <= now || !is_current {
            return Ok(Exchange::Nothing);
        }
        if row.secret_digest == given.digest() {
            store::rotate_session(tx, &row, &next.digest(), now).await?;
            return Ok(Exchange::Next(Box::new(row)));
        }
        if is_late_tab(&row, &given, &next, now) {
            return Ok(Exchange::Next(Box::new(row)));
        }
        if !was_current(app, &row, &given) {
            return Ok(Exchange::Nothing);
        }
        store::revoke_session(tx, given.tenant, given.session, now).await?;
        Ok(Exchange::Reused(row.user))
    })?;
    match outcome {
        Exchange::Next(row) => {
            let access_token = app.identity.access_token(row.tenant, row.user, row.id, now)?;
            Ok(LoggedIn { access_token, refresh_token: next.encode() })
        }
        Exchange::Nothing => Err(Error::Unauthorized),
        Exchange::Reused(user) => {
            tracing::warn!(session_id = %given.session, "A refresh token was used twice; its session is ended");
            super::forget_sessions(app);
            tell_of_reuse(app, &given, user).await?;
            Err(Error::Unauthorized)
        }
    }
}

/// The session is over already; that nobody could be told must not bring it back.
async fn tell_of_reuse(app: &App, given: &SessionSecret, user: UserId) -> Result<()> {
    let pen = Pen::of(app, given.tenant).await?.acting_as(Actor::Anonymous).await?;
    let postman = postman(app, given.tenant, user).await?;
    db::write!(app.db, "tell_of_reuse", Scope::Tenant(given.tenant.0), |tx| -> Result<()> {
        if let Some(postman) = &postman {
            postman.post(tx, &Message::TokenReuse).await?;
        }
        let entry = Entry::of(EventType::TokenReuse, "refresh_token_reused").on("session", given.session);
        pen.write(tx, entry.denied().with("user_id", user.to_string())).await
    })
}

/// The token before the current one, moments after its exchange, while nobody has used what it was exchanged for.
fn is_late_tab(row: &SessionRow, given: &SessionSecret, next: &SessionSecret, now: Millis) -> bool {
    row.previous_digest == Some(given.digest())
        && row.secret_digest == next.digest()
        && row.rotated_at.is_some_and(|rotated| now - rotated <= GRACE)
}

/// Whether this was a token of the session once. Each follows from the one before it, so that none has to be kept: the
/// chain that begins with an old one comes to the current one.
fn was_current(app: &App, row: &SessionRow, given: &SessionSecret) -> bool {
    let mut link = given.clone();
    for _ in 0..row.generation.min(MOST_GENERATIONS) {
        link.secret = app.identity.successor(&link.secret);
        if link.digest() == row.secret_digest {
            return true;
        }
    }
    false
}
