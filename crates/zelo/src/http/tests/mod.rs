mod idempotency;
mod input;
mod requests;

use crate::config::{Config, Sources};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt as _;
use uuid::Uuid;

/// An answer with its body read.
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A router behind the layers of a server that people reach at https://desk.example.com.
fn served(router: Router) -> Router {
    let sources = Sources::default()
        .with_flag("server.public_url", "https://desk.example.com", "--public-url")
        .with_flag("server.cors_origins", "https://app.example.com", "--cors");
    let config = Config::load(&sources).unwrap();
    super::Stack::new(&config, Arc::new(|| Uuid::from_u128(7))).wrap(router)
}

async fn ask(router: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answered {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
    Answered { status: parts.status, headers: parts.headers, body }
}
