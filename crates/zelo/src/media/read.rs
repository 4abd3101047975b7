//! Showing files to those who see their conversation.

use super::{
    FileType, MediaState,
    model::{Details, Media, Voice},
    objects::{Object, Reader, THUMBNAIL, WHOLE},
    store,
};
use crate::{
    app::App,
    conversations,
    crypto::Key,
    error::{Error, Result},
    ids::{MediaId, MessageId},
    messages,
    rights::Sight,
    tenants::TenantScope,
};
use bytes::Bytes;
use db::Rows;
use futures_util::Stream;
use std::{collections::HashMap, ops::Range};

/// Which part of a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// The file.
    Whole,
    /// Its small picture, a JPEG.
    Thumbnail,
}

/// The files of messages, by message.
///
/// # Errors
/// When the database does not answer.
pub async fn load_of_messages(
    app: &App,
    scope: TenantScope,
    messages: impl IntoIterator<Item = MessageId>,
) -> Result<HashMap<MessageId, Media>> {
    let mut rows = Rows::new();
    for message in messages {
        rows.push([message.into()]);
    }
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let found = db::read!(app.db, "list_media", scope.into(), |tx| -> Result<_> {
        Ok(store::list_of_messages(tx, scope, &rows).await?)
    })?;
    Ok(found.into_iter().filter_map(|media| Some((media.message?, media))).collect())
}

/// A file that may be read.
pub struct Opened {
    /// What is known of it.
    pub media: Media,
    /// The name that its sender gave it.
    pub filename: Option<String>,
    /// What the content is.
    pub file_type: FileType,
    /// Bytes of the piece.
    pub size: u64,
    reader: Reader,
}

impl Opened {
    /// The bytes of a range, as they are read; little of them is in memory at a time.
    pub fn stream(self, range: Range<u64>) -> impl Stream<Item = Result<Bytes>> + Send {
        stream(self.reader, range)
    }
}

pub(super) fn stream(reader: Reader, range: Range<u64>) -> impl Stream<Item = Result<Bytes>> + Send {
    futures_util::stream::try_unfold((reader, range), |(mut reader, range)| async move {
        let bytes = reader.some(range.clone()).await.inspect_err(|error| {
            tracing::error!(%error, "A file cannot be read on; its reader gets no more of it");
        })?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let next = range.start + bytes.len() as u64..range.end;
        Ok(Some((Bytes::from(bytes), (reader, next))))
    })
}

/// Open a file for somebody who sees its conversation.
///
/// # Errors
/// [`Error::NotFound`] for a stranger's file and for one that is not here, [`Error::Gone`] for one that will never be.
pub async fn open(app: &App, sight: Sight, id: MediaId, piece: Piece) -> Result<Opened> {
    let scope = sight.scope();
    let media = db::read!(app.db, "find_media", sight.into(), |tx| -> Result<_> {
        store::find(tx, scope, id).await?.ok_or(Error::NotFound)
    })?;
    // Who may not see the conversation learns nothing of its files.
    let conversation = conversations::get_conversation(app, sight, media.conversation).await?;
    refuse_deleted(app, scope, &media).await?;
    match media.state {
        MediaState::Stored => {}
        MediaState::Pending => return Err(Error::NotFound),
        MediaState::Refused | MediaState::Expired => return Err(Error::Gone),
    }
    let key = conversations::contact_key(app, scope, &conversation).await?;
    let details = Details::open(scope, id, &key, &media.details_sealed)?;
    let (reader, size) = reader(app, scope, &media, &details, piece).await?;
    let file_type = match piece {
        Piece::Whole => media.file_type.ok_or_else(|| Error::internal("a stored file without a type"))?,
        Piece::Thumbnail => FileType::Jpeg,
    };
    Ok(Opened { filename: details.filename, file_type, size, reader, media })
}

/// The file of a message that its writer deleted is shown no more than its words.
async fn refuse_deleted(app: &App, scope: TenantScope, media: &Media) -> Result<()> {
    let Some(message) = media.message else { return Ok(()) };
    let found = messages::load_messages(app, scope, &[message]).await?;
    let is_deleted = found.iter().any(|message| message.marks.deleted_at.is_some());
    if is_deleted { Err(Error::Gone) } else { Ok(()) }
}

/// The bytes of a stored file.
pub(super) async fn reader(
    app: &App,
    scope: TenantScope,
    media: &Media,
    details: &Details,
    piece: Piece,
) -> Result<(Reader, u64)> {
    let (Some(file), Some(key)) = (media.file, details.key()) else {
        return Err(Error::internal("a stored file without its key"));
    };
    let (part, size) = match piece {
        Piece::Whole => (WHOLE, media.size.unwrap_or_default()),
        Piece::Thumbnail => (THUMBNAIL, details.thumbnail_size.ok_or(Error::NotFound)?),
    };
    let object = Object { tenant: scope.tenant(), file, part };
    let cipher = key.cipher(scope.tenant().0, file, part)?;
    Ok((app.objects.reader(object, cipher, size).await?, size))
}

/// A file with what its message's readers may know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// What is known of it.
    pub media: Media,
    /// The name that its sender gave it.
    pub filename: Option<String>,
    /// What is heard in it.
    pub voice: Option<Voice>,
}

impl Attached {
    /// The file, read with the contact's key.
    pub(crate) fn of(scope: TenantScope, media: Media, key: &Key) -> Self {
        let details = Details::open(scope, media.id, key, &media.details_sealed).unwrap_or_default();
        Self { filename: details.filename, voice: details.voice, media }
    }
}
