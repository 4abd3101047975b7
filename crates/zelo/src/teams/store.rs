//! All SQL of the tables `teams` and `team_members`.

use crate::{
    clock::Millis,
    ids::{TeamId, UserId},
    tenants::TenantScope,
};
use db::{Result, Rows, Tx, params};

/// A team, locked until the transaction ends.
pub(super) async fn lock_name(tx: &mut Tx, scope: TenantScope, id: TeamId) -> Result<Option<String>> {
    tx.query_opt(
        "select name from teams where tenant_id = $1 and id = $2 $for_update",
        params![scope, id],
        |row| row.get(0),
    )
    .await
}

pub(super) async fn list(tx: &mut Tx, scope: TenantScope) -> Result<Vec<(TeamId, String)>> {
    tx.query("select id, name from teams where tenant_id = $1 order by name, id", params![scope], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .await
}

pub(super) async fn list_members(tx: &mut Tx, scope: TenantScope) -> Result<Vec<(TeamId, UserId)>> {
    tx.query(
        "select team_id, user_id from team_members where tenant_id = $1 order by team_id, user_id",
        params![scope],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .await
}

pub(super) async fn insert(
    tx: &mut Tx,
    scope: TenantScope,
    id: TeamId,
    name: &str,
    now: Millis,
) -> Result<()> {
    tx.execute(
        "insert into teams (tenant_id, id, name, created_at) values ($1, $2, $3, $4)",
        params![scope, id, name, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn rename(tx: &mut Tx, scope: TenantScope, id: TeamId, name: &str) -> Result<u64> {
    tx.execute("update teams set name = $3 where tenant_id = $1 and id = $2", params![scope, id, name]).await
}

pub(super) async fn delete(tx: &mut Tx, scope: TenantScope, id: TeamId) -> Result<u64> {
    tx.execute("delete from teams where tenant_id = $1 and id = $2", params![scope, id]).await
}

pub(super) async fn delete_members(tx: &mut Tx, scope: TenantScope, id: TeamId) -> Result<u64> {
    tx.execute("delete from team_members where tenant_id = $1 and team_id = $2", params![scope, id]).await
}

/// Rows of `(user_id)`.
pub(super) async fn insert_members(
    tx: &mut Tx,
    scope: TenantScope,
    id: TeamId,
    members: &Rows<'_>,
) -> Result<u64> {
    tx.execute_rows(
        "insert into team_members (tenant_id, team_id, user_id)
         select $1, $2, r.user_id from $rows(user_id uuid) where true
         on conflict (tenant_id, team_id, user_id) do nothing",
        params![scope, id],
        members,
    )
    .await
}
