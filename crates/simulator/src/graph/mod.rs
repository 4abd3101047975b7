//! The Graph API, as far as the Cloud API needs it. Any version prefix `/vN.N` is served the same.

mod access;
mod account;
mod check;
mod fault;
mod files;
mod health;
mod ladder;
mod object;
mod recipient;
mod request;
mod send;
mod templates;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;

use crate::contact::ContactId;
use crate::log::{Direction, LogEntry};
use crate::simulator::{Inner, Simulator};
use fault::Fault;
pub(crate) use files::part;
use request::Call;

/// Documents have up to 100 MB; the form around them needs room.
const UPLOAD_BYTES: usize = 101 * 1_024 * 1_024;

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/whatsapp_business/attachments/", get(files::download))
        .route("/{version}/debug_token", get(health::token))
        .route("/{version}/{id}/subscriptions", get(health::subscriptions))
        .route("/{version}/{id}", get(object::get).post(object::post).delete(object::delete))
        .route("/{version}/{id}/messages", post(send::send))
        .route("/{version}/{id}/media", post(files::upload).layer(DefaultBodyLimit::max(UPLOAD_BYTES)))
        .route(
            "/{version}/{id}/message_templates",
            get(templates::list).post(templates::create).delete(templates::delete),
        )
        .route(
            "/{version}/{id}/subscribed_apps",
            get(account::subscriptions).post(account::subscribe).delete(account::unsubscribe),
        )
        .route("/{version}/{id}/phone_numbers", get(account::numbers))
        .route("/{version}/{id}/register", post(account::register))
        .route("/{version}/{id}/deregister", post(account::register))
        .route("/{version}/{id}/whatsapp_business_profile", get(account::profile).post(account::set_profile))
}

/// What becomes of a call: its answer, and a line in the log.
struct Outcome<'a> {
    call: &'a Call,
    method: Method,
    /// The edge behind the id, such as `messages`.
    edge: &'a str,
    detail: &'a str,
    phone_number_id: &'a str,
    contact: Option<ContactId>,
    payload: Value,
}

impl Outcome<'_> {
    /// Logs the call and gives its answer.
    fn answer(self, inner: &Arc<Inner>, result: Result<Value, Fault>) -> Response {
        let status = result.as_ref().map_or_else(|fault| fault.status, |_| StatusCode::OK);
        let label = format!("{} /{} {}", self.method, self.edge, self.detail);
        let mut scene = inner.scene.lock();
        scene.log.add(LogEntry {
            id: 0,
            at: inner.millis(),
            direction: Direction::Sent,
            label: label.trim_end_matches([' ', '/']).to_owned(),
            phone_number_id: self.phone_number_id.to_owned(),
            contact: self.contact,
            payload: self.payload,
            http_status: Some(status.as_u16()),
            attempts: 1,
            code: result.as_ref().err().map(|fault| fault.code),
        });
        let trace = scene.ids.trace();
        drop(scene);
        inner.changed("log");
        tracing::debug!(version = self.call.version, %status, label, "a call of the Graph API");
        match result {
            Ok(value) => Json(value).into_response(),
            Err(fault) => fault.into_response(&trace),
        }
    }
}
