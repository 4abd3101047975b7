//! Who wrote: one person is one contact, however Meta spells them.

use crate::stage::TestApp;
use serde_json::{Value, json};

#[tokio::test]
async fn somebody_without_a_phone_number_is_heard_and_answered() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let bia = hotel.contact_without_phone("bia.ferraz");

    bia.says("vocês entregam em Recife?").await;
    app.run_jobs().await;

    let contact = ana.the_conversation().await["contact"].clone();
    assert_eq!(contact["phone"], Value::Null);
    assert_eq!(contact["name"], "bia.ferraz");
    assert!(contact["user_id"].as_str().unwrap().starts_with("BR."));
    assert_eq!(ana.answers("Entregamos!").await.status, 202);
    app.run_jobs().await;
    assert_eq!(bia.has_received(), ["Entregamos!"]);
}

/// From area code 31 on, Meta writes Brazilian numbers without their ninth digit.
#[tokio::test]
async fn the_ninth_digit_does_not_make_another_person() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let carlos = hotel.contact("+55 31 99999-0002");
    let body = json!({"type": "BODY", "text": "Hello World"});
    app.simulator.add_template(&hotel.number.waba_id, "hello_world", "en_US", "UTILITY", vec![body]);
    hotel.owner().post("/message-templates/sync", &json!({})).await.ok();
    app.run_jobs().await;
    let template = json!({"name": "hello_world", "language": {"code": "en_US"}});
    let first = json!({"to": "(31) 99999-0002", "type": "template", "template": template});
    assert_eq!(ana.post("/whatsapp/send", &first).await.status, 202);
    let known = ana.the_conversation().await["contact"]["id"].clone();

    carlos.says("bom dia").await;
    app.run_jobs().await;
    let from_meta = crate::inbound::text_from("553199990002", "wamid.SHORT", "sem o nono dígito");
    hotel.receives(&hotel.body(&json!({"messages": [from_meta]}))).await.ok();
    let with_ninth = crate::inbound::text_from("5531999990002", "wamid.LONG", "com o nono dígito");
    hotel.receives(&hotel.body(&json!({"messages": [with_ninth]}))).await.ok();
    app.run_jobs().await;

    let contact = ana.the_conversation().await["contact"].clone();
    assert_eq!(contact["id"], known, "the agent's contact and Meta's are one");
    assert_eq!(ana.get("/contacts").await.ok()["data"].as_array().unwrap().len(), 1);
    assert_eq!(ana.reads().await[1..], ["bom dia", "sem o nono dígito", "com o nono dígito"]);
}

#[tokio::test]
async fn one_person_writing_to_two_tenants_is_two_contacts() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let (ana, beto) = (hotel.agent("ana").await, clinic.agent("beto").await);
    let helena = hotel.contact("+55 11 98765-4321");
    let at_the_clinic = crate::stage::Person { tenant: clinic.clone(), id: helena.id };

    helena.says("quero reservar").await;
    at_the_clinic.says("quero uma consulta").await;
    app.run_jobs().await;

    assert_eq!(ana.reads().await, ["quero reservar"]);
    assert_eq!(beto.reads().await, ["quero uma consulta"]);
    let ids = [
        ana.the_conversation().await["contact"]["id"].clone(),
        beto.the_conversation().await["contact"]["id"].clone(),
    ];
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_changed_number_stays_the_same_person() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let mut old = crate::inbound::text_from("5511999990001", "wamid.OLD", "número velho");
    let moved = json!({"from": "5511999990001", "id": "wamid.MOVED", "timestamp": "1795176001", "type": "system", "system": {
        "body": "User Ana Souza changed from 5511999990001 to 5511999990011", "wa_id": "5511999990011",
        "type": "user_changed_number"}});
    let mut new = crate::inbound::text_from("5511999990011", "wamid.NEW", "número novo");

    old["timestamp"] = json!("1795175990");
    new["timestamp"] = json!("1795176010");
    for message in [old, moved, new] {
        hotel.receives(&hotel.body(&json!({"messages": [message]}))).await.ok();
        app.run_jobs().await;
    }

    assert_eq!(ana.get("/contacts").await.ok()["data"].as_array().unwrap().len(), 1);
    let texts = ana.reads().await;
    assert_eq!(
        (texts.first().map(String::as_str), texts.last().map(String::as_str)),
        (Some("número velho"), Some("número novo"))
    );
}
