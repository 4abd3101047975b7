//! What leaves is shaped: it waits where it must, and nobody else waits with it.

use crate::stage::{Agent, Person, Tenant, TestApp};
use serde_json::{Value, json};
use simulator::{Conditions, FailureForm, PlannedFailure, SendLimits};
use std::collections::HashMap;
use zelo::{
    clock::{MINUTE, SECOND},
    ids::ConversationId,
    messages::{self, SendRequest, To},
    outbound::Urgency,
};

/// Somebody who has written, and the conversation that this began.
async fn writes(hotel: &Tenant, ana: &Agent, phone: &str) -> (Person, ConversationId) {
    let person = hotel.contact(phone);
    person.says("oi").await;
    hotel.app.run_jobs().await;
    let newest = ana.conversations().await.remove(0);
    (person, ConversationId(newest["id"].as_str().unwrap().parse().unwrap()))
}

async fn send(hotel: &Tenant, conversation: ConversationId, text: &str, urgency: Urgency) {
    let sight = hotel.sight().await;
    let content = whatsapp::client::OutboundContent::text(text);
    let author = zelo::ids::UserId(uuid::Uuid::nil());
    let request =
        SendRequest { to: To::Conversation(conversation), content, reply_to: None, author, urgency };
    messages::send_message(&hotel.app.app, sight, &request).await.unwrap();
}

/// The texts in the order in which Meta took them, over all contacts.
fn taken(app: &TestApp, people: &[&Person]) -> Vec<String> {
    let texts: HashMap<String, String> = people
        .iter()
        .flat_map(|person| person.received_wamids().into_iter().zip(person.has_received()))
        .collect();
    app.simulator.tally().accepted.iter().map(|sent| texts[&sent.wamid].clone()).collect()
}

fn with_limits() -> Conditions {
    Conditions {
        limits: Some(SendLimits { per_second: 1_000, ..SendLimits::default() }),
        ..Conditions::default()
    }
}

#[tokio::test]
async fn more_than_a_burst_to_one_person_waits_and_the_next_conversation_does_not() {
    let app = TestApp::with_settings(&[("outbound.attempts", "1")]).await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let (helena, with_helena) = writes(&hotel, &ana, "+55 11 98765-4321").await;
    let (rui, with_rui) = writes(&hotel, &ana, "+55 11 98765-4322").await;
    app.simulator.set_conditions(with_limits());
    let texts: Vec<String> = (0..50).map(|number| format!("resposta {number}")).collect();

    for text in &texts {
        send(&hotel, with_helena, text, Urgency::Person).await;
    }
    send(&hotel, with_rui, "Bom dia!", Urgency::Person).await;
    app.run_jobs().await;
    assert_eq!(helena.has_received(), texts[..45], "a burst, and no more");
    assert_eq!(rui.has_received(), ["Bom dia!"]);
    let waiting = ana.get(&format!("/conversations/{with_helena}/messages?limit=1")).await.ok();
    let newest = &waiting["data"][0];
    assert_eq!((&newest["status"], &newest["error"]), (&json!("queued"), &Value::Null));

    app.passes(4 * MINUTE);
    app.run_jobs().await;
    assert_eq!(helena.has_received().len(), 45, "the burst is not paid for yet");
    app.passes(31 * SECOND);
    app.run_jobs().await;
    assert_eq!(helena.has_received(), texts);
    assert!(app.simulator.tally().refused.is_empty(), "Meta never had to refuse");
}

#[tokio::test]
async fn what_is_only_too_fast_costs_no_attempt_and_is_never_dropped() {
    let app = TestApp::with_settings(&[("outbound.attempts", "1")]).await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let (helena, with_helena) = writes(&hotel, &ana, "+55 11 98765-4321").await;
    // 130429: the number; 131056: the pair; 4: the app's calls.
    send(&hotel, with_helena, "Claro!", Urgency::Person).await;
    for (code, silence) in [(131_056, 1), (131_056, 4), (131_056, 16), (130_429, 2), (4, 60)] {
        app.simulator.fail_next_send(PlannedFailure { code, form: FailureForm::Answer });
        app.run_jobs().await;
        assert!(helena.has_received().is_empty());
        let refused = app.simulator.tally().calls();
        app.passes(silence * SECOND - 600);
        app.run_jobs().await;
        assert_eq!(app.simulator.tally().calls(), refused, "{code} is not asked again so early");
        app.passes(600);
    }
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["Claro!"]);
    assert_eq!(ana.messages(&json!({"id": with_helena})).await[1]["status"], "delivered");
}

#[tokio::test]
async fn a_refused_pair_holds_nobody_else_up() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let (helena, with_helena) = writes(&hotel, &ana, "+55 11 98765-4321").await;
    let (rui, with_rui) = writes(&hotel, &ana, "+55 11 98765-4322").await;
    send(&hotel, with_helena, "Claro!", Urgency::Person).await;
    app.simulator.fail_next_send(PlannedFailure { code: 131_056, form: FailureForm::Answer });
    app.run_jobs().await;

    send(&hotel, with_helena, "E café da manhã?", Urgency::Person).await;
    send(&hotel, with_rui, "Bom dia!", Urgency::Person).await;
    app.run_jobs().await;
    assert_eq!(rui.has_received(), ["Bom dia!"]);
    assert!(helena.has_received().is_empty());
    app.passes(SECOND);
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["Claro!", "E café da manhã?"]);
}

#[tokio::test]
async fn an_agents_answer_leaves_before_a_campaign_that_was_there_first() {
    let app = TestApp::with_settings(&[("outbound.concurrency", "1")]).await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let (helena, _) = writes(&hotel, &ana, "+55 11 98765-4321").await;
    let (rui, _) = writes(&hotel, &ana, "+55 11 98765-4322").await;
    let (iara, with_iara) = writes(&hotel, &ana, "+55 11 98765-4323").await;

    for (number, text, priority) in
        [("+55 11 98765-4321", "Promoção!", "campaign"), ("+55 11 98765-4322", "Seu pedido saiu.", "normal")]
    {
        let body = json!({"to": number, "type": "text", "text": text, "priority": priority});
        assert_eq!(ana.post("/whatsapp/send", &body).await.status, 202);
    }
    let unknown = json!({"to": "+55 11 98765-4321", "type": "text", "text": "Já!", "priority": "urgent"});
    assert_eq!(ana.post("/whatsapp/send", &unknown).await.status, 422);
    send(&hotel, with_iara, "Claro!", Urgency::Person).await;
    app.run_jobs().await;

    assert_eq!(taken(&app, &[&helena, &rui, &iara]), ["Claro!", "Seu pedido saiu.", "Promoção!"]);
}

#[tokio::test]
async fn one_tenants_long_queue_does_not_hold_up_anothers_answer() {
    let app =
        TestApp::with_settings(&[("outbound.concurrency", "4"), ("outbound.concurrency_per_tenant", "2")])
            .await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let (ana, davi) = (hotel.agent("ana").await, clinic.agent("davi").await);
    let mut guests = Vec::new();
    for number in 0..20 {
        guests.push(writes(&hotel, &ana, &format!("+55 11 98765-40{number:02}")).await);
    }
    let (rui, with_rui) = writes(&clinic, &davi, "+55 11 98765-4322").await;

    for (_, conversation) in &guests {
        send(&hotel, *conversation, "Promoção!", Urgency::Campaign).await;
    }
    send(&clinic, with_rui, "Seu exame está pronto.", Urgency::Person).await;
    app.run_jobs().await;

    let mut people: Vec<&Person> = guests.iter().map(|(guest, _)| guest).collect();
    people.push(&rui);
    let place = taken(&app, &people).iter().position(|text| text.starts_with("Seu exame"));
    assert!(place.unwrap() < 4, "it left as number {place:?}");
}

#[tokio::test]
async fn when_calls_keep_failing_the_number_rests_until_a_probe_succeeds() {
    let app = TestApp::with_settings(&[("outbound.breaker_failures", "3")]).await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let channel = format!("/channels/{}", hotel.channel);
    let mut people = Vec::new();
    for number in 0..5 {
        people.push(writes(&hotel, &ana, &format!("+55 11 98765-430{number}")).await);
    }
    assert_eq!(ana.get(&channel).await.ok()["sending"]["circuit"], "closed");
    // Meta takes them, and never says so.
    app.simulator.set_conditions(Conditions { cut_connection: true, ..Conditions::default() });
    for (_, conversation) in &people[..3] {
        send(&hotel, *conversation, "Claro!", Urgency::Person).await;
    }
    app.run_jobs().await;
    let shown = ana.get(&channel).await.ok();
    assert_eq!((&shown["status"], &shown["sending"]["circuit"]), (&json!("active"), &json!("open")));
    assert!(shown["sending"]["paused_until"].is_string());

    for (_, conversation) in &people[3..] {
        send(&hotel, *conversation, "Bom dia!", Urgency::Person).await;
    }
    app.run_jobs().await;
    assert_eq!(app.simulator.tally().calls(), 3, "an open circuit lets nothing through");

    // The probe fails too: it is the only one, and the number rests for longer.
    app.passes(30 * SECOND);
    app.run_jobs().await;
    assert_eq!(app.simulator.tally().calls(), 4);
    app.passes(59 * SECOND);
    app.run_jobs().await;
    assert_eq!(app.simulator.tally().calls(), 4);

    app.simulator.set_conditions(Conditions::default());
    app.passes(10 * SECOND);
    app.run_jobs().await;
    app.passes(10 * SECOND);
    app.run_jobs().await;
    for (person, _) in &people {
        assert_eq!(person.has_received().len(), 1, "once, and not twice");
    }
    let shown = ana.get(&channel).await.ok();
    assert_eq!(shown["sending"], json!({"circuit": "closed", "paused_until": null}));
}

#[tokio::test]
async fn what_is_queued_behind_a_refused_token_waits_for_the_new_one() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let (helena, with_helena) = writes(&hotel, &ana, "+55 11 98765-4321").await;
    app.simulator.expire_token(&hotel.number.phone_number_id, true).unwrap();
    send(&hotel, with_helena, "Claro!", Urgency::Person).await;
    app.run_jobs().await;
    send(&hotel, with_helena, "E café da manhã?", Urgency::Person).await;
    app.run_jobs().await;
    let messages = ana.messages(&json!({"id": with_helena})).await;
    assert_eq!((&messages[1]["status"], &messages[2]["status"]), (&json!("failed"), &json!("queued")));

    app.simulator.expire_token(&hotel.number.phone_number_id, false).unwrap();
    let token = json!({"access_token": format!("token-of-{}", hotel.number.phone_number_id)});
    let changed = hotel.owner().patch(&format!("/channels/{}", hotel.channel), &token).await.ok();
    assert_eq!(changed["status"], "active");
    app.passes(MINUTE);
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["E café da manhã?"]);
}

#[tokio::test]
async fn a_numbers_pace_is_what_meta_grants_or_a_lower_one_that_the_tenant_wants() {
    let app = TestApp::in_real_time(&[]).await;
    let hotel = app.tenant("hotel").await;
    let (ana, dona) = (hotel.agent("ana").await, hotel.owner());
    let channel = format!("/channels/{}", hotel.channel);
    let shown = ana.get(&channel).await.ok();
    assert_eq!((&shown["throughput"], &shown["messages_per_second"]), (&Value::Null, &Value::Null));
    assert_eq!(dona.post(&format!("{channel}/check"), &json!({})).await.ok()["ok"], true);
    assert_eq!(ana.get(&channel).await.ok()["throughput"], 80);
    assert_eq!(
        dona.patch(&channel, &json!({"messages_per_second": 10})).await.ok()["messages_per_second"],
        10
    );
    assert_eq!(ana.patch(&channel, &json!({"messages_per_second": 80})).await.status, 403);
    let mut guests = Vec::new();
    for number in 0..5 {
        guests.push(writes(&hotel, &ana, &format!("+55 11 98765-430{number}")).await);
    }

    for (_, conversation) in &guests {
        send(&hotel, *conversation, "Claro!", Urgency::Person).await;
    }
    app.run_jobs().await;
    let times: Vec<i64> = app.simulator.tally().accepted.iter().map(|sent| sent.at).collect();
    assert_eq!(times.len(), 5);
    assert!(times[4] - times[0] >= 250, "five of ten a second left within {} ms", times[4] - times[0]);

    let back = dona.patch(&channel, &json!({"messages_per_second": 0})).await.ok();
    assert_eq!(back["messages_per_second"], Value::Null);
}
