//! Messages that we ourselves fail to deliver: somebody sees it, and may send them again.

use crate::{
    media::pdf,
    stage::{Agent, Person, Tenant, TestApp},
};
use db::{Scope, params};
use serde_json::{Value, json};
use zelo::{
    ids::MessageId,
    messages::{self, Attempt},
    outbound,
};

async fn asked(settings: &[(&str, &str)]) -> (TestApp, Tenant, Agent, Person) {
    let app = TestApp::with_settings(settings).await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    (app, hotel, ana, helena)
}

/// As if the program had been killed in the last attempt of every delivery that waits.
async fn deliveries_die(app: &TestApp) {
    let now = app.clock.now();
    db::write!(app.app.db, "kill", Scope::Platform, |tx| -> db::Result<u64> {
        tx.execute("update jobs set state = 'dead', died_at = $1 where queue = 'messages'", params![now])
            .await
    })
    .unwrap();
}

#[tokio::test]
async fn a_message_whose_file_is_lost_fails_where_its_sender_sees_it() {
    let (app, hotel, ana, helena) = asked(&[("outbound.attempts", "2")]).await;
    let file = ana.uploads("?filename=proposta.pdf", "application/pdf", pdf("proposta")).await.ok();
    ana.sends_file("document", &file, &json!({})).await.ok();
    std::fs::remove_dir_all(app.folder().join("media").join(hotel.id.0.simple().to_string())).unwrap();
    app.run_jobs().await;
    app.passes(zelo::clock::HOUR);
    app.run_jobs().await;

    let message = ana.newest().await;
    assert_eq!((&message["status"], &message["error"]["code"]), (&json!("failed"), &json!("undelivered")));
    assert!(helena.has_received().is_empty());
    // What stands behind it in the conversation is not held up.
    ana.answers("Segue em texto.").await.ok();
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["Segue em texto."]);
}

#[tokio::test]
async fn a_message_whose_delivery_died_is_called_failed_and_leaves_when_it_is_sent_again() {
    let (app, _, ana, helena) = asked(&[]).await;
    let id = ana.answers("Claro!").await.ok()["id"].as_str().unwrap().to_owned();
    deliveries_die(&app).await;
    outbound::mend(&app.app).await.unwrap();

    let message = ana.newest().await;
    assert_eq!((&message["status"], &message["error"]["code"]), (&json!("failed"), &json!("undelivered")));
    assert_eq!(app.count(None, "select count(*) from jobs where state = 'dead'").await, 0);
    assert_eq!(ana.post(&format!("/messages/{id}/retry"), &Value::Null).await.status, 202);
    app.run_jobs().await;
    assert_eq!(
        (helena.has_received(), &ana.newest().await["status"]),
        (vec!["Claro!".to_owned()], &json!("delivered"))
    );
}

#[tokio::test]
async fn of_a_message_whose_delivery_died_while_meta_was_asked_nobody_claims_to_know() {
    let (app, hotel, ana, helena) = asked(&[]).await;
    let scope = hotel.scope().await;
    let id = MessageId(ana.answers("Claro!").await.ok()["id"].as_str().unwrap().parse().unwrap());
    let begun = db::write!(app.app.db, "begin", scope.into(), |tx| -> zelo::error::Result<Attempt> {
        messages::begin_attempt(tx, scope, id).await
    });
    assert_eq!(begun.unwrap(), Attempt::Begun);
    deliveries_die(&app).await;
    outbound::mend(&app.app).await.unwrap();

    let message = ana.newest().await;
    assert_eq!((&message["status"], &message["error"]["code"]), (&json!("queued"), &json!("unconfirmed")));
    app.run_jobs().await;
    assert!(helena.has_received().is_empty(), "it is not sent again by itself");
}

#[tokio::test]
async fn what_was_sent_before_its_delivery_died_stays_sent() {
    let (app, hotel, ana, helena) = asked(&[]).await;
    let sent = ana.answers("Claro!").await.ok();
    app.run_jobs().await;
    let scope = hotel.scope().await;
    let id = MessageId(sent["id"].as_str().unwrap().parse().unwrap());
    db::write!(app.app.db, "give_up", scope.into(), |tx| -> zelo::error::Result<()> {
        messages::give_up(tx, scope, id, app.clock.now()).await
    })
    .unwrap();
    assert_eq!(ana.newest().await["status"], "delivered");
    assert_eq!(helena.has_received(), ["Claro!"]);
}
