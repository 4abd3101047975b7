//! What ties a job to the work that enqueued it.

use super::house::{ROOMS, houses, job, next, one_at_a_time};
use crate::{Leased, Outcome, Replay, Traces, Workers};
use db::Scope;
use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::mpsc;

tokio::task_local! {
    static TRACE: String;
}

fn current() -> Option<String> {
    TRACE.try_with(String::clone).ok()
}

/// Follows work by a task-local text.
pub(super) struct Followed;

impl Traces for Followed {
    fn current(&self) -> Option<String> {
        current()
    }

    fn follow(&self, job: &Leased, attempt: BoxFuture<'static, Outcome>) -> BoxFuture<'static, Outcome> {
        match job.trace.as_deref() {
            Some(trace) => TRACE.scope(trace.to_owned(), attempt).boxed(),
            None => attempt,
        }
    }
}

#[tokio::test]
async fn a_job_and_what_it_enqueues_carry_the_trace_of_whoever_enqueued_it_first() {
    for house in houses().await {
        let jobs = house.process("ana");
        let (tell, mut told) = mpsc::unbounded_channel();
        let (db, again) = (house.db.clone(), jobs.clone());
        let workers = Workers::new(jobs.clone()).queue(ROOMS, one_at_a_time(), move |leased| {
            let (db, again, tell) = (db.clone(), again.clone(), tell.clone());
            async move {
                if &*leased.payload == "asked for" {
                    db::write!(db, "ask_again", Scope::Platform, |tx| -> db::Result<_> {
                        again.enqueue(tx, job("follows")).await
                    })
                    .unwrap();
                }
                tell.send((leased.payload.to_string(), current())).unwrap();
                Outcome::Done
            }
        });
        TRACE.scope("booking 7".into(), house.ask(&jobs, vec![job("asked for")])).await;
        house.ask(&jobs, vec![job("by itself")]).await;
        assert_eq!(workers.run_until_idle().await.unwrap(), 3);
        let mut seen = [next(&mut told).await, next(&mut told).await, next(&mut told).await];
        seen.sort();
        let booking = Some("booking 7".to_owned());
        let expected = [("asked for", booking.clone()), ("by itself", None), ("follows", booking)]
            .map(|(a, b)| (a.into(), b));
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn a_job_that_was_tried_again_or_came_back_from_the_dead_keeps_its_trace() {
    for house in houses().await {
        let jobs = house.process("ana");
        let (tell, mut told) = mpsc::unbounded_channel();
        let workers = Workers::new(jobs.clone()).queue(ROOMS, one_at_a_time(), move |leased| {
            tell.send((leased.attempt, current())).unwrap();
            std::future::ready(Outcome::retry_after(std::time::Duration::ZERO, "locked"))
        });
        let asked = TRACE.scope("booking 7".into(), house.ask(&jobs, vec![job("101").max_attempts(2)])).await;
        workers.run_until_idle().await.unwrap();
        let id = asked[0].unwrap();
        let replayed = db::write!(house.db, "replay", Scope::Platform, |tx| -> db::Result<_> {
            jobs.replay_dead(tx, id).await
        });
        assert_eq!(replayed.unwrap(), Replay::Enqueued);
        workers.run_until_idle().await.unwrap();
        for attempt in [1, 2, 1, 2] {
            assert_eq!(next(&mut told).await, (attempt, Some("booking 7".to_owned())));
        }
    }
}
