//! Sockets hear what their owner may read, for as long as they may (row S10).

use crate::stage::{Agent, Socket, TestApp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn id_of(shape: &Value) -> String {
    shape["id"].as_str().unwrap_or_else(|| panic!("{shape} has no id")).to_owned()
}

async fn socket_of(app: &TestApp, agent: &Agent) -> Socket {
    let auth = json!({"token": agent.token().await});
    Socket::open(&app.web.url, &auth).await.unwrap_or_else(|refused| panic!("{refused}"))
}

#[tokio::test]
async fn s10_no_socket_opens_without_a_valid_token_and_none_takes_it_from_the_address() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let refused = Socket::open(&app.web.url, &json!({"token": "nonsense"})).await.err().unwrap();
    assert_eq!(refused["message"], "unauthorized");
    // A token in the address is not read: the socket stays unknown, and nothing can be asked.
    let token = hotel.owner().token().await;
    let query = format!("&token={token}");
    let mut socket =
        Socket::open_with(&app.web.url, &query, &json!({})).await.unwrap_or_else(|it| panic!("{it}"));
    let which = json!({"conversation_id": "01890a5d-ac96-774b-bcce-b302099a8057"});
    assert_eq!(socket.ask("join:conversation", &which).await["code"], "unauthorized");
}

/// Every event that names a conversation, with one of another tenant: as unknown as one that never existed.
#[tokio::test]
async fn s10_another_tenants_conversation_is_neither_joined_nor_heard() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let helena = hotel.contact("+55 11 98765-4321");
    let bia = clinic.contact_without_phone("bia");
    helena.says("quero reservar").await;
    bia.says("quero uma consulta").await;
    app.run_jobs().await;
    let foreign = json!({"conversation_id": id_of(&hotel.owner().the_conversation().await)});
    let ghost = json!({"conversation_id": "01890a5d-ac96-774b-bcce-b302099a8057"});
    let own = json!({"conversation_id": id_of(&clinic.owner().the_conversation().await)});

    let mut hotels = socket_of(&app, hotel.owner()).await;
    let mut clinics = socket_of(&app, clinic.owner()).await;
    assert_eq!(hotels.ask("join:conversation", &foreign).await["ok"], true);
    let said = clinics.ask("join:conversation", &foreign).await;
    assert_eq!(said, clinics.ask("join:conversation", &ghost).await);
    assert_eq!(said["code"], "not_found");
    clinics.tell("typing:start", &foreign).await;
    clinics.tell("typing:stop", &foreign).await;
    assert_eq!(clinics.ask("leave:conversation", &foreign).await["ok"], true);

    // Both hear their own next message, and nothing of the other's before it.
    helena.says("para duas pessoas").await;
    app.run_jobs().await;
    bia.says("amanhã cedo").await;
    app.run_jobs().await;
    for (socket, conversation) in [(&mut hotels, &foreign), (&mut clinics, &own)] {
        for (event, payload) in socket.until("message:new").await {
            assert_ne!(event, "typing");
            let of = payload.get("conversation_id").or_else(|| payload["conversation"].get("id"));
            assert_eq!(of, conversation.get("conversation_id"), "{event} {payload}");
        }
    }
}

#[tokio::test]
async fn s10_a_socket_hears_only_the_conversations_in_sight() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, carla) = (hotel.agent("ana").await, hotel.agent("carla").await);
    let (helena, bia) = (hotel.contact("+55 11 98765-4321"), hotel.contact_without_phone("bia"));
    // What was said before a socket opened may still reach it: Carla's hears it out before Ana's opens.
    let mut all = socket_of(&app, &carla).await;
    helena.says("quero reservar").await;
    app.run_jobs().await;
    all.until("message:new").await;
    let of_helena = id_of(&carla.the_conversation().await);
    let me = ana.get("/auth/me").await.ok();
    hotel.owner().patch(&format!("/users/{}", id_of(&me)), &json!({"visibility": "own"})).await.ok();
    let ana = Agent::known(&app, &ana.email);

    let mut hers = socket_of(&app, &ana).await;
    let which = json!({"conversation_id": of_helena});
    assert_eq!(hers.ask("join:conversation", &which).await["code"], "not_found");
    bia.says("não é da ana").await;
    app.run_jobs().await;
    assert_eq!(all.until("message:new").await.last().unwrap().1["message"]["text"], "não é da ana");
    carla.put(&format!("/conversations/{of_helena}/assignment"), &json!({"user_id": id_of(&me)})).await.ok();
    helena.says("é da ana").await;
    app.run_jobs().await;
    let heard = hers.until("message:new").await;
    let words: Vec<_> = heard.iter().filter_map(|(_, payload)| payload["message"]["text"].as_str()).collect();
    assert_eq!(words, ["é da ana"], "{heard:?}");

    // Taken away again, it is out of her ears, and of the room that she joined.
    assert_eq!(hers.ask("join:conversation", &which).await["ok"], true);
    carla.delete(&format!("/conversations/{of_helena}/assignment")).await.ok();
    helena.says("de novo não").await;
    app.run_jobs().await;
    all.until("conversation:assigned").await;
    all.until("conversation:assigned").await;
    all.until("message:new").await;
    assert_eq!(all.ask("join:conversation", &which).await["ok"], true);
    all.tell("typing:start", &which).await;
    let mine = json!({"user_id": id_of(&me)});
    carla.put(&format!("/conversations/{of_helena}/assignment"), &mine).await.ok();
    app.run_jobs().await;
    let heard = hers.until("conversation:assigned").await;
    assert!(heard.iter().all(|(event, _)| event != "message:new" && event != "typing"), "{heard:?}");
}

#[tokio::test]
async fn s10_the_socket_of_somebody_who_was_let_go_is_closed_within_five_seconds() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let mut socket = socket_of(&app, &ana).await;
    let path = format!("/users/{}", id_of(&ana.get("/auth/me").await.ok()));
    let begun = Instant::now();
    assert_eq!(hotel.owner().delete(&path).await.status, 204);
    socket.is_closed_by_the_server().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn s10_a_frame_of_more_than_64_kib_is_not_taken() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let mut socket = socket_of(&app, hotel.owner()).await;
    let status = socket.send_raw(&format!("42[\"typing:start\",\"{}\"]", "x".repeat(70_000))).await;
    assert!(status >= 400, "{status}");
}

/// Browsers let any page open a socket; the server says whose pages may.
#[tokio::test]
async fn s10_pages_of_unknown_origins_open_no_socket() {
    let app = TestApp::with_settings(&[("server.cors_origins", "https://painel.example.com")]).await;
    let opens = async |origin: Option<&str>| {
        let mut request =
            crate::stage::http().get(format!("{}/socket.io/?EIO=4&transport=polling", app.web.url));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        request.send().await.unwrap().status().as_u16()
    };
    for (origin, status) in [
        (None, 200),
        (Some(app.web.url.as_str()), 200),
        (Some("https://painel.example.com"), 200),
        (Some("https://painel.example.com.evil.example"), 403),
        (Some("http://painel.example.com"), 403),
        (Some("https://evil.example"), 403),
        (Some("null"), 403),
    ] {
        assert_eq!(opens(origin).await, status, "{origin:?}");
    }
}

#[tokio::test]
async fn s10_two_hundred_events_a_second_are_slowed_down_and_a_socket_that_goes_on_is_closed() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let mut socket = socket_of(&app, hotel.owner()).await;
    let which = json!({"conversation_id": "01890a5d-ac96-774b-bcce-b302099a8057"});
    let mut heard = 0;
    for _ in 0..200 {
        let answer = socket.ask("leave:conversation", &which).await;
        heard += usize::from(answer["ok"] == true);
        assert!(answer["ok"] == true || answer["code"] == "too_many_requests", "{answer}");
        app.clock.advance(5);
    }
    assert_eq!(heard, 79, "60 at once and 20 a second");
    app.passes(10_000);
    assert_eq!(socket.ask("leave:conversation", &which).await["ok"], true, "it waited, and is heard again");
    for _ in 0..700 {
        socket.tell("typing:start", &which).await;
    }
    socket.is_closed_by_the_server().await;
}
