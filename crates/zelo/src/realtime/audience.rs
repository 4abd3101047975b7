//! Which tenants have somebody listening in this process: for the others nothing is loaded.

use crate::ids::TenantId;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Counts the sockets of each tenant.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    listeners: Mutex<HashMap<TenantId, usize>>,
}

impl Audience {
    /// Somebody began to listen.
    pub(super) fn join(&self, tenant: TenantId) {
        *self.listeners.lock().entry(tenant).or_default() += 1;
    }

    /// Somebody went away.
    pub(super) fn leave(&self, tenant: TenantId) {
        let mut listeners = self.listeners.lock();
        if let Some(count) = listeners.get_mut(&tenant) {
            *count -= 1;
            if *count == 0 {
                listeners.remove(&tenant);
            }
        }
    }

    /// Whether anybody of a tenant listens here.
    pub(super) fn hears(&self, tenant: TenantId) -> bool {
        self.listeners.lock().contains_key(&tenant)
    }

    /// How many listen.
    pub(crate) fn count(&self) -> usize {
        self.listeners.lock().values().sum()
    }
}
