//! What is watched of a channel, and what a silence is.

use super::rule::{Usual, is_no_chance};
use crate::{
    clock::{DAY, HOUR, MINUTE, Millis},
    config,
};
use std::collections::BTreeMap;

/// Between two looks there may be no more, or Zelo did not run: what nobody saw teaches nothing. Three looks.
pub(super) const GAP: Millis = 15 * MINUTE;
/// A message counts from its place in the order of ids on, and may be committed so much later.
pub(super) const SETTLED: Millis = 2 * MINUTE;

/// A silence that is no chance, and was told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// When the last message came in, or the watch began.
    pub since: Millis,
    /// People who would usually have written by the time that somebody was told.
    pub expected: i64,
}

/// What is known of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Watch {
    /// Since when it is looked at without a gap.
    pub(super) watched_since: Millis,
    pub(super) looked_at: Millis,
    /// Hours before it were learnt, or are not known.
    pub(super) learnt_until: Millis,
    pub(super) learnt_hours: i64,
    /// When something last came in.
    pub(super) heard_at: Option<Millis>,
    /// The silence that somebody was told of.
    pub(super) silent_since: Option<Millis>,
}

impl Watch {
    /// Of a channel that was not looked at before.
    pub(super) fn begin(now: Millis) -> Self {
        Self {
            watched_since: now,
            looked_at: now,
            learnt_until: now,
            learnt_hours: 0,
            heard_at: None,
            silent_since: None,
        }
    }

    /// Look now. After a gap the watch begins anew.
    pub(super) fn look(&mut self, now: Millis, heard_at: Option<Millis>) {
        if now - self.looked_at > GAP {
            self.watched_since = now;
        }
        self.looked_at = now;
        self.heard_at = self.heard_at.max(heard_at);
    }

    /// The whole hours that can be learnt now: seen from beginning to end, over, and not learnt before.
    pub(super) fn due(&self) -> (Millis, Millis) {
        let first = -(-self.watched_since.max(self.learnt_until)).div_euclid(HOUR) * HOUR;
        let end = (self.looked_at - SETTLED).div_euclid(HOUR) * HOUR;
        (first, end.max(first))
    }

    /// Learn the hours that are due from the people who wrote in each. What is known of them from now on.
    pub(super) fn learn(
        &mut self,
        usual: &mut Usual,
        people: &BTreeMap<Millis, i64>,
    ) -> Vec<(i64, super::rule::Slot)> {
        let (first, end) = self.due();
        let mut learnt = Vec::new();
        let mut hour = first;
        while hour < end {
            let is_silenced = self.silent_since.is_some_and(|since| hour + HOUR > since);
            learnt.push(usual.learn(hour, people.get(&hour).copied().unwrap_or_default(), is_silenced));
            self.learnt_hours += i64::from(!is_silenced);
            hour += HOUR;
        }
        self.learnt_until = self.learnt_until.max(end);
        learnt
    }

    /// Since when nothing came in, as far as somebody looked.
    pub(super) fn quiet_since(&self) -> Millis {
        self.heard_at.map_or(self.watched_since, |heard| heard.max(self.watched_since))
    }

    /// Whether the silence that was told of is over.
    pub(super) fn is_heard_again(&self) -> bool {
        self.silent_since.zip(self.heard_at).is_some_and(|(since, heard)| heard > since)
    }

    /// Whether it is quiet for so long that it is worth reckoning.
    pub(super) fn is_quiet(&self, rule: &config::Silence, now: Millis) -> bool {
        now - self.quiet_since() >= i64::from(rule.minutes) * MINUTE
            && self.learnt_hours >= i64::from(rule.learning_days) * (DAY / HOUR)
    }

    /// The silence, if it is no chance.
    pub(super) fn judge(&self, rule: &config::Silence, usual: &Usual, now: Millis) -> Option<Quiet> {
        let since = self.quiet_since();
        let expected = usual.expected(since, now);
        (self.is_quiet(rule, now) && is_no_chance(expected, rule.one_in))
            .then(|| Quiet { since, expected: rounded(expected) })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest number that there is")]
fn rounded(people: f64) -> i64 {
    people.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20 12:00 UTC.
    const NOON: Millis = 1_795_176_000_000;

    #[test]
    fn an_hour_is_learnt_when_it_was_seen_from_beginning_to_end_and_only_once() {
        let mut watch = Watch::begin(NOON + 20 * MINUTE);
        let looks = |watch: &mut Watch, until: Millis| {
            let mut learnt = 0;
            while watch.looked_at < until {
                watch.look(watch.looked_at + 5 * MINUTE, None);
                learnt += watch.learn(&mut Usual::default(), &BTreeMap::new()).len();
            }
            learnt
        };
        assert_eq!(looks(&mut watch, NOON + 2 * HOUR), 0, "the first hour was half over");
        assert_eq!(looks(&mut watch, NOON + 2 * HOUR + 5 * MINUTE), 1);
        assert_eq!(watch.learn(&mut Usual::default(), &BTreeMap::new()), [], "once");
        assert_eq!(looks(&mut watch, NOON + 6 * HOUR + 5 * MINUTE), 4);
        assert_eq!(watch.learnt_hours, 5);
    }

    #[test]
    fn hours_that_nobody_saw_teach_nothing_and_no_silence_counts_before_the_watch() {
        let mut watch = Watch::begin(NOON);
        watch.look(NOON + GAP, Some(NOON + MINUTE));
        assert_eq!(watch.quiet_since(), NOON + MINUTE);
        let back = NOON + 3 * DAY + 10 * MINUTE;
        watch.look(back, None);
        assert_eq!(watch.due().0, NOON + 3 * DAY + HOUR, "the hour after the return is the first");
        assert_eq!(watch.quiet_since(), back);
        assert_eq!(watch.learn(&mut Usual::default(), &BTreeMap::new()), []);
    }
}
