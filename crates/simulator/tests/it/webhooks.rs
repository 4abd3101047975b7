use simulator::{Conditions, HandshakeError, NewContact, Said};
use whatsapp::webhook::{Change, Content, parse};

use crate::desk::Desk;
use crate::stage::{ANA, AURORA, AURORA_ACCOUNT, IPE, NOON, Stage, token};

#[tokio::test]
async fn a_webhook_is_escaped_and_signed_over_the_very_bytes() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Não chegou 😕").await;
    let arrivals = stage.desk.arrivals();
    let [arrival] = arrivals.as_slice() else { panic!("{}", arrivals.len()) };
    assert!(arrival.signed);
    assert!(arrival.body.is_ascii());
    let text = std::str::from_utf8(&arrival.body).unwrap();
    assert!(text.contains(r"N\u00e3o chegou \ud83d\ude15"));
    assert_eq!(stage.desk.heard(), ["Não chegou 😕"]);
}

#[tokio::test]
async fn the_payload_names_account_number_person_and_time() {
    let stage = Stage::new().await;
    let wamid = stage.hears(stage.carlos, "Bom dia").await;
    let arrival = stage.desk.arrivals().remove(0);
    let envelope = parse(&arrival.body).unwrap();
    let (account, Change::Messages(messages)) = envelope.changes().next().unwrap() else { panic!() };
    assert_eq!(account, AURORA_ACCOUNT);
    // Area code 31: the business number is shown without its ninth digit as well.
    assert_eq!(messages.metadata.display_phone_number, "553184002001");
    assert_eq!(messages.metadata.phone_number_id, AURORA);
    let message = &messages.messages[0];
    assert_eq!((message.id.as_str(), message.timestamp), (wamid.as_str(), NOON));
    assert_eq!(message.from.as_deref(), Some("553199990002"));
    let sender = message.sender_contact(&messages.contacts).unwrap();
    assert_eq!(sender.profile.name.as_deref(), Some("Carlos Lima"));
    assert!(sender.user_id.as_deref().unwrap().starts_with("BR."));
}

#[tokio::test]
async fn bia_is_known_by_her_user_id_only() {
    let stage = Stage::new().await;
    stage.hears(stage.bia, "Oi").await;
    let value = stage.desk.newest();
    assert_eq!((value["contacts"][0].get("wa_id"), value["messages"][0].get("from")), (None, None));
    assert_eq!(value["contacts"][0]["profile"]["username"], "bia.ferraz");
    assert_eq!(value["contacts"][0]["user_id"], value["messages"][0]["from_user_id"]);
}

#[tokio::test]
async fn whatever_is_not_200_comes_again_until_it_is() {
    let stage = Stage::new().await;
    stage.desk.will_answer(&[503, 204, 500]);
    stage.hears(stage.ana, "Oi").await;
    let answers: Vec<u16> = stage.desk.arrivals().iter().map(|arrival| arrival.answered).collect();
    assert_eq!(answers, [503, 204, 500, 200]);
    let bodies: Vec<_> = stage.desk.arrivals().into_iter().map(|arrival| arrival.body).collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    let entry = &stage.simulator.log()[0];
    assert_eq!((entry.attempts, entry.http_status), (4, Some(200)));
}

#[tokio::test]
async fn after_the_last_attempt_a_webhook_is_dropped_and_the_next_one_is_not() {
    let stage = Stage::new().await;
    stage.desk.will_answer(&[500, 500, 500, 500]);
    stage.hears(stage.ana, "perdida").await;
    stage.hears(stage.ana, "achada").await;
    assert_eq!(stage.desk.heard(), ["achada"]);
    assert_eq!(stage.desk.arrivals().len(), 5);
}

#[tokio::test]
async fn a_desk_that_checks_signatures_refuses_wrong_ones() {
    let stage = Stage::with_desk(Desk::strict()).await;
    stage.simulator.set_conditions(Conditions { wrong_signature: true, ..Conditions::default() });
    stage.hears(stage.ana, "falsa").await;
    assert!(stage.desk.arrivals().iter().all(|arrival| !arrival.signed));
    assert!(stage.desk.heard().is_empty());
    stage.simulator.set_conditions(Conditions::default());
    stage.hears(stage.ana, "certa").await;
    assert_eq!(stage.desk.heard(), ["certa"]);
}

#[tokio::test]
async fn order_is_kept_unless_it_is_disturbed_on_purpose() {
    let stage = Stage::new().await;
    for text in ["um", "dois", "três", "quatro"] {
        stage.simulator.say(AURORA, stage.ana, &Said::text(text)).unwrap();
    }
    stage.simulator.idle().await;
    assert_eq!(stage.desk.heard(), ["um", "dois", "três", "quatro"]);
    stage.simulator.set_conditions(Conditions { out_of_order: true, ..Conditions::default() });
    for text in ["cinco", "seis", "sete"] {
        stage.simulator.say(AURORA, stage.ana, &Said::text(text)).unwrap();
    }
    stage.simulator.idle().await;
    assert_eq!(stage.desk.heard()[4..], ["seis", "cinco", "sete"]);
}

#[tokio::test]
async fn a_repeated_webhook_is_the_same_to_the_byte() {
    let stage = Stage::new().await;
    stage.simulator.set_conditions(Conditions { duplicate: true, ..Conditions::default() });
    stage.hears(stage.ana, "Oi").await;
    let arrivals = stage.desk.arrivals();
    assert_eq!(arrivals.len(), 2);
    assert_eq!(arrivals[0].body, arrivals[1].body);
}

#[tokio::test]
async fn a_batch_holds_a_thousand_and_a_body_three_megabytes() {
    let stage = Stage::new().await;
    let lines: Vec<_> = (0..2_001).map(|n| (stage.ana, Said::text(n.to_string()))).collect();
    let ids = stage.simulator.say_batch(AURORA, &lines).unwrap();
    stage.simulator.idle().await;
    let heard = stage.desk.heard();
    assert_eq!((ids.len(), heard.len()), (2_001, 2_001));
    assert!(heard.iter().enumerate().all(|(n, text)| *text == n.to_string()));
    assert_eq!(stage.desk.arrivals().len(), 3);

    let long = Said::text("ç".repeat(4_096));
    let lines: Vec<_> = (0..300).map(|_| (stage.ana, long.clone())).collect();
    stage.simulator.say_batch(AURORA, &lines).unwrap();
    stage.simulator.idle().await;
    let arrivals = stage.desk.arrivals();
    let sizes: Vec<usize> = arrivals[3..].iter().map(|arrival| arrival.body.len()).collect();
    assert!(sizes.len() > 1 && sizes.iter().all(|size| *size <= 3 << 20), "{sizes:?}");
    assert!(sizes[0] > 2 << 20, "{sizes:?}");
    assert_eq!(stage.desk.heard().len(), 2_301);
}

#[tokio::test]
async fn everything_that_a_person_can_send_is_understood() {
    let stage = Stage::new().await;
    let file = stage.simulator.add_file(AURORA, "audio/ogg; codecs=opus", vec![1, 2, 3]).unwrap();
    let poll = serde_json::json!({"type": "hologram", "hologram": {}});
    let all = [
        Said::Audio { file: file.clone(), voice: true },
        Said::Video { file: file.clone(), caption: None },
        Said::Document { file: file.clone(), filename: "nota nº 1.pdf".into(), caption: None },
        Said::Sticker { file, animated: false },
        Said::Location { latitude: -8.05, longitude: -34.9, name: None, address: None, quotes: None },
        Said::Contacts { cards: vec![whatsapp::webhook::ContactCard::default()], quotes: None },
        Said::Reaction { message_id: "wamid.A".into(), emoji: Some("👍".into()) },
        Said::Reaction { message_id: "wamid.A".into(), emoji: None },
        Said::ButtonReply { id: "a".into(), title: "Sim".into(), quotes: "wamid.A".into() },
        Said::ListReply { id: "a".into(), title: "Sim".into(), description: None, quotes: "wamid.A".into() },
        Said::TemplateButton { payload: "P".into(), text: "Parar".into(), quotes: "wamid.A".into() },
        Said::FlowReply {
            answers: serde_json::Map::new(),
            flow_token: Some("t".into()),
            quotes: "wamid.A".into(),
        },
        Said::Unsupported { kind: "poll_creation".into() },
    ];
    for said in &all {
        stage.simulator.say(AURORA, stage.ana, said).unwrap();
    }
    stage
        .simulator
        .say(AURORA, stage.ana, &Said::Raw { message: poll.as_object().unwrap().clone() })
        .unwrap();
    stage.simulator.idle().await;
    let mut kinds = Vec::new();
    for arrival in stage.desk.arrivals() {
        for (_, change) in parse(&arrival.body).unwrap().changes() {
            let Change::Messages(messages) = change else { panic!("{change:?}") };
            assert_eq!(messages.unreadable, []);
            let message = &messages.messages[0];
            assert_eq!(matches!(message.content, Content::Unknown { .. }), message.kind() == "hologram");
            kinds.push(message.kind().to_owned());
        }
    }
    let expected = "audio video document sticker location contacts reaction reaction interactive interactive button interactive unsupported hologram";
    assert_eq!(kinds.join(" "), expected);
}

#[tokio::test]
async fn the_handshake_tells_whose_callback_it_is() {
    let stage = Stage::new().await;
    stage.simulator.verify_callback(AURORA).await.unwrap();
    assert_eq!(stage.simulator.verify_callback(IPE).await, Err(HandshakeError::NoCallback));
    let hook = format!("http://{}/hook", Desk::default().open().await);
    let client = stage.client();
    let error = client.subscribe_app(AURORA_ACCOUNT, &token(), Some((&hook, "wrong"))).await.unwrap_err();
    assert_eq!(error.code(), Some(2_200));
    stage.hears(stage.ana, "ainda aqui").await;
    assert_eq!(stage.desk.heard(), ["ainda aqui"]);
}

#[tokio::test]
async fn an_override_moves_the_webhooks_once_it_passed_the_handshake() {
    let stage = Stage::new().await;
    let other = Desk::default();
    let hook = format!("http://{}/hook", other.open().await);
    let callback = Some((hook.as_str(), crate::desk::VERIFY));
    stage.client().subscribe_app(AURORA_ACCOUNT, &token(), callback).await.unwrap();
    stage.hears(stage.ana, "lá").await;
    assert_eq!((stage.desk.heard().len(), other.heard()), (0, vec!["lá".to_owned()]));
    // What Meta says of the number itself still goes to the app.
    stage.simulator.rate_number(AURORA, "RED", None).unwrap();
    stage.simulator.idle().await;
    assert_eq!((stage.desk.arrivals().len(), other.arrivals().len()), (1, 1));
    // Subscribed without an address, the account's override ends.
    stage.client().subscribe_app(AURORA_ACCOUNT, &token(), None).await.unwrap();
    stage.hears(stage.ana, "cá").await;
    assert_eq!(
        (stage.desk.heard(), other.arrivals().len()),
        (vec!["PhoneNumberQuality".to_owned(), "cá".to_owned()], 1)
    );
}

#[tokio::test]
async fn a_seed_repeats_a_scene_to_the_byte() {
    let bodies = async || {
        let stage = Stage::new().await;
        stage.hears(stage.ana, "Oi").await;
        let sent = stage.send_text(ANA, "Olá").await.unwrap();
        (stage.desk.arrivals()[0].body.clone(), sent.wamid)
    };
    assert_eq!(bodies().await, bodies().await);
}

#[tokio::test]
async fn two_people_cannot_share_a_number() {
    let stage = Stage::new().await;
    let twin = NewContact { name: "Outra".into(), phone: Some("1199990001".into()), ..NewContact::default() };
    assert!(stage.simulator.add_contact(twin).is_err());
    assert_eq!(stage.simulator.contacts().len(), 3);
}
