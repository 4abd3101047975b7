//! From a queued message to Meta.
//!
//! The call happens outside of any transaction. Before it, the attempt is noted; after it, its outcome and the end of the
//! job are one transaction. A process that dies in between leaves a message whose outcome is unknown: it is not sent
//! again by itself, and a status from Meta, which carries our own id back, settles it.

mod deliver;

pub use deliver::deliver;

use crate::{
    app::App,
    ids::{ConversationId, MessageId},
    tenants::TenantScope,
};
use db::{Result, Tx};
use jobs::{NewJob, Queue};
use serde::{Deserialize, Serialize};

/// Messages on their way out.
pub const QUEUE: Queue = jobs::queue!("messages");

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    message_id: MessageId,
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
) -> Result<()> {
    let payload = serde_json::to_string(&Payload { message_id }).unwrap_or_default();
    let job = NewJob::new(QUEUE, "deliver_message", payload)
        .tenant(scope.tenant().0)
        .key(conversation.0)
        .max_attempts(app.config.outbound.attempts);
    app.jobs.enqueue(tx, job).await?;
    Ok(())
}
