use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use whatsapp::client::{
    AccessToken, Client, GRAPH_VERSION, MessageState, OutboundContent, OutboundMessage, Recipient, SendError,
};
use whatsapp::errors::{Backoff, ErrorClass};

use crate::fixtures::answer;

/// One request as the stub saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Bytes,
    pub(crate) body: Value,
}

/// A Graph API that always gives the same answer.
pub(crate) struct GraphStub {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[derive(Clone)]
struct Script {
    status: StatusCode,
    body: String,
    retry_after: Option<&'static str>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

async fn reply(
    State(script): State<Script>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    raw: Bytes,
) -> (StatusCode, HeaderMap, String) {
    let body = serde_json::from_slice(&raw).unwrap_or_default();
    script.seen.lock().unwrap().push(Seen { method, uri, headers, raw, body });
    let mut headers = HeaderMap::new();
    if let Some(seconds) = script.retry_after {
        headers.insert("retry-after", seconds.parse().unwrap());
    }
    (script.status, headers, script.body)
}

impl GraphStub {
    pub(crate) async fn answering(status: u16, body: &str) -> Self {
        Self::with_retry_after(status, body, None).await
    }

    #[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
    async fn with_retry_after(status: u16, body: &str, retry_after: Option<&'static str>) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let status = StatusCode::from_u16(status).unwrap();
        let script = Script { status, body: body.to_owned(), retry_after, seen: Arc::clone(&seen) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(reply).with_state(script);
        tokio::task::spawn(async move { axum::serve(listener, router).await });
        Self { address, seen }
    }

    pub(crate) fn client(&self) -> Client {
        client_of(self.address)
    }

    pub(crate) fn token(&self) -> AccessToken {
        AccessToken::new("EAA-secret")
    }

    pub(crate) fn only_request(&self) -> Seen {
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.len(), 1);
        seen[0].clone()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no App; its calls go to loopback only")]
fn client_of(address: SocketAddr) -> Client {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    Client::new(http, &format!("http://{address}"), GRAPH_VERSION).unwrap()
}

fn hello() -> OutboundMessage {
    OutboundMessage::new(Recipient::Phone("5531999990002".into()), OutboundContent::text("Olá"))
}

async fn send_error(status: u16, body: &str) -> SendError {
    let meta = GraphStub::answering(status, body).await;
    meta.client().send_message("42", &meta.token(), &hello()).await.unwrap_err()
}

#[tokio::test]
async fn a_send_carries_version_number_token_and_agent() {
    let meta = GraphStub::answering(200, &answer("api-02-send-ok-br-ninth-digit")).await;
    let sent = meta.client().send_message("42", &meta.token(), &hello()).await.unwrap();
    assert_eq!(sent.wamid, "wamid.HBgMNTUzMTk5OTkwMDAyFQIAERgSRjkzRDdCNjgzMkIzQTAwRURBAA==");
    assert_eq!(sent.wa_id.as_deref(), Some("553199990002"));
    let request = meta.only_request();
    assert_eq!((request.method, request.uri.path()), (Method::POST, "/v26.0/42/messages"));
    assert_eq!(request.headers["authorization"], "Bearer EAA-secret");
    assert!(request.headers["user-agent"].to_str().unwrap().starts_with("Zelo/"));
}

#[tokio::test]
async fn answers_for_user_ids_and_templates_are_read() {
    let meta = GraphStub::answering(200, &answer("api-03-send-ok-bsuid")).await;
    let sent = meta.client().send_message("42", &meta.token(), &hello()).await.unwrap();
    assert_eq!((sent.wa_id, sent.user_id.as_deref()), (None, Some("BR.10000000000000000003")));
    let meta = GraphStub::answering(200, &answer("api-04-send-template-accepted")).await;
    let sent = meta.client().send_message("42", &meta.token(), &hello()).await.unwrap();
    assert_eq!(sent.message_status, Some(MessageState::Accepted));
}

#[tokio::test]
async fn the_pair_limit_says_later_and_an_expired_token_says_never() {
    let error = send_error(400, &answer("api-05-error-131056")).await;
    assert!(
        matches!(error, SendError::RetryLater { after, class: ErrorClass::Retry(Backoff::Pair), .. } if after.as_secs() == 1)
    );
    assert_eq!(error.code(), Some(131_056));
    let error = send_error(401, &answer("api-06-error-190-expired")).await;
    assert!(matches!(error, SendError::Rejected { class: ErrorClass::TokenInvalid, .. }));
    assert_eq!(error.graph_error().unwrap().subcode, Some(463));
    let error = send_error(400, &answer("api-07-error-100-33-unknown-object")).await;
    assert!(matches!(error, SendError::Rejected { class: ErrorClass::BadRequest, .. }));
}

#[tokio::test]
async fn the_code_decides_and_not_the_http_status() {
    let window = json!({"error": {"code": 131_047, "message": "Re-engagement message"}}).to_string();
    for status in [400, 404, 500] {
        assert_eq!(send_error(status, &window).await.class(), Some(ErrorClass::WindowClosed));
    }
}

#[tokio::test]
async fn meta_may_say_how_long_to_wait() {
    let limited = json!({"error": {"code": 130_429}}).to_string();
    let meta = GraphStub::with_retry_after(400, &limited, Some("17")).await;
    let error = meta.client().send_message("42", &meta.token(), &hello()).await.unwrap_err();
    assert!(matches!(error, SendError::RetryLater { after, .. } if after == Duration::from_secs(17)));
}

#[tokio::test]
async fn a_failure_that_explains_nothing_leaves_the_outcome_open() {
    let unknown = json!({"error": {"code": 131_000}}).to_string();
    for (status, body) in
        [(502, "<html>"), (500, unknown.as_str()), (200, "<html>"), (200, r#"{"messages":[]}"#)]
    {
        let error = send_error(status, body).await;
        assert!(matches!(error, SendError::Ambiguous { .. }), "{status} {body}: {error:?}");
    }
    assert!(matches!(send_error(404, "<html>").await, SendError::Rejected { .. }));
    assert!(matches!(send_error(429, "").await, SendError::RetryLater { .. }));
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
async fn a_connection_that_breaks_after_the_request_leaves_the_outcome_open() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::task::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
    });
    let error = client_of(address).send_message("42", &AccessToken::new("t"), &hello()).await.unwrap_err();
    assert!(matches!(error, SendError::Ambiguous { .. }), "{error:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = client_of(address).send_message("42", &AccessToken::new("t"), &hello()).await.unwrap_err();
    assert!(matches!(error, SendError::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn read_and_typing_are_receipts() {
    let meta = GraphStub::answering(200, &answer("api-09-success-true")).await;
    meta.client().mark_read("42", &meta.token(), "wamid.A").await.unwrap();
    assert_eq!(
        meta.only_request().body,
        json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A"})
    );
    let meta = GraphStub::answering(200, &answer("api-09-success-true")).await;
    meta.client().show_typing("42", &meta.token(), "wamid.A").await.unwrap();
    assert_eq!(meta.only_request().body["typing_indicator"], json!({"type": "text"}));
}

#[tokio::test]
async fn a_file_is_uploaded_as_a_form() {
    let meta = GraphStub::answering(200, r#"{"id":"4490709327384033"}"#).await;
    let id = meta
        .client()
        .upload_media("42", &meta.token(), "application/pdf", "nota.pdf", (Bytes::from_static(b"%PDF"), 4))
        .await
        .unwrap();
    assert_eq!(id, "4490709327384033");
    let request = meta.only_request();
    assert_eq!(request.uri.path(), "/v26.0/42/media");
    let form = String::from_utf8(request.raw.to_vec()).unwrap();
    assert!(form.contains("name=\"messaging_product\"\r\n\r\nwhatsapp"));
    assert!(form.contains("filename=\"nota.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF"));
}

#[tokio::test]
async fn the_address_of_a_file_is_read_in_both_forms() {
    let numeric = answer("api-08-media-url").replace("\"303833\"", "303833");
    for body in [answer("api-08-media-url"), numeric] {
        let meta = GraphStub::answering(200, &body).await;
        let info = meta.client().media_url("822761048698338", &meta.token(), "42").await.unwrap();
        assert_eq!(info.file_size, Some(303_833));
        assert_eq!(info.mime_type.as_deref(), Some("image/jpeg"));
        assert_eq!(meta.only_request().uri.to_string(), "/v26.0/822761048698338?phone_number_id=42");
    }
}

#[tokio::test]
async fn the_token_goes_to_no_foreign_host() {
    let meta = GraphStub::answering(200, "stolen").await;
    let client = meta.client();
    for url in [
        "https://lookaside.fbsbx.com.example.com/x",
        "http://lookaside.fbsbx.com/x",
        "https://user@example.com/lookaside.fbsbx.com",
        "http://127.0.0.1:1/x",
        "file:///etc/passwd",
        "nonsense",
    ] {
        let error = client.download_media(url, &meta.token(), 0).await.unwrap_err();
        assert!(matches!(error, SendError::Rejected { class: ErrorClass::Unknown, .. }), "{url}");
    }
    assert!(meta.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_download_can_go_on_where_it_stopped() {
    let meta = GraphStub::answering(206, "rest").await;
    let url = format!("http://{}/files/1?hash=a", meta.address);
    let response = meta.client().download_media(&url, &meta.token(), 1_024).await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), "rest");
    let request = meta.only_request();
    assert_eq!(request.headers["range"], "bytes=1024-");
    assert_eq!(request.headers["authorization"], "Bearer EAA-secret");
}

#[tokio::test]
async fn templates_come_in_pages() {
    let last = GraphStub::answering(200, &answer("api-10-templates-page")).await;
    let page = last.client().list_templates("9", &last.token(), None).await.unwrap();
    assert_eq!(
        (page.templates[0].name.as_str(), page.templates[0].status.as_str()),
        ("pedido_confirmado", "APPROVED")
    );
    assert_eq!(page.templates[0].components.len(), 2);
    assert_eq!(page.after, None);
    let mut body: Value = serde_json::from_str(&answer("api-10-templates-page")).unwrap();
    body["paging"]["next"] = json!("https://graph.facebook.com/…");
    let more = GraphStub::answering(200, &body.to_string()).await;
    let page = more.client().list_templates("9", &more.token(), Some("A=")).await.unwrap();
    assert_eq!(page.after.as_deref(), Some("MjQZD"));
    assert!(more.only_request().uri.query().unwrap().ends_with("after=A%3D"));
}

#[tokio::test]
async fn ids_cannot_leave_their_place_in_the_path() {
    let meta = GraphStub::answering(200, &answer("api-09-success-true")).await;
    meta.client().mark_read("../../42?x=#", &meta.token(), "wamid.A").await.unwrap();
    assert_eq!(meta.only_request().uri.path(), "/v26.0/..%2F..%2F42%3Fx=%23/messages");
}

#[test]
fn a_token_is_not_printed() {
    assert!(!format!("{:?}", AccessToken::new("EAA-secret")).contains("EAA"));
}
