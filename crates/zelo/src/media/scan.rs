//! Asking a scanner for malware, where the operator has one: `clamd`, by its own protocol (`INSTREAM`).

use super::objects::Reader;
use crate::{
    app::App,
    error::{Error, Result},
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A scanner unpacks archives; one that takes longer for a hundred megabytes is not there.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest answer that is read, in bytes: the name of what was found.
const LONGEST_ANSWER: u64 = 1024;

/// What a scanner says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing was found, or nobody was asked.
    Clean,
    /// Something was found.
    Infected,
}

/// Have a file looked at. While the scanner is away nothing is taken, unless the operator wants it otherwise.
///
/// # Errors
/// [`Error::Unavailable`] when the scanner does not answer: the file waits.
pub(super) async fn scan(app: &App, reader: &mut Reader) -> Result<Verdict> {
    let Some(address) = &app.config.media.scanner else { return Ok(Verdict::Clean) };
    let asked = tokio::time::timeout(PATIENCE, ask(address, reader)).await;
    let verdict = match asked {
        Ok(verdict) => verdict,
        Err(late) => Err(Error::unavailable(late)),
    };
    let outcome = match &verdict {
        Ok(Verdict::Clean) => "clean",
        Ok(Verdict::Infected) => "infected",
        Err(_) => "away",
    };
    metrics::counter!("zelo_media_scans_total", "outcome" => outcome).increment(1);
    match verdict {
        Err(Error::Unavailable(cause)) if !app.config.media.scanner_required => {
            let cause = cause.map(|cause| cause.to_string()).unwrap_or_default();
            tracing::warn!(cause, "The scanner is away; files are taken without it (media.scanner_required)");
            Ok(Verdict::Clean)
        }
        verdict => verdict,
    }
}

async fn ask(address: &str, reader: &mut Reader) -> Result<Verdict> {
    let mut scanner = TcpStream::connect(address).await.map_err(Error::unavailable)?;
    scanner.write_all(b"zINSTREAM\0").await.map_err(Error::unavailable)?;
    let mut sent = 0;
    loop {
        let bytes = reader.some(sent..reader.size()).await?;
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        scanner.write_all(&length.to_be_bytes()).await.map_err(Error::unavailable)?;
        if bytes.is_empty() {
            break;
        }
        // A scanner that has heard enough closes, and has said why.
        if scanner.write_all(&bytes).await.is_err() {
            break;
        }
        sent += bytes.len() as u64;
    }
    let mut answer = String::new();
    scanner.take(LONGEST_ANSWER).read_to_string(&mut answer).await.map_err(Error::unavailable)?;
    match answer.trim_end_matches(['\0', '\n']) {
        clean if clean.ends_with(" OK") => Ok(Verdict::Clean),
        found if found.ends_with(" FOUND") => Ok(Verdict::Infected),
        other => Err(Error::unavailable(format!("the scanner answered {other:?}"))),
    }
}
