//! Secrets that people and programs carry around.

use aws_lc_rs::{digest as hash, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// Fresh random bytes from the system's generator.
///
/// # Errors
/// When the system has none to give; nothing secret may be made then.
pub fn random_bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, super::OpenError> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::fill(bytes.as_mut()).map_err(|_| super::OpenError)?;
    Ok(bytes)
}

/// The SHA-256 of a secret: what the database keeps of it.
pub fn digest(secret: &[u8]) -> [u8; 32] {
    hash::digest(&hash::SHA256, secret).as_ref().try_into().unwrap_or_default()
}

/// A secret of 256 random bits, shown once and stored only as its digest.
pub struct Token(Zeroizing<String>);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn random() -> Result<Self, super::OpenError> {
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?))))
    }

    /// The secret itself, for the one who may have it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the database keeps.
    pub fn digest(&self) -> [u8; 32] {
        digest(self.0.as_bytes())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Token(…)")
    }
}
