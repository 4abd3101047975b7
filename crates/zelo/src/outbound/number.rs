//! How fast messages may leave from one number, and whether at all.
//!
//! The row of a number is shared by all processes. Each takes a tenth of a second of its time at once, so that the row is
//! written ten times a second however fast the number is, and what all of them take together is never more than there is.

use crate::clock::{MINUTE, Millis, SECOND};

/// Microseconds in a [`Millis`].
const US: i64 = 1_000;
/// How much of the number's time a process takes at once, in microseconds.
const BLOCK: i64 = 100 * US;
/// How late something may leave whose moment was missed, in microseconds; after that the moment is lost. Together with
/// [`PLANNED`] this keeps what leaves within any second below the throughput.
const CATCH_UP: i64 = 100 * US;
/// How much of the throughput is planned for, in thousandths.
const PLANNED: i64 = 900;
const WHOLE: i64 = 1_000;
/// The least share of the throughput that refusals leave.
const LEAST: i64 = 50;
/// How long the whole share takes to grow back.
const RECOVERY: Millis = MINUTE;
/// Refusals within this time are one: they answer messages that were under way together.
const EPISODE: Millis = SECOND;
/// How long a circuit is open the first time; each further time doubles it.
const OPEN: Millis = 30 * SECOND;
const LONGEST_OPEN: Millis = 15 * MINUTE;
/// How long a probe may be under way before another one is sent.
const PROBE: Millis = 30 * SECOND;
/// How soon those who wait for a probe look again.
const PROBE_LOOK: Millis = 2 * SECOND;

/// Whether messages leave from a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Circuit {
    /// They do.
    #[default]
    Closed,
    /// They do not: calls failed one after the other.
    Open,
    /// One is sent to see whether they do again.
    HalfOpen,
}

impl Circuit {
    /// The word that is stored.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }

    /// Read the word that is stored.
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "open" => Self::Open,
            "half_open" => Self::HalfOpen,
            _ => Self::Closed,
        }
    }
}

/// The pace of a number, as all processes know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumberPace {
    /// The first moment that nobody has taken, in microseconds.
    pub(super) next_us: i64,
    /// Of the throughput that is used, in thousandths, at `slowed_at`.
    pub(super) share: i64,
    /// When Meta last said that it was too much.
    pub(super) slowed_at: Millis,
    /// Whether anything leaves.
    pub(super) circuit: Circuit,
    /// Nothing leaves before.
    pub(super) closed_until: Millis,
    /// How often the circuit opened since something left.
    pub(super) openings: i64,
}

impl Default for NumberPace {
    fn default() -> Self {
        Self {
            next_us: 0,
            share: WHOLE,
            slowed_at: 0,
            circuit: Circuit::Closed,
            closed_until: 0,
            openings: 0,
        }
    }
}

/// What a process gets when it asks for some of a number's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grant {
    /// Moments at which messages may leave.
    Moments(Moments),
    /// One message, to see whether the number works again.
    Probe,
    /// Nothing before then, because the number's time is taken or it was told to be slower.
    Later(Millis),
    /// Nothing before then, because calls fail.
    Broken(Millis),
}

impl NumberPace {
    /// Take a part of the number's time.
    pub(super) fn grant(&mut self, per_second: u32, now: Millis) -> Grant {
        match self.circuit {
            Circuit::Open if now < self.closed_until => return Grant::Broken(self.closed_until),
            Circuit::HalfOpen if now < self.closed_until => {
                return Grant::Broken(self.closed_until.min(now + PROBE_LOOK));
            }
            Circuit::Open | Circuit::HalfOpen => {
                self.circuit = Circuit::HalfOpen;
                self.closed_until = now + PROBE;
                return Grant::Probe;
            }
            Circuit::Closed if now < self.closed_until => return Grant::Later(self.closed_until),
            Circuit::Closed => {}
        }
        let begin = self.next_us.max(now * US - CATCH_UP);
        if begin > now * US + BLOCK {
            return Grant::Later((begin - BLOCK) / US);
        }
        let interval = self.interval(per_second, now);
        let count = (BLOCK / interval).max(1);
        self.next_us = begin + count * interval;
        Grant::Moments(Moments { next_us: begin, left: count, interval })
    }

    /// Microseconds between two messages.
    fn interval(&self, per_second: u32, now: Millis) -> i64 {
        let per_second = i64::from(per_second.max(1));
        (SECOND * US * WHOLE * WHOLE / (per_second * PLANNED * self.share_at(now))).max(1)
    }

    /// What was taken away grows back evenly.
    fn share_at(&self, now: Millis) -> i64 {
        let grown = now.saturating_sub(self.slowed_at).clamp(0, RECOVERY) * WHOLE / RECOVERY;
        (self.share + grown).min(WHOLE)
    }

    /// Meta said 130429: nothing for a moment, then more slowly. Says whether that was news.
    pub(super) fn slow_down(&mut self, now: Millis) -> bool {
        if now < self.slowed_at + EPISODE {
            return false;
        }
        self.share = (self.share_at(now) * 7 / 10).max(LEAST);
        self.slowed_at = now;
        let pause = SECOND * WHOLE / self.share;
        self.closed_until = self.closed_until.max(now + pause);
        true
    }

    /// Meta's call rates are used up: nothing before then.
    pub(super) fn pause(&mut self, until: Millis) {
        self.closed_until = self.closed_until.max(until);
    }

    /// Calls fail. Says whether that was news.
    pub(super) fn break_off(&mut self, now: Millis) -> bool {
        if self.circuit == Circuit::Open {
            return false;
        }
        let doublings = u32::try_from(self.openings).unwrap_or(u32::MAX);
        let wait = OPEN.saturating_mul(2_i64.saturating_pow(doublings)).min(LONGEST_OPEN);
        self.openings += 1;
        self.circuit = Circuit::Open;
        self.closed_until = now + wait;
        true
    }

    /// A call was answered. Says whether that was news.
    pub(super) fn mend(&mut self, now: Millis) -> bool {
        if self.circuit == Circuit::Closed {
            return false;
        }
        self.circuit = Circuit::Closed;
        self.closed_until = now;
        self.openings = 0;
        true
    }
}

/// Moments at which messages may leave, one each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moments {
    next_us: i64,
    left: i64,
    interval: i64,
}

impl Moments {
    /// Use the next moment: nothing when there is none left, otherwise how many milliseconds to wait for it first, and
    /// none if it is used now.
    pub(super) fn take(&mut self, now: Millis) -> Option<Millis> {
        let missed = now * US - CATCH_UP - self.next_us;
        if missed > 0 && self.interval > 0 {
            let lost = ((missed + self.interval - 1) / self.interval).min(self.left);
            self.next_us += lost * self.interval;
            self.left -= lost;
        }
        if self.left == 0 {
            return None;
        }
        let wait = self.next_us - now * US;
        if wait > 0 {
            return Some((wait + US - 1) / US);
        }
        self.next_us += self.interval;
        self.left -= 1;
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = 1_795_176_000_000;

    /// When messages leave that all wait from the beginning, with `processes` sharing the number for `time`.
    fn leave(pace: &mut NumberPace, per_second: u32, processes: usize, time: Millis) -> Vec<Millis> {
        let mut hands = vec![Moments::default(); processes];
        let mut left = Vec::new();
        for now in NOON..NOON + time {
            for hand in &mut hands {
                loop {
                    match hand.take(now) {
                        Some(0) => left.push(now),
                        Some(_) => break,
                        None => match pace.grant(per_second, now) {
                            Grant::Moments(moments) => *hand = moments,
                            _ => break,
                        },
                    }
                }
            }
        }
        left
    }

    fn most_within_a_second(times: &[Millis]) -> usize {
        let within = |from: Millis| times.iter().filter(|at| (from..from + SECOND).contains(at)).count();
        times.iter().map(|from| within(*from)).max().unwrap_or(0)
    }

    #[test]
    fn no_second_holds_more_than_the_throughput_however_many_processes_share_it() {
        for (per_second, processes) in [(80, 1), (80, 3), (1_000, 4), (20, 2), (1, 2)] {
            let times = leave(&mut NumberPace::default(), per_second, processes, 10 * SECOND);
            let most = most_within_a_second(&times);
            assert!(most <= per_second as usize, "{per_second} by {processes}: {most} in a second");
            let least = per_second as usize * 10 * 85 / 100;
            assert!(times.len() >= least, "{per_second} by {processes}: {} in ten seconds", times.len());
        }
    }

    #[test]
    fn a_stall_is_not_made_up_for_by_a_flood() {
        let mut pace = NumberPace::default();
        let mut hand = Moments::default();
        let mut leave_at = |now: Millis| {
            let mut count = 0;
            loop {
                match hand.take(now) {
                    Some(0) => count += 1,
                    Some(_) => return count,
                    None => match pace.grant(80, now) {
                        Grant::Moments(moments) => hand = moments,
                        _ => return count,
                    },
                }
            }
        };
        leave_at(NOON);
        assert!(leave_at(NOON + 5 * SECOND) <= 9, "a tenth of a second, and no more");
    }

    #[test]
    fn a_refusal_slows_the_number_once_and_it_recovers_within_a_minute() {
        let mut pace = NumberPace::default();
        let whole = leave(&mut pace, 80, 1, SECOND).len();
        let now = NOON + SECOND;
        assert!(pace.slow_down(now));
        assert!(!pace.slow_down(now + 500), "what was under way with it says the same");
        assert!(matches!(pace.grant(80, now), Grant::Later(until) if until > now + SECOND));
        assert_eq!(pace.interval(80, now) * 7 / 10 / 100, NumberPace::default().interval(80, now) / 100);
        assert_eq!(pace.interval(80, now + RECOVERY), NumberPace::default().interval(80, now));
        assert!(whole > 70);
        for n in 1..50 {
            pace.slow_down(now + n * EPISODE);
        }
        assert!(pace.share >= LEAST && pace.closed_until <= now + 50 * EPISODE + 20 * SECOND);
    }

    #[test]
    fn an_open_circuit_lets_one_probe_through_and_waits_longer_each_time() {
        let mut pace = NumberPace::default();
        assert!(pace.break_off(NOON) && !pace.break_off(NOON));
        assert_eq!(pace.grant(80, NOON), Grant::Broken(NOON + OPEN));
        let later = NOON + OPEN;
        assert_eq!(pace.grant(80, later), Grant::Probe);
        assert_eq!(pace.grant(80, later), Grant::Broken(later + PROBE_LOOK), "one is enough");
        assert!(pace.break_off(later));
        assert_eq!(pace.grant(80, later), Grant::Broken(later + 2 * OPEN));
        let later = later + 2 * OPEN;
        assert_eq!(pace.grant(80, later), Grant::Probe);
        assert!(pace.mend(later) && !pace.mend(later));
        assert!(matches!(pace.grant(80, later), Grant::Moments(_)));
        assert_eq!(pace.openings, 0);
    }

    #[test]
    fn a_probe_that_never_ends_is_followed_by_another() {
        let mut pace = NumberPace::default();
        pace.break_off(NOON);
        assert_eq!(pace.grant(80, NOON + OPEN), Grant::Probe);
        assert_eq!(pace.grant(80, NOON + OPEN + PROBE), Grant::Probe);
    }
}
