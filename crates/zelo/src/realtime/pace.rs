//! How fast a socket may speak.

use crate::clock::{Millis, SECOND};
use std::sync::{Mutex, PoisonError};

/// One event in this time may go on for ever: a person who types and looks through the inbox sends fewer.
const EVERY: Millis = SECOND / 20;
/// Events at once, such as the rooms that a page joins again after its connection was lost.
const AT_ONCE: i64 = 60;
/// So many refusals without a pause, and nobody is listening.
const DEAF: u32 = 600;

/// How far ahead of its time a socket is (the generic cell rate algorithm). It is the socket's own: who opens a second
/// one is limited as a connection.
#[derive(Debug, Default)]
pub(super) struct Pace {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When a steady speaker would be due to say the next thing.
    due_at: Millis,
    refused: u32,
}

impl Pace {
    /// Whether one more event is heard. `now` is steady time.
    pub(super) fn allows(&self, now: Millis) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let due_at = state.due_at.max(now);
        if due_at - now > (AT_ONCE - 1) * EVERY {
            state.refused = state.refused.saturating_add(1);
            return false;
        }
        *state = State { due_at: due_at + EVERY, refused: 0 };
        true
    }

    /// Whether it went on and on after it was refused.
    pub(super) fn is_deaf(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).refused >= DEAF
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_hundred_events_a_second_twenty_are_heard_after_the_first_sixty() {
        let pace = Pace::default();
        let heard_in_second = |second: i64| {
            let moments = (second * 200..(second + 1) * 200).map(|n| n * 5);
            moments.filter(|now| pace.allows(*now)).count()
        };
        assert_eq!(heard_in_second(0), 79);
        assert_eq!(heard_in_second(1), 20);
        assert!(!pace.is_deaf(), "one in ten is heard");
        assert!((0..60).all(|_| pace.allows(10 * SECOND)), "it waited");
        assert!((0..DEAF).all(|_| !pace.allows(10 * SECOND)) && pace.is_deaf());
    }
}
