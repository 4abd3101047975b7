//! Looking: what there is to do, and how much of it.

use crate::Queue;
use db::{Tx, params};

/// What a queue has in store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outlook {
    /// Whether something may be claimed now.
    pub(crate) has_ready: bool,
    /// When the next thing happens by itself: a scheduled job is due or a lease runs out (milliseconds since 1970).
    pub(crate) next_at: Option<i64>,
}

impl Outlook {
    /// Whether a look is worth a transaction.
    pub(crate) fn has_work(self, now: i64) -> bool {
        self.has_ready || self.next_at.is_some_and(|at| at <= now)
    }
}

const LOOK: &str = "select case when exists (select 1 from jobs where queue = $1 and state = 'ready')
             then cast(1 as bigint) else cast(0 as bigint) end,
        (select min(run_at) from jobs where queue = $1 and state = 'scheduled'),
        (select min(lease_until) from jobs where queue = $1 and state = 'running')";

pub(crate) async fn look(tx: &mut Tx, queue: Queue) -> db::Result<Outlook> {
    tx.query_one(LOOK, params![queue.name()], |row| {
        let (due, lease): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
        Ok(Outlook { has_ready: row.get(0)?, next_at: due.into_iter().chain(lease).min() })
    })
    .await
}

/// How many jobs of a queue are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The queue.
    pub queue: String,
    /// `ready`, `scheduled`, `held`, `running` or `dead`.
    pub state: String,
    /// How many.
    pub jobs: i64,
    /// The earliest time at which one of them could have run, in milliseconds since 1970.
    pub oldest_run_at: i64,
}

pub(crate) async fn counts(tx: &mut Tx) -> db::Result<Vec<Count>> {
    tx.query(
        "select queue, state, count(*), min(run_at) from jobs group by queue, state order by queue, state",
        &[],
        |row| {
            Ok(Count {
                queue: row.get(0)?,
                state: row.get(1)?,
                jobs: row.get(2)?,
                oldest_run_at: row.get(3)?,
            })
        },
    )
    .await
}

const STATES: [&str; 5] = ["ready", "scheduled", "held", "running", "dead"];

#[expect(clippy::cast_precision_loss, reason = "a gauge of counts and seconds far below 2^52")]
pub(crate) fn publish(queues: &[Queue], counts: &[Count], now: i64) {
    for queue in queues {
        let of_queue = || counts.iter().filter(|count| count.queue == queue.name());
        for state in STATES {
            let jobs = of_queue().find(|count| count.state == state).map_or(0, |count| count.jobs);
            metrics::gauge!("zelo_jobs", "queue" => queue.name(), "state" => state).set(jobs as f64);
        }
        let waiting = of_queue().filter(|count| count.state == "ready" || count.state == "held");
        let oldest = waiting.map(|count| now.saturating_sub(count.oldest_run_at)).max().unwrap_or(0);
        metrics::gauge!("zelo_job_oldest_seconds", "queue" => queue.name())
            .set(oldest.max(0) as f64 / 1000.0);
    }
}
