//! Templates from Meta's list to the customer's phone.

use crate::stage::{Agent, Number, Tenant, TestApp};
use serde_json::{Value, json};
use zelo::clock::DAY;

const HELENA: &str = "+55 11 98765-4321";

fn body(text: &str, examples: &[&str]) -> Value {
    json!({"type": "BODY", "text": text, "example": {"body_text": [examples]}})
}

/// A template at Meta, which the hotel knows after it was read.
async fn has(hotel: &Tenant, name: &str, components: Vec<Value>) -> String {
    let account = &hotel.number.waba_id;
    let key = hotel.app.simulator.add_template(account, name, "pt_BR", "UTILITY", components);
    hotel.owner().post("/message-templates/sync", &json!({})).await.ok();
    hotel.app.run_jobs().await;
    key
}

async fn the_template(agent: &Agent, name: &str) -> Value {
    let found = agent.get(&format!("/message-templates?name={name}")).await.ok();
    found["data"][0].clone()
}

/// How often the whole list was asked for.
fn readings(app: &TestApp) -> usize {
    app.simulator.log().iter().filter(|entry| entry.label == "GET /message_templates").count()
}

async fn sends(ana: &Agent, template: &Value) -> crate::stage::Answer {
    let id = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    ana.post(&format!("/conversations/{id}/messages"), &json!({"type": "template", "template": template}))
        .await
}

fn named(name: &str, values: &[&str]) -> Value {
    let parameters: Vec<Value> = values.iter().map(|text| json!({"type": "text", "text": text})).collect();
    let components =
        if values.is_empty() { json!([]) } else { json!([{"type": "body", "parameters": parameters}]) };
    json!({"name": name, "language": {"code": "pt_BR"}, "components": components})
}

#[tokio::test]
async fn meta_s_list_is_read_once_and_followed_by_its_notices() {
    let app = TestApp::new().await;
    let shop = app.tenant("shop").await;
    let before = readings(&app);
    let mut hotel = Tenant::without_number(&app, "hotel", Number::nth(app.next_number())).await;
    for n in 0..120 {
        let text = vec![body("Olá {{1}}!", &["Ana"])];
        app.simulator.add_template(&hotel.number.waba_id, &format!("aviso_{n:03}"), "pt_BR", "UTILITY", text);
    }
    hotel.connect().await;
    app.run_jobs().await;

    let list = hotel.owner().get("/message-templates").await.ok();
    assert_eq!(list["data"].as_array().unwrap().len(), 120);
    assert_eq!(list["data"][119]["name"], "aviso_119");
    assert_eq!(list["data"][0]["variables"], json!([{"key": "body.1", "example": "Ana"}]));
    assert!(list["syncs"][0]["synced_at"].is_string(), "{}", list["syncs"]);
    assert_eq!(shop.owner().get("/message-templates").await.ok()["data"], json!([]));
    assert_eq!(readings(&app) - before, 2, "two pages");

    let all = hotel.owner().get("/message-templates?name=aviso_007").await.ok();
    let id = all["data"][0]["id"].as_str().unwrap().to_owned();
    let value = json!({"event": "PAUSED", "message_template_id": 7, "message_template_name": "aviso_007",
        "message_template_language": "pt-BR", "reason": null, "other_info": {"title": "SECOND_PAUSE", "description": "Blocked often."}});
    app.simulator
        .post_change(&hotel.number.phone_number_id, "message_template_status_update", value)
        .unwrap();
    app.passes(3 * DAY);
    app.run_jobs().await;
    let paused = hotel.owner().get(&format!("/message-templates/{id}")).await.ok();
    assert_eq!(
        (&paused["status"], &paused["reason"], &paused["sendable"]),
        (&json!("PAUSED"), &json!("Blocked often."), &json!(false))
    );
    assert_eq!(readings(&app) - before, 2, "nobody asks again and again");
    assert_eq!(shop.owner().get(&format!("/message-templates/{id}")).await.status, 404);
}

#[tokio::test]
async fn what_meta_does_not_list_any_more_is_forgotten_and_a_refused_token_is_told() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let text = vec![body("Olá {{1}}!", &["Ana"])];
    has(&hotel, "aviso", text.clone()).await;
    has(&hotel, "pedido", text).await;
    let client =
        whatsapp::client::Client::new(crate::stage::http(), &app.app.config.whatsapp.graph_base_url, "v26.0")
            .unwrap();
    let token = whatsapp::client::AccessToken::new(format!("token-of-{}", hotel.number.phone_number_id));
    client.delete_template(&hotel.number.waba_id, &token, "aviso", None).await.unwrap();
    app.passes(5_000);
    hotel.owner().post("/message-templates/sync", &json!({})).await.ok();
    app.run_jobs().await;
    let list = hotel.owner().get("/message-templates").await.ok();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["name"], "pedido");

    app.simulator.expire_token(&hotel.number.phone_number_id, true).unwrap();
    hotel.owner().post("/message-templates/sync", &json!({})).await.ok();
    app.run_jobs().await;
    let list = hotel.owner().get("/message-templates").await.ok();
    assert_eq!(list["syncs"][0]["problem"], "190");
    assert_eq!(list["data"][0]["name"], "pedido", "what was known stays");
}

#[tokio::test]
async fn a_template_is_handed_in_approved_filled_sent_and_deleted() {
    let app = TestApp::new().await;
    let (hotel, shop) = (app.tenant("hotel").await, app.tenant("shop").await);
    let (dona, ana) = (hotel.owner(), hotel.agent("ana").await);
    let helena = hotel.contact(HELENA);
    helena.says("oi").await;
    app.run_jobs().await;
    let new = json!({"name": "reserva", "language": "pt_BR", "category": "utility", "components": [
        body("Olá {{1}}, sua reserva {{2}} está confirmada.", &["Ana", "MR-1"]),
        {"type": "FOOTER", "text": "Hotel Mirante"},
    ]});
    assert_eq!(ana.post("/message-templates", &new).await.status, 403);
    let made = dona.post("/message-templates", &new).await;
    assert_eq!(
        (made.status, &made.body["status"], &made.body["sendable"]),
        (201, &json!("PENDING"), &json!(false))
    );
    assert_eq!(dona.post("/message-templates", &new).await.problem(), (409, "template_exists"));
    let id = made.body["id"].as_str().unwrap();

    assert_eq!(
        sends(&ana, &named("reserva", &["Helena", "MR-7"])).await.problem(),
        (409, "template_pending")
    );
    let key = app.simulator.template_id(&hotel.number.waba_id, "reserva", "pt_BR").unwrap();
    app.simulator.decide_template(&key, "APPROVED").unwrap();
    app.run_jobs().await;
    app.passes(2 * DAY);
    assert_eq!(ana.answers("Olá").await.problem(), (409, "window_closed"));
    let preview = json!({"variables": {"body.1": "Helena", "body.2": "MR-7"}});
    let preview = ana.post(&format!("/message-templates/{id}/preview"), &preview).await.ok();
    assert_eq!(preview["body"], "Olá Helena, sua reserva MR-7 está confirmada.");
    let sent = sends(&ana, &preview["template"]).await;
    let words = "Olá Helena, sua reserva MR-7 está confirmada.\n\nHotel Mirante";
    assert_eq!((sent.status, &sent.body["text"]), (202, &json!(words)));
    app.run_jobs().await;
    assert_eq!(ana.newest().await["status"], "delivered");
    assert_eq!(ana.sees_conversations().await, [words.chars().take(120).collect::<String>()]);

    assert_eq!(shop.owner().delete(&format!("/message-templates/{id}")).await.status, 404);
    assert_eq!(ana.delete(&format!("/message-templates/{id}")).await.status, 403);
    assert_eq!(dona.delete(&format!("/message-templates/{id}")).await.status, 204);
    assert_eq!(dona.get(&format!("/message-templates/{id}")).await.status, 404);
    assert_eq!(app.simulator.template_id(&hotel.number.waba_id, "reserva", "pt_BR"), None);
    assert_eq!(
        sends(&ana, &named("reserva", &["Helena", "MR-7"])).await.problem(),
        (409, "template_deleted")
    );
    let told = "select count(*) from audit_entries where tenant_id = $1 and action like 'template_%'";
    assert_eq!((app.count(Some(hotel.id.0), told).await, app.count(Some(shop.id.0), told).await), (2, 0));
}

#[tokio::test]
async fn every_fault_of_a_template_is_named_before_meta_is_asked() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let calls = app.simulator.log().len();
    let broken = json!({"name": "Reserva!", "language": "brasileiro", "category": "ADVERT", "components": [
        {"type": "HEADER", "format": "TEXT", "text": "a".repeat(61)},
        body("{{1}} chegou", &[]),
        {"type": "FOOTER", "text": "a".repeat(61)},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "a".repeat(26)}]},
    ]});
    let refused = hotel.owner().post("/message-templates", &broken).await;
    assert_eq!(refused.problem(), (422, "invalid"));
    let fields: Vec<&str> =
        refused.body["errors"].as_array().unwrap().iter().map(|it| it["field"].as_str().unwrap()).collect();
    let expected = [
        "name",
        "language",
        "category",
        "components.0.text",
        "components.1.text",
        "components.1.example.body_text",
        "components.2.text",
        "components.3.buttons.0.text",
    ];
    assert_eq!(fields, expected);
    assert_eq!(app.simulator.log().len(), calls, "Meta was asked");
}

#[tokio::test]
async fn a_template_that_meta_would_refuse_is_refused_here_with_the_cure() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    hotel.contact(HELENA).says("oi").await;
    app.run_jobs().await;
    let key = has(&hotel, "pedido", vec![body("Olá {{1}}, chega {{2}}.", &["Ana", "hoje"])]).await;

    for values in [&["Helena"][..], &["Helena", "hoje", "mais"]] {
        let refused = sends(&ana, &named("pedido", values)).await;
        assert_eq!(refused.problem(), (422, "invalid"));
        let error = &refused.body["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!("template.components.body"), &json!("count")));
    }
    let lines = sends(&ana, &named("pedido", &["Helena", "hoje\ncedo"])).await;
    assert_eq!(lines.body["errors"][0]["field"], "template.components.body.1.text");
    let unknown = sends(&ana, &named("outro", &[])).await;
    assert_eq!(unknown.problem(), (409, "template_unknown"));
    assert!(unknown.body["detail"].as_str().unwrap().contains("/message-templates/sync"), "{}", unknown.text);
    for (event, code) in
        [("PAUSED", "template_paused"), ("REJECTED", "template_rejected"), ("DISABLED", "template_disabled")]
    {
        app.simulator.decide_template(&key, event).unwrap();
        app.run_jobs().await;
        assert_eq!(sends(&ana, &named("pedido", &["Helena", "hoje"])).await.problem(), (409, code));
    }
    assert_eq!(ana.reads().await, ["oi"], "nothing was accepted");
    app.simulator.decide_template(&key, "APPROVED").unwrap();
    app.run_jobs().await;
    assert_eq!(sends(&ana, &named("pedido", &["Helena", "hoje"])).await.status, 202);
    app.run_jobs().await;
}

#[tokio::test]
async fn files_addresses_codes_and_payloads_fill_a_template() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact(HELENA);
    helena.says("oi").await;
    app.run_jobs().await;
    let buttons = json!({"type": "BUTTONS", "buttons": [
        {"type": "QUICK_REPLY", "text": "Falar"},
        {"type": "URL", "text": "Ver", "url": "https://mirante.example/{{1}}", "example": ["https://mirante.example/1"]},
        {"type": "COPY_CODE", "text": "Copiar", "example": "DESC10"},
    ]});
    let header = json!({"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::x"]}});
    has(&hotel, "oferta", vec![header, json!({"type": "BODY", "text": "Venha!"}), buttons]).await;

    let bare = sends(&ana, &named("oferta", &[])).await;
    let fields: Vec<&str> =
        bare.body["errors"].as_array().unwrap().iter().map(|it| it["field"].as_str().unwrap()).collect();
    assert_eq!(
        fields,
        ["template.components.header", "template.components.button.1", "template.components.button.2"]
    );
    let whole = json!({"name": "oferta", "language": {"code": "pt_BR"}, "components": [
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://mirante.example/a.jpg"}}]},
        {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "FALAR"}]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "reservas/7"}]},
        {"type": "button", "sub_type": "copy_code", "index": 2, "parameters": [{"type": "coupon_code", "coupon_code": "DESC20"}]},
    ]});
    assert_eq!(sends(&ana, &whole).await.status, 202);
    app.run_jobs().await;
    let talk = app.simulator.talk(&hotel.number.phone_number_id, helena.id).unwrap();
    let rendered = talk.turns.last().unwrap().rendered.clone().unwrap();
    assert_eq!(rendered["buttons"][0]["payload"], "FALAR");
    let content = &talk.turns.last().unwrap().content["template"]["components"];
    assert_eq!(content[0]["parameters"][0]["image"]["link"], "https://mirante.example/a.jpg");
    assert_eq!(
        (&content[2]["index"], &content[3]["parameters"][0]["coupon_code"]),
        (&json!(1), &json!("DESC20"))
    );
}

#[tokio::test]
async fn meta_s_change_of_a_category_is_shown_before_and_after() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    has(&hotel, "pedido", vec![body("Olá {{1}}!", &["Ana"])]).await;
    let tell = async |value: Value| {
        app.passes(2_000);
        let mut whole = json!({"message_template_id": 7, "message_template_name": "pedido", "message_template_language": "pt_BR"});
        whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        app.simulator.post_change(&hotel.number.phone_number_id, "template_category_update", whole).unwrap();
        app.run_jobs().await;
        the_template(hotel.owner(), "pedido").await
    };
    let soon = tell(json!({"new_category": "UTILITY", "correct_category": "MARKETING", "category_update_timestamp": 1_795_262_400})).await;
    assert_eq!((&soon["category"], &soon["next_category"]), (&json!("UTILITY"), &json!("MARKETING")));
    assert_eq!(soon["next_category_on"], "2026-11-21T12:00:00.000Z");
    let page = hotel.owner().browser().await.page("/templates", "pt-BR").await;
    assert!(page.contains("passa a ser Propaganda"), "{page}");
    let done = tell(json!({"previous_category": "UTILITY", "new_category": "MARKETING"})).await;
    assert_eq!(
        (&done["category"], &done["next_category"], &done["previous_category"]),
        (&json!("MARKETING"), &Value::Null, &json!("UTILITY"))
    );
}

#[tokio::test]
async fn ana_chooses_fills_and_sends_a_template_when_the_window_is_closed() {
    let app = TestApp::new().await;
    let (hotel, shop) = (app.tenant("hotel").await, app.tenant("shop").await);
    let (ana, olga) = (hotel.agent("ana").await, hotel.viewer("olga").await);
    let helena = hotel.contact(HELENA);
    helena.says("oi").await;
    app.run_jobs().await;
    has(&hotel, "retorno", vec![body("Olá {{1}}, podemos seguir?", &["Ana"])]).await;
    let key = has(&hotel, "pausado", vec![body("Olá {{1}}, tudo bem?", &["Ana"])]).await;
    app.simulator.decide_template(&key, "PAUSED").unwrap();
    app.run_jobs().await;
    let conversation = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let path = format!("/conversations/{conversation}/template");
    app.passes(2 * DAY);

    let page = ana.browser().await;
    assert!(page.page(&format!("/conversations/{conversation}"), "en").await.contains(&path));
    let chooser = page.page(&path, "en").await;
    assert!(chooser.contains("retorno") && !chooser.contains("pausado"), "{chooser}");
    let id = the_template(&ana, "retorno").await["id"].as_str().unwrap().to_owned();
    let filled = page.page(&format!("{path}?template={id}&body.1=Helena"), "en").await;
    assert!(filled.contains("Olá Helena, podemos seguir?"), "{filled}");
    let empty = page.submit(&path, &[("template", &id), ("body.1", " ")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text.contains("Fill all variables in."), "{}", empty.text);
    let form = [("template", id.as_str()), ("idempotency_key", "k1"), ("body.1", "Helena")];
    assert_eq!(page.submit(&path, &form).await.status, 200);
    assert_eq!(page.submit(&path, &form).await.status, 200, "sent twice by an impatient finger");
    app.run_jobs().await;
    assert_eq!(ana.reads().await, ["oi", "Olá Helena, podemos seguir?"]);
    assert_eq!(olga.browser().await.submit(&path, &form).await.status, 403);
    assert_eq!(shop.agent("davi").await.browser().await.submit(&path, &form).await.status, 404);
}

#[tokio::test]
async fn dona_makes_looks_at_and_deletes_a_template_on_the_pages() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (dona, ana) = (hotel.owner().browser().await, hotel.agent("ana").await.browser().await);
    let wrong = [("name", "Aviso"), ("language", "pt_BR"), ("category", "UTILITY"), ("body", "{{1}} chegou")];
    let again = dona.submit("/templates", &wrong).await;
    assert_eq!(again.status, 422);
    assert!(again.text.contains("has a variable at its beginning or end"), "{}", again.text);
    assert!(again.text.contains("value=\"Aviso\""), "what was typed is kept");
    let right = [
        ("name", "aviso"),
        ("language", "pt_BR"),
        ("category", "UTILITY"),
        ("body", "O pedido {{1}} chegou."),
        ("examples", "4821"),
        ("replies", "Obrigado\r\nFalar com a equipe"),
    ];
    assert_eq!(ana.submit("/templates", &right).await.status, 403);
    let list = dona.submit("/templates", &right).await;
    assert!(
        list.status == 200 && list.text.contains("aviso") && list.text.contains("being looked at"),
        "{}",
        list.text
    );
    let id = the_template(hotel.owner(), "aviso").await["id"].as_str().unwrap().to_owned();
    let one = dona.page(&format!("/templates/{id}?body.1=77"), "en").await;
    assert!(one.contains("O pedido 77 chegou.") && one.contains("Falar com a equipe"), "{one}");
    assert_eq!(ana.submit(&format!("/templates/{id}/delete"), &[]).await.status, 403);
    let gone = dona.submit(&format!("/templates/{id}/delete"), &[]).await;
    assert!(gone.text.contains("It was deleted") && !gone.text.contains(">aviso<"), "{}", gone.text);
}
