//! All SQL of the table `outbox`. It belongs to the platform, because followers read over all tenants; it holds ids only.

use super::{Event, TOPIC};
use crate::{
    clock::Millis,
    ids::{MessageId, TenantId},
    tenants::TenantScope,
};
use db::{Result, Rows, Tx, params};
use uuid::Uuid;

/// Record what a use case did, inside its transaction.
///
/// # Errors
/// What the database answers; then the use case fails with it.
pub async fn record(tx: &mut Tx, scope: TenantScope, events: &[Event], now: Millis) -> Result<()> {
    let mut rows = Rows::new();
    for event in events {
        rows.push([event.subject().into(), event.name().into(), event.message().into(), event.seq().into()]);
    }
    tx.execute_rows(
        "insert into outbox (mark, tenant_id, subject_id, event, message_id, seq, created_at)
         select $transaction_mark, $1, r.subject_id, r.event, r.message_id, r.seq, $2
         from $rows(subject_id uuid, event text, message_id uuid, seq int)",
        params![scope, now],
        &rows,
    )
    .await?;
    tx.wake(TOPIC);
    Ok(())
}

/// An event with its place in the outbox.
#[derive(Debug, Clone, Copy)]
pub struct Recorded {
    /// Whose.
    pub tenant: TenantId,
    /// What.
    pub event: Event,
}

/// A place in the outbox. Later transactions have greater ones, whatever the order of their commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Place {
    mark: i64,
    id: i64,
}

pub(super) async fn last_place(tx: &mut Tx) -> Result<Place> {
    let last = tx
        .query_opt(
            "select mark, id from outbox where mark < $settled_mark order by mark desc, id desc limit 1",
            &[],
            |row| Ok(Place { mark: row.get(0)?, id: row.get(1)? }),
        )
        .await?;
    Ok(last.unwrap_or_default())
}

/// The next events, and the place up to which they go: a newer version may write events that this one does not know, and
/// they are passed by. Two ranges of one index: a comparison of rows would make SQLite read the outbox from its beginning.
pub(super) async fn list_after(
    tx: &mut Tx,
    after: Place,
    limit: i64,
) -> Result<(Vec<Recorded>, Option<Place>)> {
    let mut rows = tx
        .query(
            "select * from (
                 select mark, id, tenant_id, event, subject_id, message_id, seq from outbox
                 where mark = $1 and id > $2 and mark < $settled_mark order by id limit $3
             ) as same_mark
             union all
             select * from (
                 select mark, id, tenant_id, event, subject_id, message_id, seq from outbox
                 where mark > $1 and mark < $settled_mark order by mark, id limit $3
             ) as later_mark",
            params![after.mark, after.id, limit],
            |row| {
                let name: String = row.get(3)?;
                let (subject, message): (Uuid, Option<MessageId>) = (row.get(4)?, row.get(5)?);
                let event = Event::read(&name, subject, message, row.get(6)?);
                let place = Place { mark: row.get(0)?, id: row.get(1)? };
                Ok((place, row.get::<TenantId>(2)?, event))
            },
        )
        .await?;
    rows.sort_unstable_by_key(|(place, _, _)| *place);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let last = rows.last().map(|(place, _, _)| *place);
    let known = rows.into_iter().filter_map(|(_, tenant, event)| Some(Recorded { tenant, event: event? }));
    Ok((known.collect(), last))
}

/// Forget what everybody has heard of, the oldest first and `most` at once; returns how many there were.
pub(crate) async fn delete_before(tx: &mut Tx, created_before: Millis, most: u32) -> Result<u64> {
    tx.execute(
        "delete from outbox where id in (select id from outbox order by id limit $2) and created_at < $1",
        params![created_before, most],
    )
    .await
}
