//! The one source of time.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

/// Milliseconds since 1970-01-01, UTC: how time is kept everywhere in the product.
pub type Millis = i64;

/// A second, in the unit of [`Millis`].
pub const SECOND: Millis = 1_000;
/// A minute, in the unit of [`Millis`].
pub const MINUTE: Millis = 60 * SECOND;
/// An hour, in the unit of [`Millis`].
pub const HOUR: Millis = 60 * MINUTE;
/// A day, in the unit of [`Millis`].
pub const DAY: Millis = 24 * HOUR;

/// Tells the time: the host's, or in tests the one that was set.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The host's clock.
    pub fn of_the_host() -> Self {
        Self { set: None }
    }

    /// A clock that stands still until it is moved.
    pub fn standing_at(now: Millis) -> Self {
        Self { set: Some(Arc::new(AtomicI64::new(now))) }
    }

    /// Now.
    pub fn now(&self) -> Millis {
        match &self.set {
            Some(set) => set.load(Ordering::SeqCst),
            None => host_time(),
        }
    }

    /// Milliseconds since some moment in the past, never fewer than before: for measuring how much time went by, which
    /// must not depend on somebody setting the host's clock.
    pub fn steady(&self) -> Millis {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        match &self.set {
            Some(set) => set.load(Ordering::SeqCst),
            None => Millis::try_from(BEGAN.elapsed().as_millis()).unwrap_or(Millis::MAX),
        }
    }

    /// Move a standing clock on. A host's clock does not listen.
    pub fn advance(&self, by: Millis) {
        if let Some(set) = &self.set {
            set.fetch_add(by, Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
fn host_time() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
