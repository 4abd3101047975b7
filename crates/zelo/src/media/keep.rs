//! Putting a file that was looked at into its place, or finding that its content is there already.

use super::{
    FileType, Media,
    inspect::Inspected,
    model::{Details, Voice},
    objects::{Object, THUMBNAIL, WHOLE},
    spool::{Sealing, Spool, Spooled},
    store::{self, Arrived},
};
use crate::{
    app::App,
    clock::{HOUR, Millis},
    conversations,
    crypto::{Field, FileKey},
    error::{Error, Result},
    ids::MediaId,
    rights::Sight,
    tenants::TenantScope,
};
use uuid::Uuid;

/// The most that a small picture has, in bytes; real ones have some ten thousand.
const LARGEST_THUMBNAIL: u64 = 4 * 1024 * 1024;

/// A file that came whole and is taken.
pub(super) struct Incoming<'i> {
    pub(super) media: &'i Media,
    pub(super) key: FileKey,
    pub(super) spooled: Spooled,
    pub(super) inspected: Inspected,
}

/// A file that is in its place, on disk.
pub(super) struct Kept {
    file: Uuid,
    key: FileKey,
    digest: [u8; 16],
    size: u64,
    file_type: FileType,
    pixels: Option<(u32, u32)>,
    duration_ms: Option<Millis>,
    thumbnail_size: Option<u64>,
    voice: Option<Voice>,
}

impl Kept {
    /// What is sealed about it.
    pub(super) fn details(&self, known: Details) -> Details {
        Details { thumbnail_size: self.thumbnail_size, voice: self.voice.clone(), ..known }
            .with_key(&self.key)
    }

    /// How many bytes the store has more because of it: none where its content was there already.
    pub(super) fn added(&self, id: MediaId) -> u64 {
        if self.file == id.0 { self.size } else { 0 }
    }

    /// Take it away again, when nothing points to it.
    pub(super) async fn remove(&self, app: &App, scope: TenantScope, id: MediaId) -> Result<()> {
        if self.added(id) == 0 { Ok(()) } else { remove(app, scope, self.file).await }
    }

    /// Its row.
    pub(super) fn arrived<'a>(&self, id: MediaId, details_sealed: &'a [u8]) -> Arrived<'a> {
        Arrived {
            id,
            file: self.file,
            file_type: self.file_type,
            size: self.size,
            pixels: self.pixels,
            duration_ms: self.duration_ms,
            has_thumbnail: self.thumbnail_size.is_some(),
            digest: self.digest,
            details_sealed,
        }
    }
}

/// Keep a file. On disk, name and all, when this returns.
pub(super) async fn keep(app: &App, scope: TenantScope, incoming: Incoming<'_>) -> Result<Kept> {
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let digest = keys.index.digest(Field::File, &hex::encode(incoming.spooled.sha256));
    let Incoming { media, key, spooled, inspected } = incoming;
    let kept = Kept {
        file: media.id.0,
        key,
        digest,
        size: spooled.size,
        file_type: inspected.file_type,
        pixels: inspected.pixels,
        duration_ms: inspected.duration_ms,
        thumbnail_size: None,
        voice: inspected.voice,
    };
    if let Some((file, key, thumbnail_size)) = same(app, scope, &kept).await? {
        return Ok(Kept { file, key, thumbnail_size, ..kept });
    }
    let tenant = scope.tenant();
    let mut kept = kept;
    if let Some(small) = inspected.thumbnail {
        let sealing = Sealing { tenant: tenant.0, name: kept.file, part: THUMBNAIL, key: &kept.key };
        let mut spool =
            Spool::create(app.objects.spool(), app.ids.next(), sealing, LARGEST_THUMBNAIL).await?;
        spool.write(&small).await?;
        let small = spool.finish().await?;
        let object = Object { tenant, file: kept.file, part: THUMBNAIL };
        app.objects.keep(object, small.temporary.path()).await?;
        kept.thumbnail_size = Some(small.size);
    }
    let object = Object { tenant, file: kept.file, part: WHOLE };
    app.objects.keep(object, spooled.temporary.path()).await?;
    Ok(kept)
}

/// Remove a file and its small picture.
pub(super) async fn remove(app: &App, scope: TenantScope, file: Uuid) -> Result<()> {
    for part in [WHOLE, THUMBNAIL] {
        app.objects.delete(Object { tenant: scope.tenant(), file, part }).await?;
    }
    Ok(())
}

/// The object of a stored file with the same content, and its key, as long as the contact of one of them has a key.
async fn same(app: &App, scope: TenantScope, kept: &Kept) -> Result<Option<(Uuid, FileKey, Option<u64>)>> {
    let fresh = app.clock.now() - 12 * HOUR;
    let found = db::read!(app.db, "find_same_media", scope.into(), |tx| -> Result<_> {
        Ok(store::list_same(tx, scope, &kept.digest, fresh).await?)
    })?;
    for other in found {
        if other.size != Some(kept.size) || other.file_type != Some(kept.file_type) {
            continue;
        }
        match key_of(app, scope, &other).await {
            Ok(Some(found)) => return Ok(Some(found)),
            // The contact was erased: what is left of the object opens for nobody but those who have its key.
            Ok(None) | Err(Error::NotFound | Error::Internal(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

async fn key_of(
    app: &App,
    scope: TenantScope,
    media: &Media,
) -> Result<Option<(Uuid, FileKey, Option<u64>)>> {
    let conversation =
        conversations::get_conversation(app, Sight::of_work(scope), media.conversation).await?;
    let key = conversations::contact_key(app, scope, &conversation).await?;
    let details = Details::open(scope, media.id, &key, &media.details_sealed)?;
    Ok(media.file.zip(details.key()).map(|(file, key)| (file, key, details.thumbnail_size)))
}
