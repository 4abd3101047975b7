//! Conversations: which one a message goes to, who has it, what is unread.

use crate::stage::{Agent, TestApp};
use serde_json::{Value, json};
use zelo::{
    clock::{HOUR, MINUTE},
    identity::Role,
};

async fn resolve(agent: &Agent, conversation: &Value) {
    let path = format!("/conversations/{}/status", conversation["id"].as_str().unwrap());
    assert_eq!(agent.put(&path, &json!({"status": "resolved"})).await.ok()["status"], "resolved");
}

#[tokio::test]
async fn a_message_within_24_hours_of_resolving_reopens_and_a_later_one_begins_anew() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    let first = ana.the_conversation().await;
    resolve(&ana, &first).await;

    app.passes(23 * HOUR);
    helena.says("mais uma coisa").await;
    app.run_jobs().await;
    let reopened = ana.the_conversation().await;
    assert_eq!((&reopened["id"], &reopened["status"]), (&first["id"], &json!("open")));

    resolve(&ana, &reopened).await;
    app.passes(24 * HOUR + MINUTE);
    helena.says("outro assunto").await;
    app.run_jobs().await;
    let conversations = ana.conversations().await;
    let [new, old] = conversations.as_slice() else { panic!("{conversations:?}") };
    assert_eq!((&new["status"], &old["status"]), (&json!("open"), &json!("resolved")));
    assert_eq!((new["id"] != first["id"], &old["id"]), (true, &first["id"]));
    let texts: Vec<Value> = ana.messages(new).await.iter().map(|message| message["text"].clone()).collect();
    assert_eq!(texts, ["outro assunto"]);
    assert_eq!(ana.messages(old).await.len(), 2);
}

#[tokio::test]
async fn an_old_conversation_cannot_be_opened_beside_a_newer_one() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    let first = ana.the_conversation().await;
    resolve(&ana, &first).await;
    app.passes(48 * HOUR);
    helena.says("outro assunto").await;
    app.run_jobs().await;

    let path = format!("/conversations/{}/status", first["id"].as_str().unwrap());
    assert_eq!(ana.put(&path, &json!({"status": "open"})).await.problem(), (409, "newer_conversation"));
    assert_eq!(ana.conversations().await[1]["status"], "resolved");
}

#[tokio::test]
async fn what_asks_for_action_stands_first_and_then_what_moved_last() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let people =
        ["+55 11 98765-4321", "+55 11 98765-4322", "+55 11 98765-4323"].map(|phone| hotel.contact(phone));
    for (person, text) in people.iter().zip(["primeira", "segunda", "terceira"]) {
        person.says(text).await;
        app.passes(MINUTE);
    }
    app.run_jobs().await;
    assert_eq!(ana.sees_conversations().await, ["terceira", "segunda", "primeira"]);

    resolve(&ana, &ana.conversations().await[0]).await;
    assert_eq!(ana.sees_conversations().await, ["segunda", "primeira", "terceira"]);
    people[0].says("de novo").await;
    app.run_jobs().await;
    assert_eq!(ana.sees_conversations().await, ["de novo", "segunda", "terceira"]);
    let open = ana.get("/conversations?status=open").await.ok();
    assert_eq!(open["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_list_is_read_page_by_page_without_gap_or_repetition() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let messages: Vec<Value> = (0..23)
        .map(|number| {
            crate::inbound::text_from(&format!("55119{number:08}"), &format!("wamid.{number}"), "oi")
        })
        .collect();
    hotel.receives(&hotel.body(&json!({"messages": messages}))).await.ok();
    app.run_jobs().await;

    let (mut seen, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = ana.get(&format!("/conversations?limit=5{cursor}")).await.ok();
        seen.extend(page["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }

    assert_eq!((seen.len(), pages), (23, 5));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 23);
}

#[tokio::test]
async fn reading_a_conversation_clears_its_count_for_everybody() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, beto) = (hotel.agent("ana").await, hotel.agent("beto").await);
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    helena.says("para dois").await;
    app.run_jobs().await;
    let conversation = beto.the_conversation().await;
    assert_eq!(conversation["unread_count"], 2);

    ana.post(&format!("/conversations/{}/read", conversation["id"].as_str().unwrap()), &Value::Null)
        .await
        .ok();

    assert_eq!(beto.the_conversation().await["unread_count"], 0);
    helena.says("e um cachorro").await;
    app.run_jobs().await;
    assert_eq!(beto.the_conversation().await["unread_count"], 1);
}

#[tokio::test]
async fn a_conversation_is_given_to_somebody_and_back() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let (ana, beto, strange) =
        (hotel.agent("ana").await, hotel.agent("beto").await, clinic.agent("caio").await);
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let path = format!("/conversations/{}/assignment", ana.the_conversation().await["id"].as_str().unwrap());
    let id_of = async |agent: &Agent| agent.get("/auth/me").await.ok()["id"].clone();

    let me = id_of(&ana).await;
    ana.put(&path, &json!({"user_id": me})).await.ok();
    assert_eq!(beto.the_conversation().await["assignee"]["id"], me);
    let mine = ana.get("/conversations?assignee=me").await.ok();
    assert_eq!(mine["data"].as_array().unwrap().len(), 1);
    assert_eq!(beto.get("/conversations?assignee=me").await.ok()["data"], json!([]));
    assert_eq!(beto.get("/conversations?assignee=none").await.ok()["data"], json!([]));

    let stranger = ana.put(&path, &json!({"user_id": id_of(&strange).await})).await;
    assert!([404, 422].contains(&stranger.status), "{stranger:?}");
    assert_eq!(ana.the_conversation().await["assignee"]["id"], me);
    assert_eq!(strange.put(&path, &json!({"user_id": id_of(&strange).await})).await.status, 404);
}

#[tokio::test]
async fn whoever_is_let_go_leaves_their_conversations_to_the_others() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, beto, eva) =
        (hotel.agent("ana").await, hotel.agent("beto").await, hotel.staff("eva", Role::Admin).await);
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    hotel.contact("+55 11 98765-4322").says("cheguei").await;
    app.run_jobs().await;
    let [hers, his] = eva.conversations().await.try_into().unwrap();
    for (conversation, agent) in [(&hers, &ana), (&his, &beto)] {
        let me = agent.get("/auth/me").await.ok();
        let path = format!("/conversations/{}/assignment", conversation["id"].as_str().unwrap());
        eva.put(&path, &json!({"user_id": me["id"]})).await.ok();
    }
    let id = ana.get("/auth/me").await.ok()["id"].as_str().unwrap().to_owned();
    let of = |conversation: &Value| format!("/conversations/{}", conversation["id"].as_str().unwrap());
    let before = eva.get(&of(&hers)).await.ok();
    assert_eq!(before["assignee"]["id"], id.as_str(), "{before}");

    assert_eq!(eva.delete(&format!("/users/{id}")).await.status, 204);

    assert_eq!(eva.get(&of(&hers)).await.ok()["assignee"], Value::Null);
    assert!(eva.get(&of(&his)).await.ok()["assignee"]["id"].is_string(), "Beto is still here");
    let log = hotel.owner().get("/audit-logs?event_type=role_update").await.ok();
    assert_eq!(log["data"][0]["details"]["conversations_put_back"], 1, "{log}");
}

#[tokio::test]
async fn a_conversation_is_changed_in_several_ways_at_once_or_not_at_all() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let (ana, davi) = (hotel.agent("ana").await, clinic.agent("davi").await);
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let id_of = async |agent: &Agent| agent.get("/auth/me").await.ok()["id"].clone();
    let path = format!("/conversations/{}", ana.the_conversation().await["id"].as_str().unwrap());
    let me = id_of(&ana).await;

    let both = json!({"status": "snoozed", "until": "2026-11-21T12:00:00Z", "user_id": me});
    let changed = ana.patch(&path, &both).await.ok();
    assert_eq!((&changed["status"], &changed["assignee"]["id"]), (&json!("snoozed"), &me));
    assert_eq!(changed["snoozed_until"], "2026-11-21T12:00:00.000Z");
    assert_eq!(ana.patch(&path, &both).await.ok()["last_seq"], changed["last_seq"], "again changes nothing");
    assert_eq!(ana.patch(&path, &json!({})).await.ok()["last_seq"], changed["last_seq"]);

    let stranger = json!({"status": "resolved", "user_id": id_of(&davi).await});
    assert_eq!(ana.patch(&path, &stranger).await.status, 422);
    for wrong in [
        json!({"status": "pending"}),
        json!({"until": "2026-11-22T12:00:00Z"}),
        json!({"status": "snoozed", "until": "2026-11-19T12:00:00Z", "user_id": null}),
    ] {
        assert_eq!(ana.patch(&path, &wrong).await.status, 422, "{wrong}");
    }
    assert_eq!(davi.patch(&path, &json!({"status": "resolved"})).await.status, 404);
    assert_eq!(ana.the_conversation().await["last_seq"], changed["last_seq"], "nothing of it was done");

    app.passes(24 * HOUR);
    app.run_jobs().await;
    assert_eq!(ana.the_conversation().await["status"], "open", "it wakes as any other");
}

#[tokio::test]
async fn whoever_may_not_assign_changes_the_state_and_nothing_else() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let role = json!({"name": "Fecha", "visibility": "all", "permissions": ["conversations:read", "conversations:write"]});
    let role = hotel.owner().post("/roles", &role).await.ok()["id"].clone();
    let caio = hotel.agent("caio").await;
    let id = caio.get("/auth/me").await.ok()["id"].as_str().unwrap().to_owned();
    hotel.owner().patch(&format!("/users/{id}"), &json!({ "role": role })).await.ok();
    // A new role asks for a new log-in.
    let caio = Agent::known(&app, &caio.email);
    let path = format!("/conversations/{}", caio.the_conversation().await["id"].as_str().unwrap());
    assert_eq!(caio.patch(&path, &json!({"status": "resolved", "user_id": id})).await.status, 403);
    let it = caio.the_conversation().await;
    assert_eq!((&it["status"], &it["assignee"]), (&json!("open"), &Value::Null));
    assert_eq!(caio.patch(&path, &json!({"status": "resolved"})).await.ok()["status"], "resolved");
}
