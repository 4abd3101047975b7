//! A number's credentials change while messages come and go.

use crate::stage::{Tenant, TestApp};
use axum::{Router, extract::Query, routing::get};
use serde_json::json;
use std::collections::HashMap;
use zelo::{clock::DAY, connecting::Verdict, pages::locale::Lang};

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

    // A month later it opens the door no more: it may have been changed because others knew it.
    app.passes(31 * DAY);
    assert_eq!(app.web.post_signed(&hotel.number.app_secret, "{}").await.status, 403);
    assert_eq!(app.web.post_signed("the-secret-after-the-change", "{}").await.status, 200);
    app.run_jobs().await;
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

/// The lines of a check: name and verdict.
async fn checked(hotel: &Tenant) -> std::collections::BTreeMap<String, String> {
    let found = hotel.owner().post(&format!("/channels/{}/check", hotel.channel), &json!({})).await.ok();
    let word = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
    for line in found["lines"].as_array().unwrap() {
        let has_cure = line["cure"]["pt-BR"].is_string() && line["cure"]["en"].is_string();
        assert_eq!(has_cure, line["verdict"] != "ok", "{line}");
    }
    found["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (word(line, "name"), word(line, "verdict")))
        .collect()
}

#[tokio::test]
async fn a_check_tries_everything_and_names_what_is_wrong_with_its_cure() {
    let app = TestApp::new().await;
    let (hotel, shop) = (app.tenant("hotel").await, app.tenant("shop").await);
    let (ana, number) = (hotel.agent("ana").await, hotel.number.phone_number_id.clone());
    let well = checked(&hotel).await;
    assert_eq!(well.len(), 11);
    assert!(well.values().all(|verdict| verdict == "ok"), "{well:?}");
    let path = format!("/channels/{}/check", hotel.channel);
    assert_eq!(ana.post(&path, &json!({})).await.status, 403);
    assert_eq!(shop.owner().post(&path, &json!({})).await.status, 404);

    let own = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>());
    let scopes = own(&["whatsapp_business_messaging"]);
    app.simulator
        .set_connection(&number, scopes, own(&["message_template_status_update"]), Some(true))
        .unwrap();
    app.simulator.rate_number(&number, "RED", Some("TIER_250")).unwrap();
    app.run_jobs().await;
    let ill = checked(&hotel).await;
    for (name, verdict) in [
        ("scopes", "failed"),
        ("fields", "failed"),
        ("account", "warning"),
        ("quality", "warning"),
        ("limits", "warning"),
        ("token", "ok"),
    ] {
        assert_eq!(ill[name], verdict, "{name}");
    }
    assert!(checked(&shop).await.values().all(|verdict| verdict == "ok"), "the neighbour's number is well");
    let page = hotel.owner().browser().await.submit(&path, &[]).await;
    assert!(page.text.contains("The token lacks whatsapp_business_management."), "{}", page.text);
    assert!(page.text.contains("There is no valid payment method"), "{}", page.text);

    app.simulator.expire_token(&number, true).unwrap();
    let expired = checked(&hotel).await;
    assert_eq!((expired["token"].as_str(), expired["number"].as_str()), ("failed", "failed"));
}

#[tokio::test]
async fn a_wrong_app_secret_is_found_before_the_first_webhook_is_refused() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let change = json!({"app_secret": "copied-from-another-app"});
    hotel.owner().patch(&format!("/channels/{}", hotel.channel), &change).await.ok();
    let found = checked(&hotel).await;
    assert_eq!((found["fields"].as_str(), found["signature"].as_str()), ("failed", "ok"));
}

#[tokio::test]
async fn whoever_connects_a_number_subscribes_the_app_to_its_account() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let client =
        whatsapp::client::Client::new(crate::stage::http(), &app.app.config.whatsapp.graph_base_url, "v26.0")
            .unwrap();
    let token = whatsapp::client::AccessToken::new(format!("token-of-{}", hotel.number.phone_number_id));
    let unsubscribe =
        format!("{}/v26.0/{}/subscribed_apps", app.app.config.whatsapp.graph_base_url, hotel.number.waba_id);
    let request = app.web.request(reqwest::Method::DELETE, &unsubscribe).bearer_auth(token.expose());
    assert!(request.send().await.unwrap().status().is_success());
    assert!(client.list_subscribers(&hotel.number.waba_id, &token).await.unwrap().is_empty());
    hotel.contact("+55 11 98765-4321").says("ninguém ouve").await;
    assert_eq!(app.counts().await.processed, 0, "without a subscription Meta posts nothing");
    assert_eq!(checked(&hotel).await["subscription"], "failed");

    let again = json!({"access_token": token.expose()});
    hotel.owner().patch(&format!("/channels/{}", hotel.channel), &again).await.ok();
    app.run_jobs().await;
    assert_eq!(client.list_subscribers(&hotel.number.waba_id, &token).await.unwrap().len(), 1);
    assert_eq!(checked(&hotel).await["subscription"], "ok");
}

/// Another system's address, as Meta knows it: it confirms every handshake, and takes everything that is posted.
async fn another_systems_address() -> String {
    let confirm =
        |Query(asked): Query<HashMap<String, String>>| async move { asked["hub.challenge"].clone() };
    crate::stage::serve(Router::new().route("/hook", get(confirm).post(async || ""))).await + "/hook"
}

#[tokio::test]
async fn messages_that_another_system_was_given_are_led_here_again() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (helena, number) = (hotel.contact("+55 11 98765-4321"), &hotel.number);
    // A process that knows by which address Meta reaches the installation.
    let public = app.another_app(&[("server.public_url", &app.web.url)]).await;
    let meta = &app.app.config.whatsapp.graph_base_url;
    let token = format!("token-of-{}", number.phone_number_id);
    let verdict = async || {
        let channel = zelo::channels::get_channel(&public, hotel.scope().await, hotel.channel).await.unwrap();
        let checked = zelo::connecting::check(&public, hotel.scope().await, &channel).await.unwrap();
        let found = checked.findings.into_iter().find(|finding| finding.name == "subscription").unwrap();
        (found.verdict, found.text(Lang::English))
    };
    let elsewhere = another_systems_address().await;
    let taken = json!({"override_callback_uri": elsewhere, "verify_token": "of another system"});
    for (path, body) in [
        (format!("{}/subscribed_apps", number.waba_id), taken.clone()),
        (number.phone_number_id.clone(), json!({"webhook_configuration": taken})),
    ] {
        let request = app.web.request(reqwest::Method::POST, &format!("{meta}/v26.0/{path}"));
        assert!(request.bearer_auth(&token).json(&body).send().await.unwrap().status().is_success());
        helena.says("tem alguém aí?").await;
        app.run_jobs().await;
        assert_eq!(app.counts().await.processed, 0, "it went to the other system");
        let (how, said) = verdict().await;
        assert_eq!(how, Verdict::Warning);
        assert!(said.contains(&elsewhere), "{said}");

        let again = json!({"access_token": token});
        hotel.owner().patch(&format!("/channels/{}", hotel.channel), &again).await.ok();
        zelo::tasks::workers(&public).run_until_idle().await.unwrap();
        assert_eq!(verdict().await.0, Verdict::Ok, "{path}");
    }
    helena.says("agora sim").await;
    app.run_jobs().await;
    assert_eq!(hotel.owner().reads().await, ["agora sim"]);
}
