//! More events than can be stored at once.

use crate::stage::{TestApp, how_many, wire};
use axum::{body::Body, http::Request};
use futures_util::future::join_all;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};
use tower::ServiceExt as _;
use zelo::router;

/// How many events may wait for their commit in one process (`inbound::inbox`).
const ROOM: usize = 4096;

/// Somebody else holds what every commit of an event needs, until the first was told that there is no room.
async fn hold_commits_until(app: &TestApp, refused: &AtomicUsize) {
    db::write!(app.app.db, "hold_commits", db::Scope::Platform, |tx| -> db::Result<()> {
        tx.execute("update webhook_inlets set last_seq = last_seq", &[]).await?;
        while refused.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        Ok(())
    })
    .unwrap();
}

/// Everybody at once, and again whoever was told that there is no room, as Meta does. Within one process, so that nothing but
/// the product itself holds anything back.
#[tokio::test]
async fn l10_what_finds_no_room_is_told_so_and_nothing_is_lost() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    assert_eq!(hotel.receives(&hotel.status("wamid.first", "read")).await.status, 200);
    let router = router::router(&app.app);
    let refused = AtomicUsize::new(0);
    let post = async |number: usize| {
        let body = wire(&hotel.status(&format!("wamid.{number}"), "read"));
        let signature = whatsapp::signature::sign(&hotel.number.app_secret, &body);
        let request = Request::post("/webhooks/whatsapp").header("x-hub-signature-256", signature);
        let answer = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        refused.fetch_add(usize::from(answer.status() != 200), Ordering::Relaxed);
        answer.status().as_u16()
    };
    let events = how_many("ZELO_TEST_OVERLOAD", ROOM + 1_500);
    let mut left: Vec<usize> = (0..events).collect();
    let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
    while !left.is_empty() {
        let posts = join_all(left.iter().map(|number| post(*number)));
        let statuses = if left.len() == events {
            tokio::join!(posts, hold_commits_until(&app, &refused)).0
        } else {
            posts.await
        };
        for status in &statuses {
            *answers.entry(*status).or_default() += 1;
        }
        let told = left.iter().zip(&statuses).filter(|(_, status)| **status != 200);
        left = told.map(|(number, _)| *number).collect();
    }
    println!("l10: {events} events at once, {ROOM} have room: {answers:?}");
    assert_eq!(answers.remove(&200), Some(events), "each was taken in the end");
    assert!(answers.remove(&503).is_some_and(|refused| refused > 0));
    assert_eq!(answers, BTreeMap::new(), "nothing but 200 and 503");

    app.run_jobs().await;
    let counts = app.counts().await;
    assert_eq!((counts.waiting, counts.quarantined), (0, 0));
    assert_eq!(usize::try_from(counts.processed).unwrap(), events + 1);
}
