//! How fast messages may leave for one person.
//!
//! Meta takes one message in six seconds from a number to a person, and up to 45 at once on credit: afterwards it takes
//! none until all of them are paid for (Meta, about-the-platform, "pair rate limits"). Refused ones get 131056.

use crate::clock::{HOUR, Millis, SECOND};

/// What each message costs.
const COST: Millis = 6 * SECOND;
/// How many may leave on credit.
const BURST: i64 = 45;
/// How long we go on with a burst. Meta's six seconds begin when it gets the first message, not when we send it.
const BURST_LASTS: Millis = 5 * SECOND;
/// How much later than allowed we come, because messages do not all travel alike.
const TRAVEL: Millis = SECOND;

/// What was sent to a person from a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PairPace {
    /// When the burst began that is paid for now.
    pub(super) began_at: Millis,
    /// Messages in it.
    pub(super) sent: i64,
    /// How often Meta refused in a row.
    pub(super) refusals: i64,
    /// What a refusal made of it.
    pub(super) waits_until: Millis,
}

impl PairPace {
    /// When the next message may leave: now, or later.
    pub(super) fn next_at(&self, now: Millis) -> Millis {
        let on_credit = now < self.began_at + BURST_LASTS && self.sent < BURST;
        let free = if on_credit { now } else { self.paid_at() };
        free.max(self.waits_until).max(now)
    }

    /// A message leaves.
    pub(super) fn send(&mut self, now: Millis) {
        if now >= self.paid_at() {
            self.began_at = now;
            self.sent = 1;
        } else {
            self.sent += 1;
        }
    }

    /// It did not: Meta refused it, or could not be reached.
    pub(super) fn give_back(&mut self) {
        self.sent = (self.sent - 1).max(0);
    }

    /// Meta refused with 131056, and asks to wait 4^n seconds (support/error-codes): 1, 4, 16, …, at most an hour.
    pub(super) fn refuse(&mut self, now: Millis) {
        let exponent = u32::try_from(self.refusals).unwrap_or(u32::MAX);
        let wait = 4_i64.saturating_pow(exponent).saturating_mul(SECOND).min(HOUR);
        self.refusals += 1;
        self.waits_until = now + wait;
    }

    fn paid_at(&self) -> Millis {
        if self.sent == 0 { 0 } else { self.began_at + self.sent * COST + TRAVEL }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = 1_795_176_000_000;

    #[test]
    fn a_few_quick_messages_leave_at_once_and_the_next_one_waits_for_them() {
        let mut pair = PairPace::default();
        for n in 0..3 {
            assert_eq!(pair.next_at(NOON + n * SECOND), NOON + n * SECOND);
            pair.send(NOON + n * SECOND);
        }
        let later = NOON + BURST_LASTS;
        assert_eq!(pair.next_at(later), NOON + 3 * COST + TRAVEL);
        pair.send(NOON + 3 * COST + TRAVEL);
        assert_eq!((pair.began_at, pair.sent), (NOON + 3 * COST + TRAVEL, 1), "a new burst");
    }

    #[test]
    fn forty_five_leave_on_credit_and_not_one_more() {
        let mut pair = PairPace::default();
        (0..45).for_each(|_| pair.send(NOON));
        assert_eq!(pair.next_at(NOON), NOON + 45 * COST + TRAVEL);
    }

    #[test]
    fn whoever_waits_six_seconds_each_time_never_waits() {
        let mut pair = PairPace::default();
        for n in 0..100 {
            let now = NOON + n * (COST + TRAVEL);
            assert_eq!(pair.next_at(now), now);
            pair.send(now);
        }
    }

    #[test]
    fn refusals_of_the_pair_wait_powers_of_four_and_what_did_not_leave_costs_nothing() {
        let mut pair = PairPace::default();
        let waits: Vec<Millis> = (0..4)
            .map(|_| {
                pair.send(NOON);
                pair.give_back();
                pair.refuse(NOON);
                pair.next_at(NOON) - NOON
            })
            .collect();
        assert_eq!(waits, [1_000, 4_000, 16_000, 64_000]);
        pair.refusals = 40;
        pair.refuse(NOON);
        assert_eq!(pair.next_at(NOON), NOON + HOUR);
    }
}
