//! All SQL of the tables `messages`, `message_ids` and `early_statuses`.

use super::{Direction, MessageStatus};
use crate::{
    clock::Millis,
    ids::{ConversationId, MessageId, UserId},
    tenants::TenantScope,
};
use db::{Result, Row, Rows, Tx, params};

/// A message as it lies in its table.
#[derive(Debug, Clone)]
pub(crate) struct MessageRow {
    pub(crate) id: MessageId,
    pub(crate) conversation: ConversationId,
    pub(crate) seq: i64,
    pub(crate) changed_seq: i64,
    pub(crate) direction: Direction,
    pub(crate) status: MessageStatus,
    pub(crate) content_sealed: Vec<u8>,
    pub(crate) sent_at: Millis,
    pub(crate) created_at: Millis,
    pub(crate) author: Option<UserId>,
    pub(crate) error_code: Option<String>,
    pub(crate) error_text: Option<String>,
}

fn message_from_row(row: &Row<'_>) -> Result<MessageRow> {
    let (direction, status): (String, String) = (row.get(4)?, row.get(5)?);
    Ok(MessageRow {
        id: row.get(0)?,
        conversation: row.get(1)?,
        seq: row.get(2)?,
        changed_seq: row.get(3)?,
        direction: if direction == "inbound" { Direction::Inbound } else { Direction::Outbound },
        status: MessageStatus::from_word(&status).unwrap_or(MessageStatus::Failed),
        content_sealed: row.get(6)?,
        sent_at: row.get(7)?,
        created_at: row.get(8)?,
        author: row.get(9)?,
        error_code: row.get(10)?,
        error_text: row.get(11)?,
    })
}

/// Rows of `(conversation_id, seq, id, kind, content_sealed, sent_at)`.
pub(super) async fn insert_inbound(
    tx: &mut Tx,
    scope: TenantScope,
    messages: &Rows<'_>,
    now: Millis,
) -> Result<u64> {
    tx.execute_rows(
        "insert into messages (tenant_id, conversation_id, seq, id, direction, kind, status, content_sealed, sent_at,
             created_at, changed_seq)
         select $1, r.conversation_id, r.seq, r.id, 'inbound', r.kind, 'received', r.content_sealed, r.sent_at, $2, r.seq
         from $rows(conversation_id uuid, seq int, id uuid, kind text, content_sealed blob, sent_at int)",
        params![scope, now],
        messages,
    )
    .await
}

/// Rows of `(digest, conversation_id, seq)`.
pub(super) async fn insert_message_ids(tx: &mut Tx, scope: TenantScope, ids: &Rows<'_>) -> Result<u64> {
    tx.execute_rows(
        "insert into message_ids (tenant_id, digest, conversation_id, seq)
         select $1, r.digest, r.conversation_id, r.seq from $rows(digest blob, conversation_id uuid, seq int)",
        params![scope],
        ids,
    )
    .await
}

/// Which of these digests are stored, and where. Rows of `(digest)`.
pub(super) async fn list_message_ids(
    tx: &mut Tx,
    scope: TenantScope,
    digests: &Rows<'_>,
) -> Result<Vec<([u8; 16], ConversationId, i64)>> {
    tx.query_rows(
        "select m.digest, m.conversation_id, m.seq
         from $rows(digest blob) $find(message_ids m: m.tenant_id = $1 and m.digest = r.digest)",
        params![scope],
        digests,
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
    .await
}

/// Keep Meta's id of a message; one that is known stays where it is.
pub(super) async fn ensure_message_id(
    tx: &mut Tx,
    scope: TenantScope,
    digest: &[u8; 16],
    conversation: ConversationId,
    seq: i64,
) -> Result<u64> {
    tx.execute(
        "insert into message_ids (tenant_id, digest, conversation_id, seq) values ($1, $2, $3, $4)
         on conflict (tenant_id, digest) do nothing",
        params![scope, digest, conversation, seq],
    )
    .await
}

pub(super) async fn insert_outbound(
    tx: &mut Tx,
    scope: TenantScope,
    row: &MessageRow,
    kind: &str,
) -> Result<u64> {
    tx.execute(
        "insert into messages (tenant_id, conversation_id, seq, id, direction, kind, status, content_sealed, sent_at,
             created_at, changed_seq, author_id)
         values ($1, $2, $3, $4, 'outbound', $5, $6, $7, $8, $9, $3, $10)",
        params![
            scope,
            row.conversation,
            row.seq,
            row.id,
            kind,
            row.status.as_str(),
            &row.content_sealed,
            row.sent_at,
            row.created_at,
            row.author
        ],
    )
    .await
}

pub(crate) async fn find_by_id(tx: &mut Tx, scope: TenantScope, id: MessageId) -> Result<Option<MessageRow>> {
    tx.query_opt(
        "select id, conversation_id, seq, changed_seq, direction, status, content_sealed, sent_at, created_at, author_id,
             error_code, error_text
         from messages where tenant_id = $1 and id = $2",
        params![scope, id],
        message_from_row,
    )
    .await
}

/// Rows of `(conversation_id, seq)`.
pub(crate) async fn list_at(tx: &mut Tx, scope: TenantScope, places: &Rows<'_>) -> Result<Vec<MessageRow>> {
    tx.query_rows(
        "select m.id, m.conversation_id, m.seq, m.changed_seq, m.direction, m.status, m.content_sealed, m.sent_at,
             m.created_at, m.author_id, m.error_code, m.error_text
         from $rows(conversation_id uuid, seq int)
         $find(messages m: m.tenant_id = $1 and m.conversation_id = r.conversation_id and m.seq = r.seq)",
        params![scope],
        places,
        message_from_row,
    )
    .await
}

/// The newest messages before `(sent_at, seq)`, newest first.
pub(super) async fn list_before(
    tx: &mut Tx,
    scope: TenantScope,
    conversation: ConversationId,
    before: Option<(Millis, i64)>,
    limit: i64,
) -> Result<Vec<MessageRow>> {
    let (at, seq) = before.unwrap_or((i64::MAX, i64::MAX));
    tx.query(
        "select id, conversation_id, seq, changed_seq, direction, status, content_sealed, sent_at, created_at, author_id,
             error_code, error_text
         from messages where tenant_id = $1 and conversation_id = $2 and (sent_at, seq) < ($3, $4)
         order by sent_at desc, seq desc limit $5",
        params![scope, conversation, at, seq, limit],
        message_from_row,
    )
    .await
}

/// Messages that are new or changed since `seq`, in the order of their change.
pub(super) async fn list_changed_after(
    tx: &mut Tx,
    scope: TenantScope,
    conversation: ConversationId,
    seq: i64,
    limit: i64,
) -> Result<Vec<MessageRow>> {
    tx.query(
        "select id, conversation_id, seq, changed_seq, direction, status, content_sealed, sent_at, created_at, author_id,
             error_code, error_text
         from messages where tenant_id = $1 and conversation_id = $2 and changed_seq > $3
         order by changed_seq limit $4",
        params![scope, conversation, seq, limit],
        message_from_row,
    )
    .await
}

/// A message's new state.
pub(super) struct Progress<'p> {
    pub(super) conversation: ConversationId,
    pub(super) seq: i64,
    pub(super) changed_seq: i64,
    pub(super) status: MessageStatus,
    pub(super) error_code: Option<&'p str>,
    pub(super) error_text: Option<&'p str>,
}

pub(super) async fn update_progress(tx: &mut Tx, scope: TenantScope, progress: &Progress<'_>) -> Result<u64> {
    tx.execute(
        "update messages set status = $4, changed_seq = $5, error_code = $6, error_text = $7
         where tenant_id = $1 and conversation_id = $2 and seq = $3",
        params![
            scope,
            progress.conversation,
            progress.seq,
            progress.status.as_str(),
            progress.changed_seq,
            progress.error_code,
            progress.error_text
        ],
    )
    .await
}

pub(super) async fn update_content(
    tx: &mut Tx,
    scope: TenantScope,
    conversation: ConversationId,
    seq: i64,
    content_sealed: &[u8],
) -> Result<u64> {
    tx.execute(
        "update messages set content_sealed = $4 where tenant_id = $1 and conversation_id = $2 and seq = $3",
        params![scope, conversation, seq, content_sealed],
    )
    .await
}

/// Keep a report about a message whose id is not known yet.
pub(super) async fn insert_early_status(
    tx: &mut Tx,
    scope: TenantScope,
    digest: &[u8; 16],
    status: MessageStatus,
    at: Millis,
    error: Option<(&str, &str)>,
) -> Result<u64> {
    tx.execute(
        "insert into early_statuses (tenant_id, digest, status, at, error_code, error_text) values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, digest, status) do nothing",
        params![scope, digest, status.as_str(), at, error.map(|(code, _)| code), error.map(|(_, text)| text)],
    )
    .await
}

/// Take the reports that came early for a message.
pub(super) async fn take_early_statuses(
    tx: &mut Tx,
    scope: TenantScope,
    digest: &[u8; 16],
) -> Result<Vec<(MessageStatus, Option<String>, Option<String>)>> {
    let found = tx
        .query(
            "delete from early_statuses where tenant_id = $1 and digest = $2 returning status, error_code, error_text",
            params![scope, digest],
            |row| {
                let status: String = row.get(0)?;
                Ok((MessageStatus::from_word(&status), row.get(1)?, row.get(2)?))
            },
        )
        .await?;
    Ok(found.into_iter().filter_map(|(status, code, text)| Some((status?, code, text))).collect())
}
