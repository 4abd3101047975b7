//! What changes something.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use whatsapp::client::AccessToken;
use whatsapp::phone::Phone;
use whatsapp::signature::AppSecret;

use crate::channel::Channel;
use crate::conditions::Conditions;
use crate::contact::{ContactId, NewContact, NotAContact};
use crate::handshake::HandshakeError;
use crate::said::Said;
use crate::simulator::{Simulator, UnknownParty};

/// Why an action was not done, as the page shows it.
pub(crate) struct Refused(StatusCode, &'static str, String);

impl From<UnknownParty> for Refused {
    fn from(error: UnknownParty) -> Self {
        Self(StatusCode::NOT_FOUND, "unknown", error.to_string())
    }
}

impl From<NotAContact> for Refused {
    fn from(error: NotAContact) -> Self {
        let code = match error {
            NotAContact::Anonymous => "anonymous",
            NotAContact::Phone => "phone",
            NotAContact::Taken => "taken",
        };
        Self(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
    }
}

impl From<HandshakeError> for Refused {
    fn from(error: HandshakeError) -> Self {
        Self(StatusCode::BAD_GATEWAY, "handshake", error.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"code": self.1, "detail": self.2}))).into_response()
    }
}

/// A channel as JSON. Unlike [`Channel`] it can be written down, secrets and all.
#[derive(Deserialize)]
pub(crate) struct NewChannel {
    phone_number_id: String,
    waba_id: String,
    phone: String,
    business_name: String,
    access_token: String,
    app_secret: String,
    callback_url: Option<String>,
    verify_token: String,
}

pub(crate) async fn add_channel(
    State(simulator): State<Simulator>,
    Json(new): Json<NewChannel>,
) -> Result<StatusCode, Refused> {
    let phone = Phone::parse_input(&new.phone, true)
        .map_err(|error| Refused(StatusCode::UNPROCESSABLE_ENTITY, "phone", error.to_string()))?;
    simulator.add_channel(Channel {
        phone_number_id: new.phone_number_id,
        waba_id: new.waba_id,
        phone,
        business_name: new.business_name,
        access_token: AccessToken::new(new.access_token),
        app_secret: AppSecret::new(&new.app_secret),
        callback_url: new.callback_url,
        verify_token: new.verify_token,
    });
    Ok(StatusCode::CREATED)
}

pub(crate) async fn verify_callback(
    State(simulator): State<Simulator>,
    Path(channel): Path<String>,
) -> Result<StatusCode, Refused> {
    simulator.verify_callback(&channel).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct TokenState {
    expired: bool,
}

pub(crate) async fn expire_token(
    State(simulator): State<Simulator>,
    Path(channel): Path<String>,
    Json(state): Json<TokenState>,
) -> Result<StatusCode, Refused> {
    simulator.expire_token(&channel, state.expired)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn add_contact(
    State(simulator): State<Simulator>,
    Json(new): Json<NewContact>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let id = simulator.add_contact(new)?;
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}

pub(crate) async fn set_conditions(
    State(simulator): State<Simulator>,
    Json(conditions): Json<Conditions>,
) -> StatusCode {
    simulator.set_conditions(conditions);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
pub(crate) struct Advance {
    advance_ms: u64,
}

pub(crate) async fn advance_clock(
    State(simulator): State<Simulator>,
    Json(advance): Json<Advance>,
) -> StatusCode {
    simulator.advance_clock(Duration::from_millis(advance.advance_ms));
    StatusCode::NO_CONTENT
}

/// The raw bytes of a file with its type in the header; `id` is the channel it will be sent to.
pub(crate) async fn add_file(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
    content: Bytes,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let kind =
        headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("application/octet-stream");
    let id = simulator.add_file(&id, kind, content)?;
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}

type Chat = Path<(String, ContactId)>;

pub(crate) async fn say(
    State(simulator): State<Simulator>,
    Path((channel, contact)): Chat,
    Json(said): Json<Said>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let wamid = simulator.say(&channel, contact, &said)?;
    Ok((StatusCode::CREATED, Json(json!({"wamid": wamid}))))
}

pub(crate) async fn read(
    State(simulator): State<Simulator>,
    Path((channel, contact)): Chat,
) -> Result<StatusCode, Refused> {
    simulator.read(&channel, contact)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct Played {
    wamid: String,
}

pub(crate) async fn play(
    State(simulator): State<Simulator>,
    Path((channel, contact)): Chat,
    Json(played): Json<Played>,
) -> Result<StatusCode, Refused> {
    simulator.play(&channel, contact, &played.wamid)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn clear_talk(
    State(simulator): State<Simulator>,
    Path((channel, contact)): Chat,
) -> StatusCode {
    simulator.clear_talk(&channel, contact);
    StatusCode::NO_CONTENT
}

pub(crate) async fn clear_log(State(simulator): State<Simulator>) -> StatusCode {
    simulator.clear_log();
    StatusCode::NO_CONTENT
}
