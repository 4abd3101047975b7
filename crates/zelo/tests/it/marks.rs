//! Reactions, edits and deletions stand on the message that they change, and reach those who look at it.

use crate::stage::{Agent, Tenant, TestApp};
use serde_json::{Value, json};

fn message(wamid: &str, seconds: i64, more: &Value) -> Value {
    let at = (1_795_176_000 + seconds).to_string();
    let mut message = json!({"from": "5511987654321", "id": wamid, "timestamp": at});
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    message
}

async fn arrives(hotel: &Tenant, message: &Value) {
    hotel.receives(&hotel.body(&json!({"messages": [message]}))).await.ok();
    hotel.app.run_jobs().await;
}

async fn of_wamid(ana: &Agent, wamid: &str) -> Value {
    let all = ana.messages(&ana.the_conversation().await).await;
    all.into_iter().find(|message| message["wamid"] == wamid).unwrap()
}

fn reaction(emoji: Option<&str>) -> Value {
    let mut reaction = json!({"message_id": "wamid.A"});
    if let Some(emoji) = emoji {
        reaction["emoji"] = json!(emoji);
    }
    json!({"type": "reaction", "reaction": reaction})
}

#[tokio::test]
async fn a_reaction_waits_for_its_message_and_can_be_changed_and_taken_back() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;

    arrives(&hotel, &message("wamid.R1", 5, &reaction(Some("👍")))).await;
    arrives(&hotel, &message("wamid.A", 0, &json!({"type": "text", "text": {"body": "pronto?"}}))).await;
    let seen = of_wamid(&ana, "wamid.A").await;
    assert_eq!(
        (&seen["reactions"][0]["emoji"], &seen["reactions"][0]["direction"]),
        (&json!("👍"), &json!("inbound"))
    );
    assert_eq!(ana.sees_conversations().await, ["pronto?"], "a reaction is no last message");
    assert_eq!(ana.the_conversation().await["unread_count"], 1);

    arrives(&hotel, &message("wamid.R3", 9, &reaction(None))).await;
    assert_eq!(of_wamid(&ana, "wamid.A").await["reactions"], json!([]));
    // A change that comes late was made before the reaction was taken back.
    arrives(&hotel, &message("wamid.R2", 7, &reaction(Some("🎉")))).await;
    assert_eq!(of_wamid(&ana, "wamid.A").await["reactions"], json!([]));
}

#[tokio::test]
async fn what_changes_a_message_is_news_of_that_message() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    arrives(&hotel, &message("wamid.A", 0, &json!({"type": "text", "text": {"body": "às dez"}}))).await;
    let before = ana.the_conversation().await;

    let edit =
        json!({"original_message_id": "wamid.A", "message": {"type": "text", "text": {"body": "às onze"}}});
    arrives(&hotel, &message("wamid.E", 9, &json!({"type": "edit", "edit": edit}))).await;

    let path =
        format!("/conversations/{}/messages?after_seq={}", before["id"].as_str().unwrap(), before["seq"]);
    let changed = ana.get(&path).await.ok();
    let changed = changed["data"].as_array().unwrap();
    let edited = changed.iter().find(|message| message["wamid"] == "wamid.A").unwrap();
    assert_eq!(edited["text"], "às onze");
    assert!(edited["edited_at"].is_string());
    let edit = changed.iter().find(|message| message["wamid"] == "wamid.E").unwrap();
    assert_eq!(
        (&edit["text"], &edit["changes"]),
        (&Value::Null, &edited["id"]),
        "its words stand on the message"
    );
    assert_eq!(ana.sees_conversations().await, ["às onze"]);
}

#[tokio::test]
async fn nobody_changes_what_somebody_else_wrote() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    hotel.contact("+55 11 98765-4321").says("oi").await;
    app.run_jobs().await;
    arrives(&hotel, &message("wamid.A", 0, &json!({"type": "text", "text": {"body": "reserva para dois"}})))
        .await;
    let conversation = ana.the_conversation().await;
    ana.answers("Está reservado").await.ok();
    app.run_jobs().await;
    let answer = ana.newest().await["wamid"].as_str().unwrap().to_owned();

    // Another contact who knows the ids, and Helena with ours.
    for (sender, target) in [("5511911112222", "wamid.A"), ("5511987654321", answer.as_str())] {
        let mut forged = message(
            &format!("wamid.F{sender}"),
            9,
            &json!({"type": "revoke", "revoke": {"original_message_id": target}}),
        );
        forged["from"] = json!(sender);
        arrives(&hotel, &forged).await;
    }

    let texts: Vec<Value> =
        ana.messages(&conversation).await.iter().map(|message| message["text"].clone()).collect();
    assert!(
        texts.contains(&json!("reserva para dois")) && texts.contains(&json!("Está reservado")),
        "{texts:?}"
    );
}

#[tokio::test]
async fn what_asks_for_nothing_does_not_wake_a_resolved_conversation() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    arrives(&hotel, &message("wamid.A", 0, &json!({"type": "text", "text": {"body": "obrigada!"}}))).await;
    let id = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    ana.put(&format!("/conversations/{id}/status"), &json!({"status": "resolved"})).await.ok();

    arrives(&hotel, &message("wamid.R", 60, &reaction(Some("❤️")))).await;

    let conversation = ana.the_conversation().await;
    assert_eq!((&conversation["status"], &conversation["unread_count"]), (&json!("resolved"), &json!(1)));
    assert_eq!(of_wamid(&ana, "wamid.A").await["reactions"][0]["emoji"], "❤️");
}
