//! Files: up, and in two steps down (Meta, business-phone-numbers/media).

use reqwest::header::{AUTHORIZATION, RANGE, USER_AGENT};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, Response, Url};
use serde::Deserialize;

use super::answer;
use super::send_error::SendError;
use super::token::AccessToken;
use super::{AGENT, Client, FILE_TIMEOUT};
use crate::errors::{ErrorClass, GraphError, NO_CODE};

/// Where Meta's files are. The token goes there and to the Graph API, and nowhere else.
const FILE_HOST: &str = "lookaside.fbsbx.com";

/// Where a file can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MediaInfo {
    #[serde(deserialize_with = "crate::lenient::text")]
    pub id: String,
    /// Good for 5 minutes.
    pub url: String,
    #[serde(default)]
    pub mime_type: Option<String>,
    /// Base64 or hexadecimal: Meta's pages show one, real answers the other.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Bytes. A text in Meta's pages, a number in real answers.
    #[serde(default, deserialize_with = "crate::lenient::optional_seconds")]
    pub file_size: Option<i64>,
}

#[derive(Deserialize)]
struct Uploaded {
    id: String,
}

impl Client {
    /// Uploads a file of `size` bytes as they come and gives its id, which is good for 30 days.
    pub async fn upload_media(
        &self,
        phone_number_id: &str,
        token: &AccessToken,
        mime_type: &str,
        filename: &str,
        (content, size): (impl Into<Body>, u64),
    ) -> Result<String, SendError> {
        let content = Part::stream_with_length(content, size);
        let file = content.file_name(filename.to_owned()).mime_str(mime_type)?;
        let form = Form::new()
            .text("messaging_product", "whatsapp")
            .text("type", mime_type.to_owned())
            .part("file", file);
        let request = self.request(Method::POST, &[phone_number_id, "media"], token).timeout(FILE_TIMEOUT);
        answer::read::<Uploaded>(request.multipart(form)).await.map(|uploaded| uploaded.id)
    }

    /// Asks where a file is. Ids from webhooks are good for 7 days; an expired one is 100 with subcode 33.
    pub async fn media_url(
        &self,
        media_id: &str,
        token: &AccessToken,
        phone_number_id: &str,
    ) -> Result<MediaInfo, SendError> {
        let query = [("phone_number_id", phone_number_id)];
        answer::read(self.request_with(Method::GET, &[media_id], &query, token)).await
    }

    /// Fetches a file from byte `from` on. The response is a stream; a status of 404 means that the address is too old
    /// and has to be asked for again.
    ///
    /// The address is refused if its host is neither Meta's nor that of the Graph API: the request carries the token.
    pub async fn download_media(
        &self,
        url: &str,
        token: &AccessToken,
        from: u64,
    ) -> Result<Response, SendError> {
        let url = self.trusted(url).ok_or_else(|| SendError::Rejected {
            class: ErrorClass::Unknown,
            error: Box::new(GraphError::new(NO_CODE, "the file is on a host that must not see the token")),
        })?;
        let mut request = self
            .http
            .get(url)
            .timeout(FILE_TIMEOUT)
            .header(USER_AGENT, AGENT)
            .header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        answer::accepted(request).await
    }

    fn trusted(&self, url: &str) -> Option<Url> {
        let url = Url::parse(url).ok()?;
        let from_meta = url.scheme() == "https" && url.host_str() == Some(FILE_HOST);
        (from_meta || url.origin() == self.base.origin()).then_some(url)
    }

    /// Deletes an uploaded file.
    pub async fn delete_media(&self, media_id: &str, token: &AccessToken) -> Result<(), SendError> {
        answer::read::<answer::Success>(self.request(Method::DELETE, &[media_id], token)).await.map(drop)
    }
}
