//! Files that were uploaded, by the desk or by a person here.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Addresses of files are good for 5 minutes (Meta, business-phone-numbers/media).
pub(crate) const ADDRESS_LIFE_MS: i64 = 5 * 60 * 1_000;

/// Uploaded files are kept for 30 days, those of customers for 7.
const UPLOAD_LIFE_MS: i64 = 30 * 24 * 3_600 * 1_000;
const INBOUND_LIFE_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// Types that can be sent, with their largest size in bytes (Meta, business-phone-numbers/media).
const SENDABLE: [(&str, usize); 19] = [
    ("audio/aac", 16 << 20),
    ("audio/amr", 16 << 20),
    ("audio/mpeg", 16 << 20),
    ("audio/mp4", 16 << 20),
    ("audio/ogg", 16 << 20),
    ("image/jpeg", 5 << 20),
    ("image/png", 5 << 20),
    ("image/webp", 500 << 10),
    ("video/mp4", 16 << 20),
    ("video/3gp", 16 << 20),
    ("video/3gpp", 16 << 20),
    ("text/plain", 100 << 20),
    ("application/pdf", 100 << 20),
    ("application/msword", 100 << 20),
    ("application/vnd.ms-excel", 100 << 20),
    ("application/vnd.ms-powerpoint", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", 100 << 20),
];

/// Whether Meta takes a file of this type and size.
pub(crate) fn is_sendable(mime_type: &str, size: usize) -> bool {
    let plain = mime_type.split(';').next().unwrap_or_default().trim();
    SENDABLE.iter().any(|(known, largest)| *known == plain && size <= *largest)
}

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    /// Whose token may see it.
    pub(crate) phone_number_id: String,
    pub(crate) mime_type: String,
    pub(crate) content: Bytes,
    /// On the clock that can be moved forward.
    pub(crate) stored_at: i64,
    pub(crate) from_customer: bool,
}

impl StoredFile {
    pub(crate) fn is_expired(&self, now: i64) -> bool {
        let life = if self.from_customer { INBOUND_LIFE_MS } else { UPLOAD_LIFE_MS };
        now.saturating_sub(self.stored_at) > life
    }

    /// As webhooks write it.
    pub(crate) fn sha256_base64(&self) -> String {
        STANDARD.encode(digest(&SHA256, &self.content))
    }

    /// As the answer about a file writes it.
    pub(crate) fn sha256_hex(&self) -> String {
        hex::encode(digest(&SHA256, &self.content))
    }
}

pub(crate) type Files = HashMap<String, StoredFile>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_meta_takes_can_be_sent() {
        assert!(is_sendable("image/jpeg", 1));
        assert!(is_sendable("audio/ogg; codecs=opus", 1));
        assert!(!is_sendable("image/jpeg", (5 << 20) + 1));
        assert!(!is_sendable("image/svg+xml", 1));
        assert!(!is_sendable("text/html", 1));
    }
}
