//! All SQL of the table `tenants`. It belongs to the platform: a tenant's own row holds nobody's personal data.

use super::{Plan, Quotas, Settings, Tenant, TenantStatus};
use crate::{clock::Millis, ids::TenantId};
use db::{Result, Row, Tx, params};

/// The columns in the order of `from_row`.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, slug, name, status, settings, plan, deletion_due_at, deletion_begun_at, tax_id_sealed,
                 quota_media_bytes, quota_messages_per_month
             from tenants ",
            $rest
        )
    };
}

pub(super) async fn insert_tenant(tx: &mut Tx, tenant: &Tenant, now: Millis) -> Result<()> {
    let settings = serde_json::to_string(&tenant.settings).unwrap_or_default();
    tx.execute(
        "insert into tenants (id, slug, name, status, settings, tax_id_sealed, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        params![
            tenant.id,
            &tenant.slug,
            &tenant.name,
            tenant.status.as_str(),
            settings,
            tenant.tax_id_sealed.as_deref(),
            now
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn find_by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Tenant>> {
    tx.query_opt(select!("where slug = $1"), params![slug], from_row).await
}

pub(super) async fn find_by_id(tx: &mut Tx, id: TenantId) -> Result<Option<Tenant>> {
    tx.query_opt(select!("where id = $1"), params![id], from_row).await
}

/// The tenant, locked until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, id: TenantId) -> Result<Option<Tenant>> {
    tx.query_opt(select!("where id = $1 $for_update"), params![id], from_row).await
}

pub(super) async fn update(tx: &mut Tx, tenant: &Tenant) -> Result<u64> {
    let settings = serde_json::to_string(&tenant.settings).unwrap_or_default();
    tx.execute(
        "update tenants set name = $2, plan = $3, status = $4, tax_id_sealed = $5, quota_media_bytes = $6,
             quota_messages_per_month = $7, settings = $8
         where id = $1",
        params![
            tenant.id,
            &tenant.name,
            tenant.plan.as_str(),
            tenant.status.as_str(),
            tenant.tax_id_sealed.as_deref(),
            number(tenant.quotas.media_bytes),
            number(tenant.quotas.messages_per_month),
            settings
        ],
    )
    .await
}

/// When everything of it goes; none calls it off.
pub(super) async fn update_deletion(tx: &mut Tx, id: TenantId, due_at: Option<Millis>) -> Result<u64> {
    tx.execute(
        "update tenants set deletion_due_at = $2 where id = $1 and deletion_begun_at is null",
        params![id, due_at],
    )
    .await
}

/// From here on there is no way back; says 0 when it began before.
pub(super) async fn begin_deletion(tx: &mut Tx, id: TenantId, now: Millis) -> Result<u64> {
    tx.execute(
        "update tenants set deletion_begun_at = $2 where id = $1 and deletion_begun_at is null
         and deletion_due_at <= $2",
        params![id, now],
    )
    .await
}

pub(super) async fn delete(tx: &mut Tx, id: TenantId) -> Result<u64> {
    tx.execute("delete from tenants where id = $1 and deletion_begun_at is not null", params![id]).await
}

pub(super) async fn list(tx: &mut Tx) -> Result<Vec<Tenant>> {
    tx.query(select!("order by slug"), &[], from_row).await
}

fn from_row(row: &Row<'_>) -> Result<Tenant> {
    let status: String = row.get(3)?;
    let settings: String = row.get(4)?;
    let plan: String = row.get(5)?;
    Ok(Tenant {
        id: row.get(0)?,
        slug: row.get(1)?,
        name: row.get(2)?,
        status: TenantStatus::from_word(&status),
        settings: serde_json::from_str::<Settings>(&settings).unwrap_or_default(),
        plan: Plan::from_word(&plan),
        deletion_due_at: row.get(6)?,
        deletion_begun_at: row.get(7)?,
        tax_id_sealed: row.get(8)?,
        quotas: Quotas { media_bytes: quota(row.get(9)?), messages_per_month: quota(row.get(10)?) },
    })
}

fn quota(number: Option<i64>) -> Option<u64> {
    number.and_then(|number| u64::try_from(number).ok())
}

/// A quota as it is stored; it was looked at and fits.
fn number(quota: Option<u64>) -> Option<i64> {
    quota.and_then(|quota| i64::try_from(quota).ok())
}

pub(super) async fn update_settings(tx: &mut Tx, id: TenantId, settings: &Settings) -> Result<u64> {
    let settings = serde_json::to_string(settings).unwrap_or_default();
    tx.execute("update tenants set settings = $2 where id = $1", params![id, settings]).await
}
