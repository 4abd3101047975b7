//! Bodies and addresses are read one way, and refusals say what is wrong with each field.

use crate::security::desk::{Desk, Operation, operations};
use reqwest::Method;
use serde_json::{Value, json};

const JSON: &str = "application/json";

/// A body that is complete but for what the test adds; most operations name every fault of an empty one.
fn body_of(operation: &Operation) -> Value {
    match operation.path.as_str() {
        "/conversations/{id}/messages" => json!({"type": "text", "text": "olá"}),
        "/whatsapp/send" => json!({"type": "text", "text": "olá", "to": "+55 11 98765-4321"}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn i01_no_operation_takes_a_field_or_parameter_that_it_does_not_know() {
    let desk = Desk::open().await;
    let before = desk.state().await;
    for operation in operations() {
        let answer = desk.ask(&operation, "?surprise=1", None).await;
        assert_eq!(answer.problem(), (400, "malformed"), "{operation}: {}", answer.text);
        assert!(answer.text.contains("surprise"), "{operation}: {}", answer.text);
        if !operation.takes_json {
            continue;
        }
        let mut body = body_of(&operation);
        body["surprise"] = json!(1);
        body["tenant_id"] = json!("01890a5d-ac96-774b-bcce-b302099a8057");
        let answer = desk.ask(&operation, "", Some((JSON, body.to_string().as_bytes()))).await;
        assert_eq!(answer.problem(), (422, "invalid"), "{operation}: {}", answer.text);
        for field in ["surprise", "tenant_id"] {
            let is_named = answer.body["errors"]
                .as_array()
                .unwrap()
                .iter()
                .any(|error| error["field"] == field && error["code"] == "unknown");
            assert!(is_named, "{operation} does not name {field}: {}", answer.text);
        }
    }
    assert_eq!(desk.state().await, before);
}

#[tokio::test]
async fn i01_every_wrong_field_is_named_at_once() {
    let desk = Desk::open().await;
    let create =
        operations().into_iter().find(|it| it.path == "/users" && it.method == Method::POST).unwrap();
    let body = json!({"name": 7, "role": "king", "phone": "1"}).to_string();
    let answer = desk.ask(&create, "", Some((JSON, body.as_bytes()))).await;
    let mut fields: Vec<&str> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert!(["email", "name", "phone", "role"].iter().all(|field| fields.contains(field)), "{}", answer.text);
}

#[tokio::test]
async fn i08_what_parsers_disagree_about_is_refused_by_every_operation() {
    let desk = Desk::open().await;
    let before = desk.state().await;
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let bodies = [
        r#"{"a":1,"a":2}"#.to_owned(),
        r#"{"a":{"b":1,"b":1}}"#.to_owned(),
        r#"{"email":"x","\u0065mail":"y"}"#.to_owned(),
        nested(128),
        r#"{"a":1e999}"#.to_owned(),
        r#"{"a":-1e999}"#.to_owned(),
        r#"{"a":NaN}"#.to_owned(),
        r#"{"a":01}"#.to_owned(),
        r#"{"a":"\u0000"}"#.to_owned(),
        r#"{"a":"\ud800"}"#.to_owned(),
        r#"{"a":1,}"#.to_owned(),
        "{\"a\":1}\u{0}".to_owned(),
        "\u{feff}{}".to_owned(),
        "// {}\n{}".to_owned(),
        String::new(),
    ];
    let mut tried = 0;
    for operation in operations().iter().filter(|operation| operation.takes_json) {
        for body in bodies.iter().filter(|body| operation.needs_body || !body.is_empty()) {
            let answer = desk.ask(operation, "", Some((JSON, body.as_bytes()))).await;
            assert_eq!(answer.problem(), (400, "malformed"), "{operation} {body}: {}", answer.text);
        }
        let latin = desk.ask(operation, "", Some((JSON, b"{\"a\":\"\xe9\"}"))).await;
        assert_eq!(latin.problem(), (400, "malformed"), "{operation}: {}", latin.text);
        for kind in ["text/plain", "application/x-www-form-urlencoded", "text/json"] {
            let answer = desk.ask(operation, "", Some((kind, b"{}"))).await;
            assert_eq!(answer.status, 415, "{operation} {kind}: {}", answer.text);
        }
        tried += 1;
    }
    assert!(tried >= 8, "only {tried} operations take a body");
    // 127 levels are understood: what is wrong is that nobody knows the field.
    let log_in = operations().into_iter().find(|it| it.path == "/auth/login").unwrap();
    let deep = desk.ask(&log_in, "", Some((JSON, nested(126).as_bytes()))).await;
    assert_eq!(deep.status, 422, "{}", deep.text);
    assert_eq!(desk.state().await, before);
}

#[tokio::test]
async fn i08_a_parameter_that_comes_twice_is_refused_everywhere() {
    let desk = Desk::open().await;
    for path in [
        "/api/v1/contacts?limit=1&limit=2",
        "/api/v1/contacts?limit=1&l%69mit=1",
        "/login?next=/a&next=/b",
        "/health?a&a",
    ] {
        let url = format!("{}{path}", desk.app.web.url);
        let answer =
            desk.app.web.answer(desk.app.web.request(Method::GET, &url).bearer_auth(&desk.tokens[0])).await;
        assert_eq!(answer.problem(), (400, "malformed"), "{path}: {}", answer.text);
    }
}

/// The stage looks at every refusal of every test; here each operation is made to refuse in every way that it can.
#[tokio::test]
async fn i11_every_refusal_is_a_problem_document_without_our_insides() {
    let desk = Desk::open().await;
    let mut statuses = std::collections::BTreeSet::new();
    for operation in operations() {
        let address = desk.address(&operation.path);
        let web = &desk.app.web;
        let mut answers = vec![
            web.answer(web.request(operation.method.clone(), &address)).await,
            web.answer(web.request(operation.method.clone(), &address).bearer_auth("x.y.z")).await,
            web.answer(web.request(Method::TRACE, &address)).await,
            web.answer(web.request("BREW".parse().unwrap(), &address)).await,
            web.answer(web.request(Method::GET, &format!("{address}/nowhere/at/all"))).await,
            desk.ask(&operation, "?%00=%00", None).await,
        ];
        if operation.path.contains('{') {
            let wrong = web.request(operation.method.clone(), &address.replace("01890a5d", "..%2f..%27"));
            answers.push(web.answer(wrong.bearer_auth(&desk.tokens[0])).await);
        }
        if operation.takes_json {
            answers.push(desk.ask(&operation, "", Some((JSON, b"[]"))).await);
            answers.push(desk.ask(&operation, "", Some((JSON, &vec![b' '; 2 * 1024 * 1024]))).await);
        }
        for answer in answers {
            assert!(
                answer.status >= 400 && answer.status < 500,
                "{operation}: {} {}",
                answer.status,
                answer.text
            );
            answer.assert_is_a_problem();
            statuses.insert(answer.status);
        }
    }
    for status in [400, 401, 404, 405, 413, 422] {
        assert!(statuses.contains(&status), "no {status} among {statuses:?}");
    }
}
