//! What the platform's owner sees of the machine room. No message text is among it.

use super::time::from_rfc3339;
use crate::{
    app::App,
    error::{Error, Result},
    http::{Json, Path, Query},
    identity::PlatformScope,
    inbound::{self, Quarantined, ReplayFilter},
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

/// Which events of the quarantine are processed again: `ids`, or those that came in within a time, or `all`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayBody {
    /// These events, at most 1,000.
    #[serde(default)]
    ids: Vec<Uuid>,
    /// Those that came in at this time or later (RFC 3339).
    #[serde(default)]
    from: Option<String>,
    /// Those that came in before this time (RFC 3339).
    #[serde(default)]
    to: Option<String>,
    /// Those that are there for this reason only.
    #[serde(default)]
    reason: Option<String>,
    /// All of them.
    #[serde(default)]
    all: bool,
}

impl ReplayBody {
    fn filter(self) -> Result<ReplayFilter> {
        let time = |field: &str, text: Option<String>| match text {
            None => Ok(None),
            Some(text) => from_rfc3339(&text)
                .map(Some)
                .ok_or_else(|| Error::invalid(field, "invalid", "A time such as 2026-11-20T12:00:00Z.")),
        };
        if self.ids.len() > 1_000 {
            return Err(Error::invalid("ids", "length", "At most 1,000 ids at once."));
        }
        let (from, to) = (time("from", self.from)?, time("to", self.to)?);
        if self.ids.is_empty() && from.is_none() && to.is_none() && !self.all {
            return Err(Error::invalid("all", "required", "Name ids or a time, or say that all are meant."));
        }
        Ok(ReplayFilter { ids: self.ids, from, to, reason: self.reason })
    }
}

/// How many events are processed again.
#[derive(Serialize, ToSchema)]
pub(super) struct Replayed {
    /// So many; those that were processed again before are not among them, unless they were named.
    replayed: usize,
}

/// Process events of the quarantine again, in the order in which they came in.
#[utoipa::path(post, path = "/admin/webhook-events/replay", tag = "admin", request_body = ReplayBody,
    responses((status = 202, body = Replayed), (status = 403), (status = 422)), security(("bearer" = ["platform"])))]
pub(super) async fn replay_webhook_events(
    State(app): State<App>,
    _owner: PlatformScope,
    Json(body): Json<ReplayBody>,
) -> Result<(StatusCode, axum::Json<Replayed>)> {
    let replayed = inbound::replay_all(&app, &body.filter()?).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Replayed { replayed })))
}
