//! Failing to log in, and what follows.

use super::rules::{another_process, platform_owner};
use crate::{
    program::{Installation, Server},
    stage::{Answer, PASSWORD, TestApp, Web},
};
use axum::http::{HeaderMap, header};
use reqwest::Method;
use serde_json::{Value, json};
use std::net::IpAddr;
use zelo::{
    Error,
    app::App,
    clock::{DAY, HOUR, MINUTE, Millis},
    limits::{
        RefusalKind,
        login::{Attempt, LoginClient, Permit, admit, pardon},
    },
};

const ANA: [u8; 16] = [1; 16];

/// A browser that tries to log in.
struct Browser {
    address: IpAddr,
    cookie: Option<String>,
}

impl Browser {
    fn at(address: &str) -> Self {
        Self { address: address.parse().unwrap(), cookie: None }
    }

    fn client(&self, app: &App) -> LoginClient {
        let mut headers = HeaderMap::new();
        if let Some(cookie) = &self.cookie {
            headers.insert(header::COOKIE, cookie.parse().unwrap());
        }
        LoginClient::of(app, &headers, self.address)
    }

    async fn tries(&self, app: &App, account: &[u8; 16]) -> Result<Permit, Error> {
        admit(app, Attempt::Password, account, &self.client(app)).await
    }

    /// Try a wrong password; whether the try was made at all.
    async fn fails(&self, app: &App, account: &[u8; 16]) -> bool {
        match self.tries(app, account).await {
            Ok(permit) => {
                permit.failed().await.unwrap();
                true
            }
            Err(error) => {
                assert!(matches!(error, Error::TooManyRequests { .. }), "{error:?}");
                false
            }
        }
    }

    /// Log in; from now on the browser is known.
    async fn succeeds(&mut self, app: &App, account: &[u8; 16]) {
        let client = self.client(app);
        self.tries(app, account).await.unwrap().succeeded().await.unwrap();
        let set = client.remember(app, account);
        self.cookie = set.set_cookie.split(';').next().map(str::to_owned);
    }

    /// How long it has to wait, and why.
    async fn waits(&self, app: &App, account: &[u8; 16]) -> (Millis, RefusalKind) {
        match self.tries(app, account).await {
            Err(Error::TooManyRequests { refusal: Some(refusal), .. }) => {
                (refusal.decision.reset, refusal.kind)
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn until_kept_out(app: &App, browser: &Browser, account: &[u8; 16]) -> usize {
    let mut tries = 0;
    while browser.fails(app, account).await {
        tries += 1;
    }
    tries
}

#[tokio::test]
async fn l05_bans_grow_from_a_quarter_of_an_hour_to_a_day() {
    let app = TestApp::new().await;
    let thief = Browser::at("203.0.113.9");
    for lasts in [15 * MINUTE, HOUR, DAY, DAY] {
        assert_eq!(until_kept_out(&app.app, &thief, &ANA).await, 5);
        assert_eq!(thief.waits(&app.app, &ANA).await, (lasts, RefusalKind::Abnormal));
        app.passes(lasts - 1);
        assert_eq!(thief.waits(&app.app, &ANA).await.0, 1);
        app.passes(1);
    }
    // A quiet week, and the next ban is a short one again.
    app.passes(7 * DAY);
    until_kept_out(&app.app, &thief, &ANA).await;
    assert_eq!(thief.waits(&app.app, &ANA).await.0, 15 * MINUTE);
}

#[tokio::test]
async fn l05_a_ban_survives_a_restart_and_other_processes_hear_of_it_and_of_its_end() {
    let app = TestApp::new().await;
    let thief = Browser::at("203.0.113.9");
    until_kept_out(&app.app, &thief, &ANA).await;
    // Nothing was written when this process ended: the next one finds what is on disk.
    let restarted = another_process(&app, &app.clock).await;
    assert_eq!(thief.waits(&restarted, &ANA).await, (15 * MINUTE, RefusalKind::Abnormal));

    let owner = platform_owner(&app).await;
    let list = app.web.get(&owner, "/api/v1/admin/bans").await.ok();
    let [ban] = list["data"].as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!(
        (&ban["kind"], &ban["policy"], &ban["network"]),
        (&json!("client"), &json!("login"), &json!("203.0.113.9"))
    );
    assert_eq!((&ban["level"], &ban["user_id"]), (&json!(1), &Value::Null));
    assert_eq!(
        (&ban["banned_at"], &ban["ends_at"]),
        (&json!("2026-11-20T12:00:00.000Z"), &json!("2026-11-20T12:15:00.000Z"))
    );
    let path = format!("/api/v1/admin/bans/{}", ban["id"].as_str().unwrap());
    assert_eq!(app.web.call(Method::DELETE, Some(&owner), &path, None).await.status, 204);
    assert!(thief.fails(&app.app, &ANA).await, "the ban was lifted");
    assert_eq!(app.web.call(Method::DELETE, Some(&owner), &path, None).await.status, 404);
    let list = app.web.get(&owner, "/api/v1/admin/bans").await.ok();
    assert_eq!(list["data"], json!([]));
    let restarted_again = another_process(&app, &app.clock).await;
    assert!(thief.fails(&restarted_again, &ANA).await);
    let hotel = app.tenant("hotel").await;
    let token = hotel.owner().token().await;
    assert_eq!(app.web.get(&token, "/api/v1/admin/bans").await.status, 403);
}

/// OWASP's device cookies: a stranger's failures are not the owner's.
#[tokio::test]
async fn l05_nobody_locks_the_owner_out_of_a_browser_that_is_known() {
    let app = TestApp::new().await;
    let mut ana = Browser::at("198.51.100.4");
    ana.succeeds(&app.app, &ANA).await;
    let mut kept_out = 0;
    for host in 0..40 {
        let thief = Browser::at(&format!("203.0.113.{host}"));
        kept_out += usize::from(until_kept_out(&app.app, &thief, &ANA).await <= 5);
    }
    assert_eq!(kept_out, 40);
    // Even from the thief's own network.
    ana.address = "203.0.113.1".parse().unwrap();
    for _ in 0..3 {
        ana.succeeds(&app.app, &ANA).await;
    }
    assert!(ana.fails(&app.app, &ANA).await && ana.fails(&app.app, &ANA).await);
    ana.succeeds(&app.app, &ANA).await;
    assert_eq!(until_kept_out(&app.app, &ana, &ANA).await, 5, "the known browser has a limit too");
    // The cookie of one account says nothing for another.
    assert_eq!(until_kept_out(&app.app, &ana, &[2; 16]).await, 5);
}

#[tokio::test]
async fn l05_after_a_hundred_failures_in_a_row_only_known_browsers_and_a_reset_lead_in() {
    let app = TestApp::new().await;
    let mut ana = Browser::at("198.51.100.4");
    ana.succeeds(&app.app, &ANA).await;
    let mut failures = 0;
    for host in 0..60 {
        failures += until_kept_out(&app.app, &Browser::at(&format!("203.0.113.{host}")), &ANA).await;
        app.passes(10 * MINUTE);
    }
    assert_eq!(failures, 100);
    let stranger = Browser::at("192.0.2.1");
    assert_eq!(stranger.waits(&app.app, &ANA).await.1, RefusalKind::Abnormal);
    assert!(stranger.fails(&app.app, &[2; 16]).await, "other accounts are open");
    ana.succeeds(&app.app, &ANA).await;
    assert!(!stranger.fails(&app.app, &ANA).await, "the owner's log-in does not let strangers try again");
    let reset = admit(&app.app, Attempt::PasswordReset, &ANA, &stranger.client(&app.app)).await;
    reset.unwrap().succeeded().await.unwrap();
    pardon(&app.app, &ANA).await.unwrap();
    assert!(stranger.fails(&app.app, &ANA).await);
}

#[tokio::test]
async fn l05_one_network_cannot_try_one_password_on_every_account() {
    let app = TestApp::with_settings(&[("limits.login_network_failures", "20")]).await;
    let sprayer = Browser::at("203.0.113.9");
    let mut known = Browser::at("203.0.113.9");
    known.succeeds(&app.app, &ANA).await;
    let mut tried = 0;
    for account in 10..60 {
        tried += usize::from(sprayer.fails(&app.app, &[account; 16]).await);
    }
    assert_eq!(tried, 20);
    assert_eq!(sprayer.waits(&app.app, &[99; 16]).await, (15 * MINUTE, RefusalKind::Abnormal));
    assert!(Browser::at("203.0.113.10").fails(&app.app, &[99; 16]).await, "the neighbour");
    known.succeeds(&app.app, &ANA).await;
}

#[tokio::test]
async fn l05_good_log_ins_are_no_failures_and_broken_off_tries_are() {
    let app = TestApp::new().await;
    let mut ana = Browser::at("198.51.100.4");
    for _ in 0..30 {
        ana.cookie = None;
        ana.succeeds(&app.app, &ANA).await;
    }
    ana.cookie = None;
    for _ in 0..5 {
        drop(ana.tries(&app.app, &ANA).await.unwrap());
    }
    assert!(!ana.fails(&app.app, &ANA).await);
    assert_eq!(ana.waits(&app.app, &ANA).await.1, RefusalKind::Abnormal, "breaking off does not help");
    // The second factor is counted apart.
    let code = admit(&app.app, Attempt::SecondFactor, &ANA, &ana.client(&app.app)).await;
    code.unwrap().failed().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l05_of_many_tries_at_once_five_are_made() {
    let app = TestApp::new().await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let app = app.app.clone();
        tries.spawn(async move { Browser::at("203.0.113.9").fails(&app, &ANA).await });
    }
    let made = tries.join_all().await.into_iter().filter(|made| *made).count();
    assert_eq!(made, 5);
    let bans = "select count(*) from bans";
    assert_eq!(app.count(None, bans).await, 1);
}

/// The whole way, as a browser and as a program go it.
#[tokio::test]
async fn l05_the_sixth_password_is_not_looked_at_and_the_known_browser_gets_in() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let log_in = async |password: &str, cookie: Option<&str>| {
        let url = format!("{}/api/v1/auth/login", app.web.url);
        let body = json!({"email": ana.email, "password": password});
        let mut request = crate::stage::http().post(url).json(&body);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        Answer::of(request.send().await.unwrap()).await
    };
    let good = log_in(PASSWORD, None).await;
    let cookie = good.headers["set-cookie"].split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("zelo_known="), "{cookie}");
    for _ in 0..5 {
        assert_eq!(log_in("errada-errada", None).await.status, 401);
    }
    let refused = log_in(PASSWORD, None).await;
    assert_eq!(refused.problem(), (429, "too_many_requests"));
    assert_eq!(
        refused.body["type"],
        "https://iana.org/assignments/http-problem-types#abnormal-usage-detected"
    );
    assert_eq!(refused.body["violated-policies"], json!(["login"]));
    assert_eq!(refused.headers["retry-after"], "900");
    assert_eq!(log_in(PASSWORD, Some(&cookie)).await.status, 200);

    // People see how long it takes, at the page itself.
    let form = format!("email={}&password={PASSWORD}", ana.email.replace('@', "%40"));
    let page = crate::stage::http()
        .post(format!("{}/login", app.web.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let page = Answer::of(page.header("sec-fetch-site", "same-origin").send().await.unwrap()).await;
    assert_eq!((page.status, page.headers["retry-after"].as_str()), (429, "900"));
    assert!(page.text.contains("</html>"));

    let owner = platform_owner(&app).await;
    let id = ana.get("/users/me").await.ok()["id"].clone();
    let bans = app.web.get(&owner, "/api/v1/admin/bans").await.ok();
    assert_eq!((&bans["data"][0]["user_id"], &bans["data"][0]["tenant_id"]), (&id, &json!(hotel.id)));
    let clear = json!({"user_id": id});
    let cleared =
        app.web.call(Method::POST, Some(&owner), "/api/v1/admin/rate-limit/clear", Some(&clear)).await;
    assert_eq!(cleared.ok(), json!({"lifted_bans": 1}));
    assert_eq!(log_in("errada-errada", None).await.status, 401);
    assert_eq!(log_in(PASSWORD, None).await.status, 200);
}

#[tokio::test]
async fn l05_bans_and_their_ends_are_in_the_audit_log() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let body = json!({"email": ana.email, "password": "errada-errada"});
    for _ in 0..6 {
        app.web.call(Method::POST, None, "/api/v1/auth/login", Some(&body)).await;
    }
    let owner = platform_owner(&app).await;
    let bans = app.web.get(&owner, "/api/v1/admin/bans").await.ok();
    let path = format!("/api/v1/admin/bans/{}", bans["data"][0]["id"].as_str().unwrap());
    assert_eq!(app.web.call(Method::DELETE, Some(&owner), &path, None).await.status, 204);
    let of_tenant = "select count(*) from audit_entries where tenant_id = $1 and event_type = 'ban'";
    assert_eq!(app.count(Some(hotel.id.0), of_tenant).await, 1);
    let of_platform = "select count(*) from audit_entries where tenant_id = $1 and event_type = 'ban_lifted'";
    assert_eq!(app.count(Some(uuid::Uuid::nil()), of_platform).await, 1);
}

#[tokio::test]
async fn l05_a_ban_survives_kill_9() {
    let installation = Installation::new().await;
    let log_in = async |server: &Server| {
        let body = json!({"email": "ana@aurora.example.com", "password": "errada-errada"});
        Web::new(server.url()).call(Method::POST, None, "/api/v1/auth/login", Some(&body)).await.status
    };
    let server = Server::start(&installation, &["serve", "--port", "0", "--json"]).await;
    for _ in 0..5 {
        assert_eq!(log_in(&server).await, 401);
    }
    assert_eq!(log_in(&server).await, 429);
    server.kill().await;
    let server = Server::start(&installation, &["serve", "--port", "0", "--json"]).await;
    assert_eq!(log_in(&server).await, 429);
    server.kill().await;
}
