//! Reading an answer of the Graph API.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::send_error::SendError;
use crate::errors::{Backoff, ErrorClass, GraphError, NO_CODE};

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
    let body = accepted(request).await?.bytes().await?;
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
    let body = response.bytes().await.unwrap_or_default();
    Err(match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(body) => SendError::from_graph(body.error, retry_after),
        Err(_) => without_graph_error(status, retry_after),
    })
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
