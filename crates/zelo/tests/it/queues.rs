//! What the platform's owner sees of promised work, and does about what was given up.

use crate::stage::{Agent, TestApp};
use jobs::NewJob;
use serde_json::{Value, json};
use uuid::Uuid;
use zelo::{
    app::App,
    clock::{DAY, HOUR, MINUTE, SECOND},
    tasks,
};

/// A job that nobody knows how to do. Its payload is what must not be shown.
fn hopeless(tenant: Uuid) -> NewJob {
    NewJob::new(zelo::channels::QUEUE, "read_tea_leaves", "{\"of\":\"pitanga\"}").tenant(tenant)
}

async fn enqueue(app: &App, job: NewJob) -> Option<Uuid> {
    db::write!(app.db, "enqueue_in_test", db::Scope::Platform, |tx| -> db::Result<_> {
        app.jobs.enqueue(tx, job.clone()).await
    })
    .unwrap()
}

async fn scene() -> (TestApp, Agent, Uuid) {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let root = Agent::known(&app, &app.platform_owner().await);
    (app, root, hotel.id.0)
}

async fn queue_of(root: &Agent, name: &str) -> Value {
    let all = root.get("/admin/queues").await.ok();
    all["data"].as_array().unwrap().iter().find(|queue| queue["queue"] == name).unwrap().clone()
}

async fn dead(root: &Agent, query: &str) -> Vec<Value> {
    root.get(&format!("/admin/jobs{query}")).await.ok()["data"].as_array().unwrap().clone()
}

/// What the platform's own log says of jobs.
async fn deeds(app: &TestApp, action: &'static str) -> i64 {
    let sql: &'static str = match action {
        "job_retried" => "select count(*) from audit_entries where tenant_id = $1 and action = 'job_retried'",
        _ => "select count(*) from audit_entries where tenant_id = $1 and action = 'job_deleted'",
    };
    app.count(Some(Uuid::nil()), sql).await
}

#[tokio::test]
async fn every_queue_shows_what_waits_in_it_and_for_how_long() {
    let (app, root, hotel) = scene().await;
    let all = root.get("/admin/queues").await.ok();
    let names: Vec<&str> =
        all["data"].as_array().unwrap().iter().map(|queue| queue["queue"].as_str().unwrap()).collect();
    let known: Vec<&str> = zelo::app::QUEUES.iter().map(|queue| queue.name()).collect();
    assert_eq!(names, known, "empty ones too");
    let empty = json!({"queue": "channels", "ready": 0, "scheduled": 0, "held": 0, "running": 0, "dead": 0,
        "oldest_seconds": null});
    assert_eq!(queue_of(&root, "channels").await, empty);

    enqueue(&app.app, hopeless(hotel).key(hotel)).await;
    app.passes(90 * SECOND);
    enqueue(&app.app, hopeless(hotel).key(hotel)).await;
    enqueue(&app.app, hopeless(hotel).run_at(app.clock.now() + HOUR)).await;
    app.passes(MINUTE);
    let queue = queue_of(&root, "channels").await;
    let expected = json!({"queue": "channels", "ready": 1, "scheduled": 1, "held": 1, "running": 0, "dead": 0,
        "oldest_seconds": 150});
    assert_eq!(queue, expected);
    app.run_jobs().await;
    let queue = queue_of(&root, "channels").await;
    assert_eq!(
        (&queue["dead"], &queue["ready"], &queue["oldest_seconds"]),
        (&json!(2), &json!(0), &Value::Null)
    );
    app.may_leave_work();
}

#[tokio::test]
async fn a_dead_job_is_listed_without_what_it_works_on_and_is_tried_again() {
    let (app, root, hotel) = scene().await;
    let id = enqueue(&app.app, hopeless(hotel)).await.unwrap();
    app.run_jobs().await;
    let listed = root.get("/admin/jobs").await.ok();
    let [job] = listed["data"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    let expected = json!({"id": id, "queue": "channels", "kind": "read_tea_leaves", "tenant_id": hotel, "attempts": 1,
        "last_error": "nobody knows how to read_tea_leaves", "created_at": "2026-11-20T12:00:00.000Z",
        "died_at": "2026-11-20T12:00:00.000Z"});
    assert_eq!(job, &expected);
    assert!(!listed.to_string().contains("pitanga"), "what it works on is somebody's");
    assert!(dead(&root, "?queue=mail").await.is_empty());
    assert_eq!(root.get("/admin/jobs?queue=tea").await.status, 400);

    let answer = root.post(&format!("/admin/jobs/{id}/retry"), &json!({})).await;
    assert_eq!((answer.status, &answer.body), (202, &json!({"outcome": "enqueued"})));
    assert!(dead(&root, "").await.is_empty());
    assert_eq!(queue_of(&root, "channels").await["ready"], 1);
    assert_eq!(
        root.post(&format!("/admin/jobs/{id}/retry"), &json!({})).await.status,
        404,
        "it is not dead now"
    );
    app.run_jobs().await;
    assert_eq!(dead(&root, "").await[0]["id"], json!(id), "nobody has learnt it meanwhile");
    assert_eq!(deeds(&app, "job_retried").await, 1);
    app.may_leave_work();
}

#[tokio::test]
async fn a_dead_job_whose_like_waits_already_is_forgotten_and_one_may_be_deleted() {
    let (app, root, hotel) = scene().await;
    let first = enqueue(&app.app, hopeless(hotel).unique("leaves")).await.unwrap();
    app.run_jobs().await;
    let second = enqueue(&app.app, hopeless(hotel).unique("leaves")).await.unwrap();
    let answer = root.post(&format!("/admin/jobs/{first}/retry"), &json!({})).await;
    assert_eq!((answer.status, &answer.body), (202, &json!({"outcome": "already_waiting"})));
    assert_eq!(root.delete(&format!("/admin/jobs/{second}")).await.status, 404, "only the dead are deleted");
    app.run_jobs().await;
    assert_eq!(dead(&root, "").await.len(), 1);
    assert_eq!(root.delete(&format!("/admin/jobs/{second}")).await.status, 204);
    assert_eq!(root.delete(&format!("/admin/jobs/{second}")).await.status, 404);
    assert!(dead(&root, "").await.is_empty());
    assert_eq!((deeds(&app, "job_retried").await, deeds(&app, "job_deleted").await), (1, 1));
}

#[tokio::test]
async fn the_dead_are_read_page_by_page_and_forgotten_after_thirty_days() {
    let (app, root, hotel) = scene().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(json!(enqueue(&app.app, hopeless(hotel)).await.unwrap()));
        app.run_jobs().await;
    }
    ids.reverse();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = root.get(&format!("/admin/jobs?limit=2{cursor}")).await.ok();
        seen.extend(page["data"].as_array().unwrap().iter().map(|job| job["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ids, "the newest first, each once");

    app.passes(30 * DAY);
    zelo::queues::sweep(&app.app).await.unwrap();
    assert_eq!(dead(&root, "").await.len(), 5, "on the last day they are still there");
    enqueue(&app.app, hopeless(hotel)).await;
    app.run_jobs().await;
    app.passes(1);
    // The hourly job does it.
    let running = tasks::workers(&app.app).start().await.unwrap();
    running.drain(std::time::Duration::from_secs(20)).await;
    app.passes(HOUR);
    app.run_jobs().await;
    assert_eq!(dead(&root, "").await.len(), 1, "what died since stays");
    app.may_leave_work();
}

#[tokio::test]
async fn nobody_but_the_platforms_owner_sees_queues() {
    let (app, _, hotel) = scene().await;
    let owner = app.tenant("clinic").await.owner().clone();
    let id = enqueue(&app.app, hopeless(hotel)).await.unwrap();
    app.run_jobs().await;
    assert_eq!(owner.get("/admin/queues").await.status, 403);
    assert_eq!(owner.get("/admin/jobs").await.status, 403);
    assert_eq!(owner.post(&format!("/admin/jobs/{id}/retry"), &json!({})).await.status, 403);
    assert_eq!(owner.delete(&format!("/admin/jobs/{id}")).await.status, 403);
    app.may_leave_work();
}
