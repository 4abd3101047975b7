//! Files that agents send: looked at, cleaned, taken to Meta, and seen on the phone.

use crate::{
    media::{PHOTO, pdf},
    stage::{Agent, Answer, Person, TestApp},
};
use reqwest::Method;
use serde_json::{Value, json};
use zelo::clock::{HOUR, MINUTE};

/// A photo of a newer phone, made by libheif with x265, with a camera's name and a place.
const PHONE: &[u8] = include_bytes!("../../../pictures/samples/phone.heic");

impl Agent {
    /// Upload a file for the only conversation.
    pub(crate) async fn uploads(&self, query: &str, mime_type: &str, content: impl Into<Vec<u8>>) -> Answer {
        let conversation = self.the_conversation().await;
        let url = format!(
            "{}/api/v1/conversations/{}/media{query}",
            self.app.web.url,
            conversation["id"].as_str().unwrap()
        );
        let request = self.app.web.request(Method::POST, &url).bearer_auth(self.token().await);
        self.app.web.answer(request.header("content-type", mime_type).body(content.into())).await
    }

    /// Send an uploaded file into the only conversation.
    pub(crate) async fn sends_file(&self, kind: &str, file: &Value, more: &Value) -> Answer {
        let conversation = self.the_conversation().await;
        let mut object = json!({"id": file["id"]});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let path = format!("/conversations/{}/messages", conversation["id"].as_str().unwrap());
        self.post(&path, &json!({"type": kind, kind: object})).await
    }
}

impl Person {
    /// What the phone shows of the newest message, and its file as Meta has it.
    pub(crate) async fn newest_file(&self) -> (Value, String, Vec<u8>) {
        let app = &self.tenant.app;
        let talk = app.simulator.talk(&self.tenant.number.phone_number_id, self.id).unwrap();
        let content = talk.turns.last().unwrap().content.clone();
        let kind = content["type"].as_str().unwrap();
        let id = content[kind]["id"].as_str().unwrap();
        let url = format!("{}/simulator/api/files/{id}", app.app.config.whatsapp.graph_base_url);
        let response = app.web.request(Method::GET, &url).send().await.unwrap();
        let mime_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        (content[kind].clone(), mime_type, response.bytes().await.unwrap().to_vec())
    }
}

pub(crate) async fn scene() -> (TestApp, Agent, Person) {
    let (app, _, ana, helena) = crate::media::scene().await;
    helena.says("me manda a foto?").await;
    app.run_jobs().await;
    (app, ana, helena)
}

#[tokio::test]
async fn a_document_reaches_the_phone_as_it_is_with_its_name_and_words() {
    let (app, ana, helena) = scene().await;
    let file = ana.uploads("?filename=proposta.pdf", "application/pdf", pdf("proposta")).await;
    assert_eq!((file.status, &file.body["state"]), (201, &json!("stored")), "{}", file.text);
    let sent = ana.sends_file("document", &file.body, &json!({"caption": "Segue"})).await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    app.run_jobs().await;
    let (shown, mime_type, bytes) = helena.newest_file().await;
    assert_eq!((&shown["filename"], &shown["caption"]), (&json!("proposta.pdf"), &json!("Segue")));
    assert_eq!((mime_type.as_str(), bytes), ("application/pdf", pdf("proposta")));
    // The desk shows the same file.
    let message = ana.newest().await;
    assert_eq!(
        (&message["status"], &message["media"]["filename"]),
        (&json!("delivered"), &json!("proposta.pdf"))
    );
    assert_eq!(ana.opens(&message["media"]["url"], &[]).await.1, pdf("proposta"));
}

#[tokio::test]
async fn a_heic_photo_made_by_a_real_encoder_arrives_as_jpeg() {
    let (app, ana, helena) = scene().await;
    // Browsers that do not know the type say nothing of it.
    let file = ana.uploads("?filename=IMG_0001.HEIC", "application/octet-stream", PHONE).await.ok();
    assert_eq!(
        (&file["mime_type"], &file["width"], &file["height"]),
        (&json!("image/jpeg"), &json!(320), &json!(240))
    );
    ana.sends_file("image", &file, &json!({})).await.ok();
    app.run_jobs().await;
    let (_, mime_type, bytes) = helena.newest_file().await;
    assert_eq!(mime_type, "image/jpeg");
    assert!(bytes.starts_with(b"\xff\xd8\xff") && bytes.ends_with(b"\xff\xd9"));
    assert!(!bytes.windows(4).any(|four| four == b"Exif" || four == b"Zelo"));
}

#[tokio::test]
async fn a_file_is_sent_once_in_its_conversation_and_as_what_it_is() {
    let (app, ana, helena) = scene().await;
    let clinic = app.tenant("clinic").await;
    let davi = clinic.agent("davi").await;
    clinic.contact("+55 11 97654-3210").says("olá").await;
    app.run_jobs().await;
    let file = ana.uploads("?filename=tabela.pdf", "application/pdf", pdf("tabela")).await.ok();
    let refused = async |agent: &Agent, kind: &str| {
        let answer = agent.sends_file(kind, &file, &json!({})).await;
        (answer.status, answer.body["errors"][0]["code"].clone())
    };
    assert_eq!(refused(&ana, "image").await, (422, json!("kind")));
    assert_eq!(refused(&davi, "document").await, (422, json!("not_found")), "another tenant's file");
    ana.sends_file("document", &file, &json!({})).await.ok();
    assert_eq!(refused(&ana, "document").await, (422, json!("already_sent")));
    app.run_jobs().await;
    let (shown, ..) = helena.newest_file().await;
    assert_eq!(shown["filename"], "tabela.pdf");
}

#[tokio::test]
async fn what_whatsapp_would_not_take_is_refused_with_its_reason() {
    let (app, ana, helena) = scene().await;
    for (query, mime_type, content, code) in [
        ("?filename=x.jpg", "image/jpeg", pdf("não é foto"), "type_mismatch"),
        ("?filename=x.exe", "application/octet-stream", b"MZ\x90\0\x03\0\0\0".to_vec(), "type_not_allowed"),
        ("?filename=x.rtf", "application/rtf", b"{\\rtf1 oi}".to_vec(), "type_not_allowed"),
        ("?filename=x.pdf&type=audio", "application/pdf", pdf("isto é um documento"), "type_mismatch"),
        ("?filename=x.mp3", "audio/mpeg", [b"ID3\x04".to_vec(), vec![0; 17 << 20]].concat(), "too_large"),
        ("?filename=x.pdf", "application/pdf", Vec::new(), "empty"),
    ] {
        let answer = ana.uploads(query, mime_type, content).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["code"]),
            (422, &json!(code)),
            "{query}: {}",
            answer.text
        );
    }
    let stored = app.count(Some(helena.tenant.id.0), "select count(*) from media where tenant_id = $1").await;
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn a_file_waits_until_meta_is_there_and_is_taken_there_once() {
    let (app, ana, helena) = scene().await;
    let number = helena.tenant.number.phone_number_id.clone();
    app.simulator.expire_token(&number, true).unwrap();
    let file = ana.uploads("?filename=a.pdf", "application/pdf", pdf("a")).await.ok();
    ana.sends_file("document", &file, &json!({})).await.ok();
    app.run_jobs().await;
    assert_eq!(ana.newest().await["status"], "queued");
    app.simulator.expire_token(&number, false).unwrap();
    let token = json!({"access_token": format!("token-of-{number}")});
    helena.tenant.owner().patch(&format!("/channels/{}", helena.tenant.channel), &token).await.ok();
    app.passes(2 * MINUTE);
    app.run_jobs().await;
    assert_eq!(ana.newest().await["status"], "delivered");
    let uploads = app.simulator.log().iter().filter(|entry| format!("{entry:?}").contains("media")).count();
    assert!(uploads >= 1);
    assert_eq!(helena.newest_file().await.2, pdf("a"));
}

#[tokio::test]
async fn a_form_of_the_page_sends_a_file() {
    let (app, ana, helena) = scene().await;
    let conversation = ana.the_conversation().await;
    let page = format!("{}/conversations/{}/files", app.web.url, conversation["id"].as_str().unwrap());
    let sends = async |caption: &str, key: &str| {
        let part =
            reqwest::multipart::Part::bytes(PHOTO).file_name("foto.png").mime_str("image/png").unwrap();
        let form = reqwest::multipart::Form::new().text("caption", caption.to_owned()).text("reply_to", "");
        let form = form.text("idempotency_key", key.to_owned()).part("file", part);
        let request = app.web.request(Method::POST, &page).bearer_auth(ana.token().await);
        let request = request.header("sec-fetch-site", "same-origin").header("x-fragment", "message");
        app.web.answer(request.multipart(form)).await
    };
    let answer = sends("A vista", "clique").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.contains("<img src=\"/api/v1/media/"), "{}", answer.text);
    app.run_jobs().await;
    let (shown, mime_type, _) = helena.newest_file().await;
    assert_eq!((&shown["caption"], mime_type.as_str()), (&json!("A vista"), "image/jpeg"));

    // The same click comes a second time; then she sends the photo once more.
    assert_eq!(sends("A vista", "clique").await.status, 200);
    assert_eq!(ana.messages(&conversation).await.len(), 2);
    assert_eq!(sends("Outra vista", "clique").await.status, 422, "a key stands for one form");
    assert_eq!(sends("A vista", "outro clique").await.status, 200);
    assert_eq!(ana.messages(&conversation).await.len(), 3);
    app.run_jobs().await;

    // After 24 hours nothing is even taken.
    app.passes(25 * HOUR);
    let late = sends("Ainda a vista", "mais um").await;
    assert_eq!(late.status, 409, "{}", late.text);
}

#[tokio::test]
async fn what_is_uploaded_and_never_sent_is_forgotten_after_a_day() {
    let (app, ana, _) = scene().await;
    let sent = ana.uploads("?filename=a.pdf", "application/pdf", pdf("a")).await.ok();
    ana.sends_file("document", &sent, &json!({})).await.ok();
    // The same content twice: one object, which the sent one keeps.
    ana.uploads("?filename=a.pdf", "application/pdf", pdf("a")).await.ok();
    let lonely = ana.uploads("?filename=b.pdf", "application/pdf", pdf("b")).await.ok();
    app.run_jobs().await;
    let tenant = ana.the_conversation().await;
    zelo::media::sweep(&app.app).await.unwrap();
    assert_eq!(ana.opens(&lonely["url"], &[]).await.0.status, 200, "not yet");
    app.passes(25 * HOUR);
    zelo::media::sweep(&app.app).await.unwrap();
    assert_eq!(ana.opens(&lonely["url"], &[]).await.0.status, 404);
    assert_eq!(ana.messages(&tenant).await.len(), 2);
    assert_eq!(ana.opens(&sent["url"], &[]).await.1, pdf("a"));
}

/// A sticker of one colour (RFC 9649): five codes with one symbol each, so that its pixels need no bits.
fn sticker(side: u32) -> Vec<u8> {
    let (mut bits, mut count) = (Vec::new(), 0);
    let mut write = |value: u32, length: u32| {
        for nth in 0..length {
            if count % 8 == 0 {
                bits.push(0_u8);
            }
            *bits.last_mut().unwrap() |= u8::from(value >> nth & 1 == 1) << (count % 8);
            count += 1;
        }
    };
    for (value, length) in [(0x2f, 8), (side - 1, 14), (side - 1, 14), (1, 1), (0, 3), (0, 3)] {
        write(value, length);
    }
    for symbol in [140, 20, 90, 128, 0] {
        write(0b101, 3);
        write(symbol, 8);
    }
    bits.resize(bits.len().next_multiple_of(2), 0);
    let size = u32::try_from(bits.len()).unwrap();
    [&b"RIFF"[..], &(size + 12).to_le_bytes(), b"WEBPVP8L", &size.to_le_bytes(), &bits].concat()
}

#[tokio::test]
async fn a_sticker_is_known_by_its_limits_and_reaches_the_phone_as_it_is() {
    let (app, ana, helena) = scene().await;
    let file = ana.uploads("?type=sticker", "image/webp", sticker(512)).await.ok();
    assert_eq!((&file["type"], &file["mime_type"]), (&json!("sticker"), &json!("image/webp")));
    for (content, mime_type, code) in
        [(sticker(511), "image/webp", "sticker_pixels"), (PHOTO.to_vec(), "image/png", "type_mismatch")]
    {
        let answer = ana.uploads("?type=sticker", mime_type, content).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["code"]), (422, &json!(code)));
    }
    ana.sends_file("sticker", &file, &json!({})).await.ok();
    app.run_jobs().await;
    let (_, mime_type, bytes) = helena.newest_file().await;
    assert_eq!((mime_type.as_str(), bytes), ("image/webp", sticker(512)));
    // Without the word for it the same file is a picture.
    let picture = ana.uploads("?filename=x.webp", "image/webp", sticker(512)).await.ok();
    assert_eq!((&picture["type"], &picture["mime_type"]), (&json!("image"), &json!("image/png")));
}

/// A file above the text of a template, and of a question with buttons: ours goes to Meta, and is drawn in the thread.
#[tokio::test]
async fn a_header_s_file_is_one_of_ours_and_reaches_the_phone() {
    let (app, ana, helena) = scene().await;
    let (hotel, stranger) = (&helena.tenant, app.tenant("clinic").await);
    let header = json!({"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::x"]}});
    let components = vec![header, json!({"type": "BODY", "text": "Venha!"})];
    app.simulator.add_template(&hotel.number.waba_id, "vista", "pt_BR", "UTILITY", components);
    hotel.owner().post("/message-templates/sync", &json!({})).await.ok();
    app.run_jobs().await;
    let davi = stranger.agent("davi").await;
    stranger.contact("+55 11 98765-4322").says("oi").await;
    app.run_jobs().await;

    let template = |file: &Value| {
        let parameters = json!([{"type": "image", "image": {"id": file["id"]}}]);
        json!({"type": "template", "template": {"name": "vista", "language": {"code": "pt_BR"},
            "components": [{"type": "header", "parameters": parameters}]}})
    };
    let question = |file: &Value| {
        json!({"type": "interactive", "interactive": {"type": "button",
            "header": {"type": "image", "image": {"id": file["id"]}}, "body": {"text": "Confirma?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "sim", "title": "Sim"}}]}}})
    };
    let conversation = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let path = format!("/conversations/{conversation}/messages");
    type Body<'a> = &'a dyn Fn(&Value) -> Value;
    let cases: [(Body<'_>, &str, &str, &str); 2] = [
        (
            &template,
            "template.components.header.id",
            "/template/components/0/parameters/0/image/id",
            "Venha!",
        ),
        (&question, "interactive.header.image.id", "/interactive/header/image/id", "Confirma?"),
    ];
    for (body, field, at_meta, words) in cases {
        let foreign = davi.uploads("", "image/heic", PHONE).await.body;
        let refused = ana.post(&path, &body(&foreign)).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!(field)));

        let file = ana.uploads("", "image/heic", PHONE).await.body;
        let sent = ana.post(&path, &body(&file)).await;
        assert_eq!(sent.status, 202, "{}", sent.text);
        app.run_jobs().await;
        let talk = app.simulator.talk(&hotel.number.phone_number_id, helena.id).unwrap();
        let shown = &talk.turns.last().unwrap().content;
        let id = shown.pointer(at_meta).unwrap().as_str().unwrap();
        let url = format!("{}/simulator/api/files/{id}", app.app.config.whatsapp.graph_base_url);
        let response = app.web.request(Method::GET, &url).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "image/jpeg");
        let page = ana.browser().await.page(&format!("/conversations/{conversation}"), "pt-BR").await;
        // The last one is the pattern for what is about to be sent.
        let of_message = page.rsplit("<li class=\"message").nth(1).unwrap();
        assert!(
            of_message.contains("class=\"picture is-image\"") && of_message.contains(words),
            "{of_message}"
        );
    }
}
