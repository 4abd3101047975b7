//! The caller's second factor.

use crate::{
    app::App,
    error::Result,
    http::Json,
    identity::{self, Again, Enrolling, May, MfaPolicy, Recent, RecentEnrolling, Role},
    rights::to,
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// What an authenticator app needs.
#[derive(Serialize, ToSchema)]
pub(super) struct EnrolmentShape {
    /// The seed in base 32, for typing.
    secret: String,
    /// The same as an address that apps understand.
    otpauth_url: String,
    /// The same as a picture.
    qr_code_svg: String,
}

/// Begin to set up a second factor. It counts once it is confirmed.
#[utoipa::path(post, path = "/auth/mfa/enable", tag = "mfa", responses((status = 200, body = EnrolmentShape), (status = 401),
    (status = 403), (status = 409)), security(("bearer" = [])))]
pub(super) async fn enable_mfa(
    State(app): State<App>,
    who: RecentEnrolling,
) -> Result<axum::Json<EnrolmentShape>> {
    let enrolment = identity::start_mfa(&app, &who.caller).await?;
    Ok(axum::Json(EnrolmentShape {
        secret: enrolment.secret,
        otpauth_url: enrolment.otpauth_url,
        qr_code_svg: enrolment.qr_code_svg,
    }))
}

/// A code that the app shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AppCodeBody {
    /// Six digits; where a factor is in use, a backup code too.
    code: String,
}

/// The backup codes, shown this once.
#[derive(Serialize, ToSchema)]
pub(super) struct BackupCodesShape {
    /// Ten codes, each for one log-in.
    backup_codes: Vec<String>,
}

/// Confirm a second factor with its first code. All other log-ins end; so do tokens that were good for this alone.
#[utoipa::path(post, path = "/auth/mfa/confirm", tag = "mfa", request_body = AppCodeBody,
    responses((status = 200, body = BackupCodesShape), (status = 401), (status = 403), (status = 409), (status = 422), (status = 503)),
    security(("bearer" = [])))]
pub(super) async fn confirm_mfa(
    State(app): State<App>,
    who: RecentEnrolling,
    Json(body): Json<AppCodeBody>,
) -> Result<axum::Json<BackupCodesShape>> {
    let backup_codes = identity::confirm_mfa(&app, &who.caller, &body.code).await?;
    Ok(axum::Json(BackupCodesShape { backup_codes }))
}

/// The password and a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DisableBody {
    /// The password.
    password: String,
    /// A code of the app, or a backup code.
    code: String,
}

/// Take the second factor away.
#[utoipa::path(post, path = "/auth/mfa/disable", tag = "mfa", request_body = DisableBody,
    responses((status = 204), (status = 401), (status = 403), (status = 409), (status = 422), (status = 429), (status = 503)),
    security(("bearer" = [])))]
pub(super) async fn disable_mfa(
    State(app): State<App>,
    who: Recent,
    Json(body): Json<DisableBody>,
) -> Result<StatusCode> {
    identity::disable_mfa(&app, &who.caller, Zeroizing::new(body.password), &body.code).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Prove with a code who I am; dangerous acts are open for five minutes.
#[utoipa::path(post, path = "/auth/mfa/verify", tag = "mfa", request_body = AppCodeBody,
    responses((status = 204), (status = 401), (status = 403), (status = 409), (status = 422), (status = 429), (status = 503)), security(("bearer" = [])))]
pub(super) async fn verify_mfa(
    State(app): State<App>,
    caller: identity::Caller,
    Json(body): Json<AppCodeBody>,
) -> Result<StatusCode> {
    identity::reauthenticate(&app, &caller, Again::Code(body.code)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How I stand to the second factor.
#[derive(Serialize, ToSchema)]
pub(super) struct MfaStatusShape {
    /// Whether I have one.
    enabled: bool,
    /// Whether I must.
    required: bool,
    /// Backup codes that are left.
    backup_codes_left: i64,
}

/// How do I stand to the second factor?
#[utoipa::path(get, path = "/auth/mfa/status", tag = "mfa", responses((status = 200, body = MfaStatusShape), (status = 401)),
    security(("bearer" = [])))]
pub(super) async fn get_mfa_status(
    State(app): State<App>,
    who: Enrolling,
) -> Result<axum::Json<MfaStatusShape>> {
    let status = identity::get_mfa_status(&app, &who.caller).await?;
    Ok(axum::Json(MfaStatusShape {
        enabled: status.enabled,
        required: status.required,
        backup_codes_left: status.backup_codes_left,
    }))
}

/// Make new backup codes; the old ones no longer work.
#[utoipa::path(post, path = "/auth/mfa/backup-codes/regenerate", tag = "mfa",
    responses((status = 200, body = BackupCodesShape), (status = 401), (status = 403), (status = 409), (status = 503)), security(("bearer" = [])))]
pub(super) async fn regenerate_backup_codes(
    State(app): State<App>,
    who: Recent,
) -> Result<axum::Json<BackupCodesShape>> {
    let backup_codes = identity::regenerate_backup_codes(&app, &who.caller).await?;
    Ok(axum::Json(BackupCodesShape { backup_codes }))
}

/// For whom a second factor is obligatory.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MfaPolicyShape {
    /// Whether for everybody.
    everyone: bool,
    /// The roles for which it is.
    roles: Vec<Role>,
}

/// For whom is a second factor obligatory?
#[utoipa::path(get, path = "/mfa-policy", tag = "mfa", responses((status = 200, body = MfaPolicyShape), (status = 401), (status = 403)),
    security(("bearer" = ["settings:read"])))]
pub(super) async fn get_mfa_policy(
    State(app): State<App>,
    scope: May<to::ReadSettings>,
) -> Result<axum::Json<MfaPolicyShape>> {
    let policy = identity::get_mfa_policy(&app, scope.tenant.tenant()).await?;
    Ok(axum::Json(MfaPolicyShape { everyone: policy.everyone, roles: policy.roles }))
}

/// Say for whom a second factor is obligatory. Whoever has none is logged out and led to its set-up.
#[utoipa::path(put, path = "/mfa-policy", tag = "mfa", request_body = MfaPolicyShape,
    responses((status = 200, body = MfaPolicyShape), (status = 401), (status = 403), (status = 422)), security(("bearer" = ["settings:write"])))]
pub(super) async fn set_mfa_policy(
    State(app): State<App>,
    scope: May<to::WriteSettings>,
    _recent: Recent,
    Json(body): Json<MfaPolicyShape>,
) -> Result<axum::Json<MfaPolicyShape>> {
    let policy = MfaPolicy { everyone: body.everyone, roles: body.roles.clone() };
    identity::set_mfa_policy(&app, scope.tenant.tenant(), &policy).await?;
    Ok(axum::Json(body))
}
