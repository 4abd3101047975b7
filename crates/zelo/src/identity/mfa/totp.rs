//! Time-based one-time passwords (RFC 6238): six digits from SHA-1 and steps of 30 seconds, which is what every
//! authenticator app understands.

use crate::clock::{Millis, SECOND};
use aws_lc_rs::hmac;

/// 160 bits, as RFC 4226, section 4, recommends.
pub(super) const SEED_BYTES: usize = 20;
const STEP: Millis = 30 * SECOND;

/// The step of a moment.
pub(super) fn step_at(now: Millis) -> i64 {
    now / STEP
}

/// The code of a step (RFC 4226, section 5.3).
pub(super) fn code_at(seed: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let four: [u8; 4] =
        tag.get(offset..offset + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// The step that a code belongs to: this one, or the one before, for whom it takes a while to type it.
pub(super) fn matching_step(seed: &[u8], code: &str, now: Millis) -> Option<i64> {
    let current = step_at(now);
    [current, current - 1].into_iter().find(|step| {
        let expected = code_at(seed, *step);
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), code.as_bytes()).is_ok()
    })
}

/// Base 32 without padding (RFC 4648), which is how people and apps carry a seed.
pub(super) fn base32(bytes: &[u8]) -> String {
    digits(bytes, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
}

/// Five bits a digit, from an alphabet of 32.
pub(super) fn digits(bytes: &[u8], alphabet: &[u8; 32]) -> String {
    let (mut text, mut bits, mut buffer) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let digit = usize::try_from((buffer >> bits) & 31).unwrap_or_default();
            text.push(alphabet.get(digit).copied().map_or('?', char::from));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        // What is left of the last byte, filled up with zeros.
        let digit = usize::try_from((buffer << (5 - bits)) & 31).unwrap_or_default();
        text.push(alphabet.get(digit).copied().map_or('?', char::from));
    }
    text
}

/// What an authenticator app reads from the picture (Key Uri Format of Google Authenticator).
pub(super) fn otpauth_url(issuer: &str, account: &str, seed: &[u8]) -> String {
    let encode =
        |text: &str| askama::filters::urlencode_strict(text).map(|it| it.to_string()).unwrap_or_default();
    let (issuer, account) = (encode(issuer), encode(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
        base32(seed)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the vectors for SHA-1, of which the last six of eight digits are ours.
    #[test]
    fn m01_the_vectors_of_the_standard_hold() {
        let seed = b"12345678901234567890";
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(seed, step_at(seconds * SECOND)), code, "{seconds}");
        }
    }

    #[test]
    fn m01_a_code_of_the_step_before_is_taken_and_no_other() {
        let (seed, now) = (b"12345678901234567890", 1_234_567_890 * SECOND);
        let step = step_at(now);
        for (distance, taken) in [(-2, false), (-1, true), (0, true), (1, false), (2, false)] {
            let code = code_at(seed, step + distance);
            assert_eq!(matching_step(seed, &code, now), taken.then_some(step + distance), "{distance}");
        }
    }

    /// RFC 4648, section 10.
    #[test]
    fn base_32_is_that_of_the_standard() {
        assert_eq!((base32(b"foobar"), base32(b"fooba")), ("MZXW6YTBOI".into(), "MZXW6YTB".into()));
    }
}
