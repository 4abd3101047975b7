use simulator::{Conditions, FailureForm, NewContact, PlannedFailure, SendLimits};
use whatsapp::client::{AccessToken, Client, OutboundContent, OutboundMessage, Recipient, SendError};
use whatsapp::errors::ErrorClass;

use crate::stage::{ANA, AURORA, IPE, Stage, http, token};

fn hello() -> OutboundMessage {
    OutboundMessage::new(Recipient::Phone(ANA.into()), OutboundContent::text("Olá"))
}

#[tokio::test]
async fn any_version_is_served_and_nothing_else() {
    let stage = Stage::new().await;
    for version in ["v18.0", "v26.0", "v99.1"] {
        let client = Client::new(http(), &stage.url(""), version).unwrap();
        assert_eq!(client.check(AURORA, &token()).await.unwrap().id, AURORA);
    }
    let client = Client::new(http(), &stage.url(""), "latest").unwrap();
    assert_eq!(client.check(AURORA, &token()).await.unwrap_err().code(), Some(2_500));
}

#[tokio::test]
async fn a_missing_a_wrong_and_an_expired_token_are_190() {
    let stage = Stage::new().await;
    for bad in ["", "nobody's"] {
        let error = stage.client().send_message(AURORA, &AccessToken::new(bad), &hello()).await.unwrap_err();
        assert_eq!((error.code(), error.graph_error().unwrap().subcode), (Some(190), None));
        assert_eq!(error.class(), Some(ErrorClass::TokenInvalid));
    }
    stage.simulator.expire_token(AURORA, true).unwrap();
    let error = stage.client().check(AURORA, &token()).await.unwrap_err();
    assert_eq!((error.code(), error.graph_error().unwrap().subcode), (Some(190), Some(463)));
    let raw = http().get(stage.url("/v26.0/1")).send().await.unwrap();
    assert_eq!(raw.status(), 401);
    stage.simulator.expire_token(AURORA, false).unwrap();
    stage.client().check(AURORA, &token()).await.unwrap();
}

#[tokio::test]
async fn what_is_unknown_or_somebody_elses_is_100_with_33_and_never_404() {
    let stage = Stage::new().await;
    for id in ["999", IPE] {
        let error = stage.client().check(id, &token()).await.unwrap_err();
        assert_eq!((error.code(), error.graph_error().unwrap().subcode), (Some(100), Some(33)), "{id}");
        let error = stage.client().send_message(id, &token(), &hello()).await.unwrap_err();
        assert_eq!((error.code(), error.graph_error().unwrap().subcode), (Some(100), Some(33)), "{id}");
    }
    let raw = http().get(stage.url("/v26.0/999")).bearer_auth("aurora-token").send().await.unwrap();
    assert_eq!(raw.status(), 400);
}

#[tokio::test]
async fn every_code_can_be_had_on_demand_for_one_send() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    for code in
        [131_047, 131_056, 130_429, 131_026, 131_053, 132_000, 132_001, 131_062, 131_049, 131_048, 4, 190]
    {
        stage.simulator.fail_next_send(PlannedFailure { code, form: FailureForm::Answer });
        assert_eq!(stage.refusal(ANA).await, code);
        stage.send_text(ANA, "Olá").await.unwrap();
    }
    stage.simulator.fail_next_send(PlannedFailure { code: 131_056, form: FailureForm::Answer });
    assert!(matches!(stage.send_text(ANA, "Olá").await, Err(SendError::RetryLater { .. })));
    stage.simulator.fail_next_send(PlannedFailure { code: 131_000, form: FailureForm::Answer });
    assert!(matches!(stage.send_text(ANA, "Olá").await, Err(SendError::Ambiguous { .. })));
}

#[tokio::test]
async fn an_error_can_come_as_a_status_instead() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    stage.simulator.fail_next_send(PlannedFailure { code: 131_047, form: FailureForm::Status });
    let sent = stage.send_text(ANA, "Olá").await.unwrap();
    stage.simulator.idle().await;
    let value = stage.desk.newest();
    let status = &value["statuses"][0];
    assert_eq!(
        (status["id"].as_str(), status["status"].as_str()),
        (Some(sent.wamid.as_str()), Some("failed"))
    );
    assert_eq!(status["errors"][0]["code"], 131_047);
    // As Meta does: no contacts, and no user id if it went to the number.
    assert_eq!((value.get("contacts"), status.get("recipient_user_id")), (None, None));
    assert_eq!(stage.desk.heard(), ["Oi", "failed"]);
}

#[tokio::test]
async fn wanda_blocked_the_number_and_zeca_is_not_on_whatsapp() {
    let stage = Stage::new().await;
    let person = |name: &str, phone: &str| NewContact {
        name: name.into(),
        phone: Some(phone.into()),
        ..NewContact::default()
    };
    let wanda = stage
        .simulator
        .add_contact(NewContact { blocked: true, ..person("Wanda", "+55 21 99876-5432") })
        .unwrap();
    stage.hears(wanda, "Oi").await;
    stage.send_text("5521998765432", "Olá").await.unwrap();
    stage.simulator.idle().await;
    assert_eq!(stage.desk.newest()["statuses"][0]["errors"][0]["code"], 131_026);
    let zeca = NewContact { not_on_whatsapp: true, ..person("Zeca", "+55 21 99876-0000") };
    stage.simulator.add_contact(zeca).unwrap();
    assert_eq!(stage.refusal("5521998760000").await, 131_026);
}

#[tokio::test]
async fn nobody_writes_to_themselves_and_texts_have_a_limit() {
    let stage = Stage::new().await;
    assert_eq!(stage.refusal("5531984002001").await, 131_021);
    stage.hears(stage.ana, "Oi").await;
    assert_eq!(stage.send_text(ANA, "").await.unwrap_err().code(), Some(100));
    assert_eq!(stage.send_text(ANA, &"ç".repeat(4_097)).await.unwrap_err().code(), Some(100));
    stage.send_text(ANA, &"ç".repeat(4_096)).await.unwrap();
    assert_eq!(stage.refusal("12").await, 131_009);
}

#[tokio::test]
async fn a_connection_that_is_cut_leaves_the_outcome_open_and_the_message_out() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    stage.simulator.set_conditions(Conditions { cut_connection: true, ..Conditions::default() });
    let error = stage.send_text(ANA, "Olá").await.unwrap_err();
    assert!(matches!(error, SendError::Ambiguous { .. }), "{error:?}");
    stage.simulator.idle().await;
    assert_eq!(stage.desk.heard(), ["Oi", "sent", "delivered"]);
}

#[tokio::test]
async fn a_number_without_plus_gets_the_country_of_the_business() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    let body = |to: &str| serde_json::json!({"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "Olá"}});
    for to in ["11999990001", "5511999990001", "+55 11 99999-0001"] {
        let answer: serde_json::Value = http()
            .post(stage.url(&format!("/v26.0/{AURORA}/messages")))
            .bearer_auth("aurora-token")
            .json(&body(to))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(answer["contacts"][0], serde_json::json!({"input": to, "wa_id": ANA}), "{to}");
    }
}

#[tokio::test]
async fn with_metas_limits_a_number_and_a_pair_are_slowed_down_each_by_its_own_code() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    stage.hears(stage.carlos, "Oi").await;
    let limits = SendLimits { per_second: 4, pair_burst: 2, ..SendLimits::default() };
    stage.simulator.set_conditions(Conditions { limits: Some(limits), ..Conditions::default() });

    for text in ["um", "dois"] {
        stage.send_text(ANA, text).await.unwrap();
    }
    assert_eq!(stage.refusal(ANA).await, 131_056, "a third one to Ana within the burst");
    for text in ["um", "dois"] {
        stage.send_text("5531999990002", text).await.unwrap();
    }
    assert_eq!(stage.refusal("5531999990002").await, 130_429, "a fifth one of the number within a second");

    stage.clock.fetch_add(12_000, std::sync::atomic::Ordering::Relaxed);
    stage.send_text(ANA, "três").await.unwrap();
    let tally = stage.simulator.tally();
    assert_eq!((tally.accepted.len(), tally.calls()), (5, 7));
    assert_eq!(tally.refused.into_iter().collect::<Vec<_>>(), [(130_429, 1), (131_056, 1)]);
    stage.simulator.idle().await;
}

#[tokio::test]
async fn some_sends_fail_for_a_moment_and_some_lose_their_answer() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    let shaky = Conditions { transient_per_mille: 300, cut_per_mille: 200, ..Conditions::default() };
    stage.simulator.set_conditions(shaky);
    let (mut refused, mut unknown) = (0, 0);
    for _ in 0..100 {
        match stage.send_text(ANA, "Olá").await {
            Err(SendError::RetryLater { error, .. }) if error.code == 131_016 => refused += 1,
            Err(SendError::Ambiguous { .. }) => unknown += 1,
            other => drop(other.unwrap()),
        }
    }
    let tally = stage.simulator.tally();
    assert_eq!((tally.refused[&131_016], tally.cut, tally.calls()), (refused, unknown, 100));
    assert!(
        (10..60).contains(&refused) && (5..40).contains(&unknown),
        "{refused} refused, {unknown} unknown"
    );
    stage.simulator.idle().await;
}
