//! Which tenants have somebody listening in this process: for the others nothing is loaded.

use crate::ids::TenantId;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

/// Counts the sockets of each tenant. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audience {
    listeners: Arc<Mutex<HashMap<TenantId, usize>>>,
}

/// A socket's seat in the audience of its tenant, from when it is made until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    audience: Audience,
    tenant: TenantId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut listeners = self.audience.listeners.lock();
        if let Some(count) = listeners.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                listeners.remove(&self.tenant);
            }
        }
    }
}

impl Audience {
    /// Somebody begins to listen.
    pub(super) fn seat(&self, tenant: TenantId) -> Seat {
        *self.listeners.lock().entry(tenant).or_default() += 1;
        Seat { audience: self.clone(), tenant }
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

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_tenant_is_heard_for_as_long_as_one_seat_is_taken() {
        let (audience, hotel, clinic) =
            (Audience::default(), TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let (ana, beto) = (audience.seat(hotel), audience.seat(hotel));
        assert_eq!((audience.hears(hotel), audience.hears(clinic), audience.count()), (true, false, 2));
        drop(ana);
        assert!(audience.hears(hotel));
        drop(beto);
        assert_eq!((audience.hears(hotel), audience.count()), (false, 0));
    }
}
