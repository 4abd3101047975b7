//! All SQL of the tables `api_keys` and `api_key_routes`.

use super::ApiKey;
use crate::{
    clock::Millis,
    ids::{ApiKeyId, TenantId},
    rights::{Permission, Permissions},
};
use db::{Result, Row, Tx, params};

fn from_row(row: &Row<'_>) -> Result<ApiKey> {
    let (permissions, networks): (String, String) = (row.get(4)?, row.get(5)?);
    Ok(ApiKey {
        id: row.get(0)?,
        maker: row.get(1)?,
        name: row.get(2)?,
        hint: row.get(3)?,
        permissions: serde_json::from_str::<Vec<String>>(&permissions)
            .unwrap_or_default()
            .iter()
            .filter_map(|name| Permission::from_word(name))
            .collect::<Permissions>(),
        // What cannot be read must not open the key to everybody.
        networks: serde_json::from_str(&networks).unwrap_or_else(|_| vec![String::new()]),
        created_at: row.get(6)?,
        expires_at: row.get(7)?,
        last_used_at: row.get(8)?,
        revoked_at: row.get(9)?,
    })
}

pub(super) async fn insert(tx: &mut Tx, tenant: TenantId, key: &ApiKey) -> Result<()> {
    let permissions = serde_json::to_string(&key.permissions).unwrap_or_default();
    let networks = serde_json::to_string(&key.networks).unwrap_or_default();
    tx.execute(
        "insert into api_keys (tenant_id, id, user_id, name, hint, permissions, networks, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            tenant,
            key.id,
            key.maker,
            &key.name,
            &key.hint,
            permissions,
            networks,
            key.created_at,
            key.expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_route(
    tx: &mut Tx,
    digest: &[u8; 32],
    tenant: TenantId,
    id: ApiKeyId,
) -> Result<()> {
    tx.execute(
        "insert into api_key_routes (secret_digest, tenant_id, api_key_id) values ($1, $2, $3)",
        params![digest, tenant, id],
    )
    .await?;
    Ok(())
}

pub(super) async fn find_route(tx: &mut Tx, digest: &[u8; 32]) -> Result<Option<(TenantId, ApiKeyId)>> {
    tx.query_opt(
        "select tenant_id, api_key_id from api_key_routes where secret_digest = $1",
        params![digest],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .await
}

pub(super) async fn find(tx: &mut Tx, tenant: TenantId, id: ApiKeyId) -> Result<Option<ApiKey>> {
    tx.query_opt(
        "select id, user_id, name, hint, permissions, networks, created_at, expires_at, last_used_at, revoked_at
         from api_keys where tenant_id = $1 and id = $2",
        params![tenant, id],
        from_row,
    )
    .await
}

pub(super) async fn list(tx: &mut Tx, tenant: TenantId) -> Result<Vec<ApiKey>> {
    tx.query(
        "select id, user_id, name, hint, permissions, networks, created_at, expires_at, last_used_at, revoked_at
         from api_keys where tenant_id = $1 order by id desc",
        params![tenant],
        from_row,
    )
    .await
}

pub(super) async fn note_use(tx: &mut Tx, tenant: TenantId, id: ApiKeyId, now: Millis) -> Result<u64> {
    tx.execute(
        "update api_keys set last_used_at = $3 where tenant_id = $1 and id = $2",
        params![tenant, id, now],
    )
    .await
}

pub(super) async fn revoke(tx: &mut Tx, tenant: TenantId, id: ApiKeyId, now: Millis) -> Result<u64> {
    tx.execute(
        "update api_keys set revoked_at = $3 where tenant_id = $1 and id = $2 and revoked_at is null",
        params![tenant, id, now],
    )
    .await
}

/// Let a key end, unless it ends earlier.
pub(super) async fn expire(tx: &mut Tx, tenant: TenantId, id: ApiKeyId, at: Millis) -> Result<u64> {
    tx.execute(
        "update api_keys set expires_at = $3
         where tenant_id = $1 and id = $2 and (expires_at is null or expires_at > $3)",
        params![tenant, id, at],
    )
    .await
}
