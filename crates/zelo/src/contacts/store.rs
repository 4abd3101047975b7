//! All SQL of the tables `contacts` and `contact_identities`.

use crate::{clock::Millis, crypto::KeyId, ids::ContactId, rights::Sight, tenants::TenantScope};
use db::{Result, Row, Rows, Tx, params};

pub(super) struct ContactRow {
    pub(super) id: ContactId,
    pub(super) key_id: KeyId,
    pub(super) profile_sealed: Vec<u8>,
    pub(super) created_at: Millis,
}

/// The contacts behind digests, each with the digest that found it.
pub(super) async fn list_by_digests(
    tx: &mut Tx,
    scope: TenantScope,
    digests: &Rows<'_>,
) -> Result<Vec<([u8; 16], ContactRow)>> {
    tx.query_rows(
        "select c.id, c.key_id, c.profile_sealed, c.created_at, i.digest
         from $rows(digest blob)
         $find(contact_identities i: i.tenant_id = $1 and i.digest = r.digest)
         $find(contacts c: c.tenant_id = $1 and c.id = i.contact_id)",
        params![scope],
        digests,
        |row| Ok((row.get(4)?, contact_from_row(row)?)),
    )
    .await
}

/// Rows of `(id, key_id, profile_sealed)`.
pub(super) async fn insert_contacts(
    tx: &mut Tx,
    scope: TenantScope,
    contacts: &Rows<'_>,
    now: Millis,
) -> Result<u64> {
    tx.execute_rows(
        "insert into contacts (tenant_id, id, key_id, profile_sealed, created_at, updated_at)
         select $1, r.id, r.key_id, r.profile_sealed, $2, $2 from $rows(id uuid, key_id uuid, profile_sealed blob)",
        params![scope, now],
        contacts,
    )
    .await
}

/// Rows of `(digest, kind, contact_id)`. Returns how many were new; one that another transaction stored first is not.
pub(super) async fn insert_identities(tx: &mut Tx, scope: TenantScope, identities: &Rows<'_>) -> Result<u64> {
    tx.execute_rows(
        "insert into contact_identities (tenant_id, digest, kind, contact_id)
         select $1, r.digest, r.kind, r.contact_id from $rows(digest blob, kind text, contact_id uuid) where true
         on conflict (tenant_id, digest) do nothing",
        params![scope],
        identities,
    )
    .await
}

/// Rows of `(id, profile_sealed)`.
pub(super) async fn update_profiles(
    tx: &mut Tx,
    scope: TenantScope,
    profiles: &Rows<'_>,
    now: Millis,
) -> Result<u64> {
    tx.execute_rows(
        "update contacts set profile_sealed = r.profile_sealed, updated_at = $2
         from $rows(id uuid, profile_sealed blob) where contacts.tenant_id = $1 and contacts.id = r.id",
        params![scope, now],
        profiles,
    )
    .await
}

pub(super) async fn list_by_ids(tx: &mut Tx, scope: TenantScope, ids: &Rows<'_>) -> Result<Vec<ContactRow>> {
    tx.query_rows(
        "select c.id, c.key_id, c.profile_sealed, c.created_at
         from $rows(id uuid) $find(contacts c: c.tenant_id = $1 and c.id = r.id)",
        params![scope],
        ids,
        contact_from_row,
    )
    .await
}

/// Whether a sight reaches a contact: through any of its conversations.
pub(super) async fn is_seen(tx: &mut Tx, sight: Sight, id: ContactId) -> Result<bool> {
    let found = tx
        .query_opt(
            "select 1 from contacts c where c.tenant_id = $1 and c.id = $2 and (cast($3 as $int_type) = 2
                 or exists (select 1 from conversations v where v.tenant_id = $1 and v.contact_id = c.id
                     and (v.assignee_id = $4 or cast($3 as $int_type) = 1 and v.team_id in
                         (select m.team_id from team_members m where m.tenant_id = $1 and m.user_id = $4))))",
            params![sight.scope(), id, sight.reach(), sight.user()],
            |_| Ok(()),
        )
        .await?;
    Ok(found.is_some())
}

pub(super) async fn list_page(
    tx: &mut Tx,
    sight: Sight,
    before: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactRow>> {
    tx.query(
        "select c.id, c.key_id, c.profile_sealed, c.created_at from contacts c
         where c.tenant_id = $1 and (cast($2 as $uuid_type) is null or c.id < $2) and (cast($4 as $int_type) = 2
             or exists (select 1 from conversations v where v.tenant_id = $1 and v.contact_id = c.id
                 and (v.assignee_id = $5 or cast($4 as $int_type) = 1 and v.team_id in
                     (select m.team_id from team_members m where m.tenant_id = $1 and m.user_id = $5))))
         order by c.id desc limit $3",
        params![sight.scope(), before, limit, sight.reach(), sight.user()],
        contact_from_row,
    )
    .await
}

fn contact_from_row(row: &Row<'_>) -> Result<ContactRow> {
    Ok(ContactRow {
        id: row.get(0)?,
        key_id: KeyId(row.get(1)?),
        profile_sealed: row.get(2)?,
        created_at: row.get(3)?,
    })
}
