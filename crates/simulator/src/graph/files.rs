//! Files: up with a form, and in two steps down.

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::{Body, Bytes};
use axum::extract::{Multipart, Query, State};
use axum::http::header::{ACCEPT_RANGES, AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, RANGE, USER_AGENT};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::Fault;
use super::request::{Call, bearer};
use super::{Outcome, access};
use crate::channel::Channel;
use crate::media::{ADDRESS_LIFE_MS, StoredFile, is_sendable};
use crate::scene::Scene;
use crate::simulator::{Inner, Simulator};

/// What the form of an upload holds.
#[derive(Default)]
struct Form {
    product: String,
    kind: Option<String>,
    mime_type: Option<String>,
    content: Option<Bytes>,
}

pub(crate) async fn upload(State(simulator): State<Simulator>, call: Call, form: Multipart) -> Response {
    let inner = &simulator.inner;
    let allowed = access::channel(&inner.scene.lock(), &call);
    let result = match allowed {
        Ok(channel) => read_form(form).await.and_then(|form| store(inner, &channel, form)),
        Err(fault) => Err(fault),
    };
    let outcome = Outcome {
        call: &call,
        method: Method::POST,
        edge: "media",
        detail: "",
        phone_number_id: &call.id,
        contact: None,
        payload: Value::Null,
    };
    outcome.answer(inner, result)
}

async fn read_form(mut multipart: Multipart) -> Result<Form, Fault> {
    let broken = |_| Fault::parameter("The form could not be read");
    let mut form = Form::default();
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        match field.name() {
            Some("messaging_product") => form.product = field.text().await.map_err(broken)?,
            Some("type") => form.kind = Some(field.text().await.map_err(broken)?),
            Some("file") => {
                form.mime_type = field.content_type().map(str::to_owned);
                form.content = Some(field.bytes().await.map_err(broken)?);
            }
            _ => {}
        }
    }
    Ok(form)
}

fn store(inner: &Inner, channel: &Channel, form: Form) -> Result<Value, Fault> {
    if form.product != "whatsapp" {
        return Err(Fault::parameter("The parameter messaging_product is required."));
    }
    let content = form.content.ok_or_else(|| Fault::parameter("The parameter file is required."))?;
    let mime_type =
        form.mime_type.or(form.kind).ok_or_else(|| Fault::parameter("The parameter type is required."))?;
    if !is_sendable(&mime_type, content.len()) {
        return Err(Fault::of(131_053));
    }
    let mut scene = inner.scene.lock();
    let id = scene.ids.digits(16);
    let phone_number_id = channel.phone_number_id.clone();
    let stored_at = inner.moved_now(&scene);
    let file = StoredFile { phone_number_id, mime_type, content, stored_at, from_customer: false };
    scene.files.insert(id.clone(), file);
    Ok(json!({"id": id}))
}

/// Where a file can be fetched for the next 5 minutes; nothing if it is not one of theirs.
pub(crate) fn address(inner: &Inner, scene: &Scene, call: &Call, own: &[Channel]) -> Option<Value> {
    let now = inner.moved_now(scene);
    let file = scene.files.get(&call.id).filter(|file| !file.is_expired(now))?;
    own.iter().find(|channel| channel.phone_number_id == file.phone_number_id)?;
    let expires = now.saturating_add(ADDRESS_LIFE_MS).div_euclid(1_000);
    let url = format!(
        "http://{}/whatsapp_business/attachments/?mid={}&source=getMedia&ext={expires}&hash={}",
        call.host,
        call.id,
        seal(&call.id, expires)
    );
    Some(json!({
        "messaging_product": "whatsapp",
        "url": url,
        "mime_type": file.mime_type,
        "sha256": file.sha256_hex(),
        "file_size": file.content.len(),
        "id": call.id,
    }))
}

pub(crate) fn delete(inner: &Inner, scene: &mut Scene, call: &Call) -> Result<Value, Fault> {
    let own = access::by_token(scene, &call.token)?;
    if address(inner, scene, call, &own).is_none() {
        return Err(Fault::unknown_object("delete", &call.id));
    }
    scene.files.remove(&call.id);
    Ok(json!({"success": true}))
}

#[derive(Deserialize)]
pub(crate) struct Address {
    mid: String,
    ext: i64,
    hash: String,
}

/// The second step. Meta's file host wants the token, too, and refuses callers that do not say who they are.
pub(crate) async fn download(
    State(simulator): State<Simulator>,
    Query(address): Query<Address>,
    headers: HeaderMap,
) -> Response {
    let inner = &simulator.inner;
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header(USER_AGENT).is_empty() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let scene = inner.scene.lock();
    let Ok(own) = access::by_token(&scene, bearer(header(AUTHORIZATION))) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let fresh = address.ext > inner.moved_now(&scene).div_euclid(1_000);
    let file =
        scene.files.get(&address.mid).filter(|_| fresh && address.hash == seal(&address.mid, address.ext));
    match file.filter(|file| own.iter().any(|channel| channel.phone_number_id == file.phone_number_id)) {
        Some(file) => part(file, header(RANGE)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The file, or the part of it that was asked for.
pub(crate) fn part(file: &StoredFile, range: &str) -> Response {
    let size = file.content.len();
    let kind = [(CONTENT_TYPE, file.mime_type.clone()), (ACCEPT_RANGES, "bytes".to_owned())];
    let Some((from, to)) = parse_range(range) else {
        return (kind, Body::from(file.content.clone())).into_response();
    };
    let end = to.map_or(size, |to| to.saturating_add(1).min(size));
    if from >= end {
        return (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, format!("bytes */{size}"))])
            .into_response();
    }
    let shown = format!("bytes {from}-{}/{size}", end.saturating_sub(1));
    (StatusCode::PARTIAL_CONTENT, kind, [(CONTENT_RANGE, shown)], Body::from(file.content.slice(from..end)))
        .into_response()
}

/// `bytes=a-` or `bytes=a-b`. Anything else is ignored, as HTTP allows.
fn parse_range(header: &str) -> Option<(usize, Option<usize>)> {
    let (from, to) = header.strip_prefix("bytes=")?.split_once('-')?;
    let to = if to.is_empty() { None } else { Some(to.parse().ok()?) };
    Some((from.parse().ok()?, to))
}

/// Ties the expiry to the address, so that nobody makes it live longer.
fn seal(id: &str, expires: i64) -> String {
    hex::encode(digest(&SHA256, format!("{id} until {expires}").as_bytes())).chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(parse_range("bytes=5-"), Some((5, None)));
        assert_eq!(parse_range("bytes=5-9"), Some((5, Some(9))));
        for other in ["", "bytes=-5", "bytes=a-", "lines=1-2", "bytes=1-2,3-4"] {
            assert_eq!(parse_range(other), None, "{other}");
        }
    }
}
