//! Somebody here writes first: the person, the conversation and the message begin together, or not at all.

use crate::stage::{Agent, Number, Person, Tenant, TestApp};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use zelo::clock::MINUTE;

const HELENA: &str = "+55 11 98765-4321";

/// A hotel that has one template, which says that the room is ready.
async fn hotel(app: &TestApp) -> (Tenant, Agent, Person) {
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let body = json!({"type": "BODY", "text": "Seu quarto está pronto."});
    app.simulator.add_template(&hotel.number.waba_id, "quarto", "pt_BR", "MARKETING", vec![body]);
    hotel.owner().post("/message-templates/sync", &json!({})).await.ok();
    app.run_jobs().await;
    let helena = hotel.contact(HELENA);
    (hotel, ana, helena)
}

fn template(name: &str) -> Value {
    json!({"to": HELENA, "type": "template", "template": {"name": name, "language": {"code": "pt_BR"}}})
}

async fn nobody_is_there(ana: &Agent) -> bool {
    let contacts = ana.get("/contacts").await.ok();
    contacts["data"] == json!([]) && ana.conversations().await.is_empty()
}

#[tokio::test]
async fn what_is_refused_leaves_neither_a_person_nor_an_empty_conversation_behind() {
    let app = TestApp::new().await;
    let (_, ana, helena) = hotel(&app).await;
    let words = json!({"to": HELENA, "type": "text", "text": "Olá"});
    let mut quoting = template("quarto");
    quoting["reply_to"] = json!("0197c2a8-0000-7000-8000-000000000001");
    let mut filled = template("quarto");
    filled["template"]["components"] =
        json!([{"type": "body", "parameters": [{"type": "text", "text": "de mais"}]}]);
    for (send, status) in [(words, 409), (template("garagem"), 409), (quoting, 422), (filled, 422)] {
        assert_eq!(ana.post("/whatsapp/send", &send).await.status, status, "{send}");
        assert!(nobody_is_there(&ana).await, "{send}");
    }

    assert_eq!(ana.post("/whatsapp/send", &template("quarto")).await.status, 202);
    app.run_jobs().await;
    assert_eq!(ana.sees_conversations().await, ["Seu quarto está pronto."]);
    assert_eq!(ana.get("/contacts").await.ok()["data"].as_array().unwrap().len(), 1);
    assert_eq!(helena.received_wamids().len(), 1);
}

#[tokio::test]
async fn a_person_who_is_known_gets_no_empty_conversation_on_another_number_either() {
    let app = TestApp::new().await;
    let (hotel, ana, helena) = hotel(&app).await;
    helena.says("oi").await;
    app.run_jobs().await;
    let mut reception = hotel.clone();
    let Number { waba_id, app_secret, .. } = hotel.number.clone();
    reception.number = Number { waba_id, app_secret, ..Number::nth(app.next_number()) };
    reception.connect().await;
    let second = reception.channel.0.to_string();

    let words = json!({"channel_id": second, "to": HELENA, "type": "text", "text": "Olá"});
    assert_eq!(ana.post("/whatsapp/send", &words).await.problem(), (409, "window_closed"));
    assert_eq!(ana.conversations().await.len(), 1);
    let mut send = template("quarto");
    send["channel_id"] = json!(second);
    assert_eq!(ana.post("/whatsapp/send", &send).await.status, 202);
    assert_eq!(ana.conversations().await.len(), 2);
    app.run_jobs().await;
    assert_eq!(ana.get("/contacts").await.ok()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn many_who_write_first_to_the_same_stranger_begin_one_conversation() {
    let app = TestApp::new().await;
    let (_, ana, helena) = hotel(&app).await;
    let all = std::iter::repeat_with(|| {
        let ana = ana.clone();
        app.app.tasks.spawn(async move { ana.post("/whatsapp/send", &template("quarto")).await })
    });
    let mut conversations = BTreeSet::new();
    for sent in all.take(8).collect::<Vec<_>>() {
        let sent = sent.await.unwrap();
        assert_eq!(sent.status, 202, "{}", sent.text);
        conversations.insert(sent.body["conversation_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(conversations.len(), 1);
    assert_eq!(ana.get("/contacts").await.ok()["data"].as_array().unwrap().len(), 1);
    app.passes(MINUTE);
    app.run_jobs().await;
    assert_eq!(helena.received_wamids().len(), 8);
}

#[tokio::test]
async fn who_sees_only_their_own_conversations_has_the_one_that_they_begin() {
    let app = TestApp::new().await;
    let (hotel, ana, _) = hotel(&app).await;
    let me = ana.get("/auth/me").await.ok();
    let path = format!("/users/{}", me["id"].as_str().unwrap());
    hotel.owner().patch(&path, &json!({"visibility": "own"})).await.ok();
    let ana = Agent::known(&app, &ana.email);

    assert_eq!(ana.post("/whatsapp/send", &template("quarto")).await.status, 202);
    let begun = ana.the_conversation().await;
    assert_eq!(begun["assignee"]["id"], me["id"], "{begun}");
    // The next one goes into the same.
    assert_eq!(ana.post("/whatsapp/send", &template("quarto")).await.status, 202);
    assert_eq!(ana.conversations().await.len(), 1);
    app.run_jobs().await;
}
