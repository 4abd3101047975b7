//! Tells the page that something changed; the page then asks for what it shows.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::error::RecvError;

use crate::simulator::Simulator;

pub(crate) async fn stream(
    State(simulator): State<Simulator>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = simulator.inner.changes.subscribe();
    let stop = simulator.inner.stop.clone();
    let events = stream::unfold((changes, stop), |(mut changes, stop)| async move {
        let what = match stop.run_until_cancelled(changes.recv()).await? {
            Ok(changed) => changed.what,
            // Somebody who fell behind looks at everything again.
            Err(RecvError::Lagged(_)) => "scene",
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(Event::default().event("changed").data(what)), (changes, stop)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
