//! What clients send: bodies, addresses, pages.

use super::{Answered, ask, served};
use crate::http::{Json, List, Page, Query};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Booking {
    guest: Guest,
    nights: u32,
    room: Option<Room>,
    extras: Option<Value>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Guest {
    name: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Room {
    Single,
    Double,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    floor: Option<u8>,
}

/// Rooms 1 to 120, listed by number.
async fn rooms(page: Page) -> crate::error::Result<Json<List<u32>>> {
    let after = page.after::<u32>()?.unwrap_or(0);
    let rows = (after + 1..=120).take(usize::try_from(page.rows_to_read()).unwrap()).collect();
    Ok(Json(List::new(rows, &page, |room| *room)))
}

fn desk() -> Router {
    served(
        Router::new()
            .route("/bookings", post(|Json(booking): Json<Booking>| async move { Json(booking) }))
            .route("/floors", get(|Query(filter): Query<Filter>| async move { Json(json!(filter.floor)) }))
            .route("/rooms", get(rooms))
            .layer(DefaultBodyLimit::max(2000)),
    )
}

async fn book(body: &str) -> Answered {
    ask(&desk(), "POST", "/bookings", &[("content-type", "application/json; charset=utf-8")], body).await
}

#[tokio::test]
async fn a_proper_booking_is_read() {
    let booked =
        book(r#"{"guest":{"name":"Ana"},"nights":2,"room":"double","extras":{"a":[1,{"a":2}]}}"#).await;
    assert_eq!(booked.status.as_u16(), 200);
    assert_eq!(booked.json()["guest"]["name"], "Ana");
}

#[tokio::test]
async fn what_is_no_proper_json_is_400() {
    let deep = format!(r#"{{"extras":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    for body in [
        "",
        "{",
        "Ana",
        r#"{"guest":{"name":"Ana"},"nights":2,"nights":3}"#,
        r#"{"guest":{"name":"Ana","name":"Eva"},"nights":2}"#,
        r#"{"guest":{"name":"Ana"},"nights":2,"extras":{"a":1,"\u0061":2}}"#,
        r#"{"guest":{"name":"Ana"},"nights":1e999}"#,
        r#"{"guest":{"name":"Ana"},"nights":2} trailing"#,
        "{\"guest\":{\"name\":\"\u{1}\"},\"nights\":2}",
        r#"{"guest":{"name":"Ana\u0000"},"nights":2}"#,
        r#"{"guest":{"name":"Ana"},"nights":2,"extras":{"\u0000":1}}"#,
        &deep,
    ] {
        let refused = book(body).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (400, &json!("malformed")), "{body}");
    }
}

#[tokio::test]
async fn what_is_understood_but_wrong_is_422_and_names_the_field() {
    for (body, field, code) in [
        (r#"{"guest":{"name":"Ana"}}"#, "nights", "required"),
        (r#"{"guest":{},"nights":1}"#, "guest.name", "required"),
        (r#"{"guest":{"name":"Ana"},"nights":1,"night":1}"#, "night", "unknown"),
        (r#"{"guest":{"name":"Ana","nmae":"x"},"nights":1}"#, "guest.nmae", "unknown"),
        (r#"{"guest":{"name":"Ana"},"nights":"geheim"}"#, "nights", "wrong_type"),
        (r#"{"guest":{"name":7},"nights":1}"#, "guest.name", "wrong_type"),
        (r#"{"guest":{"name":"Ana"},"nights":-1}"#, "nights", "wrong_type"),
        (r#"{"guest":{"name":"Ana"},"nights":1,"room":"geheim"}"#, "room", "unknown_value"),
        ("[]", "", "wrong_type"),
        (r#"[{"name":"Ana"},2,null,null]"#, "", "wrong_type"),
        (r#"{"guest":"Ana","nights":1}"#, "guest", "wrong_type"),
        (r#"{"guest":[],"nights":1}"#, "guest", "wrong_type"),
    ] {
        let refused = book(body).await;
        let errors = refused.json()["errors"].clone();
        assert_eq!(refused.status.as_u16(), 422, "{body}");
        assert_eq!(
            (&errors[0]["field"], &errors[0]["code"]),
            (&json!(field), &json!(code)),
            "{body}: {errors}"
        );
        for internal in ["geheim", "u32", "struct", "Guest", "line"] {
            assert!(!errors.to_string().contains(internal), "{internal} is told: {errors}");
        }
    }
}

#[tokio::test]
async fn every_fault_of_a_body_is_named_at_once() {
    let cases: [(&str, &[(&str, &str)]); 8] = [
        (r#"{}"#, &[("guest", "required"), ("nights", "required")]),
        (
            r#"{"guest":{"name":7,"nmae":"x"},"nights":"two","room":"suite","floor":3,"view":"sea"}"#,
            &[
                ("floor", "unknown"),
                ("guest.name", "wrong_type"),
                ("guest.nmae", "unknown"),
                ("nights", "wrong_type"),
                ("room", "unknown_value"),
                ("view", "unknown"),
            ],
        ),
        (r#"{"guest":[],"nights":-1}"#, &[("guest", "wrong_type"), ("nights", "wrong_type")]),
        (
            r#"{"guest":{},"room":1}"#,
            &[("guest.name", "required"), ("nights", "required"), ("room", "wrong_type")],
        ),
        (r#"{"nights":1,"guests":[]}"#, &[("guest", "required"), ("guests", "unknown")]),
        (r#"{"guest":{"name":"Ana"},"nights":1e3,"extras":1}"#, &[("nights", "wrong_type")]),
        (r#"{"guest":null,"nights":null,"room":null}"#, &[("guest", "wrong_type"), ("nights", "wrong_type")]),
        (r#"{"guest":{"name":"Ana"},"nights":99999999999}"#, &[("nights", "wrong_type")]),
    ];
    for (body, faults) in cases {
        let refused = book(body).await;
        let errors = refused.json()["errors"].clone();
        let mut named: Vec<(&str, &str)> = errors
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (error["field"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect();
        named.sort_unstable();
        assert_eq!((refused.status.as_u16(), named.as_slice()), (422, faults), "{body}: {errors}");
    }
}

#[tokio::test]
async fn a_body_with_many_faults_costs_little() {
    let fields: String = (0..5000).map(|n| format!("\"f{n}\":1,")).collect();
    let desk = served(
        Router::new().route("/bookings", post(|Json(booking): Json<Booking>| async move { Json(booking) })),
    );
    let body = format!("{{{fields}\"nights\":true}}");
    let refused = ask(&desk, "POST", "/bookings", &[("content-type", "application/json")], &body).await;
    let found = refused.json()["errors"].as_array().unwrap().len();
    assert!(refused.status.as_u16() == 422 && (1..=250).contains(&found), "{found}");
}

#[tokio::test]
async fn a_body_of_another_kind_or_too_large_is_refused() {
    let body = r#"{"guest":{"name":"Ana"},"nights":2}"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let authorised = [("content-type", kind), ("authorization", "Bearer x")];
        let refused = ask(&desk(), "POST", "/bookings", &authorised, body).await;
        assert_eq!(refused.status.as_u16(), 415, "{kind}");
    }
    let long = format!(r#"{{"guest":{{"name":"{}"}},"nights":2}}"#, "a".repeat(3000));
    let refused = book(&long).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (413, &json!("payload_too_large")));
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_400() {
    assert_eq!(ask(&desk(), "GET", "/floors?floor=3", &[], "").await.body, b"3");
    for query in ["floor=third", "flor=3", "floor=300", "floor=1&floor=2", "floor=1&fl%6For=1", "floor=1%00"]
    {
        let refused = ask(&desk(), "GET", &format!("/floors?{query}"), &[], "").await;
        assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (400, &json!("malformed")), "{query}");
    }
}

#[tokio::test]
async fn following_the_cursor_visits_every_room_once() {
    let mut seen = Vec::new();
    let mut path = "/rooms?limit=50".to_owned();
    loop {
        let page = ask(&desk(), "GET", &path, &[], "").await.json();
        seen.extend(page["data"].as_array().unwrap().iter().map(|room| room.as_u64().unwrap()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/rooms?limit=50&cursor={cursor}");
    }
    assert_eq!(seen, (1..=120).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_has_fifty_rows_unless_asked_otherwise_and_never_more_than_two_hundred() {
    for (query, rows, more) in [("", 50, true), ("?limit=7", 7, true), ("?limit=120", 120, false)] {
        let page = ask(&desk(), "GET", &format!("/rooms{query}"), &[], "").await.json();
        assert_eq!(page["data"].as_array().unwrap().len(), rows, "{query}");
        assert_eq!(page["next_cursor"].is_string(), more, "{query}");
    }
    assert_eq!(Page::first(5000).limit, 200);
    let router = served(Router::new().route("/", get(|page: Page| async move { Json(page.limit) })));
    assert_eq!(ask(&router, "GET", "/?limit=5000", &[], "").await.body, b"200");
}

#[tokio::test]
async fn a_page_that_cannot_be_asked_for_is_refused() {
    for (query, status) in [
        ("limit=0", 422),
        ("limit=-1", 400),
        ("limit=2147483648", 400),
        ("limit=many", 400),
        ("cursor=!!!", 400),
        ("cursor=ImEi", 400),
        ("cursor=MTIz=", 400),
        ("cursor=WzEsMl0", 400),
    ] {
        let refused = ask(&desk(), "GET", &format!("/rooms?{query}"), &[], "").await;
        assert_eq!(refused.status.as_u16(), status, "{query}");
    }
}
