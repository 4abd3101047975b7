//! What the page does, as JSON under `/simulator/api`.

mod actions;
mod decisions;
mod stream;
mod views;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};

use crate::simulator::Simulator;

/// What a person can send has up to 100 MB.
const FILE_BYTES: usize = 100 * 1_024 * 1_024;

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/simulator/api/state", get(views::state))
        .route("/simulator/api/stream", get(stream::stream))
        .route("/simulator/api/log", get(views::log).delete(actions::clear_log))
        .route("/simulator/api/channels", post(actions::add_channel))
        .route("/simulator/api/channels/{channel}/verify", post(actions::verify_callback))
        .route("/simulator/api/channels/{channel}/token", put(actions::expire_token))
        .route("/simulator/api/channels/{channel}/quality", put(decisions::rate_number))
        .route("/simulator/api/channels/{channel}/connection", put(decisions::set_connection))
        .route("/simulator/api/channels/{channel}/changes", post(decisions::post_change))
        .route("/simulator/api/channels/{channel}/history", post(decisions::share_history))
        .route("/simulator/api/contacts", post(actions::add_contact))
        .route("/simulator/api/conditions", put(actions::set_conditions))
        .route("/simulator/api/clock", post(actions::advance_clock))
        .route("/simulator/api/templates", get(decisions::templates).post(decisions::add_template))
        .route("/simulator/api/templates/{template}/decision", put(decisions::decide_template))
        .route("/simulator/api/templates/{template}/category", put(decisions::recategorise))
        .route("/simulator/api/templates/{template}/quality", put(decisions::rate_template))
        .route("/simulator/api/files/{id}", get(views::file).post(actions::add_file))
        .route("/simulator/api/talks/{channel}/{contact}", get(views::talk).delete(actions::clear_talk))
        .route("/simulator/api/talks/{channel}/{contact}/messages", post(actions::say))
        .route("/simulator/api/talks/{channel}/{contact}/echo", post(decisions::echo))
        .route("/simulator/api/talks/{channel}/{contact}/read", post(actions::read))
        .route("/simulator/api/talks/{channel}/{contact}/play", post(actions::play))
        .layer(DefaultBodyLimit::max(FILE_BYTES))
        .layer(from_fn(refuse_other_sites))
}

/// Another site that is open in the same browser must not be able to use the simulator.
async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site").and_then(|site| site.to_str().ok());
    if matches!(site, Some("cross-site" | "same-site")) {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}
