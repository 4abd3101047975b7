//! Conversations that sleep until a time. Every scene begins on 20 November 2026 at noon.

use crate::stage::{Agent, Answer, Person, Socket, TestApp};
use serde_json::{Value, json};
use zelo::{
    clock::{HOUR, MINUTE},
    tasks,
};

impl Agent {
    async fn puts_to_sleep(&self, conversation: &Value, until: &str) -> Answer {
        self.turns(conversation, &json!({"status": "snoozed", "until": until})).await
    }

    async fn turns(&self, conversation: &Value, status: &Value) -> Answer {
        self.put(&format!("/conversations/{}/status", conversation["id"].as_str().unwrap()), status).await
    }

    async fn looks_at(&self, conversation: &Value) -> Value {
        self.get(&format!("/conversations/{}", conversation["id"].as_str().unwrap())).await.ok()
    }
}

async fn scene() -> (TestApp, Agent, Person) {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, helena) = (hotel.agent("ana").await, hotel.contact("+55 11 98765-4321"));
    helena.says("quero reservar").await;
    app.run_jobs().await;
    (app, ana, helena)
}

/// What the log says of wakings, and of whom.
async fn wakings(person: &Person) -> Vec<Value> {
    let log = person.tenant.owner().get("/audit-logs?action=conversation_woken").await.ok();
    log["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_sleeps_until_a_time_opens_then_and_everybody_sees_it() {
    let (app, ana, helena) = scene().await;
    helena.tenant.contact("+55 11 98765-4322").says("até amanhã").await;
    app.run_jobs().await;
    let all = ana.conversations().await;
    let find = |preview: &str| all.iter().find(|it| it["last_message_preview"] == preview).unwrap().clone();
    let (asleep, other) = (find("quero reservar"), find("até amanhã"));
    ana.puts_to_sleep(&other, "2026-11-21T12:00:00Z").await.ok();
    let asleep = ana.puts_to_sleep(&asleep, "2026-11-20T14:00:00Z").await.ok();
    assert_eq!(asleep["snoozed_until"], "2026-11-20T14:00:00.000Z");

    app.passes(2 * HOUR - 1);
    app.run_jobs().await;
    assert_eq!(ana.looks_at(&asleep).await["status"], "snoozed", "a moment too early");
    let mut screen = Socket::open(&app.web.url, &json!({"token": ana.token().await})).await.unwrap();
    app.passes(1);
    app.run_jobs().await;

    let heard = screen.until("conversation:updated").await;
    let (_, update) = heard.last().unwrap();
    let awake = ana.looks_at(&asleep).await;
    assert_eq!((&awake["status"], &awake["snoozed_until"]), (&json!("open"), &Value::Null));
    assert_eq!(awake["last_seq"].as_i64(), asleep["last_seq"].as_i64().map(|seq| seq + 1));
    assert_eq!(update["conversation"]["id"], asleep["id"]);
    assert_eq!(update["conversation"]["status"], "open");
    assert_eq!(ana.looks_at(&other).await["status"], "snoozed", "its time has not come");
    let log = wakings(&helena).await;
    let [entry] = log.as_slice() else { panic!("{log:?}") };
    assert_eq!((&entry["actor"]["type"], &entry["target"]["id"]), (&json!("system"), &asleep["id"]));
    assert_eq!(entry["changes"]["status"], json!({"old": "snoozed", "new": "open"}));
    app.may_leave_work();
}

#[tokio::test]
async fn of_two_processes_one_wakes_it_once() {
    let (app, ana, helena) = scene().await;
    let asleep = ana.puts_to_sleep(&ana.the_conversation().await, "2026-11-20T14:00:00Z").await.ok();
    let other = app.another_app(&[]).await;
    app.passes(2 * HOUR);
    let (here, there) = (tasks::workers(&app.app), tasks::workers(&other));
    let (here, there) = tokio::join!(here.run_until_idle(), there.run_until_idle());
    here.unwrap();
    there.unwrap();
    app.run_jobs().await;
    let awake = ana.the_conversation().await;
    assert_eq!(awake["status"], "open");
    assert_eq!(awake["last_seq"].as_i64(), asleep["last_seq"].as_i64().map(|seq| seq + 1));
    assert_eq!(wakings(&helena).await.len(), 1);
}

#[tokio::test]
async fn the_last_word_on_when_it_wakes_holds() {
    let (app, ana, helena) = scene().await;
    let it = ana.the_conversation().await;
    ana.puts_to_sleep(&it, "2026-11-20T14:00:00Z").await.ok();
    ana.puts_to_sleep(&it, "2026-11-20T18:00:00Z").await.ok();
    app.passes(2 * HOUR);
    app.run_jobs().await;
    assert_eq!(ana.looks_at(&it).await["status"], "snoozed", "this time was taken back");
    ana.puts_to_sleep(&it, "2026-11-20T15:00:00Z").await.ok();
    app.passes(HOUR);
    app.run_jobs().await;
    assert_eq!(ana.looks_at(&it).await["status"], "open");
    // The time in between means nothing any more, nor does the one that is said a second time mean it twice.
    ana.puts_to_sleep(&it, "2026-11-20T18:00:00Z").await.ok();
    app.passes(3 * HOUR);
    app.run_jobs().await;
    assert_eq!(ana.looks_at(&it).await["status"], "open");
    assert_eq!(wakings(&helena).await.len(), 2);
}

#[tokio::test]
async fn what_was_opened_or_resolved_before_is_left_alone() {
    let (app, ana, helena) = scene().await;
    let it = ana.the_conversation().await;
    ana.puts_to_sleep(&it, "2026-11-20T13:00:00Z").await.ok();
    ana.turns(&it, &json!({"status": "resolved"})).await.ok();
    app.passes(HOUR);
    app.run_jobs().await;
    assert_eq!(ana.looks_at(&it).await["status"], "resolved");
    ana.puts_to_sleep(&it, "2026-11-20T15:00:00Z").await.ok();
    helena.says("já decidi").await;
    app.run_jobs().await;
    let open = ana.looks_at(&it).await;
    assert_eq!(
        (&open["status"], &open["snoozed_until"]),
        (&json!("open"), &Value::Null),
        "who writes wakes it"
    );
    app.passes(2 * HOUR);
    app.run_jobs().await;
    assert_eq!(ana.looks_at(&it).await["last_seq"], open["last_seq"], "nothing happened at its time");
    // Without a time it sleeps until the contact writes.
    ana.turns(&it, &json!({"status": "snoozed"})).await.ok();
    app.passes(90 * 24 * HOUR);
    app.run_jobs().await;
    assert_eq!(ana.looks_at(&it).await["status"], "snoozed");
    assert!(wakings(&helena).await.is_empty());
}

#[tokio::test]
async fn a_time_that_is_over_is_refused() {
    let (_app, ana, _) = scene().await;
    let it = ana.the_conversation().await;
    for until in ["2026-11-20T12:00:00Z", "2026-11-20T11:59:59Z", "1970-01-01T00:00:00Z", "amanhã"] {
        let answer = ana.puts_to_sleep(&it, until).await;
        assert_eq!(answer.problem().0, 422, "{until}");
        assert_eq!(answer.body["errors"][0]["code"], "not_in_the_future", "{until}");
    }
    assert_eq!(ana.looks_at(&it).await["last_seq"], it["last_seq"], "nothing was changed");
}

#[tokio::test]
async fn a_machine_whose_clock_is_behind_wakes_nothing_too_early() {
    let (app, ana, _) = scene().await;
    let it = ana.the_conversation().await;
    ana.puts_to_sleep(&it, "2026-11-20T14:00:00Z").await.ok();
    // As a machine whose clock was ahead would have left it.
    db::write!(app.app.db, "make_ready", db::Scope::Platform, |tx| -> db::Result<u64> {
        tx.execute("update jobs set state = 'ready' where kind = 'wake_conversation'", &[]).await
    })
    .unwrap();
    app.run_jobs().await;
    assert_eq!(ana.looks_at(&it).await["status"], "snoozed");
    app.passes(2 * HOUR);
    app.run_jobs().await;
    assert_eq!(ana.looks_at(&it).await["status"], "open");
}

#[tokio::test]
async fn the_waking_is_logged_under_the_request_that_put_it_to_sleep() {
    let (app, ana, helena) = scene().await;
    let path =
        format!("/api/v1/conversations/{}/status", ana.the_conversation().await["id"].as_str().unwrap());
    let request = app.web.request(reqwest::Method::PUT, &format!("{}{path}", app.web.url));
    let request = request.bearer_auth(ana.token().await).header("x-request-id", "nap-of-helena");
    let body = json!({"status": "snoozed", "until": "2026-11-20T12:10:00Z"});
    let asked = app.web.answer(request.json(&body)).await;
    assert_eq!((asked.status, asked.headers["x-request-id"].as_str()), (200, "nap-of-helena"));
    app.passes(10 * MINUTE);
    app.run_jobs().await;
    let log = wakings(&helena).await;
    assert_eq!(log[0]["request_id"], "nap-of-helena");
    assert_eq!(log[0]["trace_id"], asked.headers["x-trace-id"].as_str());
}

/// Conversations of before the migration that brought the waking.
#[tokio::test]
async fn what_fell_asleep_under_an_older_version_wakes_too() {
    let (app, ana, _) = scene().await;
    let it = ana.the_conversation().await;
    ana.puts_to_sleep(&it, "2026-11-20T14:00:00Z").await.ok();
    let back = "delete from jobs; alter table jobs drop column trace;
                delete from schema_migrations where name = 'job_traces'";
    match app.databases().as_administrator().await {
        Some(client) => client.batch_execute(back).await.unwrap(),
        None => {
            db::write!(app.app.db, "go_back", db::Scope::Platform, |tx| -> db::Result<()> {
                for statement in [
                    "delete from jobs",
                    "alter table jobs drop column trace",
                    "delete from schema_migrations where name = 'job_traces'",
                ] {
                    tx.execute(statement, &[]).await?;
                }
                Ok(())
            })
            .unwrap();
        }
    }
    let newer = app.another_app(&[]).await;
    app.passes(2 * HOUR);
    tasks::workers(&newer).run_until_idle().await.unwrap();
    assert_eq!(ana.looks_at(&it).await["status"], "open");
}
