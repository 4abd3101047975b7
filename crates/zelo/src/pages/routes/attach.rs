//! Sending a file: a form with the file as its last field, whose bytes are never whole in memory.

use super::{
    actions::refuse_where_written,
    inbox,
    sending::{Sheet, send_once},
    visit::{Desk, id, see},
};
use crate::{
    conversations,
    error::{Error, Result},
    ids::{ConversationId, MessageId},
    media::{self, Attached, Kind, Refusal, Upload},
    messages::{Message, SendRequest},
    quotas::{self, Quota},
    rights::Permission,
};
use axum::{
    extract::{
        Multipart, Path,
        multipart::{Field, MultipartRejection},
    },
    response::Response,
};
use whatsapp::client::{MediaSource, OutboundContent, OutboundMedia};

/// The longest text of a form's field, in bytes: a caption has 1,024 characters.
const LONGEST_FIELD: usize = 8 * 1024;

/// What stands before the file.
#[derive(Default)]
struct Words {
    caption: String,
    reply_to: String,
    idempotency_key: String,
    is_voice: bool,
}

/// Send a file.
pub(super) async fn send_file(
    desk: Desk,
    Path(text): Path<String>,
    form: std::result::Result<Multipart, MultipartRejection>,
) -> Response {
    let conversation = match id(&text) {
        Ok(id) => ConversationId(id),
        Err(error) => return desk.visit.refuse(error),
    };
    match Box::pin(send(&desk, conversation, form)).await {
        Ok(message) if desk.visit.is_fragment => desk.answer(inbox::message(&desk, message).await),
        Ok(_) => see(&format!("/conversations/{conversation}")),
        Err(error) => refuse_where_written(&desk, conversation, error, String::new()).await,
    }
}

async fn send(
    desk: &Desk,
    conversation: ConversationId,
    form: std::result::Result<Multipart, MultipartRejection>,
) -> Result<Message> {
    desk.require(Permission::SendMessages)?;
    // What cannot be sent is refused before its bytes come.
    let talk = conversations::get_conversation(&desk.app, desk.sight, conversation).await?;
    if !talk.window_is_open(desk.app.clock.now()) {
        return Err(Error::WindowClosed);
    }
    let limit = quotas::find_limit(&desk.app, desk.scope, Quota::MessagesPerMonth).await?;
    limit.refuse_full(&desk.app, desk.scope).await?;
    let malformed = || Error::Malformed("The form could not be read.".into());
    let (mut form, broken) = (form.map_err(|_| malformed())?, |_| malformed());
    let mut words = Words::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("caption") => words.caption = short(field).await?,
            Some("reply_to") => words.reply_to = short(field).await?,
            Some("idempotency_key") => words.idempotency_key = short(field).await?,
            Some("voice") => words.is_voice = !short(field).await?.is_empty(),
            Some("file") => {
                let upload = Upload {
                    kind: words.is_voice.then_some(Kind::Audio),
                    is_voice: words.is_voice,
                    filename: field.file_name().filter(|name| !name.is_empty()).map(str::to_owned),
                    declared: field.content_type().map(str::to_owned),
                    size: None,
                };
                let file = media::receive(&desk.app, desk.sight, conversation, &upload, field)
                    .await
                    .map_err(too_large)?;
                return send_attached(desk, conversation, &file, words).await;
            }
            _ => {}
        }
    }
    Err(Error::invalid("file", "required", "Choose a file."))
}

/// Said of the file, which is what is too large here.
fn too_large(error: Error) -> Error {
    match error {
        Error::PayloadTooLarge => {
            Error::invalid("file", Refusal::TooLarge.as_str(), "The file is too large for WhatsApp.")
        }
        other => other,
    }
}

async fn short(mut field: Field<'_>) -> Result<String> {
    let mut text = Vec::new();
    while let Some(bytes) =
        field.chunk().await.map_err(|_| Error::Malformed("The form could not be read.".into()))?
    {
        if text.len() + bytes.len() > LONGEST_FIELD {
            return Err(Error::PayloadTooLarge);
        }
        text.extend_from_slice(&bytes);
    }
    Ok(String::from_utf8_lossy(&text).replace("\r\n", "\n").trim().to_owned())
}

async fn send_attached(
    desk: &Desk,
    conversation: ConversationId,
    file: &Attached,
    words: Words,
) -> Result<Message> {
    // The same form may come twice, and with it the file, which is then another one with the same content. The second one is
    // swept away as every file is that is never sent.
    let written =
        (&words.caption, &words.reply_to, &file.filename, file.media.size, file.media.kind.as_str());
    let body = serde_json::to_vec(&written).map_err(Error::internal)?;
    let mut carried = OutboundMedia::new(MediaSource::Id(file.media.id.to_string()));
    carried.caption = Some(words.caption.clone()).filter(|caption| !caption.is_empty());
    let content = match file.media.kind {
        Kind::Image => OutboundContent::Image(carried),
        Kind::Video => OutboundContent::Video(carried),
        // Sound has no words under it.
        Kind::Audio => OutboundContent::Audio(OutboundMedia { caption: None, ..carried }),
        Kind::Document | Kind::Sticker => OutboundContent::Document(carried),
    };
    let reply_to = match words.reply_to.as_str() {
        "" => None,
        quoted => Some(MessageId(id(quoted)?)),
    };
    let request = SendRequest::by_person(conversation, content, reply_to, desk.user);
    send_once(desk, &request, &Sheet { conversation, to: "files", key: &words.idempotency_key, body }).await
}
