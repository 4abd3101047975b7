//! The page's own interface, as a browser uses it.

use std::sync::atomic::Ordering;

use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::stage::{ANA, AURORA, NOON, Stage, http};

async fn get(stage: &Stage, path: &str) -> Value {
    http().get(stage.url(path)).send().await.unwrap().json().await.unwrap()
}

async fn post(stage: &Stage, path: &str, body: &Value) -> reqwest::Response {
    http().post(stage.url(path)).json(body).send().await.unwrap()
}

#[tokio::test]
async fn the_page_comes_in_both_languages_under_a_strict_policy() {
    let stage = Stage::new().await;
    let page = http().get(stage.url("/simulator")).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(page.text().await.unwrap().contains("Quem escreve"));
    let page = http().get(stage.url("/simulator?lang=en")).send().await.unwrap();
    let english = page.text().await.unwrap();
    assert!(english.contains("Who writes") && english.contains("http://localhost:8080/"));
    for (name, _) in english.match_indices("/simulator/assets/") {
        let path = english[name..].split('"').next().unwrap();
        assert_eq!(http().get(stage.url(path)).send().await.unwrap().status(), 200, "{path}");
    }
    assert_eq!(http().get(stage.url("/simulator/assets/Cargo.toml")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn somebody_new_is_added_writes_and_is_answered() {
    let stage = Stage::new().await;
    let new = json!({"name": "Helena", "phone": "11 98765-4321"});
    let helena =
        post(&stage, "/simulator/api/contacts", &new).await.json::<Value>().await.unwrap()["id"].clone();
    let chat = format!("/simulator/api/talks/{AURORA}/{helena}");
    let said = json!({"type": "text", "body": "Vocês têm berço?"});
    assert_eq!(post(&stage, &format!("{chat}/messages"), &said).await.status(), 201);
    stage.simulator.idle().await;
    assert_eq!(stage.desk.heard(), ["Vocês têm berço?"]);
    stage.send_text("5511987654321", "Temos").await.unwrap();
    let talk = get(&stage, &chat).await;
    assert_eq!(
        (talk["turns"][1]["content"]["text"]["body"].as_str(), talk["unread"].as_u64()),
        (Some("Temos"), Some(1))
    );
    assert_eq!(get(&stage, "/simulator/api/state").await["contacts"][3]["unread"][AURORA], 1);
    assert_eq!(post(&stage, &format!("{chat}/read"), &json!({})).await.status(), 204);
    assert_eq!(get(&stage, &chat).await["unread"], 0);
}

#[tokio::test]
async fn the_window_runs_down_with_the_clock() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    let chat = format!("/simulator/api/talks/{AURORA}/1");
    stage.clock.store((NOON + 3_600) * 1_000, Ordering::Relaxed);
    assert_eq!(get(&stage, &chat).await["window_left_ms"], 23 * 3_600 * 1_000);
    post(&stage, "/simulator/api/clock", &json!({"advance_ms": 24 * 3_600 * 1_000})).await;
    assert_eq!(get(&stage, &chat).await["window_left_ms"], Value::Null);
    assert_eq!(stage.refusal(ANA).await, 131_047);
}

#[tokio::test]
async fn conditions_are_set_and_shown() {
    let stage = Stage::new().await;
    let wanted = json!({"duplicate": true, "delay_ms": 5, "fail_next": {"code": 131_056}});
    http().put(stage.url("/simulator/api/conditions")).json(&wanted).send().await.unwrap();
    let shown = get(&stage, "/simulator/api/state").await["conditions"].clone();
    assert_eq!(shown["duplicate"], true);
    assert_eq!(shown["out_of_order"], false);
    assert_eq!(shown["fail_next"], json!({"code": 131_056, "form": "answer"}));
    stage.hears(stage.ana, "Oi").await;
    assert_eq!(stage.refusal(ANA).await, 131_056);
    assert_eq!(get(&stage, "/simulator/api/state").await["conditions"]["fail_next"], Value::Null);
}

#[tokio::test]
async fn the_log_shows_both_directions_newest_first() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    stage.refusal("12").await;
    let log = get(&stage, "/simulator/api/log").await;
    let lines: Vec<(&str, &str, u64)> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap();
            (text("direction"), text("label"), entry["http_status"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(lines, [("sent", "POST /messages text", 400), ("received", "messages.text", 200)]);
    assert_eq!(log[0]["code"], 131_009);
}

#[tokio::test]
async fn the_stream_tells_that_something_changed() {
    let stage = Stage::new().await;
    let response = http().get(stage.url("/simulator/api/stream")).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut events = response.bytes_stream();
    stage.hears(stage.ana, "Oi").await;
    let first = events.next().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: changed\ndata: "), "{first:?}");
}

#[tokio::test]
async fn files_are_shown_and_cannot_run() {
    let stage = Stage::new().await;
    let path = format!("/simulator/api/files/{AURORA}");
    let html = http().post(stage.url(&path)).header("content-type", "text/html").body("<script>").send();
    let id = html.await.unwrap().json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let shown = http().get(stage.url(&format!("/simulator/api/files/{id}"))).send().await.unwrap();
    assert_eq!(shown.headers()["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(shown.headers()["x-content-type-options"], "nosniff");
    assert_eq!(shown.text().await.unwrap(), "<script>");
}

#[tokio::test]
async fn unknown_people_and_other_sites_are_refused() {
    let stage = Stage::new().await;
    let said = json!({"type": "text", "body": "Oi"});
    let nobody = post(&stage, &format!("/simulator/api/talks/{AURORA}/99/messages"), &said).await;
    assert_eq!(nobody.status(), 404);
    let chat = stage.url(&format!("/simulator/api/talks/{AURORA}/1/messages"));
    let other = http().post(chat).header("sec-fetch-site", "cross-site").json(&said).send().await.unwrap();
    assert_eq!(other.status(), 403);
    stage.simulator.idle().await;
    assert!(stage.desk.heard().is_empty());
}

#[tokio::test]
async fn a_channel_can_be_connected_without_a_line_of_rust() {
    let stage = Stage::new().await;
    let new = json!({"phone_number_id": "7", "waba_id": "8", "phone": "+55 11 3000-0000", "business_name": "Nova",
                     "access_token": "t", "app_secret": "s", "callback_url": null, "verify_token": "v"});
    assert_eq!(post(&stage, "/simulator/api/channels", &new).await.status(), 201);
    let client = stage.client();
    let info = client.check("7", &whatsapp::client::AccessToken::new("t")).await.unwrap();
    assert_eq!(info.verified_name.as_deref(), Some("Nova"));
    assert_eq!(get(&stage, "/simulator/api/state").await["channels"].as_array().unwrap().len(), 3);
}
