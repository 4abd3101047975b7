//! How long a job waits before it is tried again.

use std::time::Duration;
use uuid::Uuid;

/// Exponential waiting with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first attempt; it doubles with each further one.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
}

impl Default for Backoff {
    /// One second, doubling up to an hour.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(3600) }
    }
}

impl Backoff {
    /// The wait after attempt number `attempt` (from 1) of the job `id`: between half of the exponential wait and all
    /// of it, so that jobs which failed together do not come back together. The same job and attempt always wait alike.
    pub fn wait(self, id: Uuid, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let full = self.first.saturating_mul(1 << doublings).min(self.longest);
        let half = u64::try_from(full.as_millis() / 2).unwrap_or(u64::MAX);
        let extra = scatter(id, attempt) % half.saturating_add(1);
        Duration::from_millis(half.saturating_add(extra))
    }
}

/// An evenly spread number out of an id and an attempt (the finalizer of SplitMix64).
fn scatter(id: Uuid, attempt: u32) -> u64 {
    let (high, low) = id.as_u64_pair();
    let mut number = high ^ low.rotate_left(32) ^ u64::from(attempt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_stay_between_half_and_all() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
        for number in 0..200 {
            let id = Uuid::from_u128(number);
            for (attempt, seconds) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (40, 60)] {
                let full = Duration::from_secs(seconds);
                let wait = backoff.wait(id, attempt);
                assert!(wait >= full / 2 && wait <= full, "attempt {attempt} waits {wait:?}");
            }
        }
    }

    #[test]
    fn jobs_that_failed_together_come_back_apart_and_each_always_alike() {
        let backoff = Backoff { first: Duration::from_secs(10), longest: Duration::from_secs(60) };
        let waits: std::collections::BTreeSet<_> =
            (0..100).map(|number| backoff.wait(Uuid::from_u128(number), 1)).collect();
        assert!(waits.len() > 90, "only {} different waits", waits.len());
        assert_eq!(backoff.wait(Uuid::from_u128(7), 2), backoff.wait(Uuid::from_u128(7), 2));
    }
}
