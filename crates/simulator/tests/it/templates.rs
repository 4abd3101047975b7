use serde_json::json;
use whatsapp::client::{MessageState, OutboundContent, OutboundMessage, Recipient, SentTemplate};

use crate::stage::{ANA, AURORA, AURORA_ACCOUNT, Stage, token};

fn template(name: &str, variables: &[&str]) -> OutboundMessage {
    let variables: Vec<String> = variables.iter().map(|text| (*text).to_owned()).collect();
    let content = OutboundContent::Template(SentTemplate::new(name, "pt_BR", variables));
    OutboundMessage::new(Recipient::Phone(ANA.into()), content)
}

#[tokio::test]
async fn a_template_opens_a_chat_that_a_text_cannot() {
    let stage = Stage::new().await;
    let body = json!({"type": "BODY", "text": "Olá {{1}}, pedido {{2}} confirmado."});
    stage.simulator.add_template(AURORA_ACCOUNT, "pedido", "pt_BR", "UTILITY", vec![body]);
    assert_eq!(stage.refusal(ANA).await, 131_047);
    let sent = stage.send(&template("pedido", &["Ana", "4821"])).await.unwrap();
    assert_eq!(sent.message_status, Some(MessageState::Accepted));
    let talk = stage.simulator.talk(AURORA, stage.ana).unwrap();
    assert_eq!(talk.turns[0].rendered.as_ref().unwrap()["body"], "Olá Ana, pedido 4821 confirmado.");
    stage.simulator.idle().await;
    let heard = stage.desk.arrivals();
    let first: serde_json::Value = serde_json::from_slice(&heard[0].body).unwrap();
    let pricing = &first["entry"][0]["changes"][0]["value"]["statuses"][0]["pricing"];
    assert_eq!((pricing["category"].as_str(), pricing["type"].as_str()), (Some("utility"), Some("regular")));
    // The template does not open the window.
    assert_eq!(stage.refusal(ANA).await, 131_047);
}

#[tokio::test]
async fn wrong_templates_have_their_codes() {
    let stage = Stage::new().await;
    let body = json!({"type": "BODY", "text": "Olá {{1}}"});
    let id = stage.simulator.add_template(AURORA_ACCOUNT, "pedido", "pt_BR", "UTILITY", vec![body.clone()]);
    stage.simulator.add_template(AURORA_ACCOUNT, "codigo", "pt_BR", "AUTHENTICATION", vec![body]);
    let code = async |message: OutboundMessage| stage.send(&message).await.unwrap_err().code().unwrap();
    assert_eq!(code(template("pedido", &[])).await, 132_000);
    assert_eq!(code(template("outro", &["Ana"])).await, 132_001);
    let contacts = stage.simulator.contacts();
    let bia = contacts.iter().find(|person| person.id == stage.bia).unwrap().user_id(AURORA_ACCOUNT);
    let mut to_bia = template("codigo", &["123456"]);
    to_bia.to = Recipient::UserId(bia);
    assert_eq!(code(to_bia).await, 131_062);
    stage.simulator.decide_template(&id, "PAUSED").unwrap();
    assert_eq!(code(template("pedido", &["Ana"])).await, 132_015);
    stage.simulator.idle().await;
    assert_eq!(stage.desk.heard(), ["TemplateStatus"]);
}

#[tokio::test]
async fn templates_are_made_listed_in_pages_and_deleted() {
    let stage = Stage::new().await;
    let client = stage.client();
    for n in 0..120 {
        let new = json!({"name": format!("modelo_{n:03}"), "language": "pt_BR", "category": "UTILITY",
                         "components": [{"type": "BODY", "text": "Olá"}]});
        let created = client.create_template(AURORA_ACCOUNT, &token(), &new).await.unwrap();
        assert_eq!(created.status, "PENDING");
    }
    let first = client.list_templates(AURORA_ACCOUNT, &token(), None).await.unwrap();
    assert_eq!(first.templates.len(), 100);
    let second = client.list_templates(AURORA_ACCOUNT, &token(), first.after.as_deref()).await.unwrap();
    assert_eq!((second.templates.len(), second.after), (20, None));
    assert_eq!(second.templates[19].name, "modelo_119");
    client.delete_template(AURORA_ACCOUNT, &token(), "modelo_000", None).await.unwrap();
    let error = client.delete_template(AURORA_ACCOUNT, &token(), "modelo_000", None).await.unwrap_err();
    assert_eq!(error.code(), Some(100));
    let first = client.list_templates(AURORA_ACCOUNT, &token(), None).await.unwrap();
    assert_eq!(first.templates[0].name, "modelo_001");
}

#[tokio::test]
async fn a_template_that_is_pending_cannot_be_sent_until_it_is_approved() {
    let stage = Stage::new().await;
    let new = json!({"name": "aviso", "language": "pt_BR", "category": "UTILITY",
                     "components": [{"type": "BODY", "text": "Olá"}]});
    let created = stage.client().create_template(AURORA_ACCOUNT, &token(), &new).await.unwrap();
    assert_eq!(stage.send(&template("aviso", &[])).await.unwrap_err().code(), Some(132_001));
    stage.simulator.decide_template(&created.id, "APPROVED").unwrap();
    stage.send(&template("aviso", &[])).await.unwrap();
    let bad = json!({"name": "Aviso!", "language": "pt_BR", "category": "UTILITY"});
    let error = stage.client().create_template(AURORA_ACCOUNT, &token(), &bad).await.unwrap_err();
    assert_eq!(error.code(), Some(100));
}
