//! Settling: a lease ends in work done, another try, death, or is renewed or given back. All of it is fenced: only the
//! holder of the newest lease changes anything.

use super::insert::{self, Entry};
use crate::{Error, Jobs, Leased};
use db::{Rows, Tx, params};
use std::{
    collections::{BTreeSet, HashSet},
    sync::atomic::Ordering,
};
use uuid::Uuid;

/// How an attempt ended, with its times worked out.
#[derive(Debug, Clone)]
pub(crate) enum Settlement {
    Done,
    /// Milliseconds since 1970.
    RetryAt {
        at: i64,
        reason: String,
    },
    /// Milliseconds since 1970. As a retry, but the attempt does not count.
    PostponedTo {
        at: i64,
        reason: String,
    },
    Dead {
        reason: String,
    },
    /// As if it had not been claimed.
    GiveBack,
}

const COMPLETE: &str =
    "delete from jobs where seq = $1 and fence = $2 and state = 'running' returning queue, order_key";

/// Complete a job inside the transaction that has its effect, so that there is either both or neither.
///
/// The handler then returns [`Outcome::Done`](crate::Outcome::Done) once the transaction is committed, and
/// [`Outcome::Retry`](crate::Outcome::Retry) where it failed.
///
/// # Errors
/// [`Error::Stale`] when somebody else has taken the job over: the transaction must be rolled back.
pub async fn complete(tx: &mut Tx, job: &Leased) -> Result<(), Error> {
    let gone = tx
        .query(COMPLETE, params![job.seq, job.fence], |row| {
            Ok((row.get::<String>(0)?, row.get::<Option<Uuid>>(1)?))
        })
        .await?;
    if gone.is_empty() {
        return Err(Error::Stale(job.id));
    }
    let now = job.jobs.now();
    finish(tx, &job.jobs, &[job], now).await?;
    job.completed.store(true, Ordering::SeqCst);
    Ok(())
}

/// What follows from finished jobs: the next one of their keys, the next run of their periods.
async fn finish(tx: &mut Tx, jobs: &Jobs, finished: &[&Leased], now: i64) -> db::Result<()> {
    let keys = finished.iter().filter_map(|job| Some((job.queue.name(), job.key?)));
    if release(tx, keys, now).await? > 0 {
        for job in finished {
            tx.wake(job.queue.topic());
        }
    }
    let mut next = Vec::new();
    for job in finished {
        if let Some(period) = &job.period {
            let queue = job.queue.name();
            next.push(Entry::periodic(jobs.new_id(), queue, &job.kind, &period.unique, period.every, now));
        }
    }
    insert::insert(tx, &next, now).await?;
    Ok(())
}

const RELEASE: &str = "update jobs set state = case when run_at <= $1 then 'ready' else 'scheduled' end
    from $rows(at_queue text, at_key uuid)
    where jobs.seq = (select j.seq from jobs j where j.queue = r.at_queue and j.order_key = r.at_key
                      and j.state = 'held' order by j.seq limit 1)";

/// Let the oldest held job of each key be the next one; their heads are gone. Returns how many there were.
pub(crate) async fn release(
    tx: &mut Tx,
    keys: impl Iterator<Item = (&str, Uuid)>,
    now: i64,
) -> db::Result<u64> {
    // A set: the statement must not meet a key twice, and two workers must meet keys in one order.
    let keys: BTreeSet<(&str, Uuid)> = keys.collect();
    let mut rows = Rows::new();
    for (queue, key) in keys {
        rows.push([queue.into(), key.into()]);
    }
    tx.execute_rows(RELEASE, params![now], &rows).await
}

const DONE: &str = "delete from jobs
    where (seq, fence) in (select r.at_seq, r.at_fence from $rows(at_seq int, at_fence int)) and state = 'running'
    returning seq";

const RETRY: &str = "update jobs set state = case when r.at <= $1 then 'ready' else 'scheduled' end,
        run_at = r.at, last_error = r.reason, lease_owner = null, lease_until = null
    from $rows(at_seq int, at_fence int, at int, reason text)
    where jobs.seq = r.at_seq and jobs.fence = r.at_fence and jobs.state = 'running'
    returning seq";

const POSTPONE: &str = "update jobs set state = case when r.at <= $1 then 'ready' else 'scheduled' end,
        run_at = r.at, attempt = attempt - 1, last_error = r.reason, lease_owner = null, lease_until = null
    from $rows(at_seq int, at_fence int, at int, reason text)
    where jobs.seq = r.at_seq and jobs.fence = r.at_fence and jobs.state = 'running'
    returning seq";

const BURY: &str = "update jobs set state = 'dead', died_at = $1, last_error = r.reason,
        lease_owner = null, lease_until = null
    from $rows(at_seq int, at_fence int, reason text)
    where jobs.seq = r.at_seq and jobs.fence = r.at_fence and jobs.state = 'running'
    returning seq";

const GIVE_BACK: &str =
    "update jobs set state = 'ready', attempt = attempt - 1, lease_owner = null, lease_until = null
    from $rows(at_seq int, at_fence int)
    where jobs.seq = r.at_seq and jobs.fence = r.at_fence and jobs.state = 'running'
    returning seq";

/// Settle many attempts; what is no longer ours stays as it is. Returns how many were.
pub(crate) async fn settle(
    tx: &mut Tx,
    jobs: &Jobs,
    ended: &[(Leased, Settlement)],
    now: i64,
) -> db::Result<usize> {
    let (mut done, mut retried, mut postponed, mut buried, mut returned) =
        (Rows::new(), Rows::new(), Rows::new(), Rows::new(), Rows::new());
    for (job, settlement) in ended {
        let (seq, fence) = (job.seq.into(), job.fence.into());
        match settlement {
            Settlement::Done => done.push([seq, fence]),
            Settlement::RetryAt { at, reason } => retried.push([seq, fence, (*at).into(), reason.into()]),
            Settlement::PostponedTo { at, reason } => {
                postponed.push([seq, fence, (*at).into(), reason.into()]);
            }
            Settlement::Dead { reason } => buried.push([seq, fence, reason.into()]),
            Settlement::GiveBack => returned.push([seq, fence]),
        }
    }
    let mut over: HashSet<i64> = HashSet::new();
    over.extend(tx.query_rows(DONE, &[], &done, |row| row.get::<i64>(0)).await?);
    over.extend(tx.query_rows(BURY, params![now], &buried, |row| row.get::<i64>(0)).await?);
    let mut settled = over.len();
    settled += tx.query_rows(RETRY, params![now], &retried, |row| row.get::<i64>(0)).await?.len();
    settled += tx.query_rows(POSTPONE, params![now], &postponed, |row| row.get::<i64>(0)).await?.len();
    let given_back = tx.query_rows(GIVE_BACK, &[], &returned, |row| row.get::<i64>(0)).await?.len();
    if given_back > 0 {
        for (job, _) in ended {
            tx.wake(job.queue.topic());
        }
    }
    let finished: Vec<&Leased> =
        ended.iter().map(|(job, _)| job).filter(|job| over.contains(&job.seq)).collect();
    finish(tx, jobs, &finished, now).await?;
    Ok(settled + given_back)
}

const RENEW: &str = "update jobs set lease_until = $1
    from $rows(at_seq int, at_fence int)
    where jobs.seq = r.at_seq and jobs.fence = r.at_fence and jobs.state = 'running'";

/// Prolong the leases of jobs that are still at work; returns how many are still ours.
pub(crate) async fn renew<'j>(
    tx: &mut Tx,
    held: impl Iterator<Item = &'j Leased>,
    lease_until: i64,
) -> db::Result<u64> {
    let mut rows = Rows::new();
    for job in held {
        rows.push([job.seq.into(), job.fence.into()]);
    }
    tx.execute_rows(RENEW, params![lease_until], &rows).await
}
