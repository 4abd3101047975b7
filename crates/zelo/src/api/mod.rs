//! The API for programs: shapes on the wire, and handlers that read aloud.
//!
//! A handler takes a scope, calls one use case and turns its result into a shape. Its documentation stands on it, so that
//! `openapi.json` cannot say anything else.

mod access_reviews;
mod admin;
mod api_keys;
mod approvals;
mod audit;
mod auth;
pub(crate) mod channels;
mod contacts;
mod conversations;
pub mod docs;
mod limits;
pub(crate) mod media;
mod merges;
mod messages;
mod mfa;
mod once;
mod passwords;
mod people;
mod problems;
mod queues;
mod reference;
mod roles;
mod seal;
mod sessions;
pub mod shapes;
mod support;
mod teams;
mod templates;
mod time;
mod usage;
mod whatsapp;

pub(crate) use messages::refusal_again;
pub(crate) use once::answer_once;
pub(crate) use seal::AnswerSeal;
pub(crate) use time::{from_rfc3339, rfc3339};

use crate::{
    app::App,
    http::{KnownParameters, refuse_unknown},
};
use axum::{Router, middleware::from_fn_with_state};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The API's addresses, below `/api/v1` and `/api`.
pub fn router() -> Router<App> {
    let (router, api) = documented().split_for_parts();
    router.route_layer(from_fn_with_state(KnownParameters::of(&api), refuse_unknown))
}

/// What `openapi.json` says of them.
pub(crate) fn description() -> OpenApi {
    documented().split_for_parts().1
}

fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        // Who somebody is.
        .routes(routes!(auth::log_in))
        .routes(routes!(auth::log_in_with_code))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::log_out))
        .routes(routes!(auth::get_me))
        .routes(routes!(auth::get_myself))
        .routes(routes!(sessions::list_sessions, sessions::end_all_sessions))
        .routes(routes!(sessions::end_session))
        .routes(routes!(sessions::reauthenticate))
        .routes(routes!(passwords::change_password))
        .routes(routes!(passwords::forgot_password))
        .routes(routes!(passwords::reset_password))
        .routes(routes!(mfa::enable_mfa))
        .routes(routes!(mfa::confirm_mfa))
        .routes(routes!(mfa::disable_mfa))
        .routes(routes!(mfa::verify_mfa))
        .routes(routes!(mfa::get_mfa_status))
        .routes(routes!(mfa::regenerate_backup_codes))
        .routes(routes!(mfa::get_mfa_policy, mfa::set_mfa_policy))
        // Who works here, with which numbers.
        .routes(routes!(people::list_users, people::create_user))
        .routes(routes!(people::invite_again))
        .routes(routes!(people::reset_mfa))
        .routes(routes!(people::end_sessions))
        .routes(routes!(people::get_user, people::update_user, people::delete_user))
        .routes(routes!(roles::list_roles, roles::create_role))
        .routes(routes!(roles::get_role, roles::update_role, roles::delete_role))
        .routes(routes!(teams::list_teams, teams::create_team))
        .routes(routes!(teams::get_team, teams::update_team, teams::delete_team))
        .routes(routes!(api_keys::list_api_keys, api_keys::create_api_key))
        .routes(routes!(api_keys::revoke_api_key))
        .routes(routes!(api_keys::rotate_api_key))
        .routes(routes!(people::list_tenants, people::create_tenant))
        .routes(routes!(usage::get_usage))
        .routes(routes!(people::get_tenant, people::update_tenant, people::delete_tenant))
        .routes(routes!(people::call_off_tenant_deletion))
        .routes(routes!(support::begin_support_access, support::end_own_support_accesses))
        .routes(routes!(approvals::get_approval_policy, approvals::set_approval_policy))
        .routes(routes!(approvals::list_approvals, approvals::ask_for_approval))
        .routes(routes!(approvals::decide_on_approval))
        .routes(routes!(access_reviews::list_access_reviews, access_reviews::begin_access_review))
        .routes(routes!(access_reviews::get_access_review))
        .routes(routes!(access_reviews::decide_on_access))
        .routes(routes!(access_reviews::end_access_review))
        .routes(routes!(support::list_support_accesses))
        .routes(routes!(support::end_support_access))
        .routes(routes!(channels::list_channels, channels::create_channel))
        .routes(routes!(channels::get_channel, channels::update_channel))
        .routes(routes!(channels::check_channel))
        .routes(routes!(channels::list_notices))
        .routes(routes!(templates::list_message_templates, templates::create_message_template))
        .routes(routes!(templates::sync_message_templates))
        .routes(routes!(templates::get_message_template, templates::delete_message_template))
        .routes(routes!(templates::preview_message_template))
        // The desk.
        .routes(routes!(contacts::list_contacts))
        .routes(routes!(contacts::get_contact))
        .routes(routes!(contacts::list_contact_conversations))
        .routes(routes!(merges::list_contact_merges))
        .routes(routes!(merges::undo_contact_merge))
        .routes(routes!(conversations::list_conversations))
        .routes(routes!(conversations::get_conversation, conversations::update_conversation))
        .routes(routes!(support::list_conversation_outlines))
        .routes(routes!(conversations::assign_conversation, conversations::unassign_conversation))
        .routes(routes!(conversations::set_conversation_status))
        .routes(routes!(conversations::mark_conversation_read))
        .routes(routes!(messages::list_messages, messages::send_message))
        .routes(routes!(messages::retry_message))
        .routes(routes!(media::upload_media))
        .routes(routes!(media::get_media))
        .routes(routes!(media::get_thumbnail))
        .routes(routes!(whatsapp::send))
        .routes(routes!(whatsapp::get_status))
        // What was done.
        .routes(routes!(audit::list_audit_logs))
        .routes(routes!(audit::verify_audit_logs))
        .routes(routes!(audit::get_audit_report))
        // The platform.
        .routes(routes!(admin::list_webhook_events))
        .routes(routes!(admin::replay_webhook_event))
        .routes(routes!(admin::replay_webhook_events))
        .routes(routes!(queues::list_queues))
        .routes(routes!(queues::list_dead_jobs))
        .routes(routes!(queues::delete_job))
        .routes(routes!(queues::retry_job))
        .routes(routes!(limits::list_bans))
        .routes(routes!(limits::lift_ban))
        .routes(routes!(limits::clear_rate_limit))
        .routes(routes!(limits::list_ip_rules, limits::create_ip_rule))
        .routes(routes!(limits::get_ip_rule, limits::update_ip_rule, limits::delete_ip_rule))
}
