//! All SQL of the tables `audit_…`.

use super::record::Record;
use db::{Result, Tx, params};

/// Write an entry, and queue its leaf for the tree.
pub(super) async fn insert(tx: &mut Tx, record: &Record) -> Result<()> {
    tx.execute(
        "insert into audit_entries (tenant_id, id, at, actor_kind, actor_id, event_type, action, target_kind, target_id,
             outcome, ip_digest, request_id, trace_id, actor_sealed, actor_digest, detail_sealed, detail_digest, leaf)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        &record.values(),
    )
    .await?;
    insert_pending(tx, record).await
}

/// The same, unless there is an entry with this id; says whether there was none.
pub(super) async fn insert_once(tx: &mut Tx, record: &Record) -> Result<bool> {
    // Both conditions are needed: without the first SQLite's trigger refuses the row before the conflict is seen, without
    // the second two transactions of PostgreSQL meet in between.
    let inserted = tx
        .execute(
            "insert into audit_entries (tenant_id, id, at, actor_kind, actor_id, event_type, action, target_kind,
                 target_id, outcome, ip_digest, request_id, trace_id, actor_sealed, actor_digest, detail_sealed,
                 detail_digest, leaf)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18
             where not exists (select 1 from audit_entries where tenant_id = $1 and id = $2)
             on conflict (tenant_id, id) do nothing",
            &record.values(),
        )
        .await?;
    if inserted == 0 {
        return Ok(false);
    }
    insert_pending(tx, record).await?;
    Ok(true)
}

async fn insert_pending(tx: &mut Tx, record: &Record) -> Result<()> {
    tx.execute(
        "insert into audit_pending (tenant_id, entry_id, leaf, written_at) values ($1, $2, $3, $4)",
        params![record.tenant, record.id, &record.leaf, record.at],
    )
    .await?;
    Ok(())
}
