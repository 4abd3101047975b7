//! Every documented shape of a webhook, through the real address: acknowledged, and then seen by a person, in the pages of
//! both languages and in the API. What each one shows is said in `sights`.

mod sights;

use crate::stage::{Agent, Browser, Number, Tenant, TestApp, wire};
use serde_json::{Value, json};
use std::path::Path;

/// Loja Aurora and Clínica Ipê, whose names and ids all fixtures use.
struct Shops {
    app: TestApp,
    aurora: Tenant,
    ipe: Tenant,
    lia: Agent,
    beto: Agent,
    at_aurora: Browser,
    at_ipe: Browser,
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
        let (lia, beto) = (aurora.agent("lia").await, ipe.agent("beto").await);
        let (at_aurora, at_ipe) = (aurora.owner().browser().await, ipe.owner().browser().await);
        Self { app, aurora, ipe, lia, beto, at_aurora, at_ipe }
    }

    /// Post a body as Meta would: minified, escaped, signed by the app of the account that it is about.
    async fn receive(&self, body: &Value) {
        let shop = if body.to_string().contains(&self.ipe.number.waba_id) { &self.ipe } else { &self.aurora };
        let answer = self.app.web.post_signed(&shop.number.app_secret, wire(body)).await;
        assert_eq!(answer.status, 200, "{body}");
        self.app.run_jobs().await;
    }

    /// A message of the shop's, with the id that a fixture refers to: somebody wrote it in the business's app.
    async fn ours(&self, wamid: &str, to: &Value, text: &str) {
        let mut echo = json!({"from": "5511940020001", "id": wamid, "timestamp": "1795175000", "type": "text",
            "text": {"body": text}});
        echo.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
        let mut body = self.aurora.body(&json!({"message_echoes": [echo]}));
        body["entry"][0]["changes"][0]["field"] = json!("smb_message_echoes");
        self.receive(&body).await;
    }

    /// What people see of a message, by Meta's id.
    async fn sees(&self, wamid: &str) -> Sight {
        for (agent, browser) in [(&self.lia, &self.at_aurora), (&self.beto, &self.at_ipe)] {
            for conversation in agent.conversations().await {
                for message in agent.messages(&conversation).await {
                    if message["wamid"] == wamid {
                        return Sight::of(browser, &conversation, &message).await;
                    }
                }
            }
        }
        panic!("nobody sees {wamid}");
    }

    /// What people see of the newest message of a kind that has no id of its own, such as a call.
    async fn sees_newest(&self, kind: &str) -> Sight {
        for conversation in self.lia.conversations().await {
            let mut messages = self.lia.messages(&conversation).await;
            messages.sort_by_key(|message| message["seq"].as_i64());
            if let Some(message) = messages.iter().rev().find(|message| message["type"] == kind) {
                return Sight::of(&self.at_aurora, &conversation, message).await;
            }
        }
        panic!("nobody sees a {kind}");
    }

    /// The page of the numbers in both languages, as the one reads it who connected them, and the newest notice.
    async fn numbers(&self) -> Sight {
        let api = self.aurora.owner().get("/channel-notices").await.ok()["data"][0].clone();
        let (pt, en) =
            (self.at_aurora.page("/channels", "pt-BR").await, self.at_aurora.page("/channels", "en").await);
        Sight { api, list: Value::Null, pt: words(&pt), en: words(&en), html: pt }
    }

    async fn channel(&self) -> Value {
        self.lia.get(&format!("/channels/{}", self.aurora.channel)).await.ok()
    }
}

/// One message as people see it.
struct Sight {
    /// The message, as the API gives it.
    api: Value,
    /// Its conversation, as the API lists it.
    list: Value,
    /// Its words in the page, in Portuguese.
    pt: String,
    /// The same in English.
    en: String,
    /// Its entry in the Portuguese page.
    html: String,
}

impl Sight {
    async fn of(browser: &Browser, conversation: &Value, message: &Value) -> Self {
        let path = format!("/conversations/{}", conversation["id"].as_str().unwrap());
        let id = message["id"].as_str().unwrap();
        let entry = async |lang: &str| {
            let page = browser.page(&path, lang).await;
            let entry = page.split("<li ").find(|entry| {
                entry.contains(&format!("id=\"m-{id}\"")) || entry.contains(&format!("id=\"s-{id}\""))
            });
            entry.map(|entry| entry.split("</ol>").next().unwrap().to_owned()).unwrap_or_default()
        };
        let (pt, en) = (entry("pt-BR").await, entry("en").await);
        let (api, list) = (message.clone(), conversation.clone());
        Self { api, list, pt: words(&format!("<{pt}")), en: words(&format!("<{en}")), html: pt }
    }

    /// Both languages say these.
    #[track_caller]
    fn says(&self, pt: &str, en: &str) -> &Self {
        assert!(self.pt.contains(pt), "{pt:?} is not in {:?}", self.pt);
        assert!(self.en.contains(en), "{en:?} is not in {:?}", self.en);
        self
    }

    /// Both languages show these words of people's.
    #[track_caller]
    fn shows(&self, text: &str) -> &Self {
        self.says(text, text)
    }

    #[track_caller]
    fn hides(&self, text: &str) -> &Self {
        assert!(!self.pt.contains(text) && !self.en.contains(text), "{text:?} is in {:?}", self.pt);
        assert!(!self.api.to_string().contains(text), "{text:?} is in {}", self.api);
        self
    }

    /// It has no entry of its own: it stands on the message that it changes.
    #[track_caller]
    fn stands_elsewhere(&self) -> &Self {
        assert_eq!((self.pt.as_str(), self.en.as_str()), ("", ""));
        self
    }

    #[track_caller]
    fn links(&self, address: &str) -> &Self {
        assert!(self.html.contains(&format!("href=\"{address}")), "{address} is no link of {}", self.html);
        self
    }

    #[track_caller]
    fn has(&self, pointer: &str, value: impl Into<Value>) -> &Self {
        assert_eq!(self.api.pointer(pointer), Some(&value.into()), "{pointer} of {}", self.api);
        self
    }
}

/// What a reader reads of HTML.
fn words(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<').skip(1) {
        text.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        text.push(' ');
    }
    for (entity, letter) in [
        ("&#39;", "'"),
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, letter);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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

/// A fixture by its number.
fn fixture(number: u32) -> Value {
    all().into_iter().find(|(name, _)| self::number(name) == number).unwrap().1
}

fn number(name: &str) -> u32 {
    name[..2].parse().unwrap()
}

/// Meta's id of the first message of a fixture.
fn wamid(body: &Value) -> String {
    let value = &body["entry"][0]["changes"][0]["value"];
    let first = ["messages", "message_echoes"].iter().find_map(|list| value[list][0]["id"].as_str());
    first.unwrap().to_owned()
}

#[tokio::test]
async fn every_fixture_is_seen_as_what_it_says() {
    let fixtures = all();
    assert_eq!(fixtures.len(), 69);
    let shops = Shops::new().await;
    sights::prepare(&shops).await;
    let mut shown = 0;
    for (name, body) in &fixtures {
        // A message that failed is no other fixture's any more, and has a scene of its own.
        if number(name) == 38 {
            continue;
        }
        shops.receive(body).await;
        println!("{name}");
        // Panics for a fixture of which nothing is said.
        sights::of(&shops, number(name), body).await;
        shown += 1;
    }
    assert_eq!(shown, 68);
    assert_eq!(shops.app.quarantine().await.len(), 0);
}

#[tokio::test]
async fn a_refused_message_says_why() {
    let shops = Shops::new().await;
    let body = fixture(38);
    let wamid = body["entry"][0]["changes"][0]["value"]["statuses"][0]["id"].as_str().unwrap().to_owned();
    shops.ours(&wamid, &json!({"to": "5511999990001"}), "Tudo certo?").await;
    shops.receive(&body).await;
    let sight = shops.sees(&wamid).await;
    sight.has("/status", "failed").has("/error/code", "131047");
    sight.says("a janela de 24 horas fechou (131047)", "the 24-hour window has closed (131047)");
}

#[tokio::test]
async fn every_fixture_posted_again_changes_nothing_that_anybody_sees() {
    let shops = Shops::new().await;
    for (_, body) in &all() {
        shops.receive(body).await;
    }
    let before = everything(&shops).await;
    for (_, body) in &all() {
        shops.receive(body).await;
    }
    assert_eq!(everything(&shops).await, before);
    let counts = shops.app.counts().await;
    assert_eq!((counts.stored, counts.processed, counts.duplicate), (138, 69, 69));
}

/// All that the API shows to both shops.
async fn everything(shops: &Shops) -> Vec<Value> {
    let mut all = Vec::new();
    for (agent, shop) in [(&shops.lia, &shops.aurora), (&shops.beto, &shops.ipe)] {
        for conversation in agent.conversations().await {
            all.extend(agent.messages(&conversation).await);
            all.push(conversation);
        }
        for path in ["/contacts", "/channel-notices", "/channels", "/message-templates", "/contact-merges"] {
            all.push(shop.owner().get(path).await.ok());
        }
    }
    all
}
