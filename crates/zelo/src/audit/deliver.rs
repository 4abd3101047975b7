//! Giving checkpoints away: only what lies outside proves that nothing was cut off or rewritten as a whole.

use super::{newest_checkpoint, store};
use crate::{
    app::App,
    clock::{HOUR, MINUTE, Millis},
    error::{Error, Result},
    mail::{self, Letter},
};
use buckets::{Bucket, Service};
use db::Scope;
use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::io::AsyncWriteExt as _;

/// How often it is looked whether something is due. A destination that failed is tried again as often.
const LOOK: Duration = Duration::from_secs(20);

/// Who keeps checkpoints outside.
enum Destination<'s> {
    Folder(&'s Path),
    Bucket(&'s str),
    Webhook(&'s str),
    Mail(&'s str),
}

impl Destination<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Folder(_) => "folder",
            Self::Bucket(_) => "bucket",
            Self::Webhook(_) => "webhook",
            Self::Mail(_) => "mail",
        }
    }

    /// How often it gets one. People are not written to every few minutes.
    fn interval(&self, app: &App) -> Millis {
        let usual = i64::from(app.config.audit.seal_minutes) * MINUTE;
        match self {
            Self::Mail(_) => usual.max(HOUR),
            Self::Folder(_) | Self::Bucket(_) | Self::Webhook(_) => usual,
        }
    }

    /// From this age on, the newest checkpoint there is too old to rely on, and the log says so as an error.
    fn too_old(&self, app: &App) -> Millis {
        3 * self.interval(app).max(5 * MINUTE)
    }

    async fn take(&self, app: &App, size: u64, note: &str) -> std::result::Result<(), String> {
        match self {
            Self::Folder(folder) => write_to(folder, size, note).await.map_err(|error| error.to_string()),
            Self::Bucket(bucket) => {
                put_into(app, bucket, size, note).await.map_err(|error| error.to_string())
            }
            Self::Webhook(url) => post_to(app, url, note).await.map_err(|error| error.to_string()),
            Self::Mail(address) => mail::send_now(app, &letter(app, address, size, note)).await,
        }
    }
}

fn destinations(app: &App) -> Vec<Destination<'_>> {
    let settings = &app.config.audit;
    let folder = settings.seal_folder.as_deref().map(Destination::Folder);
    let bucket = settings.seal_bucket.as_deref().map(Destination::Bucket);
    let webhook = settings.seal_webhook.as_ref().map(|url| Destination::Webhook(url.expose()));
    let mail = settings.seal_mail.as_deref().map(Destination::Mail);
    [folder, bucket, webhook, mail].into_iter().flatten().collect()
}

/// Give the newest checkpoint to everybody for whom it is time; returns how many got it. One that fails keeps no other one
/// from it.
///
/// # Errors
/// When the database does not answer.
pub async fn deliver_seals(app: &App) -> Result<usize> {
    let mut delivered = 0;
    for destination in destinations(app) {
        delivered += usize::from(deliver_to(app, &destination).await?);
    }
    Ok(delivered)
}

async fn deliver_to(app: &App, destination: &Destination<'_>) -> Result<bool> {
    let now = app.clock.now();
    let interval = destination.interval(app);
    let again = i64::try_from(LOOK.as_millis()).unwrap_or(MINUTE);
    let name = destination.name();
    let last = db::write!(app.db, "claim_seal_delivery", Scope::Platform, |tx| -> Result<_> {
        Ok(store::claim_delivery(tx, name, now, now - again, now - interval).await?)
    })?;
    // Not yet time, or another process is at it.
    let Some(last) = last else { return Ok(false) };
    let Some(note) = newest_checkpoint(app).await? else { return Ok(false) };
    let size = app.audit.verifier().open(&note)?.size;
    let failure = destination.take(app, size, &note).await.err();
    db::write!(app.db, "note_seal_delivery", Scope::Platform, |tx| -> Result<()> {
        Ok(store::note_delivery(tx, name, now, size, failure.as_deref()).await?)
    })?;
    let Some(failure) = failure else { return Ok(true) };
    if last.is_none_or(|last| now - last > destination.too_old(app)) {
        tracing::error!(
            destination = name,
            reason = failure,
            "No checkpoint of the audit log got outside lately"
        );
    } else {
        tracing::warn!(
            destination = name,
            reason = failure,
            "A checkpoint of the audit log was not delivered"
        );
    }
    Ok(false)
}

/// A file of its own for each size, never written twice, for folders that keep what they have; and the newest under one
/// name, for programs.
async fn write_to(folder: &Path, size: u64, note: &str) -> std::io::Result<()> {
    let numbered = folder.join(format!("{size:012}.checkpoint"));
    match tokio::fs::OpenOptions::new().write(true).create_new(true).open(&numbered).await {
        Ok(file) => fill(file, note).await?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let unfinished: PathBuf = folder.join("newest.checkpoint.unfinished");
    fill(tokio::fs::File::create(&unfinished).await?, note).await?;
    tokio::fs::rename(&unfinished, folder.join("newest.checkpoint")).await
}

async fn fill(mut file: tokio::fs::File, note: &str) -> std::io::Result<()> {
    file.write_all(note.as_bytes()).await?;
    file.sync_all().await
}

/// The same two names as in a folder. What is numbered is never written twice, and an object lock keeps it.
async fn put_into(
    app: &App,
    address: &str,
    size: u64,
    note: &str,
) -> std::result::Result<(), buckets::Error> {
    let settings = &app.config.s3;
    let service = Service {
        endpoint: settings.endpoint.as_deref(),
        region: settings.region.as_deref(),
        access_key_id: settings.access_key_id.as_deref(),
        secret_access_key: settings.secret_access_key.as_ref().map(|key| key.expose()),
    };
    let bucket = Bucket::open(address, service)?;
    bucket.put_new(&format!("{size:012}.checkpoint"), note.into()).await?;
    bucket.put("newest.checkpoint", note.into()).await
}

fn letter(app: &App, address: &str, size: u64, note: &str) -> Letter {
    let key = app.audit.verifier();
    Letter {
        to: address.to_owned(),
        subject: format!("Zelo: registro de auditoria selado até {size}"),
        text: format!(
            "Guarde este e-mail. Com ele se prova que nada foi cortado nem reescrito no registro de auditoria:\n\
             zelo audit verify --checkpoint ARQUIVO, com o texto abaixo no arquivo.\n\n\
             Keep this mail. It proves that nothing was cut off or rewritten in the audit log:\n\
             zelo audit verify --checkpoint FILE, with the text below in the file.\n\n\
             {key}\n\n{note}"
        ),
    }
}

/// Why a receiver did not take a checkpoint.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("{0}")]
    Address(#[from] crate::egress::Refused),
    #[error("{0}")]
    Call(#[from] crate::egress::Failure),
    #[error("the receiver answered {0}")]
    Status(u16),
}

async fn post_to(app: &App, url: &str, note: &str) -> std::result::Result<(), NotTaken> {
    let mut request = reqwest::Request::new(reqwest::Method::POST, app.egress.check(url)?);
    let kind = reqwest::header::HeaderValue::from_static("text/plain; charset=utf-8");
    request.headers_mut().insert(reqwest::header::CONTENT_TYPE, kind);
    *request.body_mut() = Some(note.to_owned().into());
    let reply = app.egress.send(request).await?;
    if reply.status.is_success() { Ok(()) } else { Err(NotTaken::Status(reply.status.as_u16())) }
}

/// Publish how old the newest checkpoint outside is, for each keeper.
///
/// # Errors
/// When the database does not answer.
pub async fn publish_seal_ages(app: &App) -> Result<()> {
    let delivered = db::read!(app.db, "list_seal_deliveries", Scope::Platform, |tx| -> Result<_> {
        Ok(store::list_deliveries(tx).await?)
    })?;
    let now = app.clock.now();
    for destination in destinations(app) {
        let name = destination.name();
        let last = delivered.iter().find(|(known, _)| known == name).and_then(|(_, at)| *at);
        // None was ever delivered: as old as this process, which is what an alert needs.
        let age = (now - last.unwrap_or(app.started_at)).max(0) / 1000;
        metrics::gauge!("zelo_audit_outside_seal_age_seconds", "destination" => name).set(age as f64);
    }
    Ok(())
}

/// Give checkpoints away until the application stops.
pub(crate) fn keep_delivering(app: &App) {
    if destinations(app).is_empty() {
        return;
    }
    let app = app.clone();
    app.tasks.clone().spawn(async move {
        while !app.stop.is_cancelled() {
            if let Err(error) = deliver_seals(&app).await {
                tracing::warn!(error = %Shown(&error), "Checkpoints of the audit log could not be delivered");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = app.stop.cancelled() => {}
            }
        }
    });
}

/// An error with its cause.
struct Shown<'e>(&'e Error);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::error::Error::source(self.0) {
            Some(source) => write!(out, "{}: {source}", self.0),
            None => self.0.fmt(out),
        }
    }
}
