//! What the platform's owner does about limits: bans, rules for networks, clearing.

use super::time::{from_rfc3339, rfc3339};
use crate::{
    app::App,
    clock::Millis,
    error::{Error, FieldError, Result},
    http::{ClientAddress, Json, List, Page, Path},
    identity::PlatformScope,
    ids::{TenantId, UserId},
    limits::{self, Ban, BanKind, NewRule, Rule, RuleAction, RuleChange},
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Deserializer, Serialize};
use std::net::IpAddr;
use utoipa::ToSchema;
use uuid::Uuid;

/// Somebody who is kept out for a while.
#[derive(Serialize, ToSchema)]
pub(super) struct BanShape {
    id: Uuid,
    /// The policy that was broken.
    policy: String,
    /// What is kept out.
    kind: BanKind,
    /// The network; IPv6 by its /64.
    network: Option<String>,
    /// Whose account it is about, where the account exists.
    user_id: Option<UserId>,
    /// Their tenant.
    tenant_id: Option<TenantId>,
    /// How many bans this is within a week: the first lasts 15 minutes, the second an hour, others a day.
    level: i64,
    banned_at: String,
    ends_at: String,
}

impl From<Ban> for BanShape {
    fn from(ban: Ban) -> Self {
        Self {
            id: ban.id,
            policy: ban.policy,
            kind: ban.kind,
            network: ban.network,
            user_id: ban.user.map(|(_, user)| user),
            tenant_id: ban.user.map(|(tenant, _)| tenant),
            level: ban.level,
            banned_at: rfc3339(ban.banned_at),
            ends_at: rfc3339(ban.ends_at),
        }
    }
}

/// The bans that hold, the newest first.
#[utoipa::path(get, path = "/admin/bans", tag = "admin",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<BanShape>), (status = 401), (status = 403)),
    security(("bearer" = ["platform"])))]
pub(super) async fn list_bans(
    State(app): State<App>,
    _owner: PlatformScope,
    page: Page,
) -> Result<axum::Json<List<BanShape>>> {
    let bans = limits::list_bans(&app, page.after()?, page.rows_to_read()).await?;
    Ok(axum::Json(List::new(bans, &page, |ban| ban.id).map(BanShape::from)))
}

/// Let somebody in again before their ban ends.
#[utoipa::path(delete, path = "/admin/bans/{id}", tag = "admin", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 403), (status = 404)), security(("bearer" = ["platform"])))]
pub(super) async fn lift_ban(
    State(app): State<App>,
    owner: PlatformScope,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    limits::lift_ban(&app, id, owner.user()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose counts are to be forgotten: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClearBody {
    /// An address; its whole network is cleared.
    #[serde(default)]
    ip: Option<String>,
    /// A user, of whichever tenant.
    #[serde(default)]
    user_id: Option<UserId>,
}

/// What was cleared.
#[derive(Serialize, ToSchema)]
pub(super) struct ClearedShape {
    /// How many bans were lifted.
    lifted_bans: usize,
}

/// Forget what was counted of an address or a user, and lift their bans.
#[utoipa::path(post, path = "/admin/rate-limit/clear", tag = "admin", request_body = ClearBody,
    responses((status = 200, body = ClearedShape), (status = 403), (status = 404), (status = 422)),
    security(("bearer" = ["platform"])))]
pub(super) async fn clear_rate_limit(
    State(app): State<App>,
    owner: PlatformScope,
    Json(body): Json<ClearBody>,
) -> Result<axum::Json<ClearedShape>> {
    let cleared = match (body.ip, body.user_id) {
        (Some(ip), None) => {
            let address: IpAddr = ip.trim().parse().map_err(|_| {
                Error::invalid("ip", "invalid", "Write an address, such as 203.0.113.9 or 2001:db8::1.")
            })?;
            limits::clear_address(&app, address, owner.user()).await?
        }
        (None, Some(user)) => limits::clear_user(&app, user, owner.user()).await?,
        _ => return Err(Error::invalid("", "required", "Give either ip or user_id.")),
    };
    Ok(axum::Json(ClearedShape { lifted_bans: cleared.lifted_bans }))
}

/// A rule for a network.
#[derive(Serialize, ToSchema)]
pub(super) struct RuleShape {
    id: Uuid,
    /// The network, such as `203.0.113.0/24`.
    network: String,
    action: RuleAction,
    /// Why, in the words of who made it.
    reason: String,
    /// When it ends by itself; null: never.
    expires_at: Option<String>,
    created_by: UserId,
    created_at: String,
}

impl From<Rule> for RuleShape {
    fn from(rule: Rule) -> Self {
        Self {
            id: rule.id,
            network: rule.network,
            action: rule.action,
            reason: rule.reason,
            expires_at: rule.expires_at.map(rfc3339),
            created_by: rule.created_by,
            created_at: rfc3339(rule.created_at),
        }
    }
}

/// A rule to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleBody {
    /// An address or a network.
    network: String,
    /// Let in always, or never.
    action: RuleAction,
    /// Why.
    #[serde(default)]
    reason: String,
    /// When it ends by itself.
    #[serde(default)]
    expires_at: Option<String>,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleChangeBody {
    /// Let in always, or never.
    #[serde(default)]
    action: Option<RuleAction>,
    /// Why.
    #[serde(default)]
    reason: Option<String>,
    /// When it ends by itself; null: never.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    expires_at: Option<Option<String>>,
}

/// Tells a field that is null from one that is not there.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn time(text: Option<&str>) -> Result<Option<Millis>> {
    let Some(text) = text else { return Ok(None) };
    let wrong = || {
        let message = "Write a time as in 2026-11-20T12:00:00Z.";
        Error::Invalid(vec![FieldError::new("expires_at", "invalid", message)])
    };
    from_rfc3339(text).map(Some).ok_or_else(wrong)
}

/// The rules for networks that hold, the newest first.
#[utoipa::path(get, path = "/admin/ip-rules", tag = "admin",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<RuleShape>), (status = 401), (status = 403)),
    security(("bearer" = ["platform"])))]
pub(super) async fn list_ip_rules(
    State(app): State<App>,
    _owner: PlatformScope,
    page: Page,
) -> Result<axum::Json<List<RuleShape>>> {
    let rules = limits::list_rules(&app, page.after()?, page.rows_to_read()).await?;
    Ok(axum::Json(List::new(rules, &page, |rule| rule.id).map(RuleShape::from)))
}

/// Let a network in always, or never. It holds within a second, in other processes within seconds.
#[utoipa::path(post, path = "/admin/ip-rules", tag = "admin", request_body = RuleBody,
    responses((status = 201, body = RuleShape), (status = 403), (status = 409), (status = 422)),
    security(("bearer" = ["platform"])))]
pub(super) async fn create_ip_rule(
    State(app): State<App>,
    owner: PlatformScope,
    ClientAddress(from): ClientAddress,
    Json(body): Json<RuleBody>,
) -> Result<(StatusCode, axum::Json<RuleShape>)> {
    let new = NewRule {
        network: body.network,
        action: body.action,
        reason: body.reason,
        expires_at: time(body.expires_at.as_deref())?,
    };
    let rule = limits::create_rule(&app, &new, owner.user(), from).await?;
    Ok((StatusCode::CREATED, axum::Json(rule.into())))
}

/// One rule for a network.
#[utoipa::path(get, path = "/admin/ip-rules/{id}", tag = "admin", params(("id" = Uuid, Path)),
    responses((status = 200, body = RuleShape), (status = 403), (status = 404)),
    security(("bearer" = ["platform"])))]
pub(super) async fn get_ip_rule(
    State(app): State<App>,
    _owner: PlatformScope,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<RuleShape>> {
    Ok(axum::Json(limits::get_rule(&app, id).await?.into()))
}

/// Change what a rule does, why, or until when.
#[utoipa::path(patch, path = "/admin/ip-rules/{id}", tag = "admin", params(("id" = Uuid, Path)),
    request_body = RuleChangeBody,
    responses((status = 200, body = RuleShape), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["platform"])))]
pub(super) async fn update_ip_rule(
    State(app): State<App>,
    _owner: PlatformScope,
    Path(id): Path<Uuid>,
    ClientAddress(from): ClientAddress,
    Json(body): Json<RuleChangeBody>,
) -> Result<axum::Json<RuleShape>> {
    let expires_at = match &body.expires_at {
        None => None,
        Some(end) => Some(time(end.as_deref())?),
    };
    let change = RuleChange { action: body.action, reason: body.reason, expires_at };
    Ok(axum::Json(limits::update_rule(&app, id, &change, from).await?.into()))
}

/// Treat a network as any other again.
#[utoipa::path(delete, path = "/admin/ip-rules/{id}", tag = "admin", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 403), (status = 404)), security(("bearer" = ["platform"])))]
pub(super) async fn delete_ip_rule(
    State(app): State<App>,
    _owner: PlatformScope,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    limits::delete_rule(&app, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
