//! One queue in one process: claims as much as it has room for, runs it, settles what ended.
//!
//! A turn is one transaction for all of it: what ended since the last turn is settled and its room filled again. Under
//! load the turns get fuller instead of more.

use crate::{
    Jobs, Leased, Outcome, Queue, QueueOptions,
    run::{self, Handler},
    store::{
        claim::{self, Wish},
        look::{self, Outlook},
        settle::{self, Settlement},
        stored_tenant,
    },
    workers::Signals,
};
use db::{Listener, Scope};
use std::{
    collections::{BTreeSet, HashMap},
    sync::atomic::Ordering,
    time::Duration,
};
use tokio::{
    task::{self, JoinError, JoinSet},
    time::{Instant, Interval},
};
use uuid::Uuid;

/// A ring is a hint that may get lost between processes, so each lane looks again so often.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A ready job that could not be claimed is locked by a transaction that is about to end.
const CONTENDED: Duration = Duration::from_millis(5);

/// How often the last turn of a drain is tried; after that the leases run out by themselves.
const LAST_TURNS: usize = 3;

pub(crate) struct Lane {
    jobs: Jobs,
    queue: Queue,
    options: QueueOptions,
    handler: Handler,
    /// The tenant with which the next claim begins.
    from: Uuid,
    /// When due jobs and lost leases are looked for the next time, in milliseconds since 1970.
    next_sweep: i64,
    running: JoinSet<(Leased, Outcome)>,
    /// The jobs at work, by their tasks.
    in_hand: HashMap<task::Id, Leased>,
    /// What ended and waits to be written.
    ended: Vec<(Leased, Settlement)>,
}

/// What to do before the next wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Something changed: work on the queue.
    Turn,
    /// Time passed: look first, which costs the writer nothing.
    Look,
}

type Joined = Result<(task::Id, (Leased, Outcome)), JoinError>;

impl Lane {
    pub(crate) fn new(jobs: Jobs, queue: Queue, options: QueueOptions, handler: Handler) -> Self {
        Self {
            jobs,
            queue,
            options,
            handler,
            from: Uuid::nil(),
            next_sweep: i64::MIN,
            running: JoinSet::new(),
            in_hand: HashMap::new(),
            ended: Vec::new(),
        }
    }

    /// Work until told to stop, then drain. Dropped at any point, it is as if the process had been killed.
    pub(crate) async fn work(mut self, signals: Signals) {
        let mut rings = self.jobs.db().listen(self.queue.topic());
        let third = self.options.lease / 3;
        let mut renewal = tokio::time::interval_at(Instant::now() + third, third);
        let mut step = Step::Turn;
        while !signals.stop.is_cancelled() {
            let done = self.step(step).await;
            let failed = done.is_err();
            let (pause, after_pause) = done.unwrap_or((LOOK_AGAIN, Step::Turn));
            let can_use_a_ring = failed || self.room() > 0;
            step = tokio::select! {
                biased;
                () = signals.stop.cancelled() => break,
                _ = renewal.tick() => { self.renew().await; Step::Look }
                Some(first) = self.running.join_next_with_id() => { self.gather(first).await; Step::Turn }
                rung = ring_or_pause(&mut rings, pause), if can_use_a_ring => {
                    if rung { Step::Turn } else { after_pause }
                }
            };
        }
        self.drain(&signals, renewal).await;
    }

    /// Run what is ready, and what that makes ready, on the spot; returns how many attempts that took.
    pub(crate) async fn run_ready(&mut self) -> db::Result<usize> {
        let mut attempts = 0;
        loop {
            self.turn(self.room()).await?;
            if self.running.is_empty() {
                return Ok(attempts);
            }
            while let Some(joined) = self.running.join_next_with_id().await {
                attempts += 1;
                self.note_end(joined);
            }
        }
    }

    fn room(&self) -> usize {
        self.options.concurrency.saturating_sub(self.running.len())
    }

    /// Do a step; returns how long to wait for something to happen, and what to do if nothing does.
    async fn step(&mut self, step: Step) -> Result<(Duration, Step), ()> {
        let worked = match step {
            Step::Look if self.ended.is_empty() => self.look_and_turn().await,
            Step::Look | Step::Turn => self.turn(self.room()).await,
        };
        let outlook = worked.map_err(|error| {
            tracing::error!(queue = self.queue.name(), %error, "the queue cannot be worked on; trying again in a second");
        })?;
        if outlook.has_ready {
            return Ok((CONTENDED, Step::Turn));
        }
        let until = outlook.next_at.map(|at| at.saturating_sub(self.jobs.now()));
        let until = until.and_then(|wait| u64::try_from(wait.max(0)).ok()).map(Duration::from_millis);
        Ok((until.unwrap_or(LOOK_AGAIN).clamp(CONTENDED, LOOK_AGAIN), Step::Look))
    }

    async fn look_and_turn(&mut self) -> db::Result<Outlook> {
        if self.room() == 0 {
            return Ok(Outlook::default());
        }
        let queue = self.queue;
        let outlook = db::read!(self.jobs.db(), "look_for_jobs", Scope::Platform, |tx| -> db::Result<_> {
            look::look(tx, queue).await
        })?;
        self.note_outlook(outlook);
        if outlook.has_work(self.jobs.now()) { self.turn(self.room()).await } else { Ok(outlook) }
    }

    /// One transaction: settle what ended, make ready what is due, claim up to `room` jobs. Then start these.
    async fn turn(&mut self, room: usize) -> db::Result<Outlook> {
        let now = self.jobs.now();
        let sweeps = room > 0 && now >= self.next_sweep;
        if room == 0 && self.ended.is_empty() {
            return Ok(Outlook::default());
        }
        let (jobs, queue, ended) = (&self.jobs, self.queue, &self.ended);
        let lease_until = now.saturating_add(millis(self.options.lease));
        let (full, per_tenant) = (self.full_tenants(), self.half_share());
        let wish = Wish { queue, from: self.from, limit: room, per_tenant, full: &full, lease_until };
        let (claimed, outlook) =
            db::write!(jobs.db(), "work_on_jobs", Scope::Platform, |tx| -> db::Result<_> {
                settle::settle(tx, jobs, ended, now).await?;
                if sweeps {
                    claim::promote(tx, queue, now).await?;
                    claim::reap(tx, jobs, queue, now).await?;
                }
                let claimed = if room > 0 { claim::claim(tx, jobs, wish).await? } else { Vec::new() };
                let outlook =
                    if claimed.len() < room { look::look(tx, queue).await? } else { Outlook::default() };
                Ok((claimed, outlook))
            })?;
        self.ended.clear();
        if sweeps {
            self.next_sweep = now.saturating_add(millis(LOOK_AGAIN));
        }
        self.note_outlook(outlook);
        self.from = claim::next_from(self.from, &claimed);
        for job in claimed {
            self.begin(job, now);
        }
        // What is ready may belong to tenants who have enough at work: the end of one of these jobs rings.
        let has_ready = outlook.has_ready && full.is_empty();
        Ok(Outlook { has_ready, ..outlook })
    }

    /// A tenant is served again once half of what it may have at work has ended, and then gets at most the other half: so
    /// it never has more, and no claim has to know how much each has.
    fn half_share(&self) -> usize {
        self.options.per_tenant.div_ceil(2).max(1)
    }

    fn full_tenants(&self) -> BTreeSet<Uuid> {
        if self.options.per_tenant >= self.options.concurrency {
            return BTreeSet::new();
        }
        let mut at_work: HashMap<Uuid, usize> = HashMap::new();
        for job in self.in_hand.values() {
            *at_work.entry(stored_tenant(job.tenant)).or_default() += 1;
        }
        let most = self.options.per_tenant.saturating_sub(self.half_share());
        at_work.into_iter().filter(|(_, count)| *count > most).map(|(tenant, _)| tenant).collect()
    }

    fn note_outlook(&mut self, outlook: Outlook) {
        self.next_sweep = outlook.next_at.unwrap_or(i64::MAX).min(self.next_sweep);
    }

    #[expect(clippy::cast_precision_loss, reason = "a histogram of seconds")]
    fn begin(&mut self, job: Leased, now: i64) {
        let waited = now.saturating_sub(job.run_at).max(0) as f64 / 1000.0;
        metrics::histogram!("zelo_job_wait_seconds", "queue" => self.queue.name()).record(waited);
        let attempt = run::attempt(self.handler.clone(), job.clone(), self.options);
        let task = self.running.spawn(attempt).id();
        self.in_hand.insert(task, job);
    }

    /// Note an end and those that came at the same time, so that they share a transaction.
    async fn gather(&mut self, first: Joined) {
        self.note_end(first);
        task::yield_now().await;
        while let Some(next) = self.running.try_join_next_with_id() {
            self.note_end(next);
        }
    }

    fn note_end(&mut self, joined: Joined) {
        let (task, outcome) = match joined {
            Ok((task, (_, outcome))) => (task, Some(outcome)),
            Err(error) if error.is_cancelled() => (error.id(), None),
            Err(error) => {
                let lost = Outcome::retry("the job's task was lost");
                if let Some(job) = self.in_hand.get(&error.id()) {
                    run::tell_of_death(job, &lost);
                }
                (error.id(), Some(lost))
            }
        };
        let Some(job) = self.in_hand.remove(&task) else { return };
        let settlement = match outcome {
            Some(outcome) => run::settlement(&job, outcome, self.options.backoff, self.jobs.now()),
            None => Some(Settlement::GiveBack),
        };
        if let Some(settlement) = settlement {
            self.ended.push((job, settlement));
        }
    }

    async fn renew(&self) {
        let held = || self.in_hand.values().chain(self.ended.iter().map(|(job, _)| job));
        let expected = held().count();
        if expected == 0 {
            return;
        }
        let lease_until = self.jobs.now().saturating_add(millis(self.options.lease));
        let jobs = &self.jobs;
        let renewed = db::write!(jobs.db(), "renew_job_leases", Scope::Platform, |tx| -> db::Result<_> {
            settle::renew(tx, held(), lease_until).await
        });
        // A job that completes itself has no lease any more while its handler comes to its end: fewer is no failure.
        if let Err(error) = renewed {
            tracing::warn!(queue = self.queue.name(), %error, expected, "leases could not be renewed");
        }
    }

    /// Let running jobs finish until the deadline, then stop them and give their leases back.
    async fn drain(mut self, signals: &Signals, mut renewal: Interval) {
        let deadline = signals.deadline();
        while !self.running.is_empty() {
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(deadline) => break,
                _ = renewal.tick() => self.renew().await,
                Some(first) = self.running.join_next_with_id() => {
                    self.gather(first).await;
                    if let Err(error) = self.turn(0).await {
                        tracing::warn!(queue = self.queue.name(), %error, "finished jobs could not be settled yet");
                    }
                }
            }
        }
        self.running.abort_all();
        while let Some(joined) = self.running.join_next_with_id().await {
            self.note_end(joined);
        }
        let unfinished =
            self.ended.iter().filter(|(_, settlement)| matches!(settlement, Settlement::GiveBack)).count();
        signals.given_back.fetch_add(unfinished, Ordering::SeqCst);
        for _ in 0..LAST_TURNS {
            match self.turn(0).await {
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(queue = self.queue.name(), %error, "leases could not be given back yet");
                }
            }
        }
    }
}

/// Wait; says whether it was a ring that ended the wait.
async fn ring_or_pause(rings: &mut Listener, pause: Duration) -> bool {
    tokio::time::timeout(pause, rings.wait(Duration::MAX)).await.is_ok()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
