//! Reading an answer of the Graph API.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::send_error::SendError;
use crate::errors::{Backoff, ErrorClass, GraphError, NO_CODE};

/// The largest JSON answer that is read, in bytes. A page of templates, the longest there is, has some hundred thousand.
const MOST: usize = 4 * 1024 * 1024;

/// `{"success": true}`, the answer of calls that return nothing.
#[derive(Deserialize)]
pub(super) struct Success {
    #[serde(rename = "success")]
    _success: bool,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: GraphError,
}

/// Makes the call and reads its JSON answer.
pub(super) async fn read<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, SendError> {
    let body = body(accepted(request).await?).await?;
    // Meta did it and said so in words we do not know: doing it again would do it twice.
    serde_json::from_slice(&body).map_err(|error| SendError::Ambiguous { cause: Box::new(error) })
}

/// Makes the call and turns any answer but a success into its error.
pub(super) async fn accepted(request: RequestBuilder) -> Result<Response, SendError> {
    let response = request.send().await?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = retry_after(&response);
    // A body that cannot be read is as good as none.
    let body = body(response).await.unwrap_or_default();
    Err(match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(body) => SendError::from_graph(body.error, retry_after),
        Err(_) => without_graph_error(status, retry_after),
    })
}

/// The whole body of a JSON answer, unless it is far larger than any of Meta's: it is kept in memory.
async fn body(mut response: Response) -> Result<Vec<u8>, SendError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MOST {
            return Err(SendError::Ambiguous { cause: "the answer is too large".into() });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn without_graph_error(status: StatusCode, retry_after: Option<Duration>) -> SendError {
    let error = GraphError::new(NO_CODE, format!("HTTP {status} without a Graph error"));
    if status.is_server_error() {
        return SendError::Ambiguous { cause: Box::new(error) };
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        let backoff = Backoff::Minutes;
        let after = retry_after.unwrap_or_else(|| backoff.delay(0));
        return SendError::RetryLater { after, class: ErrorClass::Retry(backoff), error: Box::new(error) };
    }
    SendError::Rejected { class: ErrorClass::Unknown, error: Box::new(error) }
}

/// `Retry-After` in seconds; the form with a date is not used by Meta.
fn retry_after(response: &Response) -> Option<Duration> {
    response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}
