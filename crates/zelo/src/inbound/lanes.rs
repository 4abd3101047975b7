//! The workers that empty the lanes.

use super::{
    TOPIC, apply, batch,
    quarantine::QuarantineRow,
    store::{self, EventRow, Lane},
    update::Reason,
};
use crate::{
    app::App,
    error::{Error, Result},
};
use db::{Retry as _, Scope};
use std::{collections::BTreeMap, time::Duration};
use tokio_util::sync::CancellationToken;

/// A lost wake-up costs at most this long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A round that found fewer events than this waits a moment for more before the next one.
const ENOUGH: usize = 256;
/// That moment: far below what a person notices.
const GATHER: Duration = Duration::from_millis(20);
/// After this many failures in a row an event is poison.
const POISONOUS: i64 = 5;
/// The pause after a failure; an unreachable database is not asked faster than this.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// A batch, prepared.
pub(super) struct Work {
    pub(super) prepared: Vec<batch::Prepared>,
    pub(super) quarantined: BTreeMap<usize, (Reason, String)>,
    pub(super) quarantined_rows: Vec<QuarantineRow>,
}

/// Turns stored events into messages.
#[derive(Debug, Clone)]
pub struct Processing {
    app: App,
}

impl Processing {
    /// Processing for an application.
    pub fn new(app: App) -> Self {
        Self { app }
    }

    /// Work until told to stop. Each of `workers` has its own lanes, so that a lane has one worker.
    pub async fn run(self, workers: usize, stop: CancellationToken) {
        let workers = workers.max(1);
        let each = (0..workers).map(|number| self.work(number, workers, &stop));
        futures_util::future::join_all(each).await;
        let released = db::write!(self.app.db, "release_lanes", Scope::Platform, |tx| -> Result<u64> {
            Ok(store::release_lanes(tx, self.app.process).await?)
        });
        if let Err(error) = released {
            tracing::warn!(%error, "The lanes could not be released; others take them over when their lease ends");
        }
    }

    async fn work(&self, number: usize, workers: usize, stop: &CancellationToken) {
        let mut listener = self.app.db.listen(TOPIC);
        while !stop.is_cancelled() {
            match self.round(|lane| usize::try_from(lane).unwrap_or(0) % workers == number).await {
                Ok(0) => tokio::select! {
                    () = listener.wait(LOOK_AGAIN) => {}
                    () = stop.cancelled() => {}
                },
                // Under load a larger batch costs each message less, and disturbs those who wait for their commit less often.
                Ok(few) if few < ENOUGH => tokio::time::sleep(GATHER).await,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "Events could not be processed; they stay stored and are tried again");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    /// Process everything that waits; for tests and for a clean end.
    ///
    /// # Errors
    /// When the database or the keystore does not answer.
    pub async fn drain(&self) -> Result<usize> {
        let mut processed = 0;
        loop {
            match self.round(|_| true).await? {
                0 => return Ok(processed),
                more => processed += more,
            }
        }
    }

    /// One batch of every lane that has events waiting. Returns how many events were dealt with.
    async fn round(&self, is_mine: impl Fn(i64) -> bool) -> Result<usize> {
        let (owner, now) = (self.app.process, self.app.clock.now());
        let waiting = db::read!(self.app.db, "waiting_lanes", Scope::Platform, |tx| -> Result<_> {
            Ok(store::list_waiting(tx, owner, now).await?)
        })?;
        let (mut processed, mut failed) = (0, None);
        for lane in waiting.into_iter().filter(|lane| is_mine(lane.lane)) {
            // An event that failed before is taken alone, so that it cannot hold up its neighbours.
            let most = if lane.attempts > 0 {
                1
            } else {
                i64::try_from(self.app.config.ingest.batch).unwrap_or(512)
            };
            // A lane that fails holds up nobody else's: the others get their turn before it is tried again.
            match self.batch(lane, most).await {
                Ok(more) => processed += more,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(processed), Err)
    }

    async fn batch(&self, lane: Lane, most: i64) -> Result<usize> {
        let app = &self.app;
        let events = db::read!(app.db, "read_events", Scope::Platform, |tx| -> Result<_> {
            Ok(store::list_events(tx, lane.lane, lane.cursor, most).await?)
        })?;
        if lane.attempts >= POISONOUS {
            return Ok(usize::from(self.give_up(lane, &events).await?));
        }
        let mut share = events.as_slice();
        loop {
            let error = match self.process(lane, share).await {
                Ok(true) => return Ok(share.len()),
                Ok(false) => return Ok(0),
                Err(error) => error,
            };
            if is_passing(&error) {
                return Err(error);
            }
            // Half of what failed, so that what stands before a bad event passes, and the bad one is soon alone.
            match share.get(..share.len() / 2) {
                Some(half) if !half.is_empty() => share = half,
                _ => return self.note_failure(lane, error).await,
            }
        }
    }

    async fn note_failure(&self, lane: Lane, error: Error) -> Result<usize> {
        let app = &self.app;
        tracing::error!(%error, lane = lane.lane, after = lane.cursor, "An event could not be processed");
        db::write!(app.db, "count_failure", Scope::Platform, |tx| -> Result<u64> {
            Ok(store::count_failure(tx, lane).await?)
        })?;
        Err(error)
    }

    async fn process(&self, lane: Lane, events: &[EventRow]) -> Result<bool> {
        let app = &self.app;
        let sorted = batch::sort(app, events).await?;
        let mut prepared = Vec::with_capacity(sorted.shares.len());
        for (tenant, share) in sorted.shares {
            prepared.push(batch::prepare(app, tenant, share).await?);
        }
        let quarantined_rows = QuarantineRow::seal_all(app, events, &sorted.quarantined).await?;
        let work = Work { prepared, quarantined: sorted.quarantined, quarantined_rows };
        apply::apply(app, &work, lane, events).await
    }

    /// Put the event that fails again and again aside, where people see it, and let the lane go on.
    async fn give_up(&self, lane: Lane, events: &[EventRow]) -> Result<bool> {
        let first = events.get(..1).unwrap_or_default();
        let quarantined = BTreeMap::from([(0, (Reason::Poison, format!("failed {} times", lane.attempts)))]);
        let quarantined_rows = QuarantineRow::seal_all(&self.app, first, &quarantined).await?;
        let work = Work { prepared: Vec::new(), quarantined, quarantined_rows };
        apply::apply(&self.app, &work, lane, first).await
    }
}

/// Whether the failure says nothing about the event: the database is away or others were in the way.
fn is_passing(error: &Error) -> bool {
    error.is_retryable() || matches!(error, Error::Unavailable(_))
}
