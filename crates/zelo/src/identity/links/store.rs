//! All SQL of the tables `account_links` and `setup_links`.

use super::LinkKind;
use crate::{
    clock::Millis,
    ids::{TenantId, UserId},
};
use db::{Result, Tx, params};
use uuid::Uuid;

/// A link to a password.
pub(in crate::identity) struct LinkRow {
    pub(in crate::identity) digest: [u8; 32],
    pub(in crate::identity) tenant: TenantId,
    pub(in crate::identity) user: UserId,
    pub(in crate::identity) kind: LinkKind,
    pub(in crate::identity) security_version: i64,
}

pub(super) async fn insert_link(tx: &mut Tx, link: &LinkRow, now: Millis, expires_at: Millis) -> Result<()> {
    tx.execute(
        "insert into account_links (secret_digest, tenant_id, user_id, kind, security_version, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        params![
            &link.digest,
            link.tenant,
            link.user,
            link.kind.as_str(),
            link.security_version,
            now,
            expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete_links_of(tx: &mut Tx, tenant: TenantId, user: UserId) -> Result<u64> {
    tx.execute("delete from account_links where tenant_id = $1 and user_id = $2", params![tenant, user]).await
}

pub(super) async fn find_link(tx: &mut Tx, digest: &[u8; 32], now: Millis) -> Result<Option<LinkRow>> {
    tx.query_opt(
        "select secret_digest, tenant_id, user_id, kind, security_version from account_links
         where secret_digest = $1 and used_at is null and expires_at > $2",
        params![digest, now],
        |row| {
            Ok(LinkRow {
                digest: row.get(0)?,
                tenant: row.get(1)?,
                user: row.get(2)?,
                kind: LinkKind::from_word(&row.get::<String>(3)?),
                security_version: row.get(4)?,
            })
        },
    )
    .await
}

/// Use a link up; only one of two at once succeeds.
pub(super) async fn use_link(tx: &mut Tx, digest: &[u8; 32], now: Millis) -> Result<u64> {
    tx.execute(
        "update account_links set used_at = $2 where secret_digest = $1 and used_at is null and expires_at > $2",
        params![digest, now],
    )
    .await
}

/// Put a new set-up link in place of those that nobody used.
pub(super) async fn insert_setup_link(
    tx: &mut Tx,
    digest: &[u8; 32],
    now: Millis,
    expires_at: Millis,
) -> Result<()> {
    tx.execute("delete from setup_links where used_at is null", &[]).await?;
    tx.execute(
        "insert into setup_links (secret_digest, tenant_id, created_at, expires_at) values ($1, $2, $3, $4)",
        params![digest, Uuid::nil(), now, expires_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn is_setup_link_open(tx: &mut Tx, digest: &[u8; 32], now: Millis) -> Result<bool> {
    let found = tx
        .query_opt(
            "select expires_at from setup_links where secret_digest = $1 and used_at is null and expires_at > $2",
            params![digest, now],
            |row| row.get::<i64>(0),
        )
        .await?;
    Ok(found.is_some())
}

pub(super) async fn use_setup_link(tx: &mut Tx, digest: &[u8; 32], now: Millis) -> Result<u64> {
    tx.execute(
        "update setup_links set used_at = $2 where secret_digest = $1 and used_at is null and expires_at > $2",
        params![digest, now],
    )
    .await
}
