//! All SQL of the table `rotation_reminders`.

use crate::{clock::Millis, ids::TenantId};
use db::{Result, Tx, params};
use uuid::Uuid;

/// Note that somebody is told now, unless they were after `since`; returns whether they are to be told.
pub(super) async fn claim(
    tx: &mut Tx,
    tenant: TenantId,
    subject: Uuid,
    now: Millis,
    since: Millis,
) -> Result<bool> {
    let claimed = tx
        .execute(
            "insert into rotation_reminders (tenant_id, subject_id, sent_at) values ($1, $2, $3)
             on conflict (tenant_id, subject_id) do update set sent_at = excluded.sent_at
             where rotation_reminders.sent_at <= $4",
            params![tenant, subject, now, since],
        )
        .await?;
    Ok(claimed > 0)
}
