//! Buckets of S3, and of what speaks like it: MinIO, Ceph, R2.
//!
//! A crate of its own so that its heavy client is built once and by nobody who needs no bucket.

use object_store::{
    ClientOptions, ObjectStore as _, ObjectStoreExt as _, PutMode, PutPayload,
    aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut},
    path::Path,
};
use std::time::Duration;

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
