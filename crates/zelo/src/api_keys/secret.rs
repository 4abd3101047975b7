//! What a key looks like.

use crate::{
    crypto::{digest, random_bytes},
    error::Result,
};
use zeroize::Zeroizing;

/// How every key begins, so that people and scanners for leaked secrets recognise one.
pub(super) const PREFIX: &str = "zelo_live_";
/// Hexadecimal digits of the secret, and of the checksum behind it.
const DIGITS: usize = 64;
const CHECKED: usize = 8;

/// A new key.
pub(super) fn new_key() -> Result<Zeroizing<String>> {
    let secret = Zeroizing::new(hex::encode(*random_bytes::<32>()?));
    Ok(Zeroizing::new(format!("{PREFIX}{}{}", *secret, checksum(&secret))))
}

fn checksum(secret: &str) -> String {
    hex::encode(digest(secret.as_bytes())).chars().take(CHECKED).collect()
}

/// What is stored of a key; none of what no key can be.
pub(super) fn digest_of(key: &str) -> Option<[u8; 32]> {
    let rest = key.strip_prefix(PREFIX)?;
    if rest.len() != DIGITS + CHECKED || !rest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let (secret, checked) = rest.split_at(DIGITS);
    (checksum(secret) == checked).then(|| digest(key.as_bytes()))
}

/// How a key begins, for people to tell theirs apart: too little to guess from.
pub(super) fn hint(key: &str) -> String {
    key.chars().take(PREFIX.len() + 4).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_with_a_typing_mistake_is_no_key() {
        let key = new_key().unwrap();
        assert!(digest_of(&key).is_some());
        assert_ne!(*key, *new_key().unwrap());
        for place in PREFIX.len()..key.len() {
            let mut letters: Vec<char> = key.chars().collect();
            letters[place] = if letters[place] == '0' { '1' } else { '0' };
            assert!(digest_of(&letters.iter().collect::<String>()).is_none(), "at {place}");
        }
        for other in ["", "zelo_live_", "zelo_live_é", &key[..key.len() - 1]] {
            assert!(digest_of(other).is_none());
        }
    }
}
