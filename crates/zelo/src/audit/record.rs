//! An entry as it lies in the table, and the bytes that its leaf is the hash of.

use crate::{clock::Millis, ids::TenantId};
use db::Value;
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

impl Record {
    /// The values of a row, in the order of its columns.
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
