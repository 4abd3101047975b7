//! A password was right, and a code is awaited.

use super::store::{self, ChallengeRow};
use crate::{
    app::App,
    audit::{Actor, Entry, EventType, Pen},
    clock::{DAY, MINUTE, Millis},
    crypto::{Token, digest},
    error::{Error, Result},
    identity::{sessions::Kind, store::UserRow, users::postman},
    ids::{TenantId, UserId},
    mail::Message,
};
use db::Scope;

/// How long a code is awaited.
const AWAITED: Millis = 5 * MINUTE;
/// How many codes one log-in may try.
pub(super) const TRIES: i64 = 5;
/// What every challenge begins with, so that it is taken for no other secret.
const PREFIX: &str = "mfa_";
/// How many lapsed challenges one sweep deals with.
const SWEPT: i64 = 100;

/// A half-finished log-in, one of whose tries is taken.
pub(in crate::identity) struct Challenge {
    digest: [u8; 32],
    pub(in crate::identity) tenant: TenantId,
    pub(in crate::identity) user: UserId,
    pub(in crate::identity) email_digest: [u8; 16],
    pub(in crate::identity) security_version: i64,
    pub(in crate::identity) is_last_try: bool,
}

/// Await a code; returns the secret under which it will come.
pub(in crate::identity) async fn begin_challenge(
    app: &App,
    user: &UserRow,
    kind: Kind,
    email_digest: [u8; 16],
) -> Result<String> {
    let (secret, now) = (Token::random()?, app.clock.now());
    let row = ChallengeRow {
        tenant: user.tenant,
        user: user.id,
        kind: kind.as_str().to_owned(),
        email_digest,
        security_version: user.security_version,
        created_at: now,
        expires_at: now + AWAITED,
        tries: 0,
        settled_at: None,
    };
    db::write!(app.db, "begin_mfa_challenge", Scope::Platform, |tx| -> Result<()> {
        Ok(store::insert_challenge(tx, &secret.digest(), &row).await?)
    })?;
    Ok(format!("{PREFIX}{}", secret.reveal()))
}

/// Take one of the tries of a half-finished log-in of this kind.
///
/// # Errors
/// [`Error::Unauthorized`] when there is none: it is over, used up, or never was.
pub(in crate::identity) async fn take_try(app: &App, kind: Kind, token: &str) -> Result<Challenge> {
    let secret = token.strip_prefix(PREFIX).ok_or(Error::Unauthorized)?;
    let (digest, now) = (digest(secret.as_bytes()), app.clock.now());
    let row = db::write!(app.db, "take_mfa_try", Scope::Platform, |tx| -> Result<_> {
        let row = store::find_challenge(tx, &digest).await?;
        let Some(row) = row.filter(|row| row.kind == kind.as_str() && row.settled_at.is_none()) else {
            return Ok(None);
        };
        let taken = store::take_try(tx, &digest, TRIES, now).await?;
        Ok((taken == 1).then_some(row))
    })?;
    let row = row.ok_or(Error::Unauthorized)?;
    Ok(Challenge {
        digest,
        tenant: row.tenant,
        user: row.user,
        email_digest: row.email_digest,
        security_version: row.security_version,
        is_last_try: row.tries + 1 >= TRIES,
    })
}

impl Challenge {
    /// The code was right. False when another request was faster with another right code.
    pub(in crate::identity) async fn settle(&self, app: &App) -> Result<bool> {
        let now = app.clock.now();
        db::write!(app.db, "settle_mfa_challenge", Scope::Platform, |tx| -> Result<bool> {
            Ok(store::settle_challenge(tx, &self.digest, now).await? == 1)
        })
    }
}

/// Tell the owners of log-ins that stopped after the right password: somebody may have it.
///
/// # Errors
/// When the database or the keystore does not answer.
pub(in crate::identity) async fn sweep_challenges(app: &App) -> Result<()> {
    let now = app.clock.now();
    let lapsed = db::write!(app.db, "list_lapsed_challenges", Scope::Platform, |tx| -> Result<_> {
        store::delete_challenges_before(tx, now - DAY).await?;
        Ok(store::list_lapsed(tx, now, SWEPT).await?)
    })?;
    for (digest, tenant, user) in lapsed {
        let Some(postman) = postman(app, tenant, user).await? else { continue };
        let pen = Pen::of(app, tenant).await?.acting_as(Actor::System).await?;
        db::write!(app.db, "tell_of_lapsed_challenge", Scope::Tenant(tenant.0), |tx| -> Result<()> {
            if store::settle_challenge(tx, &digest, now).await? == 1 {
                postman.post(tx, &Message::MfaHalfFinished).await?;
                let entry = Entry::of(EventType::LoginSuspicious, "mfa_not_finished").on("user", user);
                pen.write(tx, entry).await?;
            }
            Ok(())
        })?;
    }
    Ok(())
}
