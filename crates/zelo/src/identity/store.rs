//! All SQL of the tables `users`, `logins`, `password_history` and `sessions`.

use super::{Member, Role};
use crate::{
    clock::Millis,
    ids::{SessionId, TenantId, UserId},
};
use db::{Result, Row, Tx, params};
use uuid::Uuid;

pub(super) struct UserRow {
    pub(super) id: UserId,
    pub(super) tenant: TenantId,
    pub(super) role: String,
    pub(super) status: String,
    pub(super) name_sealed: Vec<u8>,
    pub(super) email_sealed: Vec<u8>,
    pub(super) password_hash: String,
    pub(super) security_version: i64,
    pub(super) visibility: Option<String>,
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
        visibility: row.get(8)?,
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

pub(super) async fn list_logins_of(tx: &mut Tx, user: UserId) -> Result<Vec<[u8; 16]>> {
    tx.query("select email_digest from logins where user_id = $1", params![user], |row| row.get(0)).await
}

pub(super) async fn find_login(tx: &mut Tx, digest: &[u8; 16]) -> Result<Option<(TenantId, UserId)>> {
    tx.query_opt("select tenant_id, user_id from logins where email_digest = $1", params![digest], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .await
}

pub(super) async fn find_user(tx: &mut Tx, tenant: TenantId, id: UserId) -> Result<Option<UserRow>> {
    tx.query_opt(
        "select tenant_id, id, role, status, name_sealed, email_sealed, password_hash, security_version,
             visibility
         from users where tenant_id = $1 and id = $2",
        params![tenant, id],
        user_from_row,
    )
    .await
}

/// Users whose rights a change of staff depends on, locked until the transaction ends: the active owners, the one who
/// changes and the one who is changed. In the order of ids, so that two changes never wait for each other.
pub(super) async fn lock_staff(
    tx: &mut Tx,
    tenant: TenantId,
    giver: UserId,
    id: UserId,
) -> Result<Vec<UserRow>> {
    tx.query(
        "select tenant_id, id, role, status, name_sealed, email_sealed, password_hash, security_version, visibility
         from users where tenant_id = $1 and (role = 'owner' and status = 'active' or id = $2 or id = $3)
         order by id $for_update",
        params![tenant, giver, id],
        user_from_row,
    )
    .await
}

/// Change what somebody is here; every session of theirs ends with it.
pub(super) async fn update_staff(tx: &mut Tx, user: &UserRow, now: Millis) -> Result<u64> {
    tx.execute(
        "update users set role = $3, status = $4, visibility = $5, name_sealed = $6, access_since = $7,
             security_version = security_version + 1
         where tenant_id = $1 and id = $2",
        params![
            user.tenant,
            user.id,
            &user.role,
            &user.status,
            user.visibility.as_deref(),
            &user.name_sealed,
            now
        ],
    )
    .await
}

/// How many have a role.
pub(super) async fn count_with_role(tx: &mut Tx, tenant: TenantId, role: &str) -> Result<i64> {
    tx.query_one(
        "select count(*) from users where tenant_id = $1 and role = $2",
        params![tenant, role],
        |row| row.get(0),
    )
    .await
}

pub(super) async fn list_users(tx: &mut Tx, tenant: TenantId) -> Result<Vec<UserRow>> {
    tx.query(
        "select tenant_id, id, role, status, name_sealed, email_sealed, password_hash, security_version,
             visibility
         from users where tenant_id = $1 order by id",
        params![tenant],
        user_from_row,
    )
    .await
}

/// Those who may log in or were invited to. A role that nobody knows shows as the weakest, which it is.
pub(super) async fn list_members(tx: &mut Tx, tenant: TenantId) -> Result<Vec<Member>> {
    tx.query(
        "select id, role, visibility, coalesce(access_since, created_at) from users
         where tenant_id = $1 and status <> 'disabled' order by id",
        params![tenant],
        |row| {
            let role: String = row.get(1)?;
            let role = Role::from_word(&role).unwrap_or(Role::Viewer);
            Ok(Member { id: row.get(0)?, role, visibility: row.get(2)?, since: row.get(3)? })
        },
    )
    .await
}

/// Whether a tenant may work; none for the platform's own people.
pub(super) async fn find_tenant_status(tx: &mut Tx, tenant: TenantId) -> Result<Option<String>> {
    tx.query_opt("select status from tenants where id = $1", params![tenant], |row| row.get(0)).await
}

/// Put a better hash of the same password in place of one that nobody changed meanwhile.
pub(super) async fn replace_hash(
    tx: &mut Tx,
    tenant: TenantId,
    id: UserId,
    old_hash: &str,
    new_hash: &str,
) -> Result<u64> {
    tx.execute(
        "update users set password_hash = $4 where tenant_id = $1 and id = $2 and password_hash = $3",
        params![tenant, id, old_hash, new_hash],
    )
    .await
}

/// Put a new password in place of one that nobody changed meanwhile. Somebody who was invited is active from now on.
pub(super) async fn set_password(tx: &mut Tx, user: &UserRow, new_hash: &str, now: Millis) -> Result<u64> {
    tx.execute(
        "update users set password_hash = $4, password_changed_at = $5,
             status = case when status = 'invited' then 'active' else status end
         where tenant_id = $1 and id = $2 and password_hash = $3",
        params![user.tenant, user.id, &user.password_hash, new_hash, now],
    )
    .await
}

/// Remember the password that goes, and forget all but the newest `keep`.
pub(super) async fn remember_password(
    tx: &mut Tx,
    user: &UserRow,
    id: Uuid,
    keep: i64,
    now: Millis,
) -> Result<()> {
    tx.execute(
        "insert into password_history (tenant_id, user_id, id, password_hash, replaced_at)
         values ($1, $2, $3, $4, $5)",
        params![user.tenant, user.id, id, &user.password_hash, now],
    )
    .await?;
    tx.execute(
        "delete from password_history where tenant_id = $1 and user_id = $2 and id not in
             (select id from password_history where tenant_id = $1 and user_id = $2 order by id desc limit $3)",
        params![user.tenant, user.id, keep],
    )
    .await?;
    Ok(())
}

pub(super) async fn list_old_hashes(tx: &mut Tx, tenant: TenantId, user: UserId) -> Result<Vec<String>> {
    tx.query(
        "select password_hash from password_history where tenant_id = $1 and user_id = $2",
        params![tenant, user],
        |row| row.get(0),
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

/// A log-in that lasts.
pub(super) struct SessionRow {
    pub(super) id: SessionId,
    pub(super) tenant: TenantId,
    pub(super) user: UserId,
    pub(super) kind: String,
    pub(super) secret_digest: [u8; 32],
    pub(super) previous_digest: Option<[u8; 32]>,
    pub(super) rotated_at: Option<Millis>,
    pub(super) generation: i64,
    pub(super) security_version: i64,
    pub(super) auth_time: Millis,
    pub(super) methods: String,
    pub(super) reach: String,
    pub(super) client_sealed: Option<Vec<u8>>,
    pub(super) created_at: Millis,
    pub(super) last_used_at: Millis,
    pub(super) expires_at: Millis,
    pub(super) revoked_at: Option<Millis>,
}

/// A session with what it stands on.
pub(super) struct SignedInRow {
    pub(super) session: SessionRow,
    pub(super) role: String,
    pub(super) user_status: String,
    pub(super) security_version: i64,
    /// Null for the platform's own.
    pub(super) tenant_status: Option<String>,
    pub(super) visibility: Option<String>,
}

fn session_from_row(row: &Row<'_>) -> Result<SessionRow> {
    Ok(SessionRow {
        tenant: row.get(0)?,
        id: row.get(1)?,
        user: row.get(2)?,
        kind: row.get(3)?,
        secret_digest: row.get(4)?,
        previous_digest: row.get(5)?,
        rotated_at: row.get(6)?,
        generation: row.get(7)?,
        security_version: row.get(8)?,
        auth_time: row.get(9)?,
        methods: row.get(10)?,
        reach: row.get(11)?,
        client_sealed: row.get(12)?,
        created_at: row.get(13)?,
        last_used_at: row.get(14)?,
        expires_at: row.get(15)?,
        revoked_at: row.get(16)?,
    })
}

pub(super) async fn insert_session(tx: &mut Tx, session: &SessionRow) -> Result<()> {
    tx.execute(
        "insert into sessions (tenant_id, id, user_id, kind, secret_digest, generation, security_version, auth_time,
             methods, reach, client_sealed, created_at, last_used_at, expires_at)
         values ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, $11, $11, $12)",
        params![
            session.tenant,
            session.id,
            session.user,
            &session.kind,
            &session.secret_digest,
            session.security_version,
            session.auth_time,
            &session.methods,
            &session.reach,
            session.client_sealed.as_deref(),
            session.created_at,
            session.expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn find_signed_in(
    tx: &mut Tx,
    tenant: TenantId,
    id: SessionId,
) -> Result<Option<SignedInRow>> {
    tx.query_opt(
        "select s.tenant_id, s.id, s.user_id, s.kind, s.secret_digest, s.previous_digest, s.rotated_at, s.generation,
             s.security_version, s.auth_time, s.methods, s.reach, s.client_sealed, s.created_at, s.last_used_at,
             s.expires_at, s.revoked_at, u.role, u.status, u.security_version, t.status,
             u.visibility
         from sessions s join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
         left join tenants t on t.id = s.tenant_id
         where s.tenant_id = $1 and s.id = $2",
        params![tenant, id],
        |row| {
            Ok(SignedInRow {
                session: session_from_row(row)?,
                role: row.get(17)?,
                user_status: row.get(18)?,
                security_version: row.get(19)?,
                tenant_status: row.get(20)?,
                visibility: row.get(21)?,
            })
        },
    )
    .await
}

/// The sessions of a user that have not ended, newest first.
pub(super) async fn list_sessions(
    tx: &mut Tx,
    tenant: TenantId,
    user: UserId,
    security_version: i64,
    now: Millis,
) -> Result<Vec<SessionRow>> {
    tx.query(
        "select tenant_id, id, user_id, kind, secret_digest, previous_digest, rotated_at, generation, security_version,
             auth_time, methods, reach, client_sealed, created_at, last_used_at, expires_at, revoked_at
         from sessions
         where tenant_id = $1 and user_id = $2 and security_version = $3 and revoked_at is null and expires_at > $4
         order by id desc",
        params![tenant, user, security_version, now],
        session_from_row,
    )
    .await
}

pub(super) async fn note_session_use(
    tx: &mut Tx,
    tenant: TenantId,
    id: SessionId,
    now: Millis,
) -> Result<u64> {
    tx.execute(
        "update sessions set last_used_at = $3 where tenant_id = $1 and id = $2 and last_used_at < $3",
        params![tenant, id, now],
    )
    .await
}

/// Exchange a refresh token for the next; changes nothing when somebody else was first.
pub(super) async fn rotate_session(
    tx: &mut Tx,
    session: &SessionRow,
    next_digest: &[u8; 32],
    now: Millis,
) -> Result<u64> {
    tx.execute(
        "update sessions set secret_digest = $4, previous_digest = $3, rotated_at = $5, last_used_at = $5,
             generation = generation + 1
         where tenant_id = $1 and id = $2 and secret_digest = $3 and revoked_at is null",
        params![session.tenant, session.id, &session.secret_digest, next_digest, now],
    )
    .await
}

/// Their owner proved again who they are.
pub(super) async fn renew_session(
    tx: &mut Tx,
    tenant: TenantId,
    id: SessionId,
    now: Millis,
    methods: &str,
) -> Result<u64> {
    tx.execute(
        "update sessions set auth_time = $3, last_used_at = $3, methods = $4
         where tenant_id = $1 and id = $2 and revoked_at is null",
        params![tenant, id, now, methods],
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

/// End one session of this user and nobody else's.
pub(super) async fn revoke_session_of(
    tx: &mut Tx,
    tenant: TenantId,
    user: UserId,
    id: SessionId,
    now: Millis,
) -> Result<u64> {
    tx.execute(
        "update sessions set revoked_at = $4
         where tenant_id = $1 and user_id = $2 and id = $3 and revoked_at is null",
        params![tenant, user, id, now],
    )
    .await
}

/// What a user's sessions stand on changed: all of them are over, except `kept`.
pub(super) async fn raise_security_version(
    tx: &mut Tx,
    tenant: TenantId,
    user: UserId,
    kept: Option<SessionId>,
) -> Result<()> {
    tx.execute(
        "update users set security_version = security_version + 1 where tenant_id = $1 and id = $2",
        params![tenant, user],
    )
    .await?;
    if let Some(kept) = kept {
        tx.execute(
            "update sessions set security_version =
                 (select security_version from users where tenant_id = $1 and id = $2)
             where tenant_id = $1 and user_id = $2 and id = $3 and revoked_at is null",
            params![tenant, user, kept],
        )
        .await?;
    }
    Ok(())
}
