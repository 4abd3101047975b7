//! Meta's Graph API and the customer's phone, faked faithfully, for the demo and for tests.
//!
//! One [`Simulator`] holds any number of business numbers ([`Channel`]) and people ([`NewContact`]). Its router answers
//! what the Cloud API answers, posts signed webhooks to each channel's callback, and serves a page on which somebody
//! can be the customer. Everything that the page does can also be done through methods.
//!
//! Time and randomness come from the configuration, so that a test can repeat a scene exactly.

mod channel;
mod clock;
mod coexistence;
mod conditions;
mod contact;
mod control;
mod delivery;
mod graph;
mod handshake;
mod hold;
mod ids;
mod json;
mod log;
mod media;
mod meter;
mod page;
mod reviews;
mod said;
mod scene;
mod simulator;
mod speaking;
mod talk;
mod template;
mod webhook;
mod wire;

use std::future::Future;

use tokio::net::TcpListener;

pub use channel::Channel;
pub use clock::{Clock, RetrySchedule};
pub use conditions::{Conditions, FailureForm, PlannedFailure, SendLimits, TemplateDecision, TemplateReview};
pub use contact::{Contact, ContactId, NewContact, NotAContact};
pub use handshake::HandshakeError;
pub use hold::HeldCalls;
pub use log::{Direction, LogEntry};
pub use meter::{AcceptedSend, Tally};
pub use said::Said;
pub use simulator::{Simulator, SimulatorConfig, UnknownParty};
pub use talk::{Talk, Tick, Turn, Writer};

/// Serves the simulator until `shutdown` resolves, then stops its background work.
pub async fn serve(
    listener: TcpListener,
    simulator: Simulator,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, simulator.router()).with_graceful_shutdown(shutdown).await?;
    simulator.stop().await;
    Ok(())
}
