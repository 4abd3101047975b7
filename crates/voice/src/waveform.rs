//! A picture of a recording out of the sizes of its packets, in little memory however long it is.

use crate::BARS;

/// Parts that are kept: enough that bars are not made of pieces, and so few that nobody minds.
const MOST: usize = 256;
/// The shortest part, in samples: 20 ms, what most encoders put into a packet.
const SHORTEST: u64 = 960;

/// One part of a recording.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Part {
    samples: u64,
    bytes: u64,
}

impl Part {
    fn and(self, other: Self) -> Self {
        Self { samples: self.samples + other.samples, bytes: self.bytes + other.bytes }
    }
}

/// Sums up packets.
#[derive(Debug)]
pub(crate) struct Envelope {
    parts: Vec<Part>,
    /// The one that is being filled.
    open: Part,
    /// When a part is full, in samples.
    full: u64,
}

impl Envelope {
    pub(crate) fn new() -> Self {
        Self { parts: Vec::with_capacity(MOST), open: Part::default(), full: SHORTEST }
    }

    pub(crate) fn add(&mut self, samples: u64, bytes: usize) {
        self.open = self.open.and(Part { samples, bytes: bytes as u64 });
        if self.open.samples < self.full {
            return;
        }
        self.parts.push(std::mem::take(&mut self.open));
        // Too many: each two become one, and so from here on.
        if self.parts.len() == MOST {
            let pairs =
                self.parts.chunks(2).map(|two| two.iter().fold(Part::default(), |sum, part| sum.and(*part)));
            self.parts = pairs.collect();
            self.full *= 2;
        }
    }

    /// Bars from 0 to 100 over the whole length.
    pub(crate) fn bars(mut self) -> [u8; BARS] {
        if self.open.samples > 0 {
            self.parts.push(self.open);
        }
        let rates = rates(&self.parts);
        let (low, high) =
            rates.iter().fold((u64::MAX, 0), |(low, high), rate| (low.min(*rate), high.max(*rate)));
        // An encoder that gives each packet the same size says nothing.
        if high.saturating_sub(low) <= high / 20 {
            return [50; BARS];
        }
        // Half of the quietest part counts as nothing: what a packet costs whatever is in it.
        let nothing = low / 2;
        rates.map(|rate| u8::try_from((rate - nothing) * 100 / (high - nothing)).unwrap_or(100))
    }
}

/// Bytes for a thousand samples in each bar, in thousandths: each bar takes of every part as much as lies in it.
fn rates(parts: &[Part]) -> [u64; BARS] {
    let total: u64 = parts.iter().map(|part| part.samples).sum();
    let mut rates = [0_u64; BARS];
    if total == 0 {
        return rates;
    }
    let bars = BARS as u64;
    // Times are counted in samples times the number of bars, so that every border is a whole number.
    let mut from = 0;
    for part in parts {
        let to = from + part.samples * bars;
        let first = from / total;
        let last = (to - 1).max(from) / total;
        for bar in first..=last.min(bars - 1) {
            let inside = to.min((bar + 1) * total) - from.max(bar * total);
            let share = part.bytes * 1_000_000 / part.samples.max(1) * inside / total;
            if let Some(rate) = usize::try_from(bar).ok().and_then(|bar| rates.get_mut(bar)) {
                *rate += share;
            }
        }
        from = to;
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(packets: impl IntoIterator<Item = (u64, usize)>) -> [u8; BARS] {
        let mut envelope = Envelope::new();
        for (samples, bytes) in packets {
            envelope.add(samples, bytes);
        }
        envelope.bars()
    }

    #[test]
    fn what_is_loud_stands_high_and_silence_low_wherever_they_are() {
        // Seconds of 20 ms packets: quiet, loud, quiet.
        for seconds in [1, 20, 2_000] {
            let third = seconds * 50 / 3;
            let quiet = std::iter::repeat_n((960, 8), third);
            let bars = of(quiet.clone().chain(std::iter::repeat_n((960, 160), third)).chain(quiet));
            assert!(bars[..19].iter().all(|bar| *bar < 10), "{seconds} s: {bars:?}");
            assert!(bars[24..40].iter().all(|bar| *bar > 90), "{seconds} s: {bars:?}");
            assert!(bars[45..].iter().all(|bar| *bar < 10), "{seconds} s: {bars:?}");
        }
    }

    #[test]
    fn packets_of_one_size_say_nothing() {
        assert_eq!(of([(960, 100); 500]), [50; BARS]);
        assert_eq!(of([]), [50; BARS]);
        assert_eq!(of([(960, 100)]), [50; BARS]);
    }

    #[test]
    fn a_recording_of_days_needs_no_more_memory() {
        let mut envelope = Envelope::new();
        for number in 0..2_000_000 {
            envelope.add(5_760, number % 100);
        }
        assert!(envelope.parts.len() <= MOST && envelope.parts.capacity() <= 2 * MOST);
        assert!(envelope.bars().iter().all(|bar| *bar <= 100));
    }
}
