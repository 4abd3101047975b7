//! One attempt: the handler runs, may hang or panic, and its outcome becomes a settlement.

use crate::{Backoff, Leased, Outcome, QueueOptions, store::settle::Settlement};
use futures_util::{FutureExt, future::BoxFuture};
use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::time::Instant;
use tracing::Instrument;

/// What the product does with the jobs of a queue.
pub(crate) type Handler = Arc<dyn Fn(Leased) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// The reason of a failure is for a person's eye; a longer one would only fill the table.
const LONGEST_REASON: usize = 500;

/// Run the handler once, whatever it does.
pub(crate) async fn attempt(handler: Handler, job: Leased, options: QueueOptions) -> (Leased, Outcome) {
    let span = tracing::info_span!(
        "job", queue = job.queue.name(), kind = %job.kind, id = %job.id, attempt = job.attempt
    );
    let begun = Instant::now();
    let work = {
        let job = job.clone();
        // The handler is called inside, so that it may also panic before its first await.
        AssertUnwindSafe(async move { handler(job).await }).catch_unwind()
    };
    let at_work = job.clone();
    let attempt = async move {
        let outcome = match tokio::time::timeout(options.timeout, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => {
                tracing::error!(
                    panic = panic_text(&*panic),
                    "a job's handler panicked; the job will be retried"
                );
                Outcome::retry("the handler panicked")
            }
            Err(_elapsed) => {
                tracing::error!(timeout = ?options.timeout, "a job took too long and was stopped; it will be retried");
                Outcome::retry("the handler took too long")
            }
        };
        tell_of_death(&at_work, &outcome);
        outcome
    };
    let outcome = job.jobs.traces().follow(&job, attempt.instrument(span).boxed()).await;
    measure(&job, &outcome, begun.elapsed());
    (job, outcome)
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}

fn measure(job: &Leased, outcome: &Outcome, elapsed: Duration) {
    let outcome = match outcome {
        Outcome::Done => "done",
        Outcome::Retry { .. } if job.is_last_attempt() => "dead",
        Outcome::Retry { .. } => "retry",
        Outcome::Postpone { .. } => "postponed",
        Outcome::GiveUp { .. } => "dead",
    };
    let (queue, kind) = (job.queue.name(), job.kind.to_string());
    metrics::histogram!("zelo_job_duration_seconds", "queue" => queue, "job" => kind.clone())
        .record(elapsed.as_secs_f64());
    metrics::counter!("zelo_job_attempts_total", "queue" => queue, "job" => kind, "outcome" => outcome)
        .increment(1);
}

/// Log the end of a job that nobody will try again by itself.
pub(crate) fn tell_of_death(job: &Leased, outcome: &Outcome) {
    match outcome {
        Outcome::Retry { reason, .. } if job.is_last_attempt() => {
            tracing::warn!(id = %job.id, kind = %job.kind, %reason, "a job failed in its last attempt and is dead");
        }
        Outcome::GiveUp { reason } => {
            tracing::warn!(id = %job.id, kind = %job.kind, %reason, "a job was given up and is dead");
        }
        Outcome::Done | Outcome::Retry { .. } | Outcome::Postpone { .. } => {}
    }
}

/// What to write for an outcome; none where the handler has completed the job by itself.
pub(crate) fn settlement(job: &Leased, outcome: Outcome, backoff: Backoff, now: i64) -> Option<Settlement> {
    match outcome {
        Outcome::Done if job.was_completed() => None,
        Outcome::Done => Some(Settlement::Done),
        Outcome::Retry { reason, .. } if job.is_last_attempt() => {
            Some(Settlement::Dead { reason: shortened(reason) })
        }
        Outcome::Retry { after, reason } => {
            let wait = after.unwrap_or_else(|| backoff.wait(job.id, job.attempt));
            Some(Settlement::RetryAt { at: later(now, wait), reason: shortened(reason) })
        }
        Outcome::Postpone { wait, reason } => {
            Some(Settlement::PostponedTo { at: later(now, wait), reason: shortened(reason) })
        }
        Outcome::GiveUp { reason } => Some(Settlement::Dead { reason: shortened(reason) }),
    }
}

fn later(now: i64, wait: Duration) -> i64 {
    now.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

fn shortened(mut reason: String) -> String {
    let end = reason.char_indices().nth(LONGEST_REASON).map_or(reason.len(), |(at, _)| at);
    reason.truncate(end);
    reason
}
