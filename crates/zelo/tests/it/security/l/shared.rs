//! Counting for several processes in Redis, and without it when it goes away.

use super::counting::{A_HUNDRED, storm};
use crate::stage::environment;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;
use zelo::{
    clock::{Clock, MINUTE},
    limits::{Limiter, Policy, Subject},
    redis_client::RedisClient,
};

const LOGIN: Policy = Policy { name: "login", quota: 5, window: 15 * MINUTE };

/// Limiters of three processes of one installation, on connections of their own. A secret that nobody else has keeps
/// tests on one server apart.
fn three(url: &str) -> Vec<Arc<Limiter>> {
    let secret = *zelo::crypto::random_bytes::<32>().unwrap();
    let limiter = || {
        let redis = RedisClient::open(url).unwrap();
        Arc::new(Limiter::new(10_000, &secret, Some(redis), Clock::of_the_host()))
    };
    vec![limiter(), limiter(), limiter()]
}

fn redis() -> Option<String> {
    let url = environment("ZELO_TEST_REDIS_URL");
    if url.is_none() {
        println!("skipped: ZELO_TEST_REDIS_URL names no server");
    }
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l01_three_processes_accept_exactly_a_hundred_together() {
    let Some(url) = redis() else { return };
    let limiters = three(&url);
    for run in 0..20 {
        let subject = Subject::User(Uuid::from_u128(run));
        assert_eq!(storm(&limiters, subject).await, 100, "run {run}");
    }
}

#[tokio::test]
async fn l01_what_one_process_forgets_is_forgotten_in_all() {
    let Some(url) = redis() else { return };
    let limiters = three(&url);
    let subject = Subject::User(Uuid::from_u128(1));
    for limiter in limiters.iter().cycle().take(5) {
        assert!(limiter.check(&LOGIN, subject).await.is_allowed);
    }
    let refused = limiters[0].check(&LOGIN, subject).await;
    assert!(!refused.is_allowed && refused.remaining == 0 && refused.reset > 14 * MINUTE, "{refused:?}");
    limiters[1].give_back(&LOGIN, subject).await;
    let last = limiters[2].check(&LOGIN, subject).await;
    assert!(last.is_allowed && last.remaining == 0);
    limiters[0].forget(&LOGIN, subject).await;
    let fresh = limiters[2].check(&LOGIN, subject).await;
    assert!(fresh.is_allowed && fresh.remaining == 4 && !fresh.is_reduced());
}

/// A way to Redis that can be cut.
struct Way {
    address: String,
    open: Arc<Mutex<Option<tokio::task::JoinSet<()>>>>,
}

impl Way {
    #[expect(clippy::disallowed_methods, reason = "the way ends with the test's runtime")]
    async fn to(url: &str) -> Self {
        let target = url.strip_prefix("redis://").unwrap().trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("redis://{}", listener.local_addr().unwrap());
        let open = Arc::new(Mutex::new(Some(tokio::task::JoinSet::new())));
        let connections = open.clone();
        tokio::spawn(async move {
            while let Ok((mut inside, _)) = listener.accept().await {
                let target = target.clone();
                let mut connections = connections.lock();
                let Some(connections) = connections.as_mut() else { continue };
                connections.spawn(async move {
                    let Ok(mut outside) = TcpStream::connect(target).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
                });
            }
        });
        Self { address, open }
    }

    /// Nobody gets through any more.
    fn cut(&self) {
        self.open.lock().take();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l08_without_redis_everybody_works_on_and_log_ins_stay_limited() {
    let Some(url) = redis() else { return };
    let way = Way::to(&url).await;
    let limiters = three(&way.address);
    for _ in 0..2 {
        for (process, limiter) in limiters.iter().enumerate() {
            limiter.be_present(Uuid::from_u128(process as u128)).await;
        }
    }
    let (known, strange) = (Subject::User(Uuid::from_u128(1)), Subject::User(Uuid::from_u128(2)));
    for limiter in &limiters {
        assert!(limiter.check(&LOGIN, known).await.is_allowed);
    }
    way.cut();
    for (process, limiter) in limiters.iter().enumerate() {
        let (mut more, mut fresh, mut usual) = (0, 0, 0);
        for _ in 0..60 {
            more += u32::from(limiter.check(&LOGIN, known).await.is_allowed);
            fresh += u32::from(limiter.check(&LOGIN, strange).await.is_allowed);
        }
        for _ in 0..33 {
            usual += u32::from(limiter.check(&A_HUNDRED, known).await.is_allowed);
        }
        // A third of five is one; of the one whom this process let in before, it knows.
        assert_eq!((more, fresh), (0, 1), "process {process}");
        assert_eq!(usual, 33, "within its share of the quota nobody is refused");
        let refused = limiter.check(&A_HUNDRED, known).await;
        assert!(!refused.is_allowed && refused.is_reduced() && refused.quota == 33);
        let error = refused.into_result().unwrap_err();
        let zelo::Error::TooManyRequests { refusal: Some(refusal), .. } = error else { panic!("{error:?}") };
        assert!(refusal.problem_type().ends_with("#temporary-reduced-capacity"));
    }
}
