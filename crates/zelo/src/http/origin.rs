//! Which pages may call: CORS for other origins, and the guard against forged requests (CSRF).

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, x-api-key, x-request-id, x-trace-id, traceparent",
);
const EXPOSED: HeaderValue =
    HeaderValue::from_static("x-request-id, x-trace-id, ratelimit, ratelimit-policy, retry-after");
/// Seconds for which a browser remembers the answer to a preflight; longer would delay taking an origin off the list.
const REMEMBER: HeaderValue = HeaderValue::from_static("600");

/// The origins that are known: this server's own, and those of other pages that the operator allows.
pub(super) struct Origins {
    own: Option<String>,
    allowed: Vec<HeaderValue>,
}

impl Origins {
    /// `own` is how people reach this server, `allowed` the list of exact other origins.
    pub(super) fn new(own: Option<&str>, allowed: &[String]) -> Self {
        Self {
            own: own.map(|url| url.trim_end_matches('/').to_owned()),
            allowed: allowed.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect(),
        }
    }

    /// The answer to a browser that asks before it calls; none for any other request.
    pub(super) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        let asks = *method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let origin = headers.get(header::ORIGIN).filter(|_| asks)?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        if self.allowed.contains(origin) {
            let out = response.headers_mut();
            out.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
            out.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBER);
        }
        Some(response)
    }

    /// Let a listed page read the answer. Cookies stay out of it: pages of other origins use tokens.
    pub(super) fn permit(&self, origin: Option<&HeaderValue>, out: &mut HeaderMap) {
        if self.allowed.is_empty() {
            return;
        }
        // A cache must keep the answers to different pages apart.
        out.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = origin.filter(|origin| self.allowed.contains(origin)) {
            out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            out.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }

    /// Whether another site's page may have made the browser send this: a request that changes something, carries
    /// what a browser adds by itself (a cookie) or what a plain form can send, and does not come from our own pages.
    ///
    /// Every current browser says where a request comes from (`Sec-Fetch-Site`, and `Origin` where the connection is
    /// not encrypted); a request that says neither comes from a program, which no other site can make send a cookie.
    pub(super) fn is_forged(&self, method: &Method, headers: &HeaderMap) -> bool {
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return false;
        }
        // Bearer tokens and API keys are never added by the browser itself.
        let has_token = headers.contains_key(header::AUTHORIZATION) || headers.contains_key("x-api-key");
        let is_exposed = headers.contains_key(header::COOKIE) || (!has_token && is_form(headers));
        is_exposed && !self.is_own_page(headers)
    }

    /// Whether a page that is not known tries to open a socket: browsers let any page do that, and ask nobody before.
    /// Programs send no `Origin`.
    pub(super) fn is_foreign_socket(&self, path: &str, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN).filter(|_| path.starts_with("/socket.io/")) else {
            return false;
        };
        !self.allowed.contains(origin) && !self.is_own_page(headers)
    }

    fn is_own_page(&self, headers: &HeaderMap) -> bool {
        if let Some(site) = headers.get("sec-fetch-site") {
            return site == "same-origin" || site == "none";
        }
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        if self.own.as_deref() == Some(origin) {
            return true;
        }
        // Without a public address the name that the browser itself used is the server's.
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        self.own.is_none() && host.is_some() && origin.split_once("://").map(|(_, host)| host) == host
    }
}

/// The three kinds of body that a form of another site can send without asking first (Fetch, CORS-safelisted
/// Content-Type), and none at all.
fn is_form(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return true };
    let kind = kind.to_str().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
        .iter()
        .any(|form| kind.eq_ignore_ascii_case(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    fn origins() -> Origins {
        let allowed = ["https://app.example.com".to_owned(), "http://localhost:3000".to_owned()];
        Origins::new(Some("https://desk.example.com"), &allowed)
    }

    fn permitted(origin: &str) -> bool {
        let mut out = HeaderMap::new();
        origins().permit(HeaderValue::from_str(origin).ok().as_ref(), &mut out);
        assert_eq!(out["vary"], "origin");
        match out.get("access-control-allow-origin") {
            Some(value) => value == origin,
            None => false,
        }
    }

    #[test]
    fn only_listed_origins_may_read_answers() {
        assert!(permitted("https://app.example.com") && permitted("http://localhost:3000"));
        for trick in [
            "null",
            "*",
            "",
            "https://app.example.com.evil.example",
            "https://evilapp.example.com",
            "https://sub.app.example.com",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com/",
            "https://APP.example.com",
            "https://app.example.co",
            "https://app.example.com@evil.example",
            "https://app.example.com%00.evil.example",
            "https://app_example.com",
            "https://app.example.com, https://evil.example",
            "http://localhost",
            "http://localhost:30000",
            "http://localhost:3000.evil.example",
            "file://",
            "https://",
            "app.example.com",
            "https://example.com",
            "https://desk.example.com.evil.example",
            "https://xn--app-example.com",
            "HTTPS://app.example.com",
            "https://app.example.com#x",
            "https://app.example.com?x",
            "moz-extension://app.example.com",
            "data:text/html,x",
            "https://127.0.0.1",
        ] {
            assert!(!permitted(trick), "{trick}");
        }
    }

    #[test]
    fn a_preflight_of_a_stranger_gets_no_permission() {
        let ask = |origin| headers(&[("origin", origin), ("access-control-request-method", "DELETE")]);
        let known = origins().preflight(&Method::OPTIONS, &ask("https://app.example.com")).unwrap();
        assert!(known.headers().contains_key("access-control-allow-methods"));
        assert!(!known.headers().contains_key("access-control-allow-credentials"));
        let stranger = origins().preflight(&Method::OPTIONS, &ask("https://evil.example")).unwrap();
        assert!(stranger.headers().is_empty());
        assert!(origins().preflight(&Method::POST, &ask("https://app.example.com")).is_none());
    }

    #[test]
    fn a_page_of_another_site_cannot_use_the_session_of_a_visitor() {
        let forged = |pairs: &[(&str, &str)]| origins().is_forged(&Method::POST, &headers(pairs));
        let json = ("content-type", "application/json");
        let cookie = ("cookie", "session=x");
        for site in ["cross-site", "same-site", "", "Same-Origin"] {
            assert!(forged(&[cookie, json, ("sec-fetch-site", site)]), "{site}");
        }
        for origin in ["https://evil.example", "null", "https://desk.example.com.evil.example"] {
            assert!(forged(&[cookie, json, ("origin", origin)]), "{origin}");
            // A forged Host cannot vouch for a page where the public address is known.
            assert!(forged(&[cookie, json, ("origin", origin), ("host", "evil.example")]), "{origin}");
        }
        // Logging a visitor in under a stranger's name needs no cookie.
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        assert!(forged(&[form, ("sec-fetch-site", "cross-site")]));
        assert!(forged(&[("content-type", "text/plain"), ("origin", "https://evil.example")]));
        assert!(forged(&[cookie, ("authorization", "Bearer x"), ("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn our_own_pages_programs_and_listed_origins_go_through() {
        let forged = |pairs: &[(&str, &str)]| origins().is_forged(&Method::POST, &headers(pairs));
        let json = ("content-type", "application/json");
        let cookie = ("cookie", "session=x");
        assert!(!forged(&[cookie, json, ("sec-fetch-site", "same-origin")]));
        assert!(!forged(&[cookie, json, ("origin", "https://desk.example.com")]));
        assert!(!forged(&[cookie, json]), "a program with a cookie");
        assert!(!forged(&[json]), "a webhook");
        assert!(!forged(&[json, ("origin", "https://app.example.com"), ("sec-fetch-site", "cross-site")]));
        assert!(!forged(&[json, ("authorization", "Bearer x"), ("sec-fetch-site", "cross-site")]));
        let visit = headers(&[cookie, ("sec-fetch-site", "cross-site")]);
        assert!(!origins().is_forged(&Method::GET, &visit), "following a link");
    }

    #[test]
    fn without_a_public_address_the_name_in_use_is_our_own() {
        let local = Origins::new(None, &[]);
        let from = |origin| headers(&[("cookie", "s=1"), ("origin", origin), ("host", "127.0.0.1:8080")]);
        assert!(!local.is_forged(&Method::POST, &from("http://127.0.0.1:8080")));
        assert!(local.is_forged(&Method::POST, &from("http://127.0.0.1:9090")));
    }
}
