//! Tenants and their staff.

use super::shapes::UserShape;
use crate::{
    app::App,
    error::{Error, Result},
    http::Json,
    identity::{self, May, NewUser, PlatformScope, Role},
    ids::TenantId,
    rights::to,
    tenants::{self, NewTenant, Tenant, TenantStatus},
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct UserList {
    /// The staff, oldest first.
    data: Vec<UserShape>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// The staff.
#[utoipa::path(get, path = "/users", tag = "people", responses((status = 200, body = UserList), (status = 401), (status = 403)),
    security(("bearer" = ["users:read"])))]
pub(super) async fn list_users(
    State(app): State<App>,
    scope: May<to::ReadUsers>,
) -> Result<axum::Json<UserList>> {
    let users = identity::list_users(&app, scope.tenant.tenant()).await?;
    Ok(axum::Json(UserList { data: users.iter().map(UserShape::from).collect(), next_cursor: None }))
}

/// Somebody who is to work here.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserBody {
    /// What they are called.
    name: String,
    /// Their address.
    email: String,
    /// What they may do; nobody gives more than they have.
    role: Role,
    /// Their first password.
    password: String,
}

/// Add somebody to the staff.
#[utoipa::path(post, path = "/users", tag = "people", request_body = UserBody,
    responses((status = 201, body = UserShape), (status = 403), (status = 409), (status = 422)),
    security(("bearer" = ["users:write"])))]
pub(super) async fn create_user(
    State(app): State<App>,
    scope: May<to::WriteUsers>,
    Json(body): Json<UserBody>,
) -> Result<(StatusCode, axum::Json<UserShape>)> {
    if body.role.is_platform() {
        return Err(Error::invalid("role", "not_allowed", "This role does not belong here."));
    }
    if !scope.rights.include(&body.role.rights()) {
        return Err(Error::Forbidden);
    }
    let new = NewUser {
        name: body.name,
        email: body.email,
        role: body.role,
        password: Zeroizing::new(body.password),
    };
    let user = identity::create_user(&app, scope.tenant.tenant(), &new).await?;
    Ok((StatusCode::CREATED, axum::Json(UserShape::from(&user))))
}

/// A customer organisation.
#[derive(Serialize, ToSchema)]
pub(super) struct TenantShape {
    /// Its id.
    id: TenantId,
    /// Its short name.
    slug: String,
    /// Its name.
    name: String,
    /// Whether it may work.
    status: TenantStatus,
}

impl From<Tenant> for TenantShape {
    fn from(tenant: Tenant) -> Self {
        Self { id: tenant.id, slug: tenant.slug, name: tenant.name, status: tenant.status }
    }
}

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct TenantList {
    /// The tenants, by slug.
    data: Vec<TenantShape>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// All tenants. For the platform's owner.
#[utoipa::path(get, path = "/tenants", tag = "people", responses((status = 200, body = TenantList), (status = 401), (status = 403)),
    security(("bearer" = ["platform"])))]
pub(super) async fn list_tenants(
    State(app): State<App>,
    _owner: PlatformScope,
) -> Result<axum::Json<TenantList>> {
    let tenants = tenants::list_tenants(&app).await?;
    Ok(axum::Json(TenantList {
        data: tenants.into_iter().map(TenantShape::from).collect(),
        next_cursor: None,
    }))
}

/// A tenant to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantBody {
    /// Its name.
    name: String,
    /// Its short name: small letters, digits and hyphens.
    slug: String,
}

/// Create a tenant. For the platform's owner.
#[utoipa::path(post, path = "/tenants", tag = "people", request_body = TenantBody,
    responses((status = 201, body = TenantShape), (status = 403), (status = 409), (status = 422)),
    security(("bearer" = ["platform"])))]
pub(super) async fn create_tenant(
    State(app): State<App>,
    _owner: PlatformScope,
    Json(body): Json<TenantBody>,
) -> Result<(StatusCode, axum::Json<TenantShape>)> {
    let tenant = tenants::create_tenant(&app, &NewTenant { name: body.name, slug: body.slug }).await?;
    Ok((StatusCode::CREATED, axum::Json(tenant.into())))
}
