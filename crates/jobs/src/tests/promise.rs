//! Enqueuing.

use super::house::{KITCHEN, ROOMS, houses, job, one_at_a_time, payloads, telling, tenant};
use crate::{NewJob, Outcome};
use db::{Error, Scope};

#[tokio::test]
async fn a_job_exists_exactly_when_its_transaction_was_committed() {
    for house in houses().await {
        let jobs = house.process("ana");
        for scope in [Scope::Platform, Scope::Tenant(tenant(1))] {
            let failed: db::Result<()> = db::write!(house.db, "fail", scope, |tx| -> db::Result<()> {
                assert!(jobs.enqueue(tx, job("never")).await?.is_some());
                Err(Error::Statement("the guest changed her mind".into()))
            });
            assert!(failed.is_err());
            assert!(house.standing().await.is_empty());
        }
        house.ask(&jobs, vec![job("101").tenant(tenant(1)), job("102")]).await;
        let (workers, mut told) = telling(&jobs, one_at_a_time(), |_| Outcome::Done);
        assert_eq!(workers.run_until_idle().await.unwrap(), 2);
        let mut cleaned = payloads(&mut told);
        cleaned.sort();
        assert_eq!(cleaned, ["101", "102"]);
        assert!(house.standing().await.is_empty(), "finished jobs are deleted");
    }
}

#[tokio::test]
async fn the_handler_gets_what_was_asked_for() {
    for house in houses().await {
        let jobs = house.process("ana");
        let asked =
            NewJob::new(ROOMS, "clean", r#"{"room":7}"#).tenant(tenant(3)).key(tenant(4)).max_attempts(2);
        let id = house.ask(&jobs, vec![asked]).await[0].unwrap();
        let (workers, mut told) = telling(&jobs, one_at_a_time(), |_| Outcome::Done);
        workers.run_until_idle().await.unwrap();
        let seen = told.try_recv().unwrap();
        assert_eq!((seen.id, &*seen.kind, &*seen.payload), (id, "clean", r#"{"room":7}"#));
        assert_eq!((seen.tenant, seen.key), (Some(tenant(3)), Some(tenant(4))));
        assert_eq!((seen.attempt, seen.max_attempts, seen.is_last_attempt()), (1, 2, false));
    }
}

#[tokio::test]
async fn of_unfinished_jobs_only_one_has_a_unique_name() {
    for house in houses().await {
        let jobs = house.process("ana");
        let linen = || job("linen").unique("linen");
        let first = house.ask(&jobs, vec![linen(), linen(), job("towels").unique("towels")]).await;
        assert!(first[0].is_some() && first[1].is_none() && first[2].is_some());
        // Its name keeps a job out also where its key is free, and another queue has names of its own.
        assert_eq!(house.ask(&jobs, vec![linen().key(tenant(9))]).await, [None]);
        let elsewhere = NewJob { queue: KITCHEN, ..linen() };
        assert!(house.ask(&jobs, vec![elsewhere]).await[0].is_some());
        let (workers, mut told) = telling(&jobs, one_at_a_time(), |_| Outcome::Done);
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut told), ["linen", "towels"]);
        assert!(house.ask(&jobs, vec![linen()]).await[0].is_some(), "a finished job frees its name");
    }
}

#[tokio::test]
async fn a_keyed_job_is_enqueued_also_while_another_transaction_finishes_the_one_before_it() {
    for house in houses().await {
        let jobs = house.process("ana");
        let key = tenant(5);
        house.ask(&jobs, vec![job("first").key(key)]).await;
        let (workers, mut told) = telling(&jobs, one_at_a_time(), |_| Outcome::Done);
        // Many rounds, because what is looked for is a meeting of two commits.
        for round in 0..50 {
            let asking = house.ask(&jobs, vec![job(format!("{round}")).key(key)]);
            let (_, ran) = tokio::join!(asking, workers.run_until_idle());
            ran.unwrap();
        }
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut told).len(), 51, "a job was left behind: {:?}", house.standing().await);
    }
}

#[tokio::test]
async fn counts_say_how_many_wait_and_since_when() {
    for house in houses().await {
        let jobs = house.process("ana");
        let later = job("later").run_at(house.now() + 60_000);
        let keyed = |payload: &str| job(payload).key(tenant(1));
        house.ask(&jobs, vec![later, keyed("a"), keyed("b"), keyed("c")]).await;
        assert_eq!(house.standing().await, ["rooms held 2", "rooms ready 1", "rooms scheduled 1"]);
        let counts = jobs.counts().await.unwrap();
        assert_eq!(counts[0].oldest_run_at, house.now());
        assert_eq!(counts[2].oldest_run_at, house.now() + 60_000);
        jobs.publish_gauges().await.unwrap();
    }
}
