//! Logging in and out, and what a browser remembers.

use super::{
    account::ENROL,
    address::checked_next,
    doors::ask_for_code,
    visit::{LANG_COOKIE, THEME_COOKIE, Visit, html, see, with_body},
};
use crate::{
    app::App,
    error::{Error, Result},
    http::Json,
    identity::{self, Caller, Client, Entered, Entrance, Kind, session_cookie_name},
    pages::{
        context::Theme,
        locale::Lang,
        render,
        view::{LoginError, LoginPage},
    },
};
use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A year, in seconds: a choice of theme is kept until it is changed.
const KEPT: u32 = 365 * 24 * 60 * 60;

/// Where the log-in page leads to.
#[derive(Default, Deserialize)]
pub(super) struct Onward {
    next: Option<String>,
}

/// The log-in page; those who are signed in go on, the platform's own people to their account.
pub(super) async fn show_login(State(app): State<App>, visit: Visit, caller: Option<Caller>) -> Response {
    let onward: Onward = visit.query();
    let next = checked_next(onward.next.as_deref().unwrap_or("/"));
    match caller {
        Some(caller) if caller.signed_in.role.is_platform() => return see("/account"),
        Some(_) => return see(next),
        None => {}
    }
    let page = LoginPage { next: next.to_owned(), host: host(&app), ..LoginPage::default() };
    html(render::login(&visit.cx, &page)).unwrap_or_else(|error| visit.refuse(error))
}

/// What the log-in form sends.
#[derive(Deserialize)]
pub(super) struct Credentials {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// Log in: a cookie, and on to the page that was asked for.
pub(super) async fn log_in(
    State(app): State<App>,
    visit: Visit,
    client: Client,
    form: std::result::Result<Form<Credentials>, FormRejection>,
) -> Response {
    let Ok(Form(Credentials { email, password, next })) = form else {
        return visit.refuse(Error::Malformed("The form could not be read.".into()));
    };
    let (next, password) = (checked_next(&next), Zeroizing::new(password));
    match identity::log_in(&app, Kind::Cookie, &email, password, &client).await {
        Ok(Entrance::In(entered)) => welcome(&app, &entered, next),
        Ok(Entrance::Code(token)) => ask_for_code(&app, &visit, &token, next),
        Err(error) => {
            let cause = login_error(&error);
            let page = LoginPage { next: next.to_owned(), email, error: Some(cause), host: host(&app) };
            with_body(error, render::login(&visit.cx, &page).unwrap_or_default())
        }
    }
}

/// On to the page, with the cookie of the session, and the one by which this browser will be known.
pub(super) fn welcome(app: &App, entered: &Entered, next: &str) -> Response {
    let next = match next {
        _ if entered.must_enrol => ENROL,
        // The inbox is a tenant's.
        "/" if entered.is_of_platform() => "/account",
        next => next,
    };
    let mut response = (session_cookie(app, &entered.cookie()), see(next)).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&entered.known_browser) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn login_error(error: &Error) -> LoginError {
    match error {
        Error::Unauthorized => LoginError::Mismatch { attempts_left: None },
        Error::TooManyRequests { retry_after, .. } => LoginError::TooManyAttempts {
            retry_after_s: u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX),
        },
        _ => LoginError::Failed,
    }
}

/// End the session. What the browser kept of it goes too.
pub(super) async fn log_out(State(app): State<App>, visit: Visit, caller: Option<Caller>) -> Response {
    if let Some(Caller { signed_in }) = caller
        && let Err(error) = identity::end_session(&app, signed_in.tenant, signed_in.session).await
    {
        return visit.refuse(error);
    }
    let clear = HeaderValue::from_static("\"cache\", \"storage\"");
    let headers = [(HeaderName::from_static("clear-site-data"), clear)];
    (no_session_cookie(&app), headers, see("/login")).into_response()
}

/// A header that sets a cookie; several of them are appended, not replaced.
pub(super) type CookieHeader = AppendHeaders<[(HeaderName, String); 1]>;

/// Kept for as long as a session can last; the server ends it earlier where it must.
fn session_cookie(app: &App, value: &str) -> CookieHeader {
    cookie(app, value, u64::from(app.config.auth.browser_hours) * 3600)
}

fn no_session_cookie(app: &App) -> CookieHeader {
    cookie(app, "", 0)
}

/// Long enough for the second step, whose secret ends by then anyway.
const CODE_AWAITED: u64 = 300;

fn challenge_cookie_name(is_development: bool) -> &'static str {
    if is_development { "zelo_code" } else { "__Host-zelo_code" }
}

/// Keeps the secret of a half-finished log-in out of the page.
pub(super) fn challenge_cookie(app: &App, token: &str) -> CookieHeader {
    named_cookie(app, challenge_cookie_name(app.config.is_development()), token, CODE_AWAITED)
}

pub(super) fn no_challenge_cookie(app: &App) -> CookieHeader {
    named_cookie(app, challenge_cookie_name(app.config.is_development()), "", 0)
}

/// The secret of the half-finished log-in, if the browser has one.
pub(super) fn find_challenge(app: &App, headers: &HeaderMap) -> Option<String> {
    super::visit::cookie(headers, challenge_cookie_name(app.config.is_development())).map(str::to_owned)
}

fn cookie(app: &App, value: &str, seconds: u64) -> CookieHeader {
    named_cookie(app, session_cookie_name(app.config.is_development()), value, seconds)
}

fn named_cookie(app: &App, name: &str, value: &str, seconds: u64) -> CookieHeader {
    let secure = secure(app.config.is_development());
    AppendHeaders([(
        header::SET_COOKIE,
        format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}"),
    )])
}

fn secure(is_development: bool) -> &'static str {
    if is_development { "" } else { "; Secure" }
}

/// What the forms for theme and language send: one of them.
#[derive(Deserialize)]
pub(super) struct Preferences {
    theme: Option<String>,
    lang: Option<String>,
    #[serde(default)]
    next: String,
}

/// Remember a theme or a language in the browser; works without a session.
pub(super) async fn prefer(
    State(app): State<App>,
    visit: Visit,
    form: std::result::Result<Form<Preferences>, FormRejection>,
) -> Response {
    let Ok(Form(Preferences { theme, lang, next })) = form else {
        return visit.refuse(Error::Malformed("The form could not be read.".into()));
    };
    let mut response = if visit.is_fragment { super::visit::nothing() } else { see(checked_next(&next)) };
    let theme = theme.map(|theme| (THEME_COOKIE, Theme::from_name(&theme).name()));
    let lang = lang.and_then(|lang| Lang::from_tag(&lang)).map(|lang| (LANG_COOKIE, lang.tag()));
    let secure = secure(app.config.is_development());
    for (name, value) in theme.into_iter().chain(lang) {
        let cookie = format!("{name}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={KEPT}{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// A short-lived token.
#[derive(Serialize)]
pub(super) struct Token {
    token: String,
}

/// The token with which a page opens its socket.
pub(super) async fn token(State(app): State<App>, caller: Caller) -> Result<Json<Token>> {
    Ok(Json(Token { token: caller.access_token(&app)? }))
}

fn host(app: &App) -> String {
    let url = app.config.public_url();
    url.split_once("://").map_or(url.as_str(), |(_, host)| host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_wrong_password_is_told_apart_from_a_fault_of_ours() {
        assert_eq!(login_error(&Error::Unauthorized), LoginError::Mismatch { attempts_left: None });
        assert_eq!(login_error(&Error::Unavailable(None)), LoginError::Failed);
        let wait = Error::TooManyRequests { retry_after: Duration::from_secs(90), refusal: None };
        assert_eq!(login_error(&wait), LoginError::TooManyAttempts { retry_after_s: 90 });
    }
}
