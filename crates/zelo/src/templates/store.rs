//! All SQL of the tables `message_templates` and `template_syncs`.

use super::{MessageTemplate, SyncState};
use crate::{clock::Millis, ids::TemplateId, tenants::TenantScope};
use db::{Result, Row, Tx, params};
use uuid::Uuid;

/// Account, name and language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) account: &'p str,
    pub(super) name: &'p str,
    pub(super) language: &'p str,
}

/// What is said of a template, sealed where it is somebody's words.
#[derive(Debug)]
pub(super) enum Word<'w> {
    Status {
        status: &'w str,
        reason_sealed: Option<&'w [u8]>,
        meta_key: &'w str,
    },
    Category(&'w str),
    Change {
        previous: Option<&'w str>,
        next: Option<&'w str>,
        on: Option<Millis>,
    },
    Quality(&'w str),
    Components {
        sealed: &'w [u8],
        is_named: bool,
    },
    /// It stands in the account's list.
    Listed {
        meta_key: &'w str,
    },
}

/// The same place and the same rule for each of them: an older word changes nothing.
macro_rules! update {
    ($columns:literal, $at:literal) => {
        concat!(
            "update message_templates set ",
            $columns,
            ", ",
            $at,
            " = $5
             where tenant_id = $1 and account = $2 and name = $3 and language = $4 and coalesce(",
            $at,
            ", 0) <= $5"
        )
    };
}

/// Make a template known.
pub(super) async fn ensure(
    tx: &mut Tx,
    scope: TenantScope,
    id: TemplateId,
    place: Place<'_>,
    meta_key: &str,
) -> Result<u64> {
    tx.execute(
        "insert into message_templates (tenant_id, id, account, name, language, meta_key, is_named)
         values ($1, $2, $3, $4, $5, $6, 0) on conflict (tenant_id, account, name, language) do nothing",
        params![scope, id, place.account, place.name, place.language, meta_key],
    )
    .await
}

/// Take one word over, unless a newer one of its kind is known.
pub(super) async fn update(
    tx: &mut Tx,
    scope: TenantScope,
    place: Place<'_>,
    word: &Word<'_>,
    at: Millis,
) -> Result<u64> {
    let Place { account, name, language } = place;
    match word {
        Word::Status { status, reason_sealed, meta_key } => {
            tx.execute(
                update!("status = $6, reason_sealed = $7, meta_key = $8", "status_at"),
                params![scope, account, name, language, at, *status, *reason_sealed, *meta_key],
            )
            .await
        }
        Word::Category(category) => {
            let sql = update!("category = $6", "category_at");
            tx.execute(sql, params![scope, account, name, language, at, *category]).await
        }
        Word::Change { previous, next, on } => {
            tx.execute(
                update!("previous_category = $6, next_category = $7, next_category_on = $8", "change_at"),
                params![scope, account, name, language, at, *previous, *next, *on],
            )
            .await
        }
        Word::Quality(quality) => {
            let sql = update!("quality = $6", "quality_at");
            tx.execute(sql, params![scope, account, name, language, at, *quality]).await
        }
        Word::Components { sealed, is_named } => {
            let sql = update!("components_sealed = $6, is_named = $7", "components_at");
            tx.execute(sql, params![scope, account, name, language, at, *sealed, i64::from(*is_named)]).await
        }
        Word::Listed { meta_key } => {
            let sql = update!("meta_key = $6", "listed_at");
            tx.execute(sql, params![scope, account, name, language, at, *meta_key]).await
        }
    }
}

/// Forget the templates of an account that a reading of its whole list, begun at `began`, did not meet.
pub(super) async fn delete_unlisted(
    tx: &mut Tx,
    scope: TenantScope,
    account: &str,
    began: Millis,
) -> Result<u64> {
    tx.execute(
        "delete from message_templates where tenant_id = $1 and account = $2 and coalesce(listed_at, 0) < $3
             and coalesce(status_at, 0) < $3",
        params![scope, account, began],
    )
    .await
}

/// A template with its sealed parts.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) template: MessageTemplate,
    pub(super) reason: Option<Vec<u8>>,
    pub(super) components: Option<Vec<u8>>,
}

fn sealed_from_row(row: &Row<'_>) -> Result<Sealed> {
    let is_named: i64 = row.get(12)?;
    let template = MessageTemplate {
        id: row.get(0)?,
        account: row.get(1)?,
        name: row.get(2)?,
        language: row.get(3)?,
        meta_key: row.get(4)?,
        status: row.get(5)?,
        reason: None,
        category: row.get(7)?,
        previous_category: row.get(8)?,
        next_category: row.get(9)?,
        next_category_on: row.get(10)?,
        quality: row.get(11)?,
        is_named: is_named != 0,
        components: None,
    };
    Ok(Sealed { template, reason: row.get(6)?, components: row.get(13)? })
}

/// The columns of [`sealed_from_row`].
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, account, name, language, meta_key, status, reason_sealed, category, previous_category,
             next_category, next_category_on, quality, is_named, components_sealed from message_templates ",
            $rest
        )
    };
}

pub(super) async fn list(tx: &mut Tx, scope: TenantScope) -> Result<Vec<Sealed>> {
    let sql = select!("where tenant_id = $1 order by name, language, account");
    tx.query(sql, params![scope], sealed_from_row).await
}

pub(super) async fn find(tx: &mut Tx, scope: TenantScope, id: TemplateId) -> Result<Option<Sealed>> {
    tx.query_opt(select!("where tenant_id = $1 and id = $2"), params![scope, id], sealed_from_row).await
}

pub(super) async fn find_by_place(
    tx: &mut Tx,
    scope: TenantScope,
    Place { account, name, language }: Place<'_>,
) -> Result<Option<Sealed>> {
    let sql = select!("where tenant_id = $1 and account = $2 and name = $3 and language = $4");
    tx.query_opt(sql, params![scope, account, name, language], sealed_from_row).await
}

/// The reading of an account's list ended; without a problem it is known whole.
pub(super) async fn save_sync(
    tx: &mut Tx,
    scope: TenantScope,
    account: &str,
    synced_at: Option<Millis>,
    problem: Option<&str>,
) -> Result<u64> {
    tx.execute(
        "insert into template_syncs (tenant_id, account, synced_at, problem) values ($1, $2, $3, $4)
         on conflict (tenant_id, account) do update set
             synced_at = coalesce(excluded.synced_at, template_syncs.synced_at), problem = excluded.problem",
        params![scope, account, synced_at, problem],
    )
    .await
}

pub(super) async fn list_syncs(tx: &mut Tx, scope: TenantScope) -> Result<Vec<SyncState>> {
    tx.query(
        "select account, synced_at, problem from template_syncs where tenant_id = $1 order by account",
        params![scope],
        |row| Ok(SyncState { account: row.get(0)?, synced_at: row.get(1)?, problem: row.get(2)? }),
    )
    .await
}

/// Whether the account's list was ever read whole.
pub(super) async fn is_synced(tx: &mut Tx, scope: TenantScope, account: &str) -> Result<bool> {
    let found: Option<Uuid> = tx
        .query_opt(
            "select tenant_id from template_syncs where tenant_id = $1 and account = $2 and synced_at is not null",
            params![scope, account],
            |row| row.get(0),
        )
        .await?;
    Ok(found.is_some())
}
