//! Key records in the keystore.

use super::{Key, KeyId, OpenError, Place, random_bytes};
use crate::clock::Millis;
use db::{Db, Result, Row, Rows, Scope, Tx, params};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Wraps a tenant's other keys.
    Tenant,
    /// Seals what belongs to the tenant itself: names of its people, credentials.
    Data,
    /// The root of the tenant's blind indexes. It seals nothing.
    Index,
    /// Seals what belongs to one contact. Destroying it erases the contact.
    Contact,
    /// Seals what the audit log says of one of the staff. Destroying it erases that person there.
    User,
    /// Seals the raw events of one day until they are processed.
    Day,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Data => "data",
            Self::Index => "index",
            Self::Contact => "contact",
            Self::User => "user",
            Self::Day => "day",
        }
    }
}

/// A key record as it lies in the keystore.
pub(super) struct Record {
    pub(super) id: KeyId,
    pub(super) tenant: Uuid,
    pub(super) kind: &'static str,
    pub(super) subject: String,
    pub(super) parent: KeyId,
    wrapped: Vec<u8>,
    commitment: [u8; 32],
}

impl Record {
    /// A new key, wrapped by `parent`.
    pub(super) fn create(
        id: Uuid,
        tenant: Uuid,
        kind: Kind,
        subject: String,
        parent: &Key,
    ) -> std::result::Result<(Self, Key), OpenError> {
        let id = KeyId(id);
        let key = Key::new(id, random_bytes::<32>()?);
        let wrapped = parent.seal(place(tenant, kind.name(), id), key.bytes())?;
        let commitment = key.commitment();
        Ok((Self { id, tenant, kind: kind.name(), subject, parent: parent.id(), wrapped, commitment }, key))
    }

    /// The key inside, if `parent` opens it and it is the one that the record commits to.
    pub(super) fn open(&self, parent: &Key) -> std::result::Result<Key, OpenError> {
        let plain = Zeroizing::new(parent.open(place(self.tenant, self.kind, self.id), &self.wrapped)?);
        let bytes: [u8; 32] = plain.as_slice().try_into().map_err(|_| OpenError)?;
        let key = Key::new(self.id, Zeroizing::new(bytes));
        aws_lc_rs::constant_time::verify_slices_are_equal(&key.commitment(), &self.commitment)
            .map_err(|_| OpenError)?;
        Ok(key)
    }

    fn from_row(row: &Row<'_>) -> Result<Self> {
        let kind: String = row.get(2)?;
        let kind = [Kind::Tenant, Kind::Data, Kind::Index, Kind::Contact, Kind::User, Kind::Day]
            .map(Kind::name)
            .into_iter()
            .find(|name| *name == kind)
            .ok_or_else(|| db::Error::Statement(format!("a key of unknown kind: {kind}")))?;
        Ok(Self {
            id: KeyId(row.get(0)?),
            tenant: row.get(1)?,
            kind,
            subject: row.get(3)?,
            parent: KeyId(row.get(4)?),
            wrapped: row.get(5)?,
            commitment: row.get(6)?,
        })
    }
}

fn place(tenant: Uuid, kind: &str, id: KeyId) -> Place<'_> {
    Place { tenant, table: "keys", column: kind, row: id.0 }
}

pub(super) async fn insert_records(db: &Db, records: &[Record], now: Millis) -> Result<()> {
    db::write!(db, "create_keys", Scope::Platform, |tx| -> Result<()> { insert(tx, records, now).await })
}

async fn insert(tx: &mut Tx, records: &[Record], now: Millis) -> Result<()> {
    let mut rows = Rows::new();
    for record in records {
        rows.push([
            record.id.0.into(),
            record.tenant.into(),
            record.kind.into(),
            (&record.subject).into(),
            record.parent.0.into(),
            (&record.wrapped).into(),
            (&record.commitment).into(),
        ]);
    }
    tx.execute_rows(
        "insert into keys (id, tenant_id, kind, subject, version, parent_id, wrapped, commitment, created_at)
         select r.id, r.tenant_id, r.kind, r.subject, 1, r.parent_id, r.wrapped, r.commitment, $1
         from $rows(id uuid, tenant_id uuid, kind text, subject text, parent_id uuid, wrapped blob, commitment blob)",
        params![now],
        &rows,
    )
    .await?;
    Ok(())
}

const COLUMNS_BY_ID: &str =
    "select k.id, k.tenant_id, k.kind, k.subject, k.parent_id, k.wrapped, k.commitment
    from $rows(id uuid) $find(keys k: k.id = r.id)";

pub(super) async fn list_by_ids(db: &Db, ids: &[KeyId]) -> Result<Vec<Record>> {
    let mut rows = Rows::new();
    for id in ids {
        rows.push([id.0.into()]);
    }
    db::read!(db, "load_keys", Scope::Platform, |tx| -> Result<Vec<Record>> {
        tx.query_rows(COLUMNS_BY_ID, &[], &rows, Record::from_row).await
    })
}

/// The oldest record of the newest version under `parent`: where two processes created a set of keys at once, all see one set.
pub(super) async fn find_current(
    db: &Db,
    tenant: Uuid,
    kind: Kind,
    subject: &str,
    parent: KeyId,
) -> Result<Option<Record>> {
    db::read!(db, "find_key", Scope::Platform, |tx| -> Result<Option<Record>> {
        tx.query_opt(
            "select id, tenant_id, kind, subject, parent_id, wrapped, commitment from keys
             where tenant_id = $1 and kind = $2 and subject = $3 and parent_id = $4
             order by version desc, created_at, id limit 1",
            params![tenant, kind.name(), subject, parent.0],
            Record::from_row,
        )
        .await
    })
}

pub(super) async fn count(db: &Db) -> Result<i64> {
    db::read!(db, "count_keys", Scope::Platform, |tx| -> Result<i64> {
        tx.query_one("select count(*) from keys", &[], |row| row.get(0)).await
    })
}

/// Destroy the keys of one subject for good, and say which they were.
pub(super) async fn delete_subject(db: &Db, tenant: Uuid, kind: Kind, subject: &str) -> Result<Vec<KeyId>> {
    db::write!(db, "destroy_subject_keys", Scope::Platform, |tx| -> Result<_> {
        tx.query(
            "delete from keys where tenant_id = $1 and kind = $2 and subject = $3 returning id",
            params![tenant, kind.name(), subject],
            |row| Ok(KeyId(row.get(0)?)),
        )
        .await
    })
}

/// Destroy some keys of one tenant for good, and say which they were.
pub(super) async fn delete_tenant(db: &Db, tenant: Uuid, most: i64) -> Result<Vec<KeyId>> {
    db::write!(db, "destroy_tenant_keys", Scope::Platform, |tx| -> Result<_> {
        tx.query(
            "delete from keys where id in (select id from keys where tenant_id = $1 limit $2) returning id",
            params![tenant, most],
            |row| Ok(KeyId(row.get(0)?)),
        )
        .await
    })
}

/// Destroy keys for good. What they sealed cannot be opened any more, in the database or in any backup of it.
pub(super) async fn delete(db: &Db, kind: Kind, subjects_before: &str) -> Result<u64> {
    db::write!(db, "destroy_keys", Scope::Platform, |tx| -> Result<u64> {
        tx.execute("delete from keys where kind = $1 and subject < $2", params![kind.name(), subjects_before])
            .await
    })
}
