//! A tenant that is stopped (row S04), and what the platform's owner does with tenants.

use crate::stage::{Agent, PASSWORD, Socket, TestApp, http};
use reqwest::Method;
use serde_json::json;
use zelo::{
    identity::{self, NewUser, Role},
    ids::TenantId,
};
use zeroize::Zeroizing;

async fn root(app: &TestApp) -> Agent {
    let email = "root@zelo.example.com".to_owned();
    let password = Zeroizing::new(PASSWORD.to_owned());
    let new = NewUser { name: "Root".into(), email: email.clone(), role: Role::SuperAdmin, password };
    identity::create_user(&app.app, TenantId(uuid::Uuid::nil()), &new).await.unwrap();
    Agent::known(app, &email)
}

#[tokio::test]
async fn s04_a_suspended_tenant_stops_at_once_and_loses_no_message() {
    let app = TestApp::new().await;
    let (hotel, root) = (app.tenant("hotel").await, root(&app).await);
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    let owner = hotel.owner();
    let token = owner.token().await;
    let key = json!({"name": "n8n", "permissions": ["contacts:read"]});
    let key = owner.post("/api-keys", &key).await.ok()["secret"].as_str().unwrap().to_owned();
    let mut socket =
        Socket::open(&app.web.url, &json!({"token": token})).await.unwrap_or_else(|it| panic!("{it}"));

    let path = format!("/tenants/{}", hotel.id);
    let changed = root.patch(&path, &json!({"status": "SUSPENDED", "plan": "PRO"})).await.ok();
    assert_eq!((&changed["status"], &changed["plan"]), (&json!("suspended"), &json!("pro")));
    assert_eq!(app.web.get(&token, "/api/v1/conversations").await.status, 401);
    let with_key = http().get(format!("{}/api/v1/contacts", app.web.url)).header("x-api-key", &key);
    assert_eq!(with_key.send().await.unwrap().status().as_u16(), 401);
    let log_in = json!({"email": owner.email, "password": PASSWORD});
    let again = app.web.call(Method::POST, None, "/api/v1/auth/login", Some(&log_in)).await;
    assert_eq!(again.status, 401);
    socket.is_closed_by_the_server().await;
    helena.says("ainda estou aqui").await;
    app.run_jobs().await;

    root.patch(&path, &json!({"status": "active"})).await.ok();
    let owner = Agent::known(&app, &owner.email);
    assert_eq!(owner.reads().await, ["quero reservar", "ainda estou aqui"]);
}

#[tokio::test]
async fn r01_tenants_are_the_platforms_alone() {
    let app = TestApp::new().await;
    let (hotel, root) = (app.tenant("hotel").await, root(&app).await);
    let path = format!("/tenants/{}", hotel.id);
    assert_eq!(root.get(&path).await.ok()["slug"], "hotel");
    assert_eq!(root.get("/tenants/01890a5d-ac96-774b-bcce-b302099a8057").await.status, 404);
    assert_eq!(root.patch(&path, &json!({"name": " "})).await.status, 422);
    assert_eq!(root.patch(&path, &json!({"name": "Hotel Mirante"})).await.ok()["name"], "Hotel Mirante");
    assert_eq!(hotel.owner().patch(&path, &json!({"plan": "enterprise"})).await.status, 403);
    assert_eq!(root.get("/conversations").await.status, 403, "the platform sees no conversation");
}

#[tokio::test]
async fn a_tenants_tax_number_is_checked_and_lies_nowhere_in_clear() {
    let app = TestApp::new().await;
    let root = root(&app).await;
    let new = |tax_id: &str| json!({"name": "Ateliê da Bia", "slug": "bia", "tax_id": tax_id});
    for (wrong, code) in [("529.982.247-24", "check_digits"), ("529", "format"), ("", "format")] {
        let answer = root.post("/tenants", &new(wrong)).await;
        let error = &answer.body["errors"][0];
        assert_eq!((answer.status, &error["field"], &error["code"]), (422, &json!("tax_id"), &json!(code)));
    }
    let bia = root.post("/tenants", &new("52998224725")).await.ok();
    assert_eq!(bia["tax_id"], "529.982.247-25");
    let path = format!("/tenants/{}", bia["id"].as_str().unwrap());
    root.patch(&path, &json!({"name": "Ateliê"})).await.ok();
    assert_eq!(root.get(&path).await.ok()["tax_id"], "529.982.247-25", "what is not said stays");
    assert!(!crate::secrecy::lies_in_clear(&app, "52998224725").await);
    root.patch(&path, &json!({"tax_id": "12.ABC.345/01DE-35"})).await.ok();
    assert_eq!(root.get(&path).await.ok()["tax_id"], "12.ABC.345/01DE-35");
    root.patch(&path, &json!({"tax_id": null})).await.ok();
    assert!(root.get(&path).await.ok()["tax_id"].is_null());
}
