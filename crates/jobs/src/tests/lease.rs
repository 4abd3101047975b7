//! Leases: who holds a job, and what becomes of it when its holder dies.

use super::house::{ROOMS, clean, houses, job, next, one_at_a_time, payloads, telling, tenant};
use crate::{Error, Leased, Outcome, QueueOptions, Running, Workers, store::settle};
use db::Scope;
use std::time::Duration;
use tokio::sync::mpsc;

/// Workers whose handler tells of its job and then never ends.
async fn stuck(jobs: &crate::Jobs) -> (Running, mpsc::UnboundedReceiver<Leased>) {
    let (tell, told) = mpsc::unbounded_channel();
    let workers = Workers::new(jobs.clone()).queue(ROOMS, QueueOptions::default(), move |job| {
        tell.send(job).unwrap();
        std::future::pending()
    });
    (workers.start().await.unwrap(), told)
}

/// End workers as `kill -9` does, and wait until nothing of them is left.
async fn kill(running: Running) {
    let tracker = running.tracker();
    drop(running);
    tracker.wait().await;
}

#[tokio::test]
async fn the_job_of_a_killed_process_is_taken_over_and_the_old_holder_cannot_complete_it() {
    for house in houses().await {
        let (ana, beto) = (house.process("ana"), house.process("beto"));
        house.ask(&ana, vec![job("101").key(tenant(1)), job("102").key(tenant(1))]).await;
        let (killed, mut told) = stuck(&ana).await;
        let stale = next(&mut told).await;
        kill(killed).await;

        let (workers, mut seen) = telling(&beto, one_at_a_time(), |_| Outcome::Done);
        assert_eq!(workers.run_until_idle().await.unwrap(), 0, "the lease still holds");
        house.pass(QueueOptions::default().lease);
        let (taking_over, mut taken) = stuck(&beto).await;
        let fresh = next(&mut taken).await;
        assert_eq!((fresh.id, fresh.attempt), (stale.id, 2));

        let refused = clean(&house.db, &stale).await;
        assert!(matches!(refused, Err(Error::Stale(id)) if id == stale.id), "{refused:?}");
        assert!(house.effects().await.is_empty(), "the effect of a stale holder is undone");
        clean(&house.db, &fresh).await.unwrap();
        assert!(matches!(clean(&house.db, &fresh).await, Err(Error::Stale(_))), "only once");
        assert_eq!(house.effects().await, ["101"]);

        assert_eq!(&*next(&mut taken).await.payload, "102", "a completed job lets its follower run");
        kill(taking_over).await;
        assert_eq!(
            workers.run_until_idle().await.unwrap(),
            0,
            "102 was claimed by the second killed process"
        );
        house.pass(QueueOptions::default().lease);
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut seen), ["102"]);
    }
}

#[tokio::test]
async fn a_lease_that_ran_out_is_fenced_even_before_somebody_takes_the_job() {
    for house in houses().await {
        let ana = house.process("ana");
        house.ask(&ana, vec![job("101")]).await;
        let (killed, mut told) = stuck(&ana).await;
        let stale = next(&mut told).await;
        kill(killed).await;
        house.pass(QueueOptions::default().lease);
        let (workers, _seen) = telling(&house.process("beto"), one_at_a_time(), |_| Outcome::retry("busy"));
        workers.run_until_idle().await.unwrap();
        assert!(matches!(clean(&house.db, &stale).await, Err(Error::Stale(_))));
        assert_eq!(house.standing().await, ["rooms scheduled 1"]);
    }
}

#[tokio::test]
async fn a_renewed_lease_does_not_run_out() {
    for house in houses().await {
        let ana = house.process("ana");
        house.ask(&ana, vec![job("101")]).await;
        let (killed, mut told) = stuck(&ana).await;
        let held = next(&mut told).await;
        let until = house.now() + 90_000;
        db::write!(house.db, "renew", Scope::Platform, |tx| -> db::Result<()> {
            assert_eq!(settle::renew(tx, std::iter::once(&held), until).await?, 1);
            let older = Leased { fence: held.fence - 1, ..held.clone() };
            assert_eq!(settle::renew(tx, std::iter::once(&older), until).await?, 0, "a stale holder renewed");
            Ok(())
        })
        .unwrap();
        kill(killed).await;
        let (workers, _seen) = telling(&house.process("beto"), one_at_a_time(), |_| Outcome::Done);
        house.pass(Duration::from_secs(89));
        assert_eq!(workers.run_until_idle().await.unwrap(), 0);
        house.pass(Duration::from_secs(1));
        assert_eq!(workers.run_until_idle().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_job_that_always_kills_its_process_ends_among_the_dead_and_frees_its_key() {
    for house in houses().await {
        let ana = house.process("ana");
        house.ask(&ana, vec![job("bomb").key(tenant(1)).max_attempts(2), job("after").key(tenant(1))]).await;
        for attempt in 1..=2 {
            let (killed, mut told) = stuck(&ana).await;
            assert_eq!(next(&mut told).await.attempt, attempt);
            kill(killed).await;
            house.pass(QueueOptions::default().lease);
        }
        let (workers, mut seen) = telling(&house.process("beto"), one_at_a_time(), |_| Outcome::Done);
        workers.run_until_idle().await.unwrap();
        assert_eq!(payloads(&mut seen), ["after"]);
        let dead = ana.list_dead(Some("rooms"), None, 10).await.unwrap();
        assert_eq!((dead.len(), &*dead[0].payload, &*dead[0].last_error), (1, "bomb", "the lease ran out"));
    }
}
