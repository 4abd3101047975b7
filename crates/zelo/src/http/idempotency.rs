//! `Idempotency-Key`: a request that is sent again gets the first answer again instead of a second effect.
//!
//! A use case calls [`begin`] and [`finish`] inside the transaction of its effect. Two requests with one key then never
//! both take effect, whenever the process dies: the key, the effect and the answer are stored together or not at all.
//! A second request waits at [`begin`] until the first one's transaction has ended. Where the effect cannot be one
//! transaction, `begin` is committed before it and the second request is told that the first one is under way; such a
//! use case calls [`abandon`] when it fails.

use super::json::{json_bytes, json_response, read};
use crate::{Error, error::Result};
use aws_lc_rs::digest::{Context, SHA256};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode},
    response::{IntoResponse, Response},
};
use db::{Tx, params};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// How long an answer is kept, in milliseconds: a day, as clients expect of such keys (security.md W13).
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// The header that carries a key.
pub const HEADER: &str = "idempotency-key";
/// The longest key that is accepted, in bytes.
const LONGEST_KEY: usize = 255;

/// Encrypts answers, which hold personal data, under a key of their tenant. `row` identifies the row and must be bound
/// as associated data, so that an answer cannot be moved to another key.
pub trait Seal: Send + Sync {
    /// Encrypt an answer.
    ///
    /// # Errors
    /// When the tenant's key cannot be used.
    fn seal(&self, tenant: Uuid, row: &[u8], answer: &[u8]) -> Result<Vec<u8>>;

    /// Decrypt an answer.
    ///
    /// # Errors
    /// When the tenant's key cannot be used, or the bytes are not what was sealed for this row.
    fn open(&self, tenant: Uuid, row: &[u8], sealed: &[u8]) -> Result<Vec<u8>>;
}

/// A JSON body together with the key that its request may carry.
#[derive(Debug, Clone)]
pub struct Idempotent<T> {
    /// The body.
    pub body: T,
    /// The key; none where the client does not ask for this.
    pub key: Option<Key>,
}

/// A client's key with what it stands for: the method and address it came to, and the exact body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    request: [u8; 32],
    body: [u8; 32],
}

/// Who uses a key: two callers' equal keys have nothing to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The tenant.
    pub tenant: Uuid,
    /// The user or API key.
    pub caller: Uuid,
}

/// An answer that is kept. Its body is JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// How a request stands to earlier ones with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// It is the first one: go on, then [`finish`].
    Fresh,
    /// It was answered before: answer the same.
    Replay(Answer),
    /// The key was used for another body.
    Mismatch,
    /// The first request is still under way.
    InFlight,
}

impl Begin {
    /// The answer to give again, or none where the request is the first one.
    ///
    /// # Errors
    /// 422 for another body under the same key, 409 while the first request is under way.
    pub fn into_replay(self) -> Result<Option<Answer>> {
        match self {
            Self::Fresh => Ok(None),
            Self::Replay(answer) => Ok(Some(answer)),
            Self::Mismatch => Err(Error::invalid(
                "Idempotency-Key",
                "idempotency_key_reused",
                "This key was used for another request body. Use a new key for a new request.",
            )),
            Self::InFlight => Err(Error::Conflict {
                code: "idempotency_in_flight",
                detail: "The first request with this key is still under way. Try again in a moment."
                    .to_owned(),
            }),
        }
    }
}

impl Answer {
    /// The answer to the first request, which says nothing of repetitions.
    pub fn into_first_response(self) -> Response {
        let mut response = json_response(Body::from(self.body));
        *response.status_mut() = self.status;
        response
    }
}

/// The answer to a request that was sent again.
impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = self.into_first_response();
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
        response
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Idempotent<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let key =
            key_of(request.headers())?.map(|key| hash_request(request.method(), request.uri().path(), key));
        let bytes = json_bytes(request, state).await?;
        let key = key.map(|request| Key { request, body: hash(&[&bytes]) });
        Ok(Self { body: read(&bytes)?, key })
    }
}

impl Key {
    /// A key for a request that did not come over HTTP's JSON extractor.
    pub fn new(method: &Method, path: &str, key: &str, body: &[u8]) -> Self {
        Self { request: hash_request(method, path, key), body: hash(&[body]) }
    }

    fn row(&self, owner: Owner) -> [u8; 32] {
        hash(&[owner.caller.as_bytes(), &self.request])
    }
}

/// The key that a request carries.
///
/// # Errors
/// [`Error::Malformed`] when it is empty, too long, or not printable.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= LONGEST_KEY => Ok(Some(key)),
        _ => Err(Error::Malformed(format!(
            "Idempotency-Key must be 1 to {LONGEST_KEY} printable characters, best a random UUID."
        ))),
    }
}

fn hash_request(method: &Method, path: &str, key: &str) -> [u8; 32] {
    hash(&[method.as_str().as_bytes(), path.as_bytes(), key.as_bytes()])
}

/// SHA-256 over parts, each behind its length, so that no two lists of parts have the same bytes.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    out
}

/// Claim a key, or learn what an earlier request with it came to. `now` is in milliseconds since 1970.
///
/// # Errors
/// When the database fails, or a kept answer cannot be decrypted.
pub async fn begin(tx: &mut Tx, seal: &dyn Seal, owner: Owner, key: &Key, now: i64) -> Result<Begin> {
    let row = key.row(owner);
    tx.execute(
        "delete from idempotency_keys where tenant_id = $1 and key_hash = $2 and created_at < $3",
        params![owner.tenant, &row, now - KEPT_MS],
    )
    .await?;
    let claimed = tx
        .execute(
            "insert into idempotency_keys (tenant_id, key_hash, body_hash, created_at) values ($1, $2, $3, $4)
             on conflict (tenant_id, key_hash) do nothing",
            params![owner.tenant, &row, &key.body, now],
        )
        .await?;
    if claimed == 1 {
        return Ok(Begin::Fresh);
    }
    let first = tx
        .query_one(
            "select body_hash, status, answer from idempotency_keys where tenant_id = $1 and key_hash = $2",
            params![owner.tenant, &row],
            |found| {
                Ok((
                    found.get::<[u8; 32]>(0)?,
                    found.get::<Option<i64>>(1)?,
                    found.get::<Option<Vec<u8>>>(2)?,
                ))
            },
        )
        .await?;
    match first {
        (body, _, _) if body != key.body => Ok(Begin::Mismatch),
        (_, Some(status), Some(sealed)) => {
            let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
            let status = status.ok_or_else(|| Error::internal("a kept answer has no HTTP status"))?;
            let body = seal.open(owner.tenant, &row, &sealed)?;
            Ok(Begin::Replay(Answer { status, body }))
        }
        _ => Ok(Begin::InFlight),
    }
}

/// Keep the answer of a request that [`begin`] called fresh.
///
/// # Errors
/// When the database fails, the answer cannot be encrypted, or the key was not claimed.
pub async fn finish(tx: &mut Tx, seal: &dyn Seal, owner: Owner, key: &Key, answer: &Answer) -> Result<()> {
    let row = key.row(owner);
    let sealed = seal.seal(owner.tenant, &row, &answer.body)?;
    let kept = tx
        .execute(
            "update idempotency_keys set status = $3, answer = $4
             where tenant_id = $1 and key_hash = $2 and answer is null",
            params![owner.tenant, &row, i64::from(answer.status.as_u16()), sealed],
        )
        .await?;
    if kept == 1 { Ok(()) } else { Err(Error::internal("an answer was kept for a key that was not claimed")) }
}

/// Give a claimed key back: the request failed in a way that a repetition may mend.
///
/// # Errors
/// When the database fails.
pub async fn abandon(tx: &mut Tx, owner: Owner, key: &Key) -> Result<()> {
    tx.execute(
        "delete from idempotency_keys where tenant_id = $1 and key_hash = $2 and answer is null",
        params![owner.tenant, &key.row(owner)],
    )
    .await?;
    Ok(())
}

/// Delete a tenant's answers that have been kept long enough; returns how many there were.
///
/// # Errors
/// When the database fails.
pub async fn delete_expired(tx: &mut Tx, tenant: Uuid, now: i64) -> Result<u64> {
    let deleted = tx
        .execute(
            "delete from idempotency_keys where tenant_id = $1 and created_at < $2",
            params![tenant, now - KEPT_MS],
        )
        .await?;
    Ok(deleted)
}
