//! Enqueuing: as the head of its key where there is none, held otherwise.

use super::stored_tenant;
use crate::NewJob;
use db::{Error, Rows, Tx, params};
use std::collections::{BTreeSet, HashSet};
use uuid::Uuid;

/// How often a head may vanish between looking for it and locking it before the whole transaction is repeated.
const MOST_ROUNDS: usize = 8;

/// A job as it is inserted.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: Uuid,
    pub(crate) queue: String,
    pub(crate) kind: String,
    pub(crate) tenant: Uuid,
    pub(crate) key: Option<Uuid>,
    pub(crate) payload: String,
    pub(crate) priority: i64,
    pub(crate) run_at: i64,
    pub(crate) max_attempts: i64,
    pub(crate) unique: Option<String>,
    pub(crate) every: Option<i64>,
    pub(crate) trace: Option<String>,
}

impl Entry {
    pub(crate) fn new(id: Uuid, job: NewJob, trace: Option<String>, now: i64) -> Self {
        Self {
            id,
            queue: job.queue.name().to_owned(),
            kind: job.kind.into_owned(),
            tenant: stored_tenant(job.tenant),
            key: job.key,
            payload: job.payload,
            priority: job.priority.into(),
            run_at: job.run_at.unwrap_or(now),
            max_attempts: job.max_attempts.into(),
            unique: job.unique,
            every: None,
            trace,
        }
    }

    /// The next run of a periodic job. Runs lie on multiples of the period since 1970, so that processes agree on them
    /// and runs missed while nobody worked are made up for by one, not by all.
    pub(crate) fn periodic(id: Uuid, queue: &str, kind: &str, unique: &str, every: i64, now: i64) -> Self {
        Self {
            id,
            queue: queue.to_owned(),
            kind: kind.to_owned(),
            tenant: Uuid::nil(),
            key: None,
            payload: "{}".to_owned(),
            priority: 0,
            run_at: (now.div_euclid(every) + 1) * every,
            max_attempts: PERIODIC_ATTEMPTS,
            unique: Some(unique.to_owned()),
            every: Some(every),
            trace: None,
        }
    }
}

/// A run that failed so often is left to the next one.
const PERIODIC_ATTEMPTS: i64 = 3;

macro_rules! insert_as {
    ($state:literal) => {
        concat!(
            "insert into jobs (id, queue, kind, tenant_id, order_key, payload, priority, run_at, max_attempts,
                               unique_key, every, trace, state, created_at)
             select r.id, r.queue, r.kind, r.tenant_id, r.order_key, r.payload, r.priority, r.run_at,
                    r.max_attempts, r.unique_key, r.every, r.trace, ",
            $state,
            ", $1
             from $rows(place int, id uuid, queue text, kind text, tenant_id uuid, order_key uuid, payload text,
                        priority int, run_at int, max_attempts int, unique_key text, every int, trace text)
             where true order by r.place
             on conflict do nothing returning id"
        )
    };
}

const INSERT_HEAD: &str = insert_as!("case when r.run_at <= $1 then 'ready' else 'scheduled' end");
const INSERT_HELD: &str = insert_as!("'held'");

/// While its head is locked, a key cannot run empty: whoever finishes the head waits, and then sees what is held.
const LOCK_HEADS: &str = "select j.queue, j.order_key
    from $rows(queue text, order_key uuid)
    $find(jobs j: j.queue = r.queue and j.order_key = r.order_key and j.state in ('ready', 'scheduled', 'running'))
    order by j.seq $for_update";

const TAKEN_NAMES: &str = "select r.id
    from $rows(id uuid, queue text, unique_key text)
    $find(jobs j: j.queue = r.queue and j.unique_key = r.unique_key and j.state <> 'dead')";

fn rows<'a>(entries: &[&'a Entry]) -> Rows<'a> {
    let mut rows = Rows::new();
    for (place, entry) in entries.iter().enumerate() {
        rows.push([
            place.into(),
            entry.id.into(),
            (&entry.queue).into(),
            (&entry.kind).into(),
            entry.tenant.into(),
            entry.key.into(),
            (&entry.payload).into(),
            entry.priority.into(),
            entry.run_at.into(),
            entry.max_attempts.into(),
            entry.unique.as_deref().into(),
            entry.every.into(),
            entry.trace.as_deref().into(),
        ]);
    }
    rows
}

/// Insert what does not exist yet; returns the ids of what was inserted.
pub(crate) async fn insert(tx: &mut Tx, entries: &[Entry], now: i64) -> db::Result<HashSet<Uuid>> {
    let mut inserted = HashSet::with_capacity(entries.len());
    let mut waiting: Vec<&Entry> = entries.iter().collect();
    for _ in 0..MOST_ROUNDS {
        let fresh: Vec<Uuid> =
            tx.query_rows(INSERT_HEAD, params![now], &rows(&waiting), |row| row.get(0)).await?;
        inserted.extend(fresh);
        // Without a key, only its unique name can have kept a job out.
        waiting.retain(|entry| !inserted.contains(&entry.id) && entry.key.is_some());
        if waiting.is_empty() {
            return Ok(inserted);
        }
        let locked = lock_heads(tx, &waiting).await?;
        let (held, rest): (Vec<&Entry>, Vec<&Entry>) = waiting
            .into_iter()
            .partition(|entry| entry.key.is_some_and(|key| locked.contains(&(entry.queue.clone(), key))));
        if !held.is_empty() {
            let fresh: Vec<Uuid> =
                tx.query_rows(INSERT_HELD, params![now], &rows(&held), |row| row.get(0)).await?;
            inserted.extend(fresh);
        }
        let taken = taken_names(tx, &rest).await?;
        waiting = rest.into_iter().filter(|entry| !taken.contains(&entry.id)).collect();
        if waiting.is_empty() {
            return Ok(inserted);
        }
    }
    Err(Error::Conflict("the jobs of a key kept changing while another one was added".to_owned()))
}

async fn lock_heads(tx: &mut Tx, waiting: &[&Entry]) -> db::Result<HashSet<(String, Uuid)>> {
    let keys: BTreeSet<(&str, Uuid)> =
        waiting.iter().filter_map(|entry| Some((entry.queue.as_str(), entry.key?))).collect();
    let mut wanted = Rows::new();
    for (queue, key) in keys {
        wanted.push([queue.into(), key.into()]);
    }
    let locked = tx.query_rows(LOCK_HEADS, &[], &wanted, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    Ok(locked.into_iter().collect())
}

/// Which of these stay out because of their unique names. The others met a head that has gone since.
async fn taken_names(tx: &mut Tx, waiting: &[&Entry]) -> db::Result<HashSet<Uuid>> {
    let mut wanted = Rows::new();
    for entry in waiting {
        if let Some(unique) = &entry.unique {
            wanted.push([entry.id.into(), (&entry.queue).into(), unique.into()]);
        }
    }
    Ok(tx.query_rows(TAKEN_NAMES, &[], &wanted, |row| row.get(0)).await?.into_iter().collect())
}
