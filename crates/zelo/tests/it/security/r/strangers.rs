//! Another tenant's things do not exist: in a path, a query, a body, a header or a cursor.

use super::{
    asks::{Ask, Body, Things, ask, ends_sessions, filters, names_a_thing, names_things_in_its_body},
    caller::{Door, Scene},
    rows::{Fingerprint, strays},
    table::{Demand, Part, Route, routes_of},
};
use crate::stage::TestApp;
use serde_json::Value;

/// Two tenants with the same things in them.
async fn two_tenants() -> (TestApp, Scene, Scene) {
    let app = TestApp::new().await;
    app.may_leave_work();
    let hotel = Scene::set(&app, "hotel").await;
    let clinic = Scene::set(&app, "clinic").await;
    (app, hotel, clinic)
}

fn tenants_routes() -> Vec<Route> {
    let all = [Part::Api, Part::Root].into_iter().flat_map(routes_of);
    let of_people = |route: &Route| matches!(route.demand, Demand::May(_) | Demand::Oneself);
    all.filter(|route| of_people(route) && !ends_sessions(route)).collect()
}

/// What succeeds for the hotel's people is for the clinic's the same as if it had never been, byte for byte; and what is
/// the hotel's stays as it is.
#[tokio::test]
async fn r02_a_strangers_id_in_a_path_is_as_unknown_as_one_that_never_existed() {
    let (app, hotel, clinic) = two_tenants().await;
    let ghosts = Things::that_never_were();
    let before = Fingerprint::of(&app, hotel.tenant.id).await;
    let mut tried = 0;
    for route in tenants_routes().into_iter().filter(names_a_thing) {
        // The body is one that the clinic's own succeed with, so that only the path decides.
        let stranger = clinic.owner().knocks(&route, &ask(&route, &hotel.things, &clinic.things), &[]).await;
        let ghost = clinic.owner().knocks(&route, &ask(&route, &ghosts, &clinic.things), &[]).await;
        assert_eq!(stranger.status, 404, "{}: {}", route.name(), stranger.text);
        assert_eq!(stranger, ghost, "{}", route.name());
        tried += 1;
    }
    assert!(tried > 15, "only {tried} routes name a thing");
    assert_eq!(Fingerprint::of(&app, hotel.tenant.id).await, before, "what is the hotel's was changed");
}

/// Lists, filters and cursors hold the caller's own only.
#[tokio::test]
async fn r02_no_list_filter_or_cursor_leads_to_another_tenants_rows() {
    let (app, hotel, clinic) = two_tenants().await;
    let before = Fingerprint::of(&app, hotel.tenant.id).await;
    let ghosts = Things::that_never_were();
    let mut cursors = 0;
    for route in tenants_routes().into_iter().filter(|route| route.method == "GET") {
        let own = ask(&route, &clinic.things, &clinic.things);
        let hotels = ask(&route, &hotel.things, &hotel.things);
        let answer = clinic.owner().knocks(&route, &own, &[]).await;
        assert!(!answer.text.contains(&hotel.canary()), "{} shows the hotel's words", route.name());
        for (foreign, never) in filters(&route, &hotel.things).into_iter().zip(filters(&route, &ghosts)) {
            let with = |filter: &str| Ask { path: format!("{}{filter}", own.path), body: Body::None };
            let foreign = clinic.owner().knocks(&route, &with(&foreign), &[]).await;
            let never = clinic.owner().knocks(&route, &with(&never), &[]).await;
            assert_eq!(foreign, never, "{}", route.name());
        }
        if route.part == Part::Api {
            let first = Ask { path: format!("{}?limit=1", hotels.path), body: Body::None };
            let page = hotel.owner().knocks(&route, &first, &[]).await.json();
            if let Some(cursor) = page["next_cursor"].as_str() {
                let path = format!("{}?limit=200&cursor={cursor}", own.path);
                let answer = clinic.owner().knocks(&route, &Ask { path, body: Body::None }, &[]).await;
                assert!(!answer.text.contains(&hotel.canary()), "{}: a cursor", route.name());
                let hotels_ids = ids_in(&hotel.owner().knocks(&route, &hotels, &[]).await.json());
                let shown = ids_in(&answer.json());
                assert!(shown.iter().all(|id| !hotels_ids.contains(id)), "{}: a cursor", route.name());
                cursors += 1;
            }
        }
    }
    assert!(cursors >= 2, "only {cursors} lists have a second page");
    assert_eq!(Fingerprint::of(&app, hotel.tenant.id).await, before);
}

fn ids_in(list: &Value) -> Vec<String> {
    let rows = list["data"].as_array().cloned().unwrap_or_default();
    rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect()
}

/// A stranger's id inside a body links nothing: refused like one that never existed, and no row points to another tenant.
#[tokio::test]
async fn r03_a_strangers_id_in_a_body_is_refused_and_links_nothing() {
    let (app, hotel, clinic) = two_tenants().await;
    let ghosts = Things::that_never_were();
    let mut tried = 0;
    for route in tenants_routes().into_iter().filter(names_things_in_its_body) {
        let stranger = clinic.owner().knocks(&route, &ask(&route, &clinic.things, &hotel.things), &[]).await;
        let ghost = clinic.owner().knocks(&route, &ask(&route, &clinic.things, &ghosts), &[]).await;
        assert!((400..500).contains(&stranger.status), "{}: {}", route.name(), stranger.text);
        assert_eq!(stranger, ghost, "{}", route.name());
        let own = clinic.owner().knocks(&route, &ask(&route, &clinic.things, &clinic.things), &[]).await;
        assert!(own.status < 300, "{} refuses its own: {}", route.name(), own.text);
        tried += 1;
    }
    assert!(tried >= 3, "only {tried} bodies name things");
    assert_eq!(strays(&app).await, Vec::<String>::new(), "rows are linked across tenants");
}

/// Which tenant it is comes from the credentials and from nowhere else.
#[tokio::test]
async fn r04_naming_another_tenant_has_no_effect() {
    let (app, hotel, clinic) = two_tenants().await;
    let before = Fingerprint::of(&app, hotel.tenant.id).await;
    let ghosts = Things::that_never_were();
    let (foreign, own) = (hotel.tenant.id.to_string(), clinic.tenant.id.to_string());
    for route in tenants_routes().into_iter().filter(|route| !route.path.contains("sessions/{id}")) {
        if route.method == "GET" {
            let plain = ask(&route, &clinic.things, &clinic.things);
            let headers =
                [("x-tenant-id", foreign.as_str()), ("x-workspace-id", &foreign), ("x-tenant", "hotel")];
            let without = clinic.owner().knocks(&route, &plain, &[]).await;
            let with = clinic.owner().knocks(&route, &plain, &headers).await;
            if route.part == Part::Api {
                assert_eq!(with, without, "{} hears a header", route.name());
            }
            assert!(!with.text.contains(&hotel.canary()), "{}", route.name());
        }
        // In a query and in a body it is ignored or refused, and then the same for the caller's own tenant.
        for hint in ["tenant_id", "tenant"] {
            let naming = |tenant: &str| {
                // What is deleted is gone the second time, so that nothing is.
                let deletes = route.method == "DELETE" || route.path.ends_with("/delete");
                let here = if deletes { &ghosts } else { &clinic.things };
                let mut ask = ask(&route, here, &clinic.things);
                ask.path = format!("{}?{hint}={tenant}", ask.path);
                if let Body::Json(Value::Object(fields)) = &mut ask.body {
                    fields.insert(hint.into(), tenant.into());
                }
                if let Body::Form(form) = &mut ask.body {
                    form.push_str(&format!("&{hint}={tenant}"));
                }
                ask
            };
            let said = clinic.owner().knocks(&route, &naming(&foreign), &[]).await;
            let same = clinic.owner().knocks(&route, &naming(&own), &[]).await;
            assert_eq!(said.status, same.status, "{} hears {hint}", route.name());
            assert!(!said.text.contains(&hotel.canary()), "{} hears {hint}", route.name());
            assert_ne!(said.door(), Door::Unknown);
        }
    }
    assert_eq!(Fingerprint::of(&app, hotel.tenant.id).await, before, "what is the hotel's was changed");
    assert_eq!(strays(&app).await, Vec::<String>::new());
}
