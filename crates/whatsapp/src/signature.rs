//! `X-Hub-Signature-256`: HMAC-SHA256 of the raw body under the app secret (Meta, webhooks/create-webhook-endpoint).
//!
//! The bytes that arrived are signed, never a decoded and re-encoded form of them: Meta escapes every character above
//! U+007F as `\u` and four digits, and any rewriting breaks the signature.

use std::fmt;

use aws_lc_rs::hmac;

/// Length of a SHA-256 value in bytes.
const DIGEST: usize = 32;

/// An app secret, prepared once: the key schedule costs more than signing a short body.
#[derive(Clone)]
pub struct AppSecret {
    key: hmac::Key,
}

impl AppSecret {
    pub fn new(secret: &str) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()) }
    }

    /// The header's value for a body: `sha256=` and 64 lower-case hexadecimal digits.
    pub fn sign(&self, body: &[u8]) -> String {
        format!("sha256={}", hex::encode(hmac::sign(&self.key, body)))
    }

    /// Whether the header belongs to these exact bytes. The shape is checked first, the values in constant time.
    pub fn verify(&self, header: &[u8], body: &[u8]) -> bool {
        parse_header(header).is_some_and(|given| hmac::verify(&self.key, body, &given).is_ok())
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(…)")
    }
}

/// Signs once; to sign often, keep an [`AppSecret`].
pub fn sign(secret: &str, body: &[u8]) -> String {
    AppSecret::new(secret).sign(body)
}

/// Verifies once; to verify often, keep an [`AppSecret`].
pub fn verify(secret: &str, header: &[u8], body: &[u8]) -> bool {
    AppSecret::new(secret).verify(header, body)
}

fn parse_header(header: &[u8]) -> Option<[u8; DIGEST]> {
    let digits = header.strip_prefix(b"sha256=")?;
    let mut digest = [0; DIGEST];
    // Refuses any length other than 64 and any character that is no hexadecimal digit.
    hex::decode_to_slice(digits, &mut digest).ok()?;
    Some(digest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "test_app_secret";

    #[test]
    fn the_published_vectors_hold_for_the_exact_bytes() {
        let vectors = [
            (
                r#"{"object":"whatsapp_business_account","entry":[]}"#,
                "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
            ),
            (
                r#"{"object": "whatsapp_business_account", "entry": []}"#,
                "sha256=56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a",
            ),
            (r#"{"t":"ç"}"#, "sha256=0be1019ed86475f3ec15207dbaabc71d5dc6dc628792f98eea8e66b321c91add"),
            (r#"{"t":"\u00e7"}"#, "sha256=b14e0753d19b2b28ae552c10f63926703bb2447cd615164b44e07853b3cd1e5d"),
        ];
        for (body, header) in vectors {
            assert_eq!(sign(SECRET, body.as_bytes()), header);
            assert!(verify(SECRET, header.as_bytes(), body.as_bytes()));
        }
        // The same character, written in the other way, is another body.
        assert!(!verify(SECRET, vectors[2].1.as_bytes(), vectors[3].0.as_bytes()));
    }

    #[test]
    fn a_header_of_another_shape_is_refused() {
        let body = b"{}";
        let good = sign(SECRET, body);
        let digits = good.strip_prefix("sha256=").unwrap();
        let bad = [
            String::new(),
            digits.to_owned(),
            format!("sha1={digits}"),
            format!("SHA256={digits}"),
            format!("sha256={}", &digits[..63]),
            format!("sha256={digits}0"),
            format!("sha256= {digits}"),
            format!("sha256={}g", &digits[..63]),
        ];
        for header in bad {
            assert!(!verify(SECRET, header.as_bytes(), body), "{header}");
        }
        assert!(verify(SECRET, good.as_bytes(), body));
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert!(!format!("{:?}", AppSecret::new("s3cr3t")).contains("s3cr3t"));
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies_and_nothing_else(
            secret in ".{1,64}", other in ".{1,64}", body in prop::collection::vec(any::<u8>(), 0..512), at in any::<usize>(),
        ) {
            let header = sign(&secret, &body);
            prop_assert!(verify(&secret, header.as_bytes(), &body));
            if other != secret {
                prop_assert!(!verify(&other, header.as_bytes(), &body));
            }
            if !body.is_empty() {
                let mut changed = body.clone();
                changed[at % body.len()] ^= 1;
                prop_assert!(!verify(&secret, header.as_bytes(), &changed));
            }
        }
    }
}
