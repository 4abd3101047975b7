//! All SQL of the table `quota_usage`. It belongs to the platform: numbers only, summed over all tenants.

use super::Quota;
use crate::ids::TenantId;
use db::{Result, Tx, params};

/// What is counted, and in which month.
type Place<'p> = (Quota, &'p str);

fn number(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

/// Count `amount` more where at most `before` were counted; returns whether that was so.
pub(super) async fn add(
    tx: &mut Tx,
    tenant: TenantId,
    (quota, period): Place<'_>,
    amount: u64,
    before: u64,
) -> Result<u64> {
    tx.execute(
        "insert into quota_usage (quota, period, tenant_id, used) values ($1, $2, $3, $4)
         on conflict (quota, period, tenant_id) do update set used = quota_usage.used + excluded.used
             where quota_usage.used <= $5",
        params![quota.as_str(), period, tenant, number(amount), number(before)],
    )
    .await
}

pub(super) async fn subtract(
    tx: &mut Tx,
    tenant: TenantId,
    (quota, period): Place<'_>,
    amount: u64,
) -> Result<u64> {
    tx.execute(
        "update quota_usage set used = used - $4 where quota = $1 and period = $2 and tenant_id = $3",
        params![quota.as_str(), period, tenant, number(amount)],
    )
    .await
}

/// Lock the row until the transaction ends.
pub(super) async fn hold(tx: &mut Tx, tenant: TenantId, (quota, period): Place<'_>) -> Result<()> {
    let _held: Option<i64> = tx
        .query_opt(
            "select used from quota_usage where quota = $1 and period = $2 and tenant_id = $3 $for_update",
            params![quota.as_str(), period, tenant],
            |row| row.get(0),
        )
        .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, tenant: TenantId, (quota, period): Place<'_>) -> Result<u64> {
    let used: Option<i64> = tx
        .query_opt(
            "select used from quota_usage where quota = $1 and period = $2 and tenant_id = $3",
            params![quota.as_str(), period, tenant],
            |row| row.get(0),
        )
        .await?;
    Ok(used.and_then(|used| u64::try_from(used).ok()).unwrap_or(0))
}

/// What all tenants use together, and how many of them have used nine tenths of what they may or more. `usual` is for those
/// that nothing else was said of.
pub(super) async fn sum(tx: &mut Tx, (quota, period): Place<'_>, usual: u64) -> Result<(i64, i64)> {
    let sql = match quota {
        Quota::MediaBytes => {
            "select cast(coalesce(sum(u.used), 0) as $int_type),
                 count(case when u.most > 0 and u.used >= u.most - u.most / 10 then 1 end)
             from (select q.used, coalesce(t.quota_media_bytes, $3) as most
                 from quota_usage q join tenants t on t.id = q.tenant_id
                 where q.quota = $1 and q.period = $2) u"
        }
        Quota::MessagesPerMonth => {
            "select cast(coalesce(sum(u.used), 0) as $int_type),
                 count(case when u.most > 0 and u.used >= u.most - u.most / 10 then 1 end)
             from (select q.used, coalesce(t.quota_messages_per_month, $3) as most
                 from quota_usage q join tenants t on t.id = q.tenant_id
                 where q.quota = $1 and q.period = $2) u"
        }
    };
    tx.query_one(sql, params![quota.as_str(), period, number(usual)], |row| Ok((row.get(0)?, row.get(1)?)))
        .await
}
