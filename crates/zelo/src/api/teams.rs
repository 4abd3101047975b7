//! Teams.

use crate::{
    app::App,
    error::Result,
    http::{Json, Path},
    identity::May,
    ids::{TeamId, UserId},
    rights::to,
    teams::{self, Team, TeamChange},
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A group of the staff.
#[derive(Serialize, ToSchema)]
pub(super) struct TeamShape {
    /// Its id.
    id: TeamId,
    /// Its name.
    name: String,
    /// Who is in it.
    #[schema(value_type = Vec<UserId>)]
    member_ids: BTreeSet<UserId>,
}

impl From<Team> for TeamShape {
    fn from(team: Team) -> Self {
        Self { id: team.id, name: team.name, member_ids: team.members }
    }
}

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct TeamList {
    /// The teams, by name.
    data: Vec<TeamShape>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// The teams.
#[utoipa::path(get, path = "/teams", tag = "people", responses((status = 200, body = TeamList), (status = 401), (status = 403)),
    security(("bearer" = ["teams:read"])))]
pub(super) async fn list_teams(
    State(app): State<App>,
    scope: May<to::ReadTeams>,
) -> Result<axum::Json<TeamList>> {
    let teams = teams::list_teams(&app, scope.tenant).await?;
    Ok(axum::Json(TeamList { data: teams.into_iter().map(TeamShape::from).collect(), next_cursor: None }))
}

/// A team to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TeamBody {
    /// Its name.
    name: String,
    /// Who is in it: users of the same tenant.
    #[serde(default)]
    #[schema(value_type = Vec<UserId>)]
    member_ids: BTreeSet<UserId>,
}

/// Make a team.
#[utoipa::path(post, path = "/teams", tag = "people", request_body = TeamBody,
    responses((status = 201, body = TeamShape), (status = 403), (status = 409), (status = 422)),
    security(("bearer" = ["teams:write"])))]
pub(super) async fn create_team(
    State(app): State<App>,
    scope: May<to::WriteTeams>,
    Json(body): Json<TeamBody>,
) -> Result<(StatusCode, axum::Json<TeamShape>)> {
    let team = teams::create_team(&app, scope.tenant, &body.name, body.member_ids).await?;
    Ok((StatusCode::CREATED, axum::Json(team.into())))
}

/// One team.
#[utoipa::path(get, path = "/teams/{id}", tag = "people", params(("id" = TeamId, Path)),
    responses((status = 200, body = TeamShape), (status = 403), (status = 404)), security(("bearer" = ["teams:read"])))]
pub(super) async fn get_team(
    State(app): State<App>,
    scope: May<to::ReadTeams>,
    Path(id): Path<TeamId>,
) -> Result<axum::Json<TeamShape>> {
    Ok(axum::Json(teams::get_team(&app, scope.tenant, id).await?.into()))
}

/// What is to change of a team; what is not said stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TeamPatch {
    /// Its name.
    #[serde(default)]
    name: Option<String>,
    /// All who are in it.
    #[serde(default)]
    #[schema(value_type = Option<Vec<UserId>>)]
    member_ids: Option<BTreeSet<UserId>>,
}

/// Change a team. It counts at once.
#[utoipa::path(patch, path = "/teams/{id}", tag = "people", params(("id" = TeamId, Path)), request_body = TeamPatch,
    responses((status = 200, body = TeamShape), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["teams:write"])))]
pub(super) async fn update_team(
    State(app): State<App>,
    scope: May<to::WriteTeams>,
    Path(id): Path<TeamId>,
    Json(body): Json<TeamPatch>,
) -> Result<axum::Json<TeamShape>> {
    let change = TeamChange { name: body.name, members: body.member_ids };
    Ok(axum::Json(teams::update_team(&app, scope.tenant, id, change).await?.into()))
}

/// Dissolve a team. Its conversations go back to those who see everything.
#[utoipa::path(delete, path = "/teams/{id}", tag = "people", params(("id" = TeamId, Path)),
    responses((status = 204), (status = 403), (status = 404)), security(("bearer" = ["teams:write"])))]
pub(super) async fn delete_team(
    State(app): State<App>,
    scope: May<to::WriteTeams>,
    Path(id): Path<TeamId>,
) -> Result<StatusCode> {
    teams::delete_team(&app, scope.tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
