//! All SQL of the tables `access_reviews` and `access_review_lines`.

use super::{Access, Decision, Review, Subject};
use crate::{
    clock::Millis,
    ids::{AccessReviewId, TenantId, UserId},
};
use db::{Result, Row, Tx, params};
use uuid::Uuid;

/// What was stored of a line.
pub(super) struct LineRow {
    pub(super) subject: Subject,
    pub(super) access: Access,
    pub(super) decided: Option<(Decision, UserId, Millis)>,
}

/// The columns in the order of `from_row`.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, begun_by, begun_at, ended_by, ended_at from access_reviews where tenant_id = $1 ",
            $rest
        )
    };
}

fn from_row(row: &Row<'_>) -> Result<Review> {
    let (ended_by, ended_at): (Option<UserId>, Option<Millis>) = (row.get(3)?, row.get(4)?);
    Ok(Review {
        id: row.get(0)?,
        begun_by: row.get(1)?,
        begun_at: row.get(2)?,
        ended: ended_by.zip(ended_at),
    })
}

/// Fails on a unique index while another one is open.
pub(super) async fn insert(tx: &mut Tx, tenant: TenantId, review: &Review) -> Result<()> {
    tx.execute(
        "insert into access_reviews (tenant_id, id, begun_by, begun_at) values ($1, $2, $3, $4)",
        params![tenant, review.id, review.begun_by, review.begun_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, tenant: TenantId, id: AccessReviewId) -> Result<Option<Review>> {
    tx.query_opt(select!("and id = $2"), params![tenant, id], from_row).await
}

/// A review, locked until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, tenant: TenantId, id: AccessReviewId) -> Result<Option<Review>> {
    tx.query_opt(select!("and id = $2 $for_update"), params![tenant, id], from_row).await
}

/// The newest, before `after` where it is given.
pub(super) async fn list(
    tx: &mut Tx,
    tenant: TenantId,
    after: Option<AccessReviewId>,
    limit: i64,
) -> Result<Vec<Review>> {
    tx.query(
        select!("and (cast($2 as $uuid_type) is null or id < $2) order by id desc limit $3"),
        params![tenant, after, limit],
        from_row,
    )
    .await
}

pub(super) async fn end(
    tx: &mut Tx,
    tenant: TenantId,
    id: AccessReviewId,
    who: UserId,
    now: Millis,
) -> Result<u64> {
    tx.execute(
        "update access_reviews set ended_by = $3, ended_at = $4 where tenant_id = $1 and id = $2",
        params![tenant, id, who, now],
    )
    .await
}

/// When the last review ended, or when the tenant was made.
pub(super) async fn last_ended(tx: &mut Tx, tenant: TenantId) -> Result<Option<Millis>> {
    tx.query_opt(
        "select coalesce((select max(ended_at) from access_reviews where tenant_id = $1), created_at)
         from tenants where id = $1",
        params![tenant],
        |row| row.get(0),
    )
    .await
}

pub(super) async fn list_lines(
    tx: &mut Tx,
    tenant: TenantId,
    review: AccessReviewId,
) -> Result<Vec<LineRow>> {
    let rows = tx
        .query(
            "select kind, subject_id, access, decision, decided_by, decided_at from access_review_lines
             where tenant_id = $1 and review_id = $2 order by subject_id",
            params![tenant, review],
            line_from_row,
        )
        .await?;
    Ok(rows.into_iter().flatten().collect())
}

/// None for what this program cannot read: the line counts as not decided.
fn line_from_row(row: &Row<'_>) -> Result<Option<LineRow>> {
    let (kind, id, access): (String, Uuid, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let decision: Option<String> = row.get(3)?;
    let decided_by: Option<UserId> = row.get(4)?;
    let decided_at: Option<Millis> = row.get(5)?;
    let decision = decision.as_deref().and_then(Decision::from_word);
    let decided = decision.zip(decided_by).zip(decided_at).map(|((what, who), at)| (what, who, at));
    let line = Subject::from_word(&kind, id).zip(serde_json::from_str(&access).ok());
    Ok(line.map(|(subject, access)| LineRow { subject, access, decided }))
}

/// Keep what was said of a line; what was said before is replaced.
pub(super) async fn upsert_line(
    tx: &mut Tx,
    tenant: TenantId,
    review: AccessReviewId,
    line: &LineRow,
) -> Result<()> {
    let access = serde_json::to_string(&line.access).unwrap_or_default();
    let decision = line.decided.map(|(decision, ..)| decision.as_str());
    let (who, at) = (line.decided.map(|(_, who, _)| who), line.decided.map(|(.., at)| at));
    tx.execute(
        "insert into access_review_lines
             (tenant_id, review_id, subject_id, kind, access, decision, decided_by, decided_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (tenant_id, review_id, subject_id) do update set
             access = excluded.access, decision = excluded.decision, decided_by = excluded.decided_by,
             decided_at = excluded.decided_at",
        params![tenant, review, line.subject.id(), line.subject.kind(), access, decision, who, at],
    )
    .await?;
    Ok(())
}
