//! Jobs for later, and jobs again and again.

use super::house::{MORNING, ROOMS, houses, job, next, one_at_a_time, payloads, telling};
use crate::{Outcome, QueueOptions};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_scheduled_job_runs_when_its_time_has_come_and_not_before() {
    for house in houses().await {
        let jobs = house.process("ana");
        house.ask(&jobs, vec![job("checkout").run_at(MORNING + 5000), job("now")]).await;
        let (workers, mut told) = telling(&jobs, one_at_a_time(), |_| Outcome::Done);
        workers.run_until_idle().await.unwrap();
        house.pass(Duration::from_millis(4999));
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut told), ["now"]);
        house.pass(Duration::from_millis(1));
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut told), ["checkout"]);
    }
}

#[tokio::test]
async fn workers_that_sleep_find_a_scheduled_job_by_themselves() {
    for house in houses().await {
        let jobs = house.process("ana");
        let (workers, mut told) = telling(&jobs, one_at_a_time(), |_| Outcome::Done);
        let running = workers.start().await.unwrap();
        house.ask(&jobs, vec![job("soon").run_at(MORNING + 1000)]).await;
        house.pass(Duration::from_secs(1));
        assert_eq!(&*next(&mut told).await.payload, "soon");
        running.drain(HOUR).await;
    }
}

#[tokio::test]
async fn a_periodic_job_runs_once_a_period_however_many_processes_ask_for_it() {
    for house in houses().await {
        let (ana, beto) = (house.process("ana"), house.process("beto"));
        let (anas, mut told) = telling(&ana, QueueOptions::default(), |_| Outcome::Done);
        let (betos, mut told_too) = telling(&beto, QueueOptions::default(), |_| Outcome::Done);
        let anas = anas.periodic(ROOMS, "inspect", HOUR).start().await.unwrap();
        let betos = betos.periodic(ROOMS, "inspect", HOUR).start().await.unwrap();
        let mut ids = Vec::new();
        for _ in 0..5 {
            house.pass(HOUR);
            ids.push(tokio::select! { job = next(&mut told) => job.id, job = next(&mut told_too) => job.id });
            until(&house, &["rooms scheduled 1"]).await;
        }
        anas.drain(HOUR).await;
        betos.drain(HOUR).await;
        assert!(
            payloads(&mut told).is_empty() && payloads(&mut told_too).is_empty(),
            "it ran twice in a period"
        );
        ids.dedup();
        assert_eq!(ids.len(), 5, "each run is a job of its own");
    }
}

/// Wait until the queue stands so: what a handler has told is settled a moment later, in another transaction.
async fn until(house: &super::house::House, expected: &[&str]) {
    let mut rings = house.db.listen("nobody rings this");
    for _ in 0..1000 {
        if house.standing().await == expected {
            return;
        }
        rings.wait(Duration::from_millis(10)).await;
    }
    panic!("the queue stands at {:?}", house.standing().await);
}

#[tokio::test]
async fn missed_runs_are_made_up_for_once_and_a_dead_run_does_not_end_the_series() {
    for house in houses().await {
        let jobs = house.process("ana");
        let (workers, mut told) = telling(&jobs, one_at_a_time(), |_| Outcome::give_up("the lift is broken"));
        workers.clone().periodic(ROOMS, "inspect", HOUR).start().await.unwrap().drain(HOUR).await;
        house.pass(HOUR * 10);
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut told).len(), 1);
        assert_eq!(house.standing().await, ["rooms dead 1", "rooms scheduled 1"]);
        house.pass(HOUR);
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut told).len(), 1);
    }
}

#[tokio::test]
async fn a_changed_period_moves_the_next_run() {
    for house in houses().await {
        let jobs = house.process("ana");
        let (workers, mut told) = telling(&jobs, one_at_a_time(), |_| Outcome::Done);
        for period in [HOUR * 1000, HOUR] {
            workers.clone().periodic(ROOMS, "inspect", period).start().await.unwrap().drain(HOUR).await;
        }
        assert_eq!(house.standing().await, ["rooms scheduled 1"]);
        house.pass(HOUR);
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut told).len(), 1);
    }
}
