//! Looking through who has what.

use super::caller::id_of;
use crate::{
    security::account::{letters_to, works},
    stage::{Agent, Answer, TestApp},
};
use serde_json::{Value, json};
use zelo::{clock::DAY, identity::Role, rotation};

async fn begins(who: &Agent) -> String {
    let begun = who.post("/access-reviews", &json!({})).await;
    assert_eq!(begun.status, 201, "{}", begun.text);
    begun.body["id"].as_str().unwrap().to_owned()
}

async fn lines(who: &Agent, review: &str) -> Vec<Value> {
    who.get(&format!("/access-reviews/{review}")).await.ok()["lines"].as_array().unwrap().clone()
}

async fn line(who: &Agent, review: &str, name: &str) -> Value {
    let lines = lines(who, review).await;
    lines.iter().find(|line| line["name"] == name).unwrap_or_else(|| panic!("no {name} in {lines:?}")).clone()
}

async fn says(who: &Agent, review: &str, line: &Value, decision: &str) -> Answer {
    let body = json!({"subject_id": line["subject_id"], "decision": decision, "tag": line["tag"]});
    who.put(&format!("/access-reviews/{review}/decision"), &body).await
}

async fn ends(who: &Agent, review: &str) -> Answer {
    who.post(&format!("/access-reviews/{review}/end"), &json!({})).await
}

#[tokio::test]
async fn an_owner_looks_through_who_has_what_and_withdraws_what_nobody_needs() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let dona = hotel.owner().clone();
    let (ana, beto) = (hotel.agent("ana").await, hotel.agent("beto").await);
    let key = json!({"name": "n8n", "permissions": ["conversations:read"]});
    let made = dona.post("/api-keys", &key).await.ok();
    let betos_token = beto.logs_in().await;
    let review = begins(&dona).await;
    assert_eq!(dona.post("/access-reviews", &json!({})).await.problem(), (409, "review_is_open"));

    let all = lines(&dona, &review).await;
    let kinds: Vec<_> = all.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["person", "person", "person", "api_key"], "people first: {all:?}");
    assert!(all.iter().all(|line| line["decision"].is_null()));
    let anas = line(&dona, &review, "ana").await;
    assert_eq!((&anas["role"], &anas["visibility"]), (&json!("agent"), &json!("all")));
    assert!(anas["permissions"].as_array().unwrap().contains(&json!("messages:send")));
    assert_eq!(ends(&dona, &review).await.problem(), (409, "lines_open"));

    let said = says(&dona, &review, &anas, "confirmed").await.ok();
    assert_eq!(said["decision"], "confirmed");
    assert_eq!(said["decided_by"], dona.get("/auth/me").await.ok()["id"]);
    let betos = line(&dona, &review, "beto").await;
    says(&dona, &review, &betos, "withdrawn").await.ok();
    assert!(!works(&app, &betos_token).await, "let go at once");
    ana.get("/auth/me").await.ok();
    let n8n = line(&dona, &review, "n8n").await;
    assert_eq!(n8n["subject_id"], made["id"]);
    says(&dona, &review, &n8n, "withdrawn").await.ok();
    let program = app.web.get(made["secret"].as_str().unwrap(), "/api/v1/conversations").await;
    assert_eq!(program.status, 401, "the key opens nothing");
    assert_eq!(says(&dona, &review, &n8n, "confirmed").await.status, 404, "it is gone");

    // Nobody else could decide on the only owner.
    let own = lines(&dona, &review).await.into_iter().find(|line| line["role"] == "owner").unwrap();
    assert_eq!(says(&dona, &review, &own, "confirmed").await.status, 403, "nobody on their own");
    let ended = ends(&dona, &review).await.ok();
    assert!(ended["ended_at"].is_string());
    assert_eq!(ends(&dona, &review).await.problem(), (409, "review_is_over"));
    assert_eq!(says(&dona, &review, &anas, "withdrawn").await.problem(), (409, "review_is_over"));

    // The record stays as it was looked at.
    dona.patch(&format!("/users/{}", id_of(&ana.get("/auth/me").await.ok())), &json!({"role": "viewer"}))
        .await
        .ok();
    let record = lines(&dona, &review).await;
    let words: Vec<_> =
        record.iter().map(|line| (line["name"].as_str().unwrap(), line["decision"].as_str())).collect();
    assert!(
        words.contains(&("ana", Some("confirmed"))) && words.contains(&("beto", Some("withdrawn"))),
        "{words:?}"
    );
    assert_eq!(
        words.iter().filter(|(_, decision)| decision.is_none()).count(),
        1,
        "the owner's own: {words:?}"
    );
    assert_eq!(line(&dona, &review, "ana").await["role"], "agent");
    let written = dona.audit("&event_type=access_review").await;
    let actions: Vec<_> = written.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "access_review_ended",
            "access_withdrawn",
            "access_withdrawn",
            "access_confirmed",
            "access_review_begun"
        ]
    );
    let listed = dona.get("/access-reviews").await.ok();
    assert_eq!(listed["data"][0]["id"], json!(review));
}

#[tokio::test]
async fn what_was_confirmed_is_what_was_looked_at() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (dona, socia) = (hotel.owner().clone(), hotel.staff("socia", Role::Owner).await);
    let admin = hotel.staff("carla", Role::Admin).await;
    let ana = hotel.agent("ana").await;
    let review = begins(&admin).await;
    let before = line(&admin, &review, "ana").await;

    // In between she becomes a manager: what the administrator saw is not what she has.
    let path = format!("/users/{}", id_of(&ana.get("/auth/me").await.ok()));
    app.passes(DAY);
    let dona = Agent::known(&app, &dona.email);
    dona.patch(&path, &json!({"role": "manager"})).await.ok();
    let admin = Agent::known(&app, &admin.email);
    assert_eq!(says(&admin, &review, &before, "confirmed").await.problem(), (409, "access_changed"));
    let after = line(&admin, &review, "ana").await;
    assert_eq!(after["role"], "manager");
    assert_ne!(after["since"], before["since"]);
    says(&admin, &review, &after, "confirmed").await.ok();

    // Changed once more after that, her line is open again.
    dona.patch(&path, &json!({"visibility": "team"})).await.ok();
    assert!(line(&admin, &review, "ana").await["decision"].is_null());
    let now = line(&admin, &review, "ana").await;
    says(&admin, &review, &now, "confirmed").await.ok();

    // Nobody decides on those who may do more, and no program decides.
    let owners = line(&admin, &review, "socia").await;
    assert_eq!(says(&admin, &review, &owners, "withdrawn").await.status, 403);
    let key = json!({"name": "robot", "permissions": ["*"]});
    let key = dona.post("/api-keys", &key).await.ok();
    let robot = line(&dona, &review, "ana").await;
    let body = json!({"subject_id": robot["subject_id"], "decision": "withdrawn", "tag": robot["tag"]});
    let path = format!("/api/v1/access-reviews/{review}/decision");
    let program =
        app.web.call(reqwest::Method::PUT, Some(key["secret"].as_str().unwrap()), &path, Some(&body)).await;
    assert_eq!(program.status, 403);

    // Of two owners each decides on the other: neither's own line may be left.
    let socia = Agent::known(&app, &socia.email);
    for name in ["carla", "robot", "socia"] {
        let line = line(&dona, &review, name).await;
        says(&dona, &review, &line, "confirmed").await.ok();
    }
    assert_eq!(ends(&dona, &review).await.problem(), (409, "lines_open"), "her own");
    let own = lines(&socia, &review).await.into_iter().find(|line| line["decision"].is_null()).unwrap();
    says(&socia, &review, &own, "confirmed").await.ok();
    ends(&dona, &review).await.ok();
}

#[tokio::test]
async fn who_has_what_is_to_be_looked_through_every_three_months() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let email = hotel.owner().email.clone();
    let told = async || {
        rotation::remind(&app.app).await.unwrap();
        let letters = letters_to(&app, &email).await.into_iter();
        letters.filter(|letter| letter.subject == "Hora de revisar quem tem acesso").count()
    };
    app.passes(89 * DAY);
    assert_eq!(told().await, 0);
    app.passes(DAY);
    assert_eq!(told().await, 1);
    assert_eq!(told().await, 1, "once");
    let dona = Agent::known(&app, &email);
    let review = begins(&dona).await;
    ends(&dona, &review).await.ok();
    app.passes(60 * DAY);
    assert_eq!(told().await, 1, "it was looked through");
    app.passes(31 * DAY);
    assert_eq!(told().await, 2);
}
