//! Reports on messages that are not ours.

use super::store;
use crate::{app::App, clock::DAY, error::Result, tenants::TenantScope};

/// How long a report waits for its message: Meta repeats what was not answered for seven days. What waits longer is about a
/// message that another program sent from the same number.
const KEEP_EARLY: i64 = 8 * DAY;

/// Forget the reports whose message will not come any more.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App, scope: TenantScope) -> Result<()> {
    let before = app.clock.now() - KEEP_EARLY;
    db::write!(app.db, "sweep_early_statuses", scope.into(), |tx| -> Result<()> {
        store::delete_early_before(tx, scope, before).await?;
        Ok(())
    })
}
