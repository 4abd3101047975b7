//! Where films and recordings in MP4 and 3GP say where they were taken.
//!
//! Phones write the place into the description of a film, not into its pictures (ISO 14496-12 and 3GPP TS 26.244 for `loci`;
//! Apple's QuickTime format for `©xyz` and the keys that begin with `com.apple.quicktime.location`). The description's length
//! stands in many places of the file, so nothing is taken out: what tells the place becomes empty where it stands.

use std::ops::Range;

/// A description up to this size is looked through, in bytes; those of films of a hundred megabytes have one or two million.
pub(super) const LARGEST_DESCRIPTION: u64 = 16 * 1024 * 1024;
/// Boxes within boxes that are followed: film, track, user data, keys, and some more.
const DEEPEST: u8 = 8;
/// The name of the box that Adobe's XMP lies in (XMP specification, part 3): it may hold a place among everything else.
const XMP: &[u8] = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";

/// Bytes of the file that are written over: with `free`, which says that a box holds nothing, or with zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blank {
    pub(super) range: Range<u64>,
    is_name: bool,
}

impl Blank {
    /// Write over what of it lies in `bytes`, which stand at `at` in the file.
    pub(super) fn apply(&self, at: u64, bytes: &mut [u8]) {
        let skipped = self.range.start.saturating_sub(at);
        let before = at.saturating_sub(self.range.start);
        let count = (self.range.end - self.range.start).saturating_sub(before);
        let (Ok(skipped), Ok(before), Ok(count)) =
            (usize::try_from(skipped), usize::try_from(before), usize::try_from(count))
        else {
            return;
        };
        for (nth, byte) in (before..).zip(bytes.iter_mut().skip(skipped).take(count)) {
            *byte = if self.is_name { b"free".get(nth).copied().unwrap_or_default() } else { 0 };
        }
    }
}

/// A box: its name, where its content begins, and where it ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) name: [u8; 4],
    pub(super) content: u64,
    pub(super) end: u64,
}

/// The box whose first bytes, up to sixteen, are these; `at` and `until` say where it stands and where what holds it ends.
pub(super) fn head(bytes: &[u8], at: u64, until: u64) -> Option<Head> {
    let size = u32::from_be_bytes(*bytes.first_chunk()?);
    let name = *bytes.get(4..)?.first_chunk()?;
    let (content, end) = match size {
        0 => (at + 8, until),
        1 => (at + 16, at.checked_add(u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?))?),
        size => (at + 8, at + u64::from(size)),
    };
    (content <= end && end <= until).then_some(Head { name, content, end })
}

/// Whether a box at the top of a file may say where it was taken.
pub(super) fn describes(head: &Head) -> bool {
    matches!(&head.name, b"moov" | b"meta" | b"udta" | b"uuid")
}

/// What says in this box where the film was taken. `bytes` is the whole box, which stands at `at` in the file.
pub(super) fn places(bytes: &[u8], at: u64) -> Vec<Blank> {
    let mut blanks = Vec::new();
    walk(bytes, at, 0..bytes.len(), DEEPEST, &mut Vec::new(), &mut blanks);
    blanks
}

/// Go through the boxes of a range. `keys` are the names of a list's entries, where it has some.
fn walk(bytes: &[u8], at: u64, range: Range<usize>, deep: u8, keys: &mut Vec<bool>, blanks: &mut Vec<Blank>) {
    let mut from = range.start;
    while let Some(found) =
        bytes.get(from..range.end).and_then(|rest| head(rest, from as u64, range.end as u64))
    {
        let (Ok(content), Ok(end)) = (usize::try_from(found.content), usize::try_from(found.end)) else {
            return;
        };
        let inside = bytes.get(content..end).unwrap_or_default();
        let is_place = matches!(&found.name, b"\xa9xyz" | b"loci" | b"XMP_")
            || (&found.name == b"uuid" && inside.starts_with(XMP));
        let is_listed_place = || {
            usize::try_from(u32::from_be_bytes(found.name))
                .ok()
                .and_then(|nth| keys.get(nth.checked_sub(1)?).copied())
        };
        if is_place {
            blanks.push(Blank { range: at + from as u64 + 4..at + from as u64 + 8, is_name: true });
            blanks.push(Blank { range: at + found.content..at + found.end, is_name: false });
        } else if is_listed_place() == Some(true) {
            // Its value stands behind its own head, kind and language.
            let value = (content + 16).min(end) as u64;
            blanks.push(Blank { range: at + value..at + found.end, is_name: false });
        } else if &found.name == b"keys" {
            *keys = keys_of(inside);
        } else if deep > 0 && matches!(&found.name, b"moov" | b"trak" | b"udta" | b"mdia" | b"ilst" | b"meta")
        {
            // Apple's `meta` has its boxes at once, ISO's after four bytes.
            let skipped = if &found.name == b"meta" && inside.get(4..8) != Some(b"hdlr") { 4 } else { 0 };
            let mut own = Vec::new();
            let keys = if &found.name == b"ilst" { &mut *keys } else { &mut own };
            walk(bytes, at, (content + skipped).min(end)..end, deep - 1, keys, blanks);
        }
        from = end.max(from + 8);
    }
}

/// Of each name in a box `keys`, whether it is a place's.
fn keys_of(bytes: &[u8]) -> Vec<bool> {
    let mut keys = Vec::new();
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some(size) = rest.first_chunk().map(|size| u32::from_be_bytes(*size)) {
        let Some((key, next)) =
            usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size.max(8)))
        else {
            break;
        };
        keys.push(key.get(8..).is_some_and(|name| memchr::memmem::find(name, b"location").is_some()));
        rest = next;
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&u32::try_from(content.len() + 8).unwrap().to_be_bytes(), &name[..], content].concat()
    }

    /// The description of a film as phones of both kinds write it.
    fn described() -> Vec<u8> {
        let key = |name: &[u8]| {
            [&u32::try_from(name.len() + 8).unwrap().to_be_bytes(), &b"mdta"[..], name].concat()
        };
        let keys = [
            &[0; 4],
            &[0, 0, 0, 2][..],
            &key(b"com.apple.quicktime.make"),
            &key(b"com.apple.quicktime.location.ISO6709"),
        ]
        .concat();
        let value = |text: &[u8]| boxed(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text].concat());
        let list = [
            boxed(&[0, 0, 0, 1], &value(b"Fabricante")),
            boxed(&[0, 0, 0, 2], &value(b"-23.5505-046.6333/")),
        ]
        .concat();
        let apple =
            boxed(b"meta", &[boxed(b"hdlr", b"mdta"), boxed(b"keys", &keys), boxed(b"ilst", &list)].concat());
        let android = boxed(b"udta", &boxed(b"\xa9xyz", b"\0\x12\x15\xc7-23.5505-046.6333/"));
        let iso = boxed(b"meta", &[vec![0; 4], boxed(b"loci", b"\0\0\0\0\0\0-23.5505-046.6333")].concat());
        let xmp = boxed(b"uuid", &[XMP, b"<x exif:GPSLatitude='-23.5505-046.6333'/>"].concat());
        let track = boxed(b"trak", &boxed(b"udta", &boxed(b"loci", b"-23.5505-046.6333")));
        boxed(b"moov", &[boxed(b"mvhd", &[7; 100]), apple, android, iso, xmp, track].concat())
    }

    #[test]
    fn every_place_becomes_empty_and_nothing_else_changes() {
        let film = described();
        let mut clean = film.clone();
        let blanks = places(&film, 0);
        for blank in &blanks {
            blank.apply(0, &mut clean);
        }
        assert!(!clean.windows(8).any(|eight| eight == b"-23.5505"));
        assert!(clean.windows(10).any(|ten| ten == b"Fabricante"));
        assert_eq!((clean.len(), &clean[..108]), (film.len(), &film[..108]));
        // The boxes still follow each other: what was a place is a box that holds nothing.
        assert!(places(&clean, 0).iter().all(|blank| !blank.is_name));
        let touched: u64 = blanks.iter().map(|blank| blank.range.end - blank.range.start).sum();
        assert_eq!(film.iter().zip(&clean).filter(|(before, after)| before != after).count() as u64, {
            let zeros = blanks
                .iter()
                .flat_map(|it| it.range.clone())
                .filter(|at| film[usize::try_from(*at).unwrap()] == 0);
            touched - zeros.count() as u64
        });
    }

    #[test]
    fn a_blank_reaches_over_the_borders_of_pieces() {
        let blank = Blank { range: 3..7, is_name: true };
        let (mut first, mut second) = ([b'x'; 5], [b'x'; 5]);
        blank.apply(0, &mut first);
        blank.apply(5, &mut second);
        assert_eq!((&first, &second), (b"xxxfr", b"eexxx"));
    }

    proptest! {
        #[test]
        fn no_bytes_lead_astray(
            changes in prop::collection::vec((0.0..1.0_f64, any::<u8>()), 0..12),
            noise in prop::collection::vec(any::<u8>(), 0..300),
            cut in 0.0..1.0_f64,
        ) {
            let mut film = described();
            for (place, value) in changes {
                let at = (film.len() as f64 * place) as usize;
                film[at] = value;
            }
            film.truncate((film.len() as f64 * cut) as usize);
            for bytes in [film, noise] {
                for blank in places(&bytes, 0) {
                    prop_assert!(blank.range.end <= bytes.len() as u64 && blank.range.start <= blank.range.end);
                }
            }
        }
    }
}
