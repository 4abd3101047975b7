//! A file that somebody here wants to send: taken, looked at, cleaned, kept, and then taken to Meta.

use super::{
    FileType, Kind, Piece,
    keep::{self, Incoming},
    model::{Details, Media, MediaState},
    prepare::{Came, new_spool},
    read::{Attached, reader},
    spool::SpoolError,
    store::{self, NewRow},
};
use crate::{
    app::App,
    clock::{DAY, Millis},
    conversations,
    crypto::FileKey,
    error::{Error, Result},
    ids::{ConversationId, MediaId, MessageId},
    quotas::{self, Quota},
    rights::Sight,
    tenants::TenantScope,
};
use bytes::Bytes;
use db::Tx;
use futures_util::{Stream, StreamExt as _};
use std::pin::pin;
use uuid::Uuid;
use whatsapp::client::{AccessToken, MediaSource, OutboundContent, SendError};

/// Files uploaded to Meta are kept for thirty days; a day is left for the message that names one.
const META_KEEPS: Millis = 29 * DAY;

const MEGABYTE: u64 = 1024 * 1024;

/// The largest file that Meta takes as each kind, in bytes (Meta, business-phone-numbers/media).
pub fn largest(kind: Kind) -> u64 {
    match kind {
        Kind::Image => 5 * MEGABYTE,
        Kind::Video | Kind::Audio => 16 * MEGABYTE,
        Kind::Document => 100 * MEGABYTE,
        Kind::Sticker => 500 * 1024,
    }
}

/// The name under which Meta takes a type, where it does (Meta, business-phone-numbers/media). A table is words to it.
pub(super) fn meta_type(file_type: FileType) -> Option<&'static str> {
    match file_type {
        FileType::Csv => Some(FileType::Text.mime_type()),
        // Nothing else than Opus is taken in it, and Meta wants to hear so.
        FileType::Ogg => Some("audio/ogg; codecs=opus"),
        FileType::Rtf | FileType::Gif | FileType::Webp | FileType::Heic => None,
        taken => Some(taken.mime_type()),
    }
}

/// What is uploaded.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// What it is to be sent as; without it what its content is best shown as.
    pub kind: Option<Kind>,
    /// Whether it was recorded to be sent as a voice note.
    pub is_voice: bool,
    /// Its name.
    pub filename: Option<String>,
    /// What its sender says that it is.
    pub declared: Option<String>,
    /// How many bytes its sender says that it has.
    pub size: Option<u64>,
}

/// The best way to show a file.
pub(super) fn kind_of(file_type: FileType) -> Kind {
    match file_type {
        FileType::Heic => Kind::Image,
        found if found.is_picture() => Kind::Image,
        found if found.is_video() => Kind::Video,
        found if found.is_audio() => Kind::Audio,
        _ => Kind::Document,
    }
}

/// Take a file for a conversation. Pictures are written anew: turned, small enough for Meta, without a word about who took
/// them, where and with what.
///
/// # Errors
/// [`Error::NotFound`] for a stranger's conversation, [`Error::PayloadTooLarge`], [`Error::OverQuota`] as soon as it is known
/// that what comes does not fit, [`Error::Invalid`] on the field `file` with
/// the reason as its code, and what [`conversations::hold_for`] answers.
pub async fn receive<E: Into<crate::error::Source>>(
    app: &App,
    sight: Sight,
    conversation: ConversationId,
    upload: &Upload,
    bytes: impl Stream<Item = std::result::Result<Bytes, E>>,
) -> Result<Attached> {
    let scope = sight.scope();
    let conversation = conversations::get_conversation(app, sight, conversation).await?;
    let contact_key = conversations::contact_key(app, scope, &conversation).await?;
    let id = MediaId(app.ids.next());
    let most = u64::from(app.config.media.largest_megabytes) * MEGABYTE;
    let limit = quotas::find_limit(app, scope, Quota::MediaBytes).await?;
    let room = limit.room(app, scope).await?;
    if room == 0 || upload.size.is_some_and(|size| size > room) {
        return Err(limit.refusal());
    }
    let key = FileKey::random()?;
    let mut spool = new_spool(app, scope, id, &key, most.min(room)).await?;
    let mut bytes = pin!(bytes);
    while let Some(next) = bytes.next().await {
        let next = next.map_err(|_| Error::Malformed("The file did not come whole.".into()))?;
        spool.write(&next).await.map_err(|error| match error {
            SpoolError::TooLarge if room < most => limit.refusal(),
            other => other.into(),
        })?;
    }
    let came = Came { id, key, spooled: spool.finish().await? };
    // On the heap: it has a picture, a film or a recording in hand.
    let (kind, came, inspected) = Box::pin(came.looked_at(app, scope, upload)).await?;
    let now = app.clock.now();
    let row = NewRow { id, conversation: conversation.id, kind, created_at: now };
    let media = row.as_media();
    let incoming = Incoming { media: &media, key: came.key, spooled: came.spooled, inspected };
    let kept = keep::keep(app, scope, incoming).await?;
    // A recording has no name that anybody gave it, and is another kind of file now.
    let filename = upload.filename.clone().filter(|_| !upload.is_voice);
    let details = Details { filename, ..Details::default() };
    let details_sealed = kept.details(details).seal(scope, id, &contact_key)?;
    let stored = db::write!(app.db, "insert_media", scope.into(), |tx| -> Result<()> {
        conversations::hold_for(tx, scope, conversation.id, conversation.contact).await?;
        store::insert_stored(tx, scope, &row, &kept.arrived(id, &details_sealed)).await?;
        limit.take(tx, scope, kept.added(id), now).await
    });
    if let Err(Error::OverQuota(_)) = &stored {
        // Somebody else took the room meanwhile.
        kept.remove(app, scope, id).await?;
    }
    stored?;
    metrics::counter!("zelo_media_total", "direction" => "outbound", "outcome" => "stored").increment(1);
    let found = db::read!(app.db, "find_media", scope.into(), |tx| -> Result<_> {
        store::find(tx, scope, id).await?.ok_or(Error::NotFound)
    })?;
    Ok(Attached::of(scope, found, &contact_key))
}

/// The file that a message is to carry, if it names one of ours: Meta's own ids have only digits.
pub(crate) fn named_by(content: &OutboundContent) -> Option<MediaId> {
    match &content.media()?.source {
        MediaSource::Id(id) => Uuid::parse_str(id).ok().map(MediaId),
        MediaSource::Link(_) => None,
    }
}

/// Check that a message may carry the file that it names; give a document its name, and say of a recording that it is one.
///
/// # Errors
/// [`Error::Invalid`] when it is not there, is another conversation's, was sent already, or is of another kind.
pub async fn check_outgoing(
    app: &App,
    sight: Sight,
    conversation: ConversationId,
    content: &mut OutboundContent,
) -> Result<Option<Attached>> {
    let scope = sight.scope();
    let Some(id) = named_by(content) else { return Ok(None) };
    let field = format!("{}.id", content.file_path());
    let invalid = |code, message: &str| Error::invalid(field.clone(), code, message);
    let found = db::read!(app.db, "find_media", scope.into(), |tx| -> Result<_> {
        Ok(store::find(tx, scope, id).await?)
    })?;
    let here = found.filter(|media| media.conversation == conversation && media.state == MediaState::Stored);
    let media = here.ok_or_else(|| invalid("not_found", "There is no such file in this conversation."))?;
    if media.message.is_some() {
        return Err(invalid("already_sent", "This file was sent already; upload it again."));
    }
    if media.kind.as_str() != content.file_kind() {
        return Err(invalid("kind", "The file was uploaded as another kind."));
    }
    let talk = conversations::get_conversation(app, sight, conversation).await?;
    let key = conversations::contact_key(app, scope, &talk).await?;
    let attached = Attached::of(scope, media, &key);
    if content.file_kind() == "document"
        && let Some(document) = content.media_mut()
        && document.filename.is_none()
    {
        document.filename.clone_from(&attached.filename);
    }
    if let OutboundContent::Audio(audio) = content {
        let voice = attached.voice.as_ref();
        if audio.voice && !voice.is_some_and(|voice| voice.is_mono) {
            let message =
                "A voice note is Ogg with Opus and one channel; upload the recording with type=voice.";
            return Err(Error::invalid("audio.voice", "not_a_voice_note", message));
        }
        audio.voice |= voice.is_some_and(|voice| voice.is_note);
    }
    Ok(Some(attached))
}

/// Give a file to its message, inside the transaction that stores the message.
///
/// # Errors
/// [`Error::Conflict`] when another message has it.
pub async fn attach(tx: &mut Tx, scope: TenantScope, id: MediaId, message: MessageId) -> Result<()> {
    if store::update_message(tx, scope, id, message).await? == 0 {
        let detail = "This file was sent already; upload it again.".to_owned();
        return Err(Error::Conflict { code: "already_sent", detail });
    }
    Ok(())
}

/// Why a file is not with Meta.
pub(crate) enum NotThere {
    /// Meta's answer, or none.
    Meta(SendError),
    /// Something here.
    Here(Error),
}

impl<E: Into<Error>> From<E> for NotThere {
    fn from(error: E) -> Self {
        Self::Here(error.into())
    }
}

/// Meta's id of the file of a message, after taking it there where Meta does not have it yet. Doing it twice sends nothing
/// twice.
///
/// # Errors
/// Why it is not there.
pub(crate) async fn take_to_meta(
    app: &App,
    scope: TenantScope,
    attached: &Attached,
    contact_key: &crate::crypto::Key,
    phone_number_id: &str,
    token: &AccessToken,
) -> std::result::Result<String, NotThere> {
    let media: &Media = &attached.media;
    let details = Details::open(scope, media.id, contact_key, &media.details_sealed)?;
    let now = app.clock.now();
    if let (Some(known), Some(until)) = (&details.meta_id, details.meta_until)
        && now < until
    {
        return Ok(known.clone());
    }
    let file_type = media.file_type.ok_or_else(|| Error::internal("a stored file without a type"))?;
    let mime_type = meta_type(file_type).unwrap_or(file_type.mime_type());
    let filename =
        details.filename.clone().unwrap_or_else(|| format!("{}.{}", media.id, file_type.extension()));
    let (reader, size) = reader(app, scope, media, &details, Piece::Whole).await?;
    let bytes = reqwest::Body::wrap_stream(super::read::stream(reader, 0..size));
    let uploaded = app.graph.upload_media(phone_number_id, token, mime_type, &filename, (bytes, size)).await;
    let outcome = if uploaded.is_ok() { "ok" } else { "failed" };
    metrics::counter!("zelo_whatsapp_requests_total", "operation" => "upload_media", "outcome" => outcome)
        .increment(1);
    let meta_id = uploaded.map_err(NotThere::Meta)?;
    let details = Details { meta_id: Some(meta_id.clone()), meta_until: Some(now + META_KEEPS), ..details };
    let sealed = details.seal(scope, media.id, contact_key)?;
    db::write!(app.db, "remember_upload", scope.into(), |tx| -> Result<()> {
        // Where a merge was faster the id is not remembered, and the file is taken to Meta once more when it is sent again.
        store::update_details(tx, scope, media.id, &sealed, &media.details_sealed).await?;
        Ok(())
    })?;
    Ok(meta_id)
}
