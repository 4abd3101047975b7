//! All SQL of the tables `number_paces` and `pair_paces`.

use super::{
    number::{Circuit, NumberPace},
    pair::PairPace,
};
use crate::{
    clock::Millis,
    ids::{ChannelId, ContactId},
    tenants::TenantScope,
};
use db::{Result, Row, Tx, params};

/// A number's pace, locked until the transaction ends. One that never sent gets a fresh one.
pub(super) async fn lock_number(tx: &mut Tx, scope: TenantScope, channel: ChannelId) -> Result<NumberPace> {
    let fresh = NumberPace::default();
    tx.execute(
        "insert into number_paces (tenant_id, channel_id, next_us, share, slowed_at, circuit, closed_until, openings)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant_id, channel_id) do nothing",
        params![
            scope,
            channel,
            fresh.next_us,
            fresh.share,
            fresh.slowed_at,
            fresh.circuit.as_str(),
            fresh.closed_until,
            fresh.openings
        ],
    )
    .await?;
    tx.query_one(
        "select next_us, share, slowed_at, circuit, closed_until, openings from number_paces
         where tenant_id = $1 and channel_id = $2 $for_update",
        params![scope, channel],
        number_from_row,
    )
    .await
}

pub(super) async fn update_number(
    tx: &mut Tx,
    scope: TenantScope,
    channel: ChannelId,
    pace: &NumberPace,
) -> Result<u64> {
    tx.execute(
        "update number_paces set next_us = $3, share = $4, slowed_at = $5, circuit = $6, closed_until = $7, openings = $8
         where tenant_id = $1 and channel_id = $2",
        params![
            scope,
            channel,
            pace.next_us,
            pace.share,
            pace.slowed_at,
            pace.circuit.as_str(),
            pace.closed_until,
            pace.openings
        ],
    )
    .await
}

/// The paces of all numbers that ever sent.
pub(super) async fn list_numbers(tx: &mut Tx, scope: TenantScope) -> Result<Vec<(ChannelId, NumberPace)>> {
    tx.query(
        "select next_us, share, slowed_at, circuit, closed_until, openings, channel_id from number_paces
         where tenant_id = $1",
        params![scope],
        |row| Ok((row.get(6)?, number_from_row(row)?)),
    )
    .await
}

fn number_from_row(row: &Row<'_>) -> Result<NumberPace> {
    let circuit: String = row.get(3)?;
    Ok(NumberPace {
        next_us: row.get(0)?,
        share: row.get(1)?,
        slowed_at: row.get(2)?,
        circuit: Circuit::from_word(&circuit),
        closed_until: row.get(4)?,
        openings: row.get(5)?,
    })
}

/// What was sent to a person lately; nothing is as good as long ago.
pub(super) async fn find_pair(
    tx: &mut Tx,
    scope: TenantScope,
    (channel, contact): (ChannelId, ContactId),
) -> Result<Option<PairPace>> {
    tx.query_opt(
        "select began_at, sent, refusals, waits_until from pair_paces
         where tenant_id = $1 and channel_id = $2 and contact_id = $3",
        params![scope, channel, contact],
        |row| {
            Ok(PairPace {
                began_at: row.get(0)?,
                sent: row.get(1)?,
                refusals: row.get(2)?,
                waits_until: row.get(3)?,
            })
        },
    )
    .await
}

pub(super) async fn save_pair(
    tx: &mut Tx,
    scope: TenantScope,
    (channel, contact): (ChannelId, ContactId),
    pace: &PairPace,
) -> Result<u64> {
    tx.execute(
        "insert into pair_paces (tenant_id, channel_id, contact_id, began_at, sent, refusals, waits_until)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, channel_id, contact_id) do update set began_at = excluded.began_at,
             sent = excluded.sent, refusals = excluded.refusals, waits_until = excluded.waits_until",
        params![scope, channel, contact, pace.began_at, pace.sent, pace.refusals, pace.waits_until],
    )
    .await
}

/// Forget pairs about which there is nothing to know any more.
pub(super) async fn delete_pairs_before(tx: &mut Tx, scope: TenantScope, at: Millis) -> Result<u64> {
    tx.execute(
        "delete from pair_paces where tenant_id = $1 and began_at < $2 and waits_until < $2",
        params![scope, at],
    )
    .await
}
