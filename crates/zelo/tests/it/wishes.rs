//! What people and Meta say of sending: whoever wants no marketing gets none, and a number sends as fast as it may.

use crate::stage::{Agent, Tenant, TestApp};
use serde_json::{Value, json};

/// A body with one change of a field other than `messages`.
fn notice(hotel: &Tenant, field: &str, value: &Value) -> Value {
    let change = json!({"value": value, "field": field});
    json!({"object": "whatsapp_business_account",
        "entry": [{"id": hotel.number.waba_id, "time": 1_795_176_000, "changes": [change]}]})
}

async fn told(hotel: &Tenant, body: &Value) {
    hotel.receives(body).await.ok();
    hotel.app.run_jobs().await;
}

async fn chooses(hotel: &Tenant, value: &str, seconds: i64) {
    let choice = json!({"wa_id": "5511987654321", "category": "marketing_messages", "value": value,
        "timestamp": 1_795_176_000 + seconds});
    let mut body = hotel.body(&json!({"user_preferences": [choice]}));
    body["entry"][0]["changes"][0]["field"] = json!("user_preferences");
    told(hotel, &body).await;
}

async fn template_is(hotel: &Tenant, name: &str, category: &str) {
    let value = json!({"event": "APPROVED", "message_template_id": 7, "message_template_name": name,
        "message_template_language": "pt-BR", "message_template_category": category});
    told(hotel, &notice(hotel, "message_template_status_update", &value)).await;
}

/// What the gate says to a template for Helena.
async fn sends(ana: &Agent, name: &str) -> (u16, Value) {
    let id = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let template = json!({"type": "template", "template": {"name": name, "language": {"code": "pt_BR"}}});
    let answer = ana.post(&format!("/conversations/{id}/messages"), &template).await;
    (answer.status, answer.body["code"].clone())
}

#[tokio::test]
async fn whoever_wants_no_marketing_gets_none_and_everything_else() {
    let app = TestApp::new().await;
    app.may_leave_work();
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    hotel.contact("+55 11 98765-4321").says("oi").await;
    app.run_jobs().await;
    template_is(&hotel, "promo", "MARKETING").await;
    template_is(&hotel, "pedido", "UTILITY").await;
    assert_eq!(sends(&ana, "promo").await.0, 202);

    chooses(&hotel, "stop", 10).await;
    assert_eq!(ana.the_conversation().await["contact"]["marketing"], "stop");
    assert_eq!(sends(&ana, "promo").await, (409, json!("opted_out")));
    assert_eq!(sends(&ana, "unknown").await, (409, json!("opted_out")), "nobody knows what it is");
    assert_eq!(sends(&ana, "pedido").await.0, 202);
    assert_eq!(ana.answers("Tudo certo?").await.status, 202);

    // A choice that was made before comes late, and changes nothing.
    chooses(&hotel, "resume", 5).await;
    assert_eq!(sends(&ana, "promo").await.0, 409);
    chooses(&hotel, "resume", 20).await;
    assert_eq!(sends(&ana, "promo").await.0, 202);
}

#[tokio::test]
async fn an_upgrade_of_a_number_raises_its_pace_and_nobody_elses() {
    let app = TestApp::with_settings(&[("outbound.messages_per_second", "80")]).await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let channel =
        async |tenant: &Tenant| tenant.owner().get(&format!("/channels/{}", tenant.channel)).await.ok();
    assert_eq!(channel(&hotel).await["throughput"], Value::Null);

    let value = json!({"display_phone_number": "5511940020001", "event": "THROUGHPUT_UPGRADE",
        "current_limit": "TIER_UNLIMITED", "max_daily_conversations_per_business": "TIER_UNLIMITED"});
    told(&hotel, &notice(&hotel, "phone_number_quality_update", &value)).await;

    let upgraded = channel(&hotel).await;
    assert_eq!(
        (&upgraded["throughput"], &upgraded["meta"]["limit"]),
        (&json!(1_000), &json!("TIER_UNLIMITED"))
    );
    let scope = hotel.scope().await;
    let known = zelo::channels::get_channel(&app.app, scope, hotel.channel).await.unwrap();
    assert_eq!(known.pace(80), 1_000, "the pacer asks this");
    assert_eq!(channel(&clinic).await["throughput"], Value::Null);
}

#[tokio::test]
async fn a_disabled_account_lets_its_messages_wait_until_it_is_back() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("oi").await;
    app.run_jobs().await;
    let ban = |state: &str| {
        let value = json!({"event": "DISABLED_UPDATE",
            "ban_info": {"waba_ban_state": state, "waba_ban_date": "November 20, 2026"}});
        notice(&hotel, "account_update", &value)
    };
    told(&hotel, &ban("DISABLE")).await;
    assert_eq!(ana.get("/channels").await.ok()["data"][0]["status"], "reconnect_needed");
    assert_eq!(ana.answers("Olá!").await.status, 202);
    app.run_jobs().await;
    assert!(helena.has_received().is_empty());

    told(&hotel, &ban("REINSTATE")).await;
    assert_eq!(ana.get("/channels").await.ok()["data"][0]["status"], "active");
    app.passes(2 * zelo::clock::MINUTE);
    app.run_jobs().await;
    assert_eq!(helena.has_received(), ["Olá!"]);
}

#[tokio::test]
async fn an_old_ban_that_meta_repeats_stops_nobody_again() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ban = |state: &str, at: i64| {
        let value = json!({"event": "DISABLED_UPDATE",
            "ban_info": {"waba_ban_state": state, "waba_ban_date": "November 20, 2026"}});
        let mut notice = notice(&hotel, "account_update", &value);
        notice["entry"][0]["time"] = json!(1_795_176_000 + at);
        notice
    };
    let status = async || hotel.owner().get("/channels").await.ok()["data"][0]["status"].clone();
    told(&hotel, &ban("DISABLE", 10)).await;
    assert_eq!(status().await, "reconnect_needed");
    told(&hotel, &ban("REINSTATE", 20)).await;
    assert_eq!(status().await, "active");
    // The same ban once more, in other words than the first time, so that it is not known for a repetition.
    let mut again = ban("DISABLE", 10);
    again["entry"][0]["changes"][0]["value"]["note"] = json!("repeated");
    told(&hotel, &again).await;
    assert_eq!(status().await, "active");

    // Both at once, in the order of their lines: the later word holds.
    let (mut both, back) = (ban("DISABLE", 30), ban("REINSTATE", 40));
    both["entry"].as_array_mut().unwrap().push(back["entry"][0].clone());
    told(&hotel, &both).await;
    assert_eq!(status().await, "active");
}
