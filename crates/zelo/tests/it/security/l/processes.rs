//! Limits of one installation that runs as several real programs.

use crate::{
    program::{Installation, Server},
    stage::{environment, how_many, http},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// 64 clients with 50 requests each at once, spread over the programs; how many were not refused.
async fn storm(servers: &[Server], address: &str) -> usize {
    let accepted = Arc::new(AtomicUsize::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..64 {
        let url = format!("{}/api/v1/conversations", servers[client % servers.len()].url());
        let (accepted, address, web) = (accepted.clone(), address.to_owned(), http());
        clients.spawn(async move {
            for _ in 0..50 {
                let answer = web.get(&url).header("x-forwarded-for", &address).send().await.unwrap();
                let status = answer.status().as_u16();
                assert!([401, 429].contains(&status), "{status}");
                accepted.fetch_add(usize::from(status == 401), Ordering::Relaxed);
            }
        });
    }
    clients.join_all().await;
    accepted.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l01_three_programs_accept_exactly_a_hundred_of_3200_requests() {
    let Some(redis) = environment("ZELO_TEST_REDIS_URL") else {
        println!("skipped: ZELO_TEST_REDIS_URL names no server");
        return;
    };
    let installation = Installation::new().await;
    let mut servers = Vec::new();
    for _ in 0..3 {
        let mut command = installation.command(&["serve", "--port", "0", "--json"]);
        command
            .env("ZELO__REDIS__URL", &redis)
            .env("ZELO__SERVER__TRUSTED_PROXIES", "127.0.0.1")
            .env("ZELO__LIMITS__ANONYMOUS_PER_MINUTE", "100");
        servers.push(Server::start_as(command).await);
    }
    let runs = how_many("ZELO_TEST_STORMS", 2);
    for run in 0..runs {
        let address = format!("203.0.{}.{}", run / 200, run % 200 + 1);
        assert_eq!(storm(&servers, &address).await, 100, "run {run}");
    }
    println!("l01: exactly 100 of 3,200 in each of {runs} runs over three programs");
    for server in servers {
        server.kill().await;
    }
}
