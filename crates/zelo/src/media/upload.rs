//! A file that somebody here wants to send: taken, looked at, cleaned, kept, and then taken to Meta.

use super::{
    FileType, Kind, Piece, Refusal,
    inspect::{self, Claims, Inspected},
    keep::{self, Incoming},
    model::{Details, Media, MediaState},
    objects::{Reader, WHOLE},
    read::{Attached, reader},
    spool::{Sealing, Spool, Spooled},
    store::{self, NewRow},
};
use crate::{
    app::App,
    clock::{DAY, Millis},
    conversations,
    crypto::FileKey,
    error::{Error, Result},
    ids::{ConversationId, MediaId, MessageId},
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
fn meta_type(file_type: FileType) -> Option<&'static str> {
    match file_type {
        FileType::Csv => Some(FileType::Text.mime_type()),
        FileType::Rtf | FileType::Gif | FileType::Webp | FileType::Heic => None,
        taken => Some(taken.mime_type()),
    }
}

/// What is uploaded.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// What it is to be sent as; without it what its content is best shown as.
    pub kind: Option<Kind>,
    /// Its name.
    pub filename: Option<String>,
    /// What its sender says that it is.
    pub declared: Option<String>,
}

/// The best way to show a file.
fn kind_of(file_type: FileType) -> Kind {
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
/// [`Error::NotFound`] for a stranger's conversation, [`Error::PayloadTooLarge`], [`Error::Invalid`] on the field `file` with
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
    let key = FileKey::random()?;
    let mut spool = new_spool(app, scope, id, &key, most).await?;
    let mut bytes = pin!(bytes);
    while let Some(next) = bytes.next().await {
        let next = next.map_err(|_| Error::Malformed("The file did not come whole.".into()))?;
        spool.write(&next).await?;
    }
    let came = Came { id, key, spooled: spool.finish().await? };
    let (kind, came, inspected) = came.looked_at(app, scope, upload).await?;
    let row = NewRow { id, conversation: conversation.id, kind, created_at: app.clock.now() };
    let media = row.as_media();
    let incoming = Incoming { media: &media, key: came.key, spooled: came.spooled, inspected };
    let kept = keep::keep(app, scope, incoming).await?;
    let details = Details { filename: upload.filename.clone(), ..Details::default() };
    let details_sealed = kept.details(details).seal(scope, id, &contact_key)?;
    db::write!(app.db, "insert_media", scope.into(), |tx| -> Result<()> {
        conversations::hold_for(tx, scope, conversation.id, conversation.contact).await?;
        store::insert_stored(tx, scope, &row, &kept.arrived(id, &details_sealed)).await?;
        Ok(())
    })?;
    metrics::counter!("zelo_media_total", "direction" => "outbound", "outcome" => "stored").increment(1);
    let found = db::read!(app.db, "find_media", scope.into(), |tx| -> Result<_> {
        store::find(tx, scope, id).await?.ok_or(Error::NotFound)
    })?;
    Ok(Attached::of(scope, found, &contact_key))
}

async fn new_spool(app: &App, scope: TenantScope, id: MediaId, key: &FileKey, most: u64) -> Result<Spool> {
    let sealing = Sealing { tenant: scope.tenant().0, name: id.0, part: WHOLE, key };
    Ok(Spool::create(app.objects.spool(), app.ids.next(), sealing, most).await?)
}

/// A file that came whole.
struct Came {
    id: MediaId,
    key: FileKey,
    spooled: Spooled,
}

impl Came {
    async fn reader(&self, scope: TenantScope) -> Result<Reader> {
        let cipher = self.key.cipher(scope.tenant().0, self.id.0, WHOLE)?;
        Reader::of_spooled(self.spooled.temporary.path(), cipher, self.spooled.size).await
    }

    /// What it is and may be sent as; a picture as it will be sent.
    async fn looked_at(
        self,
        app: &App,
        scope: TenantScope,
        upload: &Upload,
    ) -> Result<(Kind, Self, Inspected)> {
        let mut reader = self.reader(scope).await?;
        let claims = Claims {
            kind: upload.kind.unwrap_or(Kind::Document),
            declared: upload.declared.as_deref(),
            filename: upload.filename.as_deref(),
        };
        let inspected = inspect::inspect(app, &self.spooled, &mut reader, claims).await?.map_err(refused)?;
        let kind = upload.kind.unwrap_or_else(|| kind_of(inspected.file_type));
        let (came, inspected) = match inspect::picture_format(inspected.file_type) {
            Some(format) if kind != Kind::Sticker => {
                self.cleaned(app, scope, format, inspected, &mut reader).await?
            }
            _ => (self, inspected),
        };
        if kind == Kind::Sticker || meta_type(inspected.file_type).is_none() {
            return Err(refused(Refusal::TypeNotAllowed));
        }
        if came.spooled.size > largest(kind) {
            return Err(refused(Refusal::TooLarge));
        }
        Ok((kind, came, inspected))
    }

    /// A picture, written anew, under a key of its own.
    async fn cleaned(
        self,
        app: &App,
        scope: TenantScope,
        format: pictures::Format,
        inspected: Inspected,
        reader: &mut Reader,
    ) -> Result<(Self, Inspected)> {
        let most = u64::from(app.config.media.largest_megapixels) * 1_000_000;
        if reader.size() > inspect::LARGEST_PICTURE {
            return Err(refused(Refusal::TooLarge));
        }
        let largest = usize::try_from(largest(Kind::Image)).unwrap_or(usize::MAX);
        let turn = app.pictures.acquire().await.map_err(Error::internal)?;
        let whole = reader.all(0..reader.size()).await?;
        let prepared = tokio::task::spawn_blocking(move || pictures::prepare(&whole, format, largest, most))
            .await
            .map_err(Error::internal)?
            .map_err(|fault| match fault {
                pictures::Fault::TooManyPixels => refused(Refusal::TooManyPixels),
                pictures::Fault::Broken(_) => refused(Refusal::Broken),
            })?;
        drop(turn);
        let key = FileKey::random()?;
        let mut spool = new_spool(app, scope, self.id, &key, prepared.bytes.len() as u64).await?;
        spool.write(&prepared.bytes).await?;
        let file_type = if prepared.format == pictures::Format::Png { FileType::Png } else { FileType::Jpeg };
        let pixels = Some((prepared.width, prepared.height));
        let came = Self { id: self.id, key, spooled: spool.finish().await? };
        Ok((came, Inspected { file_type, pixels, ..inspected }))
    }
}

fn refused(refusal: Refusal) -> Error {
    metrics::counter!("zelo_media_total", "direction" => "outbound", "outcome" => refusal.as_str())
        .increment(1);
    let message = match refusal {
        Refusal::TooLarge => "The file is too large for WhatsApp.",
        Refusal::Empty => "The file is empty.",
        Refusal::TypeNotAllowed => "WhatsApp takes no files of this type.",
        Refusal::TypeMismatch => "The content of the file is not what its name or type says.",
        Refusal::Suspicious => "The file is several things at once, or may harm whoever opens it.",
        Refusal::Infected => "The scanner found malware in the file.",
        Refusal::TooManyPixels => "The picture has too many pixels.",
        Refusal::Broken | Refusal::HashMismatch => "The file is damaged.",
    };
    Error::invalid("file", refusal.as_str(), message)
}

/// The file that a message is to carry, if it names one of ours: Meta's own ids have only digits.
pub(crate) fn named_by(content: &OutboundContent) -> Option<MediaId> {
    match &content.media()?.source {
        MediaSource::Id(id) => Uuid::parse_str(id).ok().map(MediaId),
        MediaSource::Link(_) => None,
    }
}

/// Check that a message may carry the file that it names, and give a document its name.
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
    let field = format!("{}.id", content.file_kind());
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
