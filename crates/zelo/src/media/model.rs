//! What a file is here.

use super::{FileType, Kind};
use crate::{
    clock::Millis,
    crypto::{FileKey, Key, OpenError, Place},
    ids::{ConversationId, MediaId, MessageId},
    tenants::TenantScope,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaState {
    /// It is being fetched from Meta.
    Pending,
    /// It is here.
    Stored,
    /// It was not taken; the reason says why.
    Refused,
    /// Meta does not have it any more, and it was never here.
    Expired,
}

impl MediaState {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Stored => "stored",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }

    /// Read the word that is stored.
    pub fn from_word(word: &str) -> Self {
        match word {
            "pending" => Self::Pending,
            "stored" => Self::Stored,
            "refused" => Self::Refused,
            _ => Self::Expired,
        }
    }
}

/// Why a file was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Larger than allowed.
    TooLarge,
    /// Nothing in it.
    Empty,
    /// Of a type that is not taken.
    TypeNotAllowed,
    /// Its content is not what its name or its header says.
    TypeMismatch,
    /// It is two things at once, or built to harm whoever opens it.
    Suspicious,
    /// The scanner found something in it.
    Infected,
    /// A picture with more pixels than allowed.
    TooManyPixels,
    /// It cannot be opened.
    Broken,
    /// It did not come as Meta said that it would, several times.
    HashMismatch,
    /// The tenant has no room for it. It is fetched once there is some, as long as Meta has it.
    OverQuota,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::TooLarge,
        Self::Empty,
        Self::TypeNotAllowed,
        Self::TypeMismatch,
        Self::Suspicious,
        Self::Infected,
        Self::TooManyPixels,
        Self::Broken,
        Self::HashMismatch,
        Self::OverQuota,
    ];

    /// The word that is stored, and that programs see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Empty => "empty",
            Self::TypeNotAllowed => "type_not_allowed",
            Self::TypeMismatch => "type_mismatch",
            Self::Suspicious => "suspicious",
            Self::Infected => "infected",
            Self::TooManyPixels => "too_many_pixels",
            Self::Broken => "broken",
            Self::HashMismatch => "hash_mismatch",
            Self::OverQuota => "over_quota",
        }
    }

    /// Read the word that is stored.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// A file of a message, as the others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Its id.
    pub id: MediaId,
    /// Whose sight decides who sees it.
    pub conversation: ConversationId,
    /// Its message; none while it waits to be sent.
    pub message: Option<MessageId>,
    /// What it is sent as.
    pub kind: Kind,
    /// How far it has come.
    pub state: MediaState,
    /// Why it was not taken.
    pub reason: Option<Refusal>,
    /// What it is, once its content was looked at.
    pub file_type: Option<FileType>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Width and height of a picture.
    pub pixels: Option<(u32, u32)>,
    /// How long a recording is.
    pub duration_ms: Option<Millis>,
    /// Whether there is a small picture of it.
    pub has_thumbnail: bool,
    /// The object with its bytes, which may be another row's.
    pub(super) file: Option<Uuid>,
    pub(super) expires_at: Option<Millis>,
    pub(super) details_sealed: Vec<u8>,
    pub(super) created_at: Millis,
}

/// What is heard in a recording with Opus, besides how long it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// How much goes on in each of [`voice::BARS`] equal parts, from 0 to 100: an estimate, as [`voice::Heard`] says.
    pub waveform: Vec<u8>,
    /// Whether it has one channel, so that WhatsApp takes it as a voice note.
    pub is_mono: bool,
    /// Whether it was uploaded to be sent as one.
    pub is_note: bool,
}

impl From<&voice::Heard> for Voice {
    fn from(heard: &voice::Heard) -> Self {
        Self { waveform: heard.waveform.to_vec(), is_mono: heard.is_mono, is_note: false }
    }
}

/// What is personal or secret about a file: sealed as one, under the contact's key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Details {
    /// Meta's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) meta_id: Option<String>,
    /// Until when Meta's id of what was uploaded there is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) meta_until: Option<Millis>,
    /// What Meta or the uploader says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) declared: Option<String>,
    /// The hash that Meta promised, as Meta wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    /// The sender's name of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) filename: Option<String>,
    /// Bytes of the small picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) thumbnail_size: Option<u64>,
    /// What is heard in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) voice: Option<Voice>,
    /// The file's own key, once it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
}

impl Details {
    pub(super) fn with_key(mut self, key: &FileKey) -> Self {
        self.key = Some(STANDARD.encode(key.bytes()));
        self
    }

    pub(super) fn key(&self) -> Option<FileKey> {
        let bytes = Zeroizing::new(STANDARD.decode(self.key.as_ref()?).ok()?);
        FileKey::from_bytes(&bytes)
    }

    pub(super) fn seal(&self, scope: TenantScope, id: MediaId, key: &Key) -> Result<Vec<u8>, OpenError> {
        let plain = Zeroizing::new(serde_json::to_vec(self).map_err(|_| OpenError)?);
        key.seal(place(scope, id), &plain)
    }

    pub(super) fn open(scope: TenantScope, id: MediaId, key: &Key, sealed: &[u8]) -> Result<Self, OpenError> {
        let plain = Zeroizing::new(key.open(place(scope, id), sealed)?);
        serde_json::from_slice(&plain).map_err(|_| OpenError)
    }
}

fn place(scope: TenantScope, id: MediaId) -> Place<'static> {
    Place { tenant: scope.tenant().0, table: "media", column: "details", row: id.0 }
}

/// Whether a hash is the one that Meta promised: Base64 in webhooks, hexadecimal in real answers about a file, whatever
/// Meta's pages say (facts.md, 4).
pub(super) fn is_promised(sha256: &[u8; 32], promised: &str) -> bool {
    let promised = promised.trim();
    promised.eq_ignore_ascii_case(&hex::encode(sha256))
        || promised.trim_end_matches('=') == STANDARD.encode(sha256).trim_end_matches('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_known_in_both_spellings() {
        let hash = crate::crypto::digest(b"foto");
        let base64 = STANDARD.encode(hash);
        assert!(is_promised(&hash, &hex::encode(hash)));
        assert!(is_promised(&hash, &hex::encode_upper(hash)));
        assert!(is_promised(&hash, &base64) && is_promised(&hash, base64.trim_end_matches('=')));
        assert!(!is_promised(&hash, &hex::encode(crate::crypto::digest(b"outra"))));
        assert!(!is_promised(&hash, ""));
    }

    #[test]
    fn words_are_read_back() {
        for reason in Refusal::ALL {
            assert_eq!(Refusal::from_word(reason.as_str()), Some(reason));
        }
        for state in [MediaState::Pending, MediaState::Stored, MediaState::Refused, MediaState::Expired] {
            assert_eq!(MediaState::from_word(state.as_str()), state);
        }
    }
}
