//! What a browser keeps.

use super::*;
use crate::security::account::{Enrolled, log_in};
use zelo::config::{Config, Sources};

/// Every cookie that an answer sets, with a browser's eyes.
async fn cookies_of(request: reqwest::RequestBuilder) -> Vec<String> {
    let answer = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
    answer.headers().get_all("set-cookie").iter().map(|it| it.to_str().unwrap().to_owned()).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test has clients of its own; its calls go to loopback only")]
fn browser() -> reqwest::Client {
    drop(crate::stage::http());
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

#[tokio::test]
async fn s01_every_cookie_is_hidden_from_scripts_and_bound_to_this_host() {
    for environment in ["development", "production"] {
        let settings: &[(&str, &str)] =
            &[("environment", environment), ("whatsapp.graph_base_url", "https://graph.facebook.com")];
        let app = TestApp::with_settings(if environment == "production" { settings } else { &[] }).await;
        let hotel = app.tenant("hotel").await;
        let ana = hotel.agent("ana").await;
        let beto = Enrolled::new(&app, hotel.agent("beto").await).await;
        let mut seen = Vec::new();
        for who in [&ana.email, &beto.agent.email] {
            let form =
                format!("email={}&password={}&next=%2F", who.replace('@', "%40"), crate::stage::PASSWORD);
            let request = browser().post(format!("{}/login", app.web.url));
            let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
            seen.extend(cookies_of(request).await);
        }
        seen.extend(cookies_of(browser().post(format!("{}/logout", app.web.url))).await);
        assert!(seen.len() >= 4, "{seen:?}");
        for cookie in &seen {
            for word in ["; HttpOnly", "; SameSite=Strict", "; Path=/;", "; Max-Age="] {
                assert!(cookie.contains(word), "{cookie} lacks {word}");
            }
            assert!(!cookie.to_lowercase().contains("domain="), "{cookie}");
            let is_strict = cookie.starts_with("__Host-") && cookie.contains("; Secure");
            assert_eq!(is_strict, environment == "production", "{cookie}");
        }
        app.run_jobs().await;
    }
}

/// The cookie of one log-in is never that of the next, and an old one opens nothing afterwards.
#[tokio::test]
async fn s08_each_log_in_has_a_name_of_its_own() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let form =
        format!("email={}&password={}&next=%2F", ana.email.replace('@', "%40"), crate::stage::PASSWORD);
    let mut names = std::collections::BTreeSet::new();
    for planted in ["", "zelo_session=planted"] {
        let request = browser().post(format!("{}/login", app.web.url)).header("cookie", planted);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.clone());
        let set = cookies_of(request).await;
        let session = set.iter().find(|cookie| cookie.starts_with("zelo_session=")).unwrap();
        assert!(!session.contains("planted"));
        names.insert(session.clone());
    }
    assert_eq!(names.len(), 2);
    app.run_jobs().await;
}

/// No token stands in an answer's headers or in the log-in page's addresses.
#[tokio::test]
async fn s11_no_token_stands_in_an_address_or_an_error() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let tokens = log_in(&app, &ana.email, crate::stage::PASSWORD).await.ok();
    for path in ["/api/v1/auth/me?access_token=", "/api/v1/conversations?token="] {
        let address = format!("{path}{}", access(&tokens));
        let answer = app.web.call(Method::GET, None, &address, None).await;
        assert!([400, 401].contains(&answer.status), "a token in an address is not heard");
        assert!(!answer.text.contains(access(&tokens)), "{}", answer.text);
        assert!(answer.headers.values().all(|value| !value.contains(access(&tokens))));
    }
    let answer = refresh(&app, &json!("canary-canary-canary")).await;
    assert!(!answer.text.contains("canary"), "{}", answer.text);
    let page = app.web.call(Method::GET, None, "/password/new?token=canary-canary", None).await;
    assert_eq!(page.status, 410);
    assert!(!page.text.contains("canary-canary"));
    assert_eq!(page.headers["referrer-policy"], "same-origin");
    assert!(Config::load(&Sources::default()).is_ok());
}
