//! Backup codes: ten, each for one log-in without the app.
//!
//! A code is its place and 80 random bits in Crockford's base 32, such as `03-7K2M-XQ9A-0DTE-W5RN`. The place says which
//! hash to compare with, so that a try costs one hash and not ten.

use super::totp::digits;
use crate::{crypto::random_bytes, error::Result};
use zeroize::Zeroizing;

/// How many there are.
pub(super) const COUNT: i64 = 10;
/// Crockford's alphabet: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 80 bits in digits of five.
const LENGTH: usize = 16;

/// A backup code.
pub(super) struct BackupCode {
    pub(super) place: i64,
    /// The sixteen digits, which are what is hashed.
    pub(super) secret: Zeroizing<String>,
}

impl BackupCode {
    pub(super) fn random(place: i64) -> Result<Self> {
        let bytes = random_bytes::<10>()?;
        Ok(Self { place, secret: Zeroizing::new(digits(bytes.as_ref(), ALPHABET)) })
    }

    /// As it is shown.
    pub(super) fn shown(&self) -> String {
        let groups: Vec<&str> =
            (0..LENGTH / 4).filter_map(|group| self.secret.get(group * 4..group * 4 + 4)).collect();
        format!("{:02}-{}", self.place, groups.join("-"))
    }

    /// Read what somebody typed: case, spaces, hyphens and the usual mistakes are forgiven.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut all = Zeroizing::new(String::with_capacity(LENGTH + 2));
        for letter in text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-') {
            all.push(match letter.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other if other.is_ascii() && ALPHABET.contains(&u8::try_from(other).ok()?) => other,
                _ => return None,
            });
        }
        if all.len() != LENGTH + 2 {
            return None;
        }
        let (place, secret) = all.split_at_checked(2)?;
        let place = place.parse().ok().filter(|place| (1..=COUNT).contains(place))?;
        Some(Self { place, secret: Zeroizing::new(secret.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m03_a_code_is_read_however_it_is_typed() {
        let code = BackupCode { place: 3, secret: Zeroizing::new("7K2M0Q9A1DTEW5RN".into()) };
        assert_eq!(code.shown(), "03-7K2M-0Q9A-1DTE-W5RN");
        for typed in [
            "03-7K2M-0Q9A-1DTE-W5RN",
            "037k2m0q9a1dtew5rn",
            " O3 7k2m oq9a ldte w5rn ",
            "03-7K2M-OQ9A-IDTE-W5RN",
        ] {
            let read = BackupCode::parse(typed).unwrap();
            assert_eq!((read.place, read.secret.as_str()), (3, "7K2M0Q9A1DTEW5RN"), "{typed}");
        }
        for nonsense in [
            "",
            "123456",
            "03-7K2M",
            "11-7K2M-0Q9A-1DTE-W5RN",
            "00-7K2M-0Q9A-1DTE-W5RN",
            "03-UUUU-0Q9A-1DTE-W5RN",
        ] {
            assert!(BackupCode::parse(nonsense).is_none(), "{nonsense}");
        }
    }

    #[test]
    fn m03_codes_have_eighty_random_bits() {
        let codes: std::collections::BTreeSet<String> =
            (0..100).map(|_| BackupCode::random(1).unwrap().secret.to_string()).collect();
        assert_eq!(codes.len(), 100);
        assert!(codes.iter().all(|code| code.len() * 5 == 80));
    }
}
