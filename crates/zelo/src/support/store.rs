//! All SQL of the table `support_accesses`.

use super::EndedBy;
use crate::{
    clock::Millis,
    ids::{SessionId, SupportAccessId, TenantId, UserId},
};
use db::{Result, Row, Tx, params};

pub(super) struct AccessRow {
    pub(super) id: SupportAccessId,
    pub(super) supporter: UserId,
    pub(super) session: SessionId,
    pub(super) secret_digest: [u8; 32],
    pub(super) reason_sealed: Vec<u8>,
    pub(super) begun_at: Millis,
    pub(super) expires_at: Millis,
    pub(super) last_used_at: Option<Millis>,
    pub(super) uses: i64,
    pub(super) ended_at: Option<Millis>,
    pub(super) ended_by: Option<String>,
}

/// The columns in the order of `from_row`.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, supporter_id, session_id, secret_digest, reason_sealed, begun_at, expires_at, last_used_at, uses,
                 ended_at, ended_by
             from support_accesses where tenant_id = $1 ",
            $rest
        )
    };
}

fn from_row(row: &Row<'_>) -> Result<AccessRow> {
    Ok(AccessRow {
        id: row.get(0)?,
        supporter: row.get(1)?,
        session: row.get(2)?,
        secret_digest: row.get(3)?,
        reason_sealed: row.get(4)?,
        begun_at: row.get(5)?,
        expires_at: row.get(6)?,
        last_used_at: row.get(7)?,
        uses: row.get(8)?,
        ended_at: row.get(9)?,
        ended_by: row.get(10)?,
    })
}

pub(super) async fn insert(tx: &mut Tx, tenant: TenantId, access: &AccessRow) -> Result<()> {
    tx.execute(
        "insert into support_accesses (tenant_id, id, supporter_id, session_id, secret_digest, reason_sealed, begun_at,
             expires_at, uses)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
        params![
            tenant,
            access.id,
            access.supporter,
            access.session,
            &access.secret_digest,
            &access.reason_sealed,
            access.begun_at,
            access.expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, tenant: TenantId, id: SupportAccessId) -> Result<Option<AccessRow>> {
    tx.query_opt(select!("and id = $2"), params![tenant, id], from_row).await
}

/// The newest, before `after` where it is given.
pub(super) async fn list(
    tx: &mut Tx,
    tenant: TenantId,
    after: Option<SupportAccessId>,
    limit: i64,
) -> Result<Vec<AccessRow>> {
    tx.query(
        select!("and (cast($2 as $uuid_type) is null or id < $2) order by id desc limit $3"),
        params![tenant, after, limit],
        from_row,
    )
    .await
}

/// Those whose end was not written yet.
pub(super) async fn list_open(tx: &mut Tx, tenant: TenantId) -> Result<Vec<AccessRow>> {
    tx.query(select!("and ended_at is null order by id"), params![tenant], from_row).await
}

/// Count a use; says 0 when the access is over.
pub(super) async fn note_use(tx: &mut Tx, tenant: TenantId, id: SupportAccessId, now: Millis) -> Result<u64> {
    tx.execute(
        "update support_accesses set uses = uses + 1, last_used_at = $3
         where tenant_id = $1 and id = $2 and ended_at is null and expires_at > $3",
        params![tenant, id, now],
    )
    .await
}

/// Write its end; says 0 when it was written before.
pub(super) async fn end(
    tx: &mut Tx,
    tenant: TenantId,
    id: SupportAccessId,
    at: Millis,
    by: EndedBy,
) -> Result<u64> {
    tx.execute(
        "update support_accesses set ended_at = $3, ended_by = $4
         where tenant_id = $1 and id = $2 and ended_at is null",
        params![tenant, id, at, by.as_str()],
    )
    .await
}
