//! Every kind of message that an agent may send: on the phone as it was meant, or refused with every fault named.

use crate::stage::{Agent, Answer, Person, Socket, TestApp};
use serde_json::{Value, json};
use simulator::{FailureForm, PlannedFailure, Turn};
use zelo::clock::DAY;

impl Agent {
    /// Send something into the only conversation.
    pub(crate) async fn sends(&self, message: &Value) -> Answer {
        let conversation = self.the_conversation().await;
        self.post(&format!("/conversations/{}/messages", conversation["id"].as_str().unwrap()), message).await
    }

    /// Put an emoji on a message, or take it back with an empty one.
    pub(crate) async fn reacts(&self, message_id: &Value, emoji: &str) -> Answer {
        let reaction = json!({"message_id": message_id, "emoji": emoji});
        self.sends(&json!({"type": "reaction", "reaction": reaction})).await
    }

    /// A message by Meta's id.
    async fn message(&self, wamid: &str) -> Value {
        let all = self.messages(&self.the_conversation().await).await;
        all.into_iter().find(|message| message["wamid"] == wamid).unwrap()
    }
}

impl Person {
    /// What the phone shows.
    pub(crate) fn turns(&self) -> Vec<Turn> {
        self.tenant.app.simulator.talk(&self.tenant.number.phone_number_id, self.id).unwrap().turns
    }
}

async fn scene() -> (TestApp, Agent, Person) {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, helena) = (hotel.agent("ana").await, hotel.contact("+55 11 98765-4321"));
    helena.says("onde fica?").await;
    app.run_jobs().await;
    (app, ana, helena)
}

/// Each kind without a file, as programs send it.
fn every_kind() -> Vec<Value> {
    let interactive = |kind: &str, action: Value| json!({"type": "interactive", "interactive": {"type": kind, "body": {"text": "Como seguimos?"}, "action": action}});
    vec![
        json!({"type": "text", "text": {"body": "Veja https://example.com", "preview_url": true}}),
        json!({"type": "location", "location": {"latitude": -27.6, "longitude": -48.5, "name": "Hotel", "address": "Rua da Lagoa, 1"}}),
        json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Recepção", "first_name": "Recepção"},
               "phones": [{"phone": "+55 48 3333-4444", "type": "WORK"}]}]}),
        interactive(
            "button",
            json!({"buttons": [{"type": "reply", "reply": {"id": "sim", "title": "Sim"}}]}),
        ),
        interactive(
            "list",
            json!({"button": "Quartos", "sections": [{"rows": [{"id": "1", "title": "Vista", "description": "R$ 300"}]}]}),
        ),
        interactive(
            "cta_url",
            json!({"name": "cta_url", "parameters": {"display_text": "Reservar", "url": "https://example.com/r"}}),
        ),
        interactive(
            "flow",
            json!({"name": "flow", "parameters": {"flow_message_version": "3", "flow_id": "9", "flow_cta": "Check-in"}}),
        ),
        interactive("location_request_message", json!({"name": "send_location"})),
        interactive("request_contact_info", json!({"name": "request_contact_info"})),
    ]
}

#[tokio::test]
async fn every_kind_reaches_the_phone_as_it_was_meant() {
    let (app, ana, helena) = scene().await;
    for body in every_kind() {
        let accepted = ana.sends(&body).await;
        assert_eq!((accepted.status, &accepted.body["type"]), (202, &body["type"]), "{}", accepted.text);
        app.run_jobs().await;
        let shown = helena.turns().pop().unwrap();
        let kind = body["type"].as_str().unwrap();
        assert_eq!((&shown.content["type"], &shown.content[kind]), (&body["type"], &body[kind]));
        let message = ana.newest().await;
        assert_eq!((&message["status"], &message["content"][kind]), (&json!("delivered"), &body[kind]));
        assert_eq!(message["wamid"], shown.wamid);
    }
}

#[tokio::test]
async fn what_meta_would_refuse_is_not_accepted_and_every_fault_is_named() {
    let (app, ana, helena) = scene().await;
    let before = ana.reads().await.len();
    let button = |title: &str| json!({"type": "reply", "reply": {"id": title, "title": title}});
    let buttons = json!([button("Sim"), button("Não"), button("Falar com a recepção já"), button("Depois")]);
    let refused = ana
        .sends(&json!({"type": "interactive", "silent": true, "interactive": {
            "type": "button", "body": {"text": "ç".repeat(1_025)}, "action": {"buttons": buttons, "colour": "red"}}}))
        .await;
    let named: Vec<(&str, &str)> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["field"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        named,
        [
            ("silent", "unknown"),
            ("interactive.body.text", "too_long"),
            ("interactive.action.buttons", "too_many"),
            ("interactive.action.buttons[2].reply.title", "too_long"),
            ("interactive.action.colour", "unknown"),
        ]
    );
    for (body, field, code) in [
        (json!({"type": "poll", "poll": {}}), "type", "invalid"),
        (json!({"type": "poll"}), "type", "invalid"),
        (json!({"type": "location"}), "location", "required"),
        (json!({"type": "text", "text": "oi", "preview_url": "yes"}), "preview_url", "wrong_type"),
        (json!({"type": "text", "text": {"body": "oi"}, "preview_url": true}), "preview_url", "unknown"),
        (json!({"type": "text", "text": "ç".repeat(4_097)}), "text", "too_long"),
        (
            json!({"type": "location", "location": {"latitude": 91, "longitude": 0}}),
            "location.latitude",
            "invalid",
        ),
    ] {
        let refused = ana.sends(&body).await;
        assert_eq!(refused.problem(), (422, "invalid"), "{body}");
        let errors = &refused.body["errors"];
        assert_eq!((&errors[0]["field"], &errors[0]["code"]), (&json!(field), &json!(code)), "{errors}");
        assert_eq!(errors.as_array().unwrap().len(), 1, "{errors}");
    }
    app.run_jobs().await;
    assert_eq!((ana.reads().await.len(), helena.turns().len()), (before, 1), "nothing was stored or sent");
}

#[tokio::test]
async fn an_answer_quotes_a_message_of_its_own_conversation() {
    let (app, ana, helena) = scene().await;
    let other = helena.tenant.contact("+55 11 91111-2222");
    let asked = ana.newest().await["id"].clone();
    let answered = ana.sends(&json!({"type": "text", "text": "Na lagoa.", "reply_to": asked})).await.ok();
    // Meta does not know it yet.
    let early = ana.sends(&json!({"type": "text", "text": "Aqui.", "reply_to": answered["id"]})).await;
    assert_eq!((early.status, &early.body["errors"][0]["code"]), (422, &json!("not_sent")));
    app.run_jobs().await;

    let shown = helena.turns();
    assert_eq!(shown[1].quotes.as_ref(), Some(&shown[0].wamid));
    let message = ana.newest().await;
    assert_eq!((&message["quoted"]["id"], &message["quoted"]["text"]), (&asked, &json!("onde fica?")));

    other.says("oi").await;
    app.run_jobs().await;
    let talks = ana.conversations().await;
    let theirs = talks.iter().find(|talk| talk["last_message_preview"] == "oi").unwrap();
    let path = format!("/conversations/{}/messages", theirs["id"].as_str().unwrap());
    let crossed = ana.post(&path, &json!({"type": "text", "text": "Olá", "reply_to": asked})).await;
    let error = &crossed.body["errors"][0];
    assert_eq!(
        (crossed.status, &error["field"], &error["code"]),
        (422, &json!("reply_to"), &json!("not_found"))
    );
    let crossed = json!({"type": "reaction", "reaction": {"message_id": asked, "emoji": "👍"}});
    let error = ana.post(&path, &crossed).await.body["errors"][0].clone();
    assert_eq!((&error["field"], &error["code"]), (&json!("reaction.message_id"), &json!("not_found")));
    app.run_jobs().await;
    assert_eq!(other.turns().len(), 1);
}

#[tokio::test]
async fn a_reaction_stands_on_its_message_is_replaced_and_taken_back() {
    let (app, ana, helena) = scene().await;
    let beto = helena.tenant.agent("beto").await;
    let mut socket = Socket::open(&app.web.url, &json!({"token": beto.token().await})).await.unwrap();
    let wamid = helena.turns()[0].wamid.clone();
    let id = ana.message(&wamid).await["id"].clone();

    // By our id, and by Meta's.
    for (named, emoji) in [(&id, "👍"), (&json!(wamid), "❤️")] {
        let accepted = ana.reacts(named, emoji).await;
        assert_eq!(accepted.status, 202, "{}", accepted.text);
        app.run_jobs().await;
        assert_eq!(helena.turns()[0].reaction.as_deref(), Some(emoji));
        let message = beto.message(&wamid).await;
        let shown = message["reactions"].as_array().unwrap();
        assert_eq!(shown.len(), 1, "{shown:?}");
        assert_eq!((&shown[0]["emoji"], &shown[0]["direction"]), (&json!(emoji), &json!("outbound")));
        let heard = socket.until("message:updated").await;
        assert_eq!(heard.last().unwrap().1["message"]["reactions"][0]["emoji"], emoji);
    }
    let page = format!("/conversations/{}", ana.the_conversation().await["id"].as_str().unwrap());
    assert!(ana.browser().await.page(&page, "pt-BR").await.contains("❤️ Você"));

    ana.reacts(&id, "").await.ok();
    app.run_jobs().await;
    assert_eq!(helena.turns()[0].reaction, None);
    assert_eq!(beto.message(&wamid).await["reactions"], json!([]));
    assert_eq!(helena.turns().len(), 1, "a reaction is no message of the thread");
    assert_eq!(ana.sees_conversations().await, ["onde fica?"]);
    assert!(!ana.browser().await.page(&page, "pt-BR").await.contains("❤️ Você"));
}

#[tokio::test]
async fn nobody_reacts_who_may_not_write_and_to_nothing_that_is_not_there() {
    let (app, ana, helena) = scene().await;
    let (clinic, vera) = (app.tenant("clinic").await, helena.tenant.viewer("vera").await);
    let davi = clinic.agent("davi").await;
    clinic.contact("+55 11 97777-6666").says("bom dia").await;
    app.run_jobs().await;
    let id = ana.newest().await["id"].clone();
    assert_eq!(vera.reacts(&id, "👍").await.status, 403);
    for (agent, named) in [(&davi, &id), (&davi, &json!(helena.turns()[0].wamid)), (&ana, &json!("wamid.X"))]
    {
        let refused = agent.reacts(named, "👍").await;
        assert_eq!((refused.status, &refused.body["errors"][0]["code"]), (422, &json!("not_found")));
    }
    let with_quote =
        json!({"type": "reaction", "reaction": {"message_id": id, "emoji": "👍"}, "reply_to": id});
    assert_eq!(ana.sends(&with_quote).await.body["errors"][0]["field"], "reply_to");
    for emoji in ["ok", "👍👍", " "] {
        assert_eq!(ana.reacts(&id, emoji).await.body["errors"][0]["field"], "reaction.emoji", "{emoji}");
    }
    // After 30 days Meta takes none, even though somebody wrote since.
    app.passes(31 * DAY);
    helena.says("ainda estão aí?").await;
    app.run_jobs().await;
    let talk = ana.conversations().await.into_iter().find(|talk| talk["unread_count"] != 0).unwrap();
    let reaction = json!({"type": "reaction", "reaction": {"message_id": id, "emoji": "👍"}});
    let path = format!("/conversations/{}/messages", talk["id"].as_str().unwrap());
    assert_eq!(ana.post(&path, &reaction).await.body["errors"][0]["code"], "too_old");
    assert_eq!(helena.turns()[0].reaction, None);
}

#[tokio::test]
async fn a_reaction_that_meta_refuses_does_not_stay_on_its_message() {
    let (app, ana, helena) = scene().await;
    let wamid = helena.turns()[0].wamid.clone();
    app.simulator.fail_next_send(PlannedFailure { code: 131_009, form: FailureForm::Answer });
    let talk = ana.the_conversation().await;
    ana.reacts(&json!(wamid), "👍").await.ok();
    let before = ana.the_conversation().await;
    assert_eq!(ana.message(&wamid).await["reactions"][0]["emoji"], "👍", "until Meta says no");
    app.run_jobs().await;
    assert_eq!(ana.message(&wamid).await["reactions"], json!([]));
    // Who follows the conversation hears of it.
    let path =
        format!("/conversations/{}/messages?after_seq={}", talk["id"].as_str().unwrap(), before["seq"]);
    let changed = ana.get(&path).await.ok();
    let changed = changed["data"].as_array().unwrap();
    assert!(changed.iter().any(|message| message["wamid"] == wamid.as_str()), "{changed:?}");
    assert_eq!(ana.reacts(&json!(wamid), "🙏").await.status, 202);
    app.run_jobs().await;
    assert_eq!(helena.turns()[0].reaction.as_deref(), Some("🙏"));
}
