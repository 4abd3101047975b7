//! What the platform's owner sets for a tenant's desk, and what follows from it.

use crate::stage::{Agent, Person, TestApp};
use serde_json::{Value, json};
use zelo::clock::{HOUR, MINUTE};

async fn scene() -> (TestApp, Agent, Agent, Person) {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let root = Agent::known(&app, &app.platform_owner().await);
    let (ana, helena) = (hotel.agent("ana").await, hotel.contact("+55 11 98765-4321"));
    helena.says("quero reservar").await;
    app.run_jobs().await;
    (app, root, ana, helena)
}

async fn sets(root: &Agent, person: &Person, settings: Value) -> Value {
    root.patch(&format!("/tenants/{}", person.tenant.id), &json!({ "settings": settings })).await.ok()
}

/// Resolve what is open; says how many conversations there are once the contact wrote again, so much later.
async fn conversations_after(app: &TestApp, ana: &Agent, helena: &Person, later: i64) -> usize {
    let open = ana.get("/conversations?status=open").await.ok()["data"][0].clone();
    let path = format!("/conversations/{}/status", open["id"].as_str().unwrap());
    ana.put(&path, &json!({"status": "resolved"})).await.ok();
    app.passes(later);
    helena.says("mais uma coisa").await;
    app.run_jobs().await;
    ana.conversations().await.len()
}

#[tokio::test]
async fn a_tenant_may_reopen_for_longer_or_never() {
    let (app, root, ana, helena) = scene().await;
    let tenant = root.get(&format!("/tenants/{}", helena.tenant.id)).await.ok();
    assert_eq!(tenant["settings"], json!({"reopen_within_hours": 24, "in_brazil": true}));
    assert_eq!(conversations_after(&app, &ana, &helena, 23 * HOUR).await, 1);

    let tenant = sets(&root, &helena, json!({"reopen_within_hours": 48})).await;
    assert_eq!(tenant["settings"], json!({"reopen_within_hours": 48, "in_brazil": true}));
    assert_eq!(conversations_after(&app, &ana, &helena, 47 * HOUR).await, 1, "it was opened again");
    assert_eq!(conversations_after(&app, &ana, &helena, 48 * HOUR + MINUTE).await, 2, "this was too late");

    sets(&root, &helena, json!({"reopen_within_hours": 0})).await;
    assert_eq!(conversations_after(&app, &ana, &helena, MINUTE).await, 3, "nothing is opened again");

    let log = helena.tenant.owner().get("/audit-logs?action=tenant_changed").await.ok();
    let changed = &log["data"][0]["changes"];
    assert_eq!(changed["settings.reopen_within_hours"], json!({"old": 48, "new": 0}), "{log}");
    assert!(changed["settings.in_brazil"].is_null(), "this one did not change");
}

#[tokio::test]
async fn a_tenant_elsewhere_writes_its_numbers_with_the_country() {
    let (app, root, ana, helena) = scene().await;
    let to = json!({"to": "(11) 98765-4321", "type": "text", "text": "olá"});
    ana.post("/whatsapp/send", &to).await.ok();
    sets(&root, &helena, json!({"in_brazil": false})).await;
    let elsewhere = ana.post("/whatsapp/send", &to).await;
    assert_eq!(
        elsewhere.problem(),
        (409, "window_closed"),
        "these digits are a stranger's number in another country"
    );
    let whole = json!({"to": "+55 11 98765-4321", "type": "text", "text": "com país"});
    ana.post("/whatsapp/send", &whole).await.ok();
    sets(&root, &helena, json!({"in_brazil": true})).await;
    ana.post("/whatsapp/send", &to).await.ok();
    app.run_jobs().await;
    app.passes(MINUTE);
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["olá", "com país", "olá"]);
}

#[tokio::test]
async fn settings_that_do_not_fit_are_refused_and_only_the_platforms_owner_sets_them() {
    let (_app, root, _, helena) = scene().await;
    let path = format!("/tenants/{}", helena.tenant.id);
    let refused = root.patch(&path, &json!({"settings": {"reopen_within_hours": 721}})).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["code"]), (422, &json!("range")));
    for malformed in [
        json!({"settings": {"reopen_within_hours": -1}}),
        json!({"settings": {"reopen_within_hours": "24"}}),
        json!({"settings": {"reopen": 24}}),
        json!({"settings": [24, true]}),
    ] {
        assert!([400, 422].contains(&root.patch(&path, &malformed).await.status), "{malformed}");
    }
    let by_the_tenant = helena.tenant.owner().patch(&path, &json!({"settings": {"in_brazil": false}})).await;
    assert_eq!(by_the_tenant.status, 403);
    let tenant = root.get(&path).await.ok();
    assert_eq!(tenant["settings"], json!({"reopen_within_hours": 24, "in_brazil": true}));
}
