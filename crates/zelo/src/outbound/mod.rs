//! From a queued message to Meta.
//!
//! The call happens outside of any transaction. Before it, the attempt is noted; after it, its outcome and the end of the
//! job are one transaction. A process that dies in between leaves a message whose outcome is unknown: it is not sent
//! again by itself, and a status from Meta, which carries our own id back, settles it.
//!
//! What was accepted is shaped, never dropped. A message first waits until Meta takes one for its person ([`pair`]) in the
//! queue, where its conversation waits behind it and nobody else does; then for its turn in the line of its number
//! ([`pacer`]), whose time all processes share ([`number`]). Waiting costs no attempt. When calls for a number keep
//! failing, its circuit opens and only a probe leaves now and then.

mod deliver;
mod file;
mod mend;
mod number;
mod pacer;
mod pair;
mod receipt;
mod store;

pub use deliver::deliver;
use deliver::outcome_word;
pub use mend::mend;
pub use number::Circuit;
pub use pacer::{Pacer, Urgency};
pub use receipt::{RECEIPTS, enqueue_receipt, show_typing, tell_read};

use crate::{
    app::App,
    clock::{HOUR, Millis},
    error,
    ids::{ChannelId, ConversationId, MessageId},
    tenants::{self, TenantScope},
};
use db::{Result, Tx};
use jobs::{NewJob, Queue};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Messages on their way out.
pub const QUEUE: Queue = jobs::queue!("messages");

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    message_id: MessageId,
    #[serde(default)]
    urgency: Urgency,
}

/// Promise the delivery of a message, in order with the others of its conversation.
///
/// # Errors
/// What the database answers.
pub async fn enqueue(
    tx: &mut Tx,
    app: &App,
    scope: TenantScope,
    conversation: ConversationId,
    message_id: MessageId,
    urgency: Urgency,
) -> Result<()> {
    let payload = serde_json::to_string(&Payload { message_id, urgency }).unwrap_or_default();
    let job = NewJob::new(QUEUE, "deliver_message", payload)
        .tenant(scope.tenant().0)
        .key(conversation.0)
        .priority(urgency.priority())
        .max_attempts(app.config.outbound.attempts);
    app.jobs.enqueue(tx, job).await?;
    Ok(())
}

/// How messages leave from a number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sending {
    /// Whether they do.
    pub circuit: Circuit,
    /// Until when none does, in the future.
    pub paused_until: Option<Millis>,
}

/// How messages leave from a tenant's numbers; those that never sent are not in it.
///
/// # Errors
/// When the database does not answer.
pub async fn list_sending(app: &App, scope: TenantScope) -> error::Result<HashMap<ChannelId, Sending>> {
    let now = app.clock.now();
    let paces = db::read!(app.db, "list_paces", scope.into(), |tx| -> error::Result<_> {
        Ok(store::list_numbers(tx, scope).await?)
    })?;
    let sending = |pace: number::NumberPace| Sending {
        circuit: pace.circuit,
        paused_until: Some(pace.closed_until).filter(|until| *until > now),
    };
    Ok(paces.into_iter().map(|(channel, pace)| (channel, sending(pace))).collect())
}

/// Forget what was sent to whom, where it makes no difference any more: the longest burst is paid for within five minutes.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> error::Result<()> {
    let before = app.clock.now() - HOUR;
    for tenant in tenants::list_tenants(app).await? {
        let scope = TenantScope::of_work(tenant.id);
        db::write!(app.db, "sweep_pairs", scope.into(), |tx| -> error::Result<()> {
            store::delete_pairs_before(tx, scope, before).await?;
            Ok(())
        })?;
    }
    Ok(())
}
