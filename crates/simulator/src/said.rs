//! What a person writes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use whatsapp::webhook::ContactCard;

use crate::media::Files;

/// One message of a person. `quotes` is the wamid of a message of the business.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Said {
    Text {
        body: String,
        #[serde(default)]
        quotes: Option<String>,
    },
    /// `file` is an id that [`Simulator::add_file`](crate::Simulator::add_file) gave.
    Image {
        file: String,
        #[serde(default)]
        caption: Option<String>,
    },
    Video {
        file: String,
        #[serde(default)]
        caption: Option<String>,
    },
    Audio {
        file: String,
        #[serde(default)]
        voice: bool,
    },
    Document {
        file: String,
        filename: String,
        #[serde(default)]
        caption: Option<String>,
    },
    Sticker {
        file: String,
        #[serde(default)]
        animated: bool,
    },
    Location {
        latitude: f64,
        longitude: f64,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        address: Option<String>,
        /// The request that it answers.
        #[serde(default)]
        quotes: Option<String>,
    },
    Contacts {
        cards: Vec<ContactCard>,
        /// The request that it answers.
        #[serde(default)]
        quotes: Option<String>,
    },
    /// Without emoji the reaction is taken back.
    Reaction {
        message_id: String,
        #[serde(default)]
        emoji: Option<String>,
    },
    /// A reply button of an interactive message.
    ButtonReply { id: String, title: String, quotes: String },
    /// A row of a list.
    ListReply {
        id: String,
        title: String,
        #[serde(default)]
        description: Option<String>,
        quotes: String,
    },
    /// A form, filled in. The token with which the business opened it goes back with the answers.
    FlowReply {
        answers: Map<String, Value>,
        #[serde(default)]
        flow_token: Option<String>,
        quotes: String,
    },
    /// A quick reply of a template.
    TemplateButton { payload: String, text: String, quotes: String },
    /// Something that the Cloud API does not hand over, such as `poll_creation`.
    Unsupported { kind: String },
    /// Any keys of a message as the webhook has them, `type` among them.
    Raw { message: Map<String, Value> },
}

/// The file of a message is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoSuchFile;

impl Said {
    /// A text that quotes nothing.
    pub fn text(body: impl Into<String>) -> Self {
        Self::Text { body: body.into(), quotes: None }
    }

    pub(crate) fn quotes(&self) -> Option<&str> {
        match self {
            Self::Text { quotes, .. } | Self::Location { quotes, .. } | Self::Contacts { quotes, .. } => {
                quotes.as_deref()
            }
            Self::ButtonReply { quotes, .. }
            | Self::ListReply { quotes, .. }
            | Self::FlowReply { quotes, .. }
            | Self::TemplateButton { quotes, .. } => Some(quotes),
            _ => None,
        }
    }

    /// `type` and its object, as a webhook has them.
    pub(crate) fn to_content(&self, files: &Files) -> Result<Map<String, Value>, NoSuchFile> {
        let (kind, object) = match self {
            Self::Text { body, .. } => ("text", json!({"body": body})),
            Self::Image { file, caption } => ("image", media(files, file, json!({"caption": caption}))?),
            Self::Video { file, caption } => ("video", media(files, file, json!({"caption": caption}))?),
            Self::Audio { file, voice } => ("audio", media(files, file, json!({"voice": voice}))?),
            Self::Document { file, filename, caption } => {
                ("document", media(files, file, json!({"caption": caption, "filename": filename}))?)
            }
            Self::Sticker { file, animated } => {
                ("sticker", media(files, file, json!({"animated": animated}))?)
            }
            Self::Location { latitude, longitude, name, address, .. } => (
                "location",
                given(
                    json!({"latitude": latitude, "longitude": longitude, "name": name, "address": address}),
                ),
            ),
            Self::Contacts { cards, .. } => ("contacts", json!(cards)),
            Self::Reaction { message_id, emoji } => {
                ("reaction", given(json!({"message_id": message_id, "emoji": emoji})))
            }
            Self::ButtonReply { id, title, .. } => {
                ("interactive", json!({"type": "button_reply", "button_reply": {"id": id, "title": title}}))
            }
            Self::ListReply { id, title, description, .. } => {
                let row = given(json!({"id": id, "title": title, "description": description}));
                ("interactive", json!({"type": "list_reply", "list_reply": row}))
            }
            Self::FlowReply { answers, flow_token, .. } => ("interactive", filled_form(answers, flow_token)),
            Self::TemplateButton { payload, text, .. } => {
                ("button", json!({"payload": payload, "text": text}))
            }
            Self::Unsupported { kind } => ("unsupported", json!({"type": kind})),
            Self::Raw { message } => return Ok(message.clone()),
        };
        let mut content = Map::new();
        content.insert("type".into(), kind.into());
        content.insert(kind.into(), object);
        if matches!(self, Self::Unsupported { .. }) {
            let details = json!({"details": "Message type is currently not supported."});
            let error = json!({"code": 131_051, "title": "Message type unknown", "message": "Message type unknown",
                               "error_data": details});
            content.insert("errors".into(), json!([error]));
        }
        Ok(content)
    }
}

/// The answers are a JSON text inside the JSON, as Meta hands them over.
fn filled_form(answers: &Map<String, Value>, flow_token: &Option<String>) -> Value {
    let mut response = answers.clone();
    if let Some(token) = flow_token {
        response.insert("flow_token".into(), token.as_str().into());
    }
    let response = Value::Object(response).to_string();
    json!({"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": response}})
}

fn media(files: &Files, id: &str, extra: Value) -> Result<Value, NoSuchFile> {
    let file = files.get(id).ok_or(NoSuchFile)?;
    let mut object = json!({"mime_type": file.mime_type, "sha256": file.sha256_base64(), "id": id});
    if let (Some(object), Value::Object(extra)) = (object.as_object_mut(), given(extra)) {
        object.extend(extra);
    }
    Ok(object)
}

/// Meta leaves out what is not there; it never writes null.
fn given(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    value
}
