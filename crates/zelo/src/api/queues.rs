//! The queues of promised work, for the platform's owner.

use super::time::rfc3339;
use crate::{
    app::App,
    error::Result,
    http::{List, Page, Path, Query},
    identity::PlatformScope,
    ids::TenantId,
    queues::{self, DeadJob, Standing},
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// How a queue stands.
#[derive(Serialize, ToSchema)]
pub(super) struct QueueShape {
    /// Its name, as in the metrics `zelo_jobs{queue}`.
    queue: &'static str,
    /// Jobs that may run now.
    ready: i64,
    /// Jobs whose time is to come: retries, and what was asked for later.
    scheduled: i64,
    /// Jobs behind an older one of the same conversation.
    held: i64,
    /// Jobs at work.
    running: i64,
    /// Jobs that were given up.
    dead: i64,
    /// Seconds for which the oldest one that may run, or is held, has waited; null where none does.
    oldest_seconds: Option<i64>,
}

impl From<Standing> for QueueShape {
    fn from(standing: Standing) -> Self {
        Self {
            queue: standing.queue,
            ready: standing.ready,
            scheduled: standing.scheduled,
            held: standing.held,
            running: standing.running,
            dead: standing.dead,
            oldest_seconds: standing.oldest_waits.map(|millis| millis / 1_000),
        }
    }
}

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct QueueList {
    /// The queues.
    data: Vec<QueueShape>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// How every queue stands. For the platform's owner.
#[utoipa::path(get, path = "/admin/queues", tag = "admin",
    responses((status = 200, body = QueueList), (status = 401), (status = 403)), security(("bearer" = ["platform"])))]
pub(super) async fn list_queues(
    State(app): State<App>,
    _owner: PlatformScope,
) -> Result<axum::Json<QueueList>> {
    let data = queues::list_queues(&app).await?.into_iter().map(QueueShape::from).collect();
    Ok(axum::Json(QueueList { data, next_cursor: None }))
}

/// Which dead jobs.
#[derive(Deserialize, IntoParams)]
pub(super) struct DeadFilter {
    /// Those of this queue; of all where it is missing.
    queue: Option<String>,
}

/// A job that was given up. What it works on is not shown.
#[derive(Serialize, ToSchema)]
pub(super) struct DeadJobShape {
    /// Its id.
    id: Uuid,
    /// Where it waited.
    queue: String,
    /// What it should have done.
    kind: String,
    /// For whom; null for the platform's own work.
    tenant_id: Option<TenantId>,
    /// How often it was tried.
    attempts: i64,
    /// Why the last attempt failed.
    last_error: String,
    /// When it was asked for (RFC 3339).
    created_at: String,
    /// When it was given up (RFC 3339).
    died_at: String,
}

impl From<DeadJob> for DeadJobShape {
    fn from(job: DeadJob) -> Self {
        Self {
            id: job.id,
            queue: job.queue,
            kind: job.kind,
            tenant_id: job.tenant,
            attempts: job.attempts,
            last_error: job.last_error,
            created_at: rfc3339(job.created_at),
            died_at: rfc3339(job.died_at),
        }
    }
}

/// The jobs that were given up, the newest first. They are kept for 30 days. For the platform's owner.
#[utoipa::path(get, path = "/admin/jobs", tag = "admin",
    params(DeadFilter, ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<DeadJobShape>), (status = 400), (status = 401), (status = 403)),
    security(("bearer" = ["platform"])))]
pub(super) async fn list_dead_jobs(
    State(app): State<App>,
    _owner: PlatformScope,
    Query(filter): Query<DeadFilter>,
    page: Page,
) -> Result<axum::Json<List<DeadJobShape>>> {
    let (before, limit) = (page.after::<i64>()?, page.rows_to_read());
    let found = queues::list_dead(&app, filter.queue.as_deref(), before, limit).await?;
    let List { data, next_cursor } = List::new(found, &page, |job| job.cursor);
    Ok(axum::Json(List { data: data.into_iter().map(DeadJobShape::from).collect(), next_cursor }))
}

/// What came of trying a job again.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Retry {
    /// It waits again.
    Enqueued,
    /// Another job for the same thing waits or runs already, so that this one was forgotten.
    AlreadyWaiting,
}

/// What came of trying a job again.
#[derive(Serialize, ToSchema)]
pub(super) struct Retried {
    /// Whether it waits.
    outcome: Retry,
}

/// Try a job again that was given up, with all its attempts. For the platform's owner.
#[utoipa::path(post, path = "/admin/jobs/{id}/retry", tag = "admin", params(("id" = Uuid, Path)),
    responses((status = 202, body = Retried), (status = 403), (status = 404)), security(("bearer" = ["platform"])))]
pub(super) async fn retry_job(
    State(app): State<App>,
    _owner: PlatformScope,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, axum::Json<Retried>)> {
    let outcome = if queues::retry(&app, id).await? { Retry::Enqueued } else { Retry::AlreadyWaiting };
    Ok((StatusCode::ACCEPTED, axum::Json(Retried { outcome })))
}

/// Forget a job that was given up. For the platform's owner.
#[utoipa::path(delete, path = "/admin/jobs/{id}", tag = "admin", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 403), (status = 404)), security(("bearer" = ["platform"])))]
pub(super) async fn delete_job(
    State(app): State<App>,
    _owner: PlatformScope,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    queues::delete(&app, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
