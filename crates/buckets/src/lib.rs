//! Buckets of S3, and of what speaks like it: MinIO, Ceph, R2.
//!
//! A crate of its own so that its heavy client is built once and by nobody who needs no bucket.

use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    ClientOptions, ObjectStore as _, ObjectStoreExt as _, PutMode, PutPayload,
    aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut},
    path::Path,
};
use std::{ops::Range, time::Duration};
use tokio::io::AsyncReadExt as _;

/// The parts in which a large object is sent, in bytes: S3 takes none under five mebibytes but the last.
const PART: usize = 8 * 1024 * 1024;

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to reach the service. What is not given comes from the environment, as the service's own tools read it
/// (`AWS_ACCESS_KEY_ID`, the role of the machine, and so on).
#[derive(Debug, Default, Clone, Copy)]
pub struct Service<'s> {
    /// The address, such as `https://minio.example.com`; AWS itself without one.
    pub endpoint: Option<&'s str>,
    /// The region.
    pub region: Option<&'s str>,
    /// The name of the key.
    pub access_key_id: Option<&'s str>,
    /// The key.
    pub secret_access_key: Option<&'s str>,
}

/// Why something did not work. The words never hold a key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of a bucket cannot be read.
    #[error("{0:?} is no address of a bucket: write s3://bucket or s3://bucket/folder")]
    Address(String),
    /// The service, or the way to it.
    #[error(transparent)]
    Service(#[from] object_store::Error),
    /// A file of this machine that was to be sent.
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
}

/// What became of an object that was to be new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there now.
    Created,
    /// There was one of that name, which stays as it is.
    AlreadyThere,
}

/// A bucket, or a folder of one.
#[derive(Debug)]
pub struct Bucket {
    store: AmazonS3,
    folder: Path,
}

impl Bucket {
    /// Prepare to use `s3://bucket/folder`. Nothing is called yet.
    ///
    /// # Errors
    /// [`Error::Address`], or what does not fit in the service's description.
    pub fn open(address: &str, service: Service<'_>) -> Result<Self, Error> {
        let (bucket, folder) = parse(address).ok_or_else(|| Error::Address(address.to_owned()))?;
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            // Not all that speak like S3 know how to delete many objects with one call.
            .with_disable_bulk_delete(true)
            // "Only where there is none" is asked of the service itself (If-None-Match).
            .with_conditional_put(S3ConditionalPut::ETagMatch);
        let mut options = ClientOptions::new().with_timeout(PATIENCE);
        if let Some(endpoint) = service.endpoint {
            // A service of one's own is often reached without TLS, inside of a house.
            options = options.with_allow_http(endpoint.starts_with("http://"));
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = service.region {
            builder = builder.with_region(region);
        }
        if let Some(name) = service.access_key_id {
            builder = builder.with_access_key_id(name);
        }
        if let Some(key) = service.secret_access_key {
            builder = builder.with_secret_access_key(key);
        }
        let store = builder.with_client_options(options).build()?;
        Ok(Self { store, folder: Path::from(folder) })
    }

    /// Write an object, in the place of another one of that name.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn put(&self, name: &str, content: Vec<u8>) -> Result<(), Error> {
        self.store.put(&self.folder.clone().join(name), PutPayload::from(content)).await?;
        Ok(())
    }

    /// Write an object unless there is one of that name.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn put_new(&self, name: &str, content: Vec<u8>) -> Result<Put, Error> {
        let at = self.folder.clone().join(name);
        match self.store.put_opts(&at, PutPayload::from(content), PutMode::Create.into()).await {
            Ok(_) => Ok(Put::Created),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(Put::AlreadyThere),
            Err(error) => Err(error.into()),
        }
    }

    /// Write a file of this machine as an object, in the place of another one of that name, with never more than one part of
    /// it in memory. It is there as a whole or not at all.
    ///
    /// # Errors
    /// What the disk or the service answers.
    pub async fn put_file(&self, name: &str, file: &std::path::Path) -> Result<(), Error> {
        let at = self.at(name);
        let mut file = tokio::fs::File::open(file).await?;
        let mut part = read_part(&mut file).await?;
        if part.len() < PART {
            self.store.put(&at, PutPayload::from(part)).await?;
            return Ok(());
        }
        let mut upload = self.store.put_multipart(&at).await?;
        let sent = async {
            while !part.is_empty() {
                upload.put_part(PutPayload::from(std::mem::take(&mut part))).await?;
                part = read_part(&mut file).await?;
            }
            upload.complete().await?;
            Ok(())
        };
        let sent: Result<(), Error> = sent.await;
        if sent.is_err() {
            // What cannot be taken back either is removed by the bucket's own rule for unfinished uploads.
            let _ = upload.abort().await;
        }
        sent
    }

    /// Some bytes of an object.
    ///
    /// # Errors
    /// What the service answers, also when there is no such object.
    pub async fn get(&self, name: &str, range: Range<u64>) -> Result<Vec<u8>, Error> {
        Ok(self.store.get_range(&self.at(name), range).await?.to_vec())
    }

    /// Delete an object, if it is there.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        match self.store.delete(&self.at(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Delete every object below `name/`.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn delete_all(&self, name: &str) -> Result<(), Error> {
        let below = self.at(name);
        let found = self.store.list(Some(&below)).map_ok(|object| object.location).boxed();
        let mut gone = self.store.delete_stream(found);
        while gone.try_next().await?.is_some() {}
        Ok(())
    }

    fn at(&self, name: &str) -> Path {
        name.split('/').fold(self.folder.clone(), |path, part| path.join(part))
    }
}

/// The next part of a file; shorter than the others at its end.
async fn read_part(file: &mut tokio::fs::File) -> std::io::Result<Vec<u8>> {
    let mut part = Vec::with_capacity(PART);
    file.take(PART as u64).read_to_end(&mut part).await?;
    Ok(part)
}

fn parse(address: &str) -> Option<(&str, &str)> {
    let rest = address.strip_prefix("s3://")?;
    let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    (!bucket.is_empty() && bucket.chars().all(is_name)).then_some((bucket, folder.trim_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_bucket_and_perhaps_a_folder() {
        assert_eq!(parse("s3://seals"), Some(("seals", "")));
        assert_eq!(parse("s3://seals/zelo/2026/"), Some(("seals", "zelo/2026")));
        for wrong in ["", "seals", "s3:/seals", "s3://", "s3:///folder", "https://seals", "s3://a b"] {
            let error = Bucket::open(wrong, Service::default()).unwrap_err();
            assert!(error.to_string().contains("s3://bucket"), "{error}");
        }
    }
}
