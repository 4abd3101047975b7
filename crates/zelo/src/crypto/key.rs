//! A data key and what it seals.
//!
//! A sealed value is `format(1) | algorithm(1) | key id(16) | nonce(12) | ciphertext | tag(16)`.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hmac,
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The first byte of everything sealed: the layout above.
const FORMAT: u8 = 1;
/// The second byte: AES-256-GCM with a random nonce of 12 bytes.
const AES_256_GCM_RANDOM_NONCE: u8 = 1;
const KEY_ID: std::ops::Range<usize> = 2..18;
const NONCE: std::ops::Range<usize> = 18..30;
/// Bytes that sealing adds.
const OVERHEAD: usize = 46;

/// Names a key record in the keystore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub Uuid);

/// Where a sealed value belongs. It opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// The tenant, or nil for the platform's own rows.
    pub tenant: Uuid,
    /// The table.
    pub table: &'p str,
    /// The column.
    pub column: &'p str,
    /// The row.
    pub row: Uuid,
}

impl Place<'_> {
    /// The associated data: every part with its length, so that no two places give the same bytes.
    fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(80);
        for part in [
            header,
            self.tenant.as_bytes(),
            self.table.as_bytes(),
            self.column.as_bytes(),
            self.row.as_bytes(),
        ] {
            data.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
            data.extend_from_slice(part);
        }
        data
    }
}

/// A sealed value could not be opened. The text says nothing about why, because the reasons help only an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value cannot be opened")]
pub struct OpenError;

/// A key in memory, wiped when it is dropped.
pub struct Key {
    id: KeyId,
    bytes: Zeroizing<[u8; 32]>,
}

impl Key {
    pub(super) fn new(id: KeyId, bytes: Zeroizing<[u8; 32]>) -> Self {
        Self { id, bytes }
    }

    /// Its name in the keystore.
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Proves that a record holds this key and no other one that would also open something
    /// (AES-GCM alone does not commit to its key).
    pub(super) fn commitment(&self) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.bytes.as_ref()));
        context.update(b"zelo key commitment");
        context.update(self.id.0.as_bytes());
        context.sign().as_ref().try_into().unwrap_or_default()
    }

    /// Seal a value for its place.
    ///
    /// # Errors
    /// Only when the system has no randomness.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, OpenError> {
        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
        sealed.extend_from_slice(&[FORMAT, AES_256_GCM_RANDOM_NONCE]);
        sealed.extend_from_slice(self.id.0.as_bytes());
        let associated = Aad::from(place.associated_data(&sealed));
        sealed.extend_from_slice(&[0; 12]);
        sealed.extend_from_slice(plain);
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, self.bytes.as_ref()).map_err(|_| OpenError)?;
        let body = sealed.get_mut(NONCE.end..).ok_or(OpenError)?;
        let (nonce, tag) = cipher.seal_in_place_separate_tag(associated, body).map_err(|_| OpenError)?;
        sealed.get_mut(NONCE).ok_or(OpenError)?.copy_from_slice(nonce.as_ref());
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Open what was sealed for this place under this key.
    ///
    /// # Errors
    /// When anything differs: the key, the place, a byte.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let header = sealed.get(..KEY_ID.end).ok_or(OpenError)?;
        if !header.starts_with(&[FORMAT, AES_256_GCM_RANDOM_NONCE]) || key_id_of(sealed) != Some(self.id) {
            return Err(OpenError);
        }
        let associated = Aad::from(place.associated_data(header));
        let nonce = sealed.get(NONCE).ok_or(OpenError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError)?;
        let mut body = sealed.get(NONCE.end..).ok_or(OpenError)?.to_vec();
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, self.bytes.as_ref()).map_err(|_| OpenError)?;
        let length = cipher.open_in_place(nonce, associated, &mut body).map_err(|_| OpenError)?.len();
        body.truncate(length);
        Ok(body)
    }
}

/// The key that a sealed value names.
pub(crate) fn key_id_of(sealed: &[u8]) -> Option<KeyId> {
    let bytes = sealed.get(KEY_ID)?;
    Some(KeyId(Uuid::from_slice(bytes).ok()?))
}

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Key({})", self.id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> Key {
        Key::new(KeyId(Uuid::from_u128(number.into())), Zeroizing::new([number; 32]))
    }

    fn place(row: u128) -> Place<'static> {
        Place { tenant: Uuid::from_u128(1), table: "messages", column: "content", row: Uuid::from_u128(row) }
    }

    #[test]
    fn a_sealed_value_opens_only_with_its_key_in_its_place() {
        let sealed = key(1).seal(place(7), "quero reservar".as_bytes()).unwrap();
        assert_eq!(key(1).open(place(7), &sealed).unwrap(), "quero reservar".as_bytes());
        assert!(!sealed.windows(6).any(|window| window == b"quero "));
        assert_eq!(key(2).open(place(7), &sealed), Err(OpenError));
        for elsewhere in [
            place(8),
            Place { tenant: Uuid::from_u128(2), ..place(7) },
            Place { table: "contacts", ..place(7) },
            Place { column: "note", ..place(7) },
            Place { table: "messagesc", column: "ontent", ..place(7) },
        ] {
            assert_eq!(key(1).open(elsewhere, &sealed), Err(OpenError), "{elsewhere:?}");
        }
    }

    #[test]
    fn a_change_of_any_byte_is_refused() {
        let sealed = key(1).seal(place(7), b"oi").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(key(1).open(place(7), &changed), Err(OpenError), "byte {index}");
        }
        assert_eq!(key(1).open(place(7), &sealed[..20]), Err(OpenError));
    }

    #[test]
    fn the_same_text_never_looks_the_same_twice() {
        let first = key(1).seal(place(7), b"oi").unwrap();
        assert_ne!(first, key(1).seal(place(7), b"oi").unwrap());
    }
}
