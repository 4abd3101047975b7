//! One-time links: to a new password, to the first one, and to the first administrator.
//!
//! A link holds 256 random bits, of which the database keeps the digest. Opening it changes nothing, because programs
//! that look through mail open every link; only what its page sends uses it up.

mod store;

use super::{Role, store as people, users::postman};
use crate::{
    app::App,
    audit::{Actor, Entry, EventType, Pen},
    clock::{DAY, HOUR, Millis},
    crypto::{Token, digest},
    error::{Error, Result},
    ids::{TenantId, UserId},
    mail::{self, Message, Postman},
};
use db::{Scope, Tx};
use jobs::{Leased, NewJob, Outcome};
use serde::{Deserialize, Serialize};
pub(super) use store::LinkRow;

/// How long a link to a new password works.
const RESET_LIFE: Millis = HOUR;
/// How long an invitation works.
const INVITATION_LIFE: Millis = 7 * DAY;
/// How long the link to the first administrator works.
const SETUP_LIFE: Millis = 24 * HOUR;

/// The job that writes a mail with a link to a new password.
pub const SEND_RESET: &str = "send_reset";

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkKind {
    /// A new password.
    Reset,
    /// The first password.
    Invitation,
}

impl LinkKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Invitation => "invitation",
        }
    }

    fn from_word(word: &str) -> Self {
        if word == "invitation" { Self::Invitation } else { Self::Reset }
    }

    fn life(self) -> Millis {
        match self {
            Self::Reset => RESET_LIFE,
            Self::Invitation => INVITATION_LIFE,
        }
    }
}

/// A link in the making: its address is known before the transaction that stores it.
pub(super) struct NewLink {
    secret: Token,
    kind: LinkKind,
    /// The address to open.
    pub(super) address: String,
}

impl NewLink {
    pub(super) fn new(app: &App, kind: LinkKind) -> Result<Self> {
        let secret = Token::random()?;
        let address = format!("{}/password/new?token={}", app.config.public_url(), secret.reveal());
        Ok(Self { secret, kind, address })
    }

    /// Store it for somebody. Older links of theirs stop working.
    pub(super) async fn store(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        user: UserId,
        security_version: i64,
        now: Millis,
    ) -> Result<()> {
        let row = LinkRow { digest: self.secret.digest(), tenant, user, kind: self.kind, security_version };
        store::delete_links_of(tx, tenant, user).await?;
        Ok(store::insert_link(tx, &row, now, now + self.kind.life()).await?)
    }
}

/// A link that still works.
pub(super) async fn find_link(app: &App, token: &str) -> Result<Option<LinkRow>> {
    let (digest, now) = (digest(token.as_bytes()), app.clock.now());
    db::read!(app.db, "find_link", Scope::Platform, |tx| -> Result<_> {
        Ok(store::find_link(tx, &digest, now).await?)
    })
}

/// Use a link up; false when somebody was faster.
pub(super) async fn use_link(app: &App, link: &LinkRow) -> Result<bool> {
    let now = app.clock.now();
    db::write!(app.db, "use_link", Scope::Platform, |tx| -> Result<bool> {
        Ok(store::use_link(tx, &link.digest, now).await? == 1)
    })
}

#[derive(Serialize, Deserialize)]
struct Payload {
    /// The blind index of the address, in hexadecimal digits.
    address: String,
}

/// Promise a mail to an address, without looking whether anybody has it: that would take another time.
pub(super) async fn promise_reset(app: &App, email_digest: &[u8; 16]) -> Result<()> {
    let payload = Payload { address: hex::encode(email_digest) };
    let payload = serde_json::to_string(&payload).map_err(Error::internal)?;
    db::write!(app.db, "promise_reset", Scope::Platform, |tx| -> Result<()> {
        app.jobs.enqueue(tx, NewJob::new(mail::QUEUE, SEND_RESET, payload.clone())).await?;
        Ok(())
    })
}

/// Write the mail that was promised, if somebody has the address.
pub async fn send_reset(app: App, job: Leased) -> Outcome {
    match write_reset(&app, &job.payload).await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::retry(error.to_string()),
    }
}

async fn write_reset(app: &App, payload: &str) -> Result<()> {
    let payload: Payload = serde_json::from_str(payload).map_err(Error::internal)?;
    let mut digest = [0; 16];
    hex::decode_to_slice(&payload.address, &mut digest).map_err(Error::internal)?;
    let login = db::read!(app.db, "find_login", Scope::Platform, |tx| -> Result<_> {
        Ok(people::find_login(tx, &digest).await?)
    })?;
    let Some((tenant, user)) = login else { return Ok(()) };
    let Some(postman) = postman(app, tenant, user).await? else { return Ok(()) };
    let (link, now) = (NewLink::new(app, LinkKind::Reset)?, app.clock.now());
    let pen = Pen::of(app, tenant).await?.acting_as(Actor::Anonymous).await?;
    db::write!(app.db, "write_reset", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        let Some(row) = people::find_user(tx, tenant, user).await? else { return Ok(()) };
        if row.status != "active" {
            return Ok(());
        }
        link.store(tx, tenant, user, row.security_version, now).await?;
        postman.post(tx, &Message::PasswordReset { link: link.address.clone() }).await?;
        pen.write(tx, Entry::of(EventType::PasswordResetRequested, "reset_link_sent").on("user", user)).await
    })
}

/// Write somebody their invitation inside the transaction that invites them.
pub(super) async fn post_invitation(tx: &mut Tx, postman: &Postman, link: &NewLink) -> Result<()> {
    postman.post(tx, &Message::Invitation { link: link.address.clone() }).await
}

/// A link with which the first administrator chooses address and password; older ones stop working.
///
/// # Errors
/// [`Error::Conflict`] when there is an administrator.
pub async fn begin_setup(app: &App) -> Result<String> {
    if has_administrator(app).await? {
        let detail = "This installation has an administrator already.".into();
        return Err(Error::Conflict { code: "has_administrator", detail });
    }
    let (secret, now) = (Token::random()?, app.clock.now());
    db::write!(app.db, "begin_setup", Scope::Platform, |tx| -> Result<()> {
        Ok(store::insert_setup_link(tx, &secret.digest(), now, now + SETUP_LIFE).await?)
    })?;
    Ok(format!("{}/setup?token={}", app.config.public_url(), secret.reveal()))
}

async fn has_administrator(app: &App) -> Result<bool> {
    let platform = TenantId(uuid::Uuid::nil());
    let people = super::list_users(app, platform).await?;
    Ok(people.iter().any(|user| user.role == Role::SuperAdmin && user.is_active))
}

/// Whether a set-up link still works.
///
/// # Errors
/// When the database does not answer.
pub async fn is_setup_open(app: &App, token: &str) -> Result<bool> {
    let (digest, now) = (digest(token.as_bytes()), app.clock.now());
    let open = db::read!(app.db, "find_setup_link", Scope::Platform, |tx| -> Result<bool> {
        Ok(store::is_setup_link_open(tx, &digest, now).await?)
    })?;
    Ok(open && !has_administrator(app).await?)
}

/// Create the first administrator by a set-up link.
///
/// # Errors
/// [`Error::Gone`] when the link was used or is too old, [`Error::Invalid`] when something does not fit, and then the
/// link still works.
pub async fn set_up(app: &App, token: &str, new: &super::NewUser) -> Result<super::User> {
    if !is_setup_open(app, token).await? {
        return Err(Error::Gone);
    }
    let prepared = super::users::prepare_user(app, TenantId(uuid::Uuid::nil()), new).await?;
    let (digest, now) = (digest(token.as_bytes()), app.clock.now());
    let pen = Pen::of(app, prepared.row.tenant).await?.acting_as(Actor::System).await?;
    db::write!(app.db, "set_up", Scope::Tenant(prepared.row.tenant.0), |tx| -> Result<()> {
        if store::use_setup_link(tx, &digest, now).await? == 0 {
            return Err(Error::Gone);
        }
        prepared.insert(tx, now).await?;
        let entry = Entry::of(EventType::UserUpdate, "first_administrator_created");
        pen.write(tx, entry.on("user", prepared.row.id)).await
    })?;
    super::get_user(app, prepared.row.tenant, prepared.row.id).await
}
