//! How exactly is counted.

use crate::stage::TestApp;
use reqwest::Method;
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;
use zelo::{
    clock::{Clock, MINUTE},
    config::{Config, Sources},
    limits::{Limiter, Policies, Policy, Prefix, Subject},
};

pub(super) const A_HUNDRED: Policy = Policy { name: "test", quota: 100, window: MINUTE };

/// 64 clients with 50 requests each at once, spread over the limiters; how many were accepted.
pub(super) async fn storm(limiters: &[Arc<Limiter>], subject: Subject) -> usize {
    let accepted = Arc::new(AtomicUsize::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..64 {
        let (limiter, accepted) = (limiters[client % limiters.len()].clone(), accepted.clone());
        clients.spawn(async move {
            for _ in 0..50 {
                if limiter.check(&A_HUNDRED, subject).await.is_allowed {
                    accepted.fetch_add(1, Ordering::Relaxed);
                }
                tokio::task::yield_now().await;
            }
        });
    }
    clients.join_all().await;
    accepted.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l01_of_3200_requests_at_once_exactly_a_hundred_are_accepted() {
    let limiter = Arc::new(Limiter::new(10_000, &[7; 32], None, Clock::of_the_host()));
    for run in 0..20 {
        let subject = Subject::User(Uuid::from_u128(run));
        assert_eq!(storm(std::slice::from_ref(&limiter), subject).await, 100, "run {run}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l01_a_hundred_anonymous_requests_get_through_the_whole_router() {
    let app = TestApp::with_settings(&[("limits.anonymous_per_minute", "100")]).await;
    let answered = Arc::new(AtomicUsize::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (web, answered) = (app.web.clone(), answered.clone());
        clients.spawn(async move {
            for _ in 0..5 {
                let answer = web.call(Method::GET, None, "/api/v1/conversations", None).await;
                assert!([401, 429].contains(&answer.status), "{}", answer.text);
                answered.fetch_add(usize::from(answer.status == 401), Ordering::Relaxed);
            }
        });
    }
    clients.join_all().await;
    assert_eq!(answered.load(Ordering::Relaxed), 100);
}

#[test]
fn l03_the_defaults_are_those_that_were_promised() {
    let policies = Policies::of(&Config::load(&Sources::default()).unwrap());
    let of = |policy: Policy| (policy.quota, policy.window);
    assert_eq!(of(policies.anonymous), (100, MINUTE));
    assert_eq!(of(policies.api_key), (100, MINUTE));
    assert_eq!(of(policies.send), (30, MINUTE));
    assert_eq!(of(policies.login), (5, 15 * MINUTE));
    assert!(policies.session.quota >= 600 && policies.user.quota >= 600);
    assert_eq!(policies.account.quota, 100, "NIST SP 800-63B-4, section 3.2.2");
}

/// The moments that count slide: no edge of a minute lets twice the quota through.
#[tokio::test]
async fn l02_what_was_used_up_at_59_seconds_is_not_there_again_at_61() {
    let app = TestApp::with_settings(&[("limits.anonymous_per_minute", "10")]).await;
    let accepted = async || {
        let mut accepted = 0;
        for _ in 0..20 {
            let answer = app.web.call(Method::GET, None, "/api/v1/users", None).await;
            accepted += i32::from(answer.status == 401);
        }
        accepted
    };
    app.passes(59_000);
    assert_eq!(accepted().await, 10);
    app.passes(2_000);
    assert_eq!(accepted().await, 0);
    app.passes(58_000);
    assert_eq!(accepted().await, 10);
}

#[tokio::test]
async fn l03_sending_has_a_limit_of_its_own_and_what_it_refuses_was_never_accepted() {
    let app = TestApp::with_settings(&[("limits.send_per_minute", "30")]).await;
    let hotel = app.tenant("hotel").await;
    let (ana, beto) = (hotel.agent("ana").await, hotel.agent("beto").await);
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let body = json!({"to": "+55 11 98765-4321", "type": "text", "text": "Olá"});
    for _ in 0..30 {
        assert_eq!(ana.post("/whatsapp/send", &body).await.status, 202);
    }
    let refused = ana.post("/whatsapp/send", &body).await;
    assert_eq!(refused.problem(), (429, "too_many_requests"));
    assert_eq!(refused.headers["retry-after"], "60");
    assert_eq!(refused.body["violated-policies"], json!(["send"]));
    // The other name of the API is the same door, another person another caller.
    let token = ana.token().await;
    let other_name = app.web.call(Method::POST, Some(&token), "/api/whatsapp/send", Some(&body)).await;
    assert_eq!(other_name.status, 429);
    assert_eq!(beto.post("/whatsapp/send", &body).await.status, 202);
    assert_eq!(ana.get("/conversations").await.status, 200, "everything else goes on");
    app.run_jobs().await;
    assert_eq!(ana.reads().await.iter().filter(|text| *text == "Olá").count(), 31);
    app.passes(MINUTE);
    assert_eq!(ana.post("/whatsapp/send", &body).await.status, 202);
    // 31 at once were on Meta's credit for one person; the next waits until they are paid for.
    app.passes(5 * MINUTE);
    app.run_jobs().await;
}

#[tokio::test]
async fn l03_a_tenants_callers_share_a_limit_and_another_tenant_has_its_own() {
    let app = TestApp::with_settings(&[("limits.tenant_per_minute", "6")]).await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let (ana, beto, vera) = (hotel.agent("ana").await, hotel.agent("beto").await, clinic.agent("vera").await);
    for _ in 0..3 {
        assert_eq!((ana.get("/users/me").await.status, beto.get("/users/me").await.status), (200, 200));
    }
    let refused = ana.get("/users/me").await;
    assert_eq!((refused.status, &refused.body["violated-policies"]), (429, &json!(["tenant"])));
    assert_eq!(beto.get("/users/me").await.status, 429);
    assert_eq!(vera.get("/users/me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l07_a_flood_of_addresses_takes_bounded_memory_and_no_time() {
    // The figures for five million addresses come from examples/limiter_memory.rs; here the bound itself is shown.
    let clock = Clock::standing_at(0);
    let limiter = Limiter::new(20_000, &[7; 32], None, clock.clone());
    let mut slowest = Vec::new();
    let flood = async |slowest: &mut Vec<Duration>, from: u32| {
        for address in from..from + 200_000 {
            let network = Subject::Network(Prefix::from(std::net::IpAddr::from(address.to_be_bytes())));
            let began = Instant::now();
            limiter.check(&A_HUNDRED, network).await;
            slowest.push(began.elapsed());
        }
    };
    flood(&mut slowest, 0x0b00_0000).await;
    assert!(limiter.known() <= 20_096, "{} subjects are known", limiter.known());
    slowest.sort_unstable();
    let p99 = slowest[slowest.len() * 99 / 100];
    assert!(p99 < Duration::from_millis(1), "{p99:?}");
    // Nobody among those who share a place gets more than the quota.
    let late = Subject::Network(Prefix::from(std::net::IpAddr::from([198, 51, 100, 7])));
    let mut accepted = 0;
    for _ in 0..300 {
        accepted += u32::from(limiter.check(&A_HUNDRED, late).await.is_allowed);
    }
    assert!((50..=100).contains(&accepted), "{accepted}");
    // What has ended makes room.
    clock.advance(2 * MINUTE);
    flood(&mut slowest, 0x0c00_0000).await;
    assert!(limiter.known() <= 20_096);
}
