//! What Meta decides, what the business does in its own app, and days that pass in a moment.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Conditions, RetrySchedule, Said, TemplateDecision, TemplateReview};

use crate::desk::Desk;
use crate::stage::{ANA, AURORA, AURORA_ACCOUNT, Stage, http, token};

const HOUR: Duration = Duration::from_secs(3_600);

fn notice() -> Value {
    json!({"name": "aviso", "language": "pt_BR", "category": "UTILITY", "components": [{"type": "BODY", "text": "Olá"}]})
}

async fn put(stage: &Stage, path: &str, body: &Value) -> u16 {
    http().put(stage.url(path)).json(body).send().await.unwrap().status().as_u16()
}

async fn post(stage: &Stage, path: &str, body: &Value) -> u16 {
    http().post(stage.url(path)).json(body).send().await.unwrap().status().as_u16()
}

/// Days pass until nothing is underway any more.
async fn days_pass(stage: &Stage) {
    let idle = stage.simulator.idle();
    tokio::pin!(idle);
    loop {
        tokio::select! {
            biased;
            () = &mut idle => return,
            () = tokio::task::yield_now() => stage.simulator.advance_clock(24 * HOUR),
        }
    }
}

#[tokio::test]
async fn a_template_is_looked_at_after_a_while_as_the_conditions_say() {
    let stage = Stage::new().await;
    let decision = TemplateDecision { event: "REJECTED".into(), reason: Some("Too short.".into()) };
    let review = TemplateReview { after_ms: 60_000, decision };
    stage.simulator.set_conditions(Conditions { template_review: Some(review), ..Conditions::default() });
    let created = stage.client().create_template(AURORA_ACCOUNT, &token(), &notice()).await.unwrap();
    assert_eq!(created.status, "PENDING");
    assert!(stage.desk.heard().is_empty());
    stage.simulator.advance_clock(Duration::from_secs(61));
    stage.simulator.idle().await;
    assert_eq!(stage.desk.heard(), ["TemplateStatus"]);
    let told = stage.desk.newest();
    assert_eq!(
        (&told["event"], &told["rejection_info"]["reason"]),
        (&json!("REJECTED"), &json!("Too short."))
    );
    let listed = stage.client().get_template(&created.id, &token()).await.unwrap();
    assert_eq!(
        (listed.status.as_str(), listed.rejected_reason.as_deref()),
        ("REJECTED", Some("INVALID_FORMAT"))
    );
}

#[tokio::test]
async fn what_meta_would_refuse_is_refused() {
    let stage = Stage::new().await;
    let mut long = notice();
    long["components"][0]["text"] = json!("a".repeat(1_025));
    let error = stage.client().create_template(AURORA_ACCOUNT, &token(), &long).await.unwrap_err();
    assert_eq!(error.code(), Some(100));
    long["components"][0]["text"] = json!("a".repeat(1_024));
    stage.client().create_template(AURORA_ACCOUNT, &token(), &long).await.unwrap();
}

#[tokio::test]
async fn templates_and_numbers_are_rated_over_the_control_interface() {
    let stage = Stage::new().await;
    let new = json!({"waba_id": AURORA_ACCOUNT, "name": "aviso", "language": "pt_BR", "category": "UTILITY",
                     "components": [{"type": "BODY", "text": "Olá"}]});
    assert_eq!(post(&stage, "/simulator/api/templates", &new).await, 201);
    let listed: Value =
        http().get(stage.url("/simulator/api/templates")).send().await.unwrap().json().await.unwrap();
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    let template = format!("/simulator/api/templates/{id}");
    for (path, body, heard) in [
        ("decision", json!({"event": "PAUSED", "reason": "Blocked often."}), "TemplateStatus"),
        ("category", json!({"category": "MARKETING", "announced": true}), "TemplateCategory"),
        ("category", json!({"category": "MARKETING"}), "TemplateCategory"),
        ("quality", json!({"score": "RED"}), "TemplateQuality"),
    ] {
        assert_eq!(put(&stage, &format!("{template}/{path}"), &body).await, 204, "{path}");
        stage.simulator.idle().await;
        assert_eq!(stage.desk.heard().pop().unwrap(), heard);
    }
    let template = stage.client().get_template(&id, &token()).await.unwrap();
    assert_eq!((template.status.as_str(), template.category.as_str()), ("PAUSED", "MARKETING"));
    assert_eq!(template.previous_category.as_deref(), Some("UTILITY"));
    assert_eq!(template.quality_score.unwrap().score, "RED");

    let rated = json!({"quality": "RED", "limit": "TIER_250"});
    assert_eq!(put(&stage, &format!("/simulator/api/channels/{AURORA}/quality"), &rated).await, 204);
    stage.simulator.idle().await;
    assert_eq!(stage.desk.heard().pop().unwrap(), "PhoneNumberQuality");
    let number = stage.client().check(AURORA, &token()).await.unwrap();
    assert_eq!(number.quality_rating.as_deref(), Some("RED"));
    assert_eq!(number.whatsapp_business_manager_messaging_limit.as_deref(), Some("TIER_250"));
    let change =
        json!({"field": "account_alerts", "value": {"alert_info": {"alert_severity": "INFORMATIONAL"}}});
    assert_eq!(post(&stage, &format!("/simulator/api/channels/{AURORA}/changes"), &change).await, 204);
    assert_eq!(put(&stage, "/simulator/api/templates/7/quality", &json!({"score": "RED"})).await, 404);
}

#[tokio::test]
async fn the_business_writes_in_its_app_and_shares_what_was_written() {
    let stage = Stage::new().await;
    stage.hears(stage.ana, "Oi").await;
    let path = format!("/simulator/api/talks/{AURORA}/{}/echo", stage.ana.0);
    assert_eq!(post(&stage, &path, &json!({"body": "Já vou ver"})).await, 201);
    stage.simulator.say(AURORA, stage.bia, &Said::text("Bom dia")).unwrap();
    stage.simulator.idle().await;
    let echo = stage.desk.arrivals()[1].body.clone();
    let echo: Value = serde_json::from_slice(&echo).unwrap();
    let change = &echo["entry"][0]["changes"][0];
    assert_eq!(change["field"], "smb_message_echoes");
    assert_eq!(change["value"]["message_echoes"][0]["to"], ANA);

    assert_eq!(stage.simulator.share_history(AURORA).unwrap(), 3);
    stage.simulator.idle().await;
    let last = stage.desk.newest();
    assert_eq!(last["history"][0]["metadata"], json!({"phase": 0, "chunk_order": 2, "progress": 100}));
    let bia = &last["history"][0]["threads"][0];
    assert!(
        bia["context"]["wa_id"].is_null() && bia["messages"][0]["from"].is_null(),
        "bia has no number: {bia}"
    );
    let path = format!("/simulator/api/channels/{AURORA}/history");
    assert_eq!(post(&stage, &path, &json!({"declined": true})).await, 200);
    stage.simulator.idle().await;
    assert_eq!(stage.desk.newest()["history"][0]["errors"][0]["code"], 2_593_109);
}

#[tokio::test]
async fn a_desk_that_is_away_for_days_gets_its_webhook_in_a_moment() {
    let schedule = RetrySchedule { first: HOUR, longest: 12 * HOUR, attempts: 10 };
    let desk = Desk::default();
    desk.will_answer(&[503; 6]);
    let stage = Stage::with_retries(desk, schedule).await;
    stage.simulator.say(AURORA, stage.ana, &Said::text("Oi")).unwrap();
    days_pass(&stage).await;
    assert_eq!((stage.desk.arrivals().len(), stage.desk.heard()), (7, vec!["Oi".to_owned()]));

    stage.desk.will_answer(&[503; 20]);
    stage.simulator.say(AURORA, stage.ana, &Said::text("Alguém?")).unwrap();
    days_pass(&stage).await;
    assert_eq!(stage.desk.arrivals().len(), 17, "given up after ten attempts");
}
