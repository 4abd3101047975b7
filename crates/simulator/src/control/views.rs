//! What the page shows.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, RANGE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use whatsapp::phone::Phone;

use super::actions::Refused;
use crate::channel::ChannelView;
use crate::conditions::Conditions;
use crate::contact::ContactId;
use crate::graph::part;
use crate::log::LogEntry;
use crate::simulator::Simulator;
use crate::talk::Talk;

#[derive(Serialize)]
pub(crate) struct StateView {
    channels: Vec<ChannelView>,
    contacts: Vec<ContactView>,
    conditions: Conditions,
    /// How far the clock was moved forward.
    advanced_ms: i64,
    inbox_url: Option<String>,
}

#[derive(Serialize)]
struct ContactView {
    id: ContactId,
    name: String,
    username: Option<String>,
    phone: Option<String>,
    wa_id: Option<String>,
    /// Meta spells the number without the ninth digit.
    lacks_ninth_digit: bool,
    blocked: bool,
    not_on_whatsapp: bool,
    /// By phone number id.
    unread: BTreeMap<String, usize>,
}

pub(crate) async fn state(State(simulator): State<Simulator>) -> Json<StateView> {
    let inner = &simulator.inner;
    let scene = inner.scene.lock();
    let now = inner.moved_now(&scene);
    let mut unread: BTreeMap<ContactId, BTreeMap<String, usize>> = BTreeMap::new();
    for ((channel, contact), talk) in &scene.talks {
        let count = talk.at(now).unread;
        if count > 0 {
            unread.entry(*contact).or_default().insert(channel.clone(), count);
        }
    }
    let contacts = scene.contacts.iter().map(|contact| ContactView {
        id: contact.id,
        name: contact.name.clone(),
        username: contact.username.clone(),
        phone: contact.phone.as_ref().map(Phone::display),
        wa_id: contact.wa_id.clone(),
        lacks_ninth_digit: contact.wa_id.as_deref() != contact.phone.as_ref().map(Phone::as_str),
        blocked: contact.blocked,
        not_on_whatsapp: contact.not_on_whatsapp,
        unread: unread.remove(&contact.id).unwrap_or_default(),
    });
    Json(StateView {
        contacts: contacts.collect(),
        channels: scene.channels.values().map(ChannelView::from).collect(),
        conditions: scene.conditions.clone(),
        advanced_ms: scene.advanced,
        inbox_url: inner.inbox_url.clone(),
    })
}

pub(crate) async fn talk(
    State(simulator): State<Simulator>,
    Path((channel, contact)): Path<(String, ContactId)>,
) -> Result<Json<Talk>, Refused> {
    Ok(Json(simulator.talk(&channel, contact)?))
}

#[derive(Deserialize)]
pub(crate) struct Limit {
    limit: Option<usize>,
}

pub(crate) async fn log(
    State(simulator): State<Simulator>,
    Query(asked): Query<Limit>,
) -> Json<Vec<LogEntry>> {
    let scene = simulator.inner.scene.lock();
    Json(scene.log.newest(asked.limit.unwrap_or(60)))
}

/// A file for the page. It came from outside: it may be shown, and must not run.
pub(crate) async fn file(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default();
    let scene = simulator.inner.scene.lock();
    let Some(file) = scene.files.get(&id) else { return StatusCode::NOT_FOUND.into_response() };
    let guard =
        [(CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (guard, part(file, range)).into_response()
}
