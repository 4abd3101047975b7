//! WebM (RFC 9559, and RFC 8794 for its elements), as far as one track of Opus needs it.
//!
//! Elements of elements are not followed down: those that hold what is wanted are stepped into, as if their content stood
//! beside them, and every other one is stepped over by its size. So nothing is nested, whatever a file says, and a recording
//! whose sizes were never filled in, as browsers write it, reads like any other.

use crate::{
    Fault,
    opus::{Head, RATE},
    tape::Tape,
};

/// Names of elements (RFC 9559, section 5; the EBML header in RFC 8794, section 11.2).
mod name {
    pub(super) const EBML: u32 = 0x1a45_dfa3;
    pub(super) const DOC_TYPE: u32 = 0x4282;
    pub(super) const SEGMENT: u32 = 0x1853_8067;
    pub(super) const TRACKS: u32 = 0x1654_ae6b;
    pub(super) const TRACK_ENTRY: u32 = 0xae;
    pub(super) const TRACK_NUMBER: u32 = 0xd7;
    pub(super) const CODEC_ID: u32 = 0x86;
    pub(super) const CODEC_PRIVATE: u32 = 0x63a2;
    pub(super) const CONTENT_ENCODINGS: u32 = 0x6d80;
    pub(super) const CLUSTER: u32 = 0x1f43_b675;
    pub(super) const BLOCK_GROUP: u32 = 0xa0;
    pub(super) const BLOCK: u32 = 0xa1;
    pub(super) const SIMPLE_BLOCK: u32 = 0xa3;
    pub(super) const DISCARD_PADDING: u32 = 0x75a2;
}

pub(crate) fn is_webm(bytes: &[u8]) -> bool {
    bytes.starts_with(&name::EBML.to_be_bytes())
}

/// A second, in nanoseconds.
const SECOND: u64 = 1_000_000_000;
const CUT_OFF: Fault = Fault::Broken("it is cut off");

/// A number of one to eight bytes whose first bits say how many (RFC 8794, section 4). Nothing stands for all ones, which say
/// of a size that it is not known.
fn number(bytes: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let (&first, _) = bytes.split_first()?;
    let length = usize::try_from(first.leading_zeros()).ok()? + 1;
    let (all, rest) = bytes.split_at_checked(length).filter(|_| length <= 8)?;
    let value = all.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let most = (1_u64 << (7 * length)) - 1;
    Some((Some(value & most).filter(|value| *value != most), rest))
}

/// The name of an element: as a number, but with its first bits.
fn name_of(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (&first, _) = bytes.split_first()?;
    let length = usize::try_from(first.leading_zeros()).ok()? + 1;
    let (all, rest) = bytes.split_at_checked(length).filter(|_| length <= 4)?;
    Some((all.iter().fold(0, |name, byte| name << 8 | u32::from(*byte)), rest))
}

/// A number without such bits, of at most eight bytes.
fn unsigned(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// The only track, as far as the file has described it.
#[derive(Default)]
struct Track<'f> {
    number: Option<u64>,
    codec: &'f [u8],
    head: Option<&'f [u8]>,
}

/// Give out the packets of a file.
pub(crate) fn play(mut bytes: &[u8], tape: &mut Tape) -> Result<(), Fault> {
    let mut track: Option<Track<'_>> = None;
    let mut has_begun = false;
    while !bytes.is_empty() {
        let (element, rest) = name_of(bytes).ok_or(CUT_OFF)?;
        let (size, content) = number(rest).ok_or(CUT_OFF)?;
        if is_stepped_into(element) {
            if element == name::TRACK_ENTRY && track.replace(Track::default()).is_some() {
                return Err(Fault::Codec);
            }
            bytes = content;
            continue;
        }
        let size = size.and_then(|size| usize::try_from(size).ok()).ok_or(CUT_OFF)?;
        let (content, next) = content.split_at_checked(size).ok_or(CUT_OFF)?;
        bytes = next;
        match (element, &mut track) {
            (name::DOC_TYPE, _) if !is_known(content) => return Err(Fault::Container),
            (name::CONTENT_ENCODINGS, _) => return Err(Fault::Codec),
            (name::TRACK_NUMBER, Some(track)) => track.number = unsigned(content),
            (name::CODEC_ID, Some(track)) => track.codec = content,
            (name::CODEC_PRIVATE, Some(track)) => track.head = Some(content),
            (name::BLOCK | name::SIMPLE_BLOCK, Some(track)) => {
                if !std::mem::replace(&mut has_begun, true) {
                    tape.begin(head_of(track)?)?;
                }
                tape.take(packet_of(content, track)?)?;
            }
            // Of the newest packet so much is not played, in nanoseconds; more than a second, or less than nothing, is wrong.
            (name::DISCARD_PADDING, Some(_)) => {
                let padding = unsigned(content).filter(|padding| *padding <= SECOND).unwrap_or_default();
                tape.trim(padding * RATE / SECOND);
            }
            _ => {}
        }
    }
    match (track, has_begun) {
        (_, true) => Ok(()),
        (Some(track), false) => head_of(&track).and(Err(Fault::Empty)),
        (None, false) => Err(Fault::Empty),
    }
}

fn is_stepped_into(element: u32) -> bool {
    matches!(
        element,
        name::EBML | name::SEGMENT | name::TRACKS | name::TRACK_ENTRY | name::CLUSTER | name::BLOCK_GROUP
    )
}

fn is_known(doc_type: &[u8]) -> bool {
    matches!(doc_type, b"webm" | b"matroska")
}

fn head_of(track: &Track<'_>) -> Result<Head, Fault> {
    if track.codec != b"A_OPUS" {
        return Err(Fault::Codec);
    }
    Head::read(track.head.ok_or(Fault::Broken("its head is missing"))?)
}

/// The packet of a block (RFC 9559, section 10): the track, two bytes of time, flags, the packet. Several packets in one block
/// (lacing) are not what browsers write, and not taken.
fn packet_of<'b>(block: &'b [u8], track: &Track<'_>) -> Result<&'b [u8], Fault> {
    const LACING: u8 = 0x06;
    let (number, rest) = number(block).ok_or(CUT_OFF)?;
    let [_, _, flags, packet @ ..] = rest else { return Err(CUT_OFF) };
    if number != track.number || flags & LACING != 0 {
        return Err(Fault::Codec);
    }
    Ok(packet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_say_how_long_they_are() {
        assert_eq!(number(&[0x81, 9]), Some((Some(1), &[9][..])));
        assert_eq!(number(&[0x40, 0x02]), Some((Some(2), &[][..])));
        assert_eq!(number(&[0xff]), Some((None, &[][..])));
        assert_eq!(number(&[1, 255, 255, 255, 255, 255, 255, 255, 7]), Some((None, &[7][..])));
        assert_eq!(number(&[0x40]), None);
        assert_eq!(number(&[0, 1, 1, 1, 1, 1, 1, 1, 1]), None);
        assert_eq!(name_of(&[0x1a, 0x45, 0xdf, 0xa3, 0x9f]), Some((name::EBML, &[0x9f][..])));
        assert_eq!(name_of(&[0x08, 1, 1, 1, 1]), None);
    }
}
