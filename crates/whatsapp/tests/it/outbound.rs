//! Bodies of send calls, by what arrives at Meta's side of a stub.

use serde_json::{Value, json};
use whatsapp::client::{
    Action, Component, ContactInfoAction, CtaUrlAction, Header, Interactive, LocationRequestAction,
    MediaSource, OutboundContent, OutboundMedia, OutboundMessage, OutboundReaction, Parameter, Recipient,
    Row, Section, SentTemplate,
};
use whatsapp::webhook::{CardName, ContactCard, Location};

use crate::calls_to_meta::GraphStub;

fn ana() -> Recipient {
    Recipient::Phone("5511999990001".into())
}

async fn wire(message: OutboundMessage) -> Value {
    // What is queued is what is sent.
    let queued = serde_json::to_string(&message).unwrap();
    assert_eq!(serde_json::from_str::<OutboundMessage>(&queued).unwrap(), message);
    let meta = GraphStub::answering(200, &crate::fixtures::answer("api-01-send-ok")).await;
    meta.client().send_message("42", &meta.token(), &message).await.unwrap();
    meta.only_request().body
}

async fn wire_content(content: OutboundContent) -> Value {
    let mut body = wire(OutboundMessage::new(ana(), content)).await;
    let envelope = body.as_object_mut().unwrap();
    assert_eq!(envelope.remove("messaging_product"), Some(json!("whatsapp")));
    assert_eq!(envelope.remove("recipient_type"), Some(json!("individual")));
    assert_eq!(envelope.remove("to"), Some(json!("+5511999990001")));
    body
}

fn interactive(action: Action) -> OutboundContent {
    OutboundContent::Interactive(Box::new(Interactive {
        header: None,
        body: "Como seguimos?".into(),
        footer: None,
        action,
    }))
}

#[tokio::test]
async fn a_text_that_quotes_and_carries_our_id() {
    let mut message = OutboundMessage::new(ana(), OutboundContent::text("Olá"));
    message.context = Some("wamid.A".into());
    message.biz_opaque_callback_data = Some("msg:1".into());
    assert_eq!(
        wire(message).await,
        json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+5511999990001", "type": "text",
               "context": {"message_id": "wamid.A"}, "biz_opaque_callback_data": "msg:1", "text": {"body": "Olá"}})
    );
}

#[tokio::test]
async fn a_number_always_gets_one_plus_and_a_user_id_none() {
    for digits in ["553199990002", "+553199990002"] {
        let message = OutboundMessage::new(Recipient::Phone(digits.into()), OutboundContent::text("Oi"));
        assert_eq!(wire(message).await["to"], "+553199990002");
    }
    let message = OutboundMessage::new(Recipient::UserId("BR.1".into()), OutboundContent::text("Oi"));
    let body = wire(message).await;
    assert_eq!((body.get("to"), &body["recipient"]), (None, &json!("BR.1")));
}

#[tokio::test]
async fn files_by_id_and_by_link() {
    let mut invoice = OutboundMedia::new(MediaSource::Id("77".into()));
    invoice.caption = Some("Nota".into());
    invoice.filename = Some("nota.pdf".into());
    assert_eq!(
        wire_content(OutboundContent::Document(invoice)).await,
        json!({"type": "document", "document": {"id": "77", "caption": "Nota", "filename": "nota.pdf"}})
    );
    let photo = OutboundMedia::new(MediaSource::Link("https://example.com/a.png".into()));
    assert_eq!(
        wire_content(OutboundContent::Image(photo)).await,
        json!({"type": "image", "image": {"link": "https://example.com/a.png"}})
    );
    let mut voice = OutboundMedia::new(MediaSource::Id("78".into()));
    voice.voice = true;
    assert_eq!(
        wire_content(OutboundContent::Audio(voice)).await,
        json!({"type": "audio", "audio": {"id": "78", "voice": true}})
    );
}

#[tokio::test]
async fn a_reaction_never_quotes() {
    let reaction = OutboundReaction { message_id: "wamid.A".into(), emoji: "👍".into() };
    let mut message = OutboundMessage::new(ana(), OutboundContent::Reaction(reaction));
    message.context = Some("wamid.B".into());
    let body = wire(message).await;
    assert_eq!(body["reaction"], json!({"message_id": "wamid.A", "emoji": "👍"}));
    assert_eq!(body.get("context"), None);
}

#[tokio::test]
async fn buttons_lists_and_links() {
    let mut content = interactive(Action::buttons([("a", "Sim"), ("b", "Não")]));
    if let OutboundContent::Interactive(interactive) = &mut content {
        interactive.header = Some(Header::Text { text: "Reserva".into() });
        interactive.footer = Some("Loja Aurora".into());
    }
    assert_eq!(
        wire_content(content).await,
        json!({"type": "interactive", "interactive": {
            "type": "button", "header": {"type": "text", "text": "Reserva"}, "body": {"text": "Como seguimos?"},
            "footer": {"text": "Loja Aurora"}, "action": {"buttons": [
                {"type": "reply", "reply": {"id": "a", "title": "Sim"}},
                {"type": "reply", "reply": {"id": "b", "title": "Não"}}]}}})
    );
    let row = Row { id: "fin".into(), title: "Financeiro".into(), description: None };
    let list =
        Action::List { button: "Setores".into(), sections: vec![Section { title: None, rows: vec![row] }] };
    assert_eq!(
        wire_content(interactive(list)).await["interactive"]["action"],
        json!({"button": "Setores", "sections": [{"rows": [{"id": "fin", "title": "Financeiro"}]}]})
    );
    let link = CtaUrlAction::CtaUrl { display_text: "Abrir".into(), url: "https://example.com".into() };
    assert_eq!(
        wire_content(interactive(Action::CtaUrl(link))).await["interactive"],
        json!({"type": "cta_url", "body": {"text": "Como seguimos?"}, "action": {
            "name": "cta_url", "parameters": {"display_text": "Abrir", "url": "https://example.com"}}})
    );
}

#[tokio::test]
async fn requests_for_place_and_number() {
    let place =
        wire_content(interactive(Action::LocationRequestMessage(LocationRequestAction::SendLocation))).await;
    assert_eq!(place["interactive"]["type"], "location_request_message");
    assert_eq!(place["interactive"]["action"], json!({"name": "send_location"}));
    let number =
        wire_content(interactive(Action::RequestContactInfo(ContactInfoAction::RequestContactInfo))).await;
    assert_eq!(number["interactive"]["type"], "request_contact_info");
    assert_eq!(number["interactive"]["action"], json!({"name": "request_contact_info"}));
}

#[tokio::test]
async fn places_and_cards() {
    let place =
        Location { latitude: -8.05, longitude: -34.9, name: Some("Recife".into()), address: None, url: None };
    assert_eq!(
        wire_content(OutboundContent::Location(place)).await["location"],
        json!({"latitude": -8.05, "longitude": -34.9, "name": "Recife"})
    );
    let card = ContactCard {
        name: CardName { formatted_name: "Ana".into(), ..CardName::default() },
        ..ContactCard::default()
    };
    assert_eq!(
        wire_content(OutboundContent::Contacts(vec![card])).await["contacts"],
        json!([{"name": {"formatted_name": "Ana"}}])
    );
}

#[tokio::test]
async fn a_template_with_its_variables() {
    let mut template = SentTemplate::new("pedido", "pt_BR", ["Ana".to_owned(), "4821".to_owned()]);
    template.components.push(Component::Button {
        sub_type: "quick_reply".into(),
        index: 0,
        parameters: vec![Parameter::Payload { payload: "FALAR".into() }],
    });
    assert_eq!(
        wire_content(OutboundContent::Template(template)).await,
        json!({"type": "template", "template": {"name": "pedido", "language": {"code": "pt_BR"}, "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "4821"}]},
            {"type": "button", "sub_type": "quick_reply", "index": 0,
             "parameters": [{"type": "payload", "payload": "FALAR"}]}]}})
    );
    let plain = SentTemplate::new("aviso", "pt_BR", []);
    assert_eq!(
        wire_content(OutboundContent::Template(plain)).await["template"],
        json!({"name": "aviso", "language": {"code": "pt_BR"}})
    );
}
