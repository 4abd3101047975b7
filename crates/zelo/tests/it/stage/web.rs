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
    async fn of(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let text = response.text().await.unwrap();
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
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
