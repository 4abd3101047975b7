//! The words: a queue, a job to be, a job at work, and how it ended.

use crate::Jobs;
use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

/// A queue: jobs that share a handler and its concurrency. Made by [`queue!`](crate::queue!).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Queue {
    name: &'static str,
    topic: db::Topic,
}

impl Queue {
    #[doc(hidden)]
    pub const fn new(name: &'static str, topic: db::Topic) -> Self {
        Self { name, topic }
    }

    /// Its name, as in the table and in metrics.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What rings when this queue has work: `jobs:<name>`, so that a busy queue does not wake the others.
    pub const fn topic(self) -> db::Topic {
        self.topic
    }
}

/// A queue by its name: `const OUTBOUND: Queue = jobs::queue!("outbound");`
#[macro_export]
macro_rules! queue {
    ($name:literal) => {
        $crate::Queue::new($name, concat!("jobs:", $name))
    };
}

/// How often a job is tried unless it says otherwise. With the usual back-off the last attempt begins about four
/// minutes after the first.
const USUAL_ATTEMPTS: u32 = 9;

/// A job to be enqueued.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Where it waits.
    pub queue: Queue,
    /// What it does, imperative: `deliver_message`. A metric label, so a fixed set of words.
    pub kind: Cow<'static, str>,
    /// Whose work it is; none for the platform's own.
    pub tenant: Option<Uuid>,
    /// Jobs of one key run one after the other, in the order of their enqueuing, inside their queue.
    pub key: Option<Uuid>,
    /// JSON with ids only, never personal data: the queue is not encrypted, and erasing a person does not visit it.
    pub payload: String,
    /// When it may run, in milliseconds since 1970; none for at once.
    pub run_at: Option<i64>,
    /// Inside a tenant, lower numbers run first; 0 is usual.
    pub priority: i8,
    /// After so many attempts it is dead.
    pub max_attempts: u32,
    /// Of the unfinished jobs of a queue only one has this name; enqueuing another one changes nothing. A job that is
    /// running counts: what must not miss a change that comes while it runs needs another way.
    pub unique: Option<String>,
}

impl NewJob {
    /// A job of the platform that may run at once.
    pub fn new(queue: Queue, kind: impl Into<Cow<'static, str>>, payload: impl Into<String>) -> Self {
        Self {
            queue,
            kind: kind.into(),
            tenant: None,
            key: None,
            payload: payload.into(),
            run_at: None,
            priority: 0,
            max_attempts: USUAL_ATTEMPTS,
            unique: None,
        }
    }

    /// For a tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: Uuid) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// In order with the others of `key`.
    #[must_use]
    pub fn key(mut self, key: Uuid) -> Self {
        self.key = Some(key);
        self
    }

    /// Not before `at` (milliseconds since 1970). With a key, its followers wait too.
    #[must_use]
    pub fn run_at(mut self, at: i64) -> Self {
        self.run_at = Some(at);
        self
    }

    /// Before (lower) or after (higher) the tenant's other jobs.
    #[must_use]
    pub fn priority(mut self, priority: i8) -> Self {
        self.priority = priority;
        self
    }

    /// Dead after so many attempts.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// At most one unfinished job of this name in the queue.
    #[must_use]
    pub fn unique(mut self, name: impl Into<String>) -> Self {
        self.unique = Some(name.into());
        self
    }
}

/// How an attempt ended. A handler must say one of these: nothing is retried, or given up, by accident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The work is done; the job is deleted.
    Done,
    /// Try again, unless all attempts are used up; then the job is dead.
    Retry {
        /// How long to wait; none for the queue's back-off.
        after: Option<Duration>,
        /// Why, for a person who looks at the queue. No personal data.
        reason: String,
    },
    /// Nothing was tried yet, because its time has not come: the attempt does not count.
    Postpone {
        /// How long to wait.
        wait: Duration,
        /// Why, for a person who looks at the queue. No personal data.
        reason: String,
    },
    /// Trying again cannot help: the job is dead.
    GiveUp {
        /// Why, for a person who looks at the queue. No personal data.
        reason: String,
    },
}

impl Outcome {
    /// Try again after the queue's back-off.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { after: None, reason: reason.into() }
    }

    /// Try again after `wait`.
    pub fn retry_after(wait: Duration, reason: impl Into<String>) -> Self {
        Self::Retry { after: Some(wait), reason: reason.into() }
    }

    /// Come back after `wait`, with as many attempts left as before. Followers of the same key wait too.
    pub fn postpone(wait: Duration, reason: impl Into<String>) -> Self {
        Self::Postpone { wait, reason: reason.into() }
    }

    /// Give up.
    pub fn give_up(reason: impl Into<String>) -> Self {
        Self::GiveUp { reason: reason.into() }
    }
}

/// A job at work. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Its id, the same in every attempt: good as an idempotency key towards others.
    pub id: Uuid,
    /// Where it waited.
    pub queue: Queue,
    /// What it does.
    pub kind: Arc<str>,
    /// Whose work it is.
    pub tenant: Option<Uuid>,
    /// With whom it is in order.
    pub key: Option<Uuid>,
    /// What it works on.
    pub payload: Arc<str>,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// After so many attempts it is dead.
    pub max_attempts: u32,
    /// Of whoever enqueued it; see [`Traces`](crate::Traces).
    pub trace: Option<Arc<str>>,
    pub(crate) seq: i64,
    pub(crate) fence: i64,
    pub(crate) run_at: i64,
    pub(crate) period: Option<Period>,
    pub(crate) jobs: Jobs,
    pub(crate) completed: Arc<AtomicBool>,
}

/// What makes a job periodic.
#[derive(Debug, Clone)]
pub(crate) struct Period {
    pub(crate) unique: Arc<str>,
    /// Milliseconds.
    pub(crate) every: i64,
}

impl Leased {
    /// Whether the handler has completed the job by itself, in a transaction of its own.
    pub(crate) fn was_completed(&self) -> bool {
        self.completed.load(Ordering::SeqCst)
    }

    /// Whether this is the last attempt.
    pub fn is_last_attempt(&self) -> bool {
        self.attempt >= self.max_attempts
    }
}
