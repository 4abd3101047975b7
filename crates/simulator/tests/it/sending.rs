use std::time::Duration;

use base64::Engine as _;
use simulator::{Conditions, ContactId, Said, Tick, Writer};
use whatsapp::client::{Action, Interactive, OutboundContent, OutboundMessage, OutboundReaction, Recipient};

use crate::desk::Desk;
use crate::stage::{ANA, AURORA, AURORA_ACCOUNT, Stage, token};

fn user_id(stage: &Stage, contact: ContactId) -> String {
    let contacts = stage.simulator.contacts();
    contacts.iter().find(|person| person.id == contact).unwrap().user_id(AURORA_ACCOUNT)
}

#[tokio::test]
async fn a_sent_text_shows_on_anas_phone_and_climbs_the_ladder() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    let mut message = OutboundMessage::new(Recipient::Phone(ANA.into()), OutboundContent::text("Olá, Ana"));
    message.biz_opaque_callback_data = Some("msg:1".into());
    let sent = stage.send(&message).await.unwrap();
    stage.simulator.idle().await;
    stage.simulator.read(AURORA, stage.ana).unwrap();
    stage.simulator.idle().await;

    assert_eq!(stage.desk.heard(), ["Oi", "sent", "delivered", "read"]);
    let status = stage.desk.newest()["statuses"][0].clone();
    assert_eq!((status["id"].as_str(), status["status"].as_str()), (Some(sent.wamid.as_str()), Some("read")));
    assert_eq!(status["biz_opaque_callback_data"], "msg:1");
    let talk = stage.simulator.talk(AURORA, stage.ana).unwrap();
    assert_eq!(talk.turns.last().unwrap().content["text"]["body"], "Olá, Ana");
    assert_eq!((talk.turns.last().unwrap().tick, talk.unread), (Tick::Read, 0));
    assert!(stage.simulator.talk(AURORA, stage.carlos).unwrap().turns.is_empty());
}

#[tokio::test]
async fn wamids_are_unique_and_shaped_like_metas() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(stage.send_text(ANA, &n.to_string()).await.unwrap().wamid);
    }
    for id in &ids {
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(id.strip_prefix("wamid.").unwrap()).unwrap();
        assert!(bytes.windows(ANA.len()).any(|window| window == ANA.as_bytes()), "{id}");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}

#[tokio::test]
async fn the_answer_drops_the_nine_from_area_code_31_on() {
    let stage = Stage::new().await;
    stage.hears(stage.carlos, "Oi").await;
    for spelling in ["5531999990002", "553199990002", "+55 (31) 99999-0002"] {
        let sent = stage.send_text(spelling, "Olá").await.unwrap();
        assert_eq!(sent.wa_id.as_deref(), Some("553199990002"), "{spelling}");
    }
    stage.hears(stage.ana, "Oi").await;
    assert_eq!(stage.send_text(ANA, "Olá").await.unwrap().wa_id.as_deref(), Some(ANA));
}

#[tokio::test]
async fn a_user_id_will_do_where_there_is_no_number() {
    let stage = Stage::new().await;
    stage.hears(stage.bia, "Oi").await;
    let bia = user_id(&stage, stage.bia);
    let sent = stage
        .send(&OutboundMessage::new(Recipient::UserId(bia.clone()), OutboundContent::text("Olá")))
        .await
        .unwrap();
    assert_eq!((sent.wa_id, sent.user_id.as_deref()), (None, Some(bia.as_str())));
    stage.simulator.idle().await;
    let status = stage.desk.newest()["statuses"][0].clone();
    assert_eq!(
        (status.get("recipient_id"), status["recipient_user_id"].as_str()),
        (None, Some(bia.as_str()))
    );
    // The id under which another account knows her is nobody here.
    let contacts = stage.simulator.contacts();
    let foreign = contacts.iter().find(|person| person.id == stage.bia).unwrap().user_id("100200300400502");
    let message = OutboundMessage::new(Recipient::UserId(foreign), OutboundContent::text("Olá"));
    assert_eq!(stage.send(&message).await.unwrap_err().code(), Some(131_009));
}

#[tokio::test]
async fn the_window_closes_after_a_day_and_opens_with_the_next_message() {
    let stage = Stage::new().await;
    assert_eq!(stage.refusal(ANA).await, 131_047);
    stage.hears(stage.ana, "Oi").await;
    stage.simulator.advance_clock(Duration::from_secs(24 * 3_600 - 1));
    stage.send_text(ANA, "Ainda dá").await.unwrap();
    stage.simulator.advance_clock(Duration::from_secs(2));
    assert_eq!(stage.refusal(ANA).await, 131_047);
    assert_eq!(stage.simulator.talk(AURORA, stage.ana).unwrap().window_left_ms, None);
    stage.hears(stage.ana, "Voltei").await;
    stage.send_text(ANA, "Bem-vinda").await.unwrap();
}

#[tokio::test]
async fn ana_taps_a_button_and_the_desk_hears_which() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    let buttons = Action::buttons([("menu.so", "Sozinha"), ("menu.equipe", "Falar com a equipe")]);
    let menu = Interactive { header: None, body: "Como seguimos?".into(), footer: None, action: buttons };
    let content = OutboundContent::Interactive(Box::new(menu));
    let sent = stage.send(&OutboundMessage::new(Recipient::Phone(ANA.into()), content)).await.unwrap();
    let tap = Said::ButtonReply {
        id: "menu.equipe".into(),
        title: "Falar com a equipe".into(),
        quotes: sent.wamid.clone(),
    };
    stage.simulator.say(AURORA, stage.ana, &tap).unwrap();
    stage.simulator.idle().await;
    assert!(stage.desk.heard().contains(&"Falar com a equipe".to_owned()));
    let talk = stage.simulator.talk(AURORA, stage.ana).unwrap();
    assert_eq!(talk.turns[1].chosen.as_deref(), Some("menu.equipe"));
}

#[tokio::test]
async fn reactions_stick_to_their_message_and_only_get_sent() {
    let stage = Stage::new().await;
    let wamid = stage.hears(stage.ana, "Obrigada!").await;
    let react = |emoji: &str| {
        let reaction = OutboundReaction { message_id: wamid.clone(), emoji: emoji.into() };
        OutboundMessage::new(Recipient::Phone(ANA.into()), OutboundContent::Reaction(reaction))
    };
    stage.send(&react("👍")).await.unwrap();
    stage.simulator.idle().await;
    assert_eq!(stage.desk.heard(), ["Obrigada!", "sent"]);
    let talk = stage.simulator.talk(AURORA, stage.ana).unwrap();
    assert_eq!((talk.turns.len(), talk.turns[0].reaction.as_deref()), (1, Some("👍")));
    stage.send(&react("")).await.unwrap();
    assert_eq!(stage.simulator.talk(AURORA, stage.ana).unwrap().turns[0].reaction, None);
    let unknown = OutboundReaction { message_id: "wamid.X".into(), emoji: "👍".into() };
    let message = OutboundMessage::new(Recipient::Phone(ANA.into()), OutboundContent::Reaction(unknown));
    assert_eq!(stage.send(&message).await.unwrap_err().code(), Some(131_009));
}

#[tokio::test]
async fn reading_a_message_reads_the_earlier_ones_and_typing_ends_with_the_answer() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "um").await;
    let second = stage.hears(stage.ana, "dois").await;
    stage.hears(stage.ana, "três").await;
    stage.client().show_typing(AURORA, &token(), &second).await.unwrap();
    let talk = stage.simulator.talk(AURORA, stage.ana).unwrap();
    let ticks: Vec<Tick> = talk.turns.iter().map(|turn| turn.tick).collect();
    assert_eq!(ticks, [Tick::Read, Tick::Read, Tick::Delivered]);
    assert!(talk.typing);
    stage.send_text(ANA, "Olá").await.unwrap();
    assert!(!stage.simulator.talk(AURORA, stage.ana).unwrap().typing);
    assert_eq!(
        stage.client().mark_read(AURORA, &token(), "wamid.X").await.unwrap_err().code(),
        Some(131_009)
    );
}

#[tokio::test]
async fn whoever_gets_a_first_message_appears_among_the_people() {
    let stage = Stage::new().await;
    let before = stage.simulator.contacts().len();
    assert_eq!(stage.refusal("5521988887777").await, 131_047);
    let contacts = stage.simulator.contacts();
    assert_eq!(contacts.len(), before + 1);
    assert_eq!(contacts.last().unwrap().name, "+55 (21) 98888-7777");
}

#[tokio::test]
async fn a_status_may_overtake_the_answer() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    stage.simulator.set_conditions(Conditions { status_before_answer: true, ..Conditions::default() });
    stage.send_text(ANA, "Olá").await.unwrap();
    assert!(stage.desk.heard().starts_with(&["Oi".to_owned(), "sent".to_owned()]));
    stage.simulator.idle().await;
    assert_eq!(stage.desk.heard(), ["Oi", "sent", "delivered"]);
}

#[tokio::test]
async fn somebody_who_reads_at_once_says_so() {
    let stage = Stage::with_desk(Desk::strict()).await;
    stage.hears(stage.ana, "Oi").await;
    stage.simulator.set_conditions(Conditions { reads_at_once: true, ..Conditions::default() });
    stage.send_text(ANA, "Olá").await.unwrap();
    stage.simulator.idle().await;
    assert_eq!(stage.desk.heard(), ["Oi", "sent", "delivered", "read"]);
    let talk = stage.simulator.talk(AURORA, stage.ana).unwrap();
    assert_eq!(talk.turns[1].writer, Writer::Business);
}
