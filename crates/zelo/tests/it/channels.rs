//! A number's credentials change while messages come and go.

use crate::stage::{Tenant, TestApp};
use serde_json::json;
use zelo::clock::DAY;

/// Post a message of Helena's, signed with this secret.
async fn arrives(app: &TestApp, hotel: &Tenant, secret: &str, wamid: &str) {
    let message = crate::inbound::text_from("5511987654321", wamid, "oi");
    let body = hotel.body(&json!({ "messages": [message] })).to_string();
    assert_eq!(app.web.post_signed(secret, body).await.status, 200);
    app.run_jobs().await;
}

#[tokio::test]
async fn a_new_token_takes_the_number_up_again() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    app.simulator.expire_token(&hotel.number.phone_number_id, true).unwrap();
    ana.answers("Claro!").await.ok();
    app.run_jobs().await;
    let channel = format!("/channels/{}", hotel.channel);
    assert_eq!(ana.get(&channel).await.ok()["status"], "reconnect_needed");

    let new = json!({ "access_token": format!("token-of-{}", hotel.number.phone_number_id) });
    let changed = hotel.owner().patch(&channel, &new).await.ok();

    assert_eq!(changed["status"], "active");
    assert!(!changed.to_string().contains("token-of"), "credentials are write-only");
    app.simulator.expire_token(&hotel.number.phone_number_id, false).unwrap();
    ana.answers("Agora sim.").await.ok();
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["Agora sim."]);
}

#[tokio::test]
async fn the_secret_before_is_believed_for_as_long_as_meta_repeats_events() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let channel = format!("/channels/{}", hotel.channel);
    let change = json!({ "app_secret": "the-secret-after-the-change" });
    hotel.owner().patch(&channel, &change).await.ok();

    arrives(&app, &hotel, "the-secret-after-the-change", "wamid.NEW").await;
    arrives(&app, &hotel, &hotel.number.app_secret, "wamid.OLD").await;
    assert_eq!((app.counts().await.processed, app.counts().await.quarantined), (2, 0));

    app.passes(7 * DAY);
    arrives(&app, &hotel, &hotel.number.app_secret, "wamid.LATE").await;
    assert_eq!((app.counts().await.processed, app.counts().await.quarantined), (2, 1));
    arrives(&app, &hotel, "the-secret-after-the-change", "wamid.LAST").await;
    assert_eq!(app.counts().await.processed, 3);
}

#[tokio::test]
async fn only_those_who_manage_channels_change_them_and_only_their_own() {
    let app = TestApp::new().await;
    let (hotel, shop) = (app.tenant("hotel").await, app.tenant("shop").await);
    let ana = hotel.agent("ana").await;
    let channel = format!("/channels/{}", hotel.channel);
    let rename = json!({ "name": "Recepção" });

    assert_eq!(ana.patch(&channel, &rename).await.status, 403);
    assert_eq!(shop.owner().patch(&channel, &rename).await.status, 404);
    let empty = hotel.owner().patch(&channel, &json!({ "access_token": "" })).await;
    assert_eq!((empty.status, &empty.body["errors"][0]["field"]), (422, &json!("access_token")));

    let renamed = hotel.owner().patch(&channel, &rename).await.ok();
    assert_eq!(renamed["name"], "Recepção");
    let written = "select count(*) from audit_entries where tenant_id = $1 and action = 'channel_updated'";
    assert_eq!(app.count(Some(hotel.id.0), written).await, 1);
    assert_eq!(app.count(Some(shop.id.0), written).await, 0);
}
