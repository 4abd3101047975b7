//! Taking the log along, with everything that somebody else needs to check it.

use super::{
    record::Record,
    sealed,
    store::{self, Placed},
};
use crate::{
    app::App,
    error::{Error, Result},
    ids::TenantId,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use db::{Scope, Tx};
use serde_json::{Value, json};
use std::collections::HashMap;
use translog::{Hash, Leaves, Seal};
use uuid::Uuid;

/// Entries read together.
const PAGE: i64 = 500;

/// What a line is handed to.
pub type Sink<'s> = &'s mut (dyn FnMut(&Value) -> std::io::Result<()> + Send);

/// What was taken along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// How many entries.
    pub entries: u64,
    /// How many entries the checkpoint covers that they are proven against.
    pub size: u64,
}

/// Write the sealed entries of a tenant, or of all, as JSON lines: first the log with its checkpoint, then each entry with the
/// proof that the checkpoint covers it. With `size`, only entries that a log of that size covers, proven against it; so that
/// a checkpoint that was kept outside can be what they are checked with. It needs 64 bytes of memory for each entry of the
/// log.
///
/// # Errors
/// When the database or the sink does not take it, and when the log is not that long.
pub async fn export(
    app: &App,
    tenant: Option<TenantId>,
    size: Option<u64>,
    sink: Sink<'_>,
) -> Result<Exported> {
    db::read!(app.db, "export_audit_log", Scope::Platform, |tx| -> Result<Exported> {
        let whole = store::get_head(tx).await?.size;
        let size = size.unwrap_or(whole);
        if size > whole {
            return Err(Error::Malformed(format!("the log has {whole} sealed entries, not {size}")));
        }
        let (leaves, last) = read_leaves(tx, size).await?;
        sink(&first_line(app, tenant, size, &leaves, last.as_ref())).map_err(Error::internal)?;
        let mut entries = 0;
        let mut from = 0;
        while from < size {
            let page = store::list_placed(tx, from, size, PAGE).await?;
            let Some(next) = page.last().map(|last| last.seq + 1) else { break };
            from = next;
            let wanted: Vec<&Placed> =
                page.iter().filter(|it| tenant.is_none_or(|tenant| it.tenant == tenant)).collect();
            let (erased, wanted): (Vec<&Placed>, Vec<&Placed>) =
                wanted.into_iter().partition(|it| it.erased_by.is_some());
            let mut erased = erased.into_iter().peekable();
            let mut records = read_records(tx, &wanted).await?;
            for placed in wanted {
                while let Some(gone) = erased.next_if(|gone| gone.seq < placed.seq) {
                    let proof = leaves.inclusion_proof(gone.seq, size).unwrap_or_default();
                    write_erased(tenant, gone, &proof, &mut *sink)?;
                }
                let Some(record) = records.remove(&(placed.tenant, placed.entry)) else {
                    return Err(Error::internal(super::NotWhatWasSealed));
                };
                let proof = leaves.inclusion_proof(placed.seq, size).unwrap_or_default();
                sink(&line(app, placed.seq, &record, &proof).await?).map_err(Error::internal)?;
                entries += 1;
            }
            for gone in erased {
                let proof = leaves.inclusion_proof(gone.seq, size).unwrap_or_default();
                write_erased(tenant, gone, &proof, &mut *sink)?;
            }
        }
        Ok(Exported { entries, size })
    })
}

/// A place whose entry went with its tenant: the export of the whole log has it, so that the numbers have no gaps.
fn write_erased(tenant: Option<TenantId>, gone: &Placed, proof: &[Hash], sink: Sink<'_>) -> Result<()> {
    if tenant.is_some() {
        return Ok(());
    }
    let line = json!({
        "type": "erased",
        "seq": gone.seq,
        "leaf": STANDARD.encode(&gone.leaf),
        "erased_by": gone.erased_by,
        "proof": proof.iter().map(|hash| STANDARD.encode(hash)).collect::<Vec<_>>(),
    });
    sink(&line).map_err(Error::internal)
}

async fn read_leaves(tx: &mut Tx, size: u64) -> Result<(Leaves, Option<Placed>)> {
    let (mut leaves, mut last) = (Leaves::new(), None);
    while leaves.size() < size {
        let mut page = store::list_placed(tx, leaves.size(), size, 10_000).await?;
        let before = leaves.size();
        for placed in &page {
            leaves.push(Hash::try_from(placed.leaf.as_slice()).unwrap_or_default());
        }
        if leaves.size() == before {
            return Err(Error::internal(super::NotWhatWasSealed));
        }
        last = page.pop();
    }
    Ok((leaves, last))
}

async fn read_records(tx: &mut Tx, wanted: &[&Placed]) -> Result<HashMap<(TenantId, Uuid), Record>> {
    let mut by_tenant: HashMap<TenantId, Vec<Uuid>> = HashMap::new();
    for placed in wanted {
        by_tenant.entry(placed.tenant).or_default().push(placed.entry);
    }
    let mut records = HashMap::with_capacity(wanted.len());
    for (tenant, ids) in by_tenant {
        tx.enter(Scope::Tenant(tenant.0)).await?;
        let found = store::list_by_ids(tx, tenant, &ids).await?;
        records.extend(found.into_iter().map(|record| ((tenant, record.id), record)));
    }
    tx.enter(Scope::Platform).await?;
    Ok(records)
}

fn first_line(
    app: &App,
    tenant: Option<TenantId>,
    size: u64,
    leaves: &Leaves,
    last: Option<&Placed>,
) -> Value {
    let verifier = app.audit.signer.verifier();
    let root = leaves.root().unwrap_or_default();
    let seal = last.and_then(|last| Seal::try_from(last.seal.as_slice()).ok());
    json!({
        "type": "log",
        "format": "zelo audit export v1",
        "origin": verifier.origin(),
        "public_key": verifier.to_string(),
        "checkpoint": seal.map(|seal| verifier.note(size, root, &seal)),
        "tenant_id": tenant,
    })
}

/// Bytes are base64; `actor` and `detail` are the very texts that the digests are of, null where they were erased.
async fn line(app: &App, seq: u64, record: &Record, proof: &[Hash]) -> Result<Value> {
    let base64 = |bytes: &[u8]| STANDARD.encode(bytes);
    let (tenant, id) = (record.tenant, record.id);
    let actor = sealed::open_actor(&app.keyring, tenant, id, &record.actor_sealed).await?;
    let detail = sealed::open_detail(&app.keyring, tenant, id, &record.detail_sealed).await?;
    Ok(json!({
        "type": "entry",
        "seq": seq,
        "entry": {
            "tenant_id": tenant,
            "id": id,
            "at": record.at,
            "actor_kind": record.actor_kind,
            "actor_id": record.actor_id,
            "event_type": record.event_type,
            "action": record.action,
            "target_kind": record.target_kind,
            "target_id": record.target_id,
            "outcome": record.outcome,
            "ip_digest": record.ip_digest.as_deref().map(base64),
            "request_id": record.request_id,
            "trace_id": record.trace_id,
            "actor_sealed": base64(&record.actor_sealed),
            "actor_digest": base64(&record.actor_digest),
            "detail_sealed": base64(&record.detail_sealed),
            "detail_digest": base64(&record.detail_digest),
        },
        "actor": actor.map(|opened| opened.plain),
        "detail": detail.map(|opened| opened.plain),
        "proof": proof.iter().map(|hash| base64(hash)).collect::<Vec<_>>(),
    }))
}
