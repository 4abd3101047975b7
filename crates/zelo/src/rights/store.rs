//! All SQL of the table `roles`.

use super::{CustomRole, Permissions, Rights, Visibility};
use crate::{
    clock::Millis,
    ids::{RoleId, TenantId},
};
use db::{Result, Row, Tx, params};

fn from_row(row: &Row<'_>) -> Result<CustomRole> {
    let (permissions, visibility): (String, String) = (row.get(2)?, row.get(3)?);
    Ok(CustomRole {
        id: row.get(0)?,
        name: row.get(1)?,
        rights: Rights {
            // A permission of a later version means nothing here, and is not given.
            permissions: serde_json::from_str::<Vec<String>>(&permissions)
                .unwrap_or_default()
                .iter()
                .filter_map(|name| super::Permission::from_word(name))
                .collect::<Permissions>(),
            visibility: Visibility::from_word(&visibility).unwrap_or(Visibility::Own),
        },
    })
}

pub(super) async fn find(tx: &mut Tx, tenant: TenantId, id: RoleId) -> Result<Option<CustomRole>> {
    tx.query_opt(
        "select id, name, permissions, visibility from roles where tenant_id = $1 and id = $2",
        params![tenant, id],
        from_row,
    )
    .await
}

/// The same, locked until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, tenant: TenantId, id: RoleId) -> Result<Option<CustomRole>> {
    tx.query_opt(
        "select id, name, permissions, visibility from roles where tenant_id = $1 and id = $2 $for_update",
        params![tenant, id],
        from_row,
    )
    .await
}

pub(super) async fn list(tx: &mut Tx, tenant: TenantId) -> Result<Vec<CustomRole>> {
    tx.query(
        "select id, name, permissions, visibility from roles where tenant_id = $1 order by name, id",
        params![tenant],
        from_row,
    )
    .await
}

fn permissions(role: &CustomRole) -> String {
    serde_json::to_string(&role.rights.permissions).unwrap_or_default()
}

pub(super) async fn insert(tx: &mut Tx, tenant: TenantId, role: &CustomRole, now: Millis) -> Result<()> {
    tx.execute(
        "insert into roles (tenant_id, id, name, permissions, visibility, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $6)",
        params![tenant, role.id, &role.name, permissions(role), role.rights.visibility.as_str(), now],
    )
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, tenant: TenantId, role: &CustomRole, now: Millis) -> Result<u64> {
    tx.execute(
        "update roles set name = $3, permissions = $4, visibility = $5, updated_at = $6
         where tenant_id = $1 and id = $2",
        params![tenant, role.id, &role.name, permissions(role), role.rights.visibility.as_str(), now],
    )
    .await
}

pub(super) async fn delete(tx: &mut Tx, tenant: TenantId, id: RoleId) -> Result<u64> {
    tx.execute("delete from roles where tenant_id = $1 and id = $2", params![tenant, id]).await
}
