//! All SQL of the table `approvals`.

use super::Act;
use crate::{
    clock::Millis,
    ids::{ApprovalId, TenantId, UserId},
};
use db::{Result, Row, Tx, params};

pub(super) struct ApprovalRow {
    pub(super) id: ApprovalId,
    pub(super) act: String,
    pub(super) wish_sealed: Vec<u8>,
    pub(super) requester: UserId,
    pub(super) state: String,
    pub(super) created_at: Millis,
    pub(super) expires_at: Millis,
    pub(super) decided_by: Option<UserId>,
    pub(super) decided_at: Option<Millis>,
}

/// The columns in the order of `from_row`.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, act, wish_sealed, requester_id, state, created_at, expires_at, decider_id, decided_at
             from approvals where tenant_id = $1 ",
            $rest
        )
    };
}

fn from_row(row: &Row<'_>) -> Result<ApprovalRow> {
    Ok(ApprovalRow {
        id: row.get(0)?,
        act: row.get(1)?,
        wish_sealed: row.get(2)?,
        requester: row.get(3)?,
        state: row.get(4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
        decided_by: row.get(7)?,
        decided_at: row.get(8)?,
    })
}

pub(super) async fn insert(tx: &mut Tx, tenant: TenantId, row: &ApprovalRow) -> Result<()> {
    tx.execute(
        "insert into approvals (tenant_id, id, act, wish_sealed, requester_id, state, created_at, expires_at)
         values ($1, $2, $3, $4, $5, 'open', $6, $7)",
        params![tenant, row.id, &row.act, &row.wish_sealed, row.requester, row.created_at, row.expires_at],
    )
    .await?;
    Ok(())
}

/// A request, locked until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, tenant: TenantId, id: ApprovalId) -> Result<Option<ApprovalRow>> {
    tx.query_opt(select!("and id = $2 $for_update"), params![tenant, id], from_row).await
}

/// The open requests of an act, oldest first, locked until the transaction ends.
pub(super) async fn lock_open(
    tx: &mut Tx,
    tenant: TenantId,
    act: Act,
    now: Millis,
) -> Result<Vec<ApprovalRow>> {
    tx.query(
        select!("and act = $2 and state = 'open' and expires_at > $3 order by id $for_update"),
        params![tenant, act.as_str(), now],
        from_row,
    )
    .await
}

/// The newest, before `after` where it is given.
pub(super) async fn list(
    tx: &mut Tx,
    tenant: TenantId,
    after: Option<ApprovalId>,
    limit: i64,
) -> Result<Vec<ApprovalRow>> {
    tx.query(
        select!("and (cast($2 as $uuid_type) is null or id < $2) order by id desc limit $3"),
        params![tenant, after, limit],
        from_row,
    )
    .await
}

/// Decide; what was approved can be used until `expires_at`.
pub(super) async fn decide(
    tx: &mut Tx,
    tenant: TenantId,
    id: ApprovalId,
    state: &'static str,
    decider: UserId,
    now: Millis,
    expires_at: Millis,
) -> Result<u64> {
    tx.execute(
        "update approvals set state = $3, decider_id = $4, decided_at = $5, expires_at = $6
         where tenant_id = $1 and id = $2 and state = 'open'",
        params![tenant, id, state, decider, now, expires_at],
    )
    .await
}

/// Requests whose time is over and whose end was not written yet: those on which nobody decided, and approved exports that
/// nobody fetched.
pub(super) async fn list_overdue(tx: &mut Tx, tenant: TenantId, now: Millis) -> Result<Vec<ApprovalRow>> {
    tx.query(
        select!("and (state = 'open' or state = 'approved' and act = 'export_all') and expires_at <= $2 order by id"),
        params![tenant, now],
        from_row,
    )
    .await
}

/// Write that nothing more comes of a request; says 0 where something did come of it, or it was written before.
pub(super) async fn expire(tx: &mut Tx, tenant: TenantId, id: ApprovalId, now: Millis) -> Result<u64> {
    tx.execute(
        "update approvals set state = 'expired'
         where tenant_id = $1 and id = $2 and state in ('open', 'approved') and expires_at <= $3",
        params![tenant, id, now],
    )
    .await
}

/// Use what was approved, once.
pub(super) async fn use_up(tx: &mut Tx, tenant: TenantId, id: ApprovalId, now: Millis) -> Result<u64> {
    tx.execute(
        "update approvals set state = 'used' where tenant_id = $1 and id = $2 and state = 'approved'
         and expires_at > $3",
        params![tenant, id, now],
    )
    .await
}
