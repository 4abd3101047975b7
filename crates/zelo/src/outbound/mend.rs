//! Messages whose delivery died: the program was killed in the last attempt, or the attempt took too long or panicked, so that
//! nothing of the delivery itself could say what became of its message.

use super::{Payload, QUEUE};
use crate::{app::App, error::Result, ids::TenantId, messages, tenants::TenantScope};
use jobs::DeadJob;

/// So many are looked at in one go.
const AT_ONCE: u32 = 200;

/// Say of the messages of dead deliveries that they failed, where a person sees it and may send them again. The dead job is
/// forgotten with that: the message tells all.
///
/// # Errors
/// When the database does not answer.
pub async fn mend(app: &App) -> Result<()> {
    let mut before = None;
    loop {
        let dead = app.jobs.list_dead(Some(QUEUE.name()), before, AT_ONCE).await?;
        for job in &dead {
            mend_one(app, job).await?;
        }
        let Some(last) = dead.last() else { return Ok(()) };
        before = Some(last.cursor);
    }
}

async fn mend_one(app: &App, job: &DeadJob) -> Result<()> {
    let (Some(tenant), Ok(payload)) = (job.tenant, serde_json::from_str::<Payload>(&job.payload)) else {
        return Ok(());
    };
    let (scope, now) = (TenantScope::of_work(TenantId(tenant)), app.clock.now());
    tracing::error!(message_id = %payload.message_id, reason = %job.last_error, "The delivery of a message died");
    db::write!(app.db, "mend_message", scope.into(), |tx| -> Result<()> {
        messages::give_up(tx, scope, payload.message_id, now).await?;
        app.jobs.delete_dead(tx, job.id).await?;
        Ok(())
    })
}
