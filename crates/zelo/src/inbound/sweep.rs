//! Removing raw events whose time is over, and the keys that they lie under.

use super::{quarantine, store};
use crate::{
    app::App,
    clock::{DAY, Millis},
    error::Result,
    events,
};
use db::Scope;

/// Processed events are kept this long, so that a mistake in processing can be looked into.
const KEEP_PROCESSED: i64 = 7 * DAY;
/// Events in the quarantine are kept this long.
const KEEP_QUARANTINED: i64 = 90 * DAY;
/// The outbox is kept this long: every follower reads within seconds.
const KEEP_OUTBOX: i64 = DAY;

/// So many rows are removed in one transaction: webhooks wait for it on SQLite, where there is one writer.
const AT_ONCE: u32 = 500;

/// Remove what is over. Runs every hour.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let now = app.clock.now();
    let lanes = db::read!(app.db, "list_lanes", Scope::Platform, |tx| -> Result<Vec<i64>> {
        Ok(store::list_lanes(tx).await?)
    })?;
    for lane in lanes {
        while sweep_lane(app, lane, now - KEEP_PROCESSED).await? >= u64::from(AT_ONCE) {}
    }
    while sweep_outbox(app, now - KEEP_OUTBOX).await? >= u64::from(AT_ONCE) {}
    let waiting_since =
        db::write!(app.db, "sweep_quarantine", Scope::Platform, |tx| -> Result<Option<i64>> {
            quarantine::delete_before(tx, now - KEEP_QUARANTINED).await?;
            Ok(store::oldest_waiting(tx).await?)
        })?;
    // A day's key goes with its last event: one that still waits keeps its key.
    let oldest = waiting_since.unwrap_or(now).min(now - KEEP_PROCESSED);
    app.keyring.destroy_days_before(oldest.div_euclid(DAY)).await?;
    Ok(())
}

async fn sweep_lane(app: &App, lane: i64, before: Millis) -> Result<u64> {
    db::write!(app.db, "sweep_events", Scope::Platform, |tx| -> Result<u64> {
        Ok(store::delete_processed(tx, lane, before, AT_ONCE).await?)
    })
}

async fn sweep_outbox(app: &App, before: Millis) -> Result<u64> {
    db::write!(app.db, "sweep_outbox", Scope::Platform, |tx| -> Result<u64> {
        Ok(events::outbox::delete_before(tx, before, AT_ONCE).await?)
    })
}
