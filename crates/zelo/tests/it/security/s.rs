//! Sessions and tokens.

mod cookies;
mod ended;
mod forged;
mod leaks;

use crate::stage::{Agent, Answer, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use zelo::clock::{DAY, HOUR, MINUTE, SECOND};

impl Agent {
    /// Log in as a program of its own; returns the answer with its tokens.
    pub(super) async fn logs_in(&self) -> Value {
        let body = json!({"email": self.email, "password": crate::stage::PASSWORD});
        self.app.web.call(Method::POST, None, "/api/v1/auth/login", Some(&body)).await.ok()
    }
}

fn access(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

async fn refresh(app: &TestApp, token: &Value) -> Answer {
    app.web.call(Method::POST, None, "/api/v1/auth/refresh", Some(&json!({"refresh_token": token}))).await
}

async fn me(app: &TestApp, tokens: &Value) -> u16 {
    app.web.get(access(tokens), "/api/v1/auth/me").await.status
}

#[tokio::test]
async fn s05_an_old_refresh_token_ends_the_whole_family() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let (first, other) = (ana.logs_in().await, ana.logs_in().await);

    let second = refresh(&app, &first["refresh_token"]).await.ok();
    let third = refresh(&app, &second["refresh_token"]).await.ok();
    assert_eq!(me(&app, &third).await, 200);
    // Two generations back, long after its exchange: somebody else has it.
    let stolen = refresh(&app, &first["refresh_token"]).await;

    assert_eq!(stolen.problem(), (401, "unauthorized"));
    assert_eq!(refresh(&app, &third["refresh_token"]).await.status, 401, "the newest one died with it");
    for tokens in [&first, &second, &third] {
        assert_eq!(me(&app, tokens).await, 401);
    }
    assert_eq!(me(&app, &other).await, 200, "another log-in of hers is another family");
}

#[tokio::test]
async fn s05_a_forged_refresh_token_of_a_known_session_ends_nothing() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let tokens = hotel.agent("ana").await.logs_in().await;
    let mut forged = tokens["refresh_token"].as_str().unwrap().to_owned();
    forged.replace_range(60..64, "AAAA");

    assert_eq!(refresh(&app, &json!(forged)).await.status, 401);
    assert_eq!(me(&app, &tokens).await, 200);
    assert_eq!(refresh(&app, &tokens["refresh_token"]).await.status, 200);
}

#[tokio::test]
async fn s05_fifty_tabs_that_refresh_at_once_get_one_new_token_and_stay_in() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let tokens = hotel.agent("ana").await.logs_in().await;

    let tabs = (0..50).map(|_| refresh(&app, &tokens["refresh_token"]));
    let answers = futures_util::future::join_all(tabs).await;
    let mut next: Vec<String> =
        answers.iter().map(|it| it.clone().ok()["refresh_token"].as_str().unwrap().to_owned()).collect();
    next.dedup();
    assert_eq!(next.len(), 1, "one branch");

    app.passes(9 * SECOND);
    assert_eq!(refresh(&app, &tokens["refresh_token"]).await.status, 200, "a slow tab inside the grace");
    app.passes(2 * SECOND);
    assert_eq!(refresh(&app, &tokens["refresh_token"]).await.status, 401, "after it, a thief");
    assert_eq!(refresh(&app, &json!(next[0])).await.status, 401);
}

#[tokio::test]
async fn s07_who_is_away_too_long_is_out_and_so_is_who_stays_too_long() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, dona) = (hotel.agent("ana").await, hotel.owner().clone());

    // Unused for a second too long.
    for (who, idle) in [(&ana, 12 * HOUR), (&dona, HOUR)] {
        let tokens = refresh(&app, &who.logs_in().await["refresh_token"]).await.ok();
        app.passes(idle + SECOND);
        assert_eq!(refresh(&app, &tokens["refresh_token"]).await.status, 401, "{}", who.email);
        let tokens = who.logs_in().await;
        app.passes(idle - MINUTE);
        assert_eq!(refresh(&app, &tokens["refresh_token"]).await.status, 200, "{}", who.email);
    }

    // In use all the time.
    for (who, step, life) in [(&ana, 11 * HOUR, 30 * DAY), (&dona, 50 * MINUTE, DAY)] {
        let mut tokens = who.logs_in().await;
        let mut passed = 0;
        while passed + step < life {
            app.passes(step);
            passed += step;
            tokens = refresh(&app, &tokens["refresh_token"]).await.ok();
        }
        assert_eq!(me(&app, &tokens).await, 200);
        app.passes(life - passed + SECOND);
        assert_eq!(me(&app, &tokens).await, 401, "{} is in for {life} ms", who.email);
        assert_eq!(refresh(&app, &tokens["refresh_token"]).await.status, 401);
    }
}

#[tokio::test]
async fn s07_a_request_keeps_a_session_awake_and_an_open_socket_does_not() {
    let app = TestApp::with_settings(&[("auth.access_token_minutes", "1440")]).await;
    let hotel = app.tenant("hotel").await;
    let tokens = hotel.agent("ana").await.logs_in().await;
    let caller = zelo::identity::Caller::by_token(&app.app, access(&tokens)).await.unwrap();

    app.passes(8 * HOUR);
    assert_eq!(me(&app, &tokens).await, 200);
    app.passes(8 * HOUR);
    assert_eq!(me(&app, &tokens).await, 200, "it was used eight hours ago");
    for _ in 0..3 {
        app.passes(4 * HOUR + SECOND);
        let _ = caller.is_still_valid(&app.app).await;
    }
    assert!(!caller.is_still_valid(&app.app).await.unwrap());
    assert_eq!(me(&app, &tokens).await, 401);
}

#[tokio::test]
async fn s08_somebody_sees_their_log_ins_and_ends_one_or_all_of_them() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let (ana, beto) = (hotel.agent("ana").await, hotel.agent("beto").await);
    let (here, there, of_beto) = (ana.logs_in().await, ana.logs_in().await, beto.logs_in().await);
    assert_ne!(here["refresh_token"], there["refresh_token"]);

    let listed = app.web.get(access(&here), "/api/v1/auth/sessions").await.ok();
    let data = listed["data"].as_array().unwrap();
    assert_eq!(data.len(), 2);
    let current: Vec<bool> = data.iter().map(|it| it["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true], "newest first");
    let other = data[0]["id"].as_str().unwrap();

    let path = format!("/api/v1/auth/sessions/{other}");
    let by_beto = app.web.call(Method::DELETE, Some(access(&of_beto)), &path, None).await;
    assert_eq!(by_beto.status, 404, "nobody ends a colleague's session");
    assert_eq!(me(&app, &there).await, 200);
    let by_ana = app.web.call(Method::DELETE, Some(access(&here)), &path, None).await;
    assert_eq!(by_ana.status, 204);
    assert_eq!((me(&app, &there).await, me(&app, &here).await), (401, 200));
    assert_eq!(refresh(&app, &there["refresh_token"]).await.status, 401);

    let all = app.web.call(Method::DELETE, Some(access(&here)), "/api/v1/auth/sessions", None).await;
    assert_eq!(all.status, 204);
    assert_eq!((me(&app, &here).await, me(&app, &of_beto).await), (401, 200));
}

#[tokio::test]
async fn s08_a_refresh_token_is_enough_to_log_out() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let (one, other) = (ana.logs_in().await, ana.logs_in().await);

    let body = json!({"refresh_token": one["refresh_token"]});
    let left = app.web.call(Method::POST, None, "/api/v1/auth/logout", Some(&body)).await;
    assert_eq!(left.status, 204);
    assert_eq!((me(&app, &one).await, me(&app, &other).await), (401, 200));
    let left = app.web.call(Method::POST, Some(access(&other)), "/api/v1/auth/logout", None).await;
    assert_eq!((left.status, me(&app, &other).await), (204, 401));
}
