//! What Opus packets say of themselves, without decoding them.

use crate::Fault;

/// Samples a second by which Opus counts, whatever it was recorded with (RFC 7845, section 4).
pub(crate) const RATE: u64 = 48_000;

/// The longest packet, in samples: 120 ms (RFC 6716, section 3.2.5).
const LONGEST: u64 = 5_760;

/// What stands before the packets (RFC 7845, section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Samples at the beginning that are not played.
    pub(crate) pre_skip: u16,
    /// With how many samples a second it was recorded: a note for people.
    input_rate: u32,
    /// By how much it is to be made louder, in decibels times 256.
    gain: i16,
}

impl Head {
    /// Read it. Only the family of one or two channels without a table is taken.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let rest = bytes.strip_prefix(b"OpusHead").ok_or(Fault::Codec)?;
        let &[version, channels, skip_low, skip_high, r0, r1, r2, r3, gain_low, gain_high, family, ..] = rest
        else {
            return Err(Fault::Broken("its head is cut off"));
        };
        // Minor versions may add fields; another major one is another format.
        if version > 15 {
            return Err(Fault::Codec);
        }
        if family != 0 || !(1..=2).contains(&channels) {
            return Err(Fault::Stereo);
        }
        Ok(Self {
            pre_skip: u16::from_le_bytes([skip_low, skip_high]),
            input_rate: u32::from_le_bytes([r0, r1, r2, r3]),
            gain: i16::from_le_bytes([gain_low, gain_high]),
        })
    }

    /// It, for one channel.
    pub(crate) fn write(self) -> Vec<u8> {
        let mut bytes = b"OpusHead\x01\x01".to_vec();
        bytes.extend_from_slice(&self.pre_skip.to_le_bytes());
        bytes.extend_from_slice(&self.input_rate.to_le_bytes());
        bytes.extend_from_slice(&self.gain.to_le_bytes());
        bytes.push(0);
        bytes
    }
}

/// The packet of comments: who wrote the file, and none (RFC 7845, section 5.2).
pub(crate) fn tags() -> Vec<u8> {
    let vendor = b"zelo";
    let mut bytes = b"OpusTags".to_vec();
    bytes.extend_from_slice(&[4, 0, 0, 0]);
    bytes.extend_from_slice(vendor);
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

/// What the first byte of a packet says (RFC 6716, section 3.1), with the number of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    /// How long it is.
    pub(crate) samples: u64,
    /// Whether it has two channels.
    pub(crate) is_stereo: bool,
}

impl Packet {
    /// Look at a packet. One whose frames do not fill it as they say is no packet (RFC 6716, section 3.4).
    pub(crate) fn look(packet: &[u8]) -> Result<Self, Fault> {
        let (frames, per_frame, is_stereo) =
            described(packet).ok_or(Fault::Broken("a packet is malformed"))?;
        let samples = frames * per_frame;
        if samples > LONGEST {
            return Err(Fault::Broken("a packet is too long"));
        }
        Ok(Self { samples, is_stereo })
    }
}

/// Frames, samples in each, and whether they have two channels; nothing for what is no packet.
fn described(packet: &[u8]) -> Option<(u64, u64, bool)> {
    let (&first, frames) = packet.split_first()?;
    let count = match first & 3 {
        0 => fits(frames.len()).then_some(1)?,
        // Two of the same size.
        1 => (frames.len().is_multiple_of(2) && fits(frames.len() / 2)).then_some(2)?,
        // Two, the size of the first before them.
        2 => {
            let (size, rest) = size_of_frame(frames)?;
            fits(rest.len().checked_sub(size)?).then_some(2)?
        }
        _ => counted(frames)?,
    };
    Some((count, samples_of_frame(first), first & 4 != 0))
}

/// The largest frame, in bytes (RFC 6716, section 3.4, R2).
fn fits(size: usize) -> bool {
    size <= 1275
}

/// Any number of frames, with or without padding (RFC 6716, section 3.2.5).
fn counted(packet: &[u8]) -> Option<u64> {
    let (&said, mut rest) = packet.split_first()?;
    let count = usize::from(said & 0x3f);
    let (is_padded, is_variable) = (said & 0x40 != 0, said & 0x80 != 0);
    let mut padding = 0;
    if is_padded {
        loop {
            let (&more, next) = rest.split_first()?;
            rest = next;
            padding += usize::from(if more == 255 { 254 } else { more });
            if more != 255 {
                break;
            }
        }
    }
    let mut left = rest.len().checked_sub(padding)?;
    if count == 0 {
        return None;
    }
    if is_variable {
        for _ in 1..count {
            let before = rest.len();
            let (size, next) = size_of_frame(rest)?;
            left = left.checked_sub(before - next.len())?.checked_sub(size)?;
            rest = next;
        }
        fits(left).then_some(())?;
    } else {
        (left.is_multiple_of(count) && fits(left / count)).then_some(())?;
    }
    u64::try_from(count).ok()
}

/// The size of a frame in one byte or two (RFC 6716, section 3.2.1), and what follows.
fn size_of_frame(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [first @ 0..=251, rest @ ..] => Some((usize::from(*first), rest)),
        [first, second, rest @ ..] => Some((usize::from(*second) * 4 + usize::from(*first), rest)),
        _ => None,
    }
}

/// Samples in a frame by the configuration (RFC 6716, table 2): 10, 20, 40 or 60 ms of speech, 10 or 20 of both, 2.5, 5, 10
/// or 20 of music.
fn samples_of_frame(first: u8) -> u64 {
    let configuration = first >> 3;
    match (configuration, configuration & 3) {
        (0..=11, 3) => 2_880,
        (0..=11, step) => 480 << step,
        (12..=15, step) => 480 << (step & 1),
        (_, step) => 120 << step,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(packet: &[u8]) -> Option<(u64, bool)> {
        Packet::look(packet).ok().map(|packet| (packet.samples, packet.is_stereo))
    }

    #[test]
    fn the_first_byte_says_how_long_a_packet_is() {
        // Configuration, channels and code of the table, with a frame of one byte.
        for (configuration, samples) in
            [(0, 480), (1, 960), (2, 1920), (3, 2880), (11, 2880), (12, 480), (15, 960), (16, 120), (31, 960)]
        {
            assert_eq!(look(&[configuration << 3, 7]), Some((samples, false)), "{configuration}");
            assert_eq!(look(&[configuration << 3 | 4, 7]), Some((samples, true)), "{configuration}");
        }
        assert_eq!(look(&[31 << 3 | 1, 7, 7]), Some((1920, false)), "two frames of one size");
        assert_eq!(look(&[31 << 3 | 2, 1, 7, 7, 7]), Some((1920, false)), "two frames of two sizes");
        assert_eq!(look(&[31 << 3 | 3, 3, 7, 7, 7]), Some((2880, false)), "three frames");
        assert_eq!(look(&[31 << 3 | 3, 0x40 | 1, 2, 7, 0, 0]), Some((960, false)), "one, and padding");
        assert_eq!(
            look(&[31 << 3 | 3, 0x80 | 2, 1, 7, 7, 7]),
            Some((1920, false)),
            "two of sizes of their own"
        );
    }

    #[test]
    fn what_does_not_fill_its_packet_is_none() {
        for bad in [
            &[][..],
            &[31 << 3 | 1, 7],
            &[31 << 3 | 2],
            &[31 << 3 | 2, 9, 7],
            &[31 << 3 | 2, 252],
            &[31 << 3 | 3],
            &[31 << 3 | 3, 0],
            &[31 << 3 | 3, 2, 7],
            &[31 << 3 | 3, 0x40 | 1, 9, 7],
            &[31 << 3 | 3, 0x40 | 1, 255, 255],
            &[31 << 3 | 3, 0x80 | 2, 9, 7],
            // 63 frames of 20 ms, and three of 60 ms.
            &[31 << 3 | 3, 63],
            &[3 << 3 | 3, 3, 7, 7, 7],
        ] {
            assert_eq!(look(bad), None, "{bad:?}");
        }
        assert_eq!(look(&[0; 1277]), None, "a frame that is too large");
    }

    #[test]
    fn a_head_is_read_and_written_for_one_channel() {
        let mut two = b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\x01\0".to_vec();
        let head = Head::read(&two).unwrap();
        assert_eq!((head.pre_skip, head.input_rate, head.gain), (312, 48_000, 256));
        let one = head.write();
        assert_eq!((one[9], one.len(), Head::read(&one)), (1, 19, Ok(head)));
        two[9] = 6;
        assert_eq!(Head::read(&two), Err(Fault::Stereo));
        assert_eq!(Head::read(b"vorbis"), Err(Fault::Codec));
        assert_eq!(Head::read(b"OpusHead\x01\x01"), Err(Fault::Broken("its head is cut off")));
    }
}
