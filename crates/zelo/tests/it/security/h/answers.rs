//! Headers of every answer, and answers that strangers get.

use crate::security::desk::{Desk, operations};
use reqwest::Method;
use serde_json::json;

/// Addresses that are no operation of the API.
const OTHERS: &[&str] = &[
    "/",
    "/login",
    "/health",
    "/ready",
    "/alive",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/nowhere",
    "/assets/icon.svg",
    "/assets/nowhere",
    "/fragments/list",
    "/session/token",
    "/socket.io/",
    "/socket.io/?EIO=4&transport=polling",
    "/webhooks/whatsapp",
];

/// The stage looks at the headers of every answer of every test; here every address is visited, with every method.
#[tokio::test]
async fn h03_every_answer_tells_the_browser_what_it_may_do() {
    let desk = Desk::open().await;
    let web = &desk.app.web;
    let mut addresses: Vec<String> =
        operations().iter().map(|operation| desk.address(&operation.path)).collect();
    addresses.extend(OTHERS.iter().map(|path| format!("{}{path}", web.url)));
    let mut visited = 0;
    for address in addresses {
        for method in [
            Method::GET,
            Method::HEAD,
            Method::OPTIONS,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::TRACE,
        ] {
            let answer = web.answer(web.request(method.clone(), &address)).await;
            assert!(answer.status < 500, "{method} {address}: {}", answer.text);
            visited += 1;
        }
    }
    assert!(visited > 300, "only {visited} answers");
}

#[tokio::test]
async fn h02_pages_are_under_a_policy_that_lets_nothing_in() {
    let desk = Desk::open().await;
    let web = &desk.app.web;
    let id = desk.ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let cookie = desk.cookie(&desk.ana).await;
    for path in
        ["/login", "/", &format!("/conversations/{id}"), "/fragments/list", "/docs", "/conversations/none"]
    {
        let request = web.request(Method::GET, &format!("{}{path}", web.url)).header("cookie", &cookie);
        let answer = web.answer(request).await;
        let policy = &answer.headers["content-security-policy"];
        for rule in [
            "default-src 'none'",
            "script-src 'self';",
            "style-src 'self';",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "report-to csp",
        ] {
            assert!(policy.contains(rule), "{path} lacks {rule}: {policy}");
        }
        for hole in ["unsafe-", "*", "http:", "https:", "blob:"] {
            assert!(!policy.contains(hole), "{path} has {hole}: {policy}");
        }
        assert_eq!(answer.headers["reporting-endpoints"], "csp=\"/csp-reports\"", "{path}");
    }
}

#[tokio::test]
async fn h02_what_browsers_report_is_taken_and_nothing_else() {
    let desk = Desk::open().await;
    let web = &desk.app.web;
    let address = format!("{}/csp-reports", web.url);
    let report =
        json!([{"type": "csp-violation", "body": {"effectiveDirective": "script-src-elem"}}]).to_string();
    for (kind, body, status) in [
        ("application/reports+json", report.as_str(), 204),
        ("application/csp-report", r#"{"csp-report":{"violated-directive":"img-src"}}"#, 204),
        ("application/reports+json", "{", 400),
        ("text/plain", report.as_str(), 415),
        ("application/reports+json", &format!("[{}]", " ".repeat(20_000)), 413),
    ] {
        let request = web.request(Method::POST, &address).header("content-type", kind).body(body.to_owned());
        assert_eq!(web.answer(request).await.status, status, "{kind} {body:.60}");
    }
}

#[tokio::test]
async fn h06_private_answers_are_kept_nowhere_and_have_one_address() {
    let desk = Desk::open().await;
    let web = &desk.app.web;
    let cookie = desk.cookie(&desk.ana).await;
    let id = desk.ana.the_conversation().await["id"].as_str().unwrap().to_owned();
    let contact = desk.ana.the_conversation().await["contact"]["id"].as_str().unwrap().to_owned();
    let mut private: Vec<String> = operations()
        .iter()
        .filter(|operation| operation.method == Method::GET)
        .map(|operation| desk.address(&operation.path))
        .collect();
    for path in ["/", "/fragments/list", "/session/token", "/docs", "/openapi.json"] {
        private.push(format!("{}{path}", web.url));
    }
    private.push(format!("{}/conversations/{id}", web.url));
    private.push(format!("{}/api/v1/conversations/{id}/messages", web.url));
    private.push(format!("{}/api/v1/contacts/{contact}", web.url));
    let mut seen = 0;
    for address in &private {
        for credentials in
            [("cookie", cookie.clone()), ("authorization", format!("Bearer {}", desk.tokens[0]))]
        {
            let get = |address: &str| web.request(Method::GET, address).header(credentials.0, &credentials.1);
            let answer = web.answer(get(address)).await;
            assert_eq!(
                answer.headers.get("cache-control").map(String::as_str),
                Some("no-store"),
                "{address}"
            );
            seen += usize::from(answer.text.contains("quero reservar"));
            // What a cache between here and the browser would take for a style sheet of everybody's.
            for trick in
                ["/none.css", "/x/none.js", "%2fnone.css", ";none.css", "%00none.css", "%0anone.css", ".css"]
            {
                let tricked = web.answer(get(&format!("{address}{trick}"))).await;
                assert!(
                    !tricked.text.contains("quero reservar") && !tricked.text.contains("Helena"),
                    "{address}{trick}"
                );
            }
        }
    }
    assert!(seen >= 4, "the conversation was shown {seen} times only");
}

#[tokio::test]
async fn h06_logging_out_empties_the_browser() {
    let desk = Desk::open().await;
    let web = &desk.app.web;
    let cookie = desk.cookie(&desk.ana).await;
    let without_redirects = crate::stage::http_without_redirects();
    let page = without_redirects.post(format!("{}/logout", web.url)).header("cookie", &cookie);
    let left = page.header("sec-fetch-site", "same-origin").send().await.unwrap();
    let api = web.request(Method::POST, &desk.address("/auth/logout")).bearer_auth(desk.ana.token().await);
    let api = web.answer(api).await;
    assert_eq!(left.headers()["clear-site-data"], "\"cache\", \"storage\"");
    assert_eq!((api.status, api.headers["clear-site-data"].as_str()), (204, "\"cache\", \"storage\""));
    let again = web.request(Method::GET, &format!("{}/session/token", web.url)).header("cookie", &cookie);
    assert_eq!(web.answer(again).await.status, 401);
}

/// `version` in `/health` is part of the API; nothing else says what runs here.
#[tokio::test]
async fn h07_strangers_learn_nothing_and_odd_methods_are_refused() {
    let production = [
        ("environment", "production"),
        ("whatsapp.graph_base_url", "https://graph.facebook.com"),
        ("metrics.token", "figures-for-prometheus"),
    ];
    let desk = crate::stage::TestApp::with_settings(&production).await;
    let web = &desk.web;
    let far = |method, path: &str| {
        web.request(method, &format!("{}{path}", web.url)).header("x-forwarded-for", "203.0.113.9")
    };
    for path in ["/metrics", "/docs", "/openapi.json"] {
        let answer = web.answer(far(Method::GET, path)).await;
        assert_eq!(answer.status, 401, "{path}: {}", answer.text);
        assert!(!answer.text.contains("zelo_") && !answer.text.contains("openapi"), "{path}");
    }
    assert_eq!(
        web.answer(far(Method::GET, "/metrics").bearer_auth("figures-for-prometheuS")).await.status,
        401
    );
    assert_eq!(
        web.answer(far(Method::GET, "/metrics").bearer_auth("figures-for-prometheus")).await.status,
        200
    );
    let health = web.answer(far(Method::GET, "/health")).await;
    assert!(health.body.get("checks").is_none(), "{}", health.text);
    for path in ["/api/v1/nowhere", "/api/v1/auth/login", "/", "/nowhere"] {
        let answer = web.answer(far(Method::GET, path)).await;
        let version = env!("CARGO_PKG_VERSION");
        let told = answer.headers.values().any(|value| value.contains(version));
        assert!(!told && !answer.text.contains(&format!("Zelo {version}")), "{path}: {}", answer.text);
    }
    for path in OTHERS {
        for method in ["TRACE", "BREW", "PROPFIND"] {
            let answer = web.answer(far(method.parse().unwrap(), path)).await;
            assert!([400, 404, 405].contains(&answer.status), "{method} {path}: {}", answer.status);
            assert!(method != "TRACE" || answer.status == 405, "TRACE {path}: {}", answer.status);
        }
    }
    for operation in operations() {
        let path =
            format!("/api/v1{}", operation.path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057"));
        let answer = web.answer(far(Method::TRACE, &path)).await;
        assert_eq!(answer.status, 405, "TRACE {path}");
        let answer = web.answer(far("BREW".parse().unwrap(), &path)).await;
        assert_eq!(answer.status, 405, "BREW {path}");
        assert!(answer.headers.contains_key("allow"), "BREW {path} does not say what is allowed");
    }
}
