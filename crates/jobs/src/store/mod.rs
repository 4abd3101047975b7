//! All statements on the table `jobs`.
//!
//! A job is `ready`, `scheduled`, `held`, `running` or `dead`. Of the jobs of one key at most one is `ready`,
//! `scheduled` or `running`: its head, which the unique index `jobs_head` guards. Everything else of the key is `held`,
//! and whoever finishes a head makes the oldest held job the next one. So a claim never has to look past blocked jobs.

pub(crate) mod claim;
pub(crate) mod dead;
pub(crate) mod insert;
pub(crate) mod look;
pub(crate) mod settle;

use db::{Db, Engine, Tx};
use uuid::Uuid;

/// Work that belongs to no tenant is stored under the nil id, so that walking over tenants needs no special case.
pub(crate) fn stored_tenant(tenant: Option<Uuid>) -> Uuid {
    tenant.unwrap_or_default()
}

pub(crate) fn read_tenant(stored: Uuid) -> Option<Uuid> {
    Some(stored).filter(|id| !id.is_nil())
}

/// Keep PostgreSQL on the indexes for the rest of the transaction.
///
/// A queue is empty most of the time, so the plan that a connection keeps for a statement was made for an empty table,
/// where reading all of it is cheapest. When a burst fills the table within a minute, before its statistics follow,
/// that plan would read a hundred thousand rows for every claim.
pub(crate) async fn prefer_indexes(db: &Db, tx: &mut Tx) -> db::Result<()> {
    if db.engine() == Engine::Postgres {
        tx.query(
            "select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
                    set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)",
            &[],
            |_| Ok(()),
        )
        .await?;
    }
    Ok(())
}
