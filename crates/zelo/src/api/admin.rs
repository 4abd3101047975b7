//! What the platform's owner sees of the machine room. No message text is among it.

use crate::{
    app::App,
    error::{Error, Result},
    http::{Path, Query},
    identity::PlatformScope,
    inbound::{self, Quarantined},
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which events.
#[derive(Deserialize, IntoParams)]
pub(super) struct EventFilter {
    /// `quarantined`, the only ones that are kept for looking at.
    state: Option<String>,
}

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct QuarantineList {
    /// The newest events in the quarantine.
    data: Vec<Quarantined>,
    /// Always null: the newest 200 are all that is shown.
    next_cursor: Option<String>,
}

/// Webhook events that could not be understood.
#[utoipa::path(get, path = "/admin/webhook-events", tag = "admin", params(EventFilter),
    responses((status = 200, body = QuarantineList), (status = 401), (status = 403)), security(("bearer" = ["platform"])))]
pub(super) async fn list_webhook_events(
    State(app): State<App>,
    _owner: PlatformScope,
    filter: Query<EventFilter>,
) -> Result<axum::Json<QuarantineList>> {
    if filter.0.state.as_deref().is_some_and(|state| state != "quarantined") {
        return Err(Error::Malformed("state is `quarantined`".into()));
    }
    let data = inbound::list_quarantined(&app, 200).await?;
    Ok(axum::Json(QuarantineList { data, next_cursor: None }))
}

/// Process an event again, for example after its number was connected.
#[utoipa::path(post, path = "/admin/webhook-events/{id}/replay", tag = "admin", params(("id" = Uuid, Path)),
    responses((status = 202), (status = 403), (status = 404)), security(("bearer" = ["platform"])))]
pub(super) async fn replay_webhook_event(
    State(app): State<App>,
    _owner: PlatformScope,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    inbound::replay_quarantined(&app, id).await?;
    Ok(StatusCode::ACCEPTED)
}
