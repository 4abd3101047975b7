//! The dead: jobs that were given up and wait for a person.

use super::{
    insert::{self, Entry},
    read_tenant,
};
use db::{Row, Tx, params};
use uuid::Uuid;

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadJob {
    /// Its id.
    pub id: Uuid,
    /// Its place in the list of the dead.
    pub cursor: i64,
    /// Where it waited.
    pub queue: String,
    /// What it should have done.
    pub kind: String,
    /// For whom.
    pub tenant: Option<Uuid>,
    /// With whom it was in order.
    pub key: Option<Uuid>,
    /// What it should have worked on.
    pub payload: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub last_error: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub died_at: i64,
}

const LIST: &str =
    "select id, seq, queue, kind, tenant_id, order_key, payload, attempt, coalesce(last_error, ''),
        created_at, coalesce(died_at, created_at)
    from jobs
    where state = 'dead' and seq < $1 and (cast($2 as text) is null or queue = $2)
    order by seq desc limit cast($3 as bigint)";

pub(crate) async fn list(
    tx: &mut Tx,
    queue: Option<&str>,
    before: Option<i64>,
    limit: u32,
) -> db::Result<Vec<DeadJob>> {
    tx.query(LIST, params![before.unwrap_or(i64::MAX), queue, limit], |row| {
        Ok(DeadJob {
            id: row.get(0)?,
            cursor: row.get(1)?,
            queue: row.get(2)?,
            kind: row.get(3)?,
            tenant: read_tenant(row.get(4)?),
            key: row.get(5)?,
            payload: row.get(6)?,
            attempts: row.get(7)?,
            last_error: row.get(8)?,
            created_at: row.get(9)?,
            died_at: row.get(10)?,
        })
    })
    .await
}

/// What came of the wish to try a dead job again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// It waits again.
    Enqueued,
    /// Another job of its unique name waits or runs already, so that this one was forgotten.
    AlreadyWaiting,
    /// There is no such dead job.
    NotFound,
}

const EXHUME: &str = "delete from jobs where id = $1 and state = 'dead'
    returning id, queue, kind, tenant_id, order_key, payload, priority, max_attempts, unique_key, every, trace";

/// Enqueue a dead job anew; returns its queue where it waits now.
pub(crate) async fn replay(tx: &mut Tx, id: Uuid, now: i64) -> db::Result<(Replay, Option<String>)> {
    let exhume = |row: &Row<'_>| {
        Ok(Entry {
            id: row.get(0)?,
            queue: row.get(1)?,
            kind: row.get(2)?,
            tenant: row.get(3)?,
            key: row.get(4)?,
            payload: row.get(5)?,
            priority: row.get(6)?,
            run_at: now,
            max_attempts: row.get(7)?,
            unique: row.get(8)?,
            every: row.get(9)?,
            trace: row.get(10)?,
        })
    };
    let Some(entry) = tx.query_opt(EXHUME, params![id], exhume).await? else {
        return Ok((Replay::NotFound, None));
    };
    let entries = [entry];
    if insert::insert(tx, &entries, now).await?.is_empty() {
        return Ok((Replay::AlreadyWaiting, None));
    }
    let [entry] = entries;
    Ok((Replay::Enqueued, Some(entry.queue)))
}

pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> db::Result<bool> {
    Ok(tx.execute("delete from jobs where id = $1 and state = 'dead'", params![id]).await? > 0)
}

const PRUNE: &str = "delete from jobs where state = 'dead' and seq in (
    select j.seq from jobs j where j.state = 'dead' and j.died_at < $1 order by j.seq limit cast($2 as bigint))";

pub(crate) async fn prune(tx: &mut Tx, at: i64, limit: u32) -> db::Result<u64> {
    tx.execute(PRUNE, params![at, limit]).await
}
