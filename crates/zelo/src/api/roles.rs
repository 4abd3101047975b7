//! Roles.

use crate::{
    app::App,
    approvals::{self, Act},
    error::{Error, Result},
    http::{Json, Path},
    identity::{AgentScope, BUILT_IN_ROLES, May, Role},
    ids::RoleId,
    rights::{self, CustomRole, Permission, Permissions, Rights, RoleChange, Visibility, to},
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A role.
#[derive(Serialize, ToSchema)]
pub(super) struct RoleShape {
    /// What users have: the name of a built-in role, or the id of one of the tenant's own.
    id: Role,
    /// What people call it.
    name: String,
    /// Whether every tenant has it; then it cannot be changed.
    is_built_in: bool,
    /// What it allows, each as `resource:action`.
    #[schema(value_type = Vec<String>)]
    permissions: Permissions,
    /// Whose conversations it shows.
    visibility: Visibility,
}

impl RoleShape {
    fn built_in(role: Role) -> Self {
        let Rights { permissions, visibility } = role.rights();
        Self { id: role, name: role.to_string(), is_built_in: true, permissions, visibility }
    }
}

impl From<CustomRole> for RoleShape {
    fn from(role: CustomRole) -> Self {
        let Rights { permissions, visibility } = role.rights;
        Self { id: Role::Custom(role.id), name: role.name, is_built_in: false, permissions, visibility }
    }
}

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct RoleList {
    /// The built-in roles, then the tenant's own by name.
    data: Vec<RoleShape>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// What each role may do.
#[utoipa::path(get, path = "/roles", tag = "people", responses((status = 200, body = RoleList), (status = 401), (status = 403)),
    security(("bearer" = ["roles:read"])))]
pub(super) async fn list_roles(
    State(app): State<App>,
    scope: May<to::ReadRoles>,
) -> Result<axum::Json<RoleList>> {
    let own = rights::list_roles(&app, scope.tenant).await?;
    let data =
        BUILT_IN_ROLES.into_iter().map(RoleShape::built_in).chain(own.into_iter().map(RoleShape::from));
    Ok(axum::Json(RoleList { data: data.collect(), next_cursor: None }))
}

/// A role to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleBody {
    /// What people call it.
    name: String,
    /// What it allows: `resource:action`, with `*` for any; nothing that its writer lacks.
    permissions: Vec<String>,
    /// Whose conversations it shows.
    visibility: Visibility,
}

fn permissions(patterns: &[String]) -> Result<Permissions> {
    Permissions::of_patterns(patterns)
        .map_err(|error| Error::invalid("permissions", "not_found", format!("{error}.")))
}

/// A role that may make owners is an owner's, whatever it is called.
async fn require_second_person(app: &App, scope: &AgentScope, given: Permissions) -> Result<()> {
    if !given.allow(Permission::WriteOwners) {
        return Ok(());
    }
    approvals::require_second_person(app, scope.tenant.tenant(), Act::OwnerRole).await
}

/// Write a role.
#[utoipa::path(post, path = "/roles", tag = "people", request_body = RoleBody,
    responses((status = 201, body = RoleShape), (status = 403), (status = 409), (status = 422)),
    security(("bearer" = ["roles:write"])))]
pub(super) async fn create_role(
    State(app): State<App>,
    scope: May<to::WriteRoles>,
    Json(body): Json<RoleBody>,
) -> Result<(StatusCode, axum::Json<RoleShape>)> {
    let given = Rights { permissions: permissions(&body.permissions)?, visibility: body.visibility };
    require_second_person(&app, &scope, given.permissions).await?;
    let role = rights::create_role(&app, scope.tenant, &scope.rights, &body.name, given).await?;
    Ok((StatusCode::CREATED, axum::Json(role.into())))
}

/// One of the tenant's own roles.
#[utoipa::path(get, path = "/roles/{id}", tag = "people", params(("id" = RoleId, Path)),
    responses((status = 200, body = RoleShape), (status = 403), (status = 404)), security(("bearer" = ["roles:read"])))]
pub(super) async fn get_role(
    State(app): State<App>,
    scope: May<to::ReadRoles>,
    Path(id): Path<RoleId>,
) -> Result<axum::Json<RoleShape>> {
    Ok(axum::Json(rights::get_role(&app, scope.tenant, id).await?.into()))
}

/// What is to change of a role; what is not said stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RolePatch {
    /// What people call it.
    #[serde(default)]
    name: Option<String>,
    /// What it allows.
    #[serde(default)]
    permissions: Option<Vec<String>>,
    /// Whose conversations it shows.
    #[serde(default)]
    visibility: Option<Visibility>,
}

/// Change one of the tenant's own roles. It counts at once for everybody who has it.
#[utoipa::path(patch, path = "/roles/{id}", tag = "people", params(("id" = RoleId, Path)), request_body = RolePatch,
    responses((status = 200, body = RoleShape), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["roles:write"])))]
pub(super) async fn update_role(
    State(app): State<App>,
    scope: May<to::WriteRoles>,
    Path(id): Path<RoleId>,
    Json(body): Json<RolePatch>,
) -> Result<axum::Json<RoleShape>> {
    let permissions = body.permissions.as_deref().map(permissions).transpose()?;
    if let Some(permissions) = permissions {
        require_second_person(&app, &scope, permissions).await?;
    }
    let change = RoleChange { name: body.name, permissions, visibility: body.visibility };
    Ok(axum::Json(rights::update_role(&app, scope.tenant, &scope.rights, id, &change).await?.into()))
}

/// Take a role away that nobody has.
#[utoipa::path(delete, path = "/roles/{id}", tag = "people", params(("id" = RoleId, Path)),
    responses((status = 204), (status = 403), (status = 404), (status = 409)), security(("bearer" = ["roles:write"])))]
pub(super) async fn delete_role(
    State(app): State<App>,
    scope: May<to::WriteRoles>,
    Path(id): Path<RoleId>,
) -> Result<StatusCode> {
    rights::delete_role(&app, scope.tenant, &scope.rights, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
