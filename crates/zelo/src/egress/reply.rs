//! What came back, up to a size.

use super::rules::Refused;
use bytes::{Bytes, BytesMut};
use reqwest::{StatusCode, header::HeaderMap};
use std::error::Error as _;

/// The largest answer that is read, in bytes. Receivers of webhooks and sealed logs have little to say; whoever sends
/// more wants to fill memory.
const MOST: usize = 1024 * 1024;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status; a redirect is not followed and is seen here.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, at most one mebibyte.
    pub body: Bytes,
}

/// Why there is no answer. None of the texts holds the address, which may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The call may not be made; nothing was sent.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The answer is larger than one mebibyte.
    #[error("the answer is larger than {MOST} bytes")]
    TooLarge,
    /// The network, the other server, or time did not allow it.
    #[error("the call failed")]
    Failed(#[source] reqwest::Error),
}

impl From<reqwest::Error> for Failure {
    /// A name whose addresses are all closed is met deep inside of the connection.
    fn from(error: reqwest::Error) -> Self {
        let mut cause = error.source();
        while let Some(inner) = cause {
            if let Some(refused) = inner.downcast_ref::<Refused>() {
                return Self::Refused(*refused);
            }
            cause = inner.source();
        }
        Self::Failed(error.without_url())
    }
}

pub(super) async fn read(mut response: reqwest::Response) -> Result<Reply, Failure> {
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MOST {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, headers, body: body.freeze() })
}
