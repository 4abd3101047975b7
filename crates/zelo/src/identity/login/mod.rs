//! Logging in: the password, then perhaps a code, then a session.
//!
//! Known and unknown addresses cost the same: the same reads, one hash, one write.

mod begin;
mod second;
mod store;

pub(super) use begin::client_place;
pub use begin::{Entered, LoggedIn};
pub use second::log_in_with_code;
pub(super) use second::{note_wrong_code, refuse_guessers};
pub(super) use store::clear_failures;

use super::{
    Client, Role, mfa,
    sessions::{Kind, may_work},
    store::UserRow,
    users::email_digest,
};
use crate::{
    app::App,
    audit::{Actor, Entry, EventType, Pen},
    clock::{DAY, Millis},
    error::{Error, Result},
    ids::{TenantId, UserId},
    limits::login::{self as limits, Attempt},
};
use begin::Proof;
use db::Scope;
use zeroize::Zeroizing;

/// How long failures are remembered without another one.
const REMEMBERED: Millis = DAY;

/// What a right password opens.
pub enum Entrance {
    /// A session.
    In(Entered),
    /// A code is needed too: the secret under which it is awaited.
    Code(String),
}

/// Log in with a password.
///
/// # Errors
/// [`Error::Unauthorized`] for a wrong password, an unknown address and a closed account alike, in the same time;
/// [`Error::TooManyRequests`] after too many failures; [`Error::Unavailable`] while too many passwords are being checked.
pub async fn log_in(
    app: &App,
    kind: Kind,
    email: &str,
    password: Zeroizing<String>,
    client: &Client,
) -> Result<Entrance> {
    let digest = email_digest(app, email).await?;
    let permit = limits::admit(app, Attempt::Password, &digest, &client.limited).await?;
    let checked = check_password(app, &digest, password).await;
    let (user, open) = match checked {
        Ok(checked) => checked,
        Err(error) => {
            permit.called_off().await?;
            note_our_failure(app, &error).await;
            return Err(error);
        }
    };
    let Some(row) = user.as_ref().filter(|_| open) else {
        permit.failed().await?;
        note_wrong_password(app, &digest, user.as_ref()).await?;
        return Err(Error::Unauthorized);
    };
    permit.succeeded().await?;
    let role = Role::from_word(&row.role).ok_or(Error::Unauthorized)?;
    let (enrolled, required) =
        db::read!(app.db, "find_second_factor", Scope::Tenant(row.tenant.0), |tx| -> Result<_> {
            let enrolled = mfa::is_enrolled(tx, row.tenant, row.id).await?;
            Ok((enrolled, mfa::is_required(app, tx, row.tenant, role).await?))
        })?;
    if enrolled {
        return Ok(Entrance::Code(mfa::begin_challenge(app, row, kind, digest).await?));
    }
    let proof = Proof { user: row, kind, methods: "password", must_enrol: required, email_digest: &digest };
    Ok(Entrance::In(begin::begin_session(app, &proof, client).await?))
}

/// The account behind an address, and whether this is its password and it is open.
async fn check_password(
    app: &App,
    email_digest: &[u8; 16],
    password: Zeroizing<String>,
) -> Result<(Option<UserRow>, bool)> {
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
    let Some((user, status)) = found else { return Ok((None, false)) };
    let is_open = user.status == "active" && may_work(tenant, status.as_deref());
    if !checked.matches || !is_open {
        return Ok((Some(user), false));
    }
    if let Some(better) = checked.better_hash {
        db::write!(app.db, "rehash_password", Scope::Tenant(tenant.0), |tx| -> Result<()> {
            super::store::replace_hash(tx, tenant, id, &user.password_hash, &better).await?;
            Ok(())
        })?;
    }
    Ok((Some(user), true))
}

/// Count and note a wrong password, for an unknown address too, and at the same cost.
pub(super) async fn note_wrong_password(
    app: &App,
    email_digest: &[u8; 16],
    user: Option<&UserRow>,
) -> Result<()> {
    let now = app.clock.now();
    let tenant = user.map_or(TenantId(uuid::Uuid::nil()), |user| user.tenant);
    let pen = Pen::of(app, tenant).await?.acting_as(Actor::Anonymous).await?;
    let mut entry = Entry::of(EventType::LoginFailed, "wrong_password").failed();
    if let Some(user) = user {
        entry = entry.on("user", user.id);
    }
    db::write!(app.db, "note_failed_login", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        store::note_password_failure(tx, email_digest, now).await?;
        pen.write(tx, entry.clone()).await
    })
}

/// Note that a password could not be checked. The log-in has failed already, so a log that cannot be written is only said.
async fn note_our_failure(app: &App, cause: &Error) {
    let nobody = TenantId(uuid::Uuid::nil());
    let noted = async {
        let pen = Pen::of(app, nobody).await?.acting_as(Actor::Anonymous).await?;
        let entry = Entry::of(EventType::LoginError, "password_not_checked").failed();
        pen.note(entry.with("cause", cause.code())).await
    };
    if let Err(error) = noted.await {
        tracing::error!(%error, "a log-in that failed for a reason of ours could not be written into the audit log");
    }
}

/// Forget failures of long ago.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn sweep_attempts(app: &App) -> Result<()> {
    let before = app.clock.now() - REMEMBERED;
    db::write!(app.db, "sweep_login_attempts", Scope::Platform, |tx| -> Result<()> {
        store::delete_attempts_before(tx, before).await?;
        Ok(())
    })
}
