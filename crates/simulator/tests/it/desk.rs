//! A desk: answers the handshake and keeps every webhook.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;
use whatsapp::signature;
use whatsapp::webhook::{Change, parse};

pub(crate) const SECRET: &str = "aurora-secret";
pub(crate) const VERIFY: &str = "aurora-verify";

/// One webhook as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) body: Bytes,
    pub(crate) signed: bool,
    pub(crate) answered: u16,
}

#[derive(Clone, Default)]
pub(crate) struct Desk {
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    /// What the next posts are answered with; 200 when it is empty.
    answers: Arc<Mutex<Vec<u16>>>,
    refuses_bad_signatures: bool,
}

async fn handshake(
    Query(query): Query<std::collections::HashMap<String, String>>,
) -> Result<String, StatusCode> {
    let good = query["hub.mode"] == "subscribe" && query["hub.verify_token"] == VERIFY;
    if good { Ok(query["hub.challenge"].clone()) } else { Err(StatusCode::FORBIDDEN) }
}

async fn receive(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = headers.get("x-hub-signature-256").map_or(&b""[..], |value| value.as_bytes());
    let signed = signature::verify(SECRET, header, &body);
    let mut answers = desk.answers.lock().unwrap();
    let planned = if answers.is_empty() { 200 } else { answers.remove(0) };
    let answered = if desk.refuses_bad_signatures && !signed { 403 } else { planned };
    desk.arrivals.lock().unwrap().push(Arrival { body, signed, answered });
    StatusCode::from_u16(answered).unwrap()
}

impl Desk {
    pub(crate) fn strict() -> Self {
        Self { refuses_bad_signatures: true, ..Self::default() }
    }

    #[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
    pub(crate) async fn open(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/hook", get(handshake).post(receive)).with_state(self.clone());
        let router = router.layer(axum::extract::DefaultBodyLimit::max(4 << 20));
        tokio::task::spawn(async move { axum::serve(listener, router).await });
        address
    }

    pub(crate) fn will_answer(&self, answers: &[u16]) {
        self.answers.lock().unwrap().extend(answers);
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().unwrap().clone()
    }

    /// What was accepted, as our own parser understands it: `Olá` for a text, `sent` for a status, the field of
    /// anything else.
    pub(crate) fn heard(&self) -> Vec<String> {
        let mut heard = Vec::new();
        for arrival in self.arrivals().iter().filter(|arrival| arrival.answered == 200) {
            for (_, change) in parse(&arrival.body).unwrap().changes() {
                match change {
                    Change::Messages(messages) => {
                        let texts = messages.messages.iter().map(|message| {
                            let text = message.content.preview_text();
                            text.map_or_else(|| message.kind().to_owned(), |text| text.into_owned())
                        });
                        heard.extend(texts);
                        heard.extend(messages.statuses.iter().map(|step| step.status.as_str().to_owned()));
                    }
                    other => heard.push(format!("{other:?}").split(['(', ' ']).next().unwrap().to_owned()),
                }
            }
        }
        heard
    }

    /// The value of the only change of the newest webhook.
    pub(crate) fn newest(&self) -> Value {
        let arrival = self.arrivals().pop().unwrap();
        let body: Value = serde_json::from_slice(&arrival.body).unwrap();
        body["entry"][0]["changes"][0]["value"].clone()
    }
}
