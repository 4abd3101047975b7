//! Waking: a conversation that sleeps until a time opens again then.
//!
//! A job is promised with the falling asleep, so that the time holds across restarts and needs no search. It wakes only what
//! still sleeps until that very time: whoever was opened earlier, or sent to sleep until another time, is left alone, and
//! the other time has a job of its own.

use super::{ConversationStatus, store};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    clock::Millis,
    error::Result,
    events::{self, Event},
    ids::{ConversationId, TenantId},
    tenants::TenantScope,
};
use db::Tx;
use jobs::{Leased, NewJob, Outcome, Queue};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What becomes of conversations by itself.
pub const QUEUE: Queue = jobs::queue!("conversations");

/// Attempts to wake one. The waits double up to an hour, so that a night without a keystore is outlived.
const ATTEMPTS: u32 = 20;

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    conversation_id: ConversationId,
    until: Millis,
}

/// Promise that a conversation wakes at a time, inside the transaction that sends it to sleep.
///
/// # Errors
/// What the database answers.
pub(super) async fn promise_waking(
    tx: &mut Tx,
    app: &App,
    scope: TenantScope,
    conversation: ConversationId,
    until: Millis,
) -> db::Result<()> {
    let payload = serde_json::to_string(&Payload { conversation_id: conversation, until });
    let job = NewJob::new(QUEUE, "wake_conversation", payload.unwrap_or_default())
        .tenant(scope.tenant().0)
        .run_at(until)
        .max_attempts(ATTEMPTS);
    app.jobs.enqueue(tx, job).await?;
    Ok(())
}

/// Wake the conversation that a job names.
pub async fn wake(app: App, job: Leased) -> Outcome {
    let Some(tenant) = job.tenant.map(TenantId) else { return Outcome::give_up("the job names no tenant") };
    let Ok(payload) = serde_json::from_str::<Payload>(&job.payload) else {
        return Outcome::give_up("the job names no conversation");
    };
    // The clock of this machine may be behind that of the one which found the time come.
    let early = payload.until.saturating_sub(app.clock.now());
    if let Ok(early @ 1..) = u64::try_from(early) {
        return Outcome::postpone(Duration::from_millis(early), "it sleeps longer by this machine's clock");
    }
    match wake_conversation(&app, TenantScope::of_work(tenant), &job, &payload).await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::retry(error.to_string()),
    }
}

async fn wake_conversation(app: &App, scope: TenantScope, job: &Leased, payload: &Payload) -> Result<()> {
    let (id, now) = (payload.conversation_id, app.clock.now());
    let pen = Pen::of(app, scope.tenant()).await?;
    db::write!(app.db, "wake_conversation", scope.into(), |tx| -> Result<()> {
        if let Some(seq) = store::wake(tx, scope, id, payload.until).await? {
            events::record(tx, scope, &[Event::ConversationUpdated { conversation: id, seq }], now).await?;
            let (asleep, open) = (ConversationStatus::Snoozed, ConversationStatus::Open);
            let entry = Entry::of(EventType::ConversationUpdate, "conversation_woken").on("conversation", id);
            let entry = entry.changed("status", asleep.as_str(), open.as_str());
            pen.write(tx, entry.changed("snoozed_until", payload.until, None::<Millis>)).await?;
        }
        Ok(jobs::complete(tx, job).await?)
    })
}
