//! Reacting, quoting and asking: in the page, without a script too, and what the phone answers.

use crate::stage::{Agent, Answer, Person, TestApp};
use serde_json::{Map, Value, json};
use simulator::Said;
use whatsapp::webhook::{CardName, CardPhone, ContactCard};

impl Agent {
    /// The page of the only conversation.
    async fn looks(&self, query: &str) -> String {
        let id = self.the_conversation().await["id"].as_str().unwrap().to_owned();
        self.browser().await.page(&format!("/conversations/{id}{query}"), "pt-BR").await
    }

    /// Send a form of the page; as a script does where a part of the page is named.
    async fn sends_form(&self, path: &str, form: &str, part: Option<&str>) -> Answer {
        let client = crate::stage::http_without_redirects();
        let mut request = client.post(format!("{}{path}", self.app.web.url)).bearer_auth(self.token().await);
        request = request.header("sec-fetch-site", "same-origin").header("cookie", "lang=pt-BR");
        if let Some(part) = part {
            request = request.header("x-fragment", part);
        }
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        Answer::of(request.send().await.unwrap()).await
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

/// What a form sends for 👍.
const THUMB: &str = "emoji=%F0%9F%91%8D";

#[tokio::test]
async fn an_agent_reacts_in_the_page_with_and_without_a_script() {
    let (app, ana, helena) = scene().await;
    let id = ana.newest().await["id"].as_str().unwrap().to_owned();
    let talk = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    ana.answers("Na lagoa.").await.ok();
    app.run_jobs().await;
    let path = format!("/messages/{id}/reaction");
    let page = ana.looks("").await;
    assert_eq!(page.matches("/reaction\"").count(), 1, "only what the contact wrote has the menu");
    assert!(page.contains(&format!("action=\"{path}\"")));

    let answer = ana.sends_form(&path, THUMB, None).await;
    assert_eq!(
        (answer.status, answer.headers["location"].as_str()),
        (303, &*format!("/conversations/{talk}#m-{id}"))
    );
    app.run_jobs().await;
    assert_eq!(helena.turns()[0].reaction.as_deref(), Some("👍"));
    let page = ana.looks("").await;
    assert!(page.contains("👍 Você") && page.contains("aria-pressed=\"true\" title=\"Tirar a reação\">👍"));

    // A script gets the message as it stands now.
    let answer = ana.sends_form(&path, "emoji=%F0%9F%99%8F", Some("message")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.contains(&format!("id=\"m-{id}\"")) && answer.text.contains("🙏 Você"));
    assert_eq!(answer.text.matches("data-entry").count(), 1, "{}", answer.text);
    let answer = ana.sends_form(&path, "emoji=", Some("message")).await;
    assert!(!answer.text.contains("🙏 Você"), "{}", answer.text);
    app.run_jobs().await;
    assert_eq!((helena.turns()[0].reaction.as_deref(), helena.turns().len()), (None, 2));
}

#[tokio::test]
async fn who_may_not_write_finds_no_menu_and_is_refused() {
    let (app, ana, helena) = scene().await;
    let vera = helena.tenant.viewer("vera").await;
    let davi = app.tenant("clinic").await.agent("davi").await;
    let path = format!("/messages/{}/reaction", ana.newest().await["id"].as_str().unwrap());
    assert!(!vera.looks("").await.contains("/reaction\""));
    assert_eq!(vera.sends_form(&path, THUMB, Some("message")).await.status, 403);
    assert_eq!(davi.sends_form(&path, THUMB, Some("message")).await.status, 404);
    let nonsense = ana.sends_form(&path, "emoji=ok", Some("message")).await;
    assert_eq!(nonsense.status, 422, "{}", nonsense.text);
    app.run_jobs().await;
    assert_eq!(helena.turns()[0].reaction, None);
}

#[tokio::test]
async fn a_message_is_quoted_above_the_field_without_a_script() {
    let (app, ana, helena) = scene().await;
    let id = ana.newest().await["id"].as_str().unwrap().to_owned();
    let talk = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let page = ana.looks(&format!("?reply_to={id}")).await;
    assert!(page.contains(&format!("id=\"reply-to\" value=\"{id}\"")));
    assert!(page.contains("<b>Helena Duarte</b><span data-text>onde fica?</span>"));
    assert!(page.contains(&format!("id=\"cancel-reply\" href=\"/conversations/{talk}\"")));
    assert!(
        ana.looks("").await.contains("id=\"reply-to\" value=\"\""),
        "and is not, once that was cancelled"
    );
    let form = format!("text=Na+lagoa.&reply_to={id}&idempotency_key=k1");
    assert_eq!(ana.sends_form(&format!("/conversations/{talk}/messages"), &form, None).await.status, 303);
    app.run_jobs().await;
    assert_eq!(helena.turns()[1].quotes.as_ref(), Some(&helena.turns()[0].wamid));
    // What was written is kept together with what it answers.
    let form = format!("text=+&reply_to={id}&idempotency_key=k2");
    let refused = ana.sends_form(&format!("/conversations/{talk}/messages"), &form, None).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains(&format!("id=\"reply-to\" value=\"{id}\"")));

    // A message of somebody else's conversation is not quoted here.
    let clinic = app.tenant("clinic").await;
    let davi = clinic.agent("davi").await;
    clinic.contact("+55 11 97777-6666").says("bom dia").await;
    app.run_jobs().await;
    let page = davi.looks(&format!("?reply_to={id}")).await;
    assert!(!page.contains("onde fica?") && page.contains("id=\"reply-to\" value=\"\""));
}

fn asks(kind: &str, action: &Value) -> Value {
    json!({"type": "interactive", "interactive": {"type": kind, "body": {"text": "Como seguimos?"}, "action": action}})
}

#[tokio::test]
async fn what_is_asked_comes_back_with_what_it_answers() {
    let (app, ana, helena) = scene().await;
    let list = json!({"button": "Quartos", "sections": [
        {"rows": [{"id": "q1", "title": "Vista", "description": "R$ 300"}, {"id": "q2", "title": "Jardim"}]}]});
    let flow = json!({"name": "flow", "parameters": {"flow_message_version": "3", "flow_id": "9", "flow_cta": "Check-in",
        "flow_token": "segredo"}});
    let buttons = json!({"buttons": [{"type": "reply", "reply": {"id": "sim", "title": "Sim"}}]});
    let card = ContactCard {
        name: CardName { formatted_name: "Helena Duarte".into(), ..CardName::default() },
        phones: vec![CardPhone { phone: Some("+55 11 98765-4321".into()), ..CardPhone::default() }],
        origin: Some("contact_request".into()),
        ..ContactCard::default()
    };
    let mut answers = Map::new();
    answers.insert("chegada".into(), json!("22h"));
    type Reply = Box<dyn Fn(String) -> Said>;
    let cases: Vec<(Value, Reply, &str)> = vec![
        (
            asks("button", &buttons),
            Box::new(|quotes| Said::ButtonReply { id: "sim".into(), title: "Sim".into(), quotes }),
            "Sim",
        ),
        (
            asks("list", &list),
            Box::new(|quotes| Said::ListReply {
                id: "q2".into(),
                title: "Jardim".into(),
                description: None,
                quotes,
            }),
            "Jardim",
        ),
        (
            asks("flow", &flow),
            Box::new(move |quotes| Said::FlowReply {
                answers: answers.clone(),
                flow_token: Some("segredo".into()),
                quotes,
            }),
            "chegada: 22h",
        ),
        (
            asks("location_request_message", &json!({"name": "send_location"})),
            Box::new(|quotes| Said::Location {
                latitude: -27.6,
                longitude: -48.5,
                name: Some("Mirante".into()),
                address: None,
                quotes: Some(quotes),
            }),
            "Mirante",
        ),
        (
            asks("request_contact_info", &json!({"name": "request_contact_info"})),
            Box::new(move |quotes| Said::Contacts { cards: vec![card.clone()], quotes: Some(quotes) }),
            "Helena Duarte",
        ),
    ];
    for (question, reply, shown) in cases {
        let asked = ana.sends(&question).await.ok();
        app.run_jobs().await;
        let wamid = helena.turns().pop().unwrap().wamid;
        helena.sends(&reply(wamid.clone())).await;
        app.run_jobs().await;
        let answer = ana.newest().await;
        assert_eq!((&answer["direction"], &answer["text"]), (&json!("inbound"), &json!(shown)), "{question}");
        assert_eq!(
            (&answer["reply_to"], &answer["quoted"]["id"]),
            (&json!(wamid), &asked["id"]),
            "{question}"
        );
        let phone = helena.turns().into_iter().find(|turn| turn.wamid == wamid).unwrap();
        assert!(phone.chosen.is_some(), "the phone shows that it was answered");
    }
    let page = ana.looks("").await;
    for drawn in [
        "<span class=\"frame-button\">Quartos</span>",
        "<span class=\"frame-button\">Check-in</span>",
        "<span class=\"frame-button\">Pede a localização</span>",
        "<span class=\"frame-button\">Pede o número de telefone</span>",
        "Vista<small>R$ 300</small>",
        "class=\"option is-chosen\">Jardim",
        "class=\"option is-chosen\">Sim",
        "chegada: 22h",
    ] {
        assert!(page.contains(drawn), "{drawn} in {page}");
    }
    assert!(!page.contains("segredo"), "the form's token is no answer");
}

#[tokio::test]
async fn a_button_that_leads_elsewhere_is_a_link_only_where_it_is_one_of_the_web() {
    let (app, ana, _) = scene().await;
    let mut link = asks(
        "cta_url",
        &json!({"name": "cta_url", "parameters": {"display_text": "Reservar", "url": "https://example.com/r"}}),
    );
    link["interactive"]["header"] = json!({"type": "text", "text": "Sua reserva"});
    link["interactive"]["footer"] = json!({"text": "Hotel da Lagoa"});
    ana.sends(&link).await.ok();
    app.run_jobs().await;
    let page = ana.looks("").await;
    assert!(page.contains(
        "href=\"https://example.com/r\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">Reservar"
    ));
    assert!(page.contains("<b class=\"frame-title\">Sua reserva</b>"));
    assert!(page.contains("<span class=\"frame-footer\">Hotel da Lagoa</span>"));
}
