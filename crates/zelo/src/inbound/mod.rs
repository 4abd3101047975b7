//! From a webhook to a stored message.
//!
//! 1. [`receive`](routes::receive): the signature over the raw bytes, then the raw event on disk, many requests sharing one
//!    commit ([`Inbox`]). Only the receipt of that commit can become a 200.
//! 2. [`Processing`]: events are taken in batches from their lane, in order. A lane is a hash of the number, so that
//!    everything of one conversation passes through one lane.
//! 3. `batch`: decrypted, parsed, sorted by tenant, people found, messages sealed: all before the transaction.
//! 4. `apply`: one transaction stores everything and moves the lane's cursor. What cannot be understood goes to the
//!    quarantine and stays visible.
//!
//! Invariant: stored = processed + duplicate + quarantined + waiting. It holds by construction: `waiting` is the distance
//! between a lane's last event and its cursor, and whatever moves the cursor by one adds one to one of the others.

mod apply;
mod arrival;
mod batch;
mod inbox;
mod lanes;
mod news;
mod quarantine;
pub mod routes;
mod store;
mod sweep;
mod update;

pub use inbox::{Inbox, RawEvent, Receipt};
pub use lanes::Processing;
pub use quarantine::{Quarantined, ReplayFilter, list_quarantined, replay_all, replay_quarantined};
pub use store::Counts;
pub use sweep::sweep;

/// Rung when an event was stored.
pub const TOPIC: db::Topic = "inbound";

use crate::{app::App, error::Result};
use db::Scope;

/// Whether an event could be stored now: a write that changes nothing needs the same disk and the same lock.
///
/// # Errors
/// When it could not.
pub async fn check_writable(app: &App) -> Result<()> {
    db::write!(app.db, "check_writable", Scope::Platform, |tx| -> Result<()> {
        store::touch_first_inlet(tx).await?;
        Ok(())
    })
}

/// How many events were ever stored, and what became of them.
///
/// # Errors
/// When the database does not answer.
pub async fn count_events(app: &App) -> Result<Counts> {
    db::read!(app.db, "count_events", Scope::Platform, |tx| -> Result<_> { Ok(store::counts(tx).await?) })
}
