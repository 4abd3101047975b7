//! Two contacts are merged while something of theirs is under way: what was sealed for the one would never open again under
//! the key of the other.

use crate::{
    media::{PHOTO, pdf},
    one_person::writes,
    stage::{Agent, Person, Tenant, TestApp},
};
use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use std::convert::Infallible;
use zelo::inbound::Processing;

/// Helena wrote from another telephone once, and nobody knows that it was she.
struct Scene {
    app: TestApp,
    hotel: Tenant,
    ana: Agent,
    helena: Person,
    /// By what Meta knows her.
    user_id: Value,
}

const OTHER: &str = "5511911112222";

impl Scene {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let hotel = app.tenant("hotel").await;
        let ana = hotel.agent("ana").await;
        writes(&hotel, "wamid.1", 0, &json!({"from": OTHER}), "pelo outro telefone").await;
        let helena = hotel.contact("+55 11 98765-4321");
        helena.says("pelo meu").await;
        app.run_jobs().await;
        let user_id = conversation_of(&ana, "pelo meu").await["contact"]["user_id"].clone();
        Self { app, hotel, ana, helena, user_id }
    }

    /// She writes from the other telephone, and is one from now on: what she wrote goes to the older contact. No job runs.
    async fn becomes_one(&self) {
        let message = json!({"id": "wamid.9", "timestamp": "1795176090", "type": "text", "from": OTHER,
            "from_user_id": self.user_id, "text": {"body": "pelos dois"}});
        self.hotel.receives(&self.hotel.body(&json!({"messages": [message]}))).await.ok();
        Processing::new(self.app.app.clone()).drain().await.unwrap();
        let merges = self.hotel.owner().get("/contact-merges").await.ok();
        assert_eq!(merges["data"].as_array().unwrap().len(), 1, "{merges}");
    }

    /// All jobs run, and while the first one waits for Meta's answer she becomes one.
    async fn becomes_one_while_meta_is_asked(&self) {
        let held = self.app.simulator.hold_calls();
        tokio::join!(self.app.run_jobs(), async {
            held.are(1).await;
            self.becomes_one().await;
            drop(held);
        });
    }
}

/// The conversation in which somebody wrote this.
async fn conversation_of(ana: &Agent, text: &str) -> Value {
    for conversation in ana.conversations().await {
        if ana.messages(&conversation).await.iter().any(|message| message["text"] == text) {
            return conversation;
        }
    }
    panic!("nobody wrote {text}");
}

#[tokio::test]
async fn a_file_that_is_being_fetched_opens_afterwards() {
    let scene = Scene::new().await;
    scene.helena.sends_photo("image/png", PHOTO).await;

    scene.becomes_one_while_meta_is_asked().await;

    let ana = &scene.ana;
    let messages = ana.messages(&conversation_of(ana, "pelo meu").await).await;
    let photo = messages.iter().find(|message| message["type"] == "image").unwrap();
    assert_eq!(photo["media"]["state"], "stored");
    let (answer, bytes) = ana.opens(&photo["media"]["url"], &[]).await;
    assert_eq!((answer.status, bytes.as_slice()), (200, PHOTO));
}

#[tokio::test]
async fn a_message_that_is_being_sent_is_known_to_have_left() {
    let scene = Scene::new().await;
    let conversation = conversation_of(&scene.ana, "pelo meu").await;
    let path = format!("/conversations/{}/messages", conversation["id"].as_str().unwrap());
    scene.ana.post(&path, &json!({"type": "text", "text": "Já te respondo"})).await.ok();

    scene.becomes_one_while_meta_is_asked().await;

    let messages = scene.ana.messages(&conversation).await;
    let sent = messages.iter().find(|message| message["text"] == "Já te respondo").unwrap();
    assert!(["sent", "delivered"].contains(&sent["status"].as_str().unwrap()), "{sent}");
    assert!(sent["wamid"].is_string() && sent["error"].is_null(), "{sent}");
    assert_eq!(scene.helena.has_received(), ["Já te respondo"]);
}

#[tokio::test]
async fn a_file_that_is_being_uploaded_is_asked_for_once_more() {
    let scene = Scene::new().await;
    let (app, ana) = (&scene.app, &scene.ana);
    let conversation = conversation_of(ana, "pelo meu").await;
    let url = format!(
        "{}/api/v1/conversations/{}/media?filename=conta.pdf",
        app.web.url,
        conversation["id"].as_str().unwrap()
    );
    let token = ana.token().await;
    let uploads = |body: reqwest::Body| {
        let request = app.web.request(Method::POST, &url).bearer_auth(&token);
        app.web.answer(request.header("content-type", "application/pdf").body(body))
    };
    let (say, mut said) = tokio::sync::mpsc::channel::<Bytes>(1);
    let body = reqwest::Body::wrap_stream(futures_util::stream::poll_fn(move |cx| {
        said.poll_recv(cx).map(|bytes| bytes.map(Ok::<_, Infallible>))
    }));
    // More than the network holds, so that most of it was taken when the rest comes.
    let content = pdf(&"x".repeat(16 * 1024 * 1024));
    let mut pieces = content.chunks(256 * 1024).map(Bytes::copy_from_slice);
    let last = pieces.next_back().unwrap();

    let (answer, ()) = tokio::join!(uploads(body), async {
        for piece in pieces {
            say.send(piece).await.unwrap();
        }
        scene.becomes_one().await;
        say.send(last).await.unwrap();
        drop(say);
    });

    assert_eq!(answer.problem(), (409, "contact_changed"), "{}", answer.text);
    let file = uploads(content.clone().into()).await.ok();
    assert_eq!(ana.opens(&file["url"], &[]).await.1, content);
}
