//! All SQL of the tables `messages`, `message_ids` and `early_statuses`.

use super::{Charge, Direction, MessageStatus};
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
    pub(crate) has_marks: bool,
    pub(crate) pricing: Option<Charge>,
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
        has_marks: row.get::<i64>(12)? == 1,
        pricing: charge(row.get(13)?, row.get(14)?),
    })
}

fn charge(category: Option<String>, kind: Option<String>) -> Option<Charge> {
    Some(Charge { category: category?, r#type: kind.unwrap_or_default() })
}

/// Rows of `(conversation_id, seq, id, direction, kind, status, content_sealed, sent_at, has_marks)`.
pub(super) async fn insert_inbound(
    tx: &mut Tx,
    scope: TenantScope,
    messages: &Rows<'_>,
    now: Millis,
) -> Result<u64> {
    tx.execute_rows(
        "insert into messages (tenant_id, conversation_id, seq, id, direction, kind, status, content_sealed, sent_at,
             created_at, changed_seq, has_marks)
         select $1, r.conversation_id, r.seq, r.id, r.direction, r.kind, r.status, r.content_sealed, r.sent_at, $2, r.seq,
             r.has_marks
         from $rows(conversation_id uuid, seq int, id uuid, direction text, kind text, status text, content_sealed blob,
             sent_at int, has_marks int)",
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

/// Of these digests those that are known, as true, and those that something has asked for that came before them, as false.
/// Rows of `(digest)`.
pub(super) async fn list_known(
    tx: &mut Tx,
    scope: TenantScope,
    digests: &Rows<'_>,
) -> Result<Vec<([u8; 16], bool)>> {
    tx.query_rows(
        "select m.digest, cast(1 as $int_type)
         from $rows(digest blob) $find(message_ids m: m.tenant_id = $1 and m.digest = r.digest)
         union all
         select k.target_digest, cast(0 as $int_type)
         from $rows(digest blob) $find(message_marks k: k.tenant_id = $1 and k.target_digest = r.digest)",
        params![scope],
        digests,
        |row| Ok((row.get(0)?, row.get::<i64>(1)? == 1)),
    )
    .await
}

/// Rows of `(target_digest, conversation_id, seq)`.
pub(super) async fn insert_marks(tx: &mut Tx, scope: TenantScope, marks: &Rows<'_>) -> Result<u64> {
    tx.execute_rows(
        "insert into message_marks (tenant_id, target_digest, conversation_id, seq)
         select $1, r.target_digest, r.conversation_id, r.seq
         from $rows(target_digest blob, conversation_id uuid, seq int)",
        params![scope],
        marks,
    )
    .await
}

/// What changes the messages with these digests, each with the digest of the message that it changes. Rows of `(digest)`.
pub(super) async fn list_marks(
    tx: &mut Tx,
    scope: TenantScope,
    digests: &Rows<'_>,
) -> Result<Vec<([u8; 16], MessageRow)>> {
    tx.query_rows(
        "select m.id, m.conversation_id, m.seq, m.changed_seq, m.direction, m.status, m.content_sealed, m.sent_at,
             m.created_at, m.author_id, m.error_code, m.error_text, m.has_marks, m.pricing_category, m.pricing_type,
             k.target_digest
         from $rows(digest blob)
         $find(message_marks k: k.tenant_id = $1 and k.target_digest = r.digest)
         $find(messages m: m.tenant_id = $1 and m.conversation_id = k.conversation_id and m.seq = k.seq)",
        params![scope],
        digests,
        |row| Ok((row.get(15)?, message_from_row(row)?)),
    )
    .await
}

/// Say that a message is changed by others, as the conversation's change `changed_seq`.
pub(super) async fn note_marks(
    tx: &mut Tx,
    scope: TenantScope,
    (conversation, seq): (ConversationId, i64),
    changed_seq: i64,
) -> Result<Option<MessageId>> {
    tx.query_opt(
        "update messages set has_marks = 1, changed_seq = $4
         where tenant_id = $1 and conversation_id = $2 and seq = $3 returning id",
        params![scope, conversation, seq, changed_seq],
        |row| row.get(0),
    )
    .await
}

/// Say that a message is changed by others, where something is there already that changes the one with this digest.
pub(super) async fn expect_marks(
    tx: &mut Tx,
    scope: TenantScope,
    (conversation, seq): (ConversationId, i64),
    digest: &[u8; 16],
) -> Result<u64> {
    tx.execute(
        "update messages set has_marks = 1 where tenant_id = $1 and conversation_id = $2 and seq = $3 and has_marks = 0
             and exists (select 1 from message_marks k where k.tenant_id = $1 and k.target_digest = $4)",
        params![scope, conversation, seq, digest],
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
             error_code, error_text, has_marks, pricing_category, pricing_type
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
             m.created_at, m.author_id, m.error_code, m.error_text, m.has_marks, m.pricing_category, m.pricing_type
         from $rows(conversation_id uuid, seq int)
         $find(messages m: m.tenant_id = $1 and m.conversation_id = r.conversation_id and m.seq = r.seq)",
        params![scope],
        places,
        message_from_row,
    )
    .await
}

/// The newest thing that the contact said: no reaction, no change of an earlier message, no call and no notice of Meta's.
pub(super) async fn find_newest_of_contact(
    tx: &mut Tx,
    scope: TenantScope,
    conversation: ConversationId,
) -> Result<Option<MessageRow>> {
    tx.query_opt(
        "select id, conversation_id, seq, changed_seq, direction, status, content_sealed, sent_at, created_at, author_id,
             error_code, error_text, has_marks, pricing_category, pricing_type
         from messages where tenant_id = $1 and conversation_id = $2 and direction = 'inbound'
             and kind not in ('reaction', 'edit', 'revoke', 'call', 'system')
         order by sent_at desc, seq desc limit 1",
        params![scope, conversation],
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
             error_code, error_text, has_marks, pricing_category, pricing_type
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
             error_code, error_text, has_marks, pricing_category, pricing_type
         from messages where tenant_id = $1 and conversation_id = $2 and changed_seq > $3
         order by changed_seq limit $4",
        params![scope, conversation, seq, limit],
        message_from_row,
    )
    .await
}

/// Keep what Meta charges a message as, unless it has said so before.
pub(super) async fn note_pricing(
    tx: &mut Tx,
    scope: TenantScope,
    (conversation, seq): (ConversationId, i64),
    pricing: &Charge,
    changed_seq: i64,
) -> Result<u64> {
    tx.execute(
        "update messages set pricing_category = $4, pricing_type = $5, changed_seq = $6
         where tenant_id = $1 and conversation_id = $2 and seq = $3 and pricing_category is null",
        params![scope, conversation, seq, &pricing.category, &pricing.r#type, changed_seq],
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

/// Say whether an attempt of a queued message is under way. Returns 0 where the message was moved on in between, or another
/// attempt began.
pub(super) async fn update_attempt(
    tx: &mut Tx,
    scope: TenantScope,
    (conversation, seq): (ConversationId, i64),
    from: Option<&str>,
    to: Option<&str>,
) -> Result<u64> {
    tx.execute(
        "update messages set error_code = $5, error_text = null
         where tenant_id = $1 and conversation_id = $2 and seq = $3 and status = 'queued'
             and coalesce(error_code, '') = coalesce($4, '')",
        params![scope, conversation, seq, from, to],
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

/// The sealed contents of a conversation's messages behind `seq`, in order.
pub(super) async fn list_sealed_after(
    tx: &mut Tx,
    scope: TenantScope,
    conversation: ConversationId,
    seq: i64,
    limit: i64,
) -> Result<Vec<(i64, MessageId, Vec<u8>)>> {
    tx.query(
        "select seq, id, content_sealed from messages
         where tenant_id = $1 and conversation_id = $2 and seq > $3 order by seq limit $4",
        params![scope, conversation, seq, limit],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
    .await
}

/// Rows of `(conversation_id, seq, content_sealed)`.
pub(super) async fn update_contents(tx: &mut Tx, scope: TenantScope, contents: &Rows<'_>) -> Result<u64> {
    tx.execute_rows(
        "update messages set content_sealed = r.content_sealed
         from $rows(conversation_id uuid, seq int, content_sealed blob)
         where messages.tenant_id = $1 and messages.conversation_id = r.conversation_id and messages.seq = r.seq",
        params![scope],
        contents,
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
    pricing: Option<&Charge>,
) -> Result<u64> {
    tx.execute(
        "insert into early_statuses (tenant_id, digest, status, at, error_code, error_text, pricing_category, pricing_type)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant_id, digest, status) do nothing",
        params![
            scope,
            digest,
            status.as_str(),
            at,
            error.map(|(code, _)| code),
            error.map(|(_, text)| text),
            pricing.map(|pricing| pricing.category.as_str()),
            pricing.map(|pricing| pricing.r#type.as_str())
        ],
    )
    .await
}

/// A report that came before its message's id was known.
pub(super) struct EarlyStatus {
    pub(super) status: MessageStatus,
    pub(super) error: Option<(String, String)>,
    pub(super) pricing: Option<Charge>,
}

/// Take the reports that came early for a message.
pub(super) async fn take_early_statuses(
    tx: &mut Tx,
    scope: TenantScope,
    digest: &[u8; 16],
) -> Result<Vec<EarlyStatus>> {
    let found = tx
        .query(
            "delete from early_statuses where tenant_id = $1 and digest = $2
             returning status, error_code, error_text, pricing_category, pricing_type",
            params![scope, digest],
            |row| {
                let status: String = row.get(0)?;
                let code: Option<String> = row.get(1)?;
                let text: Option<String> = row.get(2)?;
                let error = code.map(|code| (code, text.unwrap_or_default()));
                Ok((MessageStatus::from_word(&status), error, charge(row.get(3)?, row.get(4)?)))
            },
        )
        .await?;
    let early = |(status, error, pricing)| Some(EarlyStatus { status: status?, error, pricing });
    Ok(found.into_iter().filter_map(early).collect())
}

/// Forget reports from before that no message has come for.
pub(super) async fn delete_early_before(tx: &mut Tx, scope: TenantScope, before: Millis) -> Result<u64> {
    tx.execute("delete from early_statuses where tenant_id = $1 and at < $2", params![scope, before]).await
}
