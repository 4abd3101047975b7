//! Calls that hang: a network in which no answer comes for a while.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::watch;

use crate::simulator::Simulator;

/// Whether calls hang, and how many do.
#[derive(Debug)]
pub(crate) struct Hold {
    is_on: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

impl Default for Hold {
    fn default() -> Self {
        Self { is_on: watch::Sender::new(false), waiting: watch::Sender::new(0) }
    }
}

/// As long as this lives, calls to the Graph API wait before anything is done with them.
#[derive(Debug)]
pub struct HeldCalls {
    simulator: Simulator,
}

impl HeldCalls {
    /// Waits until so many calls hang.
    pub async fn are(&self, count: usize) {
        let mut waiting = self.simulator.inner.hold.waiting.subscribe();
        // The sender lives as long as the simulator.
        if waiting.wait_for(|waiting| *waiting >= count).await.is_err() {
            tracing::debug!("the simulator is gone");
        }
    }
}

impl Drop for HeldCalls {
    fn drop(&mut self) {
        self.simulator.inner.hold.is_on.send_replace(false);
    }
}

impl Simulator {
    /// Lets calls to the Graph API hang until what is given back is dropped.
    pub fn hold_calls(&self) -> HeldCalls {
        self.inner.hold.is_on.send_replace(true);
        HeldCalls { simulator: self.clone() }
    }
}

/// Lets a call wait as long as calls hang.
pub(crate) async fn wait(State(simulator): State<Simulator>, request: Request, next: Next) -> Response {
    let hold = &simulator.inner.hold;
    let mut is_on = hold.is_on.subscribe();
    if *is_on.borrow() {
        hold.waiting.send_modify(|waiting| *waiting += 1);
        let released = is_on.wait_for(|is_on| !is_on).await.is_ok();
        tracing::debug!(released, "a call goes on");
        hold.waiting.send_modify(|waiting| *waiting -= 1);
    }
    next.run(request).await
}
