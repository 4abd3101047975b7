//! The moments of what was accepted for one subject: an exact sliding window, small while little was.

use super::Policy;
use std::collections::VecDeque;

/// Milliseconds since the table began, modulo 2^32: 49 days. Differences are taken modulo 2^32 too, which is right as
/// long as nothing older than that is kept; [`super::memory::Memory`] sees to it.
pub(super) type Tick = u32;

/// How long a moment is still shown as taken after it stopped to count, in milliseconds. Answers tell whole seconds until
/// more is free, rounded up; without this, more would be free a fraction of a second before the time that was told.
pub(super) const SHOWN_AFTER: u32 = 1_000;

/// How many moments fit without an allocation: most addresses come once or twice.
const FEW: usize = 4;

/// The newest accepted moments, at most as many as the quota.
#[derive(Debug)]
pub(super) enum Log {
    Few { count: u8, ends: Tick, times: [Tick; FEW] },
    Many(Box<Many>),
}

#[derive(Debug)]
pub(super) struct Many {
    ends: Tick,
    times: VecDeque<Tick>,
}

/// What the log says about one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) is_allowed: bool,
    pub(super) remaining: u32,
    /// Milliseconds until more is free.
    pub(super) reset: u32,
}

impl Default for Log {
    fn default() -> Self {
        Self::Few { count: 0, ends: 0, times: [0; FEW] }
    }
}

/// How much later `now` is than `then`.
pub(super) fn age(now: Tick, then: Tick) -> u32 {
    now.wrapping_sub(then)
}

impl Log {
    /// Accept one more at `now`, if fewer than the quota were accepted in the window before.
    pub(super) fn accept(&mut self, policy: &Policy, quota: u32, now: Tick) -> Verdict {
        let window = u32::try_from(policy.window).unwrap_or(u32::MAX / 4);
        let quota = usize::try_from(quota.max(1)).unwrap_or(usize::MAX);
        while self.first().is_some_and(|first| age(now, first) >= window.saturating_add(SHOWN_AFTER)) {
            self.drop_first();
        }
        if let Some(excess) = self.len().checked_sub(quota) {
            // The quota-th newest: while it counts, the window before `now` is full.
            let waits = self.nth(excess).map_or(0, |time| window.saturating_sub(age(now, time)));
            if waits > 0 {
                return Verdict { is_allowed: false, remaining: 0, reset: waits };
            }
            (0..=excess).for_each(|_| self.drop_first());
        }
        self.push(now, now.wrapping_add(window).wrapping_add(SHOWN_AFTER));
        let remaining = u32::try_from(quota - self.len().min(quota)).unwrap_or(u32::MAX);
        let reset = self.first().map_or(0, |first| window.saturating_sub(age(now, first)));
        Verdict { is_allowed: true, remaining, reset }
    }

    /// Note what somebody else accepted.
    pub(super) fn note(&mut self, policy: &Policy, now: Tick) {
        while self.len() >= usize::try_from(policy.quota.max(1)).unwrap_or(usize::MAX) {
            self.drop_first();
        }
        let window = u32::try_from(policy.window).unwrap_or(u32::MAX / 4);
        self.push(now, now.wrapping_add(window).wrapping_add(SHOWN_AFTER));
    }

    /// Take back the newest.
    pub(super) fn give_back(&mut self) {
        match self {
            Self::Few { count, .. } => *count = count.saturating_sub(1),
            Self::Many(many) => {
                many.times.pop_back();
            }
        }
    }

    /// Whether nothing in it counts or is shown any more.
    pub(super) fn is_over(&self, now: Tick) -> bool {
        let ends = match self {
            Self::Few { ends, .. } => *ends,
            Self::Many(many) => many.ends,
        };
        // The end lies ahead as long as the difference is in the lower half.
        self.len() == 0 || age(ends, now) == 0 || age(ends, now) > u32::MAX / 2
    }

    fn len(&self) -> usize {
        match self {
            Self::Few { count, .. } => usize::from(*count),
            Self::Many(many) => many.times.len(),
        }
    }

    fn first(&self) -> Option<Tick> {
        self.nth(0)
    }

    fn nth(&self, position: usize) -> Option<Tick> {
        match self {
            Self::Few { count, times, .. } => times.get(..usize::from(*count))?.get(position).copied(),
            Self::Many(many) => many.times.get(position).copied(),
        }
    }

    fn drop_first(&mut self) {
        match self {
            Self::Few { count, times, .. } => {
                times.rotate_left(1);
                *count = count.saturating_sub(1);
            }
            Self::Many(many) => {
                many.times.pop_front();
            }
        }
    }

    fn push(&mut self, now: Tick, until: Tick) {
        match self {
            Self::Few { count, ends, times } => {
                if let Some(free) = times.get_mut(usize::from(*count)) {
                    (*free, *ends) = (now, until);
                    *count += 1;
                    return;
                }
                let mut many = VecDeque::with_capacity(4 * FEW);
                many.extend(times.iter().copied());
                many.push_back(now);
                *self = Self::Many(Box::new(Many { ends: until, times: many }));
            }
            Self::Many(many) => {
                many.times.push_back(now);
                many.ends = until;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IN_A_MINUTE: u32 = 60_000;

    fn policy(quota: u32) -> Policy {
        Policy { name: "test", quota, window: i64::from(IN_A_MINUTE) }
    }

    #[test]
    fn a_log_is_as_small_as_the_bound_on_memory_reckons() {
        assert_eq!(size_of::<Log>(), 24);
    }

    #[test]
    fn the_edge_of_a_minute_doubles_nothing() {
        let policy = policy(100);
        let mut log = Log::default();
        let accepted_at =
            |log: &mut Log, now| (0..200).filter(|_| log.accept(&policy, 100, now).is_allowed).count();
        assert_eq!(accepted_at(&mut log, 59_000), 100);
        assert_eq!(accepted_at(&mut log, 61_000), 0);
        assert_eq!(accepted_at(&mut log, 118_999), 0);
        assert_eq!(accepted_at(&mut log, 119_000), 100);
    }

    #[test]
    fn the_counter_of_the_table_may_run_over() {
        let policy = policy(2);
        let mut log = Log::default();
        let before = u32::MAX - 10;
        assert!(log.accept(&policy, 2, before).is_allowed && log.accept(&policy, 2, 5).is_allowed);
        assert!(!log.accept(&policy, 2, 20).is_allowed);
        assert!(!log.is_over(20) && log.is_over(70_000));
        assert!(log.accept(&policy, 2, before.wrapping_add(IN_A_MINUTE)).is_allowed);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Ten thousand histories: no window of a minute, wherever it begins, holds more than the quota; nobody is
        /// refused who kept within it; what is told about the rest and the wait is true.
        #[test]
        fn l02_no_window_holds_more_than_the_quota_and_no_promise_is_broken(
            quota in 1_u32..12,
            start in any::<u32>(),
            steps in prop::collection::vec(prop_oneof![0_u32..3, 0_u32..4_000, 50_000_u32..70_000], 1..80),
        ) {
            let policy = policy(quota);
            let mut log = Log::default();
            let mut accepted: Vec<u64> = Vec::new();
            let mut told: Vec<(u64, u32, u32)> = Vec::new();
            let mut now = 0_u64;
            for step in steps {
                now += u64::from(step);
                let tick = start.wrapping_add(u32::try_from(now).unwrap());
                let in_window = accepted.iter().filter(|time| now - **time < u64::from(IN_A_MINUTE)).count();
                let verdict = log.accept(&policy, quota, tick);
                prop_assert_eq!(verdict.is_allowed, in_window < quota as usize);
                if verdict.is_allowed {
                    accepted.push(now);
                }
                let seconds = verdict.reset.div_ceil(1_000);
                for (then, remaining, after) in &told {
                    if now < then + u64::from(*after) * 1_000 {
                        prop_assert!(verdict.remaining <= *remaining, "more was free before the time that was told");
                    }
                }
                if let Some((then, 0, after)) = told.last()
                    && now >= then + u64::from(*after) * 1_000
                {
                    prop_assert!(verdict.is_allowed, "refused after the wait that was told");
                }
                told.push((now, verdict.remaining, seconds));
            }
        }
    }
}
