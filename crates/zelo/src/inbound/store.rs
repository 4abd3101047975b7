//! All SQL of the tables `webhook_inlets`, `webhook_lanes` and `webhook_events`. They belong to the platform: an event's
//! tenant is known only after it has been opened.

use crate::{clock::Millis, crypto::KeyId, ids::ChannelId};
use db::{Result, Rows, Tx, params};
use uuid::Uuid;

/// A raw event as it lies in its table.
#[derive(Debug, Clone)]
pub(super) struct EventRow {
    pub(super) seq: i64,
    pub(super) id: Uuid,
    pub(super) app_secret: Uuid,
    pub(super) channel: Option<ChannelId>,
    pub(super) received_at: Millis,
    pub(super) key_id: KeyId,
    pub(super) body_sealed: Vec<u8>,
}

/// Make the lanes, once.
pub(super) async fn ensure_lanes(tx: &mut Tx, lanes: i64) -> Result<()> {
    for lane in 0..lanes {
        tx.execute(
            "insert into webhook_inlets (lane, last_seq) values ($1, 0) on conflict (lane) do nothing",
            params![lane],
        )
        .await?;
        tx.execute(
            "insert into webhook_lanes (lane, cursor, processed, duplicate, quarantined, attempts, lease_until)
             values ($1, 0, 0, 0, 0, 0, 0) on conflict (lane) do nothing",
            params![lane],
        )
        .await?;
    }
    Ok(())
}

/// Take `count` places in a lane; returns the last of them. Whoever takes places holds the lane's inlet until its commit, so
/// that places become visible in their order and without gaps.
pub(super) async fn take_places(tx: &mut Tx, lane: i64, count: usize) -> Result<i64> {
    tx.query_one(
        "update webhook_inlets set last_seq = last_seq + $2 where lane = $1 returning last_seq",
        params![lane, count],
        |row| row.get(0),
    )
    .await
}

/// Write what is there already.
pub(super) async fn touch_first_inlet(tx: &mut Tx) -> Result<u64> {
    tx.execute("update webhook_inlets set last_seq = last_seq where lane = 0", &[]).await
}

/// Rows of `(lane, seq, id, app_secret_id, channel_id, received_at, key_id, body_sealed)`.
pub(super) async fn insert_events(tx: &mut Tx, events: &Rows<'_>) -> Result<u64> {
    tx.execute_rows(
        "insert into webhook_events (lane, seq, id, app_secret_id, channel_id, received_at, key_id, body_sealed)
         select r.lane, r.seq, r.id, r.app_secret_id, r.channel_id, r.received_at, r.key_id, r.body_sealed
         from $rows(lane int, seq int, id uuid, app_secret_id uuid, channel_id uuid, received_at int, key_id uuid,
             body_sealed blob)",
        &[],
        events,
    )
    .await
}

/// A lane with work: its cursor, and the failures in a row of the event behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lane {
    pub(super) lane: i64,
    pub(super) cursor: i64,
    pub(super) attempts: i64,
}

/// Lanes that have events waiting and are nobody else's.
pub(super) async fn list_waiting(tx: &mut Tx, owner: Uuid, now: Millis) -> Result<Vec<Lane>> {
    tx.query(
        "select l.lane, l.cursor, l.attempts from webhook_lanes l join webhook_inlets i on i.lane = l.lane
         where i.last_seq > l.cursor and (l.lease_owner is null or l.lease_owner = $1 or l.lease_until < $2)
         order by l.lane",
        params![owner, now],
        |row| Ok(Lane { lane: row.get(0)?, cursor: row.get(1)?, attempts: row.get(2)? }),
    )
    .await
}

/// The events behind a cursor, in order.
pub(super) async fn list_events(tx: &mut Tx, lane: i64, after: i64, limit: i64) -> Result<Vec<EventRow>> {
    tx.query(
        "select seq, id, app_secret_id, channel_id, received_at, key_id, body_sealed from webhook_events
         where lane = $1 and seq > $2 order by seq limit $3",
        params![lane, after, limit],
        |row| {
            Ok(EventRow {
                seq: row.get(0)?,
                id: row.get(1)?,
                app_secret: row.get(2)?,
                channel: row.get(3)?,
                received_at: row.get(4)?,
                key_id: KeyId(row.get(5)?),
                body_sealed: row.get(6)?,
            })
        },
    )
    .await
}

/// What became of the events of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) processed: i64,
    pub(super) duplicate: i64,
    pub(super) quarantined: i64,
}

/// Move a lane's cursor on and keep its lease. False when somebody else has moved it or holds it: then nothing of this
/// batch may be stored.
pub(super) async fn advance(
    tx: &mut Tx,
    lane: Lane,
    to: i64,
    tally: Tally,
    owner: Uuid,
    now: Millis,
    lease_until: Millis,
) -> Result<bool> {
    let moved = tx
        .execute(
            "update webhook_lanes set cursor = $3, processed = processed + $4, duplicate = duplicate + $5,
                 quarantined = quarantined + $6, attempts = 0, lease_owner = $7, lease_until = $9
             where lane = $1 and cursor = $2 and (lease_owner is null or lease_owner = $7 or lease_until < $8)",
            params![
                lane.lane,
                lane.cursor,
                to,
                tally.processed,
                tally.duplicate,
                tally.quarantined,
                owner,
                now,
                lease_until
            ],
        )
        .await?;
    Ok(moved == 1)
}

/// Count a failure of the event behind the cursor.
pub(super) async fn count_failure(tx: &mut Tx, lane: Lane) -> Result<u64> {
    tx.execute(
        "update webhook_lanes set attempts = attempts + 1 where lane = $1 and cursor = $2",
        params![lane.lane, lane.cursor],
    )
    .await
}

/// Give up the lanes of a process that stops.
pub(super) async fn release_lanes(tx: &mut Tx, owner: Uuid) -> Result<u64> {
    tx.execute(
        "update webhook_lanes set lease_owner = null, lease_until = 0 where lease_owner = $1",
        params![owner],
    )
    .await
}

/// Every lane, by its number.
pub(super) async fn list_lanes(tx: &mut Tx) -> Result<Vec<i64>> {
    tx.query("select lane from webhook_lanes order by lane", &[], |row| row.get(0)).await
}

/// Remove raw events of a lane that have been dealt with, the oldest first and `most` at once; returns how many there were.
/// A lane is in the order of its events, so that this reads only what it removes, and one portion more.
pub(super) async fn delete_processed(
    tx: &mut Tx,
    lane: i64,
    received_before: Millis,
    most: u32,
) -> Result<u64> {
    tx.execute(
        "delete from webhook_events where lane = $1 and received_at < $2
         and seq <= (select l.cursor from webhook_lanes l where l.lane = $1)
         and seq <= (select max(p.seq) from
             (select seq from webhook_events where lane = $1 order by seq limit $3) as p)",
        params![lane, received_before, most],
    )
    .await
}

/// The oldest raw event that waits.
pub(super) async fn oldest_waiting(tx: &mut Tx) -> Result<Option<Millis>> {
    tx.query_one(
        "select min(e.received_at) from webhook_lanes l join webhook_events e on e.lane = l.lane and e.seq = l.cursor + 1",
        &[],
        |row| row.get(0),
    )
    .await
}

/// How many events there were, and what became of them. `stored` is the sum of the others and `waiting`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Acknowledged and on disk.
    pub stored: i64,
    /// Understood, with at least one thing that was new.
    pub processed: i64,
    /// Everything in them was known already.
    pub duplicate: i64,
    /// Kept for a person to look at.
    pub quarantined: i64,
    /// Not looked at yet.
    pub waiting: i64,
    /// When the oldest of those came in, in milliseconds since 1970.
    pub oldest_waiting_at: Option<Millis>,
}

pub(super) async fn counts(tx: &mut Tx) -> Result<Counts> {
    let mut counts = tx
        .query_one(
            "select cast(coalesce(sum(i.last_seq), 0) as $int_type), cast(coalesce(sum(l.processed), 0) as $int_type),
                 cast(coalesce(sum(l.duplicate), 0) as $int_type), cast(coalesce(sum(l.quarantined), 0) as $int_type),
                 cast(coalesce(sum(i.last_seq - l.cursor), 0) as $int_type)
             from webhook_inlets i join webhook_lanes l on l.lane = i.lane",
            &[],
            |row| {
                Ok(Counts {
                    stored: row.get(0)?,
                    processed: row.get(1)?,
                    duplicate: row.get(2)?,
                    quarantined: row.get(3)?,
                    waiting: row.get(4)?,
                    oldest_waiting_at: None,
                })
            },
        )
        .await?;
    counts.oldest_waiting_at = oldest_waiting(tx).await?;
    Ok(counts)
}
