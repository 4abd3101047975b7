//! What could not be placed is kept, visible, and can be tried again.

use crate::stage::{Number, Tenant, TestApp};
use serde_json::json;
use zelo::inbound;

#[tokio::test]
async fn an_event_of_an_unknown_number_is_replayed_once_the_number_is_connected() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    // A second number of the same app, which Meta already posts for.
    let mut spa = hotel.clone();
    spa.number = Number { app_secret: hotel.number.app_secret.clone(), ..Number::nth(app.next_number()) };
    let body =
        spa.body(&json!({"messages": [crate::inbound::text_from("5511987654321", "wamid.SPA", "massagem")]}));

    assert_eq!(spa.receives(&body).await.status, 200);
    app.run_jobs().await;
    assert!(ana.sees_conversations().await.is_empty());
    let [event] = app.quarantine().await.try_into().unwrap();
    assert_eq!((event.reason.as_str(), event.replayed_at), ("unknown_channel", None));

    spa.connect().await;
    inbound::replay_quarantined(&app.app, event.id).await.unwrap();
    app.run_jobs().await;

    assert_eq!(ana.sees_conversations().await, ["massagem"]);
    let [event] = app.quarantine().await.try_into().unwrap();
    assert!(event.replayed_at.is_some());
    let counts = app.counts().await;
    assert_eq!((counts.stored, counts.processed, counts.quarantined), (2, 1, 1));
}

#[tokio::test]
async fn a_tenant_cannot_put_words_into_another_tenants_inbox() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let (ana, beto) = (hotel.agent("ana").await, clinic.agent("beto").await);
    let body = clinic
        .body(&json!({"messages": [crate::inbound::text_from("5511987654321", "wamid.FORGED", "forjada")]}));

    // Signed with a secret that the hotel knows, about a number that is the clinic's.
    let answer = app.web.post_signed(&hotel.number.app_secret, crate::stage::wire(&body)).await;
    assert_eq!(answer.status, 200);
    app.run_jobs().await;

    assert!(ana.sees_conversations().await.is_empty());
    assert!(beto.sees_conversations().await.is_empty());
    let [event] = app.quarantine().await.try_into().unwrap();
    assert_eq!(event.reason, "other_app");
    // Nor does the clinic's message disappear because its id was used before.
    clinic.receives(&body).await.ok();
    app.run_jobs().await;
    assert_eq!(beto.sees_conversations().await, ["forjada"]);
}

#[tokio::test]
async fn a_channels_own_address_takes_its_own_events_only() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let mut spa: Tenant = hotel.clone();
    spa.number = Number { app_secret: hotel.number.app_secret.clone(), ..Number::nth(app.next_number()) };
    spa.connect().await;
    let body = hotel
        .body(&json!({"messages": [crate::inbound::text_from("5511987654321", "wamid.A", "oi")]}))
        .to_string();
    let signature = whatsapp::signature::sign(&hotel.number.app_secret, body.as_bytes());
    let post = async |channel: &Tenant| {
        let path = format!("/webhooks/whatsapp/{}", channel.channel);
        app.web.post_webhook(&path, Some(&signature), body.clone().into()).await.status
    };

    assert_eq!(post(&spa).await, 200);
    app.run_jobs().await;
    assert!(ana.sees_conversations().await.is_empty());
    assert_eq!(app.quarantine().await.len(), 1);

    assert_eq!(post(&hotel).await, 200);
    app.run_jobs().await;
    assert_eq!(ana.sees_conversations().await, ["oi"]);
}

#[tokio::test]
async fn nothing_that_is_no_longer_there_can_be_replayed() {
    let app = TestApp::new().await;
    let nothing = inbound::replay_quarantined(&app.app, uuid::Uuid::from_u128(7)).await;
    assert!(matches!(nothing, Err(zelo::Error::NotFound)));
    assert_eq!(app.counts().await.stored, 0);
}

/// The spa's number is connected after its people wrote: once at noon, three times in the afternoon.
#[tokio::test]
async fn events_are_replayed_by_id_by_time_and_all() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let owner = crate::stage::Agent::known(&app, &app.platform_owner().await);
    let mut spa = hotel.clone();
    spa.number = Number { app_secret: hotel.number.app_secret.clone(), ..Number::nth(app.next_number()) };
    for text in ["meio-dia", "uma", "duas", "três"] {
        let message = crate::inbound::text_from("5511987654321", &format!("wamid.{text}"), text);
        spa.receives(&spa.body(&json!({"messages": [message]}))).await.ok();
        app.run_jobs().await;
        app.passes(zelo::clock::HOUR);
    }
    spa.connect().await;
    let replay = async |body: serde_json::Value| {
        let answer = owner.post("/admin/webhook-events/replay", &body).await;
        app.run_jobs().await;
        (answer.status, answer.body["replayed"].clone())
    };

    assert_eq!(hotel.owner().post("/admin/webhook-events/replay", &json!({"all": true})).await.status, 403);
    for nothing_said in [json!({}), json!({"from": "amanhã"}), json!({"reason": "poison"})] {
        assert_eq!(replay(nothing_said).await.0, 422);
    }
    let noon = app.quarantine().await.pop().unwrap();
    assert_eq!(replay(json!({"ids": [noon.id]})).await, (202, json!(1)));
    assert_eq!(ana.reads().await, ["meio-dia"]);
    let afternoon = json!({"from": "2026-11-20T13:00:00Z", "to": "2026-11-20T15:00:00Z"});
    assert_eq!(replay(afternoon.clone()).await, (202, json!(2)));
    assert_eq!(ana.reads().await, ["meio-dia", "uma", "duas"]);
    assert_eq!(
        replay(afternoon).await,
        (202, json!(0)),
        "what was processed again is not meant a second time"
    );
    assert_eq!(replay(json!({"all": true, "reason": "poison"})).await, (202, json!(0)));
    assert_eq!(replay(json!({"all": true})).await, (202, json!(1)));
    assert_eq!(ana.reads().await, ["meio-dia", "uma", "duas", "três"]);
}
