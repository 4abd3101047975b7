//! All SQL of the table `message_templates`.

use super::{MessageTemplate, News};
use crate::{clock::Millis, tenants::TenantScope};
use db::{Result, Tx, params};

/// Account, name and language.
type Place<'p> = (&'p str, &'p str, String);

/// Make a template known.
pub(super) async fn ensure(tx: &mut Tx, scope: TenantScope, news: &News, language: &str) -> Result<u64> {
    tx.execute(
        "insert into message_templates (tenant_id, account, name, language, meta_key) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, account, name, language) do nothing",
        params![scope, &news.account, &news.name, language, &news.meta_key],
    )
    .await
}

pub(super) async fn update_status(
    tx: &mut Tx,
    scope: TenantScope,
    (account, name, language): &Place<'_>,
    status: &str,
    reason_sealed: Option<&[u8]>,
    at: Millis,
) -> Result<u64> {
    tx.execute(
        "update message_templates set status = $5, reason_sealed = $6, status_at = $7
         where tenant_id = $1 and account = $2 and name = $3 and language = $4 and coalesce(status_at, 0) <= $7",
        params![scope, *account, *name, language, status, reason_sealed, at],
    )
    .await
}

pub(super) async fn update_category(
    tx: &mut Tx,
    scope: TenantScope,
    (account, name, language): &Place<'_>,
    category: &str,
    at: Millis,
) -> Result<u64> {
    tx.execute(
        "update message_templates set category = $5, category_at = $6
         where tenant_id = $1 and account = $2 and name = $3 and language = $4 and coalesce(category_at, 0) <= $6",
        params![scope, *account, *name, language, category, at],
    )
    .await
}

pub(super) async fn update_quality(
    tx: &mut Tx,
    scope: TenantScope,
    (account, name, language): &Place<'_>,
    quality: &str,
    at: Millis,
) -> Result<u64> {
    tx.execute(
        "update message_templates set quality = $5, quality_at = $6
         where tenant_id = $1 and account = $2 and name = $3 and language = $4 and coalesce(quality_at, 0) <= $6",
        params![scope, *account, *name, language, quality, at],
    )
    .await
}

/// The templates with their sealed reasons.
pub(super) async fn list(tx: &mut Tx, scope: TenantScope) -> Result<Vec<(MessageTemplate, Option<Vec<u8>>)>> {
    tx.query(
        "select account, name, language, status, reason_sealed, category, quality from message_templates
         where tenant_id = $1 order by name, language, account",
        params![scope],
        |row| {
            let template = MessageTemplate {
                account: row.get(0)?,
                name: row.get(1)?,
                language: row.get(2)?,
                status: row.get(3)?,
                reason: None,
                category: row.get(5)?,
                quality: row.get(6)?,
            };
            Ok((template, row.get(4)?))
        },
    )
    .await
}

pub(super) async fn find_category(
    tx: &mut Tx,
    scope: TenantScope,
    (account, name, language): &Place<'_>,
) -> Result<Option<String>> {
    let found = tx
        .query_opt(
            "select category from message_templates
             where tenant_id = $1 and account = $2 and name = $3 and language = $4",
            params![scope, *account, *name, language],
            |row| row.get(0),
        )
        .await?;
    Ok(found.flatten())
}
