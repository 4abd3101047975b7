//! The one source of ids.

use crate::clock::{Clock, Millis};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use parking_lot::Mutex;
use std::sync::Arc;
use uuid::Uuid;

/// How many random ids are drawn from the system at once; a draw for each would be a system call a message.
const DRAWN_AT_ONCE: usize = 64;

/// Makes UUIDv7 ids, whose order is the order of their making. Ids are names, never secrets.
#[derive(Clone)]
pub struct Ids {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

struct State {
    last: Millis,
    /// Keeps ids of one millisecond in order.
    counter: u16,
    randomness: [u8; 8 * DRAWN_AT_ONCE],
    used: usize,
}

impl Ids {
    /// Ids that carry the time of `clock`.
    pub fn new(clock: Clock) -> Self {
        let state = State { last: 0, counter: 0, randomness: [0; 8 * DRAWN_AT_ONCE], used: DRAWN_AT_ONCE };
        Self { clock, state: Arc::new(Mutex::new(state)) }
    }

    /// The least id that can be made at this moment: where a range of ids begins whose rows are of a time.
    pub fn floor(at: Millis) -> Uuid {
        let millis = u64::try_from(at).unwrap_or(0);
        Uuid::from_u64_pair((millis << 16) | 0x7000, 0x8000_0000_0000_0000)
    }

    /// A new id, greater than every id that this source made before.
    pub fn next(&self) -> Uuid {
        let now = self.clock.now();
        let mut state = self.state.lock();
        if now > state.last {
            state.last = now;
            state.counter = 0;
        } else if state.counter == 0x0fff {
            // The twelve bits of one millisecond are used up: borrow from the next.
            state.last += 1;
            state.counter = 0;
        } else {
            state.counter += 1;
        }
        let random = state.random();
        let millis = u64::try_from(state.last).unwrap_or(0);
        let high = (millis << 16) | 0x7000 | u64::from(state.counter);
        let low = (random & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        Uuid::from_u64_pair(high, low)
    }
}

impl State {
    fn random(&mut self) -> u64 {
        if self.used >= DRAWN_AT_ONCE {
            // Without randomness ids stay unique inside this process by time and counter.
            let _ = SystemRandom::new().fill(&mut self.randomness);
            self.used = 0;
        }
        let at = self.used * 8;
        self.used += 1;
        let bytes =
            self.randomness.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        u64::from_le_bytes(bytes)
    }
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Ids")
    }
}

/// An id that cannot be taken for the id of something else.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
            utoipa::ToSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<$name> for db::Value<'_> {
            fn from(id: $name) -> Self {
                Self::Uuid(id.0)
            }
        }

        impl db::FromColumn for $name {
            fn from_nullable(row: &db::Row<'_>, index: usize) -> db::Result<Option<Self>> {
                Ok(Uuid::from_nullable(row, index)?.map(Self))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(out)
            }
        }
    };
}

id!(
    /// A customer organisation.
    TenantId
);
id!(
    /// One of a tenant's staff.
    UserId
);
id!(
    /// A message template.
    TemplateId
);
id!(
    /// A role of a tenant's own.
    RoleId
);
id!(
    /// A group of a tenant's staff.
    TeamId
);
id!(
    /// A program's key to the API.
    ApiKeyId
);
id!(
    /// A dangerous act that waits for a second person.
    ApprovalId
);
id!(
    /// A look through who has what.
    AccessReviewId
);
id!(
    /// The platform's owner in a tenant, for a time.
    SupportAccessId
);
id!(
    /// A log-in that lasts.
    SessionId
);
id!(
    /// A connected WhatsApp number.
    ChannelId
);
id!(
    /// A person who writes in.
    ContactId
);
id!(
    /// A thread with one contact on one channel.
    ConversationId
);
id!(
    /// A message.
    MessageId
);
id!(
    /// A file of a message.
    MediaId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_rise_even_within_one_millisecond_and_when_the_clock_falls_back() {
        let clock = Clock::standing_at(1_795_176_000_000);
        let ids = Ids::new(clock.clone());
        let mut last = ids.next();
        assert_eq!(last.get_version_num(), 7);
        assert!(Ids::floor(1_795_176_000_000) < last && last < Ids::floor(1_795_176_000_001));
        for round in 0..10_000 {
            if round == 5_000 {
                clock.advance(-60_000);
            }
            let next = ids.next();
            assert!(next > last, "{next} after {last}");
            last = next;
        }
    }
}
