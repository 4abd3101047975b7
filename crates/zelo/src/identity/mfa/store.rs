//! All SQL of the tables `mfa_factors`, `mfa_backup_codes`, `mfa_policies` and `mfa_challenges`.

use crate::{
    clock::Millis,
    ids::{TenantId, UserId},
};
use db::{Result, Tx, params};
use uuid::Uuid;

pub(super) struct FactorRow {
    pub(super) id: Uuid,
    pub(super) seed_sealed: Vec<u8>,
    pub(super) confirmed_at: Option<Millis>,
}

pub(super) async fn find_factor(tx: &mut Tx, tenant: TenantId, user: UserId) -> Result<Option<FactorRow>> {
    tx.query_opt(
        "select id, seed_sealed, confirmed_at from mfa_factors where tenant_id = $1 and user_id = $2",
        params![tenant, user],
        |row| Ok(FactorRow { id: row.get(0)?, seed_sealed: row.get(1)?, confirmed_at: row.get(2)? }),
    )
    .await
}

/// Put a new seed in place of one that was never confirmed; changes nothing when one is in use.
pub(super) async fn start_factor(
    tx: &mut Tx,
    tenant: TenantId,
    user: UserId,
    id: Uuid,
    seed_sealed: &[u8],
    now: Millis,
) -> Result<u64> {
    tx.execute(
        "insert into mfa_factors (tenant_id, user_id, id, seed_sealed, created_at, last_step)
         values ($1, $2, $3, $4, $5, 0)
         on conflict (tenant_id, user_id) do update set id = $3, seed_sealed = $4, created_at = $5, last_step = 0
         where mfa_factors.confirmed_at is null",
        params![tenant, user, id, seed_sealed, now],
    )
    .await
}

/// The first right code: from now on the factor counts. Only one of two at once succeeds.
pub(super) async fn confirm_factor(
    tx: &mut Tx,
    tenant: TenantId,
    user: UserId,
    id: Uuid,
    step: i64,
    now: Millis,
) -> Result<u64> {
    tx.execute(
        "update mfa_factors set confirmed_at = $5, last_step = $4
         where tenant_id = $1 and user_id = $2 and id = $3 and confirmed_at is null",
        params![tenant, user, id, step, now],
    )
    .await
}

/// Use a code up. No row is changed when this one, or a later one, was used before: that is what makes a code work once,
/// also across processes (RFC 6238, section 5.2).
pub(super) async fn use_step(tx: &mut Tx, tenant: TenantId, user: UserId, step: i64) -> Result<u64> {
    tx.execute(
        "update mfa_factors set last_step = $3
         where tenant_id = $1 and user_id = $2 and last_step < $3 and confirmed_at is not null",
        params![tenant, user, step],
    )
    .await
}

pub(super) async fn delete_factor(tx: &mut Tx, tenant: TenantId, user: UserId) -> Result<u64> {
    tx.execute("delete from mfa_backup_codes where tenant_id = $1 and user_id = $2", params![tenant, user])
        .await?;
    tx.execute("delete from mfa_factors where tenant_id = $1 and user_id = $2", params![tenant, user]).await
}

/// Put new backup codes in place of all old ones.
pub(super) async fn replace_backup_codes(
    tx: &mut Tx,
    tenant: TenantId,
    user: UserId,
    hashes: &[String],
) -> Result<()> {
    tx.execute("delete from mfa_backup_codes where tenant_id = $1 and user_id = $2", params![tenant, user])
        .await?;
    for (hash, place) in hashes.iter().zip(1_i64..) {
        tx.execute(
            "insert into mfa_backup_codes (tenant_id, user_id, place, code_hash) values ($1, $2, $3, $4)",
            params![tenant, user, place, hash],
        )
        .await?;
    }
    Ok(())
}

pub(super) async fn find_backup_code(
    tx: &mut Tx,
    tenant: TenantId,
    user: UserId,
    place: i64,
) -> Result<Option<String>> {
    tx.query_opt(
        "select code_hash from mfa_backup_codes
         where tenant_id = $1 and user_id = $2 and place = $3 and used_at is null",
        params![tenant, user, place],
        |row| row.get(0),
    )
    .await
}

/// Use a backup code up; no row is changed when somebody was faster.
pub(super) async fn use_backup_code(
    tx: &mut Tx,
    tenant: TenantId,
    user: UserId,
    place: i64,
    code_hash: &str,
    now: Millis,
) -> Result<u64> {
    tx.execute(
        "update mfa_backup_codes set used_at = $5
         where tenant_id = $1 and user_id = $2 and place = $3 and code_hash = $4 and used_at is null",
        params![tenant, user, place, code_hash, now],
    )
    .await
}

pub(super) async fn count_backup_codes(tx: &mut Tx, tenant: TenantId, user: UserId) -> Result<i64> {
    tx.query_one(
        "select count(*) from mfa_backup_codes where tenant_id = $1 and user_id = $2 and used_at is null",
        params![tenant, user],
        |row| row.get(0),
    )
    .await
}

/// The roles for which a factor is obligatory; `*` stands for everyone.
pub(super) async fn list_policy(tx: &mut Tx, tenant: TenantId) -> Result<Vec<String>> {
    tx.query("select role from mfa_policies where tenant_id = $1 order by role", params![tenant], |row| {
        row.get(0)
    })
    .await
}

pub(super) async fn replace_policy(
    tx: &mut Tx,
    tenant: TenantId,
    roles: &[String],
    now: Millis,
) -> Result<()> {
    tx.execute("delete from mfa_policies where tenant_id = $1", params![tenant]).await?;
    for role in roles {
        tx.execute(
            "insert into mfa_policies (tenant_id, role, created_at) values ($1, $2, $3)",
            params![tenant, role, now],
        )
        .await?;
    }
    Ok(())
}

pub(super) async fn list_enrolled(tx: &mut Tx, tenant: TenantId) -> Result<Vec<UserId>> {
    tx.query(
        "select user_id from mfa_factors where tenant_id = $1 and confirmed_at is not null",
        params![tenant],
        |row| row.get(0),
    )
    .await
}

pub(super) struct ChallengeRow {
    pub(super) tenant: TenantId,
    pub(super) user: UserId,
    pub(super) kind: String,
    pub(super) email_digest: [u8; 16],
    pub(super) security_version: i64,
    pub(super) created_at: Millis,
    pub(super) expires_at: Millis,
    pub(super) tries: i64,
    pub(super) settled_at: Option<Millis>,
}

pub(super) async fn insert_challenge(tx: &mut Tx, digest: &[u8; 32], row: &ChallengeRow) -> Result<()> {
    tx.execute(
        "insert into mfa_challenges (secret_digest, tenant_id, user_id, kind, email_digest, security_version,
             created_at, expires_at, tries)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
        params![
            digest,
            row.tenant,
            row.user,
            &row.kind,
            &row.email_digest,
            row.security_version,
            row.created_at,
            row.expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn find_challenge(tx: &mut Tx, digest: &[u8; 32]) -> Result<Option<ChallengeRow>> {
    tx.query_opt(
        "select tenant_id, user_id, kind, email_digest, security_version, created_at, expires_at, tries, settled_at
         from mfa_challenges where secret_digest = $1",
        params![digest],
        |row| {
            Ok(ChallengeRow {
                tenant: row.get(0)?,
                user: row.get(1)?,
                kind: row.get(2)?,
                email_digest: row.get(3)?,
                security_version: row.get(4)?,
                created_at: row.get(5)?,
                expires_at: row.get(6)?,
                tries: row.get(7)?,
                settled_at: row.get(8)?,
            })
        },
    )
    .await
}

/// Take one of a challenge's tries before the code is looked at, so that no two share one.
pub(super) async fn take_try(tx: &mut Tx, digest: &[u8; 32], most: i64, now: Millis) -> Result<u64> {
    tx.execute(
        "update mfa_challenges set tries = tries + 1
         where secret_digest = $1 and settled_at is null and tries < $2 and expires_at > $3",
        params![digest, most, now],
    )
    .await
}

/// A challenge is over; only one of two at once settles it.
pub(super) async fn settle_challenge(tx: &mut Tx, digest: &[u8; 32], now: Millis) -> Result<u64> {
    tx.execute(
        "update mfa_challenges set settled_at = $2 where secret_digest = $1 and settled_at is null",
        params![digest, now],
    )
    .await
}

/// Challenges that ran out and were not dealt with yet, oldest first.
pub(super) async fn list_lapsed(
    tx: &mut Tx,
    now: Millis,
    limit: i64,
) -> Result<Vec<([u8; 32], TenantId, UserId)>> {
    tx.query(
        "select secret_digest, tenant_id, user_id from mfa_challenges
         where expires_at <= $1 and settled_at is null order by expires_at limit $2",
        params![now, limit],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
    .await
}

pub(super) async fn delete_challenges_before(tx: &mut Tx, before: Millis) -> Result<u64> {
    tx.execute("delete from mfa_challenges where expires_at < $1 and settled_at is not null", params![before])
        .await
}
