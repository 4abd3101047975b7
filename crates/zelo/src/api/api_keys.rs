//! API keys.

use super::time::{from_rfc3339, rfc3339};
use crate::{
    api_keys::{self, ApiKey, NewApiKey},
    app::App,
    clock::{HOUR, SECOND},
    error::{Error, Result},
    http::{Json, Path},
    identity::{May, Recent},
    ids::{ApiKeyId, UserId},
    rights::{Permissions, to},
    rotation,
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A program's key, without its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiKeyShape {
    /// Its id.
    id: ApiKeyId,
    /// What people call it.
    name: String,
    /// How the secret begins.
    hint: String,
    /// Who made it; it is never stronger than they are.
    maker_id: UserId,
    /// What it allows, each as `resource:action`.
    #[schema(value_type = Vec<String>)]
    permissions: Permissions,
    /// From where it works; empty for everywhere.
    networks: Vec<String>,
    /// When it was made (RFC 3339).
    created_at: String,
    /// Until when it works (RFC 3339).
    expires_at: Option<String>,
    /// When it was last used, a minute late at most (RFC 3339).
    last_used_at: Option<String>,
    /// When it was revoked (RFC 3339).
    revoked_at: Option<String>,
    /// Whether it should be changed for a new one: it is older than `auth.rotation_days`, or ends within 14 days.
    rotation_due: bool,
}

impl ApiKeyShape {
    fn of(app: &App, key: ApiKey) -> Self {
        Self {
            rotation_due: rotation::is_key_due(&app.config, &key, app.clock.now()),
            id: key.id,
            name: key.name,
            hint: key.hint,
            maker_id: key.maker,
            permissions: key.permissions,
            networks: key.networks,
            created_at: rfc3339(key.created_at),
            expires_at: key.expires_at.map(rfc3339),
            last_used_at: key.last_used_at.map(rfc3339),
            revoked_at: key.revoked_at.map(rfc3339),
        }
    }
}

/// A new key with its secret, which is shown here and never again.
#[derive(Serialize, ToSchema)]
pub(super) struct NewKeyShape {
    /// The key.
    #[serde(flatten)]
    key: ApiKeyShape,
    /// What programs send in `X-API-Key`, or as a bearer token.
    secret: String,
}

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiKeyList {
    /// The keys, newest first.
    data: Vec<ApiKeyShape>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// Which API keys there are.
#[utoipa::path(get, path = "/api-keys", tag = "people", responses((status = 200, body = ApiKeyList), (status = 401), (status = 403)),
    security(("bearer" = ["api_keys:read"])))]
pub(super) async fn list_api_keys(
    State(app): State<App>,
    scope: May<to::ReadApiKeys>,
) -> Result<axum::Json<ApiKeyList>> {
    let keys = api_keys::list_keys(&app, scope.tenant).await?;
    Ok(axum::Json(ApiKeyList {
        data: keys.into_iter().map(|key| ApiKeyShape::of(&app, key)).collect(),
        next_cursor: None,
    }))
}

/// A key to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyBody {
    /// What people call it.
    name: String,
    /// What it allows: `resource:action`, with `*` for any; nothing that its maker lacks.
    permissions: Vec<String>,
    /// From where it works: addresses, or networks such as `10.0.0.0/8`; everywhere where there is none.
    #[serde(default)]
    networks: Vec<String>,
    /// Until when it works (RFC 3339); until it is revoked where nothing is said.
    #[serde(default)]
    expires_at: Option<String>,
}

/// Make an API key. Asks for a log-in of the last five minutes.
#[utoipa::path(post, path = "/api-keys", tag = "people", request_body = ApiKeyBody,
    responses((status = 201, body = NewKeyShape), (status = 401), (status = 403), (status = 422)),
    security(("bearer" = ["api_keys:write"])))]
pub(super) async fn create_api_key(
    State(app): State<App>,
    scope: May<to::WriteApiKeys>,
    _recent: Recent,
    Json(body): Json<ApiKeyBody>,
) -> Result<(StatusCode, axum::Json<NewKeyShape>)> {
    let permissions = Permissions::of_patterns(&body.permissions)
        .map_err(|error| Error::invalid("permissions", "not_found", format!("{error}.")))?;
    let expires_at = match body.expires_at.as_deref() {
        None => None,
        Some(text) => Some(from_rfc3339(text).ok_or_else(|| {
            Error::invalid("expires_at", "format", "Give a time such as 2027-01-31T12:00:00Z.")
        })?),
    };
    let new = NewApiKey { name: body.name, permissions, networks: body.networks, expires_at };
    let (key, secret) = api_keys::create_key(&app, scope.tenant, scope.user, &scope.rights, &new).await?;
    Ok((
        StatusCode::CREATED,
        axum::Json(NewKeyShape { key: ApiKeyShape::of(&app, key), secret: secret.to_string() }),
    ))
}

/// Revoke a key: it opens nothing from now on.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "people", params(("id" = ApiKeyId, Path)),
    responses((status = 204), (status = 403), (status = 404)), security(("bearer" = ["api_keys:write"])))]
pub(super) async fn revoke_api_key(
    State(app): State<App>,
    scope: May<to::WriteApiKeys>,
    Path(id): Path<ApiKeyId>,
) -> Result<StatusCode> {
    api_keys::revoke_key(&app, scope.tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How to rotate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotationBody {
    /// Seconds for which the old key goes on working: a day where nothing is said, thirty days at most.
    #[serde(default)]
    overlap_seconds: Option<u32>,
}

/// Put a new key in the place of an old one, which goes on working for a while. Asks for a log-in of the last five
/// minutes.
#[utoipa::path(post, path = "/api-keys/{id}/rotate", tag = "people", params(("id" = ApiKeyId, Path)),
    request_body = RotationBody,
    responses((status = 201, body = NewKeyShape), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["api_keys:write"])))]
pub(super) async fn rotate_api_key(
    State(app): State<App>,
    scope: May<to::WriteApiKeys>,
    _recent: Recent,
    Path(id): Path<ApiKeyId>,
    Json(body): Json<RotationBody>,
) -> Result<(StatusCode, axum::Json<NewKeyShape>)> {
    let overlap = body.overlap_seconds.map_or(24 * HOUR, |seconds| i64::from(seconds) * SECOND);
    if overlap > 30 * 24 * HOUR {
        return Err(Error::invalid("overlap_seconds", "too_large", "The old key works for 30 days at most."));
    }
    let (key, secret) =
        api_keys::rotate_key(&app, scope.tenant, scope.user, &scope.rights, id, overlap).await?;
    Ok((
        StatusCode::CREATED,
        axum::Json(NewKeyShape { key: ApiKeyShape::of(&app, key), secret: secret.to_string() }),
    ))
}
