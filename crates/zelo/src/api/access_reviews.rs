//! Access reviews: who has what, confirmed or withdrawn.

use super::time::rfc3339;
use crate::{
    access_reviews::{self, Decision, Line, Review},
    app::App,
    error::Result,
    http::{Json, List, Page, Path},
    identity::{May, Role},
    ids::{AccessReviewId, UserId},
    rights::{Permissions, Visibility, to},
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A look through who has what.
#[derive(Serialize, ToSchema)]
pub(super) struct AccessReviewShape {
    /// Its id.
    id: AccessReviewId,
    /// Who began it.
    begun_by: UserId,
    /// When (RFC 3339).
    begun_at: String,
    /// Who ended it; null while it is open.
    ended_by: Option<UserId>,
    /// When (RFC 3339).
    ended_at: Option<String>,
}

impl From<Review> for AccessReviewShape {
    fn from(review: Review) -> Self {
        Self {
            id: review.id,
            begun_by: review.begun_by,
            begun_at: rfc3339(review.begun_at),
            ended_by: review.ended.map(|(who, _)| who),
            ended_at: review.ended.map(|(_, at)| rfc3339(at)),
        }
    }
}

/// One who has access.
#[derive(Serialize, ToSchema)]
pub(super) struct AccessLineShape {
    /// `person` or `api_key`.
    kind: &'static str,
    /// The person's or the key's id.
    subject_id: Uuid,
    /// What people call it.
    name: String,
    /// What somebody is here; null for a key.
    role: Option<Role>,
    /// What that allows; a key never more than its maker may.
    #[schema(value_type = Vec<String>)]
    permissions: Permissions,
    /// Whose conversations it shows.
    visibility: Visibility,
    /// Since when (RFC 3339).
    since: String,
    /// Names exactly this access: send it along with the decision.
    tag: String,
    /// What was said of it; null while nobody did.
    decision: Option<Decision>,
    /// Who said so.
    decided_by: Option<UserId>,
    /// When (RFC 3339).
    decided_at: Option<String>,
}

impl From<Line> for AccessLineShape {
    fn from(line: Line) -> Self {
        Self {
            kind: line.subject.kind(),
            subject_id: line.subject.id(),
            name: line.name,
            tag: line.access.tag(),
            role: line.access.role,
            permissions: line.access.permissions,
            visibility: line.access.visibility,
            since: rfc3339(line.access.since),
            decision: line.decided.map(|(decision, ..)| decision),
            decided_by: line.decided.map(|(_, who, _)| who),
            decided_at: line.decided.map(|(.., at)| rfc3339(at)),
        }
    }
}

/// A review with its lines.
#[derive(Serialize, ToSchema)]
pub(super) struct AccessReviewWithLines {
    /// The review.
    #[serde(flatten)]
    review: AccessReviewShape,
    /// People first, by name.
    lines: Vec<AccessLineShape>,
}

/// The reviews, newest first.
#[utoipa::path(get, path = "/access-reviews", tag = "people",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<AccessReviewShape>), (status = 400), (status = 401), (status = 403)),
    security(("bearer" = ["access_reviews:read"])))]
pub(super) async fn list_access_reviews(
    State(app): State<App>,
    scope: May<to::ReadAccessReviews>,
    page: Page,
) -> Result<axum::Json<List<AccessReviewShape>>> {
    let found = access_reviews::list_reviews(&app, scope.tenant, page.after()?, page.rows_to_read()).await?;
    Ok(axum::Json(List::new(found, &page, |review| review.id).map(AccessReviewShape::from)))
}

/// Begin to look through who has what. There is one open review at a time.
#[utoipa::path(post, path = "/access-reviews", tag = "people",
    responses((status = 201, body = AccessReviewShape), (status = 401), (status = 403), (status = 409)),
    security(("bearer" = ["access_reviews:write"])))]
pub(super) async fn begin_access_review(
    State(app): State<App>,
    scope: May<to::WriteAccessReviews>,
) -> Result<(StatusCode, axum::Json<AccessReviewShape>)> {
    Ok((StatusCode::CREATED, axum::Json(access_reviews::begin_review(&app, &scope).await?.into())))
}

/// A review: while it is open, who has what now; afterwards, what was looked at.
#[utoipa::path(get, path = "/access-reviews/{id}", tag = "people", params(("id" = AccessReviewId, Path)),
    responses((status = 200, body = AccessReviewWithLines), (status = 400), (status = 401), (status = 403), (status = 404)),
    security(("bearer" = ["access_reviews:read"])))]
pub(super) async fn get_access_review(
    State(app): State<App>,
    scope: May<to::ReadAccessReviews>,
    Path(id): Path<AccessReviewId>,
) -> Result<axum::Json<AccessReviewWithLines>> {
    let (review, lines) = access_reviews::get_review(&app, scope.tenant, id).await?;
    let lines = lines.into_iter().map(AccessLineShape::from).collect();
    Ok(axum::Json(AccessReviewWithLines { review: review.into(), lines }))
}

/// What somebody says of a line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessDecisionBody {
    /// Whose line: a person's or a key's id.
    subject_id: Uuid,
    /// `confirmed`: it stays. `withdrawn`: the person cannot log in any more, the key opens nothing.
    decision: Decision,
    /// The tag of the access that was looked at.
    tag: String,
}

/// Confirm or withdraw somebody's access. Only a person may, nobody on their own, and nobody on who may do more than they.
/// 409 `access_changed` when the access is not what was looked at any more.
#[utoipa::path(put, path = "/access-reviews/{id}/decision", tag = "people", params(("id" = AccessReviewId, Path)),
    request_body = AccessDecisionBody,
    responses((status = 200, body = AccessLineShape), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)),
    security(("bearer" = ["access_reviews:write"])))]
pub(super) async fn decide_on_access(
    State(app): State<App>,
    scope: May<to::WriteAccessReviews>,
    Path(id): Path<AccessReviewId>,
    Json(body): Json<AccessDecisionBody>,
) -> Result<axum::Json<AccessLineShape>> {
    let AccessDecisionBody { subject_id, decision, tag } = body;
    let line = access_reviews::decide_on_line(&app, &scope, id, subject_id, decision, &tag).await?;
    Ok(axum::Json(line.into()))
}

/// End a review in which every line is decided. Your own may be left where nobody else could decide on it.
#[utoipa::path(post, path = "/access-reviews/{id}/end", tag = "people", params(("id" = AccessReviewId, Path)),
    responses((status = 200, body = AccessReviewShape), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409)),
    security(("bearer" = ["access_reviews:write"])))]
pub(super) async fn end_access_review(
    State(app): State<App>,
    scope: May<to::WriteAccessReviews>,
    Path(id): Path<AccessReviewId>,
) -> Result<axum::Json<AccessReviewShape>> {
    Ok(axum::Json(access_reviews::end_review(&app, &scope, id).await?.into()))
}
