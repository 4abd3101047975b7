//! Work that is promised inside a transaction and done after it.
//!
//! The queue is a table beside the data, so a job exists exactly when the change that asked for it was committed:
//!
//! ```ignore
//! const OUTBOUND: Queue = jobs::queue!("outbound");
//!
//! jobs.enqueue(tx, NewJob::new(OUTBOUND, "deliver_message", payload).tenant(tenant).key(conversation)).await?;
//!
//! let running = Workers::new(jobs).queue(OUTBOUND, QueueOptions::default(), deliver).start().await?;
//! running.drain(Duration::from_secs(20)).await;
//! ```
//!
//! What holds, on both engines:
//! * A job runs **at least** once. Whoever needs its effect exactly once calls [`complete`] inside the transaction that
//!   has the effect: a worker that lost its lease cannot commit it.
//! * Of the jobs with one [`NewJob::key`] in one queue, only the oldest unfinished one may run. One that waits for a
//!   retry or for its time holds back its followers; a dead one does not.
//! * Tenants take turns: ten thousand jobs of one do not delay the single job of another.
//! * A job is leased, never run while its row is locked. A lease that ran out may be taken over by anybody.
//! * A payload holds ids and nothing else: the table is not encrypted and outlives what it points to.
//!
//! Reading order: [`job`] the words, [`queue`](Jobs) the promise, `store` all statements, `workers` and `lane` the doing.

mod backoff;
mod handle;
pub mod job;
mod lane;
mod run;
mod store;
mod workers;

pub use backoff::Backoff;
pub use handle::{Clock, Ids, Jobs, Settings, Traces, Untraced};
pub use job::{Leased, NewJob, Outcome, Queue};
pub use store::dead::{DeadJob, Replay};
pub use store::look::Count;
pub use store::settle::complete;
pub use workers::{QueueOptions, Running, Workers};

/// A failure of the queue.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed; see its kinds.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// The lease of this job ran out and somebody else has the job: what was done for it must be undone.
    #[error("the lease on job {0} is no longer held")]
    Stale(uuid::Uuid),
}

impl db::Retry for Error {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Database(error) => error.is_retryable(),
            Self::Stale(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
