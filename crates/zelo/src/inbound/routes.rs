//! The addresses that Meta calls.

use super::{RawEvent, Receipt};
use crate::{
    app::App,
    error::{Error, Result},
    ids::ChannelId,
};
use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use whatsapp::webhook;

const SIGNATURE: &str = "x-hub-signature-256";

/// What Meta asks when an address is set up.
#[derive(Deserialize)]
pub struct Handshake {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// Prove to Meta that the platform's address is ours.
pub async fn confirm(State(app): State<App>, Query(handshake): Query<Handshake>) -> Response {
    let token = handshake.verify_token.clone().unwrap_or_default();
    let expected = app.config.whatsapp.webhook_verify_token.as_ref();
    let is_platforms = expected.is_some_and(|expected| same(expected.expose(), &token));
    let is_right = is_platforms || app.directory.knows_verify_token(&token);
    answer(handshake, is_right)
}

/// Prove to Meta that a channel's own address is ours.
pub async fn confirm_channel(
    State(app): State<App>,
    Path(channel): Path<ChannelId>,
    Query(handshake): Query<Handshake>,
) -> Response {
    let token = handshake.verify_token.clone().unwrap_or_default();
    answer(handshake, app.directory.channel_has_verify_token(channel, &token))
}

fn answer(handshake: Handshake, is_right: bool) -> Response {
    match handshake {
        Handshake { mode: Some(mode), challenge: Some(challenge), .. } if mode == "subscribe" && is_right => {
            ([("content-type", "text/plain")], challenge).into_response()
        }
        _ => StatusCode::FORBIDDEN.into_response(),
    }
}

fn same(expected: &str, given: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), given.as_bytes()).is_ok()
}

/// Take an event in: 200 when it is on disk and never before.
///
/// # Errors
/// 403 when the signature is missing or wrong, 503 when the event is not certain to be on disk.
pub async fn receive(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Receipt> {
    take_in(&app, None, &headers, body).await
}

/// Take an event in that came to a channel's own address.
///
/// # Errors
/// As [`receive`].
pub async fn receive_for_channel(
    State(app): State<App>,
    Path(channel): Path<ChannelId>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Receipt> {
    take_in(&app, Some(channel), &headers, body).await
}

async fn take_in(app: &App, channel: Option<ChannelId>, headers: &HeaderMap, body: Bytes) -> Result<Receipt> {
    let signature = headers.get(SIGNATURE).ok_or(Error::Forbidden)?;
    let hint = webhook::phone_number_id_hint(&body);
    let app_secret = app
        .directory
        .signer_of(hint, signature.as_bytes(), &body, app.clock.now())
        .ok_or(Error::Forbidden)?;
    let number_hint = hint.map(str::to_owned);
    app.inbox.store(RawEvent { app_secret, channel, number_hint, body }).await
}
