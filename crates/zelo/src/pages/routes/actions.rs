//! Acting on conversations. A script gets the part that changed; a plain form leads back to the conversation.

use super::{
    inbox,
    list::load_staff,
    sending::{Sheet, send_once},
    thread::{Opened, Written},
    visit::{Desk, html, id, nothing, notice, see, with_body},
};
use crate::{
    conversations::{self, Assignment, Conversation, ConversationStatus},
    error::{Error, Result},
    ids::{ConversationId, MessageId},
    messages::{self, SendRequest},
    pages::render,
    rights::Permission,
};
use axum::{
    Form,
    extract::{Path, rejection::FormRejection},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use whatsapp::client::{OutboundContent, OutboundReaction};

type Sent<T> = std::result::Result<Form<T>, FormRejection>;

fn fields<T>(form: Sent<T>) -> Result<T> {
    form.map(|Form(fields)| fields).map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Error::PayloadTooLarge
        } else {
            Error::Malformed("The form could not be read.".into())
        }
    })
}

/// What the composer sends.
#[derive(Deserialize)]
pub(super) struct Composed {
    #[serde(default)]
    text: String,
    #[serde(default)]
    reply_to: String,
    #[serde(default)]
    idempotency_key: String,
}

/// Send a text.
pub(super) async fn send(desk: Desk, Path(text): Path<String>, form: Sent<Composed>) -> Response {
    let (conversation, composed) = match (id(&text), fields(form)) {
        (Ok(id), Ok(composed)) => (ConversationId(id), composed),
        (Err(error), _) | (_, Err(error)) => return desk.visit.refuse(error),
    };
    match send_text(&desk, conversation, &composed).await {
        Ok(message) if desk.visit.is_fragment => desk.answer(inbox::message(&desk, message).await),
        Ok(_) => see(&format!("/conversations/{conversation}")),
        Err(error) => {
            let reply_to = id(&composed.reply_to).ok().map(MessageId);
            let written = Written { text: composed.text, reply_to, ..Written::default() };
            refuse_with(&desk, conversation, error, written).await
        }
    }
}

async fn send_text(
    desk: &Desk,
    conversation: ConversationId,
    composed: &Composed,
) -> Result<messages::Message> {
    desk.require(Permission::SendMessages)?;
    // Browsers send line breaks of a form as CR LF (HTML, "constructing the form data set").
    let content = OutboundContent::text(composed.text.replace("\r\n", "\n").trim());
    let reply_to = match composed.reply_to.as_str() {
        "" => None,
        quoted => Some(MessageId(id(quoted)?)),
    };
    let request = SendRequest::by_person(conversation, content, reply_to, desk.user);
    let body = serde_json::to_vec(&(&request.content, &request.reply_to)).map_err(Error::internal)?;
    send_once(desk, &request, &Sheet { conversation, to: "messages", key: &composed.idempotency_key, body })
        .await
}

/// Say why, where it was tried, and give back what was written.
pub(super) async fn refuse_where_written(
    desk: &Desk,
    conversation: ConversationId,
    error: Error,
    text: String,
) -> Response {
    refuse_with(desk, conversation, error, Written { text, ..Written::default() }).await
}

async fn refuse_with(desk: &Desk, conversation: ConversationId, error: Error, written: Written) -> Response {
    if matches!(error, Error::NotFound | Error::Unauthorized) {
        return desk.visit.refuse(error);
    }
    let opened = match load_staff(desk).await {
        Ok(users) => Opened::load(desk, conversation, users).await,
        Err(error) => Err(error),
    };
    let Ok(opened) = opened else { return desk.visit.refuse(error) };
    let said = notice(&error, opened.conversation.window_expires_at);
    if desk.visit.is_fragment {
        return with_body(error, render::notice(desk.cx(), &said).unwrap_or_default());
    }
    match inbox::page(desk, Some((opened, Written { notice: Some(said), ..written }))).await {
        Ok(mut page) => {
            // Logs the error like every other answer to one.
            *page.status_mut() = with_body(error, String::new()).status();
            page
        }
        Err(other) => desk.visit.refuse(other),
    }
}

/// Say that the team has read the conversation. Those who only look on leave it unread for the team.
pub(super) async fn mark_read(desk: Desk, Path(text): Path<String>) -> Response {
    let marked = async {
        let conversation = ConversationId(id(&text)?);
        if desk.rights.allow(Permission::WriteConversations) {
            conversations::mark_conversation_read(&desk.app, desk.sight, conversation).await?;
        }
        Ok(if desk.visit.is_fragment { nothing() } else { see(&format!("/conversations/{conversation}")) })
    };
    desk.answer(marked.await)
}

/// What the buttons above a thread send.
#[derive(Deserialize)]
pub(super) struct NewStatus {
    status: String,
}

/// Open, snooze or resolve a conversation. A snoozed one comes back when the contact writes.
pub(super) async fn set_status(desk: Desk, Path(text): Path<String>, form: Sent<NewStatus>) -> Response {
    let conversation = match id(&text) {
        Ok(id) => ConversationId(id),
        Err(error) => return desk.visit.refuse(error),
    };
    let changed = async {
        desk.require(Permission::WriteConversations)?;
        let status = match fields(form)?.status.as_str() {
            "open" => ConversationStatus::Open,
            "snoozed" => ConversationStatus::Snoozed,
            "resolved" => ConversationStatus::Resolved,
            _ => return Err(Error::Malformed("There is no such state.".into())),
        };
        conversations::set_conversation_status(&desk.app, desk.sight, conversation, status, None).await
    };
    changed_or_refused(&desk, conversation, changed.await).await
}

/// What the buttons for the owner send.
#[derive(Deserialize)]
pub(super) struct NewOwner {
    user: String,
}

/// Take a conversation, or let it go.
pub(super) async fn assign(desk: Desk, Path(text): Path<String>, form: Sent<NewOwner>) -> Response {
    let conversation = match id(&text) {
        Ok(id) => ConversationId(id),
        Err(error) => return desk.visit.refuse(error),
    };
    let changed = async {
        desk.require(Permission::AssignConversations)?;
        let owner = match fields(form)?.user.as_str() {
            "me" => Some(desk.user),
            "none" => None,
            _ => return Err(Error::Malformed("Take it yourself, or let it go.".into())),
        };
        conversations::assign_conversation(&desk.app, desk.sight, conversation, Assignment::to(owner)).await
    };
    changed_or_refused(&desk, conversation, changed.await).await
}

async fn changed_or_refused(desk: &Desk, id: ConversationId, changed: Result<Conversation>) -> Response {
    match changed {
        Ok(_) if !desk.visit.is_fragment => see(&format!("/conversations/{id}")),
        Ok(conversation) => desk.answer(head(desk, conversation).await),
        Err(error) => refuse_where_written(desk, id, error, String::new()).await,
    }
}

async fn head(desk: &Desk, conversation: Conversation) -> Result<Response> {
    let opened = Opened::of(desk, conversation, load_staff(desk).await?).await?;
    html(render::thread_head(desk.cx(), &opened.head(desk)))
}

/// What the emojis at a message send: one of them, or nothing to take it back.
#[derive(Deserialize)]
pub(super) struct Chosen {
    emoji: String,
}

/// Put an emoji on a message, or take it back.
pub(super) async fn react(desk: Desk, Path(text): Path<String>, form: Sent<Chosen>) -> Response {
    let target = match find_message(&desk, &text).await {
        Ok(target) => target,
        Err(error) => return desk.visit.refuse(error),
    };
    let (conversation, message_id) = (target.conversation, target.id);
    let reacted = async {
        desk.require(Permission::SendMessages)?;
        let reaction = OutboundReaction { message_id: message_id.to_string(), emoji: fields(form)?.emoji };
        let content = OutboundContent::Reaction(reaction);
        let request = SendRequest::by_person(conversation, content, None, desk.user);
        messages::send_message(&desk.app, desk.sight, &request).await
    };
    match reacted.await {
        Ok(_) if desk.visit.is_fragment => {
            let drawn = async { inbox::message(&desk, find_message(&desk, &text).await?).await };
            desk.answer(drawn.await)
        }
        Ok(_) => see(&format!("/conversations/{conversation}#m-{message_id}")),
        Err(error) => refuse_where_written(&desk, conversation, error, String::new()).await,
    }
}

async fn find_message(desk: &Desk, text: &str) -> Result<messages::Message> {
    let found = messages::load_messages(&desk.app, desk.scope, &[MessageId(id(text)?)]).await?;
    found.into_iter().next().ok_or(Error::NotFound)
}

/// Send a message again that did not arrive.
pub(super) async fn retry(desk: Desk, Path(text): Path<String>) -> Response {
    let message = match find_message(&desk, &text).await {
        Ok(message) => message,
        Err(error) => return desk.visit.refuse(error),
    };
    let again = async {
        desk.require(Permission::SendMessages)?;
        messages::retry_message(&desk.app, desk.sight, message.id).await
    };
    match again.await {
        Ok(message) if desk.visit.is_fragment => desk.answer(inbox::message(&desk, message).await),
        Ok(message) => see(&format!("/conversations/{}", message.conversation)),
        Err(error) => refuse_where_written(&desk, message.conversation, error, String::new()).await,
    }
}
