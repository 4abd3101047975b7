//! All statements on the table `jobs`.
//!
//! A job is `ready`, `scheduled`, `held`, `running` or `dead`. Of the jobs of one key at most one is `ready`,
//! `scheduled` or `running`: its head, which the unique index `jobs_head` guards. Everything else of the key is `held`,
//! and whoever finishes a head makes the oldest held job the next one. So a claim never has to look past blocked jobs.

pub(crate) mod claim;
pub(crate) mod dead;
pub(crate) mod insert;
pub(crate) mod look;
pub(crate) mod settle;

use uuid::Uuid;

/// Work that belongs to no tenant is stored under the nil id, so that walking over tenants needs no special case.
pub(crate) fn stored_tenant(tenant: Option<Uuid>) -> Uuid {
    tenant.unwrap_or_default()
}

pub(crate) fn read_tenant(stored: Uuid) -> Option<Uuid> {
    Some(stored).filter(|id| !id.is_nil())
}
