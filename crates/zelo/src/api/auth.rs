//! Logging in and out.

use super::shapes::UserShape;
use crate::{
    app::App,
    error::{Error, Result},
    http::Json,
    identity::{self, Caller, Client, Enrolling, Entered, Entrance, Kind, LoggedIn},
};
use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Who wants to log in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginBody {
    /// The e-mail address.
    #[serde(alias = "username")]
    email: String,
    /// The password, exactly as it was chosen.
    password: String,
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
pub(super) struct TokensShape {
    /// For requests.
    access_token: String,
    /// For the next access token; works once.
    refresh_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// Seconds that the access token lives.
    expires_in: i64,
    /// True when a second factor is obligatory: until it is set up, these tokens are good for nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    mfa_enrolment_required: Option<bool>,
}

/// What a right password opens: a session, or the question for a code.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum LoginShape {
    /// The tokens of a session.
    Tokens(TokensShape),
    /// A code is needed too.
    Code {
        /// Always true.
        mfa_required: bool,
        /// Goes with the code to `/auth/login/mfa-verify`, within five minutes.
        mfa_token: String,
    },
}

/// The second step of a log-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeBody {
    /// What the first step gave.
    mfa_token: String,
    /// The code that the app shows, or a backup code.
    code: String,
}

impl TokensShape {
    fn new(app: &App, entered: &Entered) -> Result<Self> {
        Ok(Self::of(app, entered.tokens(app)?, entered.must_enrol.then_some(true)))
    }

    fn of(app: &App, tokens: LoggedIn, mfa_enrolment_required: Option<bool>) -> Self {
        Self {
            mfa_enrolment_required,
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            token_type: "bearer",
            expires_in: app.identity.access_seconds(),
        }
    }
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshBody {
    /// The token that the last log-in or refresh gave.
    refresh_token: String,
}

/// What may be said when logging out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogoutBody {
    /// The token whose session ends; where it is missing, that of the credentials does.
    refresh_token: Option<String>,
}

/// Log in.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = LoginBody,
    responses((status = 200, body = LoginShape), (status = 401, description = "Wrong address or password"), (status = 422), (status = 429), (status = 503)))]
pub(super) async fn log_in(
    State(app): State<App>,
    client: Client,
    Json(body): Json<LoginBody>,
) -> Result<Response> {
    let password = Zeroizing::new(body.password);
    let entrance = identity::log_in(&app, Kind::Token, &body.email, password, &client).await?;
    Ok(match entrance {
        Entrance::In(entered) => {
            let shape = LoginShape::Tokens(TokensShape::new(&app, &entered)?);
            (known(&entered), axum::Json(shape)).into_response()
        }
        Entrance::Code(mfa_token) => {
            axum::Json(LoginShape::Code { mfa_required: true, mfa_token }).into_response()
        }
    })
}

/// The cookie by which the limits tell this client from strangers who guess at its account.
fn known(entered: &Entered) -> AppendHeaders<[(HeaderName, String); 1]> {
    AppendHeaders([(header::SET_COOKIE, entered.known_browser.clone())])
}

/// The second step of a log-in: a code of the app, or a backup code.
#[utoipa::path(post, path = "/auth/login/mfa-verify", tag = "auth", request_body = CodeBody,
    responses((status = 200, body = TokensShape), (status = 401, description = "Wrong code, or the log-in is over"), (status = 422), (status = 429), (status = 503)))]
pub(super) async fn log_in_with_code(
    State(app): State<App>,
    client: Client,
    Json(body): Json<CodeBody>,
) -> Result<Response> {
    let entered = identity::log_in_with_code(&app, Kind::Token, &body.mfa_token, &body.code, &client).await?;
    Ok((known(&entered), axum::Json(TokensShape::new(&app, &entered)?)).into_response())
}

/// Exchange a refresh token for new tokens.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", request_body = RefreshBody,
    responses((status = 200, body = TokensShape), (status = 401, description = "The token or its session is over"), (status = 422)))]
pub(super) async fn refresh(
    State(app): State<App>,
    Json(body): Json<RefreshBody>,
) -> Result<axum::Json<TokensShape>> {
    let tokens = identity::refresh(&app, &body.refresh_token).await?;
    Ok(axum::Json(TokensShape::of(&app, tokens, None)))
}

/// Log out: the session's tokens, cookie and sockets stop working. With a refresh token, its session ends; without one,
/// that of the credentials.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", request_body = Option<LogoutBody>,
    responses((status = 204), (status = 401), (status = 422)), security((), ("bearer" = [])))]
pub(super) async fn log_out(
    State(app): State<App>,
    caller: Option<Enrolling>,
    body: Option<Json<LogoutBody>>,
) -> Result<Response> {
    if let Some(token) = body.and_then(|Json(body)| body.refresh_token) {
        identity::end_session_of_token(&app, &token).await?;
    } else {
        let who = caller.ok_or(Error::Unauthorized)?.caller.signed_in;
        identity::end_session(&app, who.tenant, who.session).await?;
    }
    // What a browser kept of the answers goes with the session.
    let clear = HeaderValue::from_static("\"cache\", \"storage\"");
    Ok((StatusCode::NO_CONTENT, [(HeaderName::from_static("clear-site-data"), clear)]).into_response())
}

/// Who am I?
#[utoipa::path(get, path = "/auth/me", tag = "auth", responses((status = 200, body = UserShape), (status = 401)),
    security(("bearer" = [])))]
pub(super) async fn get_me(State(app): State<App>, caller: Caller) -> Result<axum::Json<UserShape>> {
    let user = identity::get_user(&app, caller.signed_in.tenant, caller.signed_in.user).await?;
    Ok(axum::Json(UserShape::from(&user)))
}

/// Who am I? The same under its other name.
#[utoipa::path(get, path = "/users/me", tag = "auth", responses((status = 200, body = UserShape), (status = 401)),
    security(("bearer" = [])))]
pub(super) async fn get_myself(app: State<App>, caller: Caller) -> Result<axum::Json<UserShape>> {
    get_me(app, caller).await
}
