//! The queues, for the platform's operators: what waits, what died, and what becomes of it.
//!
//! Nothing that a job works on is among it: a payload holds ids of somebody's rows, and who runs the platform needs none of
//! them to see that a queue stands still.

use crate::{
    app::{App, QUEUES},
    audit::{Entry, EventType, Pen},
    clock::{DAY, Millis},
    error::{Error, Result},
    identity::PlatformScope,
    ids::TenantId,
    telemetry,
};
use db::Scope;
use jobs::{Count, Replay};
use uuid::Uuid;

/// How long a dead job is kept for somebody to look at. Meta forgets a file after 30 days and takes a receipt for as long;
/// what nobody asked for by then helps nobody.
const DEAD_KEPT: Millis = 30 * DAY;
/// Dead jobs that one transaction forgets.
const FORGOTTEN_AT_ONCE: u32 = 1_000;

/// How a queue stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub queue: &'static str,
    /// Jobs that may run now.
    pub ready: i64,
    /// Jobs whose time is to come: retries, and what was asked for later.
    pub scheduled: i64,
    /// Jobs behind an older one of the same conversation.
    pub held: i64,
    /// Jobs at work.
    pub running: i64,
    /// Jobs that were given up.
    pub dead: i64,
    /// For how long the oldest of those that may run, or are held, has waited.
    pub oldest_waits: Option<Millis>,
}

impl Standing {
    fn of(queue: &'static str, counts: &[Count], now: Millis) -> Self {
        let of_queue = || counts.iter().filter(|count| count.queue == queue);
        let jobs = |state: &str| of_queue().find(|count| count.state == state).map_or(0, |count| count.jobs);
        let waiting = of_queue().filter(|count| count.state == "ready" || count.state == "held");
        let oldest = waiting.map(|count| now.saturating_sub(count.oldest_run_at).max(0)).max();
        Self {
            queue,
            ready: jobs("ready"),
            scheduled: jobs("scheduled"),
            held: jobs("held"),
            running: jobs("running"),
            dead: jobs("dead"),
            oldest_waits: oldest,
        }
    }
}

/// How every queue stands, in the order of the product's list; empty ones too.
///
/// # Errors
/// When the database does not answer.
pub async fn list_queues(app: &App) -> Result<Vec<Standing>> {
    let (counts, now) = (app.jobs.counts().await?, app.clock.now());
    Ok(QUEUES.iter().map(|queue| Standing::of(queue.name(), &counts, now)).collect())
}

/// A job that was given up.
#[derive(Debug, Clone)]
pub struct DeadJob {
    /// Its id.
    pub id: Uuid,
    /// Its place in the list.
    pub cursor: i64,
    /// Where it waited.
    pub queue: String,
    /// What it should have done.
    pub kind: String,
    /// For whom.
    pub tenant: Option<TenantId>,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last attempt failed, masked as a line of the log.
    pub last_error: String,
    /// When it was asked for.
    pub created_at: Millis,
    /// When it was given up.
    pub died_at: Millis,
}

/// The newest dead jobs, of one queue or of all; `before` is the [`DeadJob::cursor`] of the last one seen.
///
/// # Errors
/// [`Error::Malformed`] for a queue that does not exist.
pub async fn list_dead(
    app: &App,
    queue: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<DeadJob>> {
    if queue.is_some_and(|name| QUEUES.iter().all(|known| known.name() != name)) {
        let known: Vec<_> = QUEUES.iter().map(|known| known.name()).collect();
        return Err(Error::Malformed(format!("the queues are {}", known.join(", "))));
    }
    let limit = u32::try_from(limit).unwrap_or(0);
    let found = app.jobs.list_dead(queue, before, limit).await?;
    let shown = |job: jobs::DeadJob| DeadJob {
        id: job.id,
        cursor: job.cursor,
        queue: job.queue,
        kind: job.kind,
        tenant: job.tenant.map(TenantId),
        attempts: job.attempts,
        last_error: telemetry::masked(&job.last_error),
        created_at: job.created_at,
        died_at: job.died_at,
    };
    Ok(found.into_iter().map(shown).collect())
}

/// Give a dead job all its attempts again, behind the waiting ones of its conversation. Says whether it waits now; it was
/// forgotten where another one for the same thing waits already.
///
/// # Errors
/// [`Error::NotFound`] when there is no such dead job.
pub async fn retry(app: &App, id: Uuid) -> Result<bool> {
    let pen = Pen::of(app, PlatformScope::tenant()).await?;
    db::write!(app.db, "retry_job", Scope::Tenant(Uuid::nil()), |tx| -> Result<bool> {
        let replay = app.jobs.replay_dead(tx, id).await?;
        if replay == Replay::NotFound {
            return Err(Error::NotFound);
        }
        pen.write(tx, Entry::of(EventType::ConfigUpdate, "job_retried").on("job", id)).await?;
        Ok(replay == Replay::Enqueued)
    })
}

/// Forget a dead job.
///
/// # Errors
/// [`Error::NotFound`] when there is no such dead job.
pub async fn delete(app: &App, id: Uuid) -> Result<()> {
    let pen = Pen::of(app, PlatformScope::tenant()).await?;
    db::write!(app.db, "delete_job", Scope::Tenant(Uuid::nil()), |tx| -> Result<()> {
        if !app.jobs.delete_dead(tx, id).await? {
            return Err(Error::NotFound);
        }
        pen.write(tx, Entry::of(EventType::ConfigUpdate, "job_deleted").on("job", id)).await
    })
}

/// Forget the jobs that died long ago.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let before = app.clock.now() - DEAD_KEPT;
    loop {
        let gone = db::write!(app.db, "prune_jobs", Scope::Platform, |tx| -> Result<u64> {
            Ok(app.jobs.prune_dead(tx, before, FORGOTTEN_AT_ONCE).await?)
        })?;
        if gone < u64::from(FORGOTTEN_AT_ONCE) {
            return Ok(());
        }
    }
}
