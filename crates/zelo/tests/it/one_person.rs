//! One person stays one contact with one conversation, whatever Meta calls them; and what was merged can be parted.

use crate::stage::{Agent, Tenant, TestApp};
use serde_json::{Value, json};
use zelo::identity::Role;

pub(crate) const BY_ID: &str = "BR.77000000000000000001";
const BY_NEW_ID: &str = "BR.77000000000000000002";

/// Somebody writes, called this by Meta.
pub(crate) async fn writes(hotel: &Tenant, wamid: &str, seconds: i64, called: &Value, text: &str) {
    let at = (1_795_176_000 + seconds).to_string();
    let mut message = json!({"id": wamid, "timestamp": at, "type": "text", "text": {"body": text}});
    message.as_object_mut().unwrap().extend(called.as_object().unwrap().clone());
    hotel.receives(&hotel.body(&json!({"messages": [message]}))).await.ok();
    hotel.app.run_jobs().await;
}

/// To whom the newest message went: the field of Meta's call, and what it holds.
async fn answered(ana: &Agent, text: &str) -> (&'static str, String) {
    assert_eq!(ana.answers(text).await.status, 202);
    ana.app.run_jobs().await;
    let calls = ana.app.simulator.log();
    let call = calls
        .iter()
        .rev()
        .find(|call| call.label.starts_with("POST") && call.payload["text"]["body"] == text);
    let payload = &call.unwrap_or_else(|| panic!("{text} did not leave")).payload;
    match (payload["to"].as_str(), payload["recipient"].as_str()) {
        (Some(to), None) => ("to", to.to_owned()),
        (None, Some(recipient)) => ("recipient", recipient.to_owned()),
        other => panic!("{other:?}"),
    }
}

async fn contacts(ana: &Agent) -> Vec<Value> {
    ana.get("/contacts").await.ok()["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn somebody_first_seen_by_id_then_with_a_number_then_with_a_new_id_stays_one() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;

    writes(&hotel, "wamid.1", 0, &json!({"from_user_id": BY_ID}), "só com usuário").await;
    assert_eq!(answered(&ana, "Oi!").await, ("recipient", BY_ID.to_owned()));
    writes(
        &hotel,
        "wamid.2",
        10,
        &json!({"from_user_id": BY_ID, "from": "5511987654321"}),
        "agora com número",
    )
    .await;
    assert_eq!(answered(&ana, "Anotado").await, ("to", "+5511987654321".to_owned()));
    writes(
        &hotel,
        "wamid.3",
        20,
        &json!({"from_user_id": BY_NEW_ID, "from": "5511987654321"}),
        "com outro id",
    )
    .await;

    let [contact] = contacts(&ana).await.try_into().unwrap();
    assert_eq!((&contact["user_id"], &contact["phone"]), (&json!(BY_NEW_ID), &json!("+55 (11) 98765-4321")));
    assert_eq!(ana.conversations().await.len(), 1);
    let texts = ana.reads().await;
    for text in ["só com usuário", "agora com número", "com outro id"] {
        assert!(texts.iter().any(|it| it == text), "{text}: {texts:?}");
    }
    assert_eq!(
        hotel.owner().get("/contact-merges").await.ok()["data"],
        json!([]),
        "there was nothing to merge"
    );
}

#[tokio::test]
async fn whoever_leaves_a_number_without_sharing_the_next_is_written_to_by_id() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    writes(&hotel, "wamid.1", 0, &json!({"from_user_id": BY_ID, "from": "5511987654321"}), "oi").await;
    let moved = json!({"id": "wamid.2", "timestamp": "1795176010", "type": "system", "system": {
        "body": "User changed", "user_id": BY_NEW_ID, "previous_user_id": BY_ID, "type": "user_changed_user_id"}});
    hotel.receives(&hotel.body(&json!({"messages": [moved]}))).await.ok();
    app.run_jobs().await;

    assert_eq!(answered(&ana, "Continua aí?").await, ("recipient", BY_NEW_ID.to_owned()));
    // Somebody else gets the number that was left.
    writes(
        &hotel,
        "wamid.3",
        20,
        &json!({"from_user_id": "BR.88", "from": "5511987654321"}),
        "sou outra pessoa",
    )
    .await;
    assert_eq!(contacts(&ana).await.len(), 2, "the next owner of a number is a stranger");
    assert_eq!(ana.conversations().await.len(), 2);
}

/// An agent wrote to a number; its owner writes by id first, and with both later.
async fn two_that_are_one(app: &TestApp) -> (Tenant, Agent, [Value; 2]) {
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    writes(&hotel, "wamid.1", 0, &json!({"from": "5511987654321"}), "pelo número").await;
    writes(&hotel, "wamid.2", 10, &json!({"from_user_id": BY_ID}), "pelo usuário").await;
    let both: Vec<Value> = contacts(&ana).await;
    assert_eq!(both.len(), 2);
    writes(&hotel, "wamid.3", 20, &json!({"from": "5511987654321", "from_user_id": BY_ID}), "pelos dois")
        .await;
    let [second, first] = both.try_into().unwrap();
    (hotel, ana, [first, second])
}

#[tokio::test]
async fn two_contacts_that_turn_out_to_be_one_person_are_merged_and_nothing_is_lost() {
    let app = TestApp::new().await;
    let (hotel, ana, [first, second]) = two_that_are_one(&app).await;

    let [contact] = contacts(&ana).await.try_into().unwrap();
    assert_eq!(contact["id"], first["id"], "the older one stands for both");
    assert_eq!((&contact["user_id"], &contact["phone"]), (&json!(BY_ID), &json!("+55 (11) 98765-4321")));
    let gone = ana.get(&format!("/contacts/{}", second["id"].as_str().unwrap())).await.ok();
    assert_eq!(gone["merged_into"], first["id"]);
    let (mut texts, mut open) = (Vec::new(), 0);
    for conversation in ana.conversations().await {
        assert_eq!(conversation["contact"]["id"], first["id"]);
        open += usize::from(conversation["status"] == "open");
        texts.extend(ana.messages(&conversation).await.iter().map(|message| message["text"].clone()));
    }
    texts.sort_by_key(ToString::to_string);
    assert_eq!(texts, ["pelo número", "pelo usuário", "pelos dois"]);
    assert_eq!(open, 1, "one conversation is under way");
    let merge = hotel.owner().get("/contact-merges").await.ok()["data"][0].clone();
    assert_eq!((&merge["kept_contact_id"], &merge["reason"]), (&first["id"], &json!("same_number")));
    let log = hotel.owner().get("/audit-logs?event_type=contact_update").await.ok();
    assert_eq!(log["data"][0]["action"], "contacts_merged");
    assert_eq!(log["data"][0]["target"]["id"], first["id"]);
}

#[tokio::test]
async fn a_merge_is_undone_and_does_not_happen_again_by_itself() {
    let app = TestApp::new().await;
    let (hotel, ana, [first, second]) = two_that_are_one(&app).await;
    let merge = hotel.owner().get("/contact-merges").await.ok()["data"][0].clone();
    let path = format!("/contact-merges/{}", merge["id"].as_str().unwrap());

    assert_eq!(ana.delete(&path).await.status, 403, "an agent may not");
    let eva = hotel.staff("eva", Role::Supervisor).await;
    assert!(eva.delete(&path).await.ok()["undone_at"].is_string());
    assert_eq!(eva.delete(&path).await.status, 409);

    let both = contacts(&ana).await;
    assert_eq!(both.len(), 2);
    let of = |id: &Value| both.iter().find(|contact| contact["id"] == *id).unwrap().clone();
    assert_eq!((&of(&first["id"])["user_id"], &of(&second["id"])["user_id"]), (&Value::Null, &json!(BY_ID)));
    let mut texts = Vec::new();
    for conversation in ana.conversations().await {
        for message in ana.messages(&conversation).await {
            texts.push((conversation["contact"]["id"].clone(), message["text"].clone()));
        }
    }
    assert!(texts.contains(&(second["id"].clone(), json!("pelo usuário"))), "{texts:?}");
    assert!(texts.contains(&(first["id"].clone(), json!("pelo número"))), "{texts:?}");

    writes(&hotel, "wamid.4", 30, &json!({"from": "5511987654321", "from_user_id": BY_ID}), "de novo").await;
    assert_eq!(contacts(&ana).await.len(), 2, "a person has said that they are two");
    let log = hotel.owner().get("/audit-logs?event_type=contact_update").await.ok();
    assert_eq!(log["data"][0]["action"], "merge_undone");
    assert_eq!(log["data"][0]["actor"]["type"], "user");
}

#[tokio::test]
async fn nobody_else_is_merged_by_a_strangers_number() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    writes(&hotel, "wamid.1", 0, &json!({"from_user_id": BY_ID, "from": "5511987654321"}), "sou a Helena")
        .await;
    writes(&hotel, "wamid.2", 10, &json!({"from_user_id": BY_NEW_ID, "from": "5511911112222"}), "sou o Davi")
        .await;

    // Davi writes with Helena's old number: two ids of Meta's are two people.
    writes(&hotel, "wamid.3", 20, &json!({"from_user_id": BY_NEW_ID, "from": "5511987654321"}), "troquei")
        .await;

    assert_eq!(contacts(&ana).await.len(), 2);
    for conversation in ana.conversations().await {
        let texts: Vec<Value> =
            ana.messages(&conversation).await.iter().map(|message| message["text"].clone()).collect();
        let is_helena = texts.contains(&json!("sou a Helena"));
        assert_eq!(texts.contains(&json!("troquei")), !is_helena, "{texts:?}");
    }
}
