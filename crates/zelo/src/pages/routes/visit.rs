//! Who looks at a page, and how it is answered.

use super::address::checked_next;
use crate::{
    app::App,
    conversations::CONTACT_CHANGED,
    error::{Error, Result},
    http::current_ids,
    identity::{AgentScope, May},
    ids::UserId,
    media::{Refusal, fault_of},
    pages::{
        context::{PageContext, Theme},
        locale, render,
        view::{ErrorPage, Notice, NoticeKind},
    },
    rights::{Permission, Rights, Sight, to},
    tenants::TenantScope,
};
use axum::{
    body::Body,
    extract::{FromRequestParts, Query},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use uuid::Uuid;

/// The cookie that holds the chosen theme.
pub(super) const THEME_COOKIE: &str = "theme";
/// The cookie that holds the chosen language.
pub(super) const LANG_COOKIE: &str = "lang";
/// The cookie that holds the reader's minutes ahead of UTC.
const ZONE_COOKIE: &str = "tz";
/// Brasília, the clock of most readers; Brazil has had no summer time since 2019.
const BRASILIA: i32 = -180;
/// WhatsApp's limit of a text, in characters (Meta, messages/text-messages).
const LONGEST_TEXT: u32 = 4096;

/// One request for a page or a part of one.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    /// Language, theme and clock.
    pub(super) cx: PageContext,
    /// Whether a script asked, for a part of a page.
    pub(super) is_fragment: bool,
    /// The part that was asked for.
    pub(super) fragment: String,
    uri: Uri,
    is_read: bool,
}

impl Visit {
    fn of(parts: &Parts, app: &App) -> Self {
        let headers = &parts.headers;
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let cx = PageContext {
            lang: locale::choose(cookie(headers, LANG_COOKIE), accepted),
            theme: Theme::from_name(cookie(headers, THEME_COOKIE).unwrap_or_default()),
            now_ms: app.clock.now(),
            offset_minutes: zone(cookie(headers, ZONE_COOKIE)),
        };
        let fragment = headers.get("x-fragment").and_then(|value| value.to_str().ok());
        Self {
            cx,
            is_fragment: fragment.is_some() || parts.uri.path().starts_with("/fragments/"),
            fragment: fragment.unwrap_or_default().to_owned(),
            uri: parts.uri.clone(),
            is_read: parts.method == Method::GET,
        }
    }

    /// The parameters of the address; those that cannot be read are as if they were not there.
    pub(super) fn query<T: DeserializeOwned + Default>(&self) -> T {
        Query::try_from_uri(&self.uri).map(|Query(query)| query).unwrap_or_default()
    }

    /// The answer to what could not be done.
    pub(super) fn refuse(&self, error: Error) -> Response {
        if matches!(error, Error::Unauthorized) && !self.is_fragment {
            return self.to_login();
        }
        if matches!(error, Error::MfaRequired) && !self.is_fragment {
            return see(super::account::ENROL);
        }
        let request_id = current_ids().map(|ids| ids.request_id.to_string());
        let html = if self.is_fragment {
            render::notice(&self.cx, &notice(&error, None))
        } else {
            render::error(&self.cx, &ErrorPage { status: error.status().as_u16(), request_id })
        };
        with_body(error, html.unwrap_or_default())
    }

    fn to_login(&self) -> Response {
        let address = self.uri.path_and_query().map_or("/", |address| address.as_str());
        let next = checked_next(if self.is_read { address } else { "/" });
        match askama::filters::urlencode_strict(next) {
            Ok(next) => Redirect::to(&format!("/login?next={next}")).into_response(),
            Err(_) => Redirect::to("/login").into_response(),
        }
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Infallible> {
        Ok(Self::of(parts, app))
    }
}

/// A visit of one of a tenant's staff who may see conversations. Everybody else is refused with a page.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    pub(super) app: App,
    pub(super) scope: TenantScope,
    pub(super) user: UserId,
    pub(super) rights: Rights,
    pub(super) sight: Sight,
    pub(super) visit: Visit,
}

impl Desk {
    /// The answer, or the page that says why there is none.
    pub(super) fn answer(&self, result: Result<Response>) -> Response {
        result.unwrap_or_else(|error| self.visit.refuse(error))
    }

    /// Refuse those who lack a permission that goes beyond looking.
    pub(super) fn require(&self, permission: Permission) -> Result<()> {
        if self.rights.allow(permission) { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Language, theme and clock.
    pub(super) fn cx(&self) -> &PageContext {
        &self.visit.cx
    }
}

impl FromRequestParts<App> for Desk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Response> {
        let visit = Visit::of(parts, app);
        match May::<to::ReadConversations>::from_request_parts(parts, app).await.map(May::into_scope) {
            Ok(staff) => {
                let (sight, AgentScope { tenant, user, rights, .. }) = (staff.sight(), staff);
                Ok(Self { app: app.clone(), scope: tenant, user, rights, sight, visit })
            }
            Err(error) => Err(visit.refuse(error)),
        }
    }
}

/// The answer to a request that was refused before it came to its page.
pub(crate) fn refuse(app: &App, parts: &Parts, error: Error) -> Response {
    Visit::of(parts, app).refuse(error)
}

/// An id of an address.
///
/// # Errors
/// [`Error::NotFound`]: nothing is at an address without one.
pub(super) fn id(text: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(|_| Error::NotFound)
}

/// A page or fragment that was drawn.
pub(super) fn html(drawn: askama::Result<String>) -> Result<Response> {
    Ok(Html(drawn.map_err(Error::internal)?).into_response())
}

/// The answer of an error, with its status and headers, that people read. The error is logged on the way.
pub(super) fn with_body(error: Error, html: String) -> Response {
    let (mut head, _) = error.into_response().into_parts();
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Response::from_parts(head, Body::from(html))
}

/// What is said about an error where it happened. `closed_ms` is when the window closed, if it did.
pub(super) fn notice(error: &Error, closed_ms: Option<i64>) -> Notice {
    let kind = match error {
        Error::WindowClosed => NoticeKind::WindowClosed { since_ms: closed_ms },
        Error::Invalid(fields) if fields.iter().any(|field| field.field == "file") => {
            let reason = fields.iter().find_map(|field| Refusal::from_word(field.code)).map(NoticeKind::File);
            let fault = || fields.iter().find_map(|field| fault_of(field.code)).map(NoticeKind::Voice);
            reason.or_else(fault).unwrap_or(NoticeKind::EmptyText)
        }
        Error::Invalid(fields) => match fields.first().map(|field| field.code) {
            Some("required") => NoticeKind::EmptyText,
            Some("too_long") => NoticeKind::TextTooLong { limit: LONGEST_TEXT },
            _ => NoticeKind::Failed,
        },
        Error::PayloadTooLarge => NoticeKind::TextTooLong { limit: LONGEST_TEXT },
        Error::Forbidden => NoticeKind::NotAllowed,
        Error::Conflict { code: "newer_conversation" | "not_failed" | CONTACT_CHANGED, .. } => {
            NoticeKind::Conflict
        }
        Error::TooManyRequests { .. } => NoticeKind::SlowDown,
        Error::OverQuota(quota) => NoticeKind::OverQuota(*quota),
        _ => NoticeKind::Failed,
    };
    Notice { kind, request_id: current_ids().map(|ids| ids.request_id.to_string()) }
}

/// See another page, after a form did its work.
pub(super) fn see(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// Done, and nothing to show.
pub(super) fn nothing() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Clocks on Earth are from 12 hours behind UTC to 14 hours ahead.
fn zone(cookie: Option<&str>) -> i32 {
    let minutes = cookie.and_then(|minutes| minutes.parse().ok());
    minutes.filter(|minutes| (-12 * 60..=14 * 60).contains(minutes)).unwrap_or(BRASILIA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("mytheme=dark; theme=light; lang=en"));
        assert_eq!(cookie(&headers, THEME_COOKIE), Some("light"));
        assert_eq!(cookie(&headers, LANG_COOKIE), Some("en"));
        assert_eq!(cookie(&headers, ZONE_COOKIE), None);
    }

    #[test]
    fn a_clock_that_cannot_be_is_that_of_brasilia() {
        assert_eq!((zone(Some("60")), zone(Some("-240"))), (60, -240));
        for nonsense in [None, Some(""), Some("x"), Some("99999")] {
            assert_eq!(zone(nonsense), -180);
        }
    }

    #[test]
    fn a_stopped_channel_is_not_blamed_on_a_colleague() {
        let stopped = Error::Conflict { code: "channel_disabled", detail: String::new() };
        assert_eq!(notice(&stopped, None).kind, NoticeKind::Failed);
        let newer = Error::Conflict { code: "newer_conversation", detail: String::new() };
        assert_eq!(notice(&newer, None).kind, NoticeKind::Conflict);
    }

    #[test]
    fn a_closed_window_says_since_when() {
        let kind = notice(&Error::WindowClosed, Some(5)).kind;
        assert_eq!(kind, NoticeKind::WindowClosed { since_ms: Some(5) });
    }
}
