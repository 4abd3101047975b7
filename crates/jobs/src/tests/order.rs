//! In which order jobs run: by key, by tenant, by priority.

use super::house::{House, ROOMS, houses, job, next, one_at_a_time, payloads, telling, tenant};
use crate::{Outcome, QueueOptions, Workers};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::mpsc;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_jobs_of_a_key_run_one_after_the_other_in_the_order_of_their_commits() {
    for house in houses().await {
        let (tell, mut told) = mpsc::unbounded_channel();
        let at_work: Arc<parking_lot::Mutex<HashMap<uuid::Uuid, String>>> = Arc::default();
        let mut running = Vec::new();
        for worker in ["ana", "beto", "caio"] {
            let (tell, at_work) = (tell.clone(), at_work.clone());
            let workers = Workers::new(house.process(worker));
            let workers = workers.queue(ROOMS, QueueOptions::default(), move |job| {
                let (tell, at_work) = (tell.clone(), at_work.clone());
                async move {
                    let key = job.key.unwrap();
                    let other = at_work.lock().insert(key, job.payload.to_string());
                    tokio::task::yield_now().await;
                    at_work.lock().remove(&key);
                    tell.send((key, job.payload.to_string(), other)).unwrap();
                    Outcome::Done
                }
            });
            running.push(workers.start().await.unwrap());
        }
        // Four askers at once, each for the same three keys.
        let askers = (0..4).map(|asker| ask_for_three_keys(&house, asker));
        futures_util::future::join_all(askers).await;

        let mut by_key: HashMap<_, Vec<String>> = HashMap::new();
        for _ in 0..4 * 3 * 20 {
            let (key, payload, other) = next(&mut told).await;
            assert_eq!(other, None, "two jobs of one key ran at a time");
            by_key.entry(key).or_default().push(payload);
        }
        for (key, ran) in by_key {
            for asker in 0..4 {
                let own: Vec<_> = ran.iter().filter(|it| it.starts_with(&format!("{asker}/"))).collect();
                let expected: Vec<_> = (0..20).map(|number| format!("{asker}/{number}")).collect();
                assert_eq!(own, expected.iter().collect::<Vec<_>>(), "the order of {key}");
            }
        }
        for running in running {
            running.drain(std::time::Duration::from_secs(10)).await;
        }
        assert!(house.standing().await.is_empty());
    }
}

async fn ask_for_three_keys(house: &House, asker: u32) {
    let jobs = house.process("reception");
    for number in 0..20 {
        let for_key = |key| job(format!("{asker}/{number}")).key(tenant(key));
        house.ask(&jobs, vec![for_key(1), for_key(2), for_key(3)]).await;
    }
}

#[tokio::test]
async fn a_job_that_waits_for_a_retry_holds_back_its_followers_and_a_dead_one_does_not() {
    for house in houses().await {
        let jobs = house.process("ana");
        let keyed = |payload: &str| job(payload).key(tenant(1));
        house.ask(&jobs, vec![keyed("fails"), keyed("follows"), job("stranger")]).await;
        let (workers, mut told) = telling(&jobs, QueueOptions::default(), |job| match &*job.payload {
            "fails" if job.attempt == 2 => Outcome::give_up("no such room"),
            "fails" => Outcome::retry("the door is locked"),
            _ => Outcome::Done,
        });
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut told), ["fails", "stranger"]);
        assert_eq!(house.standing().await, ["rooms held 1", "rooms scheduled 1"]);
        house.pass(std::time::Duration::from_secs(1));
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut told), ["fails", "follows"]);
        assert_eq!(house.standing().await, ["rooms dead 1"]);
    }
}

#[tokio::test]
async fn ten_thousand_jobs_of_one_tenant_do_not_delay_the_single_job_of_another() {
    for house in houses().await {
        let jobs = house.process("ana");
        let (hotel, clinic, school) = (tenant(2), tenant(3), tenant(1));
        for _ in 0..10 {
            house.ask(&jobs, (0..1000).map(|_| job("hotel").tenant(hotel)).collect()).await;
        }
        house.ask(&jobs, vec![job("clinic").tenant(clinic)]).await;
        house.ask(&jobs, vec![job("school").tenant(school)]).await;
        house.ask(&jobs, vec![job("platform")]).await;
        let (workers, mut told) = telling(&jobs, one_at_a_time(), |_| Outcome::Done);
        let running = workers.start().await.unwrap();
        let mut first = Vec::new();
        for _ in 0..7 {
            first.push(next(&mut told).await.payload.to_string());
        }
        running.drain(std::time::Duration::from_secs(10)).await;
        // Tenants take turns in the order of their ids; who has nothing left is passed over.
        assert_eq!(first, ["platform", "school", "hotel", "clinic", "hotel", "hotel", "hotel"]);
    }
}

#[tokio::test]
async fn a_batch_is_shared_between_tenants() {
    for house in houses().await {
        let jobs = house.process("ana");
        house.ask(&jobs, (0..50).map(|_| job("hotel").tenant(tenant(1))).collect()).await;
        house.ask(&jobs, (0..50).map(|_| job("clinic").tenant(tenant(2))).collect()).await;
        let eight = QueueOptions { concurrency: 8, ..QueueOptions::default() };
        let (workers, mut told) = telling(&jobs, eight, |_| Outcome::Done);
        let running = workers.start().await.unwrap();
        let mut first = Vec::new();
        for _ in 0..8 {
            first.push(next(&mut told).await.payload.to_string());
        }
        running.drain(std::time::Duration::from_secs(10)).await;
        assert_eq!(first.iter().filter(|it| *it == "hotel").count(), 4, "{first:?}");
    }
}

#[tokio::test]
async fn inside_a_tenant_lower_priorities_run_first_and_then_the_oldest() {
    for house in houses().await {
        let jobs = house.process("ana");
        let asked = [("c", 0), ("e", 127), ("d", 0), ("a", -128), ("b", -1)];
        house.ask(&jobs, asked.map(|(payload, priority)| job(payload).priority(priority)).to_vec()).await;
        let (workers, mut told) = telling(&jobs, one_at_a_time(), |_| Outcome::Done);
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut told), ["a", "b", "c", "d", "e"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tenant_whose_jobs_take_long_leaves_room_for_the_others() {
    for house in houses().await {
        let jobs = house.process("ana");
        let slow = (0..40).map(|number| job(format!("slow {number}")).tenant(tenant(1))).collect();
        house.ask(&jobs, slow).await;
        let (tell, mut told) = mpsc::unbounded_channel();
        let door = Arc::new(tokio::sync::Semaphore::new(0));
        let options = QueueOptions { concurrency: 8, per_tenant: 4, ..QueueOptions::default() };
        let opened = door.clone();
        let workers = Workers::new(jobs.clone()).queue(ROOMS, options, move |job| {
            let (tell, door) = (tell.clone(), opened.clone());
            async move {
                tell.send(job.payload.to_string()).unwrap();
                if job.payload.starts_with("slow") {
                    let _passed = door.acquire().await;
                }
                Outcome::Done
            }
        });
        let running = workers.start().await.unwrap();
        let mut began = Vec::new();
        for _ in 0..2 {
            began.push(next(&mut told).await);
        }
        house.ask(&jobs, vec![job("quick").tenant(tenant(2))]).await;
        loop {
            match next(&mut told).await {
                it if it == "quick" => break,
                it => began.push(it),
            }
        }
        assert!(began.len() <= 4, "{began:?} are at work");
        door.close();
        while began.len() < 40 {
            began.push(next(&mut told).await);
        }
        running.drain(std::time::Duration::from_secs(10)).await;
        assert!(house.standing().await.is_empty());
    }
}
