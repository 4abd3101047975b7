//! Identity: who somebody is, and the extractors that grant a scope.
//!
//! A log-in makes a session. Browsers carry it in a cookie; programs carry a short-lived access token (JWT) and a refresh
//! token that changes with every use. Every request looks the session up, so that an end of it counts at once: it ends
//! when it was ended, unused or old, and when what it stands on changed (password, second factor, role, state of the
//! account). Dangerous acts ask for [`Recent`].

mod caller;
mod client;
mod ending;
mod login;
mod model;
mod password;
mod reauth;
mod recent;
mod refresh;
mod sessions;
mod store;
mod tokens;
mod users;

pub use caller::{AgentScope, Caller, May, PlatformScope, SessionCookie, session_cookie_name};
pub use client::{Client, device_cookie_name};
pub use ending::{
    Session, end_all_sessions, end_own_session, end_session, end_session_of_token, list_sessions,
};
pub use login::{Entered, Entrance, LoggedIn, log_in};
pub use model::{NewUser, Role, User};
pub use reauth::reauthenticate;
pub use recent::{Enrolling, Recent};
pub use refresh::refresh;
pub(crate) use sessions::follow;
pub use sessions::{Kind, SignedIn, forget_sessions};
pub use tokens::Identity;
pub use users::{create_user, get_user, list_users, load_users};
