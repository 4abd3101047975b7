//! Pages of other sites: who may read, and that none may act.

use crate::security::desk::{Desk, operations};
use reqwest::Method;

#[tokio::test]
async fn h04_of_thirty_origins_the_listed_one_may_read() {
    let desk = Desk::with_settings(&[
        ("server.cors_origins", "https://app.example.com"),
        ("server.public_url", "https://desk.example.com"),
    ])
    .await;
    let web = &desk.app.web;
    let strangers = [
        "null",
        "*",
        "https://app.example.com.evil.example",
        "https://evilapp.example.com",
        "https://sub.app.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com:443",
        "https://app.example.com/",
        "https://APP.example.com",
        "https://app.example.co",
        "https://app.example.comm",
        "https://app.example.com@evil.example",
        "https://evil.example#https://app.example.com",
        "https://evil.example/?https://app.example.com",
        "https://app_example.com",
        "https://appXexample.com",
        "https://app.example.com, https://evil.example",
        "https://evil.example, https://app.example.com",
        "https://app.example.com https://evil.example",
        "http://localhost",
        "http://127.0.0.1",
        "file://",
        "https://",
        "app.example.com",
        "https://example.com",
        "https://desk.example.com.evil.example",
        "https://xn--app-example.com",
        "HTTPS://app.example.com",
        "data:text/html,x",
        "moz-extension://app.example.com",
    ];
    assert!(strangers.len() >= 30);
    for path in ["/api/v1/contacts", "/api/v1/auth/login", "/health", "/", "/api/v1/nowhere"] {
        let address = format!("{}{path}", web.url);
        for (origin, is_listed) in
            strangers.iter().map(|origin| (*origin, false)).chain([("https://app.example.com", true)])
        {
            let read =
                web.request(Method::GET, &address).header("origin", origin).bearer_auth(&desk.tokens[0]);
            let asks = web.request(Method::OPTIONS, &address).header("origin", origin);
            let asks = asks.header("access-control-request-method", "DELETE");
            for request in [read, asks] {
                let answer = web.answer(request).await;
                let told = answer.headers.get("access-control-allow-origin").map(String::as_str);
                assert_eq!(told, is_listed.then_some("https://app.example.com"), "{origin} at {path}");
                assert!(
                    !answer.headers.contains_key("access-control-allow-credentials"),
                    "{origin} at {path}"
                );
                assert!(answer.headers["vary"].contains("origin"), "{origin} at {path}");
            }
        }
    }
}

/// The pages' own addresses that change something; the API's come from its description.
const FORMS: &[&str] = &[
    "/login",
    "/logout",
    "/session/preferences",
    "/conversations/{id}/messages",
    "/conversations/{id}/read",
    "/conversations/{id}/status",
    "/conversations/{id}/assignment",
    "/messages/{id}/retry",
];

/// What a page of another site can make a browser send: forms of the three kinds, with the visitor's cookie.
#[tokio::test]
async fn h05_no_form_of_another_site_changes_anything() {
    let desk = Desk::open().await;
    let web = &desk.app.web;
    let (cookie, before) = (desk.cookie(&desk.ana).await, desk.state().await);
    let id = before[0]["id"].as_str().unwrap();
    let mut targets: Vec<(Method, String)> = operations()
        .iter()
        .filter(|operation| operation.method != Method::GET)
        .map(|operation| (operation.method.clone(), desk.address(&operation.path)))
        .collect();
    targets
        .extend(FORMS.iter().map(|path| (Method::POST, format!("{}{}", web.url, path.replace("{id}", id)))));
    assert!(targets.len() > 20, "only {} targets", targets.len());
    for (method, address) in &targets {
        for kind in [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain",
            "application/json",
        ] {
            for (name, from) in [
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("origin", "https://evil.example"),
                ("origin", "null"),
            ] {
                let request = web
                    .request(method.clone(), address)
                    .header("cookie", &cookie)
                    .header("content-type", kind)
                    .header(name, from)
                    .body("text=x&status=resolved&user=me&theme=dark");
                let answer = web.answer(request).await;
                assert_eq!(answer.problem(), (403, "cross_site"), "{method} {address} {kind} from {from}");
            }
        }
    }
    assert_eq!(desk.state().await, before);
}

#[tokio::test]
async fn h05_looking_changes_nothing() {
    let desk = Desk::open().await;
    let web = &desk.app.web;
    let before = desk.state().await;
    let (id, cookie) = (before[0]["id"].as_str().unwrap(), desk.cookie(&desk.ana).await);
    for operation in operations() {
        // Every address, also those that change something by another method.
        let address = desk.address(&operation.path).replace("01890a5d-ac96-774b-bcce-b302099a8057", id);
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            for token in &desk.tokens {
                let looked = web.answer(web.request(method.clone(), &address).bearer_auth(token)).await;
                assert!(looked.status < 500, "{method} {address}: {}", looked.text);
            }
        }
    }
    for path in FORMS {
        let address = format!("{}{}", web.url, path.replace("{id}", id));
        let looked = web.answer(web.request(Method::GET, &address).header("cookie", &cookie)).await;
        assert!(looked.status < 500, "{path}: {}", looked.text);
    }
    assert_eq!(desk.state().await, before);
}
