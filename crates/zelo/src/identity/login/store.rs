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

/// Failures since the last success.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Failures {
    pub(super) passwords: i64,
    pub(super) codes: i64,
    pub(super) code_window_began_at: Millis,
}

pub(super) async fn find_failures(tx: &mut Tx, email_digest: &[u8; 16]) -> Result<Failures> {
    let found = tx
        .query_opt(
            "select password_failures, code_failures, code_window_began_at from login_attempts where email_digest = $1",
            params![email_digest],
            |row| {
                Ok(Failures { passwords: row.get(0)?, codes: row.get(1)?, code_window_began_at: row.get(2)? })
            },
        )
        .await?;
    Ok(found.unwrap_or_default())
}

/// Count a wrong code; those from before `since` no longer count. Returns how many there are.
pub(super) async fn note_code_failure(
    tx: &mut Tx,
    email_digest: &[u8; 16],
    now: Millis,
    since: Millis,
) -> Result<i64> {
    tx.query_one(
        "insert into login_attempts (email_digest, password_failures, code_failures, code_window_began_at, last_at)
         values ($1, 0, 1, $2, $2)
         on conflict (email_digest) do update set
             code_failures = case when login_attempts.code_failures = 0 or login_attempts.code_window_began_at <= $3
                 then 1 else login_attempts.code_failures + 1 end,
             code_window_began_at = case
                 when login_attempts.code_failures = 0 or login_attempts.code_window_began_at <= $3
                 then $2 else login_attempts.code_window_began_at end,
             last_at = $2
         returning code_failures",
        params![email_digest, now, since],
        |row| row.get(0),
    )
    .await
}

pub(super) async fn delete_attempts_before(tx: &mut Tx, before: Millis) -> Result<u64> {
    tx.execute("delete from login_attempts where last_at < $1", params![before]).await
}

pub(in crate::identity) async fn clear_failures(tx: &mut Tx, email_digest: &[u8; 16]) -> Result<u64> {
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
