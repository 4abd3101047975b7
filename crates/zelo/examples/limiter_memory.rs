//! How much memory and time the limiter takes when five million addresses call, most of them once:
//! `cargo run --release -p zelo --example limiter_memory`.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};
use zelo::{
    clock::{Clock, MINUTE},
    limits::{Limiter, Policy, Prefix, Subject},
};

const ADDRESSES: u32 = 5_000_000;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
async fn main() {
    let policy = Policy { name: "anonymous", quota: 100, window: MINUTE };
    let clock = Clock::standing_at(0);
    let limiter = Limiter::new(1_000_000, &[7; 32], None, clock.clone());
    let before = resident();
    let mut took = Vec::with_capacity(ADDRESSES as usize);
    let reserved = resident() - before;
    for number in 0..ADDRESSES {
        let address = Ipv4Addr::from_bits(0x0b00_0000 + number);
        let subject = Subject::Network(Prefix::from(std::net::IpAddr::V4(address)));
        let began = Instant::now();
        limiter.check(&policy, subject).await;
        took.push(began.elapsed());
        // A hundred thousand new addresses a second: what came a minute ago has ended.
        if number % 100_000 == 0 {
            clock.advance(1_000);
        }
    }
    let measured = u64::try_from(took.len() * size_of::<Duration>()).unwrap_or_default() / 1024;
    let grown = resident().saturating_sub(before + reserved).saturating_sub(measured);
    took.sort_unstable();
    let at = |part: usize| took.get(took.len() * part / 1000).copied().unwrap_or_default();
    println!("addresses {ADDRESSES}, counted apart {}", limiter.known());
    println!("memory {} MB", grown / 1024);
    println!("check p50 {:?}, p99 {:?}, p99.9 {:?}, slowest {:?}", at(500), at(990), at(999), took.last());
}

/// Resident memory of this process in kB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or_default()
}
