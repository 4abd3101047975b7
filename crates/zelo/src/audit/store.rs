//! All SQL of the tables `audit_…`.

use super::record::{Record, record_columns};
use crate::{
    clock::Millis,
    ids::{TenantId, UserId},
    tenants::TenantScope,
};
use db::{Result, Row, Rows, Tx, Value, params};
use std::collections::BTreeSet;
use uuid::Uuid;

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

/// How far the tree goes.
pub(super) struct Head {
    /// How many leaves it has.
    pub(super) size: u64,
    /// Its edge, as [`translog::Frontier::to_bytes`] gives it.
    pub(super) frontier: Vec<u8>,
}

/// Take the right to seal until the end of the transaction; none while another process has it.
pub(super) async fn lock_head(tx: &mut Tx) -> Result<Option<Head>> {
    let sql = "select size, frontier from audit_sealer where id = 1 $for_update_skip_locked";
    tx.query_opt(sql, &[], head_from_row).await
}

/// How far the tree goes, for somebody who only looks.
pub(super) async fn get_head(tx: &mut Tx) -> Result<Head> {
    tx.query_one("select size, frontier from audit_sealer where id = 1", &[], head_from_row).await
}

fn head_from_row(row: &Row<'_>) -> Result<Head> {
    Ok(Head { size: unsigned(row.get(0)?), frontier: row.get(1)? })
}

pub(super) async fn update_head(tx: &mut Tx, head: &Head) -> Result<()> {
    tx.execute(
        "update audit_sealer set size = $1, frontier = $2 where id = 1",
        params![signed(head.size), &head.frontier],
    )
    .await?;
    Ok(())
}

/// An entry that waits for its place in the tree.
pub(super) struct Pending {
    pub(super) id: i64,
    pub(super) tenant: TenantId,
    pub(super) entry: Uuid,
    pub(super) leaf: Vec<u8>,
    pub(super) written_at: Millis,
}

/// The oldest entries that wait. No order of transactions is needed: who is not yet committed is simply taken later,
/// because what is taken is deleted and nothing is passed by.
pub(super) async fn list_pending(tx: &mut Tx, limit: i64) -> Result<Vec<Pending>> {
    tx.query(
        "select id, tenant_id, entry_id, leaf, written_at from audit_pending order by id limit $1",
        params![limit],
        |row| {
            Ok(Pending {
                id: row.get(0)?,
                tenant: row.get(1)?,
                entry: row.get(2)?,
                leaf: row.get(3)?,
                written_at: row.get(4)?,
            })
        },
    )
    .await
}

pub(super) async fn count_pending(tx: &mut Tx) -> Result<i64> {
    tx.query_one("select count(*) from audit_pending", &[], |row| row.get(0)).await
}

/// How many entries a tenant has. The transaction must be in that tenant's scope.
pub(super) async fn count_entries(tx: &mut Tx, tenant: TenantId) -> Result<i64> {
    let sql = "select count(*) from audit_entries where tenant_id = $1";
    tx.query_one(sql, params![tenant], |row| row.get(0)).await
}

/// Take entries of a tenant that is being deleted out of the log; triggers of the database do it, for nobody else.
pub(super) async fn insert_erasure(
    tx: &mut Tx,
    id: Uuid,
    tenant: TenantId,
    said_in: Uuid,
    most: i64,
) -> Result<()> {
    tx.execute(
        "insert into audit_erasures (id, tenant_id, entry_id, most) values ($1, $2, $3, $4)",
        params![id, tenant, said_in, most],
    )
    .await?;
    Ok(())
}

/// A leaf in its place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) seq: u64,
    pub(super) tenant: TenantId,
    pub(super) entry: Uuid,
    pub(super) leaf: Vec<u8>,
    pub(super) seal: Vec<u8>,
    /// The platform's entry that says why there is no entry here.
    pub(super) erased_by: Option<Uuid>,
}

/// Move entries from the queue into the tree.
pub(super) async fn insert_placed(tx: &mut Tx, placed: &[Placed], taken: &[Pending]) -> Result<()> {
    let mut rows = Rows::new();
    for leaf in placed {
        rows.push([
            signed(leaf.seq).into(),
            leaf.tenant.into(),
            leaf.entry.into(),
            (&leaf.leaf).into(),
            (&leaf.seal).into(),
        ]);
    }
    tx.execute_rows(
        "insert into audit_tree (seq, tenant_id, entry_id, leaf, seal)
         select r.seq, r.tenant_id, r.entry_id, r.leaf, r.seal
         from $rows(seq int, tenant_id uuid, entry_id uuid, leaf blob, seal blob) where true",
        &[],
        &rows,
    )
    .await?;
    let mut ids = Rows::new();
    taken.iter().for_each(|pending| ids.push([pending.id.into()]));
    tx.execute_rows("delete from audit_pending where id in (select r.id from $rows(id int))", &[], &ids)
        .await?;
    Ok(())
}

fn placed_from_row(row: &Row<'_>) -> Result<Placed> {
    Ok(Placed {
        seq: unsigned(row.get(0)?),
        tenant: row.get(1)?,
        entry: row.get(2)?,
        leaf: row.get(3)?,
        seal: row.get(4)?,
        erased_by: row.get(5)?,
    })
}

/// Leaves from `seq` on, in their order, those before `end` only.
pub(super) async fn list_placed(tx: &mut Tx, seq: u64, end: u64, limit: i64) -> Result<Vec<Placed>> {
    tx.query(
        "select seq, tenant_id, entry_id, leaf, seal, erased_by from audit_tree where seq >= $1 and seq < $2 order by seq limit $3",
        params![signed(seq), signed(end), limit],
        placed_from_row,
    )
    .await
}

/// The smallest number of a leaf outside of the first `size`, if there is one: nobody who seals makes it.
pub(super) async fn find_stray(tx: &mut Tx, size: u64) -> Result<Option<i64>> {
    tx.query_opt(
        "select seq from audit_tree where seq < 0 or seq >= $1 order by seq limit 1",
        params![signed(size)],
        |row| row.get(0),
    )
    .await
}

/// Entries of one tenant by their ids. The transaction must be in that tenant's scope.
pub(super) async fn list_by_ids(tx: &mut Tx, tenant: TenantId, ids: &[Uuid]) -> Result<Vec<Record>> {
    let mut rows = Rows::new();
    ids.iter().for_each(|id| rows.push([(*id).into()]));
    tx.query_rows(
        record_columns!(
            "select",
            "from $rows(id uuid) join audit_entries e on e.tenant_id = $1 and e.id = r.id"
        ),
        params![tenant],
        &rows,
        Record::from_row,
    )
    .await
}

/// Whose entries there are, as far as this transaction sees them: of all, where nothing hides rows.
pub(super) async fn list_tenants(tx: &mut Tx) -> Result<BTreeSet<TenantId>> {
    let mut tenants = BTreeSet::from([TenantId(Uuid::nil())]);
    for sql in [
        "select id from tenants",
        "select distinct tenant_id from audit_tree",
        "select distinct tenant_id from audit_entries",
    ] {
        tenants.extend(tx.query(sql, &[], |row| row.get::<TenantId>(0)).await?);
    }
    Ok(tenants)
}

/// An entry that is neither in the tree nor on its way there: somebody added it past the product, or took it out.
pub(super) async fn find_unplaced(tx: &mut Tx, tenant: TenantId) -> Result<Option<Uuid>> {
    tx.query_opt(
        "select e.id from audit_entries e where e.tenant_id = $1
         and not exists (select 1 from audit_tree t where t.tenant_id = e.tenant_id and t.entry_id = e.id)
         and not exists (select 1 from audit_pending p where p.tenant_id = e.tenant_id and p.entry_id = e.id)
         order by e.id limit 1",
        params![tenant],
        |row| row.get(0),
    )
    .await
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Which entries of a tenant.
pub(super) struct Query {
    pub(super) actor: Option<Uuid>,
    pub(super) event_type: Option<&'static str>,
    pub(super) action: Option<String>,
    pub(super) target: Option<String>,
    pub(super) outcome: Option<&'static str>,
    pub(super) ip_digest: Option<Vec<u8>>,
    pub(super) from: Millis,
    pub(super) to: Millis,
    /// Kinds of which one must be the entry's, between bars.
    pub(super) events: Option<String>,
    pub(super) also_denied: bool,
    pub(super) without_reads: bool,
    pub(super) after: (Millis, Uuid),
    pub(super) limit: i64,
}

impl Query {
    fn params(&self, scope: TenantScope) -> [Value<'_>; 12] {
        let text =
            |text: Option<&'_ str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned().into()));
        [
            scope.into(),
            self.actor.map_or(Value::Null, Value::Uuid),
            text(self.event_type),
            text(self.action.as_deref()),
            text(self.target.as_deref()),
            text(self.outcome),
            self.ip_digest.as_deref().map_or(Value::Null, Value::from),
            self.from.into(),
            self.to.into(),
            text(self.events.as_deref()),
            self.also_denied.into(),
            self.without_reads.into(),
        ]
    }
}

/// The conditions of a [`Query`], with the parameters $1 to $12. In a pattern `_` stands for any one letter; no two kinds
/// differ in just that.
macro_rules! where_query {
    ($before:expr, $after:literal) => {
        concat!(
            $before,
            " where e.tenant_id = $1
               and (cast($2 as $uuid_type) is null or e.actor_id = $2)
               and (cast($3 as text) is null or e.event_type = $3)
               and (cast($4 as text) is null or e.action = $4)
               and (cast($5 as text) is null or e.target_id = $5 or e.target_kind = $5)
               and (cast($6 as text) is null or e.outcome = $6)
               and (cast($7 as $blob_type) is null or e.ip_digest = $7)
               and e.at >= $8 and e.at < $9
               and (cast($10 as text) is null or cast($10 as text) like '%|' || e.event_type || '|%'
                    or cast($11 as $int_type) = 1 and e.outcome = 'denied')
               and (cast($12 as $int_type) = 0 or e.event_type <> 'data_access') ",
            $after
        )
    };
}

/// An entry with its number in the log, once it is sealed.
pub(super) struct Listed {
    pub(super) record: Record,
    pub(super) seq: Option<i64>,
}

fn listed_from_row(row: &Row<'_>) -> Result<Listed> {
    Ok(Listed { record: Record::from_row(row)?, seq: row.get(18)? })
}

/// Entries, newest first.
pub(super) async fn list(tx: &mut Tx, scope: TenantScope, query: &Query) -> Result<Vec<Listed>> {
    let mut params = query.params(scope).to_vec();
    params.extend([query.after.0.into(), query.after.1.into(), query.limit.into()]);
    tx.query(
        where_query!(
            record_columns!(
                "select",
                ", t.seq from audit_entries e
                     left join audit_tree t on t.tenant_id = e.tenant_id and t.entry_id = e.id"
            ),
            "and e.at <= $13 and (e.at < $13 or e.id < $14) order by e.at desc, e.id desc limit $15"
        ),
        &params,
        listed_from_row,
    )
    .await
}

/// One entry.
pub(super) async fn find(tx: &mut Tx, scope: TenantScope, id: Uuid) -> Result<Option<Listed>> {
    tx.query_opt(
        record_columns!(
            "select",
            ", t.seq from audit_entries e
               left join audit_tree t on t.tenant_id = e.tenant_id and t.entry_id = e.id
             where e.tenant_id = $1 and e.id = $2"
        ),
        params![scope, id],
        listed_from_row,
    )
    .await
}

/// How many of each kind and outcome.
pub(super) async fn count_by_event(
    tx: &mut Tx,
    scope: TenantScope,
    query: &Query,
) -> Result<Vec<(String, String, i64)>> {
    tx.query(
        where_query!(
            "select e.event_type, e.outcome, count(*) from audit_entries e",
            "group by e.event_type, e.outcome order by 1, 2"
        ),
        &query.params(scope),
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
    .await
}

/// How many of each actor, the busiest first.
pub(super) async fn count_by_actor(
    tx: &mut Tx,
    scope: TenantScope,
    query: &Query,
) -> Result<Vec<(Option<UserId>, i64)>> {
    tx.query(
        where_query!(
            "select e.actor_id, count(*) from audit_entries e",
            "group by e.actor_id order by 2 desc, 1 limit 100"
        ),
        &query.params(scope),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .await
}

/// Take the right to deliver to a keeper of seals, when it is time: nobody tried since `tried_before`, and the last success
/// is not later than `delivered_before`. Answers when that was.
pub(super) async fn claim_delivery(
    tx: &mut Tx,
    destination: &str,
    now: Millis,
    tried_before: Millis,
    delivered_before: Millis,
) -> Result<Option<Option<Millis>>> {
    let claimed = tx
        .execute(
            "insert into audit_deliveries (destination, size, attempted_at) values ($1, 0, $2)
             on conflict (destination) do update set attempted_at = $2
             where audit_deliveries.attempted_at <= $3
               and (audit_deliveries.delivered_at is null or audit_deliveries.delivered_at <= $4)",
            params![destination, now, tried_before, delivered_before],
        )
        .await?;
    if claimed == 0 {
        return Ok(None);
    }
    let sql = "select delivered_at from audit_deliveries where destination = $1";
    tx.query_opt(sql, params![destination], |row| row.get(0)).await
}

pub(super) async fn note_delivery(
    tx: &mut Tx,
    destination: &str,
    now: Millis,
    size: u64,
    failure: Option<&str>,
) -> Result<()> {
    match failure {
        None => {
            tx.execute(
                "update audit_deliveries set size = $2, delivered_at = $3, failure = null where destination = $1",
                params![destination, signed(size), now],
            )
            .await?
        }
        Some(failure) => {
            let sql = "update audit_deliveries set failure = $2 where destination = $1";
            tx.execute(sql, params![destination, failure]).await?
        }
    };
    Ok(())
}

/// When each keeper of seals got one last.
pub(super) async fn list_deliveries(tx: &mut Tx) -> Result<Vec<(String, Option<Millis>)>> {
    let sql = "select destination, delivered_at from audit_deliveries";
    tx.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?))).await
}
