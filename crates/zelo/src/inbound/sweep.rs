//! Removing raw events whose time is over, and the keys that they lie under.

use super::{quarantine, store};
use crate::{app::App, clock::DAY, error::Result, events};
use db::Scope;

/// Processed events are kept this long, so that a mistake in processing can be looked into.
const KEEP_PROCESSED: i64 = 7 * DAY;
/// Events in the quarantine are kept this long.
const KEEP_QUARANTINED: i64 = 90 * DAY;
/// The outbox is kept this long: every follower reads within seconds.
const KEEP_OUTBOX: i64 = DAY;

/// Remove what is over. Runs every hour.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let now = app.clock.now();
    let waiting_since = db::write!(app.db, "sweep_events", Scope::Platform, |tx| -> Result<Option<i64>> {
        store::delete_processed(tx, now - KEEP_PROCESSED).await?;
        quarantine::delete_before(tx, now - KEEP_QUARANTINED).await?;
        events::outbox::delete_before(tx, now - KEEP_OUTBOX).await?;
        Ok(store::oldest_waiting(tx).await?)
    })?;
    // A day's key goes with its last event: one that still waits keeps its key.
    let oldest = waiting_since.unwrap_or(now).min(now - KEEP_PROCESSED);
    app.keyring.destroy_days_before(oldest.div_euclid(DAY)).await?;
    Ok(())
}
