//! What every request passes, whatever it asks for.

use super::{ask, served};
use crate::{
    Error,
    http::{Json, Path, current_ids},
};
use axum::{
    Router,
    http::header,
    response::Html,
    routing::{get, post},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;

fn desk() -> Router {
    served(
        Router::new()
            .route("/api/v1/rooms/{id}", get(|Path(id): Path<u32>| async move { Json(json!({ "id": id })) }))
            .route(
                "/api/v1/ids",
                get(|| async { current_ids().map(|ids| ids.request_id.to_string()).unwrap_or_default() }),
            )
            .route(
                "/api/v1/broken",
                get(|| async { Err::<(), _>(Error::internal("disk /dev/sda1 is gone")) }),
            )
            .route("/api/v1/panics", get(panics))
            .route("/cached.css", get(|| async { ([(header::CACHE_CONTROL, "public")], "a {}") }))
            .route("/", get(|| async { Html("<p>Olá</p>") }))
            .route("/form", post(|| async { "changed" })),
    )
}

async fn panics() -> &'static str {
    panic!("the till is empty")
}

#[tokio::test]
async fn a_request_can_be_followed_by_its_ids() {
    let own = ask(&desk(), "GET", "/api/v1/ids", &[], "").await;
    assert_eq!(own.header("x-request-id"), Some("00000000-0000-0000-0000-000000000007"));
    assert_eq!(own.header("x-trace-id"), Some("00000000000000000000000000000007"));
    assert_eq!(own.body, b"00000000-0000-0000-0000-000000000007");
    let brought =
        ask(&desk(), "GET", "/api/v1/ids", &[("x-request-id", "ana-1"), ("x-trace-id", "t-1")], "").await;
    assert_eq!((brought.header("x-request-id"), brought.header("x-trace-id")), (Some("ana-1"), Some("t-1")));
    assert_eq!(brought.body, b"ana-1");
}

#[tokio::test]
async fn every_refusal_is_a_problem_document_with_the_request_id() {
    for (method, path, status, code) in [
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("GET", "/api/v1/rooms/first", 400, "malformed"),
        ("DELETE", "/api/v1/rooms/1", 405, "method_not_allowed"),
        ("TRACE", "/api/v1/rooms/1", 405, "method_not_allowed"),
        ("GET", "/api/v1/broken", 500, "internal"),
        ("GET", "/api/v1/panics", 500, "internal"),
    ] {
        let refused = ask(&desk(), method, path, &[], "").await;
        assert_eq!(refused.status.as_u16(), status, "{method} {path}");
        assert_eq!(refused.header("content-type"), Some("application/problem+json"), "{method} {path}");
        let body = refused.json();
        assert_eq!((&body["code"], &body["status"]), (&json!(code), &json!(status)), "{method} {path}");
        assert_eq!(body["request_id"].as_str(), refused.header("x-request-id"), "{method} {path}");
        for internal in ["sda1", "till", "panicked", ".rs"] {
            assert!(!body.to_string().contains(internal), "{path} tells {internal}");
        }
    }
}

#[tokio::test]
async fn browsers_are_told_to_do_nothing_unless_it_is_a_page() {
    for (path, policy) in [("/", "script-src 'self'; "), ("/api/v1/rooms/1", "form-action 'none'")] {
        let answer = ask(&desk(), "GET", path, &[], "").await;
        let csp = answer.header("content-security-policy").unwrap();
        assert!(csp.starts_with("default-src 'none';") && csp.contains(policy), "{path}: {csp}");
        assert!(csp.contains("frame-ancestors 'none'") && csp.contains("base-uri 'none'"), "{path}: {csp}");
        assert!(!csp.contains("unsafe"), "{path}: {csp}");
    }
    for path in ["/", "/api/v1/rooms/1", "/nowhere", "/api/v1/panics"] {
        let answer = ask(&desk(), "GET", path, &[], "").await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path} {name}");
        }
        // Only a page may record, and nothing may see or know where it is.
        let permissions = answer.header("permissions-policy").unwrap();
        assert!(permissions.contains("camera=(), ") && permissions.contains("geolocation=(), "), "{path}");
        let microphone = if path == "/" { "microphone=(self), " } else { "microphone=(), " };
        assert!(
            permissions.contains(microphone) && answer.header("server").is_none(),
            "{path}: {permissions}"
        );
    }
    let asset = ask(&desk(), "GET", "/cached.css", &[], "").await;
    assert_eq!(asset.header("cache-control"), Some("public"), "what may be cached says so itself");
}

#[tokio::test]
async fn a_listed_page_may_read_answers_and_another_may_not() {
    for (origin, allowed) in [("https://app.example.com", true), ("https://evil.example", false)] {
        let answer = ask(&desk(), "GET", "/api/v1/rooms/1", &[("origin", origin)], "").await;
        assert_eq!(answer.header("access-control-allow-origin").is_some(), allowed, "{origin}");
        let asks = [("origin", origin), ("access-control-request-method", "PUT")];
        let preflight = ask(&desk(), "OPTIONS", "/api/v1/rooms/1", &asks, "").await;
        assert_eq!(preflight.status.as_u16(), 204, "{origin}");
        assert_eq!(preflight.header("access-control-allow-origin").is_some(), allowed, "{origin}");
        assert_eq!(preflight.header("access-control-allow-methods").is_some(), allowed, "{origin}");
    }
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let cookie = ("cookie", "session=abc");
    let forged = ask(&desk(), "POST", "/form", &[cookie, ("sec-fetch-site", "cross-site")], "").await;
    assert_eq!((forged.status.as_u16(), forged.json()["code"].clone()), (403, json!("cross_site")));
    let own = ask(&desk(), "POST", "/form", &[cookie, ("sec-fetch-site", "same-origin")], "").await;
    assert_eq!(own.body, b"changed");
}

#[test]
fn requests_are_counted_by_route_and_never_by_address() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let desk = desk();
            for path in ["/api/v1/rooms/1", "/api/v1/rooms/2", "/api/v1/rooms/x", "/wp-login.php?u=ana"] {
                ask(&desk, "GET", path, &[], "").await;
            }
            ask(&desk, "BREW", "/", &[], "").await;
        });
    });
    let text = recorder.handle().render();
    let counted = |method: &str, endpoint: &str, status: u16| {
        let labels = format!("{{method=\"{method}\",endpoint=\"{endpoint}\",status=\"{status}\"}} ");
        let line = text.lines().find(|line| line.starts_with(&format!("zelo_http_requests_total{labels}")));
        line.and_then(|line| line.rsplit(' ').next()).and_then(|count| count.parse::<u64>().ok())
    };
    assert_eq!(counted("GET", "/api/v1/rooms/{id}", 200), Some(2), "{text}");
    assert_eq!(counted("GET", "/api/v1/rooms/{id}", 400), Some(1), "{text}");
    assert_eq!(counted("GET", "unmatched", 404), Some(1), "{text}");
    assert_eq!(counted("OTHER", "/", 405), Some(1), "{text}");
    assert!(text.contains(
        "zelo_http_request_duration_seconds_count{method=\"GET\",endpoint=\"/api/v1/rooms/{id}\"} 3"
    ));
    assert!(!text.contains("rooms/1") && !text.contains("wp-login") && !text.contains("BREW"), "{text}");
}
