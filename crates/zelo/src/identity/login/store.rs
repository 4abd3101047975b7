//! All SQL of the tables `login_attempts` and `known_devices`.

use crate::{
    clock::Millis,
    ids::{TenantId, UserId},
};
use db::{Result, Tx, params};

/// Count a wrong password, for an unknown address too.
pub(super) async fn note_password_failure(tx: &mut Tx, email_digest: &[u8; 16], now: Millis) -> Result<()> {
    tx.execute(
        "insert into login_attempts (email_digest, password_failures, code_failures, code_window_began_at, last_at)
         values ($1, 1, 0, $2, $2)
         on conflict (email_digest) do update
         set password_failures = login_attempts.password_failures + 1, last_at = $2",
        params![email_digest, now],
    )
    .await?;
    Ok(())
}

pub(super) async fn clear_failures(tx: &mut Tx, email_digest: &[u8; 16]) -> Result<u64> {
    tx.execute("delete from login_attempts where email_digest = $1", params![email_digest]).await
}

/// Whether somebody logged in with this before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// This one.
    Before,
    /// Others, but not this one.
    New,
    /// None at all: the account's first log-in.
    First,
}

pub(super) async fn see_device(
    tx: &mut Tx,
    tenant: TenantId,
    user: UserId,
    device_digest: &[u8; 32],
    now: Millis,
) -> Result<Seen> {
    let known = tx
        .execute(
            "update known_devices set last_seen_at = $4
             where tenant_id = $1 and user_id = $2 and device_digest = $3",
            params![tenant, user, device_digest, now],
        )
        .await?;
    if known > 0 {
        return Ok(Seen::Before);
    }
    let others: i64 = tx
        .query_one(
            "select count(*) from known_devices where tenant_id = $1 and user_id = $2",
            params![tenant, user],
            |row| row.get(0),
        )
        .await?;
    tx.execute(
        "insert into known_devices (tenant_id, user_id, device_digest, created_at, last_seen_at)
         values ($1, $2, $3, $4, $4)
         on conflict (tenant_id, user_id, device_digest) do nothing",
        params![tenant, user, device_digest, now],
    )
    .await?;
    Ok(if others == 0 { Seen::First } else { Seen::New })
}
