//! The files under `assets/`: embedded in a release build, read from disk in a debug build.

use std::{borrow::Cow, sync::LazyLock};

use rust_embed::{Embed, EmbeddedFile};

#[derive(Embed)]
#[folder = "../../assets"]
struct Files;

/// The path under which [`find`] is served.
pub const PREFIX: &str = "/assets/";

/// One year: the longest time that RFC 9111 caches commonly honour.
const FOREVER: &str = "public, max-age=31536000, immutable";
const REVALIDATE: &str = "no-cache";

/// A version of all files together. The address of every file holds it, and modules import each other by relative paths,
/// so that a browser never mixes two versions.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = FNV_START;
    for path in Files::iter() {
        hash = fnv(hash, path.as_bytes());
        if let Some(file) = Files::get(&path) {
            hash = fnv(hash, &file.metadata.sha256_hash());
        }
    }
    format!("{hash:016x}")
});

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A file with the headers it is served with.
#[derive(Clone, Debug)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    /// With `charset=utf-8` for text.
    pub mime: String,
    /// A strong entity tag, in quotes.
    pub etag: String,
    pub cache_control: &'static str,
}

/// The address of a file, such as `css/app.css`, with the version in it.
pub(crate) fn url(path: &str) -> String {
    format!("{PREFIX}{}/{path}", VERSION.as_str())
}

/// The path of every file, relative to `assets/`.
pub fn paths() -> impl Iterator<Item = Cow<'static, str>> {
    Files::iter()
}

/// The file of the part of an address after [`PREFIX`]; `None` where there is none.
///
/// An address with the present version may be kept for ever; any other is checked by its entity tag. In a debug build the
/// files may change while the process runs, so nothing is kept.
pub fn find(path: &str) -> Option<Asset> {
    let versioned = path.strip_prefix(VERSION.as_str()).and_then(|rest| rest.strip_prefix('/'));
    let (file, path) = match versioned {
        Some(inner) => (Files::get(inner)?, inner),
        None => open(path)?,
    };
    let keep = versioned.is_some() && !cfg!(debug_assertions);
    Some(Asset {
        mime: mime_of(path, &file),
        etag: etag_of(&file),
        cache_control: if keep { FOREVER } else { REVALIDATE },
        bytes: file.data,
    })
}

/// A file by its bare path, or by an address with an older version: a page that was loaded before an update still works.
fn open(path: &str) -> Option<(EmbeddedFile, &str)> {
    if let Some(file) = Files::get(path) {
        return Some((file, path));
    }
    let (version, inner) = path.split_once('/')?;
    let is_version = version.len() == VERSION.len() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_version.then(|| Files::get(inner)).flatten().map(|file| (file, inner))
}

fn mime_of(path: &str, file: &EmbeddedFile) -> String {
    // Licences of vendored files have an extension that no table knows.
    let mime = if path.ends_with(".LICENSE") { "text/plain" } else { file.metadata.mimetype() };
    if mime.starts_with("text/") || mime == "image/svg+xml" {
        format!("{mime}; charset=utf-8")
    } else {
        mime.to_owned()
    }
}

fn etag_of(file: &EmbeddedFile) -> String {
    let digest = file.metadata.sha256_hash();
    let mut tag = String::from("\"");
    for byte in digest.iter().take(16) {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_s_own_address_leads_to_its_file() {
        let address = url("css/tokens.css");
        let asset = find(address.strip_prefix(PREFIX).unwrap()).unwrap();
        assert_eq!(asset.mime, "text/css; charset=utf-8");
        assert_eq!(asset.etag.len(), 34);
        assert!(asset.bytes.starts_with(b"/* Zelo design tokens"));
    }

    #[test]
    fn scripts_are_scripts_and_drawings_are_drawings() {
        assert_eq!(find("js/inbox.js").unwrap().mime, "text/javascript; charset=utf-8");
        assert_eq!(find("icon.svg").unwrap().mime, "image/svg+xml; charset=utf-8");
    }

    #[test]
    fn an_address_of_an_older_version_still_works_but_is_not_kept() {
        let old = find("0123456789abcdef/js/inbox.js").unwrap();
        assert_eq!(old.cache_control, "no-cache");
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        for path in [
            "../Cargo.toml",
            "css/../../Cargo.toml",
            "0123456789abcdef/../../Cargo.toml",
            "",
            "css",
            "/etc/passwd",
        ] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn the_vendored_client_comes_with_its_licence() {
        let licence = find("vendor/socket.io-client.LICENSE").unwrap();
        assert!(String::from_utf8_lossy(&licence.bytes).contains("MIT"));
        assert!(find("vendor/socket.io.esm.min.js").unwrap().bytes.starts_with(b"/*!\n * Socket.IO v4."));
    }
}
