//! Rights change hands: at once, never upwards, and never to nobody.

use super::caller::id_of;
use crate::stage::{Agent, TestApp};
use serde_json::{Value, json};
use zelo::identity::Role;

async fn id(agent: &Agent) -> String {
    id_of(&agent.get("/auth/me").await.ok()).to_string()
}

#[tokio::test]
async fn r08_a_right_that_was_taken_is_used_by_nobody_afterwards() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let user = format!("/users/{}", id(&ana).await);
    let role = json!({"name": "Equipes", "permissions": ["teams:*"], "visibility": "all"});
    let role = id_of(&hotel.owner().post("/roles", &role).await.ok());
    hotel.owner().patch(&user, &json!({"role": role})).await.ok();
    let (ana, role) = (Agent::known(&app, &ana.email), format!("/roles/{role}"));
    let (less, more) = (json!({"permissions": ["teams:read"]}), json!({"permissions": ["teams:*"]}));
    for race in 0..200 {
        // The use runs beside the taking; what is asked once that was answered is refused.
        let name = json!({"name": format!("Equipe {race}")});
        let (_, taken) = tokio::join!(ana.post("/teams", &name), hotel.owner().patch(&role, &less));
        taken.ok();
        let late = json!({"name": format!("Tarde demais {race}")});
        assert_eq!(ana.post("/teams", &late).await.status, 403, "race {race}");
        hotel.owner().patch(&role, &more).await.ok();
    }
    let late = "select count(*) from teams where tenant_id = $1 and name like 'Tarde%'";
    assert_eq!(app.count(Some(hotel.id.0), late).await, 0);
}

#[tokio::test]
async fn r08_a_demotion_ends_the_log_ins_of_whoever_is_demoted() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.staff("ana", Role::Admin).await;
    let token = ana.token().await;
    let path = format!("/users/{}", id(&ana).await);
    hotel.owner().patch(&path, &json!({"role": "viewer"})).await.ok();
    assert_eq!(app.web.get(&token, "/api/v1/conversations").await.status, 401);
    let ana = Agent::known(&app, &ana.email);
    assert_eq!(ana.post("/teams", &json!({"name": "Minha"})).await.status, 403);
}

#[tokio::test]
async fn r08_of_two_owners_who_demote_each_other_at_once_one_remains() {
    for _ in 0..10 {
        let app = TestApp::new().await;
        let hotel = app.tenant("hotel").await;
        let rita = hotel.staff("rita", Role::Owner).await;
        let (dona_path, rita_path) =
            (format!("/users/{}", id(hotel.owner()).await), format!("/users/{}", id(&rita).await));
        let demotion = json!({"role": "agent"});
        let (one, other) =
            tokio::join!(hotel.owner().patch(&rita_path, &demotion), rita.patch(&dona_path, &demotion));
        assert!(one.status < 300 || other.status < 300, "{} {}", one.text, other.text);
        let owners =
            "select count(*) from users where tenant_id = $1 and role = 'owner' and status = 'active'";
        assert_eq!(app.count(Some(hotel.id.0), owners).await, 1);
    }
}

#[tokio::test]
async fn r08_the_last_owner_stays_one() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let path = format!("/users/{}", id(hotel.owner()).await);
    for change in [json!({"role": "admin"}), json!({"is_active": false})] {
        assert_eq!(hotel.owner().patch(&path, &change).await.problem(), (409, "last_owner"));
    }
    assert_eq!(hotel.owner().delete(&path).await.problem(), (409, "last_owner"));
    hotel.staff("rita", Role::Owner).await;
    hotel.owner().patch(&path, &json!({"role": "agent"})).await.ok();
}

#[tokio::test]
async fn r08_nobody_hands_out_what_they_lack_nor_touches_who_has_more() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (admin, manager) = (hotel.staff("alda", Role::Admin).await, hotel.staff("mara", Role::Manager).await);
    let beto = hotel.agent("beto").await;
    let path = |id: &str| format!("/users/{id}");
    let beto_id = id(&beto).await;
    let (own, owner) = (id(&manager).await, id(hotel.owner()).await);
    for (who, target, change) in [
        (&manager, &beto_id, json!({"role": "admin"})),
        (&manager, &own, json!({"role": "admin"})),
        (&manager, &owner, json!({"is_active": false})),
        (&admin, &beto_id, json!({"role": "owner"})),
        (&admin, &owner, json!({"role": "viewer"})),
        (&beto, &own, json!({"role": "viewer"})),
    ] {
        assert_eq!(who.patch(&path(target), &change).await.problem().0, 403, "{change}");
    }
    // A role of one's own is no way around it, neither written nor changed.
    let strong = json!({"name": "Forte", "permissions": ["*"], "visibility": "all"});
    assert_eq!(admin.post("/roles", &strong).await.problem().0, 403);
    let weak = json!({"name": "Fraca", "permissions": ["contacts:read"], "visibility": "own"});
    let role = id_of(&admin.post("/roles", &weak).await.ok());
    let stronger = json!({"permissions": ["owners:write"]});
    assert_eq!(admin.patch(&format!("/roles/{role}"), &stronger).await.problem().0, 403);
    assert_eq!(hotel.owner().get(&path(&beto_id)).await.ok()["role"], "agent");
    assert_eq!(
        manager.patch(&path(&beto_id), &json!({"role": "supervisor"})).await.ok()["role"],
        "supervisor"
    );
}

#[tokio::test]
async fn r08_a_change_of_a_role_counts_at_once_and_a_role_in_use_stays() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let beto = hotel.agent("beto").await;
    let role = json!({"name": "Noturno", "permissions": ["conversations:*"], "visibility": "all"});
    let role = id_of(&hotel.owner().post("/roles", &role).await.ok()).to_string();
    let user = format!("/users/{}", id(&beto).await);
    hotel.owner().patch(&user, &json!({"role": role})).await.ok();
    let beto = Agent::known(&app, &beto.email);
    beto.get("/conversations").await.ok();
    assert_eq!(beto.get("/contacts").await.status, 403);

    let path = format!("/roles/{role}");
    hotel.owner().patch(&path, &json!({"permissions": ["contacts:read"]})).await.ok();
    assert_eq!(beto.get("/conversations").await.status, 403, "with the same token");
    beto.get("/contacts").await.ok();

    assert_eq!(hotel.owner().delete(&path).await.problem(), (409, "role_in_use"));
    hotel.owner().patch(&user, &json!({"role": "agent"})).await.ok();
    assert_eq!(hotel.owner().delete(&path).await.status, 204);
    assert_eq!(hotel.owner().get(&path).await.status, 404);
}

#[tokio::test]
async fn r08_somebody_who_was_let_go_is_out_at_once() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let beto = hotel.agent("beto").await;
    let (token, path) = (beto.token().await, format!("/users/{}", id(&beto).await));
    assert_eq!(hotel.owner().delete(&path).await.status, 204);
    assert_eq!(app.web.get(&token, "/api/v1/conversations").await.status, 401);
    let log_in = json!({"email": beto.email, "password": crate::stage::PASSWORD});
    let again = app.web.call(reqwest::Method::POST, None, "/api/v1/auth/login", Some(&log_in)).await;
    assert_eq!(again.status, 401);
    assert_eq!(hotel.owner().get(&path).await.ok()["is_active"], Value::Bool(false));
}
