//! Meta's limits on how fast messages may come, and what was taken.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::conditions::SendLimits;
use crate::contact::ContactId;

/// Within so many milliseconds a number's messages are counted.
const SECOND: i64 = 1_000;

/// A message that was taken over, in the order in which they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedSend {
    pub phone_number_id: String,
    pub contact: ContactId,
    pub wamid: String,
    /// What the desk wants to have back in each status.
    pub callback_data: Option<String>,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// What became of the sends since the beginning.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub accepted: Vec<AcceptedSend>,
    /// How many were refused, by Meta's code.
    pub refused: BTreeMap<i64, usize>,
    /// How many were accepted, and their connection was cut.
    pub cut: usize,
}

impl Tally {
    /// Every send that was made.
    pub fn calls(&self) -> usize {
        self.accepted.len().saturating_add(self.refused.values().sum())
    }
}

/// Messages to one person that were sent on credit.
#[derive(Debug, Clone, Copy)]
struct Burst {
    began: i64,
    count: i64,
}

#[derive(Debug, Default)]
pub(crate) struct Meter {
    numbers: HashMap<String, VecDeque<i64>>,
    pairs: HashMap<(String, ContactId), Burst>,
}

impl Meter {
    /// Lets a message pass and counts it, or gives Meta's code. What is refused is not counted.
    pub(crate) fn pass(
        &mut self,
        limits: SendLimits,
        phone_number_id: &str,
        contact: ContactId,
        now: i64,
    ) -> Result<(), i64> {
        let times = self.numbers.entry(phone_number_id.to_owned()).or_default();
        while times.front().is_some_and(|first| now.saturating_sub(*first) >= SECOND) {
            times.pop_front();
        }
        if times.len() >= limits.per_second {
            return Err(130_429);
        }
        let pair = (phone_number_id.to_owned(), contact);
        let burst = self.pairs.get(&pair).copied();
        let next = match burst {
            Some(burst) if now < burst.began.saturating_add(limits.pair_ms) => {
                if burst.count >= limits.pair_burst {
                    return Err(131_056);
                }
                Burst { began: burst.began, count: burst.count.saturating_add(1) }
            }
            Some(burst) if now < burst.began.saturating_add(limits.pair_ms.saturating_mul(burst.count)) => {
                return Err(131_056);
            }
            _ => Burst { began: now, count: 1 },
        };
        self.pairs.insert(pair, next);
        times.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: ContactId = ContactId(1);

    #[test]
    fn a_number_passes_eighty_in_any_second() {
        let (mut meter, limits) = (Meter::default(), SendLimits::default());
        for n in 0..80 {
            assert_eq!(meter.pass(limits, "1", ContactId(n), 500), Ok(()));
        }
        assert_eq!(meter.pass(limits, "1", ContactId(99), 1_499), Err(130_429));
        assert_eq!(meter.pass(limits, "2", ContactId(99), 1_499), Ok(()), "another number has its own");
        assert_eq!(meter.pass(limits, "1", ContactId(99), 1_500), Ok(()));
    }

    #[test]
    fn a_burst_to_one_person_is_paid_back_before_the_next_message() {
        let (mut meter, limits) = (Meter::default(), SendLimits::default());
        for n in 0..45 {
            assert_eq!(meter.pass(limits, "1", ANA, n * 100), Ok(()));
        }
        assert_eq!(meter.pass(limits, "1", ANA, 5_999), Err(131_056), "more than a burst");
        assert_eq!(meter.pass(limits, "1", ANA, 45 * 6_000 - 1), Err(131_056), "not paid back yet");
        assert_eq!(meter.pass(limits, "1", ANA, 45 * 6_000), Ok(()));
        assert_eq!(meter.pass(limits, "1", ContactId(2), 45 * 6_000), Ok(()), "others do not pay for it");
    }

    #[test]
    fn one_message_every_six_seconds_always_passes() {
        let (mut meter, limits) = (Meter::default(), SendLimits::default());
        for n in 0..100 {
            assert_eq!(meter.pass(limits, "1", ANA, n * 6_000), Ok(()));
        }
    }
}
