//! What was uploaded, made into what is sent: looked at, and cleaned or put into another container where it has to be.

use super::{
    FileType, Kind, Refusal,
    film::{self, Blank},
    inspect::{self, Claims, Inspected},
    objects::{Reader, WHOLE},
    spool::{Sealing, Spool, Spooled},
    sticker,
    upload::{Upload, kind_of, largest, meta_type},
    voice_note,
};
use crate::{
    app::App,
    crypto::FileKey,
    error::{Error, Result},
    ids::MediaId,
    tenants::TenantScope,
};

pub(super) async fn new_spool(
    app: &App,
    scope: TenantScope,
    id: MediaId,
    key: &FileKey,
    most: u64,
) -> Result<Spool> {
    let sealing = Sealing { tenant: scope.tenant().0, name: id.0, part: WHOLE, key };
    Ok(Spool::create(app.objects.spool(), app.ids.next(), sealing, most).await?)
}

/// A file that came whole.
pub(super) struct Came {
    pub(super) id: MediaId,
    pub(super) key: FileKey,
    pub(super) spooled: Spooled,
}

impl Came {
    pub(super) async fn reader(&self, scope: TenantScope) -> Result<Reader> {
        let cipher = self.key.cipher(scope.tenant().0, self.id.0, WHOLE)?;
        Reader::of_spooled(self.spooled.temporary.path(), cipher, self.spooled.size).await
    }

    /// What it is and may be sent as; a picture as it will be sent.
    pub(super) async fn looked_at(
        self,
        app: &App,
        scope: TenantScope,
        upload: &Upload,
    ) -> Result<(Kind, Self, Inspected)> {
        if upload.is_voice {
            return self.into_voice_note(app, scope, upload).await;
        }
        let mut reader = self.reader(scope).await?;
        let claims = Claims {
            kind: upload.kind.unwrap_or(Kind::Document),
            declared: upload.declared.as_deref(),
            filename: upload.filename.as_deref(),
        };
        let inspected = inspect::inspect(app, &self.spooled, &mut reader, claims).await?.map_err(refused)?;
        let kind = upload.kind.unwrap_or_else(|| kind_of(inspected.file_type));
        if kind == Kind::Sticker {
            // What it tells besides its pictures goes away; but twice a sticker is not read to find it.
            if reader.size() > 2 * largest(kind) {
                return Err(refused(Refusal::TooLarge));
            }
            let whole = reader.all(0..reader.size()).await?;
            let came = self.replaced(app, scope, &sticker::checked(&whole, inspected.pixels)?).await?;
            return Ok((kind, came, inspected));
        }
        let (came, inspected) = match inspect::picture_format(inspected.file_type) {
            Some(format) => self.cleaned(app, scope, format, inspected, &mut reader).await?,
            _ if film_like(inspected.file_type) => {
                (self.without_place(app, scope, &mut reader).await?, inspected)
            }
            _ => (self, inspected),
        };
        if meta_type(inspected.file_type).is_none() {
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
        let file_type = if prepared.format == pictures::Format::Png { FileType::Png } else { FileType::Jpeg };
        let pixels = Some((prepared.width, prepared.height));
        let came = self.replaced(app, scope, &prepared.bytes).await?;
        Ok((came, Inspected { file_type, pixels, ..inspected }))
    }

    /// A film that does not say where it was taken; the same one where it never did.
    async fn without_place(self, app: &App, scope: TenantScope, reader: &mut Reader) -> Result<Self> {
        let blanks = places(reader).await?;
        if blanks.is_empty() {
            return Ok(self);
        }
        let key = FileKey::random()?;
        let mut spool = new_spool(app, scope, self.id, &key, self.spooled.size).await?;
        loop {
            let at = spool.size();
            let mut bytes = reader.some(at..reader.size()).await?;
            if bytes.is_empty() {
                break;
            }
            for blank in &blanks {
                blank.apply(at, &mut bytes);
            }
            spool.write(&bytes).await?;
        }
        Ok(Self { id: self.id, key, spooled: spool.finish().await? })
    }

    /// A recording as WhatsApp takes it.
    async fn into_voice_note(
        self,
        app: &App,
        scope: TenantScope,
        upload: &Upload,
    ) -> Result<(Kind, Self, Inspected)> {
        let came = voice_note::rewrapped(app, scope, &self, upload).await?;
        // What was said of it was compared with what came; this is another file.
        let claims = Claims { kind: Kind::Audio, declared: None, filename: None };
        let mut reader = came.reader(scope).await?;
        let mut inspected =
            inspect::inspect(app, &came.spooled, &mut reader, claims).await?.map_err(refused)?;
        if let Some(voice) = &mut inspected.voice {
            voice.is_note = true;
        }
        Ok((Kind::Audio, came, inspected))
    }

    /// The same file with other bytes, under a key of its own.
    pub(super) async fn replaced(&self, app: &App, scope: TenantScope, bytes: &[u8]) -> Result<Self> {
        let key = FileKey::random()?;
        let mut spool = new_spool(app, scope, self.id, &key, bytes.len() as u64).await?;
        spool.write(bytes).await?;
        Ok(Self { id: self.id, key, spooled: spool.finish().await? })
    }
}

/// Whether it has boxes that may say where it was taken.
fn film_like(file_type: FileType) -> bool {
    matches!(file_type, FileType::Mp4 | FileType::ThreeGp | FileType::M4a)
}

/// Boxes at the top of a film that are looked at; real ones have some ten, those that are sent in pieces some thousand.
const MOST_BOXES: usize = 100_000;
/// Places in one film; real ones have two or three.
const MOST_PLACES: usize = 1_000;

/// What of a film says where it was taken. Only descriptions are read; of everything else the heads.
async fn places(reader: &mut Reader) -> Result<Vec<Blank>> {
    let (mut at, mut blanks) = (0, Vec::new());
    for _ in 0..MOST_BOXES {
        let first = reader.all(at..at + 16).await?;
        // What stands behind the last box, or is cut off, is shown by no player.
        let Some(head) = film::head(&first, at, reader.size()) else { return Ok(blanks) };
        if film::describes(&head) {
            if head.end - at > film::LARGEST_DESCRIPTION {
                return Err(refused(Refusal::Suspicious));
            }
            blanks.extend(film::places(&reader.all(at..head.end).await?, at));
        }
        if blanks.len() > MOST_PLACES {
            break;
        }
        at = head.end;
    }
    Err(refused(Refusal::Suspicious))
}

pub(super) fn refused(refusal: Refusal) -> Error {
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
        Refusal::OverQuota => "There is no room for the file.",
    };
    Error::invalid("file", refusal.as_str(), message)
}
