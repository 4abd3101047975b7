//! Every documented shape of a webhook, through the real address: acknowledged, and then visible somewhere.

use crate::stage::{Agent, Number, Tenant, TestApp, wire};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// Loja Aurora and Clínica Ipê, whose names and ids all fixtures use.
struct Shops {
    app: TestApp,
    aurora: Tenant,
    ipe: Tenant,
    ana: Agent,
    beto: Agent,
}

impl Shops {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let shop = async |slug: &str, phone_number_id: &str, waba_id: &str, phone: &'static str| {
            let number = Number {
                phone_number_id: phone_number_id.into(),
                waba_id: waba_id.into(),
                phone,
                app_secret: format!("the secret of {slug}"),
            };
            let mut shop = Tenant::without_number(&app, slug, number).await;
            shop.connect().await;
            shop
        };
        let aurora = shop("aurora", "200300400500601", "100200300400501", "+55 11 94002-0001").await;
        let ipe = shop("ipe", "200300400500602", "100200300400502", "+55 31 98400-2002").await;
        let (ana, beto) = (aurora.agent("ana").await, ipe.agent("beto").await);
        Self { app, aurora, ipe, ana, beto }
    }

    /// Post a body as Meta would: minified, escaped, signed by the app of the account that it is about.
    async fn receive(&self, body: &Value) -> u16 {
        let shop = if body.to_string().contains(&self.ipe.number.waba_id) { &self.ipe } else { &self.aurora };
        self.app.web.post_signed(&shop.number.app_secret, wire(body)).await.status
    }

    /// What a person can now see of it all.
    async fn visible(&self) -> Vec<(&'static str, String)> {
        let mut visible = Vec::new();
        for (shop, agent) in [(&self.aurora, &self.ana), (&self.ipe, &self.beto)] {
            for conversation in agent.conversations().await {
                for message in agent.messages(&conversation).await {
                    visible.push(("message", kind(&message)));
                }
            }
            let notices = shop.owner().get("/channel-notices").await.ok();
            visible
                .extend(notices["data"].as_array().unwrap().iter().map(|it| ("notice", word(&it["field"]))));
            let early = "select count(*) from early_statuses where tenant_id = $1";
            visible
                .extend((0..self.app.count(Some(shop.id.0), early).await).map(|_| ("status", String::new())));
        }
        visible.extend(self.app.quarantine().await.into_iter().map(|event| ("quarantine", event.reason)));
        visible
    }
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn kind(message: &Value) -> String {
    word(&message["type"])
}

/// Name and content of every fixture, in order.
fn all() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../whatsapp/fixtures/webhooks");
    let mut fixtures: Vec<(String, Value)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let body = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            (path.file_stem().unwrap().to_string_lossy().into_owned(), body)
        })
        .collect();
    fixtures.sort_by(|a, b| a.0.cmp(&b.0));
    fixtures
}

fn number(name: &str) -> u32 {
    name[..2].parse().unwrap()
}

/// Where a fixture's news belongs, by its own field.
fn expected(name: &str) -> &'static str {
    match number(name) {
        // What is said in a group is kept as it came, until groups have a room of their own.
        32 | 33 => "notice",
        1..=31 => "message",
        34..=42 => "status",
        _ => "notice",
    }
}

#[tokio::test]
async fn every_fixture_is_acknowledged_and_then_visible() {
    let fixtures = all();
    assert_eq!(fixtures.len(), 69);
    let shops = Shops::new().await;
    let mut wrong = BTreeMap::new();

    for (name, body) in &fixtures {
        let before = shops.visible().await;
        let status = shops.receive(body).await;
        shops.app.run_jobs().await;
        let mut appeared = shops.visible().await;
        for seen in &before {
            if let Some(position) = appeared.iter().position(|it| it == seen) {
                appeared.remove(position);
            }
        }
        let kinds: Vec<&str> = appeared.iter().map(|(kind, _)| *kind).collect();
        if status != 200 || !kinds.contains(&expected(name)) || kinds.contains(&"quarantine") {
            wrong.insert(name.clone(), (status, appeared));
        }
    }

    assert!(wrong.is_empty(), "{wrong:#?}");
    let counts = shops.app.counts().await;
    assert_eq!((counts.stored, counts.quarantined, counts.waiting), (69, 0, 0));
}

#[tokio::test]
async fn every_fixture_posted_again_changes_nothing_that_anybody_sees() {
    let shops = Shops::new().await;
    for (_, body) in &all() {
        assert_eq!(shops.receive(body).await, 200);
        shops.app.run_jobs().await;
    }
    let before = shops.visible().await;

    for (name, body) in &all() {
        assert_eq!(shops.receive(body).await, 200, "{name}");
    }
    shops.app.run_jobs().await;

    assert_eq!(shops.visible().await, before);
    let counts = shops.app.counts().await;
    assert_eq!((counts.stored, counts.processed, counts.duplicate), (138, 69, 69));
}

/// A kind of message that this version does not know is shown as what it is, with its raw form kept.
#[tokio::test]
async fn texts_and_kinds_survive_into_what_the_agent_sees() {
    let shops = Shops::new().await;
    for (name, body) in all().iter().filter(|(name, _)| number(name) <= 31) {
        assert_eq!(shops.receive(body).await, 200, "{name}");
        shops.app.run_jobs().await;
    }
    let mut seen = Vec::new();
    for (agent, shop) in [(&shops.ana, "aurora"), (&shops.beto, "ipe")] {
        for conversation in agent.conversations().await {
            seen.extend(
                agent
                    .messages(&conversation)
                    .await
                    .iter()
                    .map(|message| (shop, kind(message), word(&message["wamid"]))),
            );
        }
    }
    for (name, body) in all().iter().filter(|(name, _)| number(name) <= 31) {
        let message = &body["entry"][0]["changes"][0]["value"]["messages"][0];
        let wamid = word(&message["id"]);
        let shown = seen.iter().find(|(_, _, shown)| *shown == wamid);
        let (_, kind, _) = shown.unwrap_or_else(|| panic!("{name} is not shown"));
        assert_eq!(*kind, word(&message["type"]), "{name}");
    }
    assert!(seen.iter().any(|(shop, _, _)| *shop == "ipe"));
}
