//! Ogg (RFC 3533) with one stream of Opus (RFC 7845): read and written.

use crate::{
    Fault,
    opus::{self, Head, RATE},
    tape::Tape,
};
use std::sync::LazyLock;

/// How a page begins.
const CAPTURE: &[u8] = b"OggS";
/// Bytes before the table of segments.
const PAGE_HEAD: usize = 27;
/// The packet goes on from the page before.
const CONTINUED: u8 = 1;
/// The first page of a stream.
const FIRST: u8 = 2;
/// The last one.
const LAST: u8 = 4;
/// A page on which no packet ends.
const NO_POSITION: u64 = u64::MAX;
/// The largest packet that is put together, in bytes: the largest that Opus has is 61,298 (48 frames of 1,275 bytes, and their
/// sizes), and one of them fits on one page.
const LARGEST_PACKET: usize = 255 * 255 - 1;

pub(crate) fn is_ogg(bytes: &[u8]) -> bool {
    bytes.starts_with(CAPTURE)
}

/// CRC-32 with 0x04c11db7, from the highest bit, beginning with nothing (RFC 3533, section 6): the sum of each single byte.
static SUMS: LazyLock<[u32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| {
        let first = u32::try_from(byte).unwrap_or_default() << 24;
        (0..8).fold(first, |sum, _| if sum >> 31 == 0 { sum << 1 } else { (sum << 1) ^ 0x04c1_1db7 })
    })
});

fn sum(before: u32, bytes: &[u8]) -> u32 {
    let sums = &*SUMS;
    bytes.iter().fold(before, |sum, byte| {
        let [highest, ..] = sum.to_be_bytes();
        (sum << 8) ^ sums.get(usize::from(highest ^ byte)).copied().unwrap_or_default()
    })
}

/// One page of a file.
struct Page<'p> {
    flags: u8,
    /// The samples until the end of the last packet that ends on it.
    position: u64,
    stream: u32,
    number: u32,
    table: &'p [u8],
    body: &'p [u8],
}

impl<'p> Page<'p> {
    /// The page at the beginning of the bytes, and what follows.
    fn read(bytes: &'p [u8]) -> Option<(Self, &'p [u8])> {
        let (head, rest) = bytes.split_at_checked(PAGE_HEAD)?;
        let word = |at: usize| Some(u32::from_le_bytes(*head.get(at..)?.first_chunk()?));
        let (version, flags, count) = (*head.get(4)?, *head.get(5)?, *head.get(26)?);
        let (table, rest) = rest.split_at_checked(count.into())?;
        let size = table.iter().map(|size| usize::from(*size)).sum();
        let (body, next) = rest.split_at_checked(size)?;
        let promised = word(22)?;
        let found = [head.get(..22)?, &[0; 4], head.get(26..)?, table, body].into_iter().fold(0, sum);
        if !head.starts_with(CAPTURE) || version != 0 || promised != found {
            return None;
        }
        let position = u64::from_le_bytes(*head.get(6..)?.first_chunk()?);
        Some((Self { flags, position, stream: word(14)?, number: word(18)?, table, body }, next))
    }

    /// The packets and pieces of packets on it; whether each ends here.
    fn pieces(&self) -> impl Iterator<Item = (&'p [u8], bool)> {
        let (mut table, mut body) = (self.table, self.body);
        std::iter::from_fn(move || {
            if table.is_empty() {
                return None;
            }
            let end = table.iter().position(|size| *size < 255);
            let (segments, later) = table.split_at_checked(end.map_or(table.len(), |at| at + 1))?;
            let (piece, rest) =
                body.split_at_checked(segments.iter().map(|size| usize::from(*size)).sum())?;
            (table, body) = (later, rest);
            Some((piece, end.is_some()))
        })
    }
}

/// Where reading is in the order of a file: a head, comments, sound.
#[derive(PartialEq, Eq)]
enum Stage {
    Head,
    Tags,
    Sound,
    Over,
}

/// Give out the packets of a file.
pub(crate) fn play(mut bytes: &[u8], tape: &mut Tape) -> Result<(), Fault> {
    let mut reading = Reading { stage: Stage::Head, packet: Vec::new(), is_open: false, before_first: None };
    let (mut stream, mut expected) = (None, 0);
    while !bytes.is_empty() {
        let (page, next) = Page::read(bytes).ok_or(Fault::Broken("a page is cut off or changed"))?;
        bytes = next;
        if reading.stage == Stage::Over {
            return Err(Fault::Broken("something follows its end"));
        }
        let is_first = stream.is_none();
        if *stream.get_or_insert(page.stream) != page.stream || is_first != (page.flags & FIRST != 0) {
            return Err(Fault::Codec);
        }
        // A stream may begin with any number; from there on none is missing.
        if !is_first && page.number != expected {
            return Err(Fault::Broken("a page is missing"));
        }
        expected = page.number.wrapping_add(1);
        reading.take(&page, tape)?;
    }
    if matches!(reading.stage, Stage::Head | Stage::Tags) {
        return Err(Fault::Empty);
    }
    Ok(())
}

struct Reading {
    stage: Stage,
    /// A packet of which more follows.
    packet: Vec<u8>,
    is_open: bool,
    /// The position before the first packet of sound: a recording of something that runs does not begin with nothing.
    before_first: Option<u64>,
}

impl Reading {
    fn take(&mut self, page: &Page<'_>, tape: &mut Tape) -> Result<(), Fault> {
        if self.is_open != (page.flags & CONTINUED != 0) {
            return Err(Fault::Broken("a packet is cut off"));
        }
        let samples_before = tape.samples();
        for (piece, ends) in page.pieces() {
            if self.packet.len() + piece.len() > LARGEST_PACKET {
                return Err(Fault::Broken("a packet is too large"));
            }
            self.is_open = !ends;
            if !ends {
                self.packet.extend_from_slice(piece);
            } else if self.packet.is_empty() {
                self.give(piece, tape)?;
            } else {
                self.packet.extend_from_slice(piece);
                let whole = std::mem::take(&mut self.packet);
                self.give(&whole, tape)?;
            }
        }
        self.follow(page, samples_before, tape)
    }

    fn give(&mut self, packet: &[u8], tape: &mut Tape) -> Result<(), Fault> {
        match self.stage {
            Stage::Head => {
                tape.begin(Head::read(packet)?)?;
                self.stage = Stage::Tags;
            }
            Stage::Tags => {
                packet
                    .starts_with(b"OpusTags")
                    .then_some(())
                    .ok_or(Fault::Broken("its comments are missing"))?;
                self.stage = Stage::Sound;
            }
            Stage::Sound | Stage::Over => tape.take(packet)?,
        }
        Ok(())
    }

    /// What a page's position says: where the stream began, and at its end how much of it is not played.
    fn follow(&mut self, page: &Page<'_>, samples_before: u64, tape: &mut Tape) -> Result<(), Fault> {
        let is_last = page.flags & LAST != 0;
        let came = tape.samples() - samples_before;
        if came > 0 && page.position != NO_POSITION {
            // A single page that is the last one, too, may be shorter than its packets: that is no beginning.
            let before_first = *self.before_first.get_or_insert(page.position.saturating_sub(came));
            if is_last {
                let played = page.position.saturating_sub(before_first);
                tape.trim(tape.samples().saturating_sub(played));
            }
        }
        if is_last {
            if self.is_open {
                return Err(Fault::Broken("a packet is cut off"));
            }
            self.stage = if self.stage == Stage::Sound { Stage::Over } else { return Err(Fault::Empty) };
        }
        Ok(())
    }
}

/// The stream's number. Any would do: there is one stream.
const STREAM: u32 = u32::from_be_bytes(*b"zelo");
/// A page gets no more than a second, so that a player finds its place quickly (RFC 7845, section 3).
const LONGEST_PAGE: u64 = RATE;

/// Writes a file.
pub(crate) struct Writer {
    file: Vec<u8>,
    number: u32,
    table: Vec<u8>,
    body: Vec<u8>,
    /// Samples until the end of what is on the page, and until the page before it.
    position: u64,
    written: u64,
}

impl Writer {
    /// A file with its head and its comments, each on a page of its own.
    pub(crate) fn begin(head: Head, capacity: usize) -> Self {
        let mut writer = Self {
            file: Vec::with_capacity(capacity),
            number: 0,
            table: Vec::with_capacity(255),
            body: Vec::new(),
            position: 0,
            written: 0,
        };
        writer.put(&head.write());
        writer.turn(FIRST);
        writer.put(&opus::tags());
        writer.turn(0);
        writer
    }

    /// The next packet, of at most [`LARGEST_PACKET`] bytes; `samples` are those until its end.
    pub(crate) fn write(&mut self, packet: &[u8], samples: u64) {
        let is_full =
            self.table.len() + packet.len() / 255 + 1 > 255 || samples - self.written > LONGEST_PAGE;
        if is_full && !self.table.is_empty() {
            self.turn(0);
        }
        self.put(packet);
        self.position = samples;
    }

    fn put(&mut self, packet: &[u8]) {
        self.table.extend(std::iter::repeat_n(255, packet.len() / 255));
        self.table.push(u8::try_from(packet.len() % 255).unwrap_or_default());
        self.body.extend_from_slice(packet);
    }

    /// Put the page into the file and begin another.
    fn turn(&mut self, flags: u8) {
        let mut head = [CAPTURE, &[0, flags]].concat();
        head.extend_from_slice(&self.position.to_le_bytes());
        head.extend_from_slice(&STREAM.to_le_bytes());
        head.extend_from_slice(&self.number.to_le_bytes());
        let count = [u8::try_from(self.table.len()).unwrap_or(u8::MAX)];
        let sum = [head.as_slice(), &[0; 4], &count, &self.table, &self.body].into_iter().fold(0, sum);
        head.extend_from_slice(&sum.to_le_bytes());
        for part in [head.as_slice(), &count, &self.table, &self.body] {
            self.file.extend_from_slice(part);
        }
        self.table.clear();
        self.body.clear();
        self.number += 1;
        self.written = self.position;
    }

    /// The whole file, of which `played` samples are played, with those that every player skips at the beginning.
    pub(crate) fn end(mut self, played: u64) -> Vec<u8> {
        // The last page's position may fall short of its packets, but not behind the page before it.
        self.position = played.max(self.written);
        self.turn(LAST);
        self.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_standard() {
        // The value that CRC-32/CKSUM's sibling without inversion gives for "123456789" (polynomial 04c11db7, init 0).
        assert_eq!(sum(0, b"123456789"), 0x89a1_897f);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let head = Head::read(b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0").unwrap();
        let mut writer = Writer::begin(head, 0);
        let packets: Vec<Vec<u8>> = [3, 254, 255, 256, 510, 1_276]
            .into_iter()
            .cycle()
            .take(300)
            .map(|size| vec![31 << 3; size])
            .collect();
        for (number, packet) in (1..).zip(&packets) {
            writer.write(packet, number * 960);
        }
        let file = writer.end(300 * 960 - 100);
        let (mut rest, mut pages, mut found, mut last) = (file.as_slice(), 0, Vec::new(), 0);
        while !rest.is_empty() {
            let (page, next) = Page::read(rest).unwrap();
            assert_eq!(page.number, pages);
            assert!(page.position >= last);
            last = page.position;
            assert_eq!(page.flags & LAST != 0, next.is_empty());
            assert_eq!(page.flags & FIRST != 0, pages == 0);
            found.extend(page.pieces().inspect(|(_, ends)| assert!(*ends)).map(|(piece, _)| piece.to_vec()));
            (rest, pages) = (next, pages + 1);
        }
        assert_eq!(last, 300 * 960 - 100);
        assert_eq!((found[0].as_slice(), found[1].as_slice()), (&*head.write(), &*opus::tags()));
        assert_eq!(found[2..], packets);
    }
}
