//! Tenants and their staff.

use super::{shapes::UserShape, time::rfc3339, usage::QuotasPatch};
use crate::{
    app::App,
    approvals::{self, Act},
    error::{Error, Result},
    http::{Json, Path, Query},
    identity::{self, AgentScope, By, Invited, Invitee, May, PlatformScope, Recent, Role, StaffChange},
    ids::{TenantId, UserId},
    media,
    quotas::{self, Usage},
    rights::{self, Permission, Visibility, to},
    tenants::{
        self, NewTenant, Plan, Quotas, QuotasChange, SettingsChange, Tenant, TenantChange, TenantStatus,
    },
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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
    /// How the link comes to them by which they choose their password: `mail` (the default), or `link` to hand it over.
    #[serde(default)]
    deliver: Delivery,
}

/// How an invitation is delivered.
#[derive(Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Delivery {
    /// It is sent to them.
    #[default]
    Mail,
    /// It is returned, for whoever invites to hand over.
    Link,
}

/// Somebody who was invited.
#[derive(Serialize, ToSchema)]
pub(super) struct InvitedShape {
    /// Who.
    #[serde(flatten)]
    user: UserShape,
    /// The link by which they choose their password, once and within seven days; null when it was sent to them.
    invitation_url: Option<String>,
}

impl From<Invited> for InvitedShape {
    fn from(invited: Invited) -> Self {
        Self { user: UserShape::from(&invited.user), invitation_url: invited.link }
    }
}

/// Invite somebody. Nobody chooses a password for somebody else: they do it themselves, by a one-time link.
#[utoipa::path(post, path = "/users", tag = "people", request_body = UserBody,
    responses((status = 201, body = InvitedShape), (status = 403), (status = 409), (status = 422)),
    security(("bearer" = ["users:write"])))]
pub(super) async fn create_user(
    State(app): State<App>,
    scope: May<to::WriteUsers>,
    Json(body): Json<UserBody>,
) -> Result<(StatusCode, axum::Json<InvitedShape>)> {
    let given = rights::rights_of_role(&app, scope.tenant, body.role).await?;
    if !scope.rights.include(&given) {
        return Err(Error::Forbidden);
    }
    require_second_person(&app, &scope, body.role).await?;
    prove_for(&app, &scope, Some(body.role))?;
    let by_mail = body.deliver == Delivery::Mail;
    let new = Invitee { name: body.name, email: body.email, role: body.role, by_mail };
    let invited = identity::invite_user(&app, scope.tenant.tenant(), &new).await?;
    Ok((StatusCode::CREATED, axum::Json(invited.into())))
}

/// Refuse to lay hands on somebody who may do more than the caller.
async fn require_power_over(app: &App, scope: &AgentScope, id: UserId) -> Result<()> {
    let user = identity::get_user(app, scope.tenant.tenant(), id).await?;
    let theirs = rights::rights_of_role(app, scope.tenant, user.role).await?;
    if scope.rights.include(&theirs) { Ok(()) } else { Err(Error::Forbidden) }
}

/// How an invitation is delivered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InvitationBody {
    /// How.
    #[serde(default)]
    deliver: Delivery,
}

/// Invite somebody again who has no password yet. The link before stops working.
#[utoipa::path(post, path = "/users/{id}/invitation", tag = "people", request_body = InvitationBody,
    params(("id" = UserId, Path, description = "The person")),
    responses((status = 200, body = InvitedShape), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["users:write"])))]
pub(super) async fn invite_again(
    State(app): State<App>,
    scope: May<to::WriteUsers>,
    Path(id): Path<UserId>,
    Json(body): Json<InvitationBody>,
) -> Result<axum::Json<InvitedShape>> {
    require_power_over(&app, &scope, id).await?;
    let by_mail = body.deliver == Delivery::Mail;
    let invited = identity::invite_again(&app, scope.tenant.tenant(), id, by_mail).await?;
    Ok(axum::Json(invited.into()))
}

/// Take away the second factor of somebody who lost phone and codes. All their log-ins end.
#[utoipa::path(delete, path = "/users/{id}/mfa", tag = "people", params(("id" = UserId, Path, description = "The person")),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409)),
    security(("bearer" = ["users:write"])))]
pub(super) async fn reset_mfa(
    State(app): State<App>,
    scope: May<to::WriteUsers>,
    _recent: Recent,
    Path(id): Path<UserId>,
) -> Result<StatusCode> {
    require_power_over(&app, &scope, id).await?;
    identity::reset_mfa(&app, scope.tenant.tenant(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all log-ins of somebody.
#[utoipa::path(delete, path = "/users/{id}/sessions", tag = "people", params(("id" = UserId, Path, description = "The person")),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)), security(("bearer" = ["users:write"])))]
pub(super) async fn end_sessions(
    State(app): State<App>,
    scope: May<to::WriteUsers>,
    Path(id): Path<UserId>,
) -> Result<StatusCode> {
    require_power_over(&app, &scope, id).await?;
    identity::end_all_sessions(&app, scope.tenant.tenant(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Owners are made by people who proved a moment ago who they are, and by no program.
fn prove_for(app: &App, scope: &AgentScope, role: Option<Role>) -> Result<()> {
    match (role, &scope.caller) {
        (Some(Role::Owner), Some(caller)) => Recent::require(app, caller),
        (Some(Role::Owner), None) => Err(Error::Forbidden),
        _ => Ok(()),
    }
}

/// Whoever may make owners is one, whatever their role is called.
async fn require_second_person(app: &App, scope: &AgentScope, role: Role) -> Result<()> {
    if !rights::rights_of_role(app, scope.tenant, role).await?.allow(Permission::WriteOwners) {
        return Ok(());
    }
    approvals::require_second_person(app, scope.tenant.tenant(), Act::OwnerRole).await
}

/// The same for a change: who gets such a role, and who has one and is let in again.
async fn require_second_person_for(
    app: &App,
    scope: &AgentScope,
    id: UserId,
    change: &UserPatch,
) -> Result<()> {
    match (change.role, change.is_active) {
        (Some(role), _) => require_second_person(app, scope, role).await,
        (None, Some(true)) => {
            let user = identity::get_user(app, scope.tenant.tenant(), id).await?;
            if user.is_active { Ok(()) } else { require_second_person(app, scope, user.role).await }
        }
        (None, _) => Ok(()),
    }
}

/// One of the staff.
#[utoipa::path(get, path = "/users/{id}", tag = "people", params(("id" = UserId, Path)),
    responses((status = 200, body = UserShape), (status = 403), (status = 404)), security(("bearer" = ["users:read"])))]
pub(super) async fn get_user(
    State(app): State<App>,
    scope: May<to::ReadUsers>,
    Path(id): Path<UserId>,
) -> Result<axum::Json<UserShape>> {
    let user = identity::get_user(&app, scope.tenant.tenant(), id).await?;
    Ok(axum::Json(UserShape::from(&user)))
}

/// What is to change of one of the staff; what is not said stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserPatch {
    /// What they are here; nobody gives more than they have.
    #[serde(default)]
    role: Option<Role>,
    /// Whether they may log in.
    #[serde(default)]
    is_active: Option<bool>,
    /// Whose conversations they see; null for what their role gives.
    #[serde(default, deserialize_with = "super::time::said")]
    #[schema(value_type = Option<Visibility>)]
    visibility: Option<Option<Visibility>>,
}

/// Change what somebody may do, or let them go. Their log-ins end at once.
#[utoipa::path(patch, path = "/users/{id}", tag = "people", params(("id" = UserId, Path)), request_body = UserPatch,
    responses((status = 200, body = UserShape), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["users:write"])))]
pub(super) async fn update_user(
    State(app): State<App>,
    scope: May<to::WriteUsers>,
    Path(id): Path<UserId>,
    Json(body): Json<UserPatch>,
) -> Result<axum::Json<UserShape>> {
    require_second_person_for(&app, &scope, id, &body).await?;
    prove_for(&app, &scope, body.role)?;
    let change = StaffChange { role: body.role, visibility: body.visibility, is_active: body.is_active };
    change_user(&app, &scope, id, change).await
}

/// Let somebody go: they cannot log in any more. What they wrote stays.
#[utoipa::path(delete, path = "/users/{id}", tag = "people", params(("id" = UserId, Path)),
    responses((status = 204), (status = 403), (status = 404), (status = 409)), security(("bearer" = ["users:write"])))]
pub(super) async fn delete_user(
    State(app): State<App>,
    scope: May<to::WriteUsers>,
    Path(id): Path<UserId>,
) -> Result<StatusCode> {
    let change = StaffChange { is_active: Some(false), ..StaffChange::default() };
    let _user = change_user(&app, &scope, id, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change_user(
    app: &App,
    scope: &AgentScope,
    id: UserId,
    change: StaffChange,
) -> Result<axum::Json<UserShape>> {
    let tenant = scope.tenant.tenant();
    let by = By { user: scope.user, limit: &scope.rights, at: app.clock.now() };
    let user = identity::change_user(app, tenant, by, id, change).await?;
    Ok(axum::Json(UserShape::from(&user)))
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
    /// What it pays for.
    plan: Plan,
    /// Its CPF or CNPJ, as people write it; null where none was given.
    tax_id: Option<String>,
    /// When everything of it goes for good (RFC 3339); null while nobody asked for that.
    deletion_due_at: Option<String>,
    /// How much it may have, where that was said for it; null leaves it to the settings, 0 is no limit.
    quotas: Quotas,
    /// How its desk works.
    settings: TenantSettings,
}

/// How a tenant's desk works.
#[derive(Serialize, ToSchema)]
pub(super) struct TenantSettings {
    /// Within so many hours of resolving a message reopens the conversation; a later one begins a new one.
    reopen_within_hours: i64,
    /// Whether numbers without a country code are Brazilian.
    in_brazil: bool,
}

impl TenantShape {
    async fn of(app: &App, tenant: Tenant) -> Result<Self> {
        let tax_id = tenants::tax_id_of(app, &tenant).await?;
        Ok(Self {
            tax_id: tax_id.map(|tax_id| tax_id.to_string()),
            id: tenant.id,
            slug: tenant.slug,
            name: tenant.name,
            status: tenant.status,
            plan: tenant.plan,
            deletion_due_at: tenant.deletion_due_at.map(rfc3339),
            quotas: tenant.quotas,
            settings: TenantSettings {
                reopen_within_hours: tenant.settings.reopen_within_hours(),
                in_brazil: tenant.settings.in_brazil,
            },
        })
    }
}

/// A customer organisation, and what it uses.
#[derive(Serialize, ToSchema)]
pub(super) struct TenantWithUsage {
    #[serde(flatten)]
    tenant: TenantShape,
    /// What it uses of its quotas.
    usage: Usage,
}

impl TenantWithUsage {
    async fn of(app: &App, tenant: Tenant) -> Result<axum::Json<Self>> {
        let usage = quotas::usage(app, &tenant).await?;
        Ok(axum::Json(Self { tenant: TenantShape::of(app, tenant).await?, usage }))
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
    let mut data = Vec::new();
    for tenant in tenants::list_tenants(&app).await? {
        data.push(TenantShape::of(&app, tenant).await?);
    }
    Ok(axum::Json(TenantList { data, next_cursor: None }))
}

/// A tenant to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantBody {
    /// Its name.
    name: String,
    /// Its short name: small letters, digits and hyphens.
    slug: String,
    /// Its CPF or CNPJ, with or without signs.
    #[serde(default)]
    tax_id: Option<String>,
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
    let new = NewTenant { name: body.name, slug: body.slug, tax_id: body.tax_id };
    let tenant = tenants::create_tenant(&app, &new).await?;
    Ok((StatusCode::CREATED, axum::Json(TenantShape::of(&app, tenant).await?)))
}

/// One tenant, with what it uses. For the platform's owner.
#[utoipa::path(get, path = "/tenants/{id}", tag = "people", params(("id" = TenantId, Path)),
    responses((status = 200, body = TenantWithUsage), (status = 403), (status = 404)), security(("bearer" = ["platform"])))]
pub(super) async fn get_tenant(
    State(app): State<App>,
    _owner: PlatformScope,
    Path(id): Path<TenantId>,
) -> Result<axum::Json<TenantWithUsage>> {
    TenantWithUsage::of(&app, tenants::get_tenant(&app, id).await?).await
}

/// What is to change of a tenant; what is not said stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantPatch {
    /// Its name.
    #[serde(default)]
    name: Option<String>,
    /// What it pays for.
    #[serde(default)]
    plan: Option<Plan>,
    /// Whether it may work. A suspended or cancelled one is stopped at once; what comes in for it is kept.
    #[serde(default)]
    status: Option<TenantStatus>,
    /// Its CPF or CNPJ, with or without signs; null takes it away.
    #[serde(default, deserialize_with = "super::time::said")]
    #[schema(value_type = Option<String>)]
    tax_id: Option<Option<String>>,
    /// How much it may have. Files that there was no room for are fetched again as far as there is room now.
    #[serde(default, deserialize_with = "super::usage::object")]
    #[schema(value_type = Option<QuotasPatch>)]
    quotas: Option<QuotasPatch>,
    /// How its desk works.
    #[serde(default, deserialize_with = "super::usage::object")]
    #[schema(value_type = Option<SettingsPatch>)]
    settings: Option<SettingsPatch>,
}

/// How a tenant's desk is to work; what is not said stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsPatch {
    /// Within so many hours of resolving a message reopens the conversation; a later one begins a new one. 24 at first; 0:
    /// every one begins a new one.
    #[serde(default)]
    #[schema(maximum = 720)]
    reopen_within_hours: Option<u32>,
    /// Whether numbers without a country code are Brazilian.
    #[serde(default)]
    in_brazil: Option<bool>,
}

impl From<SettingsPatch> for SettingsChange {
    fn from(SettingsPatch { reopen_within_hours, in_brazil }: SettingsPatch) -> Self {
        Self { reopen_within_hours, in_brazil }
    }
}

/// Change a tenant. For the platform's owner.
#[utoipa::path(patch, path = "/tenants/{id}", tag = "people", params(("id" = TenantId, Path)), request_body = TenantPatch,
    responses((status = 200, body = TenantWithUsage), (status = 403), (status = 404), (status = 422)),
    security(("bearer" = ["platform"])))]
pub(super) async fn update_tenant(
    State(app): State<App>,
    _owner: PlatformScope,
    Path(id): Path<TenantId>,
    Json(body): Json<TenantPatch>,
) -> Result<axum::Json<TenantWithUsage>> {
    let TenantPatch { name, plan, status, tax_id, quotas, settings } = body;
    let quotas = quotas.map(QuotasChange::from).unwrap_or_default();
    let settings = settings.map(SettingsChange::from).unwrap_or_default();
    let change = TenantChange { name, plan, status, tax_id, quotas, settings };
    let tenant = tenants::update_tenant(&app, id, &change).await?;
    media::fetch_waiting(&app, id).await?;
    TenantWithUsage::of(&app, tenant).await
}

/// How a deletion is asked for.
#[derive(Deserialize, IntoParams)]
pub(super) struct Deletion {
    /// The tenant's slug, typed by a person.
    confirm: Option<String>,
    /// Days in which it can be called off, at most 365; `tenants.deletion_grace_days` where nothing is said.
    grace_days: Option<u32>,
}

/// Ask for everything of a cancelled tenant to be deleted: conversations, contacts, people, settings, keys. It can be called
/// off until its time has come. Where the tenant demands a second person, another of the platform's owners asks for the same;
/// until then `deletion_due_at` is null. For the platform's owner; asks for a log-in of the last five minutes.
#[utoipa::path(delete, path = "/tenants/{id}", tag = "people", params(("id" = TenantId, Path), Deletion),
    responses((status = 202, body = TenantShape), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["platform"])))]
pub(super) async fn delete_tenant(
    State(app): State<App>,
    owner: PlatformScope,
    _recent: Recent,
    Path(id): Path<TenantId>,
    Query(asked): Query<Deletion>,
) -> Result<(StatusCode, axum::Json<TenantShape>)> {
    let confirm = asked.confirm.unwrap_or_default();
    let tenant = tenants::ask_deletion(&app, id, &confirm, asked.grace_days, Some(&owner)).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(TenantShape::of(&app, tenant).await?)))
}

/// Let a tenant stay that was to be deleted. It is still cancelled. For the platform's owner.
#[utoipa::path(delete, path = "/tenants/{id}/deletion", tag = "people", params(("id" = TenantId, Path)),
    responses((status = 200, body = TenantShape), (status = 401), (status = 403), (status = 404), (status = 409)),
    security(("bearer" = ["platform"])))]
pub(super) async fn call_off_tenant_deletion(
    State(app): State<App>,
    _owner: PlatformScope,
    Path(id): Path<TenantId>,
) -> Result<axum::Json<TenantShape>> {
    let tenant = tenants::call_off_deletion(&app, id).await?;
    Ok(axum::Json(TenantShape::of(&app, tenant).await?))
}
