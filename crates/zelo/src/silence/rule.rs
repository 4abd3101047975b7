//! The rule: how many people usually write in each hour of a week, and when their silence is no chance.
//!
//! Pure, in whole thousandths of a person, so that both engines keep exactly what was reckoned.

use crate::clock::{HOUR, Millis};

/// Hours of a week.
const WEEK: usize = 168;
/// 1970 began on a Thursday; weeks begin on Monday, 00:00 UTC. A tenant has no time zone of its own, and in any zone without
/// summer time the hours of a week are the same hours by another name.
const THURSDAY: i64 = 72;
/// So many weeks are learnt as a plain average; from then on a new week counts as one of so many.
const WEEKS: i64 = 4;
/// An hour of a silence that was told of counts as one of so many: what is broken must not become usual before somebody
/// mends it, and a shop that closes on Mondays from now on is not told of it for ever.
const SILENT_WEEKS: i64 = 16;

/// Which hour of the week a moment lies in: 0 to 167.
fn hour_of_week(at: Millis) -> usize {
    usize::try_from((at.div_euclid(HOUR) + THURSDAY).rem_euclid(168)).unwrap_or_default()
}

/// What is known of one hour of the week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Slot {
    /// People who usually write in it, in thousandths.
    pub(super) people: i64,
    /// Weeks that taught it, up to those that count.
    pub(super) weeks: i64,
}

/// What usually comes in on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Usual {
    slots: [Slot; WEEK],
}

impl Default for Usual {
    fn default() -> Self {
        Self { slots: [Slot::default(); WEEK] }
    }
}

impl Usual {
    /// Put a slot where it belongs. One of no hour of the week is left out.
    pub(super) fn put(&mut self, hour: i64, slot: Slot) {
        if let Some(place) = usize::try_from(hour).ok().and_then(|hour| self.slots.get_mut(hour)) {
            *place = slot;
        }
    }

    /// Learn how many people wrote in the hour that began at `hour`. What it is known as from now on, with its place in the week.
    pub(super) fn learn(&mut self, hour: Millis, people: i64, is_silenced: bool) -> (i64, Slot) {
        let place = hour_of_week(hour);
        let Some(slot) = self.slots.get_mut(place) else { return (0, Slot::default()) };
        let (weeks, share) = match (is_silenced, slot.weeks) {
            (true, weeks) => (weeks, SILENT_WEEKS),
            (false, weeks) => ((weeks + 1).min(WEEKS), (weeks + 1).min(WEEKS)),
        };
        // Rounded down, so that a number that nobody writes to any more reaches 0.
        slot.people += (people * 1_000 - slot.people).div_euclid(share);
        slot.weeks = weeks;
        (i64::try_from(place).unwrap_or_default(), *slot)
    }

    /// How many people would usually have written in this time. An hour of the week of which nothing is known adds none.
    pub(super) fn expected(&self, from: Millis, to: Millis) -> f64 {
        let mut thousandths = 0.0;
        let mut at = from;
        while at < to {
            let next = (at.div_euclid(HOUR) + 1).saturating_mul(HOUR).min(to);
            let slot = self.slots.get(hour_of_week(at)).copied().unwrap_or_default();
            thousandths += as_f64(slot.people) * as_f64(next - at) / as_f64(HOUR);
            at = next;
        }
        thousandths / 1_000.0
    }
}

/// Whether nobody writes by chance less often than once in `one_in` times, where so many usually do: the chance is
/// e^-expected, because people write independently of each other (Poisson).
pub(super) fn is_no_chance(expected: f64, one_in: u32) -> bool {
    expected > f64::from(one_in).ln()
}

#[expect(clippy::cast_precision_loss, reason = "hours and people are far below 2^53")]
fn as_f64(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY;
    use proptest::prelude::*;

    /// Monday, 2026-11-23, 00:00 UTC.
    const MONDAY: Millis = 1_795_392_000_000;

    /// A reception: ten people an hour from 08:00 to 22:00, and nobody at night, for so many weeks.
    fn reception(weeks: i64) -> Usual {
        let mut usual = Usual::default();
        for hour in 0..weeks * 168 {
            let people = if (8..22).contains(&(hour % 24)) { 10 } else { 0 };
            usual.learn(MONDAY + hour * HOUR, people, false);
        }
        usual
    }

    #[test]
    fn a_week_begins_on_monday_and_has_168_hours() {
        assert_eq!(hour_of_week(MONDAY), 0);
        assert_eq!(hour_of_week(MONDAY - 1), 167);
        assert_eq!(hour_of_week(MONDAY + DAY + HOUR / 2), 24);
        assert_eq!(hour_of_week(-1), 71, "the Wednesday before 1970");
    }

    #[test]
    fn one_in_10_000_is_reached_after_a_little_more_than_nine_people() {
        assert!(!is_no_chance(9.21, 10_000));
        assert!(is_no_chance(9.22, 10_000));
        let usual = reception(1);
        let (eight, nine) = (MONDAY + 8 * HOUR, MONDAY + 9 * HOUR);
        assert!(!is_no_chance(usual.expected(eight, eight + 55 * 60_000), 10_000));
        assert!(is_no_chance(usual.expected(eight, nine), 10_000));
    }

    #[test]
    fn the_night_expects_nobody() {
        let usual = reception(2);
        let night = (MONDAY + 22 * HOUR, MONDAY + DAY + 8 * HOUR);
        assert!(usual.expected(night.0, night.1).abs() < 1e-9);
        assert!((usual.expected(MONDAY, MONDAY + 7 * DAY) - 980.0).abs() < 1e-9);
    }

    #[test]
    fn what_changes_is_known_after_some_weeks_and_what_is_silent_much_later() {
        let after = |is_silenced: bool, weeks: i64| {
            let mut usual = reception(4);
            for week in 0..weeks {
                usual.learn(MONDAY + week * 7 * DAY + 8 * HOUR, 0, is_silenced);
            }
            usual.expected(MONDAY + 8 * HOUR, MONDAY + 9 * HOUR)
        };
        assert!((after(false, 1) - 7.5).abs() < 1e-9);
        assert!((after(false, 4) - 3.163).abs() < 1e-9);
        assert!((after(true, 1) - 9.375).abs() < 1e-9);
        assert!((after(true, 4) - 7.724).abs() < 1e-2);
        assert!(after(false, 40).abs() < 1e-9, "a number that nobody writes to any more reaches nothing");
    }

    #[test]
    fn an_hour_that_nobody_saw_is_not_known_and_expects_nobody() {
        let mut usual = Usual::default();
        assert!(usual.expected(MONDAY, MONDAY + 7 * DAY).abs() < 1e-9);
        let (hour, slot) = usual.learn(MONDAY, 0, true);
        assert_eq!((hour, slot), (0, Slot::default()), "a silence alone teaches nothing");
        usual.put(168, Slot { people: 1, weeks: 1 });
        usual.put(-1, Slot { people: 1, weeks: 1 });
        assert_eq!(usual, Usual::default());
    }

    proptest! {
        /// Whatever was learnt: no rate leaves what was seen, and a time that is cut in two expects as much as whole.
        #[test]
        fn rates_stay_within_what_was_seen_and_times_add_up(
            hours in prop::collection::vec((0_i64..168 * 6, 0_i64..500, any::<bool>()), 0..400),
            from in 0_i64..30 * DAY, first in 0_i64..20 * DAY, second in 0_i64..20 * DAY,
        ) {
            let mut usual = Usual::default();
            let most = hours.iter().map(|(_, people, _)| *people).max().unwrap_or(0);
            for (hour, people, is_silenced) in hours {
                let (place, slot) = usual.learn(MONDAY + hour * HOUR, people, is_silenced);
                prop_assert!((0..168).contains(&place));
                prop_assert!((0..=most * 1_000).contains(&slot.people) && slot.weeks <= WEEKS);
            }
            let (from, cut) = (MONDAY + from, MONDAY + from + first);
            let whole = usual.expected(from, cut + second);
            let parts = usual.expected(from, cut) + usual.expected(cut, cut + second);
            prop_assert!((whole - parts).abs() < 1e-6 && whole >= 0.0);
        }
    }
}
