//! Who is counted as whom: networks, proxies, people behind one address.

use crate::stage::{Answer, TestApp, http};
use serde_json::json;
use std::{collections::HashMap, net::IpAddr};
use uuid::Uuid;
use zelo::{
    clock::Clock,
    limits::{Limiter, Policies, Prefix, Subject},
};

/// Behind a proxy on this machine that says where requests come from.
pub(super) const BEHIND_A_PROXY: (&str, &str) = ("server.trusted_proxies", "127.0.0.1");

/// Call from an address, as the proxy tells it; returns the status.
pub(super) async fn call_from(app: &TestApp, address: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = http().get(format!("{}{path}", app.web.url)).header("x-forwarded-for", address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn l04_nobody_but_a_trusted_proxy_says_who_somebody_is() {
    let app = TestApp::with_settings(&[("limits.anonymous_per_minute", "20")]).await;
    let client = http();
    let mut accepted = 0;
    for turn in 0..60 {
        let pretended = format!("203.0.113.{turn}");
        let forwarded = format!("for={pretended};proto=https");
        let request = client
            .get(format!("{}/api/v1/users", app.web.url))
            .header("x-forwarded-for", &pretended)
            .header("forwarded", &forwarded)
            .header("x-real-ip", &pretended)
            .header("cf-connecting-ip", &pretended)
            .header("true-client-ip", &pretended)
            .header("x-client-ip", &pretended);
        accepted += i32::from(request.send().await.unwrap().status() == 401);
    }
    assert_eq!(accepted, 20, "a forged header bought more requests");
}

#[tokio::test]
async fn l04_behind_a_trusted_proxy_each_client_is_counted_apart() {
    let app = TestApp::with_settings(&[("limits.anonymous_per_minute", "3"), BEHIND_A_PROXY]).await;
    for address in ["203.0.113.1", "203.0.113.2"] {
        for expected in [401, 401, 401, 429] {
            assert_eq!(call_from(&app, address, "/api/v1/users", &[]).await, expected, "{address}");
        }
    }
    // What a client writes itself stands before what the proxy adds, and is not looked at; other headers are not at all.
    assert_eq!(call_from(&app, "203.0.113.77, 203.0.113.1", "/api/v1/users", &[]).await, 429);
    assert_eq!(call_from(&app, "203.0.113.1", "/api/v1/users", &[("x-real-ip", "203.0.113.9")]).await, 429);
    assert_eq!(
        call_from(&app, "203.0.113.1", "/api/v1/users", &[("forwarded", "for=203.0.113.9")]).await,
        429
    );
}

#[tokio::test]
async fn l03_ten_thousand_addresses_of_one_customer_count_as_one() {
    let app = TestApp::with_settings(&[("limits.anonymous_per_minute", "5"), BEHIND_A_PROXY]).await;
    let mut statuses: HashMap<u16, u32> = HashMap::new();
    for host in 0..50 {
        let address = format!("2001:db8:7:1:{host:x}:{host:x}:1:2");
        *statuses.entry(call_from(&app, &address, "/api/v1/users", &[]).await).or_default() += 1;
    }
    assert_eq!(statuses, HashMap::from([(401, 5), (429, 45)]));
    assert_eq!(call_from(&app, "2001:db8:7:2::1", "/api/v1/users", &[]).await, 401, "the neighbour");

    let limiter = Limiter::new(100_000, &[7; 32], None, Clock::standing_at(0));
    let policies = Policies::of(&app.app.config);
    for host in 0..10_000_u128 {
        let address = IpAddr::from((0x2001_0db8_0007_0009_u128 << 64 | host << 17).to_be_bytes());
        limiter.check(&policies.anonymous, Subject::Network(Prefix::from(address))).await;
    }
    assert_eq!(limiter.known(), 1);
}

/// Mobile carriers put thousands of people behind one address.
#[tokio::test]
async fn l03_those_who_are_signed_in_do_not_pay_for_their_neighbours() {
    let app =
        TestApp::with_settings(&[("limits.anonymous_per_minute", "10"), ("limits.user_per_minute", "600")])
            .await;
    let hotel = app.tenant("hotel").await;
    let mut staff = Vec::new();
    for name in ["ana", "beto", "carla", "davi", "elisa", "fabio", "gina", "hugo"] {
        let agent = hotel.agent(name).await;
        agent.token().await;
        staff.push(agent);
    }
    let flood = async || {
        let mut last = 0;
        for _ in 0..30 {
            last = app.web.call(reqwest::Method::GET, Some("stolen"), "/api/v1/users/me", None).await.status;
        }
        last
    };
    assert_eq!(flood().await, 429, "nobody's credentials are none");
    for agent in &staff {
        for _ in 0..20 {
            assert_eq!(agent.get("/users/me").await.status, 200);
        }
    }
    assert_eq!(flood().await, 429);

    // The same for a thousand users, without a thousand log-ins.
    let (limiter, policies) = (&app.app.limits.limiter, Policies::of(&app.app.config));
    for user in 0..1_000_u128 {
        for _ in 0..5 {
            let subject = Subject::User(Uuid::from_u128(user));
            assert!(limiter.check(&policies.session, subject).await.is_allowed);
        }
    }
}

#[tokio::test]
async fn l10_metas_webhook_is_limited_by_nothing_but_what_can_be_stored() {
    let app = TestApp::with_settings(&[("limits.anonymous_per_minute", "1"), BEHIND_A_PROXY]).await;
    let hotel = app.tenant("hotel").await;
    let owner = super::rules::platform_owner(&app).await;
    let denied = json!({"network": "127.0.0.0/8", "action": "deny"});
    // The operator's own address is another one, so that the rule is accepted.
    let answer =
        super::rules::send_from(&app, &owner, "203.0.113.5", "POST", "/admin/ip-rules", &denied).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(app.web.call(reqwest::Method::GET, None, "/login", None).await.status, 403);
    let mut answers: HashMap<u16, u32> = HashMap::new();
    for number in 0..400 {
        let status = hotel.status(&format!("wamid.{number}"), "read");
        let answer: Answer = hotel.receives(&status).await;
        assert!(!answer.headers.contains_key("ratelimit"));
        *answers.entry(answer.status).or_default() += 1;
    }
    assert_eq!(answers, HashMap::from([(200, 400)]));
    app.run_jobs().await;
}

/// A program is a caller of its own: neither its maker nor its maker's other programs pay for it.
#[tokio::test]
async fn l03_each_api_key_is_counted_by_itself() {
    let settings = [("limits.api_key_per_minute", "10"), ("limits.send_per_minute", "3")];
    let app = TestApp::with_settings(&settings).await;
    let hotel = app.tenant("hotel").await;
    let helena = hotel.contact("+55 11 98765-4321");
    helena.says("quero reservar").await;
    app.run_jobs().await;
    let owner = hotel.owner();
    let new = json!({"name": "n8n", "permissions": ["conversations:read", "messages:send"]});
    let (n8n, erp) = (owner.post("/api-keys", &new).await.ok(), owner.post("/api-keys", &new).await.ok());
    let (n8n, erp) = (n8n["secret"].as_str().unwrap(), erp["secret"].as_str().unwrap());
    let asks = async |key: &str| app.web.get(key, "/api/v1/conversations").await;

    for left in (0..10).rev() {
        let answer = asks(n8n).await;
        assert_eq!(answer.status, 200);
        let field = &answer.headers["ratelimit"];
        assert!(field.contains(&format!("\"api_key\";r={left};")), "{field}");
    }
    assert_eq!(asks(n8n).await.problem(), (429, "too_many_requests"));
    assert_eq!(asks(erp).await.status, 200, "another key of the same maker");
    for _ in 0..20 {
        assert_eq!(owner.get("/conversations").await.status, 200, "the maker");
    }

    // Sending has a limit of its own, for keys too.
    let send = json!({"channel_id": hotel.channel, "to": "+55 11 98765-4321", "type": "text", "text": "olá"});
    let sends =
        async || app.web.call(reqwest::Method::POST, Some(erp), "/api/v1/whatsapp/send", Some(&send)).await;
    for _ in 0..3 {
        assert_eq!(sends().await.status, 202);
    }
    let refused = sends().await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.body["violated-policies"], json!(["send"]));
    app.run_jobs().await;
}
