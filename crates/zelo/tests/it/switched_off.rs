//! A number that its tenant switches off, and on again.

use crate::stage::{Agent, Answer, Person, Tenant, TestApp};
use serde_json::{Value, json};
use zelo::{
    channels::{self, ChannelStatus},
    clock::MINUTE,
    identity::Role,
};

async fn switch(agent: &Agent, hotel: &Tenant, status: &str) -> Answer {
    agent.patch(&format!("/channels/{}", hotel.channel), &json!({ "status": status })).await
}

async fn status(hotel: &Tenant) -> Value {
    hotel.owner().get(&format!("/channels/{}", hotel.channel)).await.ok()["status"].clone()
}

async fn scene() -> (TestApp, Tenant, Agent, Person) {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, helena) = (hotel.agent("ana").await, hotel.contact("+55 11 98765-4321"));
    helena.says("quero reservar").await;
    app.run_jobs().await;
    (app, hotel, ana, helena)
}

#[tokio::test]
async fn while_a_number_is_off_nothing_leaves_and_what_comes_in_is_kept() {
    let (app, hotel, ana, helena) = scene().await;
    ana.answers("já vejo").await.ok();
    assert_eq!(switch(hotel.owner(), &hotel, "disabled").await.ok()["status"], "disabled");

    app.run_jobs().await;
    assert!(helena.has_received().is_empty(), "not even what was accepted before");
    assert_eq!(ana.answers("alguém aí?").await.problem(), (409, "channel_disabled"));
    helena.says("alô?").await;
    app.run_jobs().await;
    assert_eq!(ana.reads().await, ["quero reservar", "já vejo", "alô?"]);

    assert_eq!(switch(hotel.owner(), &hotel, "active").await.ok()["status"], "active");
    app.passes(2 * MINUTE);
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["já vejo"], "what waited goes out once it is on again");
    ana.answers("temos, sim").await.ok();
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["já vejo", "temos, sim"]);

    let log = hotel.owner().get("/audit-logs?action=channel_updated").await.ok();
    let changes: Vec<&Value> =
        log["data"].as_array().unwrap().iter().map(|entry| &entry["changes"]["status"]).collect();
    let (off, on) =
        (json!({"old": "active", "new": "disabled"}), json!({"old": "disabled", "new": "active"}));
    assert_eq!(changes, [&on, &off], "{log}");
}

#[tokio::test]
async fn what_meta_says_of_a_number_does_not_switch_it_on() {
    let (app, hotel, _, _) = scene().await;
    switch(hotel.owner(), &hotel, "disabled").await.ok();
    let scope = hotel.scope().await;
    channels::set_status(&app.app, scope, hotel.channel, ChannelStatus::ReconnectNeeded).await.unwrap();
    assert_eq!(status(&hotel).await, "disabled");
    let path = format!("/channels/{}", hotel.channel);
    let token = format!("token-of-{}", hotel.number.phone_number_id);
    hotel.owner().patch(&path, &json!({"name": "Recepção", "access_token": token})).await.ok();
    assert_eq!(status(&hotel).await, "disabled", "nor does a new name or token");

    // And what has to be connected again is not mended by a switch that was never off.
    switch(hotel.owner(), &hotel, "active").await.ok();
    channels::set_status(&app.app, scope, hotel.channel, ChannelStatus::ReconnectNeeded).await.unwrap();
    switch(hotel.owner(), &hotel, "active").await.ok();
    assert_eq!(status(&hotel).await, "reconnect_needed");
    app.may_leave_work();
}

#[tokio::test]
async fn only_whoever_may_change_numbers_switches_them() {
    let (app, hotel, ana, _) = scene().await;
    let clinic = app.tenant("clinic").await;
    let boss = hotel.staff("marta", Role::Manager).await;
    for agent in [&ana, &boss] {
        assert_eq!(switch(agent, &hotel, "disabled").await.status, 403);
    }
    assert_eq!(switch(clinic.owner(), &hotel, "disabled").await.status, 404);
    assert!([400, 422].contains(&switch(hotel.owner(), &hotel, "reconnect_needed").await.status));
    assert_eq!(status(&hotel).await, "active");
}

#[tokio::test]
async fn the_page_switches_a_number_off_after_asking_and_on_again() {
    let (app, hotel, ana, _) = scene().await;
    let browser = hotel.owner().browser().await;
    let path = format!("/channels/{}/status", hotel.channel);
    for (lang, ask, sure) in
        [("pt-BR", "Desligar…", "Desligar agora"), ("en", "Switch off…", "Switch off now")]
    {
        let page = browser.page("/channels", lang).await;
        let (before, after) = page.split_once(ask).unwrap_or_else(|| panic!("no {ask} in {page}"));
        assert!(before.ends_with("<details><summary class=\"muted\">") && after.contains(sure));
    }
    assert_eq!(browser.submit(&path, &[("status", "disabled")]).await.status, 200);
    assert_eq!(status(&hotel).await, "disabled");
    let page = browser.page("/channels", "pt-BR").await;
    assert!(
        page.contains(">Ligar</button>") && page.contains("desligado") && !page.contains("Desligar agora")
    );
    assert_eq!(browser.submit(&path, &[("status", "perhaps")]).await.status, 400);
    assert_eq!(browser.submit(&path, &[("status", "active")]).await.status, 200);
    assert_eq!(status(&hotel).await, "active");
    assert_eq!(ana.browser().await.submit(&path, &[("status", "disabled")]).await.status, 403);
    assert_eq!(status(&hotel).await, "active");
    app.run_jobs().await;
}
