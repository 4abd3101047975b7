//! Choosing a password.

use crate::{
    app::App,
    error::Result,
    http::Json,
    identity::{self, Caller},
};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// The old and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePasswordBody {
    /// The one that holds now; without it nothing is changed.
    #[serde(default)]
    current_password: String,
    /// The one that shall hold: 15 to 256 characters, 8 with a second factor; none that is common.
    new_password: String,
}

/// Change my password. All my other log-ins end.
#[utoipa::path(post, path = "/auth/password", tag = "auth", request_body = ChangePasswordBody,
    responses((status = 204), (status = 401), (status = 403), (status = 410), (status = 422), (status = 503)), security(("bearer" = [])))]
pub(super) async fn change_password(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<ChangePasswordBody>,
) -> Result<StatusCode> {
    let (current, new) = (Zeroizing::new(body.current_password), Zeroizing::new(body.new_password));
    identity::change_password(&app, &caller, current, new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose password is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForgotPasswordBody {
    /// The e-mail address.
    email: String,
}

/// Ask for a link to a new password. The answer is the same whether or not anybody has the address.
#[utoipa::path(post, path = "/auth/password/forgot", tag = "auth", request_body = ForgotPasswordBody,
    responses((status = 202), (status = 422)))]
pub(super) async fn forgot_password(
    State(app): State<App>,
    Json(body): Json<ForgotPasswordBody>,
) -> Result<StatusCode> {
    identity::forgot_password(&app, &body.email).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A one-time link and the password that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetPasswordBody {
    /// What stands behind `token=` in the link of the mail or the invitation.
    token: String,
    /// The password: 15 to 256 characters, 8 with a second factor; none that is common.
    new_password: String,
}

/// Choose a password by a one-time link, of a mail or of an invitation. It logs nobody in.
#[utoipa::path(post, path = "/auth/password/reset", tag = "auth", request_body = ResetPasswordBody,
    responses((status = 204), (status = 410, description = "The link was used or is too old"), (status = 422), (status = 503)))]
pub(super) async fn reset_password(
    State(app): State<App>,
    Json(body): Json<ResetPasswordBody>,
) -> Result<StatusCode> {
    identity::reset_password(&app, &body.token, Zeroizing::new(body.new_password)).await?;
    Ok(StatusCode::NO_CONTENT)
}
