//! An agent answers, and the customer's phone shows it: once, or not at all and then visibly so.

use crate::stage::TestApp;
use serde_json::{Value, json};
use simulator::{Conditions, FailureForm, NewContact, PlannedFailure};
use zelo::clock::{HOUR, MINUTE, SECOND};

#[tokio::test]
async fn an_answer_within_the_window_reaches_the_phone() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;

    let accepted = ana.answers("Claro! Para quando? 😊").await;
    assert_eq!((accepted.status, &accepted.body["status"]), (202, &json!("queued")));
    assert!(helena.has_received().is_empty(), "nothing leaves inside a request");
    app.run_jobs().await;

    assert_eq!(helena.has_received(), ["Claro! Para quando? 😊"]);
    let message = ana.newest().await;
    assert_eq!((&message["id"], &message["direction"]), (&accepted.body["id"], &json!("outbound")));
    assert_eq!(message["wamid"].as_str(), helena.received_wamids().first().map(String::as_str));
    assert_eq!(ana.reads().await, ["quero reservar", "Claro! Para quando? 😊"]);
    assert_eq!(ana.sees_conversations().await, ["Claro! Para quando? 😊"]);
}

#[tokio::test]
async fn several_answers_arrive_in_the_order_in_which_they_were_written() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    let texts: Vec<String> = (0..12).map(|number| format!("resposta {number}")).collect();

    for text in &texts {
        ana.answers(text).await.ok();
    }
    app.run_jobs().await;

    assert_eq!(helena.has_received(), texts);
}

#[tokio::test]
async fn after_24_hours_only_a_template_may_be_sent() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;

    app.passes(24 * HOUR - SECOND);
    assert_eq!(ana.answers("ainda dá").await.status, 202);
    app.run_jobs().await;
    app.passes(SECOND);
    assert_eq!(ana.answers("tarde demais").await.problem(), (409, "window_closed"));
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["ainda dá"]);

    helena.says("voltei").await;
    app.run_jobs().await;
    assert_eq!(ana.answers("Que bom!").await.status, 202);
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["ainda dá", "Que bom!"]);
}

#[tokio::test]
async fn somebody_who_only_looks_on_cannot_write() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let vera = hotel.viewer("vera").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;

    assert_eq!(vera.reads().await, ["quero reservar"]);
    assert_eq!(vera.answers("Claro!").await.status, 403);
    app.run_jobs().await;
    assert!(helena.has_received().is_empty());
}

#[tokio::test]
async fn what_meta_refuses_is_shown_as_failed_with_metas_code() {
    for form in [FailureForm::Answer, FailureForm::Status] {
        let app = TestApp::new().await;
        let hotel = app.tenant("hotel").await;
        let ana = hotel.agent("ana").await;
        let helena = hotel.contact("+55 11 98765-4321");
        helena.says("quero reservar").await;
        app.run_jobs().await;
        app.simulator.fail_next_send(PlannedFailure { code: 131_026, form });

        ana.answers("Claro!").await.ok();
        app.run_jobs().await;
        let message = ana.newest().await;
        assert_eq!(
            (&message["status"], &message["error"]["code"]),
            (&json!("failed"), &json!("131026")),
            "{form:?}"
        );
        let refused_at_once = form == FailureForm::Answer;
        assert_eq!(helena.has_received().is_empty(), refused_at_once);

        // A person may send it again.
        let id = message["id"].as_str().unwrap();
        assert_eq!(ana.post(&format!("/messages/{id}/retry"), &Value::Null).await.status, 202);
        app.run_jobs().await;
        let again = ana.newest().await;
        assert_eq!((&again["id"], &again["status"]), (&message["id"], &json!("delivered")), "{form:?}");
        // What the contact says of it names it by its newest id.
        let wamid = helena.received_wamids().pop().unwrap();
        let reaction = json!({"from": "5511987654321", "id": "wamid.LIKES", "timestamp": "1795176500", "type": "reaction",
            "reaction": {"message_id": wamid, "emoji": "👍"}});
        hotel.receives(&hotel.body(&json!({"messages": [reaction]}))).await.ok();
        app.run_jobs().await;
        let all = ana.messages(&ana.the_conversation().await).await;
        let liked = all.iter().find(|it| it["id"] == message["id"]).unwrap();
        assert_eq!(liked["reactions"][0]["emoji"], "👍", "{form:?}");
    }
}

/// A double click, or two colleagues: whoever is second is told that nothing has failed any more.
#[tokio::test]
async fn a_message_that_many_send_again_at_once_leaves_once() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    app.simulator.fail_next_send(PlannedFailure { code: 131_026, form: FailureForm::Answer });
    let path = format!("/messages/{}/retry", ana.answers("Claro!").await.ok()["id"].as_str().unwrap());
    app.run_jobs().await;

    let clicks: Vec<_> = (0..6)
        .map(|_| {
            let (ana, path) = (ana.clone(), path.clone());
            app.app.tasks.spawn(async move { ana.post(&path, &Value::Null).await })
        })
        .collect();
    let mut accepted = 0;
    for click in clicks {
        let answer = click.await.unwrap();
        match answer.status {
            202 => accepted += 1,
            _ => assert_eq!(answer.problem(), (409, "not_failed")),
        }
    }
    assert_eq!(accepted, 1);
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["Claro!"]);
}

#[tokio::test]
async fn whoever_is_not_on_whatsapp_gets_nothing_and_the_agent_sees_it() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let wanda = hotel.person(NewContact {
        name: "Wanda".into(),
        phone: Some("+55 21 99876-5432".into()),
        blocked: true,
        ..NewContact::default()
    });
    wanda.says("oi").await;
    app.run_jobs().await;

    ana.answers("Olá!").await.ok();
    app.run_jobs().await;

    let message = ana.newest().await;
    assert_eq!((&message["status"], &message["error"]["code"]), (&json!("failed"), &json!("131026")));
}

#[tokio::test]
async fn a_send_whose_outcome_is_unknown_stays_queued_and_is_never_sent_again_by_itself() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    app.simulator.set_conditions(Conditions { cut_connection: true, ..Conditions::default() });

    ana.answers("Claro!").await.ok();
    zelo::tasks::workers(&app.app).run_until_idle().await.unwrap();
    let message = ana.newest().await;
    assert_eq!((&message["status"], &message["error"]["code"]), (&json!("queued"), &json!("unconfirmed")));
    app.passes(24 * HOUR);
    zelo::tasks::workers(&app.app).run_until_idle().await.unwrap();
    assert_eq!(helena.has_received(), ["Claro!"], "it was not sent a second time");

    // Meta's reports carry our own id, and settle it.
    app.run_jobs().await;
    let message = ana.newest().await;
    assert_eq!((&message["status"], &message["error"]), (&json!("delivered"), &Value::Null));
    assert_eq!(helena.has_received(), ["Claro!"]);
}

#[tokio::test]
async fn metas_passing_errors_are_tried_again_until_the_message_leaves() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    // 130429: too many messages a second.
    app.simulator.fail_next_send(PlannedFailure { code: 130_429, form: FailureForm::Answer });

    ana.answers("Claro!").await.ok();
    app.run_jobs().await;
    let message = ana.newest().await;
    assert_eq!((&message["status"], &message["error"]), (&json!("queued"), &Value::Null));
    assert!(helena.has_received().is_empty());

    app.passes(10 * MINUTE);
    app.run_jobs().await;
    assert_eq!(ana.newest().await["status"], "delivered");
    assert_eq!(helena.has_received(), ["Claro!"]);
}

#[tokio::test]
async fn a_refused_token_marks_the_channel_and_stops_nothing_from_coming_in() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    let channel = format!("/channels/{}", hotel.channel);
    assert_eq!(ana.get(&channel).await.ok()["status"], "active");
    app.simulator.expire_token(&hotel.number.phone_number_id, true).unwrap();

    ana.answers("Claro!").await.ok();
    app.run_jobs().await;

    let message = ana.newest().await;
    assert_eq!((&message["status"], &message["error"]["code"]), (&json!("failed"), &json!("190")));
    assert_eq!(ana.get(&channel).await.ok()["status"], "reconnect_needed");
    helena.says("alguém aí?").await;
    app.run_jobs().await;
    assert_eq!(ana.sees_conversations().await, ["alguém aí?"]);
}

#[tokio::test]
async fn empty_and_endless_texts_are_refused_before_anything_is_stored() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;

    for text in ["", " \n ", &"ç".repeat(4_097)] {
        let refused = ana.answers(text).await;
        assert_eq!(refused.status, 422, "{} characters", text.chars().count());
        assert!(refused.body["errors"][0]["field"].is_string());
    }
    assert_eq!(ana.answers(&"ç".repeat(4_096)).await.status, 202);
    app.run_jobs().await;
    assert_eq!(helena.has_received().len(), 1);
    assert_eq!(ana.reads().await.len(), 2);
}

#[tokio::test]
async fn a_program_may_write_to_a_number_and_the_window_holds_there_too() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    let send = json!({"to": "(11) 98765-4321", "type": "text", "text": "Sua reserva está confirmada."});

    assert_eq!(ana.post("/whatsapp/send", &send).await.problem(), (409, "window_closed"));
    helena.says("quero reservar").await;
    app.run_jobs().await;
    assert_eq!(ana.post("/whatsapp/send", &send).await.status, 202);
    app.run_jobs().await;

    assert_eq!(helena.has_received(), ["Sua reserva está confirmada."]);
    assert_eq!(ana.reads().await, ["quero reservar", "Sua reserva está confirmada."]);
}
