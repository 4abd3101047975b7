//! Where sealed files lie: a folder, or a bucket. Names are made here, out of ids, and of nothing that anybody sent.

use crate::{
    config::Config,
    crypto::{
        FileCipher,
        file::{CHUNK, last_chunk, sealed_range},
    },
    error::{Error, Result},
    ids::TenantId,
};
use buckets::{Bucket, Service};
use std::{
    io::SeekFrom,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, AsyncSeekExt as _},
};
use uuid::Uuid;

/// The file itself.
pub(super) const WHOLE: u8 = 0;
/// Its small picture.
pub(super) const THUMBNAIL: u8 = 1;

/// The folder below the one of the files where they wait until they are whole.
const SPOOL: &str = "spool";
/// Chunks that are read at once: half a megabyte, little in memory, few round trips to a bucket.
const AT_ONCE: u64 = 8;

/// The name of one part of one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object {
    pub(super) tenant: TenantId,
    pub(super) file: Uuid,
    pub(super) part: u8,
}

impl Object {
    /// `tenant/last two digits/id`, so that no folder gets too full; ids are random at their end.
    fn name(self) -> String {
        let id = self.file.simple().to_string();
        let shelf = id.get(30..).unwrap_or_default();
        let part = if self.part == WHOLE { "" } else { ".small" };
        format!("{}/{shelf}/{id}{part}", self.tenant.0.simple())
    }
}

/// The store of an installation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Objects {
    place: Place,
    spool: PathBuf,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(PathBuf),
    Bucket(Arc<Bucket>),
}

impl Objects {
    /// The store as the settings want it. Nothing is written or called yet.
    ///
    /// # Errors
    /// When the bucket's address cannot be read.
    pub fn open(config: &Config) -> Result<Self> {
        let folder = config.media.folder.clone().unwrap_or_else(|| config.data.dir.join("media"));
        let spool = folder.join(SPOOL);
        let place = match &config.media.bucket {
            None => Place::Folder(folder),
            Some(address) => {
                let service = Service {
                    endpoint: config.s3.endpoint.as_deref(),
                    region: config.s3.region.as_deref(),
                    access_key_id: config.s3.access_key_id.as_deref(),
                    secret_access_key: config.s3.secret_access_key.as_ref().map(|key| key.expose()),
                };
                Place::Bucket(Arc::new(Bucket::open(address, service).map_err(Error::internal)?))
            }
        };
        Ok(Self { place, spool })
    }

    /// Where files wait until they are whole.
    pub(super) fn spool(&self) -> &Path {
        &self.spool
    }

    /// Move a sealed file to its place. When this returns, a power cut does not lose it.
    pub(super) async fn keep(&self, object: Object, sealed: &Path) -> Result<()> {
        match &self.place {
            Place::Folder(folder) => {
                let (folder, to, from) = (folder.clone(), folder.join(object.name()), sealed.to_owned());
                run_blocking(move || move_durably(&folder, &from, &to)).await
            }
            Place::Bucket(bucket) => {
                bucket.put_file(&object.name(), sealed).await.map_err(Error::unavailable)
            }
        }
    }

    /// Open a part for reading.
    pub(super) async fn reader(&self, object: Object, cipher: FileCipher, size: u64) -> Result<Reader> {
        let source = match &self.place {
            Place::Folder(folder) => Source::File(open(&folder.join(object.name())).await?),
            Place::Bucket(bucket) => Source::Bucket(bucket.clone(), object.name()),
        };
        Ok(Reader { source, cipher, size })
    }

    /// Remove a part, if it is there.
    pub(super) async fn delete(&self, object: Object) -> Result<()> {
        match &self.place {
            Place::Folder(folder) => match tokio::fs::remove_file(folder.join(object.name())).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::unavailable(error)),
                _ => Ok(()),
            },
            Place::Bucket(bucket) => bucket.delete(&object.name()).await.map_err(Error::unavailable),
        }
    }

    /// Remove all files of a tenant.
    pub(super) async fn delete_tenant(&self, tenant: TenantId) -> Result<()> {
        let name = tenant.0.simple().to_string();
        match &self.place {
            Place::Folder(folder) => match tokio::fs::remove_dir_all(folder.join(name)).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::unavailable(error)),
                _ => Ok(()),
            },
            Place::Bucket(bucket) => bucket.delete_all(&name).await.map_err(Error::unavailable),
        }
    }

    /// Remove what was left half-written by a process that died.
    pub(super) async fn sweep(&self, older_than: std::time::Duration) -> Result<()> {
        let spool = self.spool.clone();
        run_blocking(move || {
            let Ok(entries) = std::fs::read_dir(&spool) else { return Ok(()) };
            for entry in entries {
                let entry = entry?;
                let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
                if age > older_than {
                    std::fs::remove_file(entry.path())?;
                }
            }
            Ok(())
        })
        .await
    }
}

/// Move a file, and have the names on disk too: of the file, and of folders that are new.
fn move_durably(root: &Path, from: &Path, to: &Path) -> std::io::Result<()> {
    let sync = |folder: &Path| std::fs::File::open(folder)?.sync_all();
    let shelf = to.parent().unwrap_or(root);
    std::fs::create_dir_all(shelf)?;
    std::fs::rename(from, to)?;
    sync(shelf)?;
    if let Some(of_tenant) = shelf.parent() {
        sync(of_tenant)?;
    }
    sync(root)
}

async fn run_blocking(work: impl FnOnce() -> std::io::Result<()> + Send + 'static) -> Result<()> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?.map_err(Error::unavailable)
}

async fn open(path: &Path) -> Result<File> {
    File::open(path).await.map_err(|error| match error.kind() {
        // The database says that it is there: the disk is not the one that it was.
        std::io::ErrorKind::NotFound => Error::internal(error),
        _ => Error::unavailable(error),
    })
}

/// Reads ranges of a sealed file as plain bytes.
pub(super) struct Reader {
    source: Source,
    cipher: FileCipher,
    size: u64,
}

enum Source {
    File(File),
    Bucket(Arc<Bucket>, String),
}

impl Reader {
    /// A file that waits for its place.
    pub(super) async fn of_spooled(path: &Path, cipher: FileCipher, size: u64) -> Result<Self> {
        Ok(Self { source: Source::File(open(path).await?), cipher, size })
    }

    /// How many plain bytes it has.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Some bytes from `from` on and before `to`: fewer than asked for where they are many, none at the end.
    pub(super) async fn some(&mut self, wanted: Range<u64>) -> Result<Vec<u8>> {
        let to = wanted.end.min(self.size);
        if wanted.start >= to {
            return Ok(Vec::new());
        }
        let first = wanted.start / CHUNK as u64;
        let last = ((to - 1) / CHUNK as u64).min(first + AT_ONCE - 1);
        let sealed =
            self.sealed(sealed_range(first, self.size).start..sealed_range(last, self.size).end).await?;
        let mut plain = Vec::with_capacity(sealed.len());
        for number in first..=last {
            let range = sealed_range(number, self.size);
            let base = sealed_range(first, self.size).start;
            let at = index(range.start - base)..index(range.end - base);
            let mut chunk = sealed.get(at).unwrap_or_default().to_vec();
            let place = u32::try_from(number).unwrap_or(u32::MAX);
            self.cipher.open(place, number == last_chunk(self.size), &mut chunk)?;
            plain.extend_from_slice(&chunk);
        }
        let skipped = index(wanted.start - first * CHUNK as u64);
        plain.drain(..skipped.min(plain.len()));
        plain.truncate(index(to - wanted.start));
        Ok(plain)
    }

    /// All bytes of a range, for what has to be in memory as a whole.
    pub(super) async fn all(&mut self, range: Range<u64>) -> Result<Vec<u8>> {
        let mut all = Vec::with_capacity(index(range.end.min(self.size).saturating_sub(range.start)));
        loop {
            let more = self.some(range.start + all.len() as u64..range.end).await?;
            if more.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(&more);
        }
    }

    async fn sealed(&mut self, range: Range<u64>) -> Result<Vec<u8>> {
        match &mut self.source {
            Source::File(file) => {
                let mut bytes = vec![0; index(range.end - range.start)];
                file.seek(SeekFrom::Start(range.start)).await.map_err(Error::unavailable)?;
                file.read_exact(&mut bytes).await.map_err(Error::internal)?;
                Ok(bytes)
            }
            Source::Bucket(bucket, name) => bucket.get(name, range).await.map_err(Error::unavailable),
        }
    }
}

/// A place in memory: files have at most a hundred megabytes.
fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
