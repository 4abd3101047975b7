//! What Meta reports on our messages: late, doubled, in any order, sometimes before we know their id.

use crate::stage::{Agent, Person, Tenant, TestApp};
use serde_json::{Value, json};
use simulator::Conditions;
use zelo::messages::{self, MessageStatus, StatusReport};

/// A hotel whose agent answered Helena; the message has left and nothing was reported on it.
async fn answered(app: &TestApp) -> (Tenant, Agent, Person, String) {
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    assert_eq!(ana.answers("Claro!").await.status, 202);
    // Only the delivery runs, so that the reports that the simulator sends of itself lie waiting.
    zelo::tasks::workers(&app.app).run_until_idle().await.unwrap();
    let wamid = helena.received_wamids().pop().unwrap();
    (hotel, ana, helena, wamid)
}

/// Reports that say the same end alike, in whatever order they come and however often.
#[tokio::test]
async fn statuses_in_every_order_end_alike() {
    let orders: [&[&str]; 8] = [
        &["sent", "delivered", "read"],
        &["sent", "read", "delivered"],
        &["delivered", "sent", "read"],
        &["delivered", "read", "sent"],
        &["read", "sent", "delivered"],
        &["read", "delivered", "sent"],
        &["delivered", "failed", "read"],
        &["failed", "read", "sent"],
    ];
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;

    for order in orders {
        assert_eq!(ana.answers("Claro!").await.status, 202);
        zelo::tasks::workers(&app.app).run_until_idle().await.unwrap();
        let wamid = helena.received_wamids().pop().unwrap();
        for word in order {
            hotel.receives(&hotel.status(&wamid, word)).await.ok();
            hotel.receives(&hotel.status(&wamid, word)).await.ok();
            app.run_jobs().await;
        }
        let message = ana.newest().await;
        assert_eq!(
            (message["status"].as_str(), &message["error"]),
            (Some("read"), &Value::Null),
            "{order:?}"
        );
    }
}

#[tokio::test]
async fn each_change_of_a_message_takes_the_conversations_next_seq_and_repetitions_take_none() {
    let app = TestApp::new().await;
    let (hotel, ana, _helena, wamid) = answered(&app).await;
    app.run_jobs().await;
    let conversation = ana.the_conversation().await;
    let before = conversation["seq"].as_i64().unwrap();

    for _ in 0..3 {
        hotel.receives(&hotel.status(&wamid, "read")).await.ok();
        app.run_jobs().await;
    }

    let conversation = ana.the_conversation().await;
    assert_eq!(conversation["seq"].as_i64().unwrap(), before + 1);
    let path = format!("/conversations/{}/messages?after_seq={before}", conversation["id"].as_str().unwrap());
    let page = ana.get(&path).await.ok();
    let [changed] = page["data"].as_array().unwrap().as_slice() else { panic!("{page}") };
    assert_eq!((changed["status"].as_str(), changed["wamid"].as_str()), (Some("read"), Some(wamid.as_str())));
}

#[tokio::test]
async fn a_status_that_overtakes_the_answer_to_our_call_is_not_lost() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    app.simulator.set_conditions(Conditions { status_before_answer: true, ..Conditions::default() });

    ana.answers("Claro!").await.ok();
    app.run_jobs().await;

    assert_eq!(ana.newest().await["status"], "delivered");
    assert_eq!(helena.has_received(), ["Claro!"]);
}

#[tokio::test]
async fn statuses_that_were_processed_before_the_id_was_known_are_applied_when_it_is() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    let early = hotel.status("wamid.NOBODYS", "read");

    hotel.receives(&early).await.ok();
    app.run_jobs().await;

    // Kept for the message that may still come, and applied to none that is there.
    let kept = "select count(*) from early_statuses where tenant_id = $1";
    assert_eq!(app.count(Some(hotel.id.0), kept).await, 1);
    assert_eq!(ana.reads().await, ["quero reservar"]);
    assert_eq!(app.counts().await.quarantined, 0);
}

#[tokio::test]
async fn a_status_of_another_tenants_message_moves_nothing() {
    let app = TestApp::new().await;
    let (_hotel, ana, _helena, wamid) = answered(&app).await;
    app.run_jobs().await;
    let clinic = app.tenant("clinic").await;
    let before = ana.newest().await;

    clinic.receives(&clinic.status(&wamid, "read")).await.ok();
    let mut with_our_id = clinic.status("wamid.OTHER", "read");
    with_our_id["entry"][0]["changes"][0]["value"]["statuses"][0]["biz_opaque_callback_data"] =
        before["id"].clone();
    clinic.receives(&with_our_id).await.ok();
    app.run_jobs().await;

    assert_eq!(ana.newest().await, before);
}

#[tokio::test]
async fn a_contacts_ticks_come_back() {
    let app = TestApp::new().await;
    let (_hotel, ana, helena, _wamid) = answered(&app).await;
    app.run_jobs().await;
    assert_eq!(ana.newest().await["status"], "delivered");

    helena.opens_the_chat().await;
    app.run_jobs().await;

    assert_eq!(ana.newest().await["status"], "read");
    let received: Vec<Value> = ana.messages(&ana.the_conversation().await).await;
    assert_eq!(
        received[0]["status"],
        json!("received"),
        "what came in is not moved by reports on what went out"
    );
}

/// Two processes may hold reports on one message at the same time, the older one in the slower hands.
#[tokio::test]
async fn reports_that_are_applied_at_once_never_lead_back() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let scope = hotel.scope().await;

    for round in 0..20u8 {
        let sent = ana.answers("Claro!").await.ok();
        let message = zelo::ids::MessageId(sent["id"].as_str().unwrap().parse().unwrap());
        let steps = [MessageStatus::Read, MessageStatus::Sent, MessageStatus::Delivered].map(|status| {
            let (app, now) = (app.app.clone(), app.clock.now());
            app.tasks.clone().spawn(async move {
                let report = StatusReport {
                    digest: [round + 1; 16],
                    message: Some(message),
                    status,
                    at: now,
                    failure: None,
                    pricing: None,
                };
                db::write!(app.db, "apply", scope.into(), |tx| -> zelo::error::Result<Vec<bool>> {
                    messages::apply_statuses(tx, scope, std::slice::from_ref(&report), now).await
                })
                .unwrap();
            })
        });
        for step in steps {
            step.await.unwrap();
        }
        assert_eq!(ana.newest().await["status"], "read", "round {round}");
    }
    app.may_leave_work();
}
