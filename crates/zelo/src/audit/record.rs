//! An entry as it lies in the table, and the bytes that its leaf is the hash of.

use crate::{clock::Millis, ids::TenantId};
use db::{Result, Row, Value};
use translog::{Hash, leaf_hash};
use uuid::Uuid;

/// What the bytes of an entry begin with, so that no other bytes are taken for one. `docs/audit-log.md` describes what
/// follows; a change of either needs another version here.
const FORMAT: &[u8] = b"zelo audit entry v1\n";
/// The length that stands for "none", where a value may be absent.
const NONE: u32 = u32::MAX;

/// A row of `audit_entries`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) tenant: TenantId,
    pub(super) id: Uuid,
    pub(super) at: Millis,
    pub(super) actor_kind: String,
    pub(super) actor_id: Option<Uuid>,
    pub(super) event_type: String,
    pub(super) action: String,
    pub(super) target_kind: String,
    pub(super) target_id: String,
    pub(super) outcome: String,
    pub(super) ip_digest: Option<Vec<u8>>,
    pub(super) request_id: String,
    pub(super) trace_id: String,
    pub(super) actor_sealed: Vec<u8>,
    pub(super) actor_digest: Vec<u8>,
    pub(super) detail_sealed: Vec<u8>,
    pub(super) detail_digest: Vec<u8>,
    pub(super) leaf: Vec<u8>,
}

/// The columns of a record, in the order of [`Record::from_row`].
macro_rules! record_columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " e.tenant_id, e.id, e.at, e.actor_kind, e.actor_id, e.event_type, e.action, e.target_kind, e.target_id,
              e.outcome, e.ip_digest, e.request_id, e.trace_id, e.actor_sealed, e.actor_digest, e.detail_sealed,
              e.detail_digest, e.leaf ",
            $after
        )
    };
}
pub(super) use record_columns;

impl Record {
    /// A record from the first columns of a row.
    pub(super) fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            tenant: row.get(0)?,
            id: row.get(1)?,
            at: row.get(2)?,
            actor_kind: row.get(3)?,
            actor_id: row.get(4)?,
            event_type: row.get(5)?,
            action: row.get(6)?,
            target_kind: row.get(7)?,
            target_id: row.get(8)?,
            outcome: row.get(9)?,
            ip_digest: row.get(10)?,
            request_id: row.get(11)?,
            trace_id: row.get(12)?,
            actor_sealed: row.get(13)?,
            actor_digest: row.get(14)?,
            detail_sealed: row.get(15)?,
            detail_digest: row.get(16)?,
            leaf: row.get(17)?,
        })
    }

    /// The values of a row, in the same order.
    pub(super) fn values(&self) -> [Value<'_>; 18] {
        [
            self.tenant.into(),
            self.id.into(),
            self.at.into(),
            (&self.actor_kind).into(),
            self.actor_id.into(),
            (&self.event_type).into(),
            (&self.action).into(),
            (&self.target_kind).into(),
            (&self.target_id).into(),
            (&self.outcome).into(),
            self.ip_digest.as_deref().map_or(Value::Null, Value::from),
            (&self.request_id).into(),
            (&self.trace_id).into(),
            (&self.actor_sealed).into(),
            (&self.actor_digest).into(),
            (&self.detail_sealed).into(),
            (&self.detail_digest).into(),
            (&self.leaf).into(),
        ]
    }

    /// The bytes that the leaf is over: each value with its length, so that no two entries give the same bytes.
    pub(super) fn canonical(&self) -> Vec<u8> {
        let at = self.at.to_be_bytes();
        let fields: [Option<&[u8]>; 17] = [
            Some(self.tenant.0.as_bytes()),
            Some(self.id.as_bytes()),
            Some(&at),
            Some(self.actor_kind.as_bytes()),
            self.actor_id.as_ref().map(|id| id.as_bytes().as_slice()),
            Some(self.event_type.as_bytes()),
            Some(self.action.as_bytes()),
            Some(self.target_kind.as_bytes()),
            Some(self.target_id.as_bytes()),
            Some(self.outcome.as_bytes()),
            self.ip_digest.as_deref(),
            Some(self.request_id.as_bytes()),
            Some(self.trace_id.as_bytes()),
            Some(&self.actor_sealed),
            Some(&self.actor_digest),
            Some(&self.detail_sealed),
            Some(&self.detail_digest),
        ];
        let mut bytes = Vec::with_capacity(512 + self.actor_sealed.len() + self.detail_sealed.len());
        bytes.extend_from_slice(FORMAT);
        for field in fields {
            let length = field.map_or(NONE, |value| u32::try_from(value.len()).unwrap_or(NONE - 1));
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field.unwrap_or_default());
        }
        bytes
    }

    /// What the leaf must be.
    pub(super) fn computed_leaf(&self) -> Hash {
        leaf_hash(&self.canonical())
    }
}
