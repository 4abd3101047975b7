//! The workers of a process: which queues it serves, with which handlers, and how it stops.

use crate::{
    Backoff, Jobs, Leased, Outcome, Queue,
    lane::Lane,
    run::Handler,
    store::insert::{self, Entry},
};
use db::{Scope, params};
use futures_util::FutureExt;
use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

/// How a queue is worked on.
#[derive(Debug, Clone, Copy)]
pub struct QueueOptions {
    /// How many of its jobs this process runs at a time.
    pub concurrency: usize,
    /// How many of these may belong to one tenant, so that one whose jobs take long leaves room for the others.
    pub per_tenant: usize,
    /// How long a job stays taken when its process dies. Renewed at a third of it while the handler runs.
    pub lease: Duration,
    /// A handler that takes longer is stopped, and its job retried.
    pub timeout: Duration,
    /// The waits between attempts.
    pub backoff: Backoff,
}

impl Default for QueueOptions {
    /// 16 jobs at a time, of whichever tenants, leases of 30 seconds, 5 minutes for an attempt.
    fn default() -> Self {
        Self {
            concurrency: 16,
            per_tenant: usize::MAX,
            lease: Duration::from_secs(30),
            timeout: Duration::from_secs(300),
            backoff: Backoff::default(),
        }
    }
}

#[derive(Clone)]
struct Served {
    queue: Queue,
    options: QueueOptions,
    handler: Handler,
}

#[derive(Debug, Clone)]
struct Periodic {
    queue: Queue,
    kind: &'static str,
    every: i64,
}

/// What a process is able to do; [`Workers::start`] makes it do it.
#[derive(Clone)]
pub struct Workers {
    jobs: Jobs,
    served: Vec<Served>,
    periodic: Vec<Periodic>,
}

impl Workers {
    /// Workers without work.
    pub fn new(jobs: Jobs) -> Self {
        Self { jobs, served: Vec::new(), periodic: Vec::new() }
    }

    /// Serve a queue. The handler says how each attempt ended; a panic counts as [`Outcome::Retry`].
    #[must_use]
    pub fn queue<F, Fut>(mut self, queue: Queue, options: QueueOptions, handler: F) -> Self
    where
        F: Fn(Leased) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |job| handler(job).boxed());
        self.served.push(Served { queue, options, handler });
        self
    }

    /// Have a job of `kind` in `queue` run once a period, however many processes say so. Runs lie on multiples of
    /// `every` since 1970; of those missed while nobody worked, one is made up for. `kind` names the job in the queue,
    /// so it must differ from other periodic ones there. A run that dies does not end the series.
    #[must_use]
    pub fn periodic(mut self, queue: Queue, kind: &'static str, every: Duration) -> Self {
        let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
        self.periodic.push(Periodic { queue, kind, every });
        self
    }

    /// Begin to work, until the answer is drained or dropped.
    ///
    /// # Errors
    /// When the periodic jobs cannot be written.
    pub async fn start(self) -> db::Result<Running> {
        self.plan_periodic().await?;
        let kill = CancellationToken::new();
        let signals =
            Signals { stop: CancellationToken::new(), deadline: Arc::default(), given_back: Arc::default() };
        let tracker = TaskTracker::new();
        for served in self.served {
            let lane = Lane::new(self.jobs.clone(), served.queue, served.options, served.handler);
            let (kill, signals) = (kill.clone(), signals.clone());
            tracker.spawn(async move { kill.run_until_cancelled(lane.work(signals)).await });
        }
        tracker.close();
        Ok(Running { tracker, signals, _kill: kill.drop_guard() })
    }

    /// Run what is ready now, and what that makes ready, in the caller's task; returns the number of attempts. For
    /// tests and commands: time does not pass here, so scheduled jobs and retries that wait are left.
    ///
    /// # Errors
    /// As any statement.
    pub async fn run_until_idle(&self) -> db::Result<usize> {
        let mut lanes: Vec<Lane> = self
            .served
            .iter()
            .map(|it| Lane::new(self.jobs.clone(), it.queue, it.options, it.handler.clone()))
            .collect();
        let mut attempts = 0;
        loop {
            let before = attempts;
            for lane in &mut lanes {
                attempts += lane.run_ready().await?;
            }
            if attempts == before {
                return Ok(attempts);
            }
        }
    }

    /// Write the next run of each periodic job, unless it is there; a changed period moves it.
    async fn plan_periodic(&self) -> db::Result<()> {
        let now = self.jobs.now();
        let planned = &self.periodic;
        db::write!(self.jobs.db(), "plan_periodic_jobs", Scope::Platform, |tx| -> db::Result<()> {
            for it in planned {
                let (name, unique) = (it.queue.name(), format!("periodic:{}", it.kind));
                let entry = Entry::periodic(self.jobs.new_id(), name, it.kind, &unique, it.every, now);
                let next_at = entry.run_at;
                if insert::insert(tx, &[entry], now).await?.is_empty() {
                    tx.execute(MOVE_PERIODIC, params![name, &unique, it.every, next_at]).await?;
                }
                tx.wake(it.queue.topic());
            }
            Ok(())
        })
    }
}

const MOVE_PERIODIC: &str = "update jobs set every = $3, run_at = $4
    where queue = $1 and unique_key = $2 and state = 'scheduled' and every <> $3";

impl fmt::Debug for Workers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queues: Vec<&str> = self.served.iter().map(|served| served.queue.name()).collect();
        out.debug_struct("Workers").field("queues", &queues).field("periodic", &self.periodic).finish()
    }
}

/// How lanes hear that it is time to stop, and what they answer.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    pub(crate) stop: CancellationToken,
    deadline: Arc<OnceLock<Instant>>,
    pub(crate) given_back: Arc<AtomicUsize>,
}

impl Signals {
    /// Until when running jobs may finish.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline.get().copied().unwrap_or_else(Instant::now)
    }
}

/// Workers at work. Dropped without [`Running::drain`], it is as if the process had been killed: handlers stop at their
/// next await, and others take their jobs over when the leases run out.
#[derive(Debug)]
pub struct Running {
    tracker: TaskTracker,
    signals: Signals,
    _kill: DropGuard,
}

impl Running {
    /// Stop claiming, let running handlers finish for at most `grace`, stop the others and give their leases back, so
    /// that another process takes them at once and the attempt does not count. Returns how many were given back.
    pub async fn drain(self, grace: Duration) -> usize {
        let _ = self.signals.deadline.set(Instant::now() + grace);
        self.signals.stop.cancel();
        self.tracker.wait().await;
        self.signals.given_back.load(Ordering::SeqCst)
    }

    /// What ends when all workers have ended, also after this was dropped.
    pub fn tracker(&self) -> TaskTracker {
        self.tracker.clone()
    }
}
