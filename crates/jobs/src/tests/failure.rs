//! Retry, giving up, the dead and their return.

use super::house::{ROOMS, houses, job, one_at_a_time, payloads, telling, tenant};
use crate::{Backoff, Outcome, QueueOptions, Replay, Workers};
use db::Scope;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

#[tokio::test]
async fn a_failing_job_waits_longer_each_time_until_its_attempts_are_used_up() {
    for house in houses().await {
        let jobs = house.process("ana");
        let backoff = Backoff { first: Duration::from_secs(10), longest: Duration::from_secs(60) };
        let id = house.ask(&jobs, vec![job("101").max_attempts(4)]).await[0].unwrap();
        let options = QueueOptions { backoff, ..one_at_a_time() };
        let (workers, mut told) =
            telling(&jobs, options, |job| Outcome::retry(format!("locked {}", job.attempt)));
        assert_eq!(workers.run_until_idle().await.unwrap(), 1);
        for attempt in 1..4 {
            let wait = backoff.wait(id, attempt);
            house.pass(wait - Duration::from_millis(1));
            assert_eq!(workers.run_until_idle().await.unwrap(), 0, "too early for attempt {}", attempt + 1);
            house.pass(Duration::from_millis(1));
            assert_eq!(workers.run_until_idle().await.unwrap(), 1);
        }
        assert_eq!(payloads(&mut told).len(), 4);
        assert_eq!(house.standing().await, ["rooms dead 1"]);
        let dead = jobs.list_dead(None, None, 10).await.unwrap();
        assert_eq!((dead[0].id, dead[0].attempts, &*dead[0].last_error), (id, 4, "locked 4"));
        house.pass(Duration::from_secs(86_400));
        assert_eq!(workers.run_until_idle().await.unwrap(), 0, "the dead do not run");
    }
}

#[tokio::test]
async fn a_handler_may_say_how_long_to_wait() {
    for house in houses().await {
        let jobs = house.process("ana");
        house.ask(&jobs, vec![job("101")]).await;
        let (workers, _told) =
            telling(&jobs, one_at_a_time(), |_| Outcome::retry_after(Duration::from_secs(900), "rate limit"));
        workers.run_until_idle().await.unwrap();
        house.pass(Duration::from_millis(899_999));
        assert_eq!(workers.run_until_idle().await.unwrap(), 0);
        house.pass(Duration::from_millis(1));
        assert_eq!(workers.run_until_idle().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_postponed_job_keeps_its_attempts_and_its_place_before_its_followers() {
    for house in houses().await {
        let jobs = house.process("ana");
        let room = |payload: &str| job(payload).key(tenant(101)).max_attempts(1);
        house.ask(&jobs, vec![room("first"), room("second"), job("elsewhere")]).await;
        let busy = Arc::new(AtomicBool::new(true));
        let seen = busy.clone();
        let (workers, mut told) = telling(&jobs, one_at_a_time(), move |job| {
            let waits = &*job.payload == "first" && seen.load(Ordering::SeqCst);
            if waits { Outcome::postpone(Duration::from_secs(6), "not yet") } else { Outcome::Done }
        });
        for _ in 0..3 {
            workers.run_until_idle().await.unwrap();
            house.pass(Duration::from_secs(6));
        }
        assert_eq!(payloads(&mut told), ["first", "elsewhere", "first", "first"], "the second one waits too");
        busy.store(false, Ordering::SeqCst);
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut told), ["first", "second"]);
        assert!(house.standing().await.is_empty());
    }
}

#[tokio::test]
async fn the_dead_are_listed_replayed_and_deleted_by_a_person() {
    for house in houses().await {
        let jobs = house.process("ana");
        let asked = ["101", "102", "103"].map(|room| job(room).tenant(tenant(1)).unique(room)).to_vec();
        let ids: Vec<Uuid> = house.ask(&jobs, asked).await.into_iter().flatten().collect();
        let (fails, _told) = telling(&jobs, one_at_a_time(), |_| Outcome::give_up("x".repeat(2000)));
        fails.run_until_idle().await.unwrap();

        let newest = jobs.list_dead(Some("rooms"), None, 2).await.unwrap();
        assert_eq!(newest.iter().map(|job| job.id).collect::<Vec<_>>(), [ids[2], ids[1]]);
        assert_eq!((newest[0].tenant, newest[0].last_error.len()), (Some(tenant(1)), 500));
        let older = jobs.list_dead(Some("rooms"), Some(newest[1].cursor), 2).await.unwrap();
        assert_eq!(older.iter().map(|job| job.id).collect::<Vec<_>>(), [ids[0]]);
        assert!(jobs.list_dead(Some("kitchen"), None, 2).await.unwrap().is_empty());

        // Somebody asked for room 102 again in the meantime, so its dead job has nothing left to do.
        house.ask(&jobs, vec![job("102 again").unique("102")]).await;
        db::write!(house.db, "tidy", Scope::Platform, |tx| -> db::Result<()> {
            assert_eq!(jobs.replay_dead(tx, ids[0]).await?, Replay::Enqueued);
            assert_eq!(jobs.replay_dead(tx, ids[0]).await?, Replay::NotFound);
            assert_eq!(jobs.replay_dead(tx, ids[1]).await?, Replay::AlreadyWaiting);
            assert!(jobs.delete_dead(tx, ids[2]).await?);
            assert!(!jobs.delete_dead(tx, ids[0]).await?, "a living job is not deleted");
            Ok(())
        })
        .unwrap();
        let (works, mut told) = telling(&jobs, one_at_a_time(), |_| Outcome::Done);
        works.run_until_idle().await.unwrap();
        let replayed: Vec<_> = std::iter::from_fn(|| told.try_recv().ok()).collect();
        assert_eq!(replayed.len(), 2);
        assert!(replayed.iter().any(|job| job.id == ids[0] && job.attempt == 1));
        assert!(house.standing().await.is_empty());
    }
}

#[tokio::test]
async fn old_dead_are_forgotten_and_young_ones_kept() {
    for house in houses().await {
        let jobs = house.process("ana");
        let (fails, _told) = telling(&jobs, one_at_a_time(), |_| Outcome::give_up("no"));
        house.ask(&jobs, vec![job("old")]).await;
        fails.run_until_idle().await.unwrap();
        house.pass(Duration::from_secs(60));
        house.ask(&jobs, vec![job("young")]).await;
        fails.run_until_idle().await.unwrap();
        let limit = house.now();
        let forgotten = db::write!(house.db, "prune", Scope::Platform, |tx| -> db::Result<u64> {
            jobs.prune_dead(tx, limit, 100).await
        });
        assert_eq!(forgotten.unwrap(), 1);
        assert_eq!(jobs.list_dead(None, None, 9).await.unwrap()[0].payload, "young");
    }
}

#[tokio::test]
async fn a_handler_that_panics_or_hangs_is_retried_and_harms_no_other_job() {
    for house in houses().await {
        let jobs = house.process("ana");
        house.ask(&jobs, ["bomb", "trap", "hang", "fine"].map(|it| job(it).max_attempts(1)).to_vec()).await;
        let options = QueueOptions { timeout: Duration::from_millis(20), ..QueueOptions::default() };
        let workers = Workers::new(jobs.clone()).queue(ROOMS, options, |job| {
            assert_ne!(&*job.payload, "trap", "before the first await");
            async move {
                match &*job.payload {
                    "bomb" => panic!("boom"),
                    "hang" => std::future::pending().await,
                    _ => Outcome::Done,
                }
            }
        });
        assert_eq!(workers.run_until_idle().await.unwrap(), 4);
        let dead = jobs.list_dead(None, None, 9).await.unwrap();
        let mut dead: Vec<_> = dead.iter().map(|it| (&*it.payload, &*it.last_error)).collect();
        dead.sort_unstable();
        let panicked = "the handler panicked";
        assert_eq!(dead, [("bomb", panicked), ("hang", "the handler took too long"), ("trap", panicked)]);
        assert_eq!(house.standing().await, ["rooms dead 3"]);
    }
}
