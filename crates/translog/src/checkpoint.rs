//! Checkpoints: what a log was at some size, signed (C2SP `tlog-checkpoint` and `signed-note`).

use crate::Hash;
use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The byte that says Ed25519 in a note's key (C2SP `signed-note`, section "Signature types").
const ED25519_NOTE: u8 = 0x01;

/// Why a note was not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not a signed checkpoint.
    #[error("this is not a signed checkpoint")]
    Malformed,
    /// It is about another log, or signed with another key only.
    #[error("this checkpoint is not of this log, or not signed with its key")]
    OfAnother,
    /// Its signature does not fit it.
    #[error("the signature of this checkpoint does not fit it")]
    Forged,
    /// The key cannot sign.
    #[error("this is not a key for signing")]
    BadKey,
}

/// What a log is: how many entries, and the root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }
}

/// The signature under a checkpoint, without its text.
pub type Seal = [u8; 64];

/// The private key of a log.
pub struct Signer {
    pair: Ed25519KeyPair,
    verifier: Verifier,
}

impl Signer {
    /// The signer of the log whose key comes from `seed`. The log is named after `prefix` and its key, so that no two
    /// logs have one name.
    ///
    /// # Errors
    /// [`NoteError::BadKey`] when no key can be made of the seed.
    pub fn new(prefix: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::BadKey)?;
        let public_key: [u8; 32] = pair.public_key().as_ref().try_into().map_err(|_| NoteError::BadKey)?;
        let fingerprint = digest(&SHA256, &public_key);
        let name: String = fingerprint.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let verifier = Verifier::new(&format!("{prefix}/{name}"), public_key);
        Ok(Self { pair, verifier })
    }

    /// What others check the log with.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Sign what the log is.
    pub fn seal(&self, size: u64, root: Hash) -> Seal {
        let checkpoint = self.verifier.checkpoint(size, root);
        let signature = self.pair.sign(checkpoint.body().as_bytes());
        signature.as_ref().try_into().unwrap_or([0; 64])
    }
}

/// The public key of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    origin: String,
    public_key: [u8; 32],
}

impl Verifier {
    /// The verifier of the log of this name.
    pub fn new(origin: &str, public_key: [u8; 32]) -> Self {
        Self { origin: origin.to_owned(), public_key }
    }

    /// A verifier from its text: `origin+hash+key` (C2SP `signed-note`, section "Verifier keys").
    ///
    /// # Errors
    /// [`NoteError::Malformed`] when it is no such text.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(origin), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Malformed);
        };
        let key = STANDARD.decode(key).map_err(|_| NoteError::Malformed)?;
        let Some((&ED25519_NOTE, public_key)) = key.split_first() else { return Err(NoteError::Malformed) };
        let public_key = public_key.try_into().map_err(|_| NoteError::Malformed)?;
        let verifier = Self::new(origin, public_key);
        if verifier.key_hash_in_hex() == hash { Ok(verifier) } else { Err(NoteError::Malformed) }
    }

    /// Which log this is about.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The first four bytes of a hash over name, kind and key, by which a note's lines are told apart.
    fn key_hash(&self) -> [u8; 4] {
        let text = [self.origin.as_bytes(), b"\n", &[ED25519_NOTE], &self.public_key].concat();
        let hash = digest(&SHA256, &text);
        hash.as_ref().first_chunk().copied().unwrap_or_default()
    }

    fn key_hash_in_hex(&self) -> String {
        self.key_hash().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn checkpoint(&self, size: u64, root: Hash) -> Checkpoint {
        Checkpoint { origin: self.origin.clone(), size, root }
    }

    /// Whether a log of this size and root was sealed.
    pub fn accepts(&self, size: u64, root: Hash, seal: &[u8]) -> bool {
        let body = self.checkpoint(size, root).body();
        UnparsedPublicKey::new(&ED25519, &self.public_key).verify(body.as_bytes(), seal).is_ok()
    }

    /// A sealed state as a note: what is given away.
    pub fn note(&self, size: u64, root: Hash, seal: &Seal) -> String {
        let signature = STANDARD.encode([self.key_hash().as_slice(), seal].concat());
        format!("{}\n\u{2014} {} {signature}\n", self.checkpoint(size, root).body(), self.origin)
    }

    /// The checkpoint in a note, if this log's key signed it. Signatures of others (witnesses) may stand beside it.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn open(&self, note: &str) -> Result<Checkpoint, NoteError> {
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(NoteError::Malformed);
        };
        let canonical = !size.is_empty()
            && size.bytes().all(|byte| byte.is_ascii_digit())
            && (size == "0" || !size.starts_with('0'));
        let size = size.parse().ok().filter(|_| canonical).ok_or(NoteError::Malformed)?;
        let root = STANDARD.decode(root).map_err(|_| NoteError::Malformed)?;
        let root: Hash = root.try_into().map_err(|_| NoteError::Malformed)?;
        if origin != self.origin {
            return Err(NoteError::OfAnother);
        }
        let prefix = format!("\u{2014} {} ", self.origin);
        let mut found = NoteError::OfAnother;
        for line in signatures.split('\n') {
            let Some(signature) = line.strip_prefix(&prefix) else { continue };
            let signature = STANDARD.decode(signature).map_err(|_| NoteError::Malformed)?;
            let Some((key_hash, signature)) = signature.split_first_chunk::<4>() else { continue };
            if *key_hash != self.key_hash() {
                continue;
            }
            let signed = format!("{text}\n");
            let key = UnparsedPublicKey::new(&ED25519, &self.public_key);
            if key.verify(signed.as_bytes(), signature).is_ok() {
                return Ok(Checkpoint { origin: origin.to_owned(), size, root });
            }
            found = NoteError::Forged;
        }
        Err(found)
    }
}

impl std::fmt::Display for Verifier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = STANDARD.encode([&[ED25519_NOTE], self.public_key.as_slice()].concat());
        write!(out, "{}+{}+{key}", self.origin, self.key_hash_in_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(seed: u8) -> Signer {
        Signer::new("zelo.test/audit", &[seed; 32]).unwrap()
    }

    #[test]
    fn a_note_is_believed_with_its_own_key_and_text_only() {
        let log = signer(1);
        let note = log.verifier().note(42, [7; 32], &log.seal(42, [7; 32]));
        let opened = log.verifier().open(&note).unwrap();
        assert_eq!((opened.size, opened.root), (42, [7; 32]));
        assert!(log.verifier().accepts(42, [7; 32], &log.seal(42, [7; 32])));
        assert!(!log.verifier().accepts(43, [7; 32], &log.seal(42, [7; 32])));

        assert_eq!(signer(2).verifier().open(&note), Err(NoteError::OfAnother));
        assert_eq!(log.verifier().open(&note.replace("\n42\n", "\n43\n")), Err(NoteError::Forged));
        assert_eq!(log.verifier().open(&note.replace("\n42\n", "\n042\n")), Err(NoteError::Malformed));
        assert_eq!(log.verifier().open("42"), Err(NoteError::Malformed));
        for index in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[index] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            // The line break at the very end is the only byte that nothing depends on.
            assert!(log.verifier().open(&changed).is_err() || index == note.len() - 1, "byte {index}");
        }
    }

    #[test]
    fn a_witness_may_sign_beside_the_log() {
        let log = signer(1);
        let note = log.verifier().note(1, [7; 32], &log.seal(1, [7; 32]));
        let witnessed = format!("{note}\u{2014} witness.example AAAAAAAA\n");
        assert!(log.verifier().open(&witnessed).is_ok());
    }

    #[test]
    fn a_verifier_is_read_from_its_text() {
        let log = signer(1);
        let text = log.verifier().to_string();
        assert_eq!(Verifier::parse(&text).as_ref(), Ok(log.verifier()));
        assert!(Verifier::parse(&text.replacen("zelo", "vivo", 1)).is_err());
        assert!(Verifier::parse("zelo").is_err());
    }

    /// The key and the note that the standard's own package shows in its documentation.
    #[test]
    fn a_note_of_another_program_is_read() {
        let verifier =
            Verifier::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        assert_eq!(verifier.key_hash_in_hex(), "c74f20a3");
    }
}
