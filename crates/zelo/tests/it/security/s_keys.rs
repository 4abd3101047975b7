//! API keys (row S12).

use crate::stage::{Agent, Answer, TestApp, http};
use reqwest::Method;
use serde_json::{Value, json};
use zelo::{
    clock::{DAY, HOUR, MINUTE},
    identity::Role,
    rights::Permission,
};

/// Call with a key, in one header or the other.
async fn with_key(app: &TestApp, header: &str, key: &str, path: &str) -> u16 {
    let value = if header == "authorization" { format!("Bearer {key}") } else { key.to_owned() };
    let request = http().get(format!("{}/api/v1{path}", app.web.url)).header(header, value);
    request.send().await.unwrap().status().as_u16()
}

async fn make(maker: &Agent, body: Value) -> (String, String) {
    let made = maker.post("/api-keys", &body).await.ok();
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn s12_a_key_is_shown_once_and_only_its_digest_is_kept() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (id, secret) = make(hotel.owner(), json!({"name": "n8n", "permissions": ["contacts:read"]})).await;
    assert!(secret.starts_with("zelo_live_") && secret.len() == 82, "{secret}");
    let listed = hotel.owner().get("/api-keys").await;
    assert!(!listed.text.contains(&secret) && listed.text.contains(&secret[..14]));
    for header in ["x-api-key", "authorization"] {
        assert_eq!(with_key(&app, header, &secret, "/contacts").await, 200);
    }
    let known = hotel.owner().get("/api-keys").await.ok()["data"][0].clone();
    assert_eq!(known["id"], id);
    assert!(known["last_used_at"].as_str().unwrap().starts_with("2026-11-20T12:00:00"), "{known}");
    // Neither the key nor its secret digits are anywhere in the files.
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(app.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    let raw = &secret.as_bytes()[14..74];
    assert!(!bytes.windows(raw.len()).any(|window| window == raw), "the key lies in a file");
}

#[tokio::test]
async fn s12_a_wrong_key_opens_nothing() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (_, secret) = make(hotel.owner(), json!({"name": "n8n", "permissions": ["*"]})).await;
    let mut other = secret.clone();
    other.replace_range(20..21, if &secret[20..21] == "0" { "1" } else { "0" });
    for key in ["", "x", "zelo_live_", &other, &secret[..81], &format!("{secret}0")] {
        assert_eq!(with_key(&app, "x-api-key", key, "/contacts").await, 401, "{key}");
    }
    // Nor does a right one open what is a person's own.
    assert_eq!(with_key(&app, "authorization", &secret, "/auth/me").await, 401);
    assert_eq!(with_key(&app, "authorization", &secret, "/tenants").await, 401);
}

/// Every permission, alone: it opens its own routes and no other.
#[tokio::test]
async fn s12_a_key_opens_exactly_what_it_was_given() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let reads = [
        ("/conversations", Permission::ReadConversations),
        ("/contacts", Permission::ReadContacts),
        ("/channels", Permission::ReadChannels),
        ("/users", Permission::ReadUsers),
        ("/roles", Permission::ReadRoles),
        ("/teams", Permission::ReadTeams),
        ("/api-keys", Permission::ReadApiKeys),
        ("/channel-notices", Permission::WriteChannels),
    ];
    for permission in Permission::ALL {
        let body = json!({"name": permission.as_str(), "permissions": [permission.as_str()]});
        let (_, secret) = make(hotel.owner(), body).await;
        for (path, demanded) in reads {
            let expected = if demanded == *permission { 200 } else { 403 };
            assert_eq!(with_key(&app, "x-api-key", &secret, path).await, expected, "{permission} at {path}");
        }
    }
}

#[tokio::test]
async fn s12_a_key_is_never_stronger_than_its_maker() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let alda = hotel.staff("alda", Role::Admin).await;
    let strong = json!({"name": "forte", "permissions": ["owners:write"]});
    assert_eq!(alda.post("/api-keys", &strong).await.status, 403);
    let (_, secret) =
        make(&alda, json!({"name": "n8n", "permissions": ["users:read", "contacts:read"]})).await;
    assert_eq!(with_key(&app, "x-api-key", &secret, "/users").await, 200);
    let path = format!("/users/{}", alda.get("/auth/me").await.ok()["id"].as_str().unwrap());
    hotel.owner().patch(&path, &json!({"role": "viewer"})).await.ok();
    assert_eq!(with_key(&app, "x-api-key", &secret, "/users").await, 403, "what its maker lost");
    assert_eq!(with_key(&app, "x-api-key", &secret, "/contacts").await, 200, "what its maker kept");
    hotel.owner().patch(&path, &json!({"is_active": false})).await.ok();
    assert_eq!(with_key(&app, "x-api-key", &secret, "/contacts").await, 401);
}

#[tokio::test]
async fn s12_a_key_ends_when_it_expires_or_is_revoked_and_works_only_from_its_networks() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let owner = hotel.owner();
    let read = json!(["contacts:read"]);
    let (_, short) =
        make(owner, json!({"name": "curta", "permissions": read, "expires_at": "2026-11-20T13:00:00Z"}))
            .await;
    let (id, revoked) = make(owner, json!({"name": "revogada", "permissions": read})).await;
    let (_, near) =
        make(owner, json!({"name": "aqui", "permissions": read, "networks": ["127.0.0.0/8", "::1"]})).await;
    let (_, far) =
        make(owner, json!({"name": "longe", "permissions": read, "networks": ["10.0.0.0/8"]})).await;
    assert_eq!(with_key(&app, "x-api-key", &short, "/contacts").await, 200);
    assert_eq!(with_key(&app, "x-api-key", &revoked, "/contacts").await, 200);
    assert_eq!(with_key(&app, "x-api-key", &near, "/contacts").await, 200);
    assert_eq!(with_key(&app, "x-api-key", &far, "/contacts").await, 401);
    assert_eq!(owner.delete(&format!("/api-keys/{id}")).await.status, 204);
    assert_eq!(with_key(&app, "x-api-key", &revoked, "/contacts").await, 401);
    app.passes(HOUR);
    assert_eq!(with_key(&app, "x-api-key", &short, "/contacts").await, 401);
    for wrong in [
        json!({"networks": ["nowhere"]}),
        json!({"expires_at": "2020-01-01T00:00:00Z"}),
        json!({"permissions": ["contact:read"]}),
    ] {
        let mut body = json!({"name": "x", "permissions": ["contacts:read"]});
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let answer: Answer = Agent::known(&app, &owner.email).post("/api-keys", &body).await;
        assert_eq!(answer.status, 422, "{body}");
    }
}

#[tokio::test]
async fn s12_while_a_key_is_rotated_no_call_fails() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let owner = hotel.owner();
    let (id, old) = make(owner, json!({"name": "n8n", "permissions": ["contacts:read"]})).await;
    let calls = async {
        for _ in 0..50 {
            assert_eq!(with_key(&app, "x-api-key", &old, "/contacts").await, 200);
        }
    };
    let body = json!({"overlap_seconds": 3600});
    let path = format!("/api-keys/{id}/rotate");
    let (_, rotated) = tokio::join!(calls, owner.post(&path, &body));
    let new = rotated.ok()["secret"].as_str().unwrap().to_owned();
    for key in [&old, &new] {
        assert_eq!(with_key(&app, "x-api-key", key, "/contacts").await, 200);
    }
    app.passes(HOUR + MINUTE);
    assert_eq!(with_key(&app, "x-api-key", &old, "/contacts").await, 401, "the overlap is over");
    assert_eq!(with_key(&app, "x-api-key", &new, "/contacts").await, 200);
    let again = Agent::known(&app, &owner.email).post(&path, &json!({})).await;
    assert_eq!(again.problem(), (409, "key_is_over"));
    app.passes(DAY);
}

#[tokio::test]
async fn s12_making_a_key_asks_for_a_recent_log_in() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let token = hotel.owner().token().await;
    app.passes(6 * MINUTE);
    let body = json!({"name": "n8n", "permissions": ["contacts:read"]});
    let answer = app.web.call(Method::POST, Some(&token), "/api/v1/api-keys", Some(&body)).await;
    assert_eq!(answer.problem(), (403, "reauth_required"));
}
