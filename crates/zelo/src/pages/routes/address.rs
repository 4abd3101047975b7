//! What comes in addresses: where to go on to, and places in lists.

use crate::error::{Error, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

/// The longest address to go on to, in bytes; ours have a few hundred.
const LONGEST_NEXT: usize = 2048;
/// The longest cursor that is looked at, in bytes; ours have about a hundred.
const LONGEST_CURSOR: usize = 512;

/// The address to go on to when it stays on this server, else the inbox. Browsers read a backslash like a slash and leave
/// out tabs and line breaks, so that `/\evil.example` and `/<tab>/evil.example` would lead away as `//evil.example` does.
pub(super) fn checked_next(next: &str) -> &str {
    let stays = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= LONGEST_NEXT
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if stays { next } else { "/" }
}

/// A place in a list as a word that goes into an address.
pub(super) fn cursor<K: Serialize>(place: &K) -> Option<String> {
    serde_json::to_vec(place).ok().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}

/// The place that [`cursor`] wrote down.
///
/// # Errors
/// [`Error::NotFound`] for anything else: an address that was not one of ours.
pub(super) fn place<K: DeserializeOwned>(cursor: &str) -> Result<K> {
    (cursor.len() <= LONGEST_CURSOR)
        .then(|| URL_SAFE_NO_PAD.decode(cursor).ok())
        .flatten()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_ours_is_gone_on_to() {
        for next in ["/", "/conversations/1?filter=mine&status=open", "/login?next=%2F"] {
            assert_eq!(checked_next(next), next);
        }
    }

    #[test]
    fn nothing_leads_away_from_this_server() {
        for next in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " //evil.example",
            "javascript:alert(1)",
            "/ok\r\nSet-Cookie: a=b",
        ] {
            assert_eq!(checked_next(next), "/", "{next:?}");
        }
        assert_eq!(checked_next(&format!("/{}", "a".repeat(3000))), "/");
    }

    #[test]
    fn a_cursor_comes_back_as_the_place_it_stands_for() {
        let written = cursor(&(1_795_176_000_000_i64, 7_i64)).unwrap();
        assert_eq!(place::<(i64, i64)>(&written).unwrap(), (1_795_176_000_000, 7));
        assert!(matches!(place::<(i64, i64)>("abc"), Err(Error::NotFound)));
        assert!(matches!(place::<(i64, i64)>(&"A".repeat(600)), Err(Error::NotFound)));
    }
}
