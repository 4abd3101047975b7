//! Calling the application from outside, as anybody would.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::collections::HashMap;
use whatsapp::signature;

/// A client that calls this machine only.
#[expect(clippy::disallowed_methods, reason = "a test has clients of its own; its calls go to loopback only")]
pub(crate) fn http() -> reqwest::Client {
    zelo::install_crypto_provider();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// The same, for tests that look at redirects themselves.
#[expect(clippy::disallowed_methods, reason = "a test has clients of its own; its calls go to loopback only")]
pub(crate) fn http_without_redirects() -> reqwest::Client {
    zelo::install_crypto_provider();
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// An application as its callers see it.
#[derive(Clone, Debug)]
pub(crate) struct Web {
    pub(crate) url: String,
    http: reqwest::Client,
}

/// What the application answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    /// The body as JSON; null where it is something else.
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Web {
    pub(crate) fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), http: http() }
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(Method::GET, Some(token), path, None).await
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        token: Option<&str>,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    /// A request that the test makes up itself; [`Web::answer`] sends it.
    pub(crate) fn request(&self, method: Method, url: &str) -> reqwest::RequestBuilder {
        self.http.request(method, url)
    }

    pub(crate) async fn answer(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::of(request.send().await.unwrap()).await
    }

    /// A form of one of our own pages.
    pub(crate) async fn post_form(&self, path: &str, form: impl Into<String>) -> Answer {
        let request = self
            .http
            .post(format!("{}{path}", self.url))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        Answer::of(request.body(form.into()).send().await.unwrap()).await
    }

    /// A webhook as Meta posts it: these bytes, signed with this secret.
    pub(crate) async fn post_signed(&self, secret: &str, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        let signature = signature::sign(secret, &body);
        self.post_webhook("/webhooks/whatsapp", Some(&signature), body).await
    }

    pub(crate) async fn post_webhook(&self, path: &str, signature: Option<&str>, body: Vec<u8>) -> Answer {
        let mut request =
            self.http.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        Answer::of(request.body(body).send().await.unwrap()).await
    }
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let is_api = response.url().path().starts_with("/api/");
        let headers: HashMap<String, String> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let text = response.text().await.unwrap();
        let answer = Self { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text };
        answer.assert_is_guarded();
        // The answer to HEAD has no body.
        if is_api && status >= 400 && !answer.text.is_empty() {
            answer.assert_is_a_problem();
        }
        answer
    }

    /// Every answer, whatever it is, tells browsers what it may do (H03).
    #[track_caller]
    fn assert_is_guarded(&self) {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(self.headers.get(name).map(String::as_str), Some(value), "{name}: {}", self.text);
        }
        let policy = self.headers.get("content-security-policy").map(String::as_str).unwrap_or_default();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}: {}",
            self.text
        );
        assert!(self.headers.contains_key("permissions-policy"), "{}", self.text);
        for banner in ["server", "x-powered-by", "via"] {
            assert!(!self.headers.contains_key(banner), "{banner}: {}", self.text);
        }
    }

    /// Every refusal of the API has the members of RFC 9457 and ours, and nothing of our insides (I11).
    #[track_caller]
    pub(crate) fn assert_is_a_problem(&self) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{} {}", self.status, self.text);
        let body = &self.body;
        assert_eq!(body["status"], self.status, "{}", self.text);
        for member in ["type", "title", "detail", "code", "request_id"] {
            assert!(body[member].as_str().is_some_and(|it| !it.is_empty()), "{member}: {}", self.text);
        }
        assert_eq!(body["request_id"].as_str(), self.headers.get("x-request-id").map(String::as_str));
        assert_eq!(body["code"] == "invalid", body["errors"].is_array(), "{}", self.text);
        for inside in [
            ".rs:",
            "panicked",
            "rusqlite",
            "sqlx",
            "postgres",
            "select ",
            "insert into",
            "/crates/",
            "stack backtrace",
        ] {
            assert!(!self.text.contains(inside), "{inside}: {}", self.text);
        }
    }

    /// The body of an answer that went well.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        let went_well = StatusCode::from_u16(self.status).is_ok_and(|status| status.is_success());
        assert!(went_well, "answered {}: {}", self.status, self.text);
        self.body
    }

    /// The status and the code of a problem document.
    pub(crate) fn problem(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }
}
