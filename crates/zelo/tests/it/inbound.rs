//! A customer writes, and the right people see it.

use crate::stage::TestApp;
use serde_json::{Value, json};
use simulator::Conditions;

#[tokio::test]
async fn an_inbound_text_reaches_the_inbox_of_its_tenant_and_of_no_other() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let (ana, beto) = (hotel.agent("ana").await, clinic.agent("beto").await);

    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    assert!(ana.sees_conversations().await.is_empty(), "nothing is shown before it was processed");
    app.run_jobs().await;

    assert_eq!(ana.sees_conversations().await, ["quero reservar"]);
    assert_eq!(ana.reads().await, ["quero reservar"]);
    assert!(beto.sees_conversations().await.is_empty());
    let conversation = ana.the_conversation().await;
    assert_eq!(conversation["contact"]["name"], "Helena Duarte");
    assert_eq!(conversation["status"], "open");
    assert_eq!(conversation["unread_count"], 1);
    assert_eq!(conversation["assignee"], Value::Null);
}

#[tokio::test]
async fn a_strangers_conversation_does_not_exist() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let (ana, beto) = (hotel.agent("ana").await, clinic.agent("beto").await);
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let conversation = ana.the_conversation().await;
    let id = conversation["id"].as_str().unwrap();

    assert_eq!(ana.get(&format!("/conversations/{id}")).await.status, 200);
    for path in [format!("/conversations/{id}"), format!("/conversations/{id}/messages")] {
        assert_eq!(beto.get(&path).await.status, 404, "{path}");
    }
    let text = json!({"type": "text", "text": "olá"});
    assert_eq!(beto.post(&format!("/conversations/{id}/messages"), &text).await.status, 404);
    let resolved = json!({"status": "resolved"});
    assert_eq!(beto.put(&format!("/conversations/{id}/status"), &resolved).await.status, 404);
    assert_eq!(beto.get("/contacts").await.ok()["data"], json!([]));
    app.run_jobs().await;

    assert_eq!(ana.the_conversation().await, conversation, "the attempts changed nothing");
    let anonymous = app.web.get("nobody", "/api/v1/conversations").await;
    assert_eq!(anonymous.status, 401);
}

#[tokio::test]
async fn letters_and_emoji_survive_metas_way_of_writing_them() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let text = "Olá! Às 14h já dá? 😕 «ção» \" \\ \u{2028} 日本";

    hotel.contact("+55 11 98765-4321").says(text).await;
    app.run_jobs().await;

    assert_eq!(ana.reads().await, [text]);
}

#[tokio::test]
async fn what_meta_posts_twice_is_stored_once() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    app.simulator.set_conditions(Conditions { duplicate: true, ..Conditions::default() });

    helena.says("quero reservar").await;
    app.run_jobs().await;
    helena.says("ainda está aí?").await;
    app.run_jobs().await;

    assert_eq!(ana.reads().await, ["quero reservar", "ainda está aí?"]);
    assert_eq!(ana.the_conversation().await["unread_count"], 2);
    let counts = app.counts().await;
    assert_eq!((counts.stored, counts.processed, counts.duplicate), (4, 2, 2));
}

#[tokio::test]
async fn the_same_message_in_two_bodies_of_one_batch_is_stored_once() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let message = text_from("5511987654321", "wamid.ONE", "oi");
    let twice = hotel.body(&json!({"messages": [message.clone(), message.clone()]}));
    let again = hotel.body(&json!({"messages": [message]}));

    for body in [&twice, &again, &twice] {
        hotel.receives(body).await.ok();
    }
    app.run_jobs().await;

    assert_eq!(ana.reads().await, ["oi"]);
    let counts = app.counts().await;
    assert_eq!((counts.stored, counts.processed, counts.duplicate), (3, 1, 2));
}

#[tokio::test]
async fn people_see_messages_by_metas_time_whatever_the_order_of_arrival() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let at = |seconds: i64, wamid: &str, text: &str| {
        let mut message = text_from("5511987654321", wamid, text);
        message["timestamp"] = json!((1_795_176_000 + seconds).to_string());
        hotel.body(&json!({"messages": [message]}))
    };

    hotel.receives(&at(20, "wamid.C", "terceira")).await.ok();
    hotel.receives(&at(0, "wamid.A", "primeira")).await.ok();
    app.run_jobs().await;
    hotel.receives(&at(10, "wamid.B", "segunda")).await.ok();
    app.run_jobs().await;

    assert_eq!(ana.reads().await, ["primeira", "segunda", "terceira"]);
    let seqs: Vec<i64> = seqs(&ana.messages(&ana.the_conversation().await).await);
    assert_eq!(seqs, [2, 3, 1], "the place of arrival is kept in seq");
}

#[tokio::test]
async fn a_body_of_a_thousand_updates_is_stored_whole_and_in_order() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let texts: Vec<String> = (0..1_000).map(|number| format!("mensagem {number}")).collect();
    let messages: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| text_from("5511987654321", &format!("wamid.{number}"), text))
        .collect();

    hotel.receives(&hotel.body(&json!({"messages": messages}))).await.ok();
    app.run_jobs().await;

    assert_eq!(ana.reads().await, texts);
    let counts = app.counts().await;
    assert_eq!((counts.stored, counts.processed), (1, 1), "one event is one request body");
}

#[tokio::test]
async fn a_body_of_three_megabytes_is_taken_and_read() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    // 800 texts of 4,096 characters, the longest that WhatsApp allows.
    let long = "z".repeat(3_900);
    let messages: Vec<Value> = (0..800)
        .map(|number| {
            text_from(&format!("55119{number:08}"), &format!("wamid.{number}"), &format!("{number} {long}"))
        })
        .collect();
    let body = hotel.body(&json!({"messages": messages}));
    assert!(body.to_string().len() > 3_000_000);

    hotel.receives(&body).await.ok();
    app.run_jobs().await;

    let stored = "select count(*) from messages where tenant_id = $1";
    assert_eq!(app.count(Some(hotel.id.0), stored).await, 800);
    let conversations = "select count(*) from conversations where tenant_id = $1";
    assert_eq!(app.count(Some(hotel.id.0), conversations).await, 800);
    let page = ana.get("/conversations?limit=200").await.ok();
    assert_eq!(page["data"].as_array().unwrap().len(), 200);
    assert!(page["next_cursor"].is_string());
}

#[tokio::test]
async fn one_body_may_speak_to_several_numbers_of_one_app() {
    let app = TestApp::new().await;
    let mut hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let lobby = hotel.number.clone();
    hotel.number.phone_number_id = format!("{}7", lobby.phone_number_id);
    hotel.connect().await;
    let spa = hotel.body(&json!({"messages": [text_from("5511987654321", "wamid.SPA", "massagem")]}));
    hotel.number = lobby;
    let mut both = hotel.body(&json!({"messages": [text_from("5511987654321", "wamid.LOBBY", "reserva")]}));
    let change = spa["entry"][0]["changes"][0].clone();
    both["entry"][0]["changes"].as_array_mut().unwrap().push(change);

    hotel.receives(&both).await.ok();
    app.run_jobs().await;

    let mut seen = ana.sees_conversations().await;
    seen.sort();
    assert_eq!(seen, ["massagem", "reserva"], "one person, two numbers, two conversations");
    assert_eq!(ana.get("/contacts").await.ok()["data"].as_array().unwrap().len(), 1);
}

/// An entry of `messages[]`.
pub(crate) fn text_from(wa_id: &str, wamid: &str, text: &str) -> Value {
    json!({"from": wa_id, "id": wamid, "timestamp": "1795176000", "type": "text", "text": {"body": text}})
}

pub(crate) fn seqs(messages: &[Value]) -> Vec<i64> {
    messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect()
}
