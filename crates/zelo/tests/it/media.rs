//! Files that customers send: fetched, looked at, kept, and shown to those who see their conversation.

use crate::{
    one_person::{BY_ID, writes},
    stage::{Agent, Answer, Person, Tenant, TestApp},
};
use reqwest::Method;
use serde_json::{Value, json};
use simulator::{NewContact, Said};
use zelo::clock::{DAY, HOUR, MINUTE};

/// The smallest photo: a PNG of one pixel.
pub(crate) const PHOTO: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

/// A PDF with one empty page, and a few words.
pub(crate) fn pdf(words: &str) -> Vec<u8> {
    format!(
        "%PDF-1.4\n% {words}\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )
    .into_bytes()
}

/// A hotel with Ana, and Helena who writes to it.
pub(crate) async fn scene() -> (TestApp, Tenant, Agent, Person) {
    scene_with(&[]).await
}

/// The same with settings of its own.
pub(crate) async fn scene_with(settings: &[(&str, &str)]) -> (TestApp, Tenant, Agent, Person) {
    let app = TestApp::with_settings(settings).await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    (app, hotel, ana, helena)
}

impl Agent {
    /// The file of the newest message of the only conversation.
    pub(crate) async fn newest_file(&self) -> Value {
        self.newest().await["media"].clone()
    }

    /// Open an address of the API as a browser's page would ask for it: `document`, `image` and so on.
    pub(crate) async fn opens(&self, url: &Value, headers: &[(&str, &str)]) -> (Answer, Vec<u8>) {
        let token = self.token().await;
        let url = format!("{}{}", self.app.web.url, url.as_str().expect("an address"));
        let mut request = self.app.web.request(Method::GET, &url).bearer_auth(token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap().to_vec();
        let mut again = axum::http::Response::builder().status(status);
        again.headers_mut().unwrap().extend(headers);
        let answer = Answer::of(reqwest::Response::from(again.body(bytes.clone()).unwrap())).await;
        (answer, bytes)
    }
}

#[tokio::test]
async fn a_photo_is_fetched_and_shown_to_those_who_see_its_conversation() {
    let (app, _, ana, helena) = scene().await;
    let davi = app.tenant("clinic").await.agent("davi").await;
    helena.sends_photo("image/png", PHOTO).await;
    // The message is there before its file.
    let processing = zelo::inbound::Processing::new(app.app.clone());
    processing.drain().await.unwrap();
    let waiting = ana.newest_file().await;
    assert_eq!((&waiting["state"], &waiting["url"]), (&json!("pending"), &Value::Null));
    let early = ana.get(&format!("/media/{}", waiting["id"].as_str().unwrap())).await;
    assert_eq!(early.status, 404);

    app.run_jobs().await;

    let file = ana.newest_file().await;
    assert_eq!(file["state"], "stored");
    assert_eq!((&file["mime_type"], &file["size"]), (&json!("image/png"), &json!(PHOTO.len())));
    assert_eq!((&file["width"], &file["height"]), (&json!(1), &json!(1)));
    let (answer, bytes) = ana.opens(&file["url"], &[]).await;
    assert_eq!((answer.status, bytes.as_slice()), (200, PHOTO));
    let (small, bytes) = ana.opens(&file["thumbnail_url"], &[]).await;
    assert_eq!((small.status, small.headers["content-type"].as_str()), (200, "image/jpeg"));
    assert!(bytes.starts_with(b"\xff\xd8\xff"));
    for address in ["url", "thumbnail_url"] {
        assert_eq!(davi.opens(&file[address], &[]).await.0.status, 404, "another tenant's {address}");
    }
}

#[tokio::test]
async fn whoever_does_not_see_a_conversation_does_not_see_its_files() {
    let (app, hotel, ana, helena) = scene().await;
    helena.sends_photo("image/png", PHOTO).await;
    app.run_jobs().await;
    let file = ana.newest_file().await;
    assert_eq!(ana.opens(&file["url"], &[]).await.0.status, 200);
    let me = ana.get("/auth/me").await.ok();
    let path = format!("/users/{}", me["id"].as_str().unwrap());
    hotel.owner().patch(&path, &json!({"visibility": "own"})).await.ok();
    let ana = Agent::known(&app, &ana.email);
    for address in ["url", "thumbnail_url"] {
        assert_eq!(ana.opens(&file[address], &[]).await.0.status, 404, "{address}");
    }
}

#[tokio::test]
async fn any_range_of_a_file_is_read_as_it_was_sent() {
    let (app, _, ana, helena) = scene().await;
    // More than two chunks of 64 KiB, whose bytes differ from place to place.
    let mut document = pdf("contrato");
    document.extend((0..200_000_u32).flat_map(u32::to_be_bytes).take(150_000));
    document.extend_from_slice(b"\n%%EOF\n");
    helena.sends_document("contrato.pdf", "application/pdf", document.clone()).await;
    app.run_jobs().await;
    let file = ana.newest_file().await;
    let last = document.len() - 1;
    for (from, to) in
        [(0, 0), (0, 65_535), (65_535, 65_536), (65_536, 131_071), (100_000, last), (last, last)]
    {
        let range = format!("bytes={from}-{to}");
        let (answer, bytes) = ana.opens(&file["url"], &[("range", &range)]).await;
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.headers["content-range"], format!("bytes {from}-{to}/{}", document.len()));
        assert_eq!(bytes, document[from..=to], "{range}");
    }
    let (answer, _) = ana.opens(&file["url"], &[("range", &format!("bytes={}-", document.len()))]).await;
    assert_eq!(
        (answer.status, answer.headers["content-range"].clone()),
        (416, format!("bytes */{}", document.len()))
    );
    assert_eq!(ana.opens(&file["url"], &[]).await.1, document);
}

#[tokio::test]
async fn a_voice_note_says_how_long_it_is_and_is_played() {
    let (app, _, ana, helena) = scene().await;
    let voice = include_bytes!("../../../simulator/assets/voice.ogg");
    let file = helena.has_file("audio/ogg; codecs=opus", *voice);
    helena.sends(&Said::Audio { file, voice: true }).await;
    app.run_jobs().await;
    let file = ana.newest_file().await;
    assert_eq!((&file["state"], &file["mime_type"]), (&json!("stored"), &json!("audio/ogg")));
    assert!(file["duration_ms"].as_i64().is_some_and(|length| (100..60_000).contains(&length)), "{file}");
    let (answer, _) = ana.opens(&file["url"], &[("sec-fetch-dest", "audio")]).await;
    assert!(answer.headers["content-disposition"].starts_with("inline; "), "{:?}", answer.headers);
}

#[tokio::test]
async fn the_same_file_is_stored_once_in_a_tenant_and_each_contact_has_it() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    for (tenant, name) in [(&hotel, "helena"), (&hotel, "bia"), (&clinic, "caio")] {
        let person = tenant.person(NewContact { username: Some(name.into()), ..NewContact::default() });
        person.sends_document("tabela.pdf", "application/pdf", pdf("tabela de preços")).await;
        app.run_jobs().await;
        app.passes(1000);
    }
    let files = "select count(*) from media where tenant_id = $1 and state = 'stored'";
    let objects = "select count(distinct file_id) from media where tenant_id = $1";
    assert_eq!(app.count(Some(hotel.id.0), files).await, 2);
    assert_eq!(app.count(Some(hotel.id.0), objects).await, 1);
    assert_eq!(app.count(Some(clinic.id.0), objects).await, 1, "another tenant has one of its own");
    let owner = hotel.owner();
    for conversation in owner.conversations().await {
        let file = owner.messages(&conversation).await[0]["media"].clone();
        assert_eq!(owner.opens(&file["url"], &[]).await.1, pdf("tabela de preços"));
    }
    // One of them is erased: the other one keeps the file, and nobody reads it through the first any more.
    let people = owner.get("/contacts").await.ok();
    let first =
        people["data"].as_array().unwrap().iter().find(|it| it["name"] == "helena").unwrap()["id"].clone();
    let erased: uuid::Uuid = first.as_str().unwrap().parse().unwrap();
    app.app.keyring.destroy_contact_keys(hotel.id.0, erased).await.unwrap();
    let conversations = owner.get("/conversations?limit=200").await;
    assert!(conversations.status == 200, "{}", conversations.text);
    let mut read = 0;
    for conversation in conversations.body["data"].as_array().unwrap() {
        let id = conversation["id"].as_str().unwrap();
        let messages = owner.get(&format!("/conversations/{id}/messages")).await;
        if messages.status == 200 {
            let url = messages.body["data"][0]["media"]["url"].clone();
            assert_eq!(owner.opens(&url, &[]).await.1, pdf("tabela de preços"));
            read += 1;
        }
    }
    assert_eq!(read, 1);
}

#[tokio::test]
async fn what_is_refused_says_why() {
    let (app, _, ana, helena) = scene_with(&[("media.largest_megabytes", "1")]).await;
    let large = [pdf("grande"), vec![b' '; 1_100_000], b"%%EOF".to_vec()].concat();
    let page = b"<html><script>alert(1)</script></html>".to_vec();
    for (name, declared, content, reason) in [
        ("grande.pdf", "application/pdf", large, "too_large"),
        ("programa.exe", "application/octet-stream", b"MZ\x90\0\x03\0\0\0".to_vec(), "type_not_allowed"),
        ("foto.jpg", "image/jpeg", pdf("não é foto"), "type_mismatch"),
        ("nota.txt", "text/plain", page, "suspicious"),
        ("vazio.pdf", "application/pdf", Vec::new(), "empty"),
        ("foto.png", "image/png", PHOTO[..40].to_vec(), "broken"),
    ] {
        helena.sends_document(name, declared, content).await;
        app.run_jobs().await;
        let file = ana.newest_file().await;
        assert_eq!((&file["state"], &file["reason"]), (&json!("refused"), &json!(reason)), "{name}");
        assert_eq!((&file["url"], &file["thumbnail_url"]), (&Value::Null, &Value::Null), "{name}");
        let id = file["id"].as_str().unwrap();
        assert_eq!(ana.get(&format!("/media/{id}")).await.status, 410, "{name}");
        app.passes(1000);
    }
}

#[tokio::test]
async fn a_file_that_meta_does_not_give_is_tried_until_it_is_forgotten() {
    let (app, hotel, ana, helena) = scene().await;
    let number = hotel.number.phone_number_id.clone();
    app.simulator.expire_token(&number, true).unwrap();
    helena.sends_photo("image/png", PHOTO).await;
    app.run_jobs().await;
    assert_eq!(ana.newest_file().await["state"], "pending");
    let channel = ana.get(&format!("/channels/{}", hotel.channel)).await.ok();
    assert_eq!(channel["status"], "reconnect_needed", "somebody has to do something");

    // Somebody connects the number again, and the file comes.
    app.simulator.expire_token(&number, false).unwrap();
    let token = json!({"access_token": format!("token-of-{number}")});
    hotel.owner().patch(&format!("/channels/{}", hotel.channel), &token).await.ok();
    app.passes(2 * MINUTE);
    app.run_jobs().await;
    assert_eq!(ana.newest_file().await["state"], "stored");

    // The next one is not fetched in time.
    app.simulator.expire_token(&number, true).unwrap();
    helena.sends_photo("image/png", [PHOTO, b" "].concat()).await;
    app.run_jobs().await;
    for _ in 0..8 {
        app.passes(DAY - HOUR);
        app.run_jobs().await;
    }
    let file = ana.newest_file().await;
    assert_eq!((&file["state"], &file["url"]), (&json!("expired"), &Value::Null));
}

#[tokio::test]
async fn listeners_hear_that_a_file_has_come() {
    let (app, _, ana, helena) = scene().await;
    helena.sends_photo("image/png", PHOTO).await;
    app.run_jobs().await;
    let message = ana.newest().await;
    assert!(message["changed_seq"].as_i64() > message["seq"].as_i64(), "{message}");
    let conversation = message["conversation_id"].as_str().unwrap();
    let seq = &message["seq"];
    let changed = ana.get(&format!("/conversations/{conversation}/messages?after_seq={seq}")).await.ok();
    assert_eq!(changed["data"][0]["media"]["state"], "stored");
}

#[tokio::test]
async fn opening_a_file_is_in_the_audit_log() {
    let (app, hotel, ana, helena) = scene().await;
    helena.sends_photo("image/png", PHOTO).await;
    app.run_jobs().await;
    let file = ana.newest_file().await;
    ana.opens(&file["thumbnail_url"], &[]).await;
    let noted = async || {
        let log = hotel.owner().get("/audit-logs?action=attachment_read").await.ok();
        log["data"].as_array().unwrap().len()
    };
    assert_eq!(noted().await, 0, "a small picture is part of its conversation");
    ana.opens(&file["url"], &[]).await;
    ana.opens(&file["url"], &[("range", "bytes=0-3")]).await;
    assert_eq!(noted().await, 1);
}

#[tokio::test]
async fn the_file_of_a_message_that_its_writer_deleted_is_gone_for_everybody() {
    let (app, hotel, ana, helena) = scene().await;
    let kept = helena.sends_document("tabela.pdf", "application/pdf", pdf("tabela")).await;
    app.run_jobs().await;
    let file = ana.newest_file().await;
    app.passes(1000);
    let regretted = helena.sends_photo("image/png", PHOTO).await;
    app.run_jobs().await;
    let photo = ana.newest_file().await;
    assert_eq!(ana.opens(&photo["url"], &[]).await.0.status, 200);
    assert_ne!(kept, regretted);

    let revoke = json!({"from": "5511987654321", "id": "wamid.R", "timestamp": "1795176060", "type": "revoke",
        "revoke": {"original_message_id": regretted}});
    hotel.receives(&hotel.body(&json!({"messages": [revoke]}))).await.ok();
    app.run_jobs().await;

    for address in ["url", "thumbnail_url"] {
        assert_eq!(ana.opens(&photo[address], &[]).await.0.status, 410, "{address}");
        assert_eq!(hotel.owner().opens(&photo[address], &[]).await.0.status, 410, "{address}, for the owner");
    }
    assert_eq!(ana.opens(&file["url"], &[]).await.1, pdf("tabela"), "another message's file stays");
}

#[tokio::test]
async fn the_files_of_two_that_are_one_are_opened_after_they_were_merged_and_parted() {
    let (app, hotel, _, _) = scene().await;
    let owner = hotel.owner();
    writes(&hotel, "wamid.1", 0, &json!({"from": "5511987654321"}), "pelo número").await;
    let content = pdf("do usuário");
    let number = &hotel.number.phone_number_id;
    let id = app.simulator.add_file(number, "application/pdf", content.clone()).unwrap();
    let document = json!({"from_user_id": BY_ID, "id": "wamid.2", "timestamp": "1795176010", "type": "document",
        "document": {"id": id, "mime_type": "application/pdf", "filename": "rg.pdf"}});
    hotel.receives(&hotel.body(&json!({"messages": [document]}))).await.ok();
    app.run_jobs().await;
    let file = async || {
        let mut files = Vec::new();
        for conversation in owner.conversations().await {
            files.extend(owner.messages(&conversation).await.into_iter().map(|it| it["media"].clone()));
        }
        files.into_iter().find(|file| !file.is_null()).unwrap()
    };
    assert_eq!(owner.opens(&file().await["url"], &[]).await.1, content);

    let both = json!({"from": "5511987654321", "from_user_id": BY_ID});
    writes(&hotel, "wamid.3", 20, &both, "pelos dois").await;
    let merge = owner.get("/contact-merges").await.ok()["data"][0].clone();
    assert_eq!(merge["reason"], "same_number", "the test has two that are one");
    // Sealed under the key of the one who was kept, name and all; the key of the other is not asked any more.
    let merged: uuid::Uuid = merge["merged_contact_id"].as_str().unwrap().parse().unwrap();
    let opened = file().await;
    assert_eq!((&opened["filename"], &opened["state"]), (&json!("rg.pdf"), &json!("stored")));
    assert_eq!(owner.opens(&opened["url"], &[]).await.1, content);
    let path = format!("/contact-merges/{}", merge["id"].as_str().unwrap());
    owner.delete(&path).await.ok();
    assert_eq!(owner.opens(&file().await["url"], &[]).await.1, content);
    // Parted again it is the other one's, and goes with them alone.
    app.app.keyring.destroy_contact_keys(hotel.id.0, merged).await.unwrap();
    assert_ne!(owner.opens(&opened["url"], &[]).await.0.status, 200);
}
