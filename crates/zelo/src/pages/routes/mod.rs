//! The addresses of the pages.
//!
//! Every page works as a plain form or link; with the header `X-Fragment` the same addresses answer with the part of the
//! page that changed. Refusals are notices in fragments and pages of their own otherwise.

mod account;
mod actions;
mod address;
mod attach;
mod audit;
mod channels;
mod choosing;
mod content;
mod doors;
mod entries;
mod files;
mod inbox;
mod list;
mod media;
mod sending;
mod session;
mod templates;
mod thread;
mod visit;

#[cfg(test)]
mod tests;

pub(crate) use visit::refuse;

use crate::app::App;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

/// The largest form, in bytes. A text has up to 4,096 characters, each up to 12 bytes when written as `%F0%9F%98%80`.
const LARGEST_FORM: usize = 64 * 1024;

/// Everything that browsers load and send.
pub fn router() -> Router<App> {
    // A file is counted while it comes, and never whole in memory.
    let files = Router::new()
        .route("/conversations/{id}/files", post(attach::send_file))
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .route("/login", get(session::show_login).post(session::log_in))
        .route("/login/code", get(doors::show_code).post(doors::log_in_with_code))
        .route("/logout", post(session::log_out))
        .route("/password/forgot", get(doors::show_forgot).post(doors::forgot))
        .route("/password/new", get(doors::show_password).post(doors::choose_password))
        .route("/setup", get(doors::show_setup).post(doors::set_up))
        .route("/mailbox", get(doors::mailbox))
        .route("/account", get(account::show_account))
        .route("/account/password", get(account::show_password).post(account::change_password))
        .route("/account/mfa", get(account::show_mfa))
        .route("/account/mfa/start", post(account::start_mfa))
        .route("/account/mfa/confirm", post(account::confirm_mfa))
        .route("/account/mfa/codes", post(account::new_codes))
        .route("/account/mfa/off", get(account::show_off).post(account::switch_off))
        .route("/account/sessions/end", post(account::end_all))
        .route("/account/sessions/{id}/end", post(account::end_session))
        .route("/account/again", get(account::show_again_page).post(account::prove_again))
        .route("/session/preferences", post(session::prefer))
        .route("/session/token", get(session::token))
        .route("/", get(inbox::show))
        .route("/conversations/{id}", get(inbox::show_conversation))
        .route("/audit", get(audit::show))
        .route("/channels", get(channels::show))
        .route("/channels/{id}/check", post(channels::check))
        .route("/channels/{id}/status", post(channels::switch))
        .route("/templates", get(templates::show_list).post(templates::create))
        .route("/templates/new", get(templates::show_new))
        .route("/templates/sync", post(templates::sync))
        .route("/templates/{id}", get(templates::show_one))
        .route("/templates/{id}/delete", post(templates::delete))
        .route("/conversations/{id}/template", get(choosing::show).post(choosing::send))
        .route("/fragments/list", get(inbox::list_fragment))
        .route("/fragments/items/{id}", get(inbox::item_fragment))
        .route("/fragments/conversations/{id}/messages", get(inbox::messages_fragment))
        .route("/fragments/messages/{id}", get(inbox::message_fragment))
        .route("/conversations/{id}/messages", post(actions::send))
        .route("/conversations/{id}/read", post(actions::mark_read))
        .route("/conversations/{id}/status", post(actions::set_status))
        .route("/conversations/{id}/assignment", post(actions::assign))
        .route("/messages/{id}/reaction", post(actions::react))
        .route("/messages/{id}/retry", post(actions::retry))
        .route("/assets/{*path}", get(files::file))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .merge(files)
}
