//! The question that Meta asks a callback before it uses it (Meta, webhooks/create-webhook-endpoint).

use std::time::Duration;

use reqwest::Url;

/// The callback did not prove that it is ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    #[error("there is no such channel, or it has no callback")]
    NoCallback,
    #[error("the callback is no address")]
    NoAddress,
    #[error("the callback did not answer")]
    Silent,
    #[error("the callback answered {status} instead of the challenge")]
    Refused { status: u16 },
}

/// Asks, and compares the answer with the challenge.
pub(crate) async fn shake(
    http: &reqwest::Client,
    callback: &str,
    verify_token: &str,
    challenge: &str,
) -> Result<(), HandshakeError> {
    let mut url = Url::parse(callback).map_err(|_| HandshakeError::NoAddress)?;
    url.query_pairs_mut().extend_pairs([
        ("hub.mode", "subscribe"),
        ("hub.challenge", challenge),
        ("hub.verify_token", verify_token),
    ]);
    let answer =
        http.get(url).timeout(Duration::from_secs(10)).send().await.map_err(|_| HandshakeError::Silent)?;
    let status = answer.status().as_u16();
    let body = answer.text().await.map_err(|_| HandshakeError::Silent)?;
    if status == 200 && body == challenge { Ok(()) } else { Err(HandshakeError::Refused { status }) }
}
