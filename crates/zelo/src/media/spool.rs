//! A file on its way in: sealed chunk by chunk into a temporary file while it comes, hashed, measured, and never whole in
//! memory.

use super::sniff;
use crate::{
    crypto::{
        FileCipher, FileKey, OpenError,
        file::{CHUNK, HEAD},
    },
    error::Error,
};
use aws_lc_rs::digest::{Context, SHA256};
use std::path::{Path, PathBuf};
use tokio::{fs::File, io::AsyncWriteExt as _};
use uuid::Uuid;

/// Why a file could not be taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpoolError {
    /// It is larger than allowed; what came until then is gone.
    #[error("the file is too large")]
    TooLarge,
    /// The disk.
    #[error("the file cannot be written: {0}")]
    Disk(#[from] std::io::Error),
    /// No randomness.
    #[error(transparent)]
    Seal(#[from] OpenError),
}

impl From<SpoolError> for Error {
    fn from(error: SpoolError) -> Self {
        match error {
            SpoolError::TooLarge => Self::PayloadTooLarge,
            // A full disk may have room again.
            SpoolError::Disk(error) => Self::unavailable(error),
            SpoolError::Seal(error) => Self::internal(error),
        }
    }
}

/// A temporary file that is gone with this value, unless it was moved to its place.
#[derive(Debug)]
pub(super) struct Temporary(PathBuf);

impl Temporary {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // It may have been moved away.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Whose file it is, and what seals it.
pub(super) struct Sealing<'s> {
    pub(super) tenant: Uuid,
    pub(super) name: Uuid,
    pub(super) part: u8,
    pub(super) key: &'s FileKey,
}

/// A file that is being written.
pub(super) struct Spool {
    temporary: Temporary,
    file: File,
    cipher: FileCipher,
    chunk: Vec<u8>,
    number: u32,
    hash: Context,
    head: Vec<u8>,
    tail: Vec<u8>,
    size: u64,
    most: u64,
}

impl Spool {
    /// A new file in `folder`, which may get `most` bytes. `id` names it while it comes.
    pub(super) async fn create(
        folder: &Path,
        id: Uuid,
        sealing: Sealing<'_>,
        most: u64,
    ) -> Result<Self, SpoolError> {
        tokio::fs::create_dir_all(folder).await?;
        let temporary = Temporary(folder.join(id.simple().to_string()));
        let mut file = File::options().write(true).create_new(true).open(temporary.path()).await?;
        file.write_all(&HEAD).await?;
        Ok(Self {
            temporary,
            file,
            cipher: sealing.key.cipher(sealing.tenant, sealing.name, sealing.part)?,
            chunk: Vec::with_capacity(CHUNK + 16),
            number: 0,
            hash: Context::new(&SHA256),
            head: Vec::with_capacity(sniff::HEAD),
            tail: Vec::with_capacity(2 * sniff::TAIL),
            size: 0,
            most,
        })
    }

    /// How many bytes came until now.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Take the next bytes, however many.
    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), SpoolError> {
        self.size += bytes.len() as u64;
        if self.size > self.most {
            return Err(SpoolError::TooLarge);
        }
        self.hash.update(bytes);
        self.remember(bytes);
        while !bytes.is_empty() {
            // A full chunk waits until it is known whether more follows: the last one is sealed as the last one.
            if self.chunk.len() == CHUNK {
                self.flush(false).await?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn remember(&mut self, bytes: &[u8]) {
        let missing = sniff::HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..missing).unwrap_or_default());
        let newest = bytes.get(bytes.len().saturating_sub(sniff::TAIL)..).unwrap_or_default();
        self.tail.extend_from_slice(newest);
        if self.tail.len() > 2 * sniff::TAIL {
            self.tail.drain(..self.tail.len().saturating_sub(sniff::TAIL));
        }
    }

    async fn flush(&mut self, is_last: bool) -> Result<(), SpoolError> {
        self.cipher.seal(self.number, is_last, &mut self.chunk)?;
        self.file.write_all(&self.chunk).await?;
        self.chunk.clear();
        self.number += 1;
        Ok(())
    }

    /// Everything came: on disk when this returns.
    pub(super) async fn finish(mut self) -> Result<Spooled, SpoolError> {
        self.flush(true).await?;
        self.file.flush().await?;
        self.file.sync_all().await?;
        self.tail.drain(..self.tail.len().saturating_sub(sniff::TAIL));
        let sha256 = self.hash.finish().as_ref().try_into().unwrap_or_default();
        Ok(Spooled { temporary: self.temporary, size: self.size, sha256, head: self.head, tail: self.tail })
    }
}

/// A file that came whole and waits for its place.
#[derive(Debug)]
pub(super) struct Spooled {
    pub(super) temporary: Temporary,
    /// Plain bytes.
    pub(super) size: u64,
    pub(super) sha256: [u8; 32],
    /// The first bytes.
    pub(super) head: Vec<u8>,
    /// The last bytes.
    pub(super) tail: Vec<u8>,
}
