//! What is over goes by itself, and one piece of work that fails keeps no other from being done.

use crate::stage::TestApp;
use reqwest::Method;
use serde_json::json;
use zelo::clock::DAY;

const KEPT_ANSWERS: &str = "select count(*) from idempotency_keys where tenant_id = $1";
const EARLY_REPORTS: &str = "select count(*) from early_statuses where tenant_id = $1";

#[tokio::test]
async fn answers_to_keys_and_reports_on_strangers_messages_are_kept_no_longer_than_they_serve() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let id = ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let url = format!("{}/api/v1/conversations/{id}/messages", app.web.url);
    let request = app.web.request(Method::POST, &url).bearer_auth(ana.token().await);
    let request = request.header("idempotency-key", "k1").json(&json!({"type": "text", "text": "Claro!"}));
    app.web.answer(request).await.ok();
    // Another program sends from the same number, and Meta reports on its messages here too.
    hotel.receives(&hotel.status("wamid.OF_ANOTHER_PROGRAM", "delivered")).await.ok();
    app.run_jobs().await;
    let tenant = Some(hotel.id.0);
    assert_eq!((app.count(tenant, KEPT_ANSWERS).await, app.count(tenant, EARLY_REPORTS).await), (1, 1));

    app.passes(2 * DAY);
    zelo::tasks::sweep(&app.app).await.unwrap();
    assert_eq!((app.count(tenant, KEPT_ANSWERS).await, app.count(tenant, EARLY_REPORTS).await), (0, 1));
    app.passes(7 * DAY);
    zelo::tasks::sweep(&app.app).await.unwrap();
    assert_eq!(app.count(tenant, EARLY_REPORTS).await, 0);
}
