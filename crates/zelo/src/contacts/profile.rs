//! Sealing and opening a contact's profile.

use super::Profile;
use crate::{
    crypto::{Key, OpenError, Place},
    ids::ContactId,
    tenants::TenantScope,
};

/// Where a contact's profile belongs.
pub fn contact_place(scope: TenantScope, id: ContactId) -> Place<'static> {
    Place { tenant: scope.tenant().0, table: "contacts", column: "profile", row: id.0 }
}

pub(super) fn seal(
    scope: TenantScope,
    id: ContactId,
    key: &Key,
    profile: &Profile,
) -> Result<Vec<u8>, OpenError> {
    let plain = serde_json::to_vec(profile).map_err(|_| OpenError)?;
    key.seal(contact_place(scope, id), &plain)
}

pub(super) fn open(
    scope: TenantScope,
    id: ContactId,
    key: &Key,
    sealed: &[u8],
) -> Result<Profile, OpenError> {
    let plain = key.open(contact_place(scope, id), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| OpenError)
}
