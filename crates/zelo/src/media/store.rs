//! All SQL of the table `media`.

use super::{
    FileType, Kind,
    model::{Media, MediaState, Refusal},
};
use crate::{
    clock::Millis,
    ids::{ConversationId, MediaId, MessageId},
    tenants::TenantScope,
};
use db::{Result, Row, Rows, Tx, params};
use uuid::Uuid;

/// The columns in the order of `media_from_row`.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select m.id, m.conversation_id, m.message_id, m.kind, m.state, m.reason, m.file_id, m.mime_type, m.size, m.width,
                 m.height, m.duration_ms, m.has_thumbnail, m.details_sealed, m.expires_at, m.created_at ",
            $rest
        )
    };
}

fn media_from_row(row: &Row<'_>) -> Result<Media> {
    let (kind, state): (String, String) = (row.get(3)?, row.get(4)?);
    let (reason, mime_type): (Option<String>, Option<String>) = (row.get(5)?, row.get(7)?);
    let number = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
    Ok(Media {
        id: row.get(0)?,
        conversation: row.get(1)?,
        message: row.get(2)?,
        kind: Kind::from_word(&kind).unwrap_or(Kind::Document),
        state: MediaState::from_word(&state),
        reason: reason.as_deref().and_then(Refusal::from_word),
        file: row.get(6)?,
        file_type: mime_type.as_deref().and_then(FileType::from_mime),
        size: row.get::<Option<i64>>(8)?.and_then(|size| u64::try_from(size).ok()),
        pixels: number(row.get(9)?).zip(number(row.get(10)?)),
        duration_ms: row.get(11)?,
        has_thumbnail: row.get(12)?,
        details_sealed: row.get(13)?,
        expires_at: row.get(14)?,
        created_at: row.get(15)?,
    })
}

/// Rows of `(id, conversation_id, message_id, kind, details_sealed, expires_at)` that are to be fetched.
pub(super) async fn insert_pending(
    tx: &mut Tx,
    scope: TenantScope,
    rows: &Rows<'_>,
    now: Millis,
) -> Result<u64> {
    tx.execute_rows(
        "insert into media (tenant_id, id, conversation_id, message_id, kind, state, has_thumbnail, details_sealed,
             expires_at, created_at)
         select $1, r.id, r.conversation_id, r.message_id, r.kind, 'pending', 0, r.details_sealed, r.expires_at, $2
         from $rows(id uuid, conversation_id uuid, message_id uuid, kind text, details_sealed blob, expires_at int)",
        params![scope, now],
        rows,
    )
    .await
}

pub(super) async fn find(tx: &mut Tx, scope: TenantScope, id: MediaId) -> Result<Option<Media>> {
    tx.query_opt(
        select!("from media m where m.tenant_id = $1 and m.id = $2"),
        params![scope, id],
        media_from_row,
    )
    .await
}

/// The files of messages. Rows of `(message_id)`.
pub(super) async fn list_of_messages(
    tx: &mut Tx,
    scope: TenantScope,
    messages: &Rows<'_>,
) -> Result<Vec<Media>> {
    tx.query_rows(
        select!(
            "from $rows(message_id uuid) $find(media m: m.tenant_id = $1 and m.message_id = r.message_id)"
        ),
        params![scope],
        messages,
        media_from_row,
    )
    .await
}

/// Stored files with this content, oldest first; of those that wait to be sent only the ones made after `fresh`, because the
/// others may be swept away.
pub(super) async fn list_same(
    tx: &mut Tx,
    scope: TenantScope,
    digest: &[u8; 16],
    fresh: Millis,
) -> Result<Vec<Media>> {
    tx.query(
        select!(
            "from media m
             where m.tenant_id = $1 and m.digest = $2 and m.state = 'stored'
                 and (m.message_id is not null or m.created_at > $3)
             order by m.id limit 5"
        ),
        params![scope, digest, fresh],
        media_from_row,
    )
    .await
}

/// What is known of a file that is here.
#[derive(Debug)]
pub(super) struct Arrived<'a> {
    pub(super) id: MediaId,
    pub(super) file: Uuid,
    pub(super) file_type: FileType,
    pub(super) size: u64,
    pub(super) pixels: Option<(u32, u32)>,
    pub(super) duration_ms: Option<Millis>,
    pub(super) has_thumbnail: bool,
    pub(super) digest: [u8; 16],
    pub(super) details_sealed: &'a [u8],
}

/// Note that a file is here, whose details were read as `before`. Nothing changes when they are others by now: a merge has
/// sealed them under another key, and what is told here lies under the one before.
pub(super) async fn update_stored(
    tx: &mut Tx,
    scope: TenantScope,
    arrived: &Arrived<'_>,
    before: &[u8],
) -> Result<u64> {
    tx.execute(
        "update media set state = 'stored', file_id = $3, mime_type = $4, size = $5, width = $6, height = $7,
             duration_ms = $8, has_thumbnail = $9, digest = $10, details_sealed = $11
         where tenant_id = $1 and id = $2 and state = 'pending' and details_sealed = $12",
        params![
            scope,
            arrived.id,
            arrived.file,
            arrived.file_type.mime_type(),
            i64::try_from(arrived.size).unwrap_or(i64::MAX),
            arrived.pixels.map(|(width, _)| width),
            arrived.pixels.map(|(_, height)| height),
            arrived.duration_ms,
            arrived.has_thumbnail,
            &arrived.digest,
            arrived.details_sealed,
            before
        ],
    )
    .await
}

/// A file that was uploaded and waits to be sent.
#[derive(Debug)]
pub(super) struct NewRow {
    pub(super) id: MediaId,
    pub(super) conversation: ConversationId,
    pub(super) kind: Kind,
    pub(super) created_at: Millis,
}

impl NewRow {
    /// It before its bytes are known.
    pub(super) fn as_media(&self) -> Media {
        Media {
            id: self.id,
            conversation: self.conversation,
            message: None,
            kind: self.kind,
            state: MediaState::Pending,
            reason: None,
            file_type: None,
            size: None,
            pixels: None,
            duration_ms: None,
            has_thumbnail: false,
            file: None,
            expires_at: None,
            details_sealed: Vec::new(),
            created_at: self.created_at,
        }
    }
}

pub(super) async fn insert_stored(
    tx: &mut Tx,
    scope: TenantScope,
    row: &NewRow,
    arrived: &Arrived<'_>,
) -> Result<u64> {
    tx.execute(
        "insert into media (tenant_id, id, conversation_id, kind, state, has_thumbnail, details_sealed, created_at)
         values ($1, $2, $3, $4, 'pending', 0, $5, $6)",
        params![scope, row.id, row.conversation, row.kind.as_str(), arrived.details_sealed, row.created_at],
    )
    .await?;
    update_stored(tx, scope, arrived, arrived.details_sealed).await
}

/// The message that carries an uploaded file.
pub(super) async fn update_message(
    tx: &mut Tx,
    scope: TenantScope,
    id: MediaId,
    message: MessageId,
) -> Result<u64> {
    tx.execute(
        "update media set message_id = $3
         where tenant_id = $1 and id = $2 and message_id is null and state = 'stored'",
        params![scope, id, message],
    )
    .await
}

/// Change the details that were read as `before`. Nothing changes when they are others by now, as in [`update_stored`].
pub(super) async fn update_details(
    tx: &mut Tx,
    scope: TenantScope,
    id: MediaId,
    details_sealed: &[u8],
    before: &[u8],
) -> Result<u64> {
    tx.execute(
        "update media set details_sealed = $3 where tenant_id = $1 and id = $2 and details_sealed = $4",
        params![scope, id, details_sealed, before],
    )
    .await
}

/// A file that will never be here.
pub(super) async fn update_lost(
    tx: &mut Tx,
    scope: TenantScope,
    id: MediaId,
    state: MediaState,
    reason: Option<Refusal>,
) -> Result<u64> {
    tx.execute(
        "update media set state = $3, reason = $4 where tenant_id = $1 and id = $2 and state = 'pending'",
        params![scope, id, state.as_str(), reason.map(Refusal::as_str)],
    )
    .await
}

/// A file that there is no room for; its size where Meta said it.
pub(super) async fn update_over_quota(
    tx: &mut Tx,
    scope: TenantScope,
    id: MediaId,
    size: Option<u64>,
) -> Result<u64> {
    tx.execute(
        "update media set state = 'refused', reason = 'over_quota', size = $3
         where tenant_id = $1 and id = $2 and state = 'pending'",
        params![scope, id, size.map(|size| i64::try_from(size).unwrap_or(i64::MAX))],
    )
    .await
}

/// Whether a file waits for room.
pub(super) async fn is_any_over_quota(tx: &mut Tx, scope: TenantScope) -> Result<bool> {
    let first: Option<MediaId> = tx
        .query_opt(
            "select id from media where tenant_id = $1 and reason = 'over_quota' limit 1",
            params![scope],
            |row| row.get(0),
        )
        .await?;
    Ok(first.is_some())
}

/// Let files be fetched again that wait for room: those that fit into `room`, and those that Meta has forgotten, which their
/// job then says.
pub(super) async fn update_pending_again(
    tx: &mut Tx,
    scope: TenantScope,
    room: u64,
    now: Millis,
    limit: i64,
) -> Result<Vec<MediaId>> {
    tx.query(
        "update media set state = 'pending', reason = null
         where tenant_id = $1 and reason = 'over_quota' and id in (
             select m.id from media m
             where m.tenant_id = $1 and m.reason = 'over_quota'
                 and (coalesce(m.size, 1) <= $2 or m.expires_at <= $3)
             order by m.id limit $4)
         returning id",
        params![scope, i64::try_from(room).unwrap_or(i64::MAX), now, limit],
        |row| row.get(0),
    )
    .await
}

/// Files that were uploaded before `before` and never sent.
pub(super) async fn list_unsent(tx: &mut Tx, scope: TenantScope, before: Millis) -> Result<Vec<Media>> {
    tx.query(
        select!(
            "from media m where m.tenant_id = $1 and m.message_id is null and m.created_at < $2
             order by m.id limit 500"
        ),
        params![scope, before],
        media_from_row,
    )
    .await
}

/// Delete a file that was never sent; returns whether it was there.
pub(super) async fn delete_unsent(tx: &mut Tx, scope: TenantScope, id: MediaId) -> Result<u64> {
    tx.execute(
        "delete from media where tenant_id = $1 and id = $2 and message_id is null",
        params![scope, id],
    )
    .await
}

/// How many files lie in this object.
pub(super) async fn count_in(tx: &mut Tx, scope: TenantScope, file: Uuid) -> Result<i64> {
    tx.query_one(
        "select count(*) from media where tenant_id = $1 and file_id = $2",
        params![scope, file],
        |row| row.get(0),
    )
    .await
}

/// What is sealed about the files of a conversation.
pub(super) async fn list_sealed(
    tx: &mut Tx,
    scope: TenantScope,
    conversation: ConversationId,
) -> Result<Vec<(MediaId, Vec<u8>)>> {
    tx.query(
        "select id, details_sealed from media where tenant_id = $1 and conversation_id = $2 order by id $for_update",
        params![scope, conversation],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .await
}

/// Rows of `(id, details_sealed)`.
pub(super) async fn update_sealed(tx: &mut Tx, scope: TenantScope, rows: &Rows<'_>) -> Result<u64> {
    tx.execute_rows(
        "update media set details_sealed = r.details_sealed from $rows(id uuid, details_sealed blob)
         where media.tenant_id = $1 and media.id = r.id",
        params![scope],
        rows,
    )
    .await
}
