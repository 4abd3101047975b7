//! Stickers: WebP of one size, sent as it is but for what it tells besides its pictures.

use super::{Kind, Refusal, prepare::refused, upload::largest};
use crate::error::{Error, Result};

/// Both sides, in pixels (Meta, messages/sticker-messages).
const SIDE: u32 = 512;
/// The largest that does not move, in bytes; one that moves may have as many as [`largest`] says.
const LARGEST_STILL: u64 = 100 * 1024;
/// Flags of the extended header (RFC 9649, section 2.7.1).
const ANIMATED: u8 = 0x02;
const HAS_XMP: u8 = 0x04;
const HAS_EXIF: u8 = 0x08;

/// A sticker that WhatsApp takes, without a word about who made it, where and with what.
///
/// # Errors
/// [`Error::Invalid`] on `file` that says which limit it does not keep.
pub(super) fn checked(webp: &[u8], pixels: Option<(u32, u32)>) -> Result<Vec<u8>> {
    if pixels != Some((SIDE, SIDE)) {
        let message = "A sticker has 512 by 512 pixels.";
        return Err(Error::invalid("file", "sticker_pixels", message));
    }
    let (cleaned, is_animated) = cleaned(webp).ok_or_else(|| refused(Refusal::Broken))?;
    let most = if is_animated { largest(Kind::Sticker) } else { LARGEST_STILL };
    if cleaned.len() as u64 > most {
        return Err(refused(Refusal::TooLarge));
    }
    Ok(cleaned)
}

/// The file without EXIF and XMP, and whether it moves; nothing where its parts do not fill it.
fn cleaned(webp: &[u8]) -> Option<(Vec<u8>, bool)> {
    let mut rest = webp.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WEBP")?;
    let (mut parts, mut is_animated) = (b"WEBP".to_vec(), false);
    while !rest.is_empty() {
        let (name, after) = rest.split_at_checked(4)?;
        let size = usize::try_from(u32::from_le_bytes(*after.first_chunk()?)).ok()?;
        // Parts begin at even places.
        let whole = 8_usize.checked_add(size)?.checked_add(size % 2)?;
        let (part, next) = rest.split_at_checked(whole)?;
        rest = next;
        if matches!(name, b"EXIF" | b"XMP ") {
            continue;
        }
        let from = parts.len();
        parts.extend_from_slice(part);
        if name == b"VP8X" {
            let flags = parts.get_mut(from + 8)?;
            is_animated = *flags & ANIMATED != 0;
            *flags &= !(HAS_EXIF | HAS_XMP);
        }
    }
    let size = u32::try_from(parts.len()).ok()?;
    Some(([b"RIFF".as_slice(), &size.to_le_bytes(), &parts].concat(), is_animated))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let padding = vec![0; content.len() % 2];
        [&name[..], &u32::try_from(content.len()).unwrap().to_le_bytes(), content, &padding].concat()
    }

    fn webp(parts: &[Vec<u8>]) -> Vec<u8> {
        let parts = [b"WEBP".to_vec(), parts.concat()].concat();
        [b"RIFF".to_vec(), u32::try_from(parts.len()).unwrap().to_le_bytes().to_vec(), parts].concat()
    }

    #[test]
    fn a_sticker_keeps_its_pictures_and_its_limits() {
        let head = |flags: u8| part(b"VP8X", &[flags, 0, 0, 0, 255, 1, 0, 255, 1, 0]);
        let told = webp(&[
            head(HAS_EXIF | HAS_XMP),
            part(b"VP8L", &[1, 2, 3]),
            part(b"EXIF", b"GPS"),
            part(b"XMP ", b"GPS!"),
        ]);
        let clean = checked(&told, Some((512, 512))).unwrap();
        assert_eq!(clean, webp(&[head(0), part(b"VP8L", &[1, 2, 3])]));
        let code = |webp: &[u8], pixels| match checked(webp, Some(pixels)) {
            Err(Error::Invalid(fields)) => fields.first().map(|field| field.code),
            _ => None,
        };
        let large = |flags: u8, size: usize| webp(&[head(flags), part(b"VP8L", &vec![1; size])]);
        assert_eq!(code(&large(0, 110_000), (512, 512)), Some("too_large"));
        assert_eq!(code(&large(ANIMATED, 110_000), (512, 512)), None);
        assert_eq!(code(&large(ANIMATED, 520_000), (512, 512)), Some("too_large"));
        assert_eq!(code(&clean, (512, 511)), Some("sticker_pixels"));
        assert_eq!(code(&told[..40], (512, 512)), Some("broken"));
    }
}
