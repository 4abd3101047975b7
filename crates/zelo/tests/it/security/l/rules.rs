//! Rules for networks, and clearing.

use super::networks::{BEHIND_A_PROXY, call_from};
use crate::stage::{Answer, PASSWORD, TestApp, http};
use reqwest::Method;
use serde_json::{Value, json};
use zelo::{
    app::App,
    clock::{Clock, MINUTE},
    crypto::MasterKey,
    identity::{self, NewUser, PlatformScope, Role},
    stores::open_stores,
};
use zeroize::Zeroizing;

/// The token of somebody who owns the platform.
pub(super) async fn platform_owner(app: &TestApp) -> String {
    let email = "dono@zelo.example.com".to_owned();
    let password = Zeroizing::new(PASSWORD.to_owned());
    let new = NewUser { name: "Dono".into(), email: email.clone(), role: Role::SuperAdmin, password };
    identity::create_user(&app.app, PlatformScope::tenant(), &new).await.unwrap();
    let body = json!({"email": email, "password": PASSWORD});
    let tokens = app.web.call(Method::POST, None, "/api/v1/auth/login", Some(&body)).await.ok();
    tokens["access_token"].as_str().unwrap().to_owned()
}

/// Call the API from an address, as a trusted proxy tells it.
pub(super) async fn send_from(
    app: &TestApp,
    token: &str,
    address: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Answer {
    let request = http()
        .request(method.parse().unwrap(), format!("{}/api/v1{path}", app.web.url))
        .header("x-forwarded-for", address)
        .bearer_auth(token)
        .json(body);
    Answer::of(request.send().await.unwrap()).await
}

/// Another process on the same data: what it knows, it read from the database.
pub(super) async fn another_process(app: &TestApp, clock: &Clock) -> App {
    let config = app.app.config.clone();
    let stores = open_stores(&config, clock).await.unwrap();
    let master = MasterKey::from_directory(&config.data.dir, true).unwrap();
    App::assemble(config, stores, master, clock.clone()).await.unwrap()
}

#[tokio::test]
async fn a_rule_holds_at_once_can_be_changed_and_ends_when_it_is_deleted() {
    let app = TestApp::with_settings(&[BEHIND_A_PROXY]).await;
    let owner = platform_owner(&app).await;
    let send = async |method: &str, path: &str, body: &Value| {
        send_from(&app, &owner, "198.51.100.1", method, path, body).await
    };
    let enters = async |address: &str| call_from(&app, address, "/login", &[]).await;
    assert_eq!(enters("203.0.113.9").await, 200);

    let new = json!({"network": "203.0.113.77/24", "action": "deny", "reason": "ataque de 12/11"});
    let rule = send("POST", "/admin/ip-rules", &new).await.ok();
    assert_eq!((&rule["network"], &rule["expires_at"]), (&json!("203.0.113.0/24"), &Value::Null));
    assert_eq!((enters("203.0.113.9").await, enters("203.0.114.9").await), (403, 200));
    // Operators' probes are answered all the same.
    assert_eq!(call_from(&app, "203.0.113.9", "/alive", &[]).await, 200);

    let path = format!("/admin/ip-rules/{}", rule["id"].as_str().unwrap());
    assert_eq!(send("GET", &path, &json!({})).await.ok(), rule);
    assert_eq!(send("POST", "/admin/ip-rules", &new).await.problem(), (409, "rule_exists"));
    assert_eq!(send("PATCH", &path, &json!({"action": "allow"})).await.ok()["action"], "allow");
    assert_eq!(enters("203.0.113.9").await, 200);
    let end = json!({"action": "deny", "expires_at": "2026-11-20T12:05:00Z"});
    assert_eq!(send("PATCH", &path, &end).await.ok()["reason"], "ataque de 12/11");
    assert_eq!(enters("203.0.113.9").await, 403);
    app.passes(5 * MINUTE);
    assert_eq!(enters("203.0.113.9").await, 200, "the rule has expired");
    assert_eq!(send("PATCH", &path, &json!({"expires_at": null})).await.status, 200);
    assert_eq!(enters("203.0.113.9").await, 403);
    assert_eq!(send("GET", "/admin/ip-rules", &json!({})).await.ok()["data"].as_array().unwrap().len(), 1);
    assert_eq!(send("DELETE", &path, &json!({})).await.status, 204);
    assert_eq!(enters("203.0.113.9").await, 200);
    assert_eq!(send("GET", &path, &json!({})).await.status, 404);
    assert_eq!(send("DELETE", &path, &json!({})).await.status, 404);
}

#[tokio::test]
async fn nobody_keeps_themselves_out_and_nonsense_is_refused() {
    let app = TestApp::with_settings(&[BEHIND_A_PROXY]).await;
    let owner = platform_owner(&app).await;
    for (network, action, problem) in [
        ("198.51.100.0/24", "deny", (409, "would_lock_you_out")),
        ("0.0.0.0/0", "deny", (409, "would_lock_you_out")),
        ("198.51.100.1", "deny", (409, "would_lock_you_out")),
        ("example.com", "deny", (422, "invalid")),
        ("198.51.100.0/33", "allow", (422, "invalid")),
        ("", "allow", (422, "invalid")),
    ] {
        let body = json!({"network": network, "action": action});
        let answer = send_from(&app, &owner, "198.51.100.1", "POST", "/admin/ip-rules", &body).await;
        assert_eq!(answer.problem(), problem, "{network}: {}", answer.text);
    }
    let body = json!({"network": "203.0.113.0/24", "action": "allow", "expires_at": "2020-01-01T00:00:00Z"});
    let answer = send_from(&app, &owner, "198.51.100.1", "POST", "/admin/ip-rules", &body).await;
    assert_eq!(answer.body["errors"][0]["field"], "expires_at");
    // A tenant's owner is not the platform's.
    let hotel = app.tenant("hotel").await;
    let token = hotel.owner().token().await;
    for (method, path) in [
        ("GET", "/admin/ip-rules"),
        ("POST", "/admin/ip-rules"),
        ("GET", "/admin/bans"),
        ("POST", "/admin/rate-limit/clear"),
    ] {
        let answer =
            send_from(&app, &token, "198.51.100.1", method, path, &json!({"ip": "203.0.113.1"})).await;
        assert_eq!(answer.status, 403, "{method} {path}");
    }
}

#[tokio::test]
async fn an_allowed_network_has_no_limit_by_address_and_another_process_hears_of_it() {
    let app = TestApp::with_settings(&[("limits.anonymous_per_minute", "2"), BEHIND_A_PROXY]).await;
    let owner = platform_owner(&app).await;
    let body = json!({"network": "203.0.113.0/24", "action": "allow"});
    send_from(&app, &owner, "198.51.100.1", "POST", "/admin/ip-rules", &body).await.ok();
    let denied = json!({"network": "192.0.2.0/24", "action": "deny"});
    send_from(&app, &owner, "198.51.100.1", "POST", "/admin/ip-rules", &denied).await.ok();
    for _ in 0..10 {
        assert_eq!(call_from(&app, "203.0.113.9", "/login", &[]).await, 200);
    }
    let statuses = [(); 3].map(|()| "192.0.3.1");
    let mut answered = Vec::new();
    for address in statuses {
        answered.push(call_from(&app, address, "/login", &[]).await);
    }
    assert_eq!(answered, [200, 200, 429]);

    let other = another_process(&app, &app.clock).await;
    let router = zelo::router::router(&other);
    let request = axum_request("192.0.2.9");
    let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
    assert_eq!(answer.status(), 403);
    other.stop.cancel();
}

/// A request that comes over the proxy, for a router that nobody serves.
fn axum_request(address: &str) -> axum::extract::Request {
    let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 4_711));
    axum::http::Request::builder()
        .uri("/login")
        .header("x-forwarded-for", address)
        .extension(axum::extract::ConnectInfo(peer))
        .body(axum::body::Body::empty())
        .unwrap()
}

#[tokio::test]
async fn clearing_forgets_what_was_counted_of_an_address_or_a_user() {
    let settings = [("limits.anonymous_per_minute", "1"), ("limits.user_per_minute", "3"), BEHIND_A_PROXY];
    let app = TestApp::with_settings(&settings).await;
    let owner = platform_owner(&app).await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let clear = async |body: Value| {
        send_from(&app, &owner, "198.51.100.1", "POST", "/admin/rate-limit/clear", &body).await
    };
    assert_eq!(call_from(&app, "2001:db8:1:1::7", "/login", &[]).await, 200);
    assert_eq!(call_from(&app, "2001:db8:1:1::8", "/login", &[]).await, 429);
    assert_eq!(clear(json!({"ip": "2001:db8:1:1::9"})).await.ok(), json!({"lifted_bans": 0}));
    assert_eq!(call_from(&app, "2001:db8:1:1::8", "/login", &[]).await, 200);
    assert_eq!(call_from(&app, "2001:db8:1:1::8", "/login", &[]).await, 429, "it counts anew");

    let id = ana.get("/users/me").await.ok()["id"].clone();
    ana.get("/users/me").await.ok();
    ana.get("/users/me").await.ok();
    assert_eq!(ana.get("/users/me").await.status, 429);
    assert_eq!(clear(json!({"user_id": id})).await.status, 200);
    assert_eq!(ana.get("/users/me").await.status, 200);
    app.passes(MINUTE);
    assert_eq!(clear(json!({"user_id": uuid::Uuid::from_u128(7)})).await.status, 404);
    for wrong in [json!({}), json!({"ip": "203.0.113.1", "user_id": id}), json!({"ip": "example.com"})] {
        app.passes(MINUTE);
        assert_eq!(clear(wrong.clone()).await.status, 422, "{wrong}");
    }
    assert_eq!(app.web.call(Method::POST, None, "/api/v1/admin/rate-limit/clear", None).await.status, 401);
}
