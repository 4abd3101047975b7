//! Time, as the simulator is told it.

use std::sync::Arc;
use std::time::Duration;

/// Gives milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How often a webhook that was not answered with 200 is posted again.
///
/// Meta says "with decreasing frequency for up to 7 days" (webhooks/overview) and gives no numbers.
#[derive(Debug, Clone, Copy)]
pub struct RetrySchedule {
    /// The wait after the first failure; doubled each time.
    pub first: Duration,
    /// The wait never gets longer than this.
    pub longest: Duration,
    /// The number of attempts after which the body is dropped.
    pub attempts: u32,
}

impl Default for RetrySchedule {
    /// One second, doubled up to an hour, for seven days.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(3_600), attempts: 12 + 7 * 24 }
    }
}

impl RetrySchedule {
    /// The wait after attempt number `attempt`, from 1, or nothing if that was the last.
    pub(crate) fn wait_after(&self, attempt: u32) -> Option<Duration> {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        (attempt < self.attempts).then(|| self.first.saturating_mul(doubled).min(self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_grow_to_an_hour_and_end_after_a_week() {
        let schedule = RetrySchedule::default();
        let waits: Vec<u64> =
            (1..).map_while(|n| schedule.wait_after(n)).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits[..4], [1, 2, 4, 8]);
        assert_eq!(waits.last(), Some(&3_600));
        let days = waits.iter().sum::<u64>() / 86_400;
        assert_eq!(days, 7);
    }
}
