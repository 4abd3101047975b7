//! Dangerous acts of which one person alone must not be capable.

use super::caller::{Visitor, id_of};
use crate::stage::{Agent, Tenant, TestApp};
use serde_json::{Value, json};
use zelo::{
    approvals::{self, Act},
    clock::DAY,
    identity::Role,
    mail,
};

async fn two_owners() -> (TestApp, Tenant, Agent, Agent) {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (dona, socia) = (hotel.owner().clone(), hotel.staff("socia", Role::Owner).await);
    let acts = json!({"second_person_for": ["owner_role", "export_all", "tenant_deletion"]});
    let set = dona.put("/approval-policy", &acts).await.ok();
    let expected = ["owner_role", "export_all", "tenant_deletion", "approval_policy"];
    assert_eq!(set["second_person_for"], json!(expected));
    (app, hotel, dona, socia)
}

async fn asks(who: &Agent, wish: &Value) -> String {
    let asked = who.post("/approvals", wish).await;
    assert_eq!(asked.status, 201, "{}", asked.text);
    asked.body["id"].as_str().unwrap().to_owned()
}

async fn decides(who: &Agent, id: &str, decision: &str) -> crate::stage::Answer {
    who.put(&format!("/approvals/{id}/decision"), &json!({"decision": decision})).await
}

#[tokio::test]
async fn r08_an_owner_is_made_by_two_people_and_nobody_approves_their_own_wish() {
    let (app, hotel, dona, socia) = two_owners().await;
    let admin = hotel.staff("carla", Role::Admin).await;
    let beto = hotel.agent("beto").await;
    let beto_id = id_of(&beto.get("/auth/me").await.ok()).to_string();
    let path = format!("/users/{beto_id}");
    let owner = json!({"role": "owner"});
    assert_eq!(dona.patch(&path, &owner).await.problem(), (403, "second_person_required"));
    let invited = json!({"name": "Novo", "email": "novo@hotel.example.com", "role": "owner"});
    assert_eq!(dona.post("/users", &invited).await.problem(), (403, "second_person_required"));
    let role = json!({"name": "Quase", "permissions": ["*"], "visibility": "all"});
    assert_eq!(dona.post("/roles", &role).await.problem(), (403, "second_person_required"));
    dona.patch(&path, &json!({"role": "supervisor"})).await.ok();

    let wish = json!({"act": "owner_role", "user_id": beto_id});
    assert_eq!(admin.post("/approvals", &wish).await.status, 403, "who may not do it may not ask");
    let ghost = json!({"act": "owner_role", "user_id": "01890a5d-ac96-774b-bcce-b302099a8057"});
    assert_eq!(dona.post("/approvals", &ghost).await.status, 422);
    let id = asks(&dona, &wish).await;
    let told = mail::list_mailbox(&app.app).await.unwrap();
    assert!(told.iter().any(|(_, letter)| letter.to == socia.email && letter.text.contains("owner_role")));
    assert_eq!(decides(&dona, &id, "approve").await.status, 403, "their own");
    assert_eq!(decides(&admin, &id, "approve").await.status, 403, "who may not do it");
    assert_eq!(dona.get(&path).await.ok()["role"], "supervisor");
    let done = decides(&socia, &id, "approve").await.ok();
    assert_eq!((&done["state"], &done["wish"]), (&json!("approved"), &wish));
    assert_eq!(dona.get(&path).await.ok()["role"], "owner");
    assert_eq!(decides(&socia, &id, "decline").await.problem(), (409, "approval_is_over"));
    let told = mail::list_mailbox(&app.app).await.unwrap();
    assert!(told.iter().any(|(_, letter)| letter.to == dona.email && letter.text.contains("approved")));

    let actions: Vec<_> = dona.audit("&event_type=approval").await;
    let actions: Vec<_> = actions.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["approval_given", "approval_asked"]);
    let changed = dona.audit("&action=user_role_changed").await;
    let socia_id = id_of(&socia.get("/auth/me").await.ok()).to_string();
    assert_eq!(changed[0]["actor"]["id"], json!(socia_id), "the one who approved did it");
}

#[tokio::test]
async fn r08_what_was_declined_or_waited_too_long_is_not_done() {
    let (app, hotel, dona, socia) = two_owners().await;
    let beto = hotel.agent("beto").await;
    let beto_id = id_of(&beto.get("/auth/me").await.ok()).to_string();
    let wish = json!({"act": "owner_role", "user_id": beto_id});
    let declined = asks(&dona, &wish).await;
    assert_eq!(decides(&socia, &declined, "decline").await.ok()["state"], "declined");
    let late = asks(&dona, &wish).await;
    app.passes(3 * DAY);
    assert_eq!(decides(&socia, &late, "approve").await.problem(), (409, "approval_is_over"));
    assert_eq!(dona.get("/approvals").await.ok()["data"][0]["state"], "expired");
    for _ in 0..2 {
        zelo::approvals::sweep(&app.app).await.unwrap();
    }
    let over = dona.audit("&action=approval_expired").await;
    assert_eq!(over.len(), 1, "its end is written once: {over:?}");
    assert_eq!(over[0]["target"]["id"], json!(late));
    assert_eq!(dona.get("/approvals").await.ok()["data"][0]["state"], "expired");
    // Who lost the right meanwhile has asked for nothing.
    let third = hotel.staff("terceira", Role::Owner).await;
    let lost = asks(&third, &wish).await;
    let third_id = id_of(&third.get("/auth/me").await.ok()).to_string();
    dona.patch(&format!("/users/{third_id}"), &json!({"role": "viewer"})).await.ok();
    assert_eq!(decides(&socia, &lost, "approve").await.problem(), (409, "requester_lacks_permission"));
    assert_eq!(dona.get(&format!("/users/{beto_id}")).await.ok()["role"], "agent");
    let clinic = app.tenant("clinic").await;
    assert_eq!(decides(clinic.owner(), &lost, "approve").await.status, 404, "a stranger's");
}

#[tokio::test]
async fn r08_an_export_is_fetched_once_by_the_one_who_asked() {
    let (_app, _hotel, dona, socia) = two_owners().await;
    let plain = "/audit-reports/administration?format=csv";
    assert_eq!(dona.get(plain).await.problem(), (403, "second_person_required"));
    dona.get("/audit-reports/administration").await.ok();
    let id = asks(&dona, &json!({"act": "export_all", "report": "administration"})).await;
    let fetch = format!("{plain}&approval={id}");
    assert_eq!(dona.get(&fetch).await.problem(), (403, "second_person_required"), "not yet");
    decides(&socia, &id, "approve").await.ok();
    assert_eq!(socia.get(&fetch).await.status, 403, "not theirs");
    let other = format!("/audit-reports/access?format=csv&approval={id}");
    assert_eq!(dona.get(&other).await.status, 403, "another report");
    assert_eq!(dona.get(&fetch).await.status, 200);
    assert_eq!(dona.get(&fetch).await.status, 403, "once");
    assert_eq!(dona.get("/approvals").await.ok()["data"][0]["state"], "used");
}

#[tokio::test]
async fn r08_one_person_alone_cannot_take_the_demand_away() {
    let (app, hotel, dona, socia) = two_owners().await;
    let none = json!({"second_person_for": []});
    assert_eq!(dona.put("/approval-policy", &none).await.problem(), (403, "second_person_required"));
    let id = asks(&dona, &json!({"act": "approval_policy", "second_person_for": []})).await;
    decides(&socia, &id, "approve").await.ok();
    assert_eq!(dona.get("/approval-policy").await.ok(), none);
    let wish = json!({"act": "export_all", "report": "access"});
    assert_eq!(dona.post("/approvals", &wish).await.problem(), (409, "no_second_person_needed"));
    assert!(!approvals::get_acts(&app.app, hotel.id).await.unwrap().contains(&Act::OwnerRole));
    // Alone nobody demands it either: there would be no second person.
    let clinic = app.tenant("clinic").await;
    let alone = clinic.owner().put("/approval-policy", &json!({"second_person_for": ["owner_role"]})).await;
    assert_eq!(alone.problem(), (409, "no_second_person"));
}

#[tokio::test]
async fn r10_a_tenant_that_demands_it_is_deleted_by_two_of_the_platforms_owners() {
    let (app, hotel, ..) = two_owners().await;
    let (root, other) =
        (Visitor::platform(&app).await.into_agent(), Visitor::platform(&app).await.into_agent());
    let path = format!("/tenants/{}", hotel.id);
    root.patch(&path, &json!({"status": "cancelled"})).await.ok();
    let delete = format!("{path}?confirm=hotel&grace_days=1");
    assert_eq!(root.delete(&delete).await.ok()["deletion_due_at"], Value::Null);
    assert_eq!(root.delete(&delete).await.problem(), (403, "second_person_required"));
    let another = format!("{path}?confirm=hotel&grace_days=0");
    assert_eq!(other.delete(&another).await.problem(), (409, "another_wish"));
    assert_eq!(other.delete(&delete).await.ok()["deletion_due_at"], "2026-11-21T12:00:00.000Z");
}
