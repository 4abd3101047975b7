//! What is written down.

use super::PLATFORM;
use crate::security::account::{Enrolled, access, gives, log_in, platform_owner, post, token_from_mail};
use crate::stage::{Agent, PASSWORD, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use zelo::{
    audit::{EventType, READ_WINDOW},
    identity::{NewUser, Role},
};

/// What the scene below does not lead to: what the tests of its own feature show, and what no code does yet.
const ELSEWHERE: &[(EventType, &str)] = &[
    (EventType::LoginError, "a05"),
    (EventType::AccessReview, "r/access_reviews"),
    (EventType::Approval, "r/approvals"),
    (EventType::SupportAccess, "r09"),
    (EventType::DataDelete, "r10"),
    (EventType::ContactUpdate, "one_person"),
    (EventType::PrivacyRequest, "not yet: requests of data subjects"),
    (EventType::PrivacyErasureExecuted, "not yet: erasure"),
    (EventType::KeyRotation, "not yet: rotating keys"),
    (EventType::Backup, "not yet: backups"),
    (EventType::Restore, "not yet: backups"),
];

async fn written(app: &TestApp, tenants: &[zelo::ids::TenantId]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for tenant in tenants {
        let scope = db::Scope::Tenant(tenant.0);
        let found = db::read!(app.app.db, "written", scope, |tx| -> db::Result<Vec<String>> {
            let sql = "select distinct event_type from audit_entries where tenant_id = $1";
            tx.query(sql, db::params![*tenant], |row| row.get(0)).await
        });
        words.extend(found.unwrap());
    }
    words
}

/// Each scene does one deed through the product's own doors.
#[tokio::test]
async fn u06_every_event_of_the_catalogue_is_written() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, vera) = (hotel.agent("ana").await, hotel.viewer("vera").await);
    ana.logs_in().await;

    log_ins(&app, &ana).await;
    refusals(&hotel.contact("+55 11 98765-4321"), &ana, &vera, &app).await;
    reads(hotel.owner()).await;
    replay(&app, &hotel).await;
    account(&app, &hotel).await;
    rights(hotel.owner()).await;
    ban(&app, &ana).await;

    let written = written(&app, &[hotel.id, PLATFORM]).await;
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(event, _)| event.as_str()).collect();
    let all = EventType::ALL.iter().map(|event| event.as_str());
    let missing: Vec<&str> =
        all.filter(|word| !written.contains(*word) && !elsewhere.contains(word)).collect();
    println!("U06: {} of {} kinds were written here; {ELSEWHERE:?}", written.len(), EventType::ALL.len());
    assert_eq!(missing, Vec::<&str>::new(), "no scene led to these");
    assert!(app.verifies().await.is_whole());
}

async fn log_ins(app: &TestApp, ana: &Agent) {
    let tokens = ana.logs_in().await;
    let wrong = json!({"email": ana.email, "password": "not-her-password-at-all"});
    assert_eq!(app.web.call(Method::POST, None, "/api/v1/auth/login", Some(&wrong)).await.status, 401);
    let access = tokens["access_token"].as_str().unwrap();
    let again = json!({"password": PASSWORD});
    app.web.call(Method::POST, Some(access), "/api/v1/auth/reauthenticate", Some(&again)).await.ok();
    let refresh = async |token: &Value| {
        let body = json!({"refresh_token": token});
        app.web.call(Method::POST, None, "/api/v1/auth/refresh", Some(&body)).await
    };
    let second = refresh(&tokens["refresh_token"]).await.ok();
    refresh(&second["refresh_token"]).await.ok();
    app.clock.advance(60_000);
    assert_eq!(refresh(&tokens["refresh_token"]).await.status, 401);

    let (one, other) = (ana.logs_in().await, ana.logs_in().await);
    let access = one["access_token"].as_str().unwrap();
    let sessions = app.web.get(access, "/api/v1/auth/sessions").await.ok();
    let rest = sessions["data"].as_array().unwrap().iter().find(|it| it["current"] == json!(false)).unwrap();
    let path = format!("/api/v1/auth/sessions/{}", rest["id"].as_str().unwrap());
    assert_eq!(app.web.call(Method::DELETE, Some(access), &path, None).await.status, 204);
    let body = json!({"refresh_token": other["refresh_token"]});
    app.web.call(Method::POST, None, "/api/v1/auth/logout", Some(&body)).await;
    assert_eq!(app.web.call(Method::POST, Some(access), "/api/v1/auth/logout", None).await.status, 204);
}

/// Carla forgets her password and chooses two new ones; Beto sets up a second factor, mistypes, and takes it away again.
async fn account(app: &TestApp, hotel: &crate::stage::Tenant) {
    let (beto, carla) = (hotel.agent("beto").await, hotel.agent("carla").await);
    post(app, None, "/auth/password/forgot", &json!({"email": carla.email})).await;
    let token = token_from_mail(app, &carla.email).await;
    let body = json!({"token": token, "new_password": "uma-lagoa-bem-calma"});
    assert!(post(app, None, "/auth/password/reset", &body).await.status < 300);
    let tokens = log_in(app, &carla.email, "uma-lagoa-bem-calma").await.ok();
    let body = json!({"current_password": "uma-lagoa-bem-calma", "new_password": "outra-lagoa-bem-funda"});
    assert!(post(app, Some(access(&tokens)), "/auth/password", &body).await.status < 300);

    let beto = Enrolled::new(app, beto).await;
    for _ in 0..3 {
        assert_eq!(log_in(app, &beto.agent.email, "not-his-password-at-all").await.status, 401);
    }
    let begun = beto.begins(app).await;
    assert_eq!(gives(app, &begun, "000000").await.status, 401);
    let tokens = beto.logs_in(app).await;
    app.passes(60_000);
    let code = json!({"code": beto.phone.shows(app.clock.now())});
    let again = "/auth/mfa/backup-codes/regenerate";
    assert!(post(app, Some(access(&tokens)), again, &code).await.status < 300);
    app.passes(60_000);
    let both = json!({"password": PASSWORD, "code": beto.phone.shows(app.clock.now())});
    assert!(post(app, Some(access(&tokens)), "/auth/mfa/disable", &both).await.status < 300);
}

async fn rights(owner: &Agent) {
    let role = json!({"name": "Noturno", "permissions": ["conversations:*"], "visibility": "team"});
    owner.post("/roles", &role).await.ok();
    owner.post("/teams", &json!({"name": "Reservas"})).await.ok();
    owner.post("/api-keys", &json!({"name": "n8n", "permissions": ["conversations:read"]})).await.ok();
}

async fn ban(app: &TestApp, ana: &Agent) {
    for _ in 0..6 {
        log_in(app, &ana.email, "not-her-password-at-all").await;
    }
    let root = platform_owner(app).await;
    let bans = root.get("/admin/bans").await.ok();
    let path = format!("/admin/bans/{}", bans["data"][0]["id"].as_str().unwrap());
    assert_eq!(root.delete(&path).await.status, 204);
}

async fn refusals(helena: &crate::stage::Person, ana: &Agent, vera: &Agent, app: &TestApp) {
    helena.says("quero reservar").await;
    app.run_jobs().await;
    let id = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let status = format!("/conversations/{id}/status");
    assert_eq!(vera.put(&status, &json!({"status": "resolved"})).await.status, 403);
    let token = vera.token().await;
    let assignment = format!("/api/v1/conversations/{id}/assignment");
    assert_eq!(app.web.call(Method::DELETE, Some(&token), &assignment, None).await.status, 403);
    ana.put(&status, &json!({"status": "resolved"})).await.ok();
}

async fn reads(owner: &Agent) {
    owner.reads().await;
    assert_eq!(owner.get("/audit-reports/access?format=csv").await.status, 200);
}

async fn replay(app: &TestApp, hotel: &crate::stage::Tenant) {
    let unknown = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [
        {"field": "messages", "value": {"messaging_product": "whatsapp",
         "metadata": {"display_phone_number": "1", "phone_number_id": "999"}, "messages": []}}]}]});
    hotel.receives(&unknown).await;
    app.run_jobs().await;
    let event = app.quarantine().await.first().unwrap().id;
    zelo::inbound::replay_quarantined(&app.app, event).await.unwrap();
    app.run_jobs().await;
}

#[tokio::test]
async fn u06_reading_a_conversation_is_one_entry_for_each_reader_and_quarter_of_an_hour() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, beto) = (hotel.agent("ana").await, hotel.agent("beto").await);
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let reads = async || hotel.owner().audit("&event_type=data_access").await;

    ana.conversations().await;
    assert_eq!(reads().await.len(), 0, "a list is not a reading");
    for _ in 0..3 {
        ana.reads().await;
    }
    assert_eq!(reads().await.len(), 1);
    beto.reads().await;
    assert_eq!(reads().await.len(), 2);
    app.clock.advance(READ_WINDOW);
    ana.reads().await;

    let found = reads().await;
    assert_eq!(found.len(), 3);
    assert_eq!(found[0]["actor"]["name"], "ana");
    assert_eq!(found[0]["target"]["type"], "conversation");
    assert_eq!(found[0]["outcome"], "success");
}

#[tokio::test]
async fn u06_looking_at_a_contact_is_an_entry_and_a_list_of_them_none() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let ana = hotel.agent("ana").await;
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let list = ana.get("/contacts").await.ok();
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let reads = async |agent: &Agent| agent.audit("&action=contact_read").await.len();
    assert_eq!(reads(hotel.owner()).await, 0);

    for _ in 0..2 {
        ana.get(&format!("/contacts/{id}")).await.ok();
    }
    assert_eq!(reads(hotel.owner()).await, 1);
    assert_eq!(clinic.agent("rui").await.get(&format!("/contacts/{id}")).await.status, 404);
    assert_eq!(reads(clinic.owner()).await, 0);
}

/// What the browser shows; nothing that somebody wrote becomes part of the page.
#[tokio::test]
async fn the_page_shows_the_log_to_those_who_may_read_it() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("<b>ana</b>").await;
    ana.logs_in().await;
    app.notes(hotel.id, 60).await;
    app.verifies().await;
    let token = hotel.owner().token().await;

    let page = app.web.get(&token, "/audit").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("colour_changed") && page.text.contains("/audit?cursor="),
        "a page and the way on"
    );
    assert!(!page.text.contains("<script>") && !page.text.contains("style="));
    let log_ins = app.web.get(&token, "/audit?event=login_success").await.text;
    assert!(log_ins.contains("&#60;b&#62;ana") && !log_ins.contains("<b>ana"), "{log_ins}");
    assert!(!log_ins.contains("colour_changed"));
    let entry = hotel.owner().audit("&target=7").await[0]["id"].as_str().unwrap().to_owned();
    let opened = app.web.get(&token, &format!("/audit?entry={entry}&check=1")).await.text;
    assert!(opened.contains("colour: green") && opened.contains("colour: 7"), "before and after");
    assert!(opened.contains("role=\"status\""), "what was checked is said");

    assert_eq!(app.web.get(&ana.token().await, "/audit").await.status, 403);
    let nowhere = format!("/audit?entry={}", uuid::Uuid::nil());
    assert_eq!(app.web.get(&token, &nowhere).await.status, 404);
}

#[tokio::test]
async fn u07_an_entry_says_who_what_when_where_and_what_changed() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let id = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    ana.put(&format!("/conversations/{id}/status"), &json!({"status": "resolved"})).await.ok();

    let owner = hotel.owner();
    let before = owner.audit("&event_type=conversation_update").await;
    let [entry] = before.as_slice() else { panic!("{before:?}") };
    assert_eq!((&entry["seq"], &entry["sealed"]), (&Value::Null, &json!(false)));
    app.verifies().await;
    let entry = &owner.audit("&event_type=conversation_update").await[0];

    assert_eq!(entry["actor"]["type"], "user");
    assert_eq!(entry["actor"]["name"], "ana");
    assert_eq!(entry["action"], "conversation_status");
    assert_eq!(entry["target"], json!({"type": "conversation", "id": id}));
    assert_eq!(entry["changes"], json!({"status": {"old": "open", "new": "resolved"}}));
    assert_eq!(entry["ip_address"], "127.0.0.1");
    assert!(entry["timestamp"].as_str().unwrap().ends_with('Z'));
    for id in ["request_id", "trace_id"] {
        assert!(!entry[id].as_str().unwrap().is_empty(), "{id}");
    }
    assert!(entry["seq"].is_i64() && entry["sealed"] == json!(true));
}

#[tokio::test]
async fn the_log_is_filtered_paged_and_another_tenants_is_not_there() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let ana = hotel.agent("ana").await;
    ana.logs_in().await;
    app.notes(hotel.id, 5).await;
    let owner = hotel.owner();

    let me = owner.get("/auth/me").await.ok()["id"].as_str().unwrap().to_owned();
    assert!(owner.audit(&format!("&actor={me}")).await.iter().all(|it| it["actor"]["id"] == json!(me)));
    assert_eq!(owner.audit("&action=colour_changed&target=3").await.len(), 1);
    assert_eq!(owner.audit("&target=setting").await.len(), 5);
    assert!(owner.audit("&outcome=failed").await.is_empty());
    assert!(!owner.audit("&ip=::ffff:127.0.0.1").await.is_empty());
    assert!(owner.audit("&ip=203.0.113.9").await.is_empty());
    assert!(owner.audit("&from=2030-01-01T00:00:00Z").await.is_empty());
    assert_eq!(owner.audit("&to=2026-11-20T12:00:02Z&target=setting").await.len(), 2);
    for wrong in ["from=tomorrow", "outcome=perhaps", "event_type=dance", "actor=ana"] {
        assert_eq!(owner.get(&format!("/audit-logs?{wrong}")).await.status, 400, "{wrong}");
    }

    let first = owner.get("/audit-logs?limit=2&target=setting").await.ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = owner.get(&format!("/audit-logs?limit=2&target=setting&cursor={cursor}")).await.ok();
    let ids = |page: &Value| {
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|row| row["target"]["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((ids(&first), ids(&second)), (vec!["4".into(), "3".into()], vec!["2".into(), "1".into()]));

    assert!(clinic.owner().audit("&target=setting").await.is_empty());
    assert_eq!(ana.get("/audit-logs").await.status, 403, "an agent does not read the log");
    assert_eq!(ana.get("/audit-logs/verify").await.status, 403);
    assert_eq!(ana.get("/audit-reports/access").await.status, 403);
    assert!(!owner.audit("&event_type=permission_denied").await.is_empty());
}

#[tokio::test]
async fn a_report_counts_and_lists_what_belongs_to_it_and_is_no_formula() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let vera = hotel.viewer("vera").await;
    assert_eq!(vera.post("/users", &json!({})).await.status, 403);
    let new = NewUser {
        name: "=HYPERLINK(1)".into(),
        email: "formula@hotel.example.com".into(),
        role: Role::Admin,
        password: zeroize::Zeroizing::new(PASSWORD.to_owned()),
    };
    zelo::identity::create_user(&app.app, hotel.id, &new).await.unwrap();
    let body = json!({"email": new.email, "password": PASSWORD});
    app.web.call(Method::POST, None, "/api/v1/auth/login", Some(&body)).await.ok();
    let owner = hotel.owner();

    let violations = owner.get("/audit-reports/violations").await.ok();
    assert_eq!(violations["total"], 1);
    assert_eq!(
        violations["by_event"],
        json!([{"event_type": "permission_denied", "outcome": "denied", "count": 1}])
    );
    assert_eq!(violations["data"][0]["details"]["route"], "/api/v1/users");
    let configuration = owner.get("/audit-reports/configuration").await.ok();
    assert_eq!(configuration["by_event"][0]["event_type"], "config_update");
    let administration = owner.get("/audit-reports/administration").await.ok();
    assert_eq!(administration["by_event"][0]["event_type"], "user_update");
    assert_eq!(owner.get("/audit-reports/gossip").await.status, 400);

    let table = owner.get("/audit-reports/access?format=csv").await;
    assert!(table.headers["content-type"].starts_with("text/csv"));
    let line = table.text.lines().find(|line| line.contains("HYPERLINK")).unwrap();
    assert!(line.contains("\"'=HYPERLINK(1)\""), "{line}");
    assert_eq!(owner.audit("&event_type=data_export").await[0]["details"], json!({"report": "access"}));
}
