//! Approvals: dangerous acts that need a second person.

use super::time::rfc3339;
use crate::{
    app::App,
    approvals::{self, Act, Approval, Decision, State as Standing, Wish},
    error::Result,
    http::{Json, List, Page, Path},
    identity::{May, Recent},
    ids::{ApprovalId, UserId},
    rights::to,
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For which acts a second person is demanded.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalPolicyShape {
    /// The acts. Where there is any, `approval_policy` is one of them.
    second_person_for: Vec<Act>,
}

/// For which acts is a second person demanded?
#[utoipa::path(get, path = "/approval-policy", tag = "people",
    responses((status = 200, body = ApprovalPolicyShape), (status = 401), (status = 403)),
    security(("bearer" = ["settings:read"])))]
pub(super) async fn get_approval_policy(
    State(app): State<App>,
    scope: May<to::ReadSettings>,
) -> Result<axum::Json<ApprovalPolicyShape>> {
    let second_person_for = approvals::get_acts(&app, scope.tenant.tenant()).await?;
    Ok(axum::Json(ApprovalPolicyShape { second_person_for }))
}

/// Demand a second person for more acts. To demand it for fewer, ask at `/approvals` (403 `second_person_required`). Asks for
/// a log-in of the last five minutes.
#[utoipa::path(put, path = "/approval-policy", tag = "people", request_body = ApprovalPolicyShape,
    responses((status = 200, body = ApprovalPolicyShape), (status = 401), (status = 403), (status = 409), (status = 422)),
    security(("bearer" = ["settings:write"])))]
pub(super) async fn set_approval_policy(
    State(app): State<App>,
    scope: May<to::WriteSettings>,
    _recent: Recent,
    Json(body): Json<ApprovalPolicyShape>,
) -> Result<axum::Json<ApprovalPolicyShape>> {
    let second_person_for = approvals::set_acts(&app, scope.tenant, &body.second_person_for).await?;
    Ok(axum::Json(ApprovalPolicyShape { second_person_for }))
}

/// Something that needs a second person.
#[derive(Serialize, ToSchema)]
pub(super) struct ApprovalShape {
    /// Its id.
    id: ApprovalId,
    /// What is to be done, exactly as it was asked for.
    wish: Wish,
    /// Who asks; a tenant's deletion is asked for by the platform.
    requester_id: UserId,
    /// When they asked (RFC 3339).
    created_at: String,
    /// Until when it waits, or an export can be fetched (RFC 3339).
    expires_at: String,
    /// How it stands.
    state: Standing,
    /// Who decided.
    decided_by: Option<UserId>,
    /// When (RFC 3339).
    decided_at: Option<String>,
}

impl From<Approval> for ApprovalShape {
    fn from(approval: Approval) -> Self {
        Self {
            id: approval.id,
            wish: approval.wish,
            requester_id: approval.requester,
            created_at: rfc3339(approval.created_at),
            expires_at: rfc3339(approval.expires_at),
            state: approval.state,
            decided_by: approval.decided.map(|(who, _)| who),
            decided_at: approval.decided.map(|(_, at)| rfc3339(at)),
        }
    }
}

/// What was asked for, newest first.
#[utoipa::path(get, path = "/approvals", tag = "people",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<ApprovalShape>), (status = 400), (status = 401), (status = 403)),
    security(("bearer" = ["approvals:read"])))]
pub(super) async fn list_approvals(
    State(app): State<App>,
    scope: May<to::ReadApprovals>,
    page: Page,
) -> Result<axum::Json<List<ApprovalShape>>> {
    let found = approvals::list_approvals(&app, scope.tenant, page.after()?, page.rows_to_read()).await?;
    Ok(axum::Json(List::new(found, &page, |approval| approval.id).map(ApprovalShape::from)))
}

/// Ask for an act that needs a second person: one that the caller may do. It waits for three days; those who could approve
/// are told by mail. Asks for a log-in of the last five minutes.
#[utoipa::path(post, path = "/approvals", tag = "people", request_body = Wish,
    responses((status = 201, body = ApprovalShape), (status = 401), (status = 403), (status = 409), (status = 422)),
    security(("bearer" = ["approvals:write"])))]
pub(super) async fn ask_for_approval(
    State(app): State<App>,
    scope: May<to::WriteApprovals>,
    _recent: Recent,
    Json(wish): Json<Wish>,
) -> Result<(StatusCode, axum::Json<ApprovalShape>)> {
    Ok((StatusCode::CREATED, axum::Json(approvals::ask(&app, &scope, &wish).await?.into())))
}

/// What a second person says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionBody {
    /// `approve` or `decline`.
    decision: Decision,
}

/// Decide on what somebody else asked for, and what the caller may do as well. What is approved is done at once. Asks for a
/// log-in of the last five minutes.
#[utoipa::path(put, path = "/approvals/{id}/decision", tag = "people", params(("id" = ApprovalId, Path)),
    request_body = DecisionBody,
    responses((status = 200, body = ApprovalShape), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["approvals:write"])))]
pub(super) async fn decide_on_approval(
    State(app): State<App>,
    scope: May<to::WriteApprovals>,
    _recent: Recent,
    Path(id): Path<ApprovalId>,
    Json(body): Json<DecisionBody>,
) -> Result<axum::Json<ApprovalShape>> {
    Ok(axum::Json(approvals::decide(&app, &scope, id, body.decision).await?.into()))
}
