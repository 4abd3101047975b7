//! The router, its description, and who may pass.

use crate::stage::TestApp;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use zelo::rights::Permission;

/// What somebody without credentials may call.
const OPEN_TO_ALL: &[&str] = &[
    "POST /auth/login",
    "POST /auth/login/mfa-verify",
    "POST /auth/refresh",
    "POST /auth/logout",
    "POST /auth/password/forgot",
    "POST /auth/password/reset",
];

/// Method and path of every operation.
fn operations(document: &Value) -> Vec<(Method, String)> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            if let Ok(method) = method.to_uppercase().parse::<Method>()
                && ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str())
            {
                operations.push((method, path.clone()));
            }
        }
    }
    assert!(operations.len() > 15);
    operations
}

/// Every operation that asks for credentials.
pub(crate) fn protected_operations() -> Vec<(Method, String)> {
    let mut all = operations(&document());
    all.retain(|(method, path)| !OPEN_TO_ALL.contains(&format!("{method} {path}").as_str()));
    all
}

fn document() -> Value {
    serde_json::from_str(zelo::api::docs::document()).unwrap()
}

#[test]
fn the_checked_in_description_is_the_one_of_the_code() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json");
    let checked_in =
        std::fs::read_to_string(path).expect("openapi.json is checked in; write it with `zelo openapi`");
    assert!(
        checked_in == zelo::api::docs::document(),
        "openapi.json is old; run `zelo openapi > openapi.json`"
    );
}

#[test]
fn every_reference_in_the_description_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20);
    let lost: Vec<_> =
        found.iter().filter(|to| document.pointer(to.trim_start_matches('#')).is_none()).collect();
    assert!(lost.is_empty(), "nothing is there: {lost:?}");
}

#[tokio::test]
async fn the_description_is_served_as_it_is() {
    let app = TestApp::new().await;
    let served = app.web.call(Method::GET, None, "/openapi.json", None).await;
    assert_eq!((served.status, served.body), (200, document()));
}

#[test]
fn every_operation_has_a_name_of_its_own_and_says_what_it_does() {
    let document = document();
    let mut names = BTreeSet::new();
    for (method, path) in operations(&document) {
        let operation = &document["paths"][&path][method.as_str().to_lowercase()];
        let name = operation["operationId"].as_str().unwrap_or_default();
        assert!(!name.is_empty() && names.insert(name.to_owned()), "{method} {path} is called {name:?}");
        assert!(operation["summary"].is_string(), "{method} {path} has no summary");
    }
}

#[tokio::test]
async fn nobody_without_credentials_gets_past_any_route_under_either_name_of_the_api() {
    let app = TestApp::new().await;
    for (method, path) in operations(&document()) {
        if OPEN_TO_ALL.contains(&format!("{method} {path}").as_str()) {
            continue;
        }
        let path = path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057");
        for base in ["/api/v1", "/api"] {
            for token in [None, Some("nonsense")] {
                let answer =
                    app.web.call(method.clone(), token, &format!("{base}{path}"), Some(&json!({}))).await;
                assert_eq!(answer.status, 401, "{method} {base}{path} answered {}", answer.text);
                assert_eq!(answer.headers["content-type"], "application/problem+json");
                assert_eq!(answer.body["code"], "unauthorized");
            }
        }
    }
}

/// What any signed-in person may call for themselves, and whose it is alone.
fn is_about_oneself(path: &str) -> bool {
    path.starts_with("/auth/") || path == "/users/me"
}

/// Deny by default: each operation names the permission that it demands, or says whose it is.
#[test]
fn every_operation_declares_the_permission_that_it_demands() {
    let document = document();
    for (method, path) in operations(&document) {
        let operation = format!("{method} {path}");
        let declared = &document["paths"][&path][method.as_str().to_lowercase()]["security"];
        if OPEN_TO_ALL.contains(&operation.as_str()) {
            continue;
        }
        let scopes = declared[0]["bearer"].as_array().expect(&operation);
        if is_about_oneself(&path) {
            assert!(scopes.is_empty(), "{operation}");
            continue;
        }
        let [scope] = scopes.as_slice() else { panic!("{operation} declares {scopes:?}") };
        let scope = scope.as_str().unwrap();
        assert!(
            scope == "platform" || Permission::from_word(scope).is_some(),
            "{operation} demands {scope}, which is no permission"
        );
    }
}
