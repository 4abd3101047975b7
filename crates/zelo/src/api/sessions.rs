//! The caller's log-ins.

use super::rfc3339;
use crate::{
    app::App,
    error::{Error, Result},
    http::{Json, Path},
    identity::{self, Again, Caller, Kind, Session},
    ids::SessionId,
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// A log-in that lasts.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionShape {
    /// Its id.
    id: SessionId,
    /// `browser` or `program`.
    kind: &'static str,
    /// What the program called itself when it logged in.
    user_agent: String,
    /// Where it logged in from; null where that is not known.
    ip_address: Option<String>,
    /// When it began (RFC 3339).
    created_at: String,
    /// When it was last used, a minute late at most (RFC 3339).
    last_used_at: String,
    /// When it ends if it is not used again (RFC 3339).
    expires_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

impl From<Session> for SessionShape {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            kind: match session.kind {
                Kind::Cookie => "browser",
                Kind::Token => "program",
            },
            user_agent: session.program,
            ip_address: session.address,
            created_at: rfc3339(session.created_at),
            last_used_at: rfc3339(session.last_used_at),
            expires_at: rfc3339(session.expires_at),
            current: session.is_current,
        }
    }
}

/// A list that fits on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionList {
    /// The log-ins, newest first.
    data: Vec<SessionShape>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// Where am I logged in?
#[utoipa::path(get, path = "/auth/sessions", tag = "auth", responses((status = 200, body = SessionList), (status = 401), (status = 403)),
    security(("bearer" = [])))]
pub(super) async fn list_sessions(State(app): State<App>, caller: Caller) -> Result<axum::Json<SessionList>> {
    let sessions = identity::list_sessions(&app, &caller).await?;
    Ok(axum::Json(SessionList {
        data: sessions.into_iter().map(SessionShape::from).collect(),
        next_cursor: None,
    }))
}

/// Log out everywhere, here too.
#[utoipa::path(delete, path = "/auth/sessions", tag = "auth", responses((status = 204), (status = 401), (status = 403)),
    security(("bearer" = [])))]
pub(super) async fn end_all_sessions(State(app): State<App>, caller: Caller) -> Result<StatusCode> {
    identity::end_all_sessions(&app, caller.signed_in.tenant, caller.signed_in.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of my log-ins.
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "auth", params(("id" = SessionId, Path, description = "The log-in")),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)), security(("bearer" = [])))]
pub(super) async fn end_session(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SessionId>,
) -> Result<StatusCode> {
    identity::end_own_session(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's password, or a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReauthenticateBody {
    /// The password.
    password: Option<String>,
    /// A code of the app, or a backup code.
    code: Option<String>,
}

/// Prove again who I am: for five minutes dangerous acts are open to this log-in.
#[utoipa::path(post, path = "/auth/reauthenticate", tag = "auth", request_body = ReauthenticateBody,
    responses((status = 204), (status = 401), (status = 403), (status = 409), (status = 422), (status = 429), (status = 503)), security(("bearer" = [])))]
pub(super) async fn reauthenticate(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<ReauthenticateBody>,
) -> Result<StatusCode> {
    let again = match (body.password, body.code) {
        (Some(password), None) => Again::Password(Zeroizing::new(password)),
        (None, Some(code)) => Again::Code(code),
        _ => return Err(Error::invalid("", "required", "Give either the password or a code.")),
    };
    identity::reauthenticate(&app, &caller, again).await?;
    Ok(StatusCode::NO_CONTENT)
}
