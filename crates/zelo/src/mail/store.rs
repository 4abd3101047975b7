//! All SQL of the table `mails`.

use crate::{
    clock::Millis,
    ids::{TenantId, UserId},
};
use db::{Result, Tx, params};
use uuid::Uuid;

pub(super) async fn insert(
    tx: &mut Tx,
    tenant: TenantId,
    id: Uuid,
    user: Option<UserId>,
    kind: &'static str,
    content_sealed: &[u8],
    now: Millis,
) -> Result<()> {
    tx.execute(
        "insert into mails (tenant_id, id, user_id, kind, state, content_sealed, created_at)
         values ($1, $2, $3, $4, 'queued', $5, $6)",
        params![tenant, id, user, kind, content_sealed, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn find_queued(tx: &mut Tx, tenant: TenantId, id: Uuid) -> Result<Option<Vec<u8>>> {
    let sealed: Option<Option<Vec<u8>>> = tx
        .query_opt(
            "select content_sealed from mails where tenant_id = $1 and id = $2 and state = 'queued'",
            params![tenant, id],
            |row| row.get(0),
        )
        .await?;
    Ok(sealed.flatten())
}

pub(super) async fn settle(
    tx: &mut Tx,
    tenant: TenantId,
    id: Uuid,
    state: &'static str,
    now: Millis,
) -> Result<u64> {
    tx.execute(
        "update mails set state = $3, settled_at = $4 where tenant_id = $1 and id = $2",
        params![tenant, id, state, now],
    )
    .await
}

pub(super) async fn forget_content(tx: &mut Tx, tenant: TenantId, id: Uuid) -> Result<u64> {
    tx.execute("update mails set content_sealed = null where tenant_id = $1 and id = $2", params![tenant, id])
        .await
}

pub(super) async fn list_newest(tx: &mut Tx, tenant: TenantId) -> Result<Vec<(Uuid, Millis, Vec<u8>)>> {
    tx.query(
        "select id, created_at, content_sealed from mails where tenant_id = $1 and content_sealed is not null
         order by created_at desc, id desc limit 50",
        params![tenant],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
    .await
}

pub(super) async fn delete_before(tx: &mut Tx, tenant: TenantId, before: Millis) -> Result<u64> {
    tx.execute("delete from mails where tenant_id = $1 and created_at < $2", params![tenant, before]).await
}
