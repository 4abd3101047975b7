//! Every address of the product, in the order of its callers. The API's stand in `api/mod.rs` and the pages' in
//! `pages/routes/mod.rs`; this says where they lie, and what stands before each.

use crate::{
    api,
    app::App,
    audit, health,
    http::{Stack, report_violations},
    inbound::routes as inbound,
    limits, pages, realtime,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use std::sync::Arc;

/// The largest report of a browser about a page, in bytes.
const LARGEST_REPORT: usize = 16 * 1024;

/// The whole product as one service.
pub fn router(app: &App) -> Router {
    // Meta.
    let webhooks = Router::new()
        .route("/webhooks/whatsapp", get(inbound::confirm).post(inbound::receive))
        .route(
            "/webhooks/whatsapp/{channel_id}",
            get(inbound::confirm_channel).post(inbound::receive_for_channel),
        )
        .layer(DefaultBodyLimit::max(app.config.server.webhook_body_limit_bytes));

    // Programs: one API under both of its names.
    let programs = Router::new()
        .nest("/api/v1", api::router())
        .nest("/api", api::router())
        .route_layer(from_fn_with_state(app.clone(), api::answer_once))
        .layer(DefaultBodyLimit::max(app.config.server.api_body_limit_bytes));

    // Operators.
    let operators = Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/alive", get(health::alive))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(api::docs::openapi))
        .route("/docs", get(api::docs::page))
        .route("/csp-reports", post(report_violations).layer(DefaultBodyLimit::max(LARGEST_REPORT)));

    // People.
    let people = pages::routes::router();

    let routes = Router::new().merge(webhooks).merge(programs).merge(operators).merge(people);
    let routes = routes.with_state(app.clone()).layer(from_fn_with_state(app.clone(), audit::note_refusals));
    in_front(app, routes.merge(realtime::router(app)))
}

/// What a process without the rest tells operators.
pub fn probes(app: &App) -> Router {
    let routes = Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/alive", get(health::alive))
        .route("/metrics", get(health::metrics));
    in_front(app, routes.with_state(app.clone()))
}

/// What every request passes.
fn in_front(app: &App, routes: Router) -> Router {
    let ids = app.ids.clone();
    app.tasks.spawn(limits::follow(app.clone()));
    // Within the layers of the stack, so that refusals have ids, are counted and may be read by the pages that called; and
    // around what no route takes, so that looking for addresses is limited too.
    let gate = from_fn_with_state(app.clone(), limits::gate);
    Stack::new(&app.config, Arc::new(move || ids.next())).wrap_with(routes, |routes| routes.layer(gate))
}
