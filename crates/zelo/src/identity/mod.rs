//! Identity: who somebody is, and the extractors that grant a scope.
//!
//! A log-in makes a session. Browsers carry it in a cookie; programs carry a short-lived access token (JWT) and a refresh
//! token that changes with every use. Every request looks the session up, so that an end of it counts at once: it ends
//! when it was ended, unused or old, and when what it stands on changed (password, second factor, role, state of the
//! account). Dangerous acts ask for [`Recent`].

mod caller;
mod client;
mod ending;
mod links;
mod login;
mod mfa;
mod model;
mod password;
mod password_rules;
mod passwords;
mod reauth;
mod recent;
mod refresh;
mod sessions;
mod staff;
mod store;
mod tokens;
mod users;

pub use caller::{AgentScope, Caller, May, PlatformScope, SessionCookie, session_cookie_name};
pub use client::Client;
pub use ending::{
    Session, end_all_sessions, end_own_session, end_session, end_session_of_token, list_sessions,
};
pub use links::{SEND_RESET, begin_setup, is_setup_open, send_reset, set_up};
pub use login::{Entered, Entrance, LoggedIn, log_in, log_in_with_code};
pub use mfa::{
    Enrolment, MfaPolicy, MfaStatus, confirm_mfa, disable_mfa, get_mfa_policy, get_mfa_status,
    regenerate_backup_codes, reset_mfa, set_mfa_policy, start_mfa,
};
pub use model::{BUILT_IN_ROLES, Invited, Invitee, NewUser, Role, User};
pub use password_rules::password_problem;
pub use passwords::{change_password, find_link_owner, forgot_password, reset_password};
pub use reauth::{Again, reauthenticate};
pub use recent::{Enrolling, Recent, RecentEnrolling};
pub use refresh::refresh;
pub use sessions::{Kind, SignedIn, forget_sessions, is_session_alive, keep_session};
pub(crate) use sessions::{changes, follow, publish_active};
pub use staff::{
    By, Member, StaffChange, Standing, change_user, change_user_within, count_with_role, find_standing,
    list_members, rights_of_user,
};
pub use tokens::Identity;
pub use users::{
    create_user, find_account, get_user, import_user, invite_again, invite_user, list_accounts, list_users,
    load_users, postmen,
};

/// Deal with what nobody asks for: half-finished log-ins, failures of long ago.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &crate::app::App) -> crate::error::Result<()> {
    mfa::sweep_challenges(app).await?;
    login::sweep_attempts(app).await
}
