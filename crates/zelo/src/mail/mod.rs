//! Mail to the people who work here: notices about their account, and links.
//!
//! A mail is written in the transaction of what it tells of ([`Postman::post`]) and sent by a job. Its content is sealed,
//! because it may hold a link that opens an account, and goes when it was sent. Without an SMTP server nothing is sent;
//! in development the mailbox page shows what would have been.

mod message;
mod send;
mod store;

pub use message::{Message, Told};
pub(crate) use send::send_now;
pub use send::{Mailer, deliver};

use crate::{
    app::App,
    clock::DAY,
    crypto::{Place, TenantKeys},
    error::{Error, Result},
    ids::{TenantId, UserId},
    pages::locale::Lang,
    tenants,
};
use db::{Scope, Tx};
use jobs::{NewJob, Queue};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// Mails on their way.
pub const QUEUE: Queue = jobs::queue!("mail");

/// The job that sends one mail.
pub const SEND: &str = "send_mail";

/// How long it is remembered that a mail was sent.
const REMEMBERED: i64 = 30 * DAY;

/// What the job reads.
#[derive(Serialize, Deserialize)]
struct Payload {
    mail: Uuid,
}

/// A mail as it is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text, plain.
    pub text: String,
}

/// Writes mails to one person. Made before the transaction, used inside of it.
#[derive(Clone)]
pub struct Postman {
    app: App,
    tenant: TenantId,
    user: Option<UserId>,
    name: String,
    address: String,
    keys: Arc<TenantKeys>,
}

impl Postman {
    /// Somebody who writes to this person.
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn to(
        app: &App,
        tenant: TenantId,
        user: Option<UserId>,
        name: &str,
        address: &str,
    ) -> Result<Self> {
        let keys = app.keyring.tenant(tenant.0).await?;
        Ok(Self { app: app.clone(), tenant, user, name: name.to_owned(), address: address.to_owned(), keys })
    }

    /// Whom it writes to, where it is somebody with an account.
    pub fn user(&self) -> Option<UserId> {
        self.user
    }

    /// Write a mail; it is sent after the commit.
    ///
    /// # Errors
    /// What the database answers; then what it tells of must fail with it.
    pub async fn post(&self, tx: &mut Tx, message: &Message) -> Result<()> {
        let lang = Lang::from_tag(&self.app.config.locale).unwrap_or_default();
        let (subject, text) = message.in_words(lang, &self.name, &self.app.config.public_url());
        let letter = Letter { to: self.address.clone(), subject, text };
        let id = self.app.ids.next();
        let plain = serde_json::to_vec(&letter).map_err(Error::internal)?;
        let sealed = self.keys.data.seal(place(self.tenant, id), &plain)?;
        store::insert(tx, self.tenant, id, self.user, message.kind(), &sealed, self.app.clock.now()).await?;
        let payload = serde_json::to_string(&Payload { mail: id }).map_err(Error::internal)?;
        self.app.jobs.enqueue(tx, NewJob::new(QUEUE, SEND, payload).tenant(self.tenant.0)).await?;
        Ok(())
    }
}

fn place(tenant: TenantId, mail: Uuid) -> Place<'static> {
    Place { tenant: tenant.0, table: "mails", column: "content", row: mail }
}

/// The newest mails of the whole installation, for the mailbox page, which exists in development only.
///
/// # Errors
/// [`Error::NotFound`] in production.
pub async fn list_mailbox(app: &App) -> Result<Vec<(i64, Letter)>> {
    if !app.config.is_development() {
        return Err(Error::NotFound);
    }
    let mut owners = vec![TenantId(Uuid::nil())];
    owners.extend(tenants::list_tenants(app).await?.into_iter().map(|tenant| tenant.id));
    let mut all = Vec::new();
    for tenant in owners {
        let rows = db::read!(app.db, "list_mailbox", Scope::Tenant(tenant.0), |tx| -> Result<_> {
            Ok(store::list_newest(tx, tenant).await?)
        })?;
        let keys = app.keyring.tenant(tenant.0).await?;
        for (id, at, sealed) in rows {
            let plain = keys.data.open(place(tenant, id), &sealed)?;
            all.push((at, serde_json::from_slice(&plain).map_err(Error::internal)?));
        }
    }
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(all)
}

/// Forget mails of long ago.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let before = app.clock.now() - REMEMBERED;
    let mut owners = vec![TenantId(Uuid::nil())];
    owners.extend(tenants::list_tenants(app).await?.into_iter().map(|tenant| tenant.id));
    for tenant in owners {
        db::write!(app.db, "sweep_mails", Scope::Tenant(tenant.0), |tx| -> Result<()> {
            store::delete_before(tx, tenant, before).await?;
            Ok(())
        })?;
    }
    Ok(())
}
