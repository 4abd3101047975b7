//! All SQL of the tables `users`, `logins` and `sessions`.

use crate::{
    clock::Millis,
    ids::{SessionId, TenantId, UserId},
};
use db::{Result, Row, Tx, params};

pub(super) struct UserRow {
    pub(super) id: UserId,
    pub(super) tenant: TenantId,
    pub(super) role: String,
    pub(super) status: String,
    pub(super) name_sealed: Vec<u8>,
    pub(super) email_sealed: Vec<u8>,
    pub(super) password_hash: String,
    pub(super) security_version: i64,
}

fn user_from_row(row: &Row<'_>) -> Result<UserRow> {
    Ok(UserRow {
        tenant: row.get(0)?,
        id: row.get(1)?,
        role: row.get(2)?,
        status: row.get(3)?,
        name_sealed: row.get(4)?,
        email_sealed: row.get(5)?,
        password_hash: row.get(6)?,
        security_version: row.get(7)?,
    })
}

pub(super) async fn insert_user(tx: &mut Tx, user: &UserRow, now: Millis) -> Result<()> {
    tx.execute(
        "insert into users (tenant_id, id, role, status, name_sealed, email_sealed, password_hash, security_version,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            user.tenant,
            user.id,
            &user.role,
            &user.status,
            &user.name_sealed,
            &user.email_sealed,
            &user.password_hash,
            user.security_version,
            now
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_login(
    tx: &mut Tx,
    digest: &[u8; 16],
    tenant: TenantId,
    user: UserId,
) -> Result<()> {
    tx.execute(
        "insert into logins (email_digest, tenant_id, user_id) values ($1, $2, $3)",
        params![digest, tenant, user],
    )
    .await?;
    Ok(())
}

pub(super) async fn find_login(tx: &mut Tx, digest: &[u8; 16]) -> Result<Option<(TenantId, UserId)>> {
    tx.query_opt("select tenant_id, user_id from logins where email_digest = $1", params![digest], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .await
}

pub(super) async fn find_user(tx: &mut Tx, tenant: TenantId, id: UserId) -> Result<Option<UserRow>> {
    tx.query_opt(
        "select tenant_id, id, role, status, name_sealed, email_sealed, password_hash, security_version
         from users where tenant_id = $1 and id = $2",
        params![tenant, id],
        user_from_row,
    )
    .await
}

pub(super) async fn list_users(tx: &mut Tx, tenant: TenantId) -> Result<Vec<UserRow>> {
    tx.query(
        "select tenant_id, id, role, status, name_sealed, email_sealed, password_hash, security_version
         from users where tenant_id = $1 order by id",
        params![tenant],
        user_from_row,
    )
    .await
}

pub(super) async fn note_login(tx: &mut Tx, tenant: TenantId, id: UserId, now: Millis) -> Result<u64> {
    tx.execute(
        "update users set last_login_at = $3 where tenant_id = $1 and id = $2",
        params![tenant, id, now],
    )
    .await
}

pub(super) struct SessionRow {
    pub(super) id: SessionId,
    pub(super) tenant: TenantId,
    pub(super) user: UserId,
    pub(super) kind: String,
    pub(super) secret_digest: [u8; 32],
    pub(super) previous_digest: Option<[u8; 32]>,
    pub(super) rotated_at: Option<Millis>,
    pub(super) security_version: i64,
    pub(super) expires_at: Millis,
    pub(super) revoked_at: Option<Millis>,
}

pub(super) async fn insert_session(tx: &mut Tx, session: &SessionRow, now: Millis) -> Result<()> {
    tx.execute(
        "insert into sessions (tenant_id, id, user_id, kind, secret_digest, security_version, created_at, last_used_at,
             expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        params![
            session.tenant,
            session.id,
            session.user,
            &session.kind,
            &session.secret_digest,
            session.security_version,
            now,
            session.expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn find_session(tx: &mut Tx, tenant: TenantId, id: SessionId) -> Result<Option<SessionRow>> {
    tx.query_opt(
        "select tenant_id, id, user_id, kind, secret_digest, previous_digest, rotated_at, security_version, expires_at,
             revoked_at
         from sessions where tenant_id = $1 and id = $2",
        params![tenant, id],
        |row| {
            Ok(SessionRow {
                tenant: row.get(0)?,
                id: row.get(1)?,
                user: row.get(2)?,
                kind: row.get(3)?,
                secret_digest: row.get(4)?,
                previous_digest: row.get(5)?,
                rotated_at: row.get(6)?,
                security_version: row.get(7)?,
                expires_at: row.get(8)?,
                revoked_at: row.get(9)?,
            })
        },
    )
    .await
}

/// Exchange a refresh token for the next; changes nothing when somebody else was first.
pub(super) async fn rotate_session(
    tx: &mut Tx,
    session: &SessionRow,
    next_digest: &[u8; 32],
    now: Millis,
    expires_at: Millis,
) -> Result<u64> {
    tx.execute(
        "update sessions set secret_digest = $4, previous_digest = $3, rotated_at = $5, last_used_at = $5, expires_at = $6
         where tenant_id = $1 and id = $2 and secret_digest = $3 and revoked_at is null",
        params![session.tenant, session.id, &session.secret_digest, next_digest, now, expires_at],
    )
    .await
}

pub(super) async fn revoke_session(tx: &mut Tx, tenant: TenantId, id: SessionId, now: Millis) -> Result<u64> {
    tx.execute(
        "update sessions set revoked_at = $3 where tenant_id = $1 and id = $2 and revoked_at is null",
        params![tenant, id, now],
    )
    .await
}
