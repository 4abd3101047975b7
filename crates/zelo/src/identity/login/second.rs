//! The second step: a code.

use super::{
    begin::{self, Entered, Proof},
    store,
};
use crate::{
    app::App,
    audit::{Actor, Entry, EventType, Pen},
    clock::{DAY, Millis},
    error::{Error, Result},
    identity::{
        Client,
        mfa::{self, Challenge},
        sessions::{Kind, may_work},
        store::{self as people, UserRow},
        users::postman,
    },
    ids::{TenantId, UserId},
    limits::login::{self as limits, Attempt},
    mail::Message,
};
use db::Scope;
use std::time::Duration;

/// Wrong codes that an account may see within a day, over all log-ins. Whoever gives them knows the password; a new
/// password begins anew. At 50 tries of six digits, two of which count at a time, a guess succeeds once in 10,000 days.
const MOST_WRONG_CODES: i64 = 50;
const WINDOW: Millis = DAY;
/// After so many wrong codes the owner is told.
const TOLD_AT: i64 = 5;

/// Complete a log-in with a code of the app, or a backup code.
///
/// # Errors
/// [`Error::Unauthorized`] when the code is wrong or the log-in is over, [`Error::TooManyRequests`] when too many codes
/// were wrong.
pub async fn log_in_with_code(
    app: &App,
    kind: Kind,
    mfa_token: &str,
    code: &str,
    client: &Client,
) -> Result<Entered> {
    let challenge = mfa::take_try(app, kind, mfa_token).await?;
    refuse_guessers(app, &challenge.email_digest).await?;
    let user = still_open(app, &challenge).await?.ok_or(Error::Unauthorized)?;
    let permit = limits::admit(app, Attempt::SecondFactor, &challenge.email_digest, &client.limited).await?;
    let factor = match mfa::use_code(app, challenge.tenant, challenge.user, code).await {
        Ok(Some(factor)) => factor,
        Ok(None) => {
            permit.failed().await?;
            note_wrong_code(app, user.tenant, user.id, &challenge.email_digest, challenge.is_last_try)
                .await?;
            return Err(Error::Unauthorized);
        }
        Err(error) => {
            permit.called_off().await?;
            return Err(error);
        }
    };
    permit.succeeded().await?;
    if !challenge.settle(app).await? {
        return Err(Error::Unauthorized);
    }
    let proof = Proof {
        user: &user,
        kind,
        methods: factor.methods(),
        must_enrol: false,
        email_digest: &challenge.email_digest,
    };
    begin::begin_session(app, &proof, client).await
}

/// The account, if nothing changed since its password was given.
async fn still_open(app: &App, challenge: &Challenge) -> Result<Option<UserRow>> {
    let tenant = challenge.tenant;
    db::read!(app.db, "find_user", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        let status = people::find_tenant_status(tx, tenant).await?;
        let user = people::find_user(tx, tenant, challenge.user).await?;
        Ok(user.filter(|user| {
            user.status == "active"
                && user.security_version == challenge.security_version
                && may_work(tenant, status.as_deref())
        }))
    })
}

/// Refuse an account whose codes somebody guesses.
pub(in crate::identity) async fn refuse_guessers(app: &App, email_digest: &[u8; 16]) -> Result<()> {
    let failures = db::read!(app.db, "find_login_failures", Scope::Platform, |tx| -> Result<_> {
        Ok(store::find_failures(tx, email_digest).await?)
    })?;
    let left = failures.code_window_began_at + WINDOW - app.clock.now();
    if failures.codes < MOST_WRONG_CODES || left <= 0 {
        return Ok(());
    }
    Err(Error::TooManyRequests {
        retry_after: Duration::from_millis(u64::try_from(left).unwrap_or_default()),
        refusal: None,
    })
}

/// Count and note a wrong code, and tell the owner when it begins to look like guessing.
pub(in crate::identity) async fn note_wrong_code(
    app: &App,
    tenant: TenantId,
    user: UserId,
    email_digest: &[u8; 16],
    ends_log_in: bool,
) -> Result<()> {
    let now = app.clock.now();
    let pen = Pen::of(app, tenant).await?.acting_as(Actor::User(tenant, user)).await?;
    let postman = postman(app, tenant, user).await?;
    db::write!(app.db, "note_wrong_code", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        let wrong = store::note_code_failure(tx, email_digest, now, now - WINDOW).await?;
        let mut entry = Entry::of(EventType::MfaChallengeFailed, "wrong_code").failed().on("user", user);
        if ends_log_in {
            entry = entry.with("ends_log_in", true);
        }
        if wrong == TOLD_AT
            && let Some(postman) = &postman
        {
            postman.post(tx, &Message::MfaGuessed).await?;
        }
        pen.write(tx, entry).await
    })
}
