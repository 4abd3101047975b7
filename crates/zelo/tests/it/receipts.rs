//! What the customer's phone is told besides messages: that they were read, and that somebody writes.

use crate::stage::{Agent, Person, Socket, TestApp};
use serde_json::{Value, json};
use simulator::{Tick, Writer};
use zelo::clock::{DAY, HOUR, MINUTE, SECOND};

impl Agent {
    /// Look at the only conversation.
    async fn reads_it(&self) {
        let conversation = self.the_conversation().await;
        self.post(&format!("/conversations/{}/read", conversation["id"].as_str().unwrap()), &Value::Null)
            .await
            .ok();
    }

    /// A socket that looks at the only conversation.
    async fn sits_down(&self) -> (Socket, Value) {
        let auth = json!({"token": self.token().await});
        let mut socket = Socket::open(&self.app.web.url, &auth).await.unwrap();
        let which = json!({"conversation_id": self.the_conversation().await["id"]});
        assert_eq!(socket.ask("join:conversation", &which).await["ok"], true);
        (socket, which)
    }
}

impl Person {
    /// The ticks on what they wrote.
    fn ticks(&self) -> Vec<Tick> {
        let own = self.turns().into_iter().filter(|turn| turn.writer == Writer::Contact);
        own.map(|turn| turn.tick).collect()
    }

    fn sees_typing(&self) -> bool {
        self.tenant.app.simulator.talk(&self.tenant.number.phone_number_id, self.id).unwrap().typing
    }
}

/// How many calls of this kind reached Meta.
fn calls(app: &TestApp, what: &str) -> usize {
    app.simulator.log().iter().filter(|entry| entry.label == format!("POST /messages {what}")).count()
}

async fn scene() -> (TestApp, Agent, Person) {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, helena) = (hotel.agent("ana").await, hotel.contact("+55 11 98765-4321"));
    for text in ["oi", "tem vaga?"] {
        helena.says(text).await;
    }
    app.run_jobs().await;
    (app, ana, helena)
}

#[tokio::test]
async fn what_an_agent_read_gets_its_blue_ticks_once() {
    let (app, ana, helena) = scene().await;
    assert_eq!(helena.ticks(), [Tick::Delivered, Tick::Delivered], "nobody has read it");
    ana.reads_it().await;
    assert_eq!(calls(&app, "read"), 0, "nothing leaves inside a request");
    app.run_jobs().await;
    assert_eq!(helena.ticks(), [Tick::Read, Tick::Read]);
    // Looking again is no news, for a colleague neither.
    ana.reads_it().await;
    helena.tenant.agent("beto").await.reads_it().await;
    app.run_jobs().await;
    assert_eq!(calls(&app, "read"), 1);

    helena.says("alô?").await;
    app.run_jobs().await;
    assert_eq!(helena.ticks()[2], Tick::Delivered);
    ana.reads_it().await;
    app.run_jobs().await;
    assert_eq!((helena.ticks()[2], calls(&app, "read")), (Tick::Read, 2));
}

#[tokio::test]
async fn who_only_looks_on_gives_no_blue_ticks() {
    let (app, _, helena) = scene().await;
    let vera = helena.tenant.viewer("vera").await;
    let conversation = vera.the_conversation().await;
    let path = format!("/conversations/{}/read", conversation["id"].as_str().unwrap());
    assert_eq!(vera.post(&path, &Value::Null).await.status, 403);
    let page = format!("{}/conversations/{}/read", app.web.url, conversation["id"].as_str().unwrap());
    let request = app.web.request(reqwest::Method::POST, &page).bearer_auth(vera.token().await);
    let looked =
        app.web.answer(request.header("sec-fetch-site", "same-origin").header("x-fragment", "read")).await;
    assert_eq!(looked.status, 204);
    app.run_jobs().await;
    assert_eq!(calls(&app, "read"), 0);
}

#[tokio::test]
async fn a_receipt_waits_until_meta_takes_it_and_is_given_up_without_a_trace() {
    let (app, ana, helena) = scene().await;
    let number = helena.tenant.number.phone_number_id.clone();
    app.simulator.expire_token(&number, true).unwrap();
    ana.reads_it().await;
    app.run_jobs().await;
    assert_eq!(helena.ticks(), [Tick::Delivered, Tick::Delivered]);
    assert_eq!(
        ana.get(&format!("/channels/{}", helena.tenant.channel)).await.ok()["status"],
        "reconnect_needed"
    );
    app.simulator.expire_token(&number, false).unwrap();
    let token = json!({"access_token": format!("token-of-{number}")});
    helena.tenant.owner().patch(&format!("/channels/{}", helena.tenant.channel), &token).await.ok();
    app.passes(2 * MINUTE);
    app.run_jobs().await;
    assert_eq!(helena.ticks(), [Tick::Read, Tick::Read]);

    // Of a message of long ago Meta wants to hear nothing.
    helena.says("tchau").await;
    app.run_jobs().await;
    app.passes(31 * DAY);
    ana.reads_it().await;
    app.run_jobs().await;
    assert_eq!(helena.ticks()[2], Tick::Delivered);
}

#[tokio::test]
async fn the_contact_sees_that_an_agent_writes_and_meta_hears_it_every_25_seconds() {
    let (app, ana, helena) = scene().await;
    let (mut socket, which) = ana.sits_down().await;
    let (mut other, _) = helena.tenant.agent("beto").await.sits_down().await;
    assert!(!helena.sees_typing());
    for _ in 0..3 {
        socket.ask("typing:start", &which).await;
    }
    other.ask("typing:start", &which).await;
    assert!(helena.sees_typing());
    assert_eq!(calls(&app, "read"), 1, "typing is told with a receipt, and once");
    assert_eq!(helena.ticks(), [Tick::Read, Tick::Read]);

    app.passes(25 * SECOND);
    assert!(!helena.sees_typing(), "it is gone by itself");
    socket.tell("typing:stop", &which).await;
    socket.ask("typing:start", &which).await;
    assert_eq!((helena.sees_typing(), calls(&app, "read")), (true, 2));
    ana.answers("Tem sim!").await.ok();
    app.run_jobs().await;
    assert!(!helena.sees_typing(), "the answer is there");
    assert_eq!(helena.has_received(), ["Tem sim!"]);
}

#[tokio::test]
async fn nobody_else_is_shown_to_write() {
    let (app, ana, helena) = scene().await;
    let vera = helena.tenant.viewer("vera").await;
    let (mut socket, which) = vera.sits_down().await;
    socket.ask("typing:start", &which).await;
    // Davi works elsewhere and knows the id.
    let clinic = app.tenant("clinic").await;
    let auth = json!({"token": clinic.agent("davi").await.token().await});
    let mut stranger = Socket::open(&app.web.url, &auth).await.unwrap();
    stranger.ask("typing:start", &which).await;
    // Ana has not joined; afterwards she has, but the window is closed.
    let auth = json!({"token": ana.token().await});
    Socket::open(&app.web.url, &auth).await.unwrap().ask("typing:start", &which).await;
    app.passes(25 * HOUR);
    let (mut late, _) = ana.sits_down().await;
    late.ask("typing:start", &which).await;
    assert_eq!((helena.sees_typing(), calls(&app, "read")), (false, 0));
}

#[tokio::test]
async fn a_meta_that_does_not_answer_keeps_no_message_back() {
    let (app, ana, helena) = scene().await;
    let (mut socket, which) = ana.sits_down().await;
    let number = helena.tenant.number.phone_number_id.clone();
    app.simulator.expire_token(&number, true).unwrap();
    socket.ask("typing:start", &which).await;
    assert!(!helena.sees_typing());
    app.simulator.expire_token(&number, false).unwrap();
    ana.answers("Tem sim!").await.ok();
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["Tem sim!"]);
}
