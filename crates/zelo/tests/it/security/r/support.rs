//! R09: the platform's owner looks into a tenant with a reason, for an hour at most, in its sight, and reads no word.

use super::{
    asks::ask,
    caller::{Scene, Visitor, id_of},
    table::{Demand, Part, routes_of},
};
use crate::stage::{Agent, Answer, Tenant, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use zelo::{clock::MINUTE, mail, support::Supporter};

const REASON: &str = "chamado 4711: nenhuma mensagem chega";

async fn looks_in(root: &Agent, tenant: &Tenant, minutes: u32) -> Value {
    let body = json!({"reason": REASON, "minutes": minutes});
    root.post(&format!("/tenants/{}/support-accesses", tenant.id), &body).await.ok()
}

fn token(access: &Value) -> String {
    access["access_token"].as_str().unwrap().to_owned()
}

async fn outlines(app: &TestApp, token: &str) -> Answer {
    app.web.get(token, "/api/v1/conversation-outlines").await
}

async fn scene() -> (TestApp, Tenant, Agent) {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    hotel.contact("+55 11 98765-4321").says("meu cartão não passa").await;
    app.run_jobs().await;
    let root = Visitor::platform(&app).await.into_agent();
    (app, hotel, root)
}

#[tokio::test]
async fn r09_without_a_reason_nobody_looks_in_and_the_answer_names_the_cure() {
    let (app, hotel, root) = scene().await;
    let path = format!("/tenants/{}/support-accesses", hotel.id);
    for body in [json!({}), json!({"reason": null}), json!({"reason": "   "}), json!({"reason": "porque"})] {
        let refused = root.post(&path, &body).await;
        assert_eq!(refused.problem(), (403, "reason_required"), "{body}");
        assert!(refused.body["detail"].as_str().unwrap().contains("`reason`"));
    }
    for minutes in [0, 61, 100_000] {
        assert_eq!(root.post(&path, &json!({"reason": REASON, "minutes": minutes})).await.status, 422);
    }
    assert_eq!(hotel.owner().post(&path, &json!({"reason": REASON})).await.status, 403, "no tenant's");
    // A log-in of long ago does not do.
    let long_ago = root.token().await;
    app.passes(6 * MINUTE);
    let url = format!("/api/v1{path}");
    let late = app.web.call(Method::POST, Some(&long_ago), &url, Some(&json!({"reason": REASON}))).await;
    assert_eq!(late.problem(), (403, "reauth_required"));
    assert_eq!(hotel.owner().get("/support-accesses").await.ok()["data"], json!([]));
    assert!(
        root.post(
            "/tenants/01890a5d-ac96-774b-bcce-b302099a8057/support-accesses",
            &json!({"reason": REASON})
        )
        .await
        .status
            == 404
    );
}

#[tokio::test]
async fn r09_the_tenant_reads_of_the_begin_each_use_and_the_end_with_both_actors() {
    let (app, hotel, root) = scene().await;
    let carla = hotel.staff("carla", zelo::identity::Role::Admin).await;
    let beto = hotel.agent("beto").await;
    let access = looks_in(&root, &hotel, 60).await;
    let letters = mail::list_mailbox(&app.app).await.unwrap();
    for told in [hotel.owner(), &carla] {
        let letter = letters.iter().find(|(_, letter)| letter.to == told.email).expect("a mail");
        assert!(letter.1.text.contains(REASON) && letter.1.text.contains("2026-11-20T13:00"), "{letter:?}");
    }
    assert!(letters.iter().all(|(_, letter)| letter.to != beto.email));

    outlines(&app, &token(&access)).await.ok();
    assert_eq!(app.web.get(&token(&access), "/api/v1/channels").await.status, 200);
    let shown = hotel.owner().get("/support-accesses").await.ok()["data"][0].clone();
    assert_eq!((&shown["id"], &shown["reason"], &shown["uses"]), (&access["id"], &json!(REASON), &json!(2)));
    assert_eq!((&shown["ended_at"], &shown["supporter_name"]), (&Value::Null, &json!("Root")));
    assert_eq!(beto.get("/support-accesses").await.status, 403);
    app.passes(60 * MINUTE);
    zelo::support::sweep(&app.app).await.unwrap();

    let entries = hotel.owner().audit("&event_type=support_access").await;
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        ["support_access_ended", "support_access_used", "support_access_used", "support_access_begun"]
    );
    let supporter = id_of(&root.get("/auth/me").await.ok()).to_string();
    for entry in &entries {
        assert_eq!(entry["target"], json!({"type": "support_access", "id": access["id"]}));
        assert_eq!(entry["details"]["on_behalf_of"], json!(hotel.id), "{entry}");
    }
    for entry in &entries[1..] {
        assert_eq!((&entry["actor"]["id"], &entry["actor"]["name"]), (&json!(supporter), &json!("Root")));
    }
    assert_eq!(entries[1]["details"]["route"], "/api/v1/channels");
    assert_eq!(entries[3]["details"]["reason"], REASON);
    assert_eq!(entries[0]["details"]["by"], "time");
}

#[tokio::test]
async fn r09_an_access_ends_after_its_time_with_the_log_in_and_when_either_side_ends_it() {
    let (app, hotel, root) = scene().await;
    let newest = async || hotel.owner().get("/support-accesses").await.ok()["data"][0].clone();
    let by_time = token(&looks_in(&root, &hotel, 60).await);
    for _ in 0..59 {
        app.passes(MINUTE);
        outlines(&app, &by_time).await.ok();
    }
    app.passes(MINUTE - 1);
    outlines(&app, &by_time).await.ok();
    app.passes(1);
    assert_eq!(outlines(&app, &by_time).await.status, 401, "after sixty minutes");
    assert_eq!((&newest().await["ended_by"], &newest().await["uses"]), (&json!("time"), &json!(60)));

    // The tenant shows them out: at once.
    let by_tenant = looks_in(&root, &hotel, 60).await;
    outlines(&app, &token(&by_tenant)).await.ok();
    let path = format!("/support-accesses/{}", by_tenant["id"].as_str().unwrap());
    assert_eq!(hotel.owner().delete(&path).await.status, 204);
    assert_eq!(outlines(&app, &token(&by_tenant)).await.status, 401);
    assert_eq!(hotel.owner().delete(&path).await.status, 204, "again changes nothing");
    assert_eq!(newest().await["ended_by"], "tenant");

    // They leave by themselves.
    let by_supporter = token(&looks_in(&root, &hotel, 60).await);
    assert_eq!(root.delete(&format!("/tenants/{}/support-accesses", hotel.id)).await.status, 204);
    assert_eq!(outlines(&app, &by_supporter).await.status, 401);
    assert_eq!(newest().await["ended_by"], "supporter");

    // They log out.
    let by_log_out = token(&looks_in(&root, &hotel, 60).await);
    outlines(&app, &by_log_out).await.ok();
    let all = root.token().await;
    assert_eq!(app.web.call(Method::DELETE, Some(&all), "/api/v1/auth/sessions", None).await.status, 204);
    assert_eq!(outlines(&app, &by_log_out).await.status, 401);
    zelo::support::sweep(&app.app).await.unwrap();
    assert_eq!(newest().await["ended_by"], "log_out");
}

/// Every route of the product with the token: it opens the few reads that it names, and no answer holds a text, a name or a
/// number of the tenant's people and contacts.
#[tokio::test]
async fn r09_no_route_shows_a_support_access_what_somebody_wrote_or_who_they_are() {
    let app = TestApp::new().await;
    app.may_leave_work();
    let scene = Scene::set(&app, "hotel").await;
    let clinic = app.tenant("clinic").await;
    let root = Visitor::platform(&app).await.into_agent();
    let token = token(&looks_in(&root, &scene.tenant, 60).await);
    let rights = Supporter::rights();
    let (mut opened, mut tried) = (0, 0);
    for part in [Part::Api, Part::Root] {
        for route in routes_of(part) {
            let base = if part == Part::Api { "/api/v1" } else { "" };
            let path = format!("{base}{}", ask(&route, &scene.things, &scene.things).path);
            let method: Method = route.method.parse().unwrap();
            let request = app.web.request(method, &format!("{}{path}", app.web.url)).bearer_auth(&token);
            let request = if route.method == "GET" { request } else { request.json(&json!({})) };
            let response = request.send().await.unwrap();
            let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
            let is_given = match route.demand {
                Demand::May(permission) => part == Part::Api && rights.allow(permission),
                Demand::Open => continue,
                Demand::Oneself | Demand::Platform => false,
            };
            tried += 1;
            if is_given {
                // A preview changes nothing; what it fills in comes with the question.
                let only_reads = route.method == "GET" || route.path.ends_with("/preview");
                assert!(only_reads && status == 200, "{}: {status} {text}", route.name());
                opened += 1;
            } else {
                let is_refused =
                    [401, 403].contains(&status) || (part == Part::Root && !text.contains("4321"));
                assert!(is_refused, "{}: {status} {text}", route.name());
            }
            for secret in [scene.canary().as_str(), "98765", "4321", "Helena", "bia.", "@hotel.example.com"] {
                assert!(!text.contains(secret), "{} shows {secret}: {text}", route.name());
            }
            assert!(!text.contains(&clinic.id.to_string()), "{}", route.name());
        }
    }
    assert!(opened >= 8 && tried > 80, "{opened} of {tried} opened");
    let conversations = outlines(&app, &token).await.ok();
    // Helena's, Bia's, and two of somebody who turned out to be one person.
    assert_eq!(conversations["data"].as_array().unwrap().len(), 4);
    // A refusal stands in the tenant's log, too.
    let refused = scene.tenant.owner().audit("&event_type=permission_denied").await;
    assert!(refused.iter().any(|entry| entry["details"]["support_access_id"].is_string()));
    // Nor does a socket open.
    assert!(crate::stage::Socket::open(&app.web.url, &json!({"token": token})).await.is_err());
    let forged = format!("{}A", &token[..token.len() - 1]);
    assert_eq!(outlines(&app, &forged).await.status, if forged == token { 200 } else { 401 });
}
