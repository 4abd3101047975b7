//! Calls to the Cloud API.
//!
//! The client holds no credentials: each call says for which number and with which token. It never tries twice; the
//! error says whether the caller may.

mod answer;
mod check;
mod health;
mod interactive;
mod media;
mod number;
mod outbound;
mod send_error;
mod template;
mod template_admin;
mod token;

use std::time::Duration;

use reqwest::header::USER_AGENT;
use reqwest::{Method, RequestBuilder, Url};
use serde::Serialize;

pub use check::{ContentFault, ContentProblem};
pub use health::{
    AccountInfo, AppSubscription, HealthError, HealthStatus, SubscribedApp, SubscribedField, Subscriber,
    TokenInfo,
};
pub use interactive::{
    Action, Button, CatalogAction, ContactInfoAction, CtaUrlAction, Flow, FlowAction, Header, Interactive,
    LocationRequestAction, Product, ProductSection, Row, Section, Words,
};
pub use media::MediaInfo;
pub use number::{NumberInfo, Throughput};
pub use outbound::{
    MediaSource, MessageState, OutboundContent, OutboundMedia, OutboundMessage, OutboundReaction,
    OutboundText, Recipient, Sent,
};
pub use send_error::SendError;
pub use template::{Component, Language, Parameter, SentTemplate};
pub use template_admin::{CreatedTemplate, QualityScore, Template, TemplatePage};
pub use token::AccessToken;

/// Meta's production address.
pub const GRAPH_URL: &str = "https://graph.facebook.com";

/// The newest version on 2026-07-29, open-ended (Meta, graph-api/changelog/versions).
pub const GRAPH_VERSION: &str = "v26.0";

/// How long a call may take unless the client says otherwise: Meta answers sends within seconds, and a caller that waits
/// longer only holds a queue up.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// Files have up to 100 MB.
const FILE_TIMEOUT: Duration = Duration::from_secs(120);

/// Meta's file host refuses requests that do not say who asks.
const AGENT: &str = concat!("Zelo/", env!("CARGO_PKG_VERSION"));

/// The Cloud API at one address and in one version.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    version: String,
    timeout: Duration,
}

/// The address of the Graph API is not an absolute `http` or `https` address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an address of a Graph API: {0}")]
pub struct InvalidBaseUrl(String);

impl Client {
    /// A client that calls `base_url`, in production [`GRAPH_URL`], in `version`, such as [`GRAPH_VERSION`].
    ///
    /// The HTTP client should not follow redirects to other hosts: requests carry the token.
    pub fn new(http: reqwest::Client, base_url: &str, version: &str) -> Result<Self, InvalidBaseUrl> {
        let refused = || InvalidBaseUrl(base_url.to_owned());
        let base = Url::parse(base_url).map_err(|_| refused())?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(refused());
        }
        Ok(Self { http, base, version: version.to_owned(), timeout: CALL_TIMEOUT })
    }

    /// The same client with another time that one call may take; files have a longer one of their own.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// A request for `/{version}/{segments…}`. Segments are escaped: ids come from outside.
    fn request(&self, method: Method, segments: &[&str], token: &AccessToken) -> RequestBuilder {
        self.request_with(method, segments, &[], token)
    }

    /// The same with `?name=value&…`.
    fn request_with(
        &self,
        method: Method,
        segments: &[&str],
        query: &[(&str, &str)],
        token: &AccessToken,
    ) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&self.version).extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.http
            .request(method, url)
            .timeout(self.timeout)
            .header(USER_AGENT, AGENT)
            .bearer_auth(token.expose())
    }

    /// Sends a message.
    ///
    /// There is no idempotency key: after [`SendError::Ambiguous`] put the same `biz_opaque_callback_data` to use and
    /// wait for a status before sending again.
    pub async fn send_message(
        &self,
        phone_number_id: &str,
        token: &AccessToken,
        message: &OutboundMessage,
    ) -> Result<Sent, SendError> {
        let request = self.request(Method::POST, &[phone_number_id, "messages"], token);
        let answer: outbound::SendAnswer = answer::read(request.json(&message.to_wire())).await?;
        answer.into_sent().ok_or_else(|| SendError::Ambiguous { cause: "the answer names no message".into() })
    }

    /// Marks a message, and all earlier ones of the chat, as read. Possible for 30 days.
    pub async fn mark_read(
        &self,
        phone_number_id: &str,
        token: &AccessToken,
        wamid: &str,
    ) -> Result<(), SendError> {
        self.receipt(phone_number_id, token, wamid, None).await
    }

    /// Shows "typing" for 25 seconds or until the answer. Marks the message as read, too.
    pub async fn show_typing(
        &self,
        phone_number_id: &str,
        token: &AccessToken,
        wamid: &str,
    ) -> Result<(), SendError> {
        self.receipt(phone_number_id, token, wamid, Some(TypingIndicator { kind: "text" })).await
    }

    async fn receipt(
        &self,
        phone_number_id: &str,
        token: &AccessToken,
        wamid: &str,
        typing_indicator: Option<TypingIndicator>,
    ) -> Result<(), SendError> {
        let body =
            Receipt { messaging_product: "whatsapp", status: "read", message_id: wamid, typing_indicator };
        let request = self.request(Method::POST, &[phone_number_id, "messages"], token);
        answer::read::<answer::Success>(request.json(&body)).await.map(drop)
    }
}

#[derive(Serialize)]
struct Receipt<'a> {
    messaging_product: &'a str,
    status: &'a str,
    message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    typing_indicator: Option<TypingIndicator>,
}

#[derive(Serialize)]
struct TypingIndicator {
    #[serde(rename = "type")]
    kind: &'static str,
}
