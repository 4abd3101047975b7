//! All SQL of the tables `channel_watches` and `channel_traffic`.

use super::{
    model::{Quiet, SETTLED, Watch},
    rule::{Slot, Usual},
};
use crate::{
    clock::{HOUR, MINUTE, Millis},
    ids::{ChannelId, Ids},
    tenants::TenantScope,
};
use db::{Result, Row, Rows, Tx, params};
use std::collections::{BTreeMap, HashMap};

/// A message that comes in so long after it was written says when a webhook was mended, not when people write.
const LATE: Millis = 10 * MINUTE;

fn watch_from_row(row: &Row<'_>) -> Result<Watch> {
    Ok(Watch {
        watched_since: row.get(1)?,
        looked_at: row.get(2)?,
        learnt_until: row.get(3)?,
        learnt_hours: row.get(4)?,
        heard_at: row.get(5)?,
        silent_since: row.get(6)?,
    })
}

pub(super) async fn list_watches(tx: &mut Tx, scope: TenantScope) -> Result<HashMap<ChannelId, Watch>> {
    let rows = tx
        .query(
            "select channel_id, watched_since, looked_at, learnt_until, learnt_hours, heard_at, silent_since
             from channel_watches where tenant_id = $1",
            params![scope],
            |row| Ok((row.get(0)?, watch_from_row(row)?)),
        )
        .await?;
    Ok(rows.into_iter().collect())
}

/// Keep what was seen, unless somebody else looked since `before`; without it the channel was never looked at.
pub(super) async fn save_watch(
    tx: &mut Tx,
    scope: TenantScope,
    channel: ChannelId,
    watch: &Watch,
    before: Option<Millis>,
) -> Result<bool> {
    let saved = tx
        .execute(
            "insert into channel_watches (tenant_id, channel_id, watched_since, looked_at, learnt_until, learnt_hours, heard_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (tenant_id, channel_id) do update set watched_since = excluded.watched_since,
                 looked_at = excluded.looked_at, learnt_until = excluded.learnt_until,
                 learnt_hours = excluded.learnt_hours, heard_at = excluded.heard_at
             where channel_watches.looked_at = $8",
            params![
                scope,
                channel,
                watch.watched_since,
                watch.looked_at,
                watch.learnt_until,
                watch.learnt_hours,
                watch.heard_at,
                before
            ],
        )
        .await?;
    Ok(saved == 1)
}

/// When something last came in on each channel, of what came since.
pub(super) async fn list_heard(
    tx: &mut Tx,
    scope: TenantScope,
    since: Millis,
) -> Result<HashMap<ChannelId, Millis>> {
    let rows = tx
        .query(
            "select c.channel_id, max(m.created_at)
             from messages m $find(conversations c: c.tenant_id = m.tenant_id and c.id = m.conversation_id)
             where m.tenant_id = $1 and m.id >= $2 and m.direction = 'inbound'
             group by c.channel_id",
            params![scope, Ids::floor(since - SETTLED)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .await?;
    Ok(rows.into_iter().collect())
}

/// How many people wrote on each channel in each hour from `from` to `to`, both whole hours.
pub(super) async fn count_people(
    tx: &mut Tx,
    scope: TenantScope,
    (from, to): (Millis, Millis),
) -> Result<HashMap<ChannelId, BTreeMap<Millis, i64>>> {
    let rows: Vec<(ChannelId, i64, i64)> = tx
        .query(
            "select c.channel_id, m.created_at / 3600000, count(distinct m.conversation_id)
             from messages m $find(conversations c: c.tenant_id = m.tenant_id and c.id = m.conversation_id)
             where m.tenant_id = $1 and m.id >= $2 and m.id < $3 and m.direction = 'inbound'
                 and m.created_at >= $4 and m.created_at < $5 and m.created_at - m.sent_at < $6
             group by c.channel_id, m.created_at / 3600000",
            params![scope, Ids::floor(from - SETTLED), Ids::floor(to + SETTLED), from, to, LATE],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .await?;
    let mut people: HashMap<ChannelId, BTreeMap<Millis, i64>> = HashMap::new();
    for (channel, hour, count) in rows {
        people.entry(channel).or_default().insert(hour * HOUR, count);
    }
    Ok(people)
}

pub(super) async fn list_usual(tx: &mut Tx, scope: TenantScope) -> Result<HashMap<ChannelId, Usual>> {
    let rows: Vec<(ChannelId, i64, Slot)> = tx
        .query(
            "select channel_id, hour, people, weeks from channel_traffic where tenant_id = $1",
            params![scope],
            |row| Ok((row.get(0)?, row.get(1)?, Slot { people: row.get(2)?, weeks: row.get(3)? })),
        )
        .await?;
    let mut usual: HashMap<ChannelId, Usual> = HashMap::new();
    for (channel, hour, slot) in rows {
        usual.entry(channel).or_default().put(hour, slot);
    }
    Ok(usual)
}

pub(super) async fn save_slots(
    tx: &mut Tx,
    scope: TenantScope,
    channel: ChannelId,
    slots: &[(i64, Slot)],
) -> Result<u64> {
    let mut rows = Rows::new();
    for (hour, slot) in slots {
        rows.push([(*hour).into(), slot.people.into(), slot.weeks.into()]);
    }
    tx.execute_rows(
        "insert into channel_traffic (tenant_id, channel_id, hour, people, weeks)
         select $1, $2, r.hour, r.people, r.weeks from $rows(hour int, people int, weeks int) where true
         on conflict (tenant_id, channel_id, hour) do update set people = excluded.people, weeks = excluded.weeks",
        params![scope, channel],
        &rows,
    )
    .await
}

/// Note that somebody is told of a silence; false where they were told before.
pub(super) async fn begin_silence(
    tx: &mut Tx,
    scope: TenantScope,
    channel: ChannelId,
    quiet: Quiet,
    causes_sealed: &[u8],
    now: Millis,
) -> Result<bool> {
    let begun = tx
        .execute(
            "update channel_watches set silent_since = $3, expected = $4, noticed_at = $5, causes_sealed = $6
             where tenant_id = $1 and channel_id = $2 and silent_since is null",
            params![scope, channel, quiet.since, quiet.expected, now, causes_sealed],
        )
        .await?;
    Ok(begun == 1)
}

/// Note that a silence is over; false where there is none.
pub(super) async fn end_silence(tx: &mut Tx, scope: TenantScope, channel: ChannelId) -> Result<bool> {
    let ended = tx
        .execute(
            "update channel_watches set silent_since = null, expected = null, noticed_at = null, causes_sealed = null
             where tenant_id = $1 and channel_id = $2 and silent_since is not null",
            params![scope, channel],
        )
        .await?;
    Ok(ended == 1)
}

/// A silence as it is stored.
pub(super) struct SilenceRow {
    pub(super) channel: ChannelId,
    pub(super) quiet: Quiet,
    pub(super) noticed_at: Millis,
    pub(super) causes_sealed: Vec<u8>,
}

pub(super) async fn list_silences(tx: &mut Tx, scope: TenantScope) -> Result<Vec<SilenceRow>> {
    tx.query(
        "select channel_id, silent_since, expected, noticed_at, causes_sealed from channel_watches
         where tenant_id = $1 and silent_since is not null",
        params![scope],
        |row| {
            Ok(SilenceRow {
                channel: row.get(0)?,
                quiet: Quiet { since: row.get(1)?, expected: row.get(2)? },
                noticed_at: row.get(3)?,
                causes_sealed: row.get(4)?,
            })
        },
    )
    .await
}
