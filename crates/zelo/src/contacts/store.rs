//! All SQL of the tables `contacts`, `contact_identities` and `contact_merges`.

use super::{MarketingChoice, MergeReason};
use crate::{clock::Millis, crypto::KeyId, ids::ContactId, rights::Sight, tenants::TenantScope};
use db::{Result, Row, Rows, Tx, params};
use uuid::Uuid;

pub(super) struct ContactRow {
    pub(super) id: ContactId,
    pub(super) key_id: KeyId,
    pub(super) profile_sealed: Vec<u8>,
    pub(super) created_at: Millis,
    pub(super) merged_into: Option<ContactId>,
    pub(super) marketing: Option<MarketingChoice>,
}

/// The contacts behind digests, each with the digest that found it.
pub(super) async fn list_by_digests(
    tx: &mut Tx,
    scope: TenantScope,
    digests: &Rows<'_>,
) -> Result<Vec<([u8; 16], ContactRow)>> {
    tx.query_rows(
        "select c.id, c.key_id, c.profile_sealed, c.created_at, c.merged_into_id, c.marketing, i.digest
         from $rows(digest blob)
         $find(contact_identities i: i.tenant_id = $1 and i.digest = r.digest)
         $find(contacts c: c.tenant_id = $1 and c.id = i.contact_id)",
        params![scope],
        digests,
        |row| Ok((row.get(6)?, contact_from_row(row)?)),
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
        "select c.id, c.key_id, c.profile_sealed, c.created_at, c.merged_into_id, c.marketing
         from $rows(id uuid) $find(contacts c: c.tenant_id = $1 and c.id = r.id)",
        params![scope],
        ids,
        contact_from_row,
    )
    .await
}

/// The same, locked until the transaction ends, in the order of the rows: they come sorted, so that two transactions never
/// wait for each other.
pub(super) async fn lock_by_ids(tx: &mut Tx, scope: TenantScope, ids: &Rows<'_>) -> Result<Vec<ContactRow>> {
    tx.query_rows(
        "select c.id, c.key_id, c.profile_sealed, c.created_at, c.merged_into_id, c.marketing
         from $rows(id uuid) $find(contacts c: c.tenant_id = $1 and c.id = r.id) $for_update",
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
        "select c.id, c.key_id, c.profile_sealed, c.created_at, c.merged_into_id, c.marketing from contacts c
         where c.tenant_id = $1 and c.merged_into_id is null and (cast($2 as $uuid_type) is null or c.id < $2) and (cast($4 as $int_type) = 2
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
        merged_into: row.get(4)?,
        marketing: row.get::<Option<String>>(5)?.as_deref().and_then(MarketingChoice::from_word),
    })
}

/// Take ways of finding a contact away from it. Rows of `(digest, contact_id)`.
pub(super) async fn release_identities(tx: &mut Tx, scope: TenantScope, released: &Rows<'_>) -> Result<u64> {
    tx.execute_rows(
        "delete from contact_identities where tenant_id = $1 and exists
             (select 1 from $rows(digest blob, contact_id uuid)
              where contact_identities.digest = r.digest and contact_identities.contact_id = r.contact_id)",
        params![scope],
        released,
    )
    .await
}

pub(super) async fn list_identities(
    tx: &mut Tx,
    scope: TenantScope,
    contact: ContactId,
) -> Result<Vec<[u8; 16]>> {
    tx.query(
        "select digest from contact_identities where tenant_id = $1 and contact_id = $2 order by digest",
        params![scope, contact],
        |row| row.get(0),
    )
    .await
}

/// Let these digests lead from one contact to another. Rows of `(digest)`.
pub(super) async fn move_identities(
    tx: &mut Tx,
    scope: TenantScope,
    from: ContactId,
    to: ContactId,
    digests: &Rows<'_>,
) -> Result<u64> {
    tx.execute_rows(
        "update contact_identities set contact_id = $3 from $rows(digest blob)
         where contact_identities.tenant_id = $1 and contact_identities.digest = r.digest
             and contact_identities.contact_id = $2",
        params![scope, from, to],
        digests,
    )
    .await
}

/// Say which contact stands for this one; nothing for itself.
pub(super) async fn update_merged_into(
    tx: &mut Tx,
    scope: TenantScope,
    contact: ContactId,
    into: Option<ContactId>,
    now: Millis,
) -> Result<u64> {
    tx.execute(
        "update contacts set merged_into_id = $3, updated_at = $4 where tenant_id = $1 and id = $2",
        params![scope, contact, into, now],
    )
    .await
}

/// Keep what a person wants of marketing messages, unless something newer is known. Rows of `(contact_id, choice, at)`.
pub(super) async fn update_marketing(tx: &mut Tx, scope: TenantScope, choices: &Rows<'_>) -> Result<u64> {
    tx.execute_rows(
        "update contacts set marketing = r.choice, marketing_at = r.at
         from $rows(contact_id uuid, choice text, at int)
         where contacts.tenant_id = $1 and contacts.id = r.contact_id
             and (contacts.marketing_at is null or contacts.marketing_at <= r.at)",
        params![scope],
        choices,
    )
    .await
}

/// Let a contact want of marketing messages what another one wanted later.
pub(super) async fn adopt_marketing(
    tx: &mut Tx,
    scope: TenantScope,
    kept: ContactId,
    merged: ContactId,
) -> Result<u64> {
    tx.execute(
        "update contacts set
             marketing = (select m.marketing from contacts m where m.tenant_id = $1 and m.id = $3),
             marketing_at = (select m.marketing_at from contacts m where m.tenant_id = $1 and m.id = $3)
         where tenant_id = $1 and id = $2 and exists (select 1 from contacts m where m.tenant_id = $1 and m.id = $3
             and m.marketing_at > coalesce(contacts.marketing_at, 0))",
        params![scope, kept, merged],
    )
    .await
}

/// A merge as it lies in its table.
pub(super) struct MergeRow {
    pub(super) id: Uuid,
    pub(super) kept: ContactId,
    pub(super) merged: ContactId,
    pub(super) reason: MergeReason,
    pub(super) moved: String,
    pub(super) before_sealed: Vec<u8>,
    pub(super) merged_at: Millis,
    pub(super) undone_at: Option<Millis>,
}

pub(super) async fn insert_merge(tx: &mut Tx, scope: TenantScope, row: &MergeRow) -> Result<u64> {
    tx.execute(
        "insert into contact_merges (tenant_id, id, kept_id, merged_id, reason, moved, before_sealed, merged_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            scope,
            row.id,
            row.kept,
            row.merged,
            row.reason.as_str(),
            &row.moved,
            &row.before_sealed,
            row.merged_at
        ],
    )
    .await
}

pub(super) async fn mark_undone(tx: &mut Tx, scope: TenantScope, id: Uuid, now: Millis) -> Result<u64> {
    tx.execute(
        "update contact_merges set undone_at = $3 where tenant_id = $1 and id = $2 and undone_at is null",
        params![scope, id, now],
    )
    .await
}

fn merge_from_row(row: &Row<'_>) -> Result<MergeRow> {
    let reason: String = row.get(3)?;
    Ok(MergeRow {
        id: row.get(0)?,
        kept: row.get(1)?,
        merged: row.get(2)?,
        reason: MergeReason::from_word(&reason),
        moved: row.get(4)?,
        before_sealed: row.get(5)?,
        merged_at: row.get(6)?,
        undone_at: row.get(7)?,
    })
}

pub(super) async fn find_merge(tx: &mut Tx, scope: TenantScope, id: Uuid) -> Result<Option<MergeRow>> {
    tx.query_opt(
        "select id, kept_id, merged_id, reason, moved, before_sealed, merged_at, undone_at from contact_merges
         where tenant_id = $1 and id = $2",
        params![scope, id],
        merge_from_row,
    )
    .await
}

/// The newest merges of a contact, or of all.
pub(super) async fn list_merges(
    tx: &mut Tx,
    scope: TenantScope,
    contact: Option<ContactId>,
    limit: i64,
) -> Result<Vec<MergeRow>> {
    tx.query(
        "select id, kept_id, merged_id, reason, moved, before_sealed, merged_at, undone_at from contact_merges
         where tenant_id = $1 and (cast($2 as $uuid_type) is null or kept_id = $2 or merged_id = $2)
         order by id desc limit $3",
        params![scope, contact, limit],
        merge_from_row,
    )
    .await
}

/// Whether somebody said before that these two are not one person.
pub(super) async fn were_parted(
    tx: &mut Tx,
    scope: TenantScope,
    one: ContactId,
    other: ContactId,
) -> Result<bool> {
    let found = tx
        .query_opt(
            "select 1 from contact_merges where tenant_id = $1 and undone_at is not null
                 and (kept_id = $2 and merged_id = $3 or kept_id = $3 and merged_id = $2) limit 1",
            params![scope, one, other],
            |_| Ok(()),
        )
        .await?;
    Ok(found.is_some())
}
