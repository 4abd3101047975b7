//! A mail leaves.

use super::{Letter, Payload, place, store};
use crate::{
    app::App,
    config::Config,
    error::{Error, Result},
    ids::TenantId,
};
use db::Scope;
use jobs::{Leased, Outcome};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message as Mime, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use uuid::Uuid;

/// The way out, if there is one.
pub struct Mailer {
    smtp: Option<(AsyncSmtpTransport<Tokio1Executor>, Mailbox)>,
}

impl Mailer {
    /// From the settings.
    ///
    /// # Errors
    /// When the address of the server or the sender cannot be read.
    pub fn new(config: &Config) -> Result<Self> {
        let Some(url) = &config.mail.smtp_url else { return Ok(Self { smtp: None }) };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose())
            .map_err(|_| Error::internal("mail.smtp_url cannot be read"))?
            .build();
        let from = config.mail.from.parse().map_err(Error::internal)?;
        Ok(Self { smtp: Some((transport, from)) })
    }
}

/// Send a letter at once and outside of any tenant, such as to somebody who does not work here. A notice to one of the
/// staff goes through a [`super::Postman`], which loses none.
///
/// # Errors
/// Why it was not taken, in a sentence.
pub(crate) async fn send_now(app: &App, letter: &Letter) -> std::result::Result<(), String> {
    match send(app, letter).await {
        Sent::Yes => Ok(()),
        Sent::Nowhere => Err("mail.smtp_url is not set".to_owned()),
        Sent::Refused(reason) | Sent::NotNow(reason) => Err(reason),
    }
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Mailer")
    }
}

/// What became of an attempt.
enum Sent {
    /// The server has it.
    Yes,
    /// There is no server.
    Nowhere,
    /// The server will never take it.
    Refused(String),
    /// Perhaps later.
    NotNow(String),
}

/// Send the mail that a job names.
pub async fn deliver(app: App, job: Leased) -> Outcome {
    match attempt(&app, &job).await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::retry(error.to_string()),
    }
}

async fn attempt(app: &App, job: &Leased) -> Result<Outcome> {
    let payload: Payload = serde_json::from_str(&job.payload).map_err(Error::internal)?;
    let tenant = TenantId(job.tenant.unwrap_or_default());
    let sealed = db::read!(app.db, "find_mail", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        Ok(store::find_queued(tx, tenant, payload.mail).await?)
    })?;
    let Some(sealed) = sealed else { return Ok(Outcome::Done) };
    let keys = app.keyring.tenant(tenant.0).await?;
    let plain = keys.data.open(place(tenant, payload.mail), &sealed)?;
    let letter: Letter = serde_json::from_slice(&plain).map_err(Error::internal)?;
    match send(app, &letter).await {
        Sent::Yes => settle(app, tenant, payload.mail, "sent").await?,
        Sent::Nowhere => {
            if !app.config.is_development() {
                tracing::warn!("A mail was not sent: mail.smtp_url is not set");
            }
            settle(app, tenant, payload.mail, "kept").await?;
        }
        Sent::Refused(reason) => {
            settle(app, tenant, payload.mail, "failed").await?;
            return Ok(Outcome::give_up(reason));
        }
        Sent::NotNow(reason) if job.is_last_attempt() => {
            settle(app, tenant, payload.mail, "failed").await?;
            return Ok(Outcome::give_up(reason));
        }
        Sent::NotNow(reason) => return Ok(Outcome::retry(reason)),
    }
    Ok(Outcome::Done)
}

async fn send(app: &App, letter: &Letter) -> Sent {
    let Some((smtp, from)) = &app.mailer.smtp else { return Sent::Nowhere };
    let Ok(to) = letter.to.parse::<Mailbox>() else {
        return Sent::Refused("the address cannot be read".to_owned());
    };
    let mime = Mime::builder()
        .from(from.clone())
        .to(to)
        .subject(&letter.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(letter.text.clone());
    let Ok(mime) = mime else { return Sent::Refused("the mail cannot be written".to_owned()) };
    match smtp.send(mime).await {
        Ok(_) => Sent::Yes,
        Err(error) if error.is_permanent() => Sent::Refused(reason(&error)),
        Err(error) => Sent::NotNow(reason(&error)),
    }
}

/// Why, without the server's own words, which may repeat the address.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None => "the mail server cannot be reached".to_owned(),
    }
}

/// Note how it ended. The content goes with it, except in development, where the mailbox page shows it.
async fn settle(app: &App, tenant: TenantId, mail: Uuid, state: &'static str) -> Result<()> {
    let (now, keeps) = (app.clock.now(), app.config.is_development());
    db::write!(app.db, "settle_mail", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        store::settle(tx, tenant, mail, state, now).await?;
        if !keeps {
            store::forget_content(tx, tenant, mail).await?;
        }
        Ok(())
    })
}
