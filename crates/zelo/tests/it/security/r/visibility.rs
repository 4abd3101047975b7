//! Whoever sees their own or their teams' conversations sees them everywhere, and the others nowhere.

use super::caller::id_of;
use crate::stage::{Agent, Tenant, TestApp};
use serde_json::{Value, json};
use uuid::Uuid;

/// A tenant whose conversations with Helena, Bia and Caio are in three hands.
struct Desk {
    app: TestApp,
    hotel: Tenant,
    /// Sees what they have.
    ana: Agent,
    /// Sees what their team has.
    beto: Agent,
    /// Sees everything.
    carla: Agent,
    team: Uuid,
    of_ana: Uuid,
    of_team: Uuid,
    of_nobody: Uuid,
}

async fn user(agent: &Agent) -> Uuid {
    id_of(&agent.get("/auth/me").await.ok())
}

impl Desk {
    async fn open() -> Self {
        let app = TestApp::new().await;
        let hotel = app.tenant("hotel").await;
        let (ana, beto, carla) =
            (hotel.agent("ana").await, hotel.agent("beto").await, hotel.agent("carla").await);
        let owner = hotel.owner();
        for (name, words) in [("helena", "quero reservar"), ("bia", "e o café?"), ("caio", "olá")] {
            hotel.contact_without_phone(name).says(words).await;
            app.passes(1000);
        }
        app.run_jobs().await;
        let listed = owner.conversations().await;
        let find = |name: &str| {
            id_of(listed.iter().find(|it| it["contact"]["name"] == name).expect("a conversation"))
        };
        let (of_ana, of_team, of_nobody) = (find("helena"), find("bia"), find("caio"));
        let members = json!({"name": "Reservas", "member_ids": [user(&beto).await]});
        let team = id_of(&owner.post("/teams", &members).await.ok());
        let give = async |conversation: Uuid, to: Value| {
            owner.put(&format!("/conversations/{conversation}/assignment"), &to).await.ok();
        };
        give(of_ana, json!({"user_id": user(&ana).await})).await;
        give(of_team, json!({"team_id": team})).await;
        for (agent, visibility) in [(&ana, "own"), (&beto, "team")] {
            let path = format!("/users/{}", user(agent).await);
            owner.patch(&path, &json!({"visibility": visibility})).await.ok();
        }
        let again = |agent: &Agent| Agent::known(&app, &agent.email);
        let (ana, beto) = (again(&ana), again(&beto));
        Self { ana, beto, carla, team, of_ana, of_team, of_nobody, hotel, app }
    }
}

async fn sees(agent: &Agent) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = agent.conversations().await.iter().map(id_of).collect();
    ids.sort();
    ids
}

fn sorted(ids: &[Uuid]) -> Vec<Uuid> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids
}

#[tokio::test]
async fn r02_lists_and_contacts_hold_what_is_in_sight() {
    let desk = Desk::open().await;
    assert_eq!(sees(&desk.ana).await, [desk.of_ana]);
    assert_eq!(sees(&desk.beto).await, [desk.of_team]);
    assert_eq!(sees(&desk.carla).await, sorted(&[desk.of_ana, desk.of_team, desk.of_nobody]));
    for (agent, name) in [(&desk.ana, "helena"), (&desk.beto, "bia")] {
        let contacts = agent.get("/contacts").await.ok()["data"].clone();
        assert_eq!(contacts.as_array().unwrap().len(), 1);
        assert_eq!(contacts[0]["name"], name);
    }
    let all = desk.carla.get("/contacts").await.ok();
    assert_eq!(all["data"].as_array().unwrap().len(), 3);
    // By team the list is filtered for everybody.
    let of_team = desk.carla.get(&format!("/conversations?team={}", desk.team)).await.ok();
    assert_eq!(of_team["data"].as_array().unwrap().len(), 1);
    assert_eq!(of_team["data"][0]["team"]["name"], "Reservas");
}

#[tokio::test]
async fn r02_what_is_out_of_sight_is_as_unknown_as_what_never_existed() {
    let desk = Desk::open().await;
    let before = desk.hotel.owner().conversations().await;
    let contact_of = |id: Uuid| {
        let found = before.iter().find(|it| id_of(it) == id).unwrap();
        id_of(&found["contact"])
    };
    let message = |id: Uuid| {
        let owner = desk.hotel.owner().clone();
        async move { id_of(&owner.messages(&json!({"id": id})).await[0]) }
    };
    for (agent, hidden) in [(&desk.ana, desk.of_team), (&desk.ana, desk.of_nobody), (&desk.beto, desk.of_ana)]
    {
        let ghost = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
        for path in ["", "/messages", "/messages?after_seq=0"] {
            let said = agent.get(&format!("/conversations/{hidden}{path}")).await;
            let never = agent.get(&format!("/conversations/{ghost}{path}")).await;
            assert_eq!((said.status, &said.body["detail"]), (404, &never.body["detail"]), "{path}");
        }
        let base = format!("/conversations/{hidden}");
        let me = json!({"user_id": user(agent).await});
        assert_eq!(agent.put(&format!("{base}/assignment"), &me).await.status, 404, "taking it");
        assert_eq!(agent.put(&format!("{base}/status"), &json!({"status": "resolved"})).await.status, 404);
        assert_eq!(agent.post(&format!("{base}/read"), &json!({})).await.status, 404);
        let text = json!({"type": "text", "text": "olá"});
        assert_eq!(agent.post(&format!("{base}/messages"), &text).await.status, 404);
        let contact = contact_of(hidden);
        assert_eq!(agent.get(&format!("/contacts/{contact}")).await.status, 404);
        assert_eq!(agent.get(&format!("/contacts/{contact}/conversations")).await.status, 404);
        let retry = format!("/messages/{}/retry", message(hidden).await);
        assert_eq!(agent.post(&retry, &json!({})).await.status, 404);
    }
    assert_eq!(desk.hotel.owner().conversations().await, before);
}

#[tokio::test]
async fn r02_a_conversation_goes_only_to_whom_the_giver_sees() {
    let desk = Desk::open().await;
    let (ana, beto, carla) = (user(&desk.ana).await, user(&desk.beto).await, user(&desk.carla).await);
    let path = |id: Uuid| format!("/conversations/{id}/assignment");
    let refused = desk.ana.put(&path(desk.of_ana), &json!({"user_id": carla})).await;
    assert_eq!(refused.status, 422);
    assert_eq!(desk.ana.put(&path(desk.of_ana), &json!({"team_id": desk.team})).await.status, 422);
    assert_eq!(desk.beto.put(&path(desk.of_team), &json!({"user_id": ana})).await.status, 422);
    assert_eq!(desk.beto.put(&path(desk.of_team), &json!({"user_id": beto})).await.status, 200);
    // Null takes it away: from the team, and it stays with Beto.
    let left = desk.beto.put(&path(desk.of_team), &json!({"team_id": null})).await.ok();
    assert_eq!((left["team"].clone(), left["assignee"]["id"].clone()), (Value::Null, json!(beto)));
    // Let go by its owner it waits for somebody who sees everything.
    assert_eq!(desk.ana.delete(&path(desk.of_ana)).await.status, 200);
    assert_eq!(sees(&desk.ana).await, Vec::<Uuid>::new());
    assert_eq!(desk.carla.put(&path(desk.of_ana), &json!({})).await.status, 422);
    assert_eq!(desk.carla.put(&path(desk.of_ana), &json!({"user_id": ana})).await.status, 200);
    assert_eq!(sees(&desk.ana).await, [desk.of_ana]);
}

#[tokio::test]
async fn r02_leaving_a_team_closes_its_conversations_at_once() {
    let desk = Desk::open().await;
    assert_eq!(sees(&desk.beto).await, [desk.of_team]);
    desk.hotel.owner().patch(&format!("/teams/{}", desk.team), &json!({"member_ids": []})).await.ok();
    assert_eq!(sees(&desk.beto).await, Vec::<Uuid>::new());
    assert_eq!(desk.beto.get(&format!("/conversations/{}", desk.of_team)).await.status, 404);
    desk.app.run_jobs().await;
}
