//! Identity: who somebody is, and the extractors that grant a scope.
//!
//! A log-in makes a session. Browsers carry it in a cookie; programs carry a short-lived access token (JWT) and a refresh
//! token that changes with every use. Every request looks the session up, so that an end of it counts at once.

mod caller;
mod login;
mod model;
mod password;
mod sessions;
mod store;
mod tokens;
mod users;

pub use caller::{AgentScope, Caller, May, PlatformScope, SessionCookie, session_cookie_name};
pub use login::{LoggedIn, end_session, log_in, log_in_with_cookie, refresh};
pub use model::{NewUser, Role, User};
pub use sessions::SignedIn;
pub use tokens::Identity;
pub use users::{create_user, get_user, list_users, load_users};
