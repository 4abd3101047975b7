//! Sealing: giving entries their place in the tree and signing its root.

use super::{
    TOPIC,
    store::{self, Head, Pending, Placed},
};
use crate::{
    app::App,
    crypto::Keyring,
    error::{Error, Result},
};
use db::{Scope, Tx};
use std::time::Duration;
use translog::{Frontier, Hash, Seal, Signer};

/// Entries sealed in one transaction. A signature takes some 20 µs, so that the embedded database's writer is not held for
/// more than about 10 ms.
const BATCH: i64 = 256;
/// A lost wake-up costs at most this long.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The least time between two rounds: what comes in between shares a transaction.
const GATHER: Duration = Duration::from_millis(100);
/// How long to wait after a round that failed.
const RECOVER: Duration = Duration::from_secs(5);

/// What makes a log's name, together with its key.
const NAME: &str = "zelo/audit";

/// The key of the log. It is derived from the platform's keys, which lie in the keystore, apart from the data.
pub(super) async fn signer(keyring: &Keyring) -> Result<Signer> {
    let seed = keyring.platform().await?.derive_secret(b"audit log checkpoints");
    Signer::new(NAME, &seed).map_err(Error::internal)
}

/// The tree is not what was signed last. Nothing more is signed: the log must never vouch for two histories.
#[derive(Debug, thiserror::Error)]
#[error(
    "the audit log is not what was sealed last; nothing more is sealed until `zelo audit verify` finds it whole"
)]
pub struct NotWhatWasSealed;

/// Seal everything that waits; returns how many entries that were. What another process is sealing is left to it.
///
/// # Errors
/// When the database does not answer, or [`NotWhatWasSealed`].
pub async fn seal_pending(app: &App) -> Result<u64> {
    let mut sealed = 0;
    loop {
        let round = db::write!(app.db, "seal_audit_log", Scope::Platform, |tx| -> Result<Vec<Pending>> {
            seal_round(app, tx).await
        })?;
        let now = app.clock.now();
        for entry in &round {
            let lag = (now - entry.written_at).max(0) as f64 / 1000.0;
            metrics::histogram!("zelo_audit_seal_lag_seconds").record(lag);
        }
        sealed += round.len() as u64;
        if i64::try_from(round.len()).unwrap_or(BATCH) < BATCH {
            return Ok(sealed);
        }
    }
}

async fn seal_round(app: &App, tx: &mut Tx) -> Result<Vec<Pending>> {
    let Some(head) = store::lock_head(tx).await? else { return Ok(Vec::new()) };
    let pending = store::list_pending(tx, BATCH).await?;
    if pending.is_empty() {
        return Ok(pending);
    }
    let signer = &app.audit.signer;
    let mut frontier = trusted_frontier(tx, signer, &head).await?;
    let mut placed = Vec::with_capacity(pending.len());
    for entry in &pending {
        let leaf = Hash::try_from(entry.leaf.as_slice()).map_err(|_| Error::internal(NotWhatWasSealed))?;
        let seq = frontier.size();
        frontier.push(leaf);
        placed.push(Placed {
            seq,
            tenant: entry.tenant,
            entry: entry.entry,
            leaf: leaf.to_vec(),
            seal: signer.seal(frontier.size(), frontier.root()).to_vec(),
            erased_by: None,
        });
    }
    store::insert_placed(tx, &placed, &pending).await?;
    store::update_head(tx, &Head { size: frontier.size(), frontier: frontier.to_bytes() }).await?;
    Ok(pending)
}

/// The edge of the tree, if its root is the one that was signed last. A lost or damaged edge is computed again from the
/// leaves.
async fn trusted_frontier(tx: &mut Tx, signer: &Signer, head: &Head) -> Result<Frontier> {
    let last = match head.size.checked_sub(1) {
        None => None,
        Some(last) => Some(store::list_placed(tx, last, head.size, 1).await?.pop()),
    };
    let accepts = |frontier: &Frontier| match &last {
        None => frontier.size() == 0,
        Some(None) => false,
        Some(Some(row)) => signer.verifier().accepts(frontier.size(), frontier.root(), &row.seal),
    };
    if store::find_stray(tx, head.size).await?.is_some() {
        return Err(Error::internal(NotWhatWasSealed));
    }
    match Frontier::from_bytes(head.size, &head.frontier).filter(accepts) {
        Some(frontier) => Ok(frontier),
        None => Some(frontier_of_leaves(tx, head.size).await?)
            .filter(accepts)
            .ok_or_else(|| Error::internal(NotWhatWasSealed)),
    }
}

async fn frontier_of_leaves(tx: &mut Tx, size: u64) -> Result<Frontier> {
    let mut frontier = Frontier::default();
    while frontier.size() < size {
        let page = store::list_placed(tx, frontier.size(), size, 1_000).await?;
        let before = frontier.size();
        for row in &page {
            let leaf = Hash::try_from(row.leaf.as_slice()).map_err(|_| Error::internal(NotWhatWasSealed))?;
            frontier.push(leaf);
        }
        if frontier.size() == before {
            break;
        }
    }
    Ok(frontier)
}

/// The newest checkpoint as a note, for somebody to keep outside; none while nothing is sealed.
///
/// # Errors
/// When the database does not answer, or [`NotWhatWasSealed`].
pub async fn newest_checkpoint(app: &App) -> Result<Option<String>> {
    db::read!(app.db, "newest_checkpoint", Scope::Platform, |tx| -> Result<Option<String>> {
        let head = store::get_head(tx).await?;
        let Some(last) = head.size.checked_sub(1) else { return Ok(None) };
        let frontier = trusted_frontier(tx, &app.audit.signer, &head).await?;
        let row = store::list_placed(tx, last, head.size, 1).await?.pop();
        let seal = row.and_then(|row| Seal::try_from(row.seal.as_slice()).ok());
        let seal = seal.ok_or_else(|| Error::internal(NotWhatWasSealed))?;
        Ok(Some(app.audit.signer.verifier().note(head.size, frontier.root(), &seal)))
    })
}

/// How many entries wait to be sealed.
///
/// # Errors
/// When the database does not answer.
pub async fn count_unsealed(app: &App) -> Result<i64> {
    db::read!(app.db, "count_unsealed", Scope::Platform, |tx| -> Result<i64> {
        Ok(store::count_pending(tx).await?)
    })
}

/// Seal whatever is written, until the application stops.
pub(crate) fn keep_sealing(app: &App) {
    let (app, mut written) = (app.clone(), app.db.listen(TOPIC));
    app.tasks.clone().spawn(async move {
        while !app.stop.is_cancelled() {
            let pause = match seal_pending(&app).await {
                Ok(_) => GATHER,
                Err(error) => {
                    tracing::error!(error = %with_source(&error), "Audit entries could not be sealed");
                    RECOVER
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = app.stop.cancelled() => {}
            }
            tokio::select! {
                () = written.wait(LOOK_AGAIN) => {}
                () = app.stop.cancelled() => {}
            }
        }
        // What was written while the last requests ended.
        if let Err(error) = seal_pending(&app).await {
            tracing::error!(error = %with_source(&error), "The last audit entries could not be sealed");
        }
    });
}

fn with_source(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
