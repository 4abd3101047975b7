//! The handle through which the product promises work.

use crate::{
    Leased, NewJob, Outcome, Queue,
    store::{
        dead::{self, DeadJob, Replay},
        insert::{self, Entry},
        look::{self, Count},
    },
};
use db::{Db, Scope, Tx};
use futures_util::future::BoxFuture;
use std::{fmt, sync::Arc};
use uuid::Uuid;

/// Tells the time in milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Makes ids (UUIDv7).
pub type Ids = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// Follows work from whoever asked for it through its jobs. The queue keeps a trace as text and knows nothing of what it
/// says.
pub trait Traces: Send + Sync {
    /// The trace of the work that enqueues a job at this moment; none where nobody asked for it. No personal data.
    fn current(&self) -> Option<String>;

    /// Run an attempt under the trace of its job, so that what it logs and enqueues carries it on.
    fn follow(&self, job: &Leased, attempt: BoxFuture<'static, Outcome>) -> BoxFuture<'static, Outcome>;
}

/// Nobody follows the work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Untraced;

impl Traces for Untraced {
    fn current(&self) -> Option<String> {
        None
    }

    fn follow(&self, _: &Leased, attempt: BoxFuture<'static, Outcome>) -> BoxFuture<'static, Outcome> {
        attempt
    }
}

/// What a queue needs from its process.
pub struct Settings {
    /// Where the jobs lie.
    pub db: Db,
    /// Every queue of the product.
    pub queues: &'static [Queue],
    /// The time.
    pub clock: Clock,
    /// Ids for jobs.
    pub ids: Ids,
    /// The name of this process in leases, different from that of every other process.
    pub worker: String,
    /// What ties jobs to the work that enqueued them.
    pub traces: Arc<dyn Traces>,
}

/// The durable queue. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    settings: Arc<Settings>,
}

impl Jobs {
    /// A queue on a database that has its table.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings) }
    }

    pub(crate) fn now(&self) -> i64 {
        (self.settings.clock)()
    }

    pub(crate) fn db(&self) -> &Db {
        &self.settings.db
    }

    pub(crate) fn worker(&self) -> &str {
        &self.settings.worker
    }

    pub(crate) fn traces(&self) -> &dyn Traces {
        &*self.settings.traces
    }

    pub(crate) fn queue_named(&self, name: &str) -> Option<Queue> {
        self.settings.queues.iter().copied().find(|queue| queue.name() == name)
    }

    pub(crate) fn new_id(&self) -> Uuid {
        (self.settings.ids)()
    }

    /// Promise a job inside the caller's transaction, of whichever scope; whoever waits is woken by its commit.
    /// Returns the job's id, or none where an unfinished job has the same [`NewJob::unique`] name.
    ///
    /// With a key, the transaction holds the key until it ends: another one that enqueues for it, or finishes its
    /// running job, waits. That is what makes the order of the jobs that of the commits.
    ///
    /// # Errors
    /// As any statement.
    pub async fn enqueue(&self, tx: &mut Tx, job: NewJob) -> db::Result<Option<Uuid>> {
        Ok(self.enqueue_many(tx, vec![job]).await?.pop().flatten())
    }

    /// Promise many jobs at once; the ids stand in the order of `jobs`.
    ///
    /// # Errors
    /// As any statement.
    pub async fn enqueue_many(&self, tx: &mut Tx, jobs: Vec<NewJob>) -> db::Result<Vec<Option<Uuid>>> {
        let now = self.now();
        let trace = self.traces().current();
        let entry = |job| Entry::new(self.new_id(), job, trace.clone(), now);
        let entries: Vec<Entry> = jobs.into_iter().map(entry).collect();
        let inserted = insert::insert(tx, &entries, now).await?;
        for queue in self.settings.queues {
            if entries.iter().any(|entry| entry.queue == queue.name() && inserted.contains(&entry.id)) {
                tx.wake(queue.topic());
            }
        }
        Ok(entries.iter().map(|entry| Some(entry.id).filter(|id| inserted.contains(id))).collect())
    }

    /// How many jobs there are by queue and state, and since when the oldest of them waits.
    ///
    /// # Errors
    /// As any statement.
    pub async fn counts(&self) -> db::Result<Vec<Count>> {
        db::read!(self.db(), "count_jobs", Scope::Platform, |tx| -> db::Result<_> { look::counts(tx).await })
    }

    /// Set the gauges `zelo_jobs{queue,state}` and `zelo_job_oldest_seconds{queue}`; empty queues show 0.
    ///
    /// # Errors
    /// As any statement.
    pub async fn publish_gauges(&self) -> db::Result<()> {
        let counts = self.counts().await?;
        look::publish(self.settings.queues, &counts, self.now());
        Ok(())
    }

    /// The newest dead jobs, of one queue or all; `before` is the [`DeadJob::cursor`] of the last one seen.
    ///
    /// # Errors
    /// As any statement.
    pub async fn list_dead(
        &self,
        queue: Option<&str>,
        before: Option<i64>,
        limit: u32,
    ) -> db::Result<Vec<DeadJob>> {
        db::read!(self.db(), "list_dead_jobs", Scope::Platform, |tx| -> db::Result<_> {
            dead::list(tx, queue, before, limit).await
        })
    }

    /// Give a dead job all its attempts again, behind the waiting jobs of its key. Its id stays.
    ///
    /// # Errors
    /// As any statement.
    pub async fn replay_dead(&self, tx: &mut Tx, id: Uuid) -> db::Result<Replay> {
        let (replay, queue) = dead::replay(tx, id, self.now()).await?;
        if let Some(queue) = queue.and_then(|name| self.queue_named(&name)) {
            tx.wake(queue.topic());
        }
        Ok(replay)
    }

    /// Forget a dead job; says whether there was one.
    ///
    /// # Errors
    /// As any statement.
    pub async fn delete_dead(&self, tx: &mut Tx, id: Uuid) -> db::Result<bool> {
        dead::delete(tx, id).await
    }

    /// Forget the jobs that died before `at` (milliseconds since 1970), at most `limit` of them; returns how many.
    ///
    /// # Errors
    /// As any statement.
    pub async fn prune_dead(&self, tx: &mut Tx, at: i64, limit: u32) -> db::Result<u64> {
        dead::prune(tx, at, limit).await
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Jobs").field(&self.settings.worker).finish()
    }
}
