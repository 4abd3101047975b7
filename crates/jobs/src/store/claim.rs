//! Claiming: what is due becomes ready, tenants take turns, a batch gets its leases.

use super::{insert, read_tenant};
use crate::{Jobs, Leased, Queue, job::Period, store::settle};
use db::{Tx, params};
use std::{collections::BTreeSet, sync::Arc};
use uuid::Uuid;

/// How many due jobs one transaction makes ready, so that a long sleep does not end in one long transaction.
const MOST_PROMOTED: i64 = 1000;

/// The inner look-up names every column of its index, so that no plan can do it in another way.
const PROMOTE: &str = "with due(at_seq, at_run_at) as (
        select j.seq, j.run_at from jobs j where j.queue = $1 and j.state = 'scheduled' and j.run_at <= $2
        order by j.run_at limit cast($3 as bigint))
    update jobs set state = 'ready' from due
    where jobs.seq = (select j.seq from jobs j where j.queue = $1 and j.state = 'scheduled'
                      and j.run_at = due.at_run_at and j.seq = due.at_seq $for_update_skip_locked)";

/// Make ready what is due.
pub(crate) async fn promote(tx: &mut Tx, queue: Queue, now: i64) -> db::Result<u64> {
    tx.execute(PROMOTE, params![queue.name(), now, MOST_PROMOTED]).await
}

const REAP: &str = "update jobs set lease_owner = null, lease_until = null, last_error = 'the lease ran out',
        state = case when attempt >= max_attempts then 'dead' else 'ready' end,
        died_at = case when attempt >= max_attempts then cast($2 as bigint) end
    where seq in (select j.seq from jobs j where j.queue = $1 and j.state = 'running' and j.lease_until <= $2
                  $for_update_skip_locked)
      and state = 'running' and lease_until <= $2
    returning state, kind, order_key, unique_key, every";

struct Reaped {
    state: String,
    kind: String,
    key: Option<Uuid>,
    unique: Option<String>,
    every: Option<i64>,
}

/// Take back the leases that ran out. An attempt that took its process down counts, so that a job which always does
/// ends among the dead. Returns how many leases there were.
pub(crate) async fn reap(tx: &mut Tx, jobs: &Jobs, queue: Queue, now: i64) -> db::Result<usize> {
    let reaped = tx
        .query(REAP, params![queue.name(), now], |row| {
            Ok(Reaped {
                state: row.get(0)?,
                kind: row.get(1)?,
                key: row.get(2)?,
                unique: row.get(3)?,
                every: row.get(4)?,
            })
        })
        .await?;
    let dead = || reaped.iter().filter(|job| job.state == "dead");
    settle::release(tx, dead().filter_map(|job| Some((queue.name(), job.key?))), now).await?;
    let mut next = Vec::new();
    for job in dead() {
        if let (Some(unique), Some(every)) = (&job.unique, job.every) {
            next.push(insert::Entry::periodic(jobs.new_id(), queue.name(), &job.kind, unique, every, now));
        }
    }
    insert::insert(tx, &next, now).await?;
    Ok(reaped.len())
}

/// Walk from tenant to tenant and inside each from job to job, always by one look into the index `jobs_ready`, so that
/// the cost follows the size of the batch and not that of the queue. Each tenant gets an equal share of the batch.
///
/// SQLite may not lock and PostgreSQL must: the last look-up takes the lock, and finds nothing where it is taken.
const CLAIM: &str = "with recursive
    tenants(tenant_id, number) as (
        select (select j.tenant_id from jobs j where j.queue = $1 and j.state = 'ready' and j.tenant_id >= $2
                and j.tenant_id <= $6 order by j.tenant_id limit 1), cast(1 as bigint)
        union all
        select (select j.tenant_id from jobs j where j.queue = $1 and j.state = 'ready'
                and j.tenant_id > t.tenant_id and j.tenant_id <= $6 order by j.tenant_id limit 1), t.number + 1
        from tenants t where t.tenant_id is not null and t.number < cast($3 as bigint)
    ),
    share(places) as (
        select (cast($3 as bigint) + count(*) - 1) / nullif(count(*), 0) from tenants where tenant_id is not null
    ),
    walk(turn, tenant_id, place) as (
        select (select j.turn from jobs j where j.queue = $1 and j.state = 'ready' and j.tenant_id = t.tenant_id
                order by j.turn limit 1), t.tenant_id, cast(1 as bigint)
        from tenants t where t.tenant_id is not null
        union all
        select (select j.turn from jobs j where j.queue = $1 and j.state = 'ready' and j.tenant_id = w.tenant_id
                and j.turn > w.turn order by j.turn limit 1), w.tenant_id, w.place + 1
        from walk w where w.turn is not null and w.place < (select places from share)
          and w.place < cast($7 as bigint)
    ),
    chosen(at_turn, at_tenant) as (
        select w.turn, w.tenant_id from walk w where w.turn is not null
        order by w.place, w.tenant_id limit cast($3 as bigint)
    )
    update jobs set state = 'running', attempt = attempt + 1, fence = fence + 1, lease_owner = $4, lease_until = $5
    from chosen
    where jobs.seq = (select j.seq from jobs j where j.queue = $1 and j.state = 'ready'
                      and j.tenant_id = chosen.at_tenant and j.turn = chosen.at_turn $for_update_skip_locked)
    returning seq, fence, id, kind, tenant_id, order_key, payload, attempt, max_attempts, run_at, unique_key, every,
              trace";

/// What a claim wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'w> {
    pub(crate) queue: Queue,
    /// The tenant to begin with; the tenants before it come last.
    pub(crate) from: Uuid,
    pub(crate) limit: usize,
    /// At most so many of each tenant.
    pub(crate) per_tenant: usize,
    /// Tenants that have enough at work already.
    pub(crate) full: &'w BTreeSet<Uuid>,
    /// Milliseconds since 1970.
    pub(crate) lease_until: i64,
}

/// Lease up to `limit` ready jobs.
pub(crate) async fn claim(tx: &mut Tx, jobs: &Jobs, wish: Wish<'_>) -> db::Result<Vec<Leased>> {
    let mut claimed = Vec::new();
    let around = [wish.from, Uuid::nil()];
    // From the middle to the end, then from the beginning: what was leased before is not ready any more.
    let passes = if wish.from.is_nil() { 1 } else { 2 };
    for from in around.into_iter().take(passes) {
        for (from, to) in stretches(from, wish.full) {
            let limit = wish.limit.saturating_sub(claimed.len());
            if limit == 0 {
                return Ok(claimed);
            }
            claimed.extend(claim_between(tx, jobs, wish, (from, to), limit).await?);
        }
    }
    Ok(claimed)
}

/// The stretches of tenants from `from` on that lie between the full ones, both ends included.
fn stretches(from: Uuid, full: &BTreeSet<Uuid>) -> Vec<(Uuid, Uuid)> {
    let mut stretches = Vec::with_capacity(full.len() + 1);
    let mut begin = from.as_u128();
    for tenant in full.range(from..).map(Uuid::as_u128) {
        if tenant > begin {
            stretches.push((Uuid::from_u128(begin), Uuid::from_u128(tenant - 1)));
        }
        let Some(next) = tenant.checked_add(1) else { return stretches };
        begin = next;
    }
    stretches.push((Uuid::from_u128(begin), Uuid::max()));
    stretches
}

/// Where the next claim begins: behind the last tenant that was served.
pub(crate) fn next_from(from: Uuid, claimed: &[Leased]) -> Uuid {
    let tenants = || claimed.iter().map(|job| super::stored_tenant(job.tenant));
    // Tenants before the beginning were reached by going around, so the last of them was served last.
    let last = tenants().filter(|tenant| *tenant < from).max().or_else(|| tenants().max());
    last.map_or(from, |tenant| Uuid::from_u128(tenant.as_u128().wrapping_add(1)))
}

async fn claim_between(
    tx: &mut Tx,
    jobs: &Jobs,
    wish: Wish<'_>,
    (from, to): (Uuid, Uuid),
    limit: usize,
) -> db::Result<Vec<Leased>> {
    let per_tenant = i64::try_from(wish.per_tenant).unwrap_or(i64::MAX);
    let params = params![wish.queue.name(), from, limit, jobs.worker(), wish.lease_until, to, per_tenant];
    tx.query(CLAIM, params, |row| {
        let period = match (row.get::<Option<String>>(10)?, row.get::<Option<i64>>(11)?) {
            (Some(unique), Some(every)) => Some(Period { unique: unique.into(), every }),
            _ => None,
        };
        Ok(Leased {
            seq: row.get(0)?,
            fence: row.get(1)?,
            id: row.get(2)?,
            queue: wish.queue,
            kind: row.get::<String>(3)?.into(),
            tenant: read_tenant(row.get(4)?),
            key: row.get(5)?,
            payload: row.get::<String>(6)?.into(),
            attempt: u32::try_from(row.get::<i64>(7)?).unwrap_or(u32::MAX),
            max_attempts: u32::try_from(row.get::<i64>(8)?).unwrap_or(u32::MAX),
            run_at: row.get(9)?,
            trace: row.get::<Option<String>>(12)?.map(Into::into),
            period,
            jobs: jobs.clone(),
            completed: Arc::default(),
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_leave_out_the_full_tenants_and_nobody_else() {
        let at = Uuid::from_u128;
        let full = |tenants: &[u128]| tenants.iter().copied().map(Uuid::from_u128).collect::<BTreeSet<_>>();
        assert_eq!(stretches(at(5), &full(&[])), [(at(5), Uuid::max())]);
        assert_eq!(stretches(at(5), &full(&[3, 7])), [(at(5), at(6)), (at(8), Uuid::max())]);
        assert_eq!(stretches(at(7), &full(&[7, 8])), [(at(9), Uuid::max())]);
        assert_eq!(stretches(at(7), &full(&[u128::MAX])), [(at(7), at(u128::MAX - 1))]);
    }
}
