//! What is personal in an entry: sealed, with a digest by which it can be proven when it is shown.

use crate::{
    crypto::{Key, Keyring, OpenError, Place, digest, key_id_of, random_bytes},
    error::Result,
    ids::TenantId,
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Who acted, as far as it is personal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ActorText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ip_address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user_agent: Option<String>,
}

/// What was done, as far as it may be personal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DetailText {
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) changes: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) details: Map<String, Value>,
}

/// A text with random bytes before it. Without them a digest would tell which of a few possible texts it is of, even after
/// the text was erased.
#[derive(Serialize, Deserialize)]
struct Salted<T> {
    salt: String,
    #[serde(flatten)]
    text: T,
}

/// A sealed text and the digest of what was sealed.
pub(super) struct Sealed {
    pub(super) sealed: Vec<u8>,
    pub(super) digest: Vec<u8>,
}

/// A text that was opened: what it says, and the very bytes that its digest is of.
#[derive(Debug, Clone)]
pub(super) struct Opened<T> {
    pub(super) text: T,
    pub(super) plain: String,
}

const ACTOR: &str = "actor";
const DETAIL: &str = "detail";

fn place(tenant: TenantId, column: &'static str, entry: Uuid) -> Place<'static> {
    Place { tenant: tenant.0, table: "audit_entries", column, row: entry }
}

pub(super) fn seal_actor(
    key: &Key,
    tenant: TenantId,
    entry: Uuid,
    text: ActorText,
) -> Result<Sealed, OpenError> {
    seal(key, place(tenant, ACTOR, entry), text)
}

pub(super) fn seal_detail(
    key: &Key,
    tenant: TenantId,
    entry: Uuid,
    text: DetailText,
) -> Result<Sealed, OpenError> {
    seal(key, place(tenant, DETAIL, entry), text)
}

fn seal<T: Serialize>(key: &Key, place: Place<'_>, text: T) -> Result<Sealed, OpenError> {
    let salt = STANDARD_NO_PAD.encode(random_bytes::<16>()?.as_slice());
    let plain = serde_json::to_vec(&Salted { salt, text }).map_err(|_| OpenError)?;
    Ok(Sealed { sealed: key.seal(place, &plain)?, digest: digest(&plain).to_vec() })
}

pub(super) async fn open_actor(
    keys: &Keyring,
    tenant: TenantId,
    entry: Uuid,
    sealed: &[u8],
) -> Result<Option<Opened<ActorText>>> {
    open(keys, place(tenant, ACTOR, entry), sealed).await
}

pub(super) async fn open_detail(
    keys: &Keyring,
    tenant: TenantId,
    entry: Uuid,
    sealed: &[u8],
) -> Result<Option<Opened<DetailText>>> {
    open(keys, place(tenant, DETAIL, entry), sealed).await
}

/// None when the key was destroyed, or somebody changed the value: what cannot be opened is not shown.
async fn open<T: DeserializeOwned>(
    keys: &Keyring,
    place: Place<'_>,
    sealed: &[u8],
) -> Result<Option<Opened<T>>> {
    let Some(id) = key_id_of(sealed) else { return Ok(None) };
    let Some(key) = keys.keys(&[id]).await?.remove(&id) else { return Ok(None) };
    let Some(plain) = key.open(place, sealed).ok().and_then(|plain| String::from_utf8(plain).ok()) else {
        return Ok(None);
    };
    let salted: Option<Salted<T>> = serde_json::from_str(&plain).ok();
    Ok(salted.map(|salted| Opened { text: salted.text, plain }))
}
