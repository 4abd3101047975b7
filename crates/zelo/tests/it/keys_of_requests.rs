//! `Idempotency-Key`: what is sent again makes nothing twice.

use crate::stage::{Agent, Answer, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

async fn keyed(app: &TestApp, who: &Agent, key: &str, path: &str, body: &Value) -> Answer {
    let url = format!("{}/api/v1{path}", app.web.url);
    let request = app.web.request(Method::POST, &url).bearer_auth(who.token().await);
    app.web.answer(request.header("idempotency-key", key).json(body)).await
}

fn is_a_repetition(answer: &Answer) -> bool {
    answer.headers.contains_key("idempotency-replayed")
}

#[tokio::test]
async fn a_team_that_is_asked_for_again_is_made_once() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (dona, eva) = (hotel.owner(), hotel.staff("eva", zelo::identity::Role::Admin).await);
    let wanted = json!({"name": "Reservas"});
    let first = keyed(&app, dona, "k1", "/teams", &wanted).await;
    let again = keyed(&app, dona, "k1", "/teams", &wanted).await;
    assert_eq!((first.status, is_a_repetition(&first)), (201, false), "{}", first.text);
    assert_eq!((again.status, is_a_repetition(&again), &again.body), (201, true, &first.body));
    let other = keyed(&app, dona, "k1", "/teams", &json!({"name": "Recepção"})).await;
    assert_eq!((other.status, &other.body["errors"][0]["code"]), (422, &json!("idempotency_key_reused")));
    assert_eq!(dona.get("/teams").await.ok()["data"].as_array().unwrap().len(), 1);

    // A key is its caller's: a colleague's does not meet it, and the name is taken.
    assert_eq!(keyed(&app, &eva, "k1", "/teams", &wanted).await.status, 409);
    let overlong = "k".repeat(256);
    assert_eq!(keyed(&app, dona, &overlong, "/teams", &wanted).await.status, 400);
}

#[tokio::test]
async fn what_was_refused_may_be_mended_under_its_key() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    assert_eq!(keyed(&app, hotel.owner(), "k1", "/teams", &json!({"name": ""})).await.status, 422);
    assert_eq!(keyed(&app, hotel.owner(), "k1", "/teams", &json!({"name": "Reservas"})).await.status, 201);
}

#[tokio::test]
async fn ten_copies_at_once_make_one_api_key_and_show_one_secret() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let wanted = json!({"name": "ERP", "permissions": ["contacts:read"]});
    let copies = (0..10).map(|_| keyed(&app, hotel.owner(), "k1", "/api-keys", &wanted));
    let mut shown = Vec::new();
    for answer in futures_util::future::join_all(copies).await {
        match answer.status {
            201 => shown.push(answer.body["secret"].clone()),
            _ => assert_eq!(answer.problem(), (409, "idempotency_in_flight")),
        }
    }
    shown.push(keyed(&app, hotel.owner(), "k1", "/api-keys", &wanted).await.ok()["secret"].clone());
    assert!(shown[0].is_string(), "{shown:?}");
    shown.dedup();
    assert_eq!(shown.len(), 1);
    assert_eq!(hotel.owner().get("/api-keys").await.ok()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_may_not_make_it_gets_no_answer_that_somebody_else_got() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let wanted = json!({"name": "Reservas"});
    assert_eq!(keyed(&app, hotel.owner(), "k1", "/teams", &wanted).await.status, 201);
    assert_eq!(keyed(&app, &ana, "k1", "/teams", &wanted).await.status, 403);
    let url = format!("{}/api/v1/teams", app.web.url);
    let nobody = app.web.request(Method::POST, &url).header("idempotency-key", "k1").json(&wanted);
    assert_eq!(app.web.answer(nobody).await.status, 401);
}
