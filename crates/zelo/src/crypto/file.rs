//! Sealing what is too large for memory: a file in chunks, each of which opens by itself.
//!
//! A sealed file is `format(1) | algorithm(1)`, then chunks of [`CHUNK`] bytes (the last one may be shorter), each followed
//! by its tag. Every file has a key of its own, so that a nonce may be counted instead of drawn: part of the file, number of
//! the chunk, and whether it is the last one. Nobody can therefore reorder chunks, cut the end off unseen, or put another
//! file in the place of this one, whose name is associated data.

use super::OpenError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The plain bytes of a chunk. A range is read in whole chunks, so that larger ones would waste reading.
pub(crate) const CHUNK: usize = 64 * 1024;
/// What a tag adds to a chunk, in bytes.
pub(crate) const TAG: usize = 16;
/// What stands before the first chunk: the layout above, and AES-256-GCM with counted nonces.
pub(crate) const HEAD: [u8; 2] = [1, 2];

/// The key of one file, wiped when it is dropped. It is stored sealed under the key of the contact whose file it is.
pub struct FileKey(Zeroizing<[u8; 32]>);

impl FileKey {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn random() -> Result<Self, OpenError> {
        super::random_bytes::<32>().map(Self)
    }

    /// One that was stored.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// What is to be stored, sealed.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// What seals and opens `part` of the file `name` of a tenant.
    ///
    /// # Errors
    /// Never in practice: the key has the right length.
    pub fn cipher(&self, tenant: Uuid, name: Uuid, part: u8) -> Result<FileCipher, OpenError> {
        let key = UnboundKey::new(&AES_256_GCM, self.0.as_ref()).map_err(|_| OpenError)?;
        let mut place = b"zelo file".to_vec();
        place.extend_from_slice(&HEAD);
        place.extend_from_slice(tenant.as_bytes());
        place.extend_from_slice(name.as_bytes());
        Ok(FileCipher { key: LessSafeKey::new(key), place, part })
    }
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("FileKey(…)")
    }
}

/// Seals and opens the chunks of one part of one file.
pub struct FileCipher {
    key: LessSafeKey,
    place: Vec<u8>,
    part: u8,
}

impl FileCipher {
    fn nonce(&self, number: u32, is_last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[0] = self.part;
        nonce[7..11].copy_from_slice(&number.to_be_bytes());
        nonce[11] = u8::from(is_last);
        Nonce::assume_unique_for_key(nonce)
    }

    /// Seal a chunk; its tag follows it. A number may be sealed only once under a key.
    ///
    /// # Errors
    /// Never in practice.
    pub fn seal(&self, number: u32, is_last: bool, chunk: &mut Vec<u8>) -> Result<(), OpenError> {
        let place = Aad::from(self.place.as_slice());
        let nonce = self.nonce(number, is_last);
        self.key.seal_in_place_append_tag(nonce, place, chunk).map_err(|_| OpenError)
    }

    /// Open a chunk with its tag; the tag is cut off.
    ///
    /// # Errors
    /// When anything differs: the key, the file, the number, the end, a byte.
    pub fn open(&self, number: u32, is_last: bool, chunk: &mut Vec<u8>) -> Result<(), OpenError> {
        let place = Aad::from(self.place.as_slice());
        let nonce = self.nonce(number, is_last);
        let length = self.key.open_in_place(nonce, place, chunk).map_err(|_| OpenError)?.len();
        chunk.truncate(length);
        Ok(())
    }
}

impl std::fmt::Debug for FileCipher {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("FileCipher")
    }
}

/// The number of the last chunk of a file of `size` plain bytes. An empty file has one empty chunk.
pub(crate) fn last_chunk(size: u64) -> u64 {
    size.saturating_sub(1) / CHUNK as u64
}

/// Where a chunk begins and ends in the sealed file.
pub(crate) fn sealed_range(number: u64, size: u64) -> std::ops::Range<u64> {
    let whole = (CHUNK + TAG) as u64;
    let from = HEAD.len() as u64 + number * whole;
    let plain = size.saturating_sub(number * CHUNK as u64).min(CHUNK as u64);
    from..from + plain + TAG as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: &FileKey, name: u128, number: u32, is_last: bool) -> Vec<u8> {
        let mut chunk = b"foto da fachada".to_vec();
        key.cipher(Uuid::nil(), Uuid::from_u128(name), 0).unwrap().seal(number, is_last, &mut chunk).unwrap();
        chunk
    }

    #[test]
    fn a_chunk_opens_only_in_its_file_at_its_place() {
        let key = FileKey::random().unwrap();
        let chunk = sealed(&key, 7, 3, false);
        assert_eq!(chunk.len(), 15 + TAG);
        let opens = |key: &FileKey, name: u128, part: u8, number: u32, is_last: bool| {
            let mut chunk = chunk.clone();
            let cipher = key.cipher(Uuid::nil(), Uuid::from_u128(name), part).unwrap();
            cipher.open(number, is_last, &mut chunk).is_ok_and(|()| chunk == b"foto da fachada")
        };
        assert!(opens(&key, 7, 0, 3, false));
        assert!(!opens(&key, 8, 0, 3, false), "another file");
        assert!(!opens(&key, 7, 1, 3, false), "another part");
        assert!(!opens(&key, 7, 0, 2, false), "another place");
        assert!(!opens(&key, 7, 0, 3, true), "the end was cut off");
        assert!(!opens(&FileKey::random().unwrap(), 7, 0, 3, false), "another key");
    }

    #[test]
    fn chunks_lie_side_by_side() {
        let size = CHUNK as u64 * 2 + 5;
        assert_eq!(last_chunk(size), 2);
        assert_eq!(sealed_range(0, size), 2..2 + 65_552);
        assert_eq!(sealed_range(1, size).start, sealed_range(0, size).end);
        assert_eq!(sealed_range(2, size), 131_106..131_106 + 21);
        assert_eq!((last_chunk(0), last_chunk(CHUNK as u64), last_chunk(CHUNK as u64 + 1)), (0, 0, 1));
    }
}
