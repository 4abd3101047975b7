//! Messages.

use super::{seal::AnswerSeal, shapes::MessageShape};
use crate::{
    app::App,
    audit,
    error::{Error, FieldError, Result},
    http::{
        Idempotent, List, Page, Path, Query,
        idempotency::{self, Answer, Owner},
    },
    identity::{AgentScope, May},
    ids::{ConversationId, MessageId},
    messages::{self, Passed, SendRequest},
    rights::to,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use whatsapp::client::OutboundContent;

/// Where to go on.
#[derive(Deserialize, IntoParams)]
pub(super) struct After {
    /// What is new or changed since this `seq` of the conversation, in the order of the change.
    after_seq: Option<i64>,
}

/// A conversation's messages: newest page first, oldest first within a page; or what changed since `after_seq`.
#[utoipa::path(get, path = "/conversations/{id}/messages", tag = "messages",
    params(("id" = ConversationId, Path), After, ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = List<MessageShape>), (status = 404)), security(("bearer" = ["conversations:read"])))]
pub(super) async fn list_messages(
    State(app): State<App>,
    scope: May<to::ReadConversations>,
    Path(id): Path<ConversationId>,
    Query(after): Query<After>,
    page: Page,
) -> Result<axum::Json<List<MessageShape>>> {
    audit::note_reading(&app, scope.sight(), scope.user, id).await?;
    if let Some(seq) = after.after_seq {
        let found = messages::list_after_seq(&app, scope.sight(), id, seq, i64::from(page.limit)).await?;
        let data = found.iter().map(MessageShape::from).collect();
        return Ok(axum::Json(List { data, next_cursor: None }));
    }
    let mut found =
        messages::list_messages(&app, scope.sight(), id, page.after()?, page.rows_to_read()).await?;
    // The page is cut at its old end, so that it is turned around for the cut.
    found.reverse();
    let List { mut data, next_cursor } = List::new(found, &page, |message| (message.sent_at, message.seq));
    data.reverse();
    Ok(axum::Json(List { data: data.iter().map(MessageShape::from).collect(), next_cursor }))
}

/// What to send: `{"type": "text", "text": "…"}`, or another type with its object in Meta's shape; `docs/sending.md` has an
/// example of each. A file is named by the id that `POST /conversations/{id}/media` gave, or by one of Meta's own.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SendBody {
    /// `text`, `image`, `video`, `audio`, `document`, `sticker`, `location`, `contacts`, `reaction`, `interactive` or
    /// `template`.
    r#type: String,
    /// The message of the same conversation that is quoted. It must have left, where it is one of ours.
    #[serde(default)]
    reply_to: Option<MessageId>,
    /// The object that is named like the type; for text also just the words, and `preview_url` beside them. A reaction's
    /// `message_id` is the id of a message here, or Meta's; an empty `emoji` takes the reaction back.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    parts: serde_json::Map<String, serde_json::Value>,
}

impl SendBody {
    /// The message that is quoted.
    pub(super) fn reply_to(&self) -> Option<MessageId> {
        self.reply_to
    }

    /// The content, if it is one.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every part that is not acceptable.
    pub(super) fn content(&self) -> Result<OutboundContent> {
        let kind = self.r#type.as_str();
        // Just the words of a text are the text, and what stands beside them stands in it.
        let is_short = kind == "text" && self.parts.get(kind).is_some_and(Value::is_string);
        let belongs = |name: &str| name == kind || is_short && name == "preview_url";
        let unknown = self.parts.keys().filter(|name| !belongs(name));
        let mut errors: Vec<FieldError> = unknown
            .map(|name| FieldError::new(name, "unknown", "There is no such field for this type."))
            .collect();
        let read = match self.parts.get(kind) {
            Some(words) if is_short => {
                let preview = self.parts.get("preview_url").unwrap_or(&Value::Null);
                OutboundContent::read(kind, &serde_json::json!({ "body": words, "preview_url": preview }))
            }
            Some(object) => OutboundContent::read(kind, object),
            // An unknown type is a fault of its own, whatever stands beside it.
            None => match OutboundContent::read(kind, &Value::Null) {
                Err(faults) if faults.iter().any(|fault| fault.field == "type") => Err(faults),
                _ => {
                    errors.push(FieldError::new(kind, "required", "The object of this type is missing."));
                    return Err(Error::Invalid(errors));
                }
            },
        };
        match read {
            Ok(content) if errors.is_empty() => Ok(content),
            Ok(_) => Err(Error::Invalid(errors)),
            Err(faults) => {
                let named = faults.iter().map(|fault| {
                    let field = match fault.field.as_str() {
                        "text.body" if is_short => "text",
                        "text.preview_url" if is_short => "preview_url",
                        field => field,
                    };
                    FieldError::new(field, fault.problem.code(), fault.problem.to_string())
                });
                errors.extend(named);
                Err(Error::Invalid(errors))
            }
        }
    }
}

/// Send a message into a conversation. It is queued at once and leaves as soon as Meta takes it.
#[utoipa::path(post, path = "/conversations/{id}/messages", tag = "messages",
    params(("id" = ConversationId, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = SendBody,
    responses((status = 202, body = MessageShape), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = ["messages:send"])))]
pub(super) async fn send_message(
    State(app): State<App>,
    scope: May<to::SendMessages>,
    Path(id): Path<ConversationId>,
    request: Idempotent<SendBody>,
) -> Result<Response> {
    let content = request.body.content()?;
    let send = SendRequest::by_person(id, content, request.body.reply_to(), scope.user);
    send_once(&app, &scope, &send, request.key.as_ref()).await
}

/// How often a message is taken through the gate anew, because somebody else wrote to the same new person in between.
const TRIES: usize = 3;

/// Send, or give the answer again that the same request got before: the check, the message and the kept answer are one
/// transaction.
pub(super) async fn send_once(
    app: &App,
    scope: &AgentScope,
    send: &SendRequest,
    key: Option<&idempotency::Key>,
) -> Result<Response> {
    let seal = AnswerSeal::of(app, scope.tenant).await?;
    let mut sent = Err(Error::Unavailable(None));
    for _ in 0..TRIES {
        let passed = messages::pass(app, scope.sight(), send).await;
        sent = store_once(app, scope, &seal, passed, key).await;
        if !sent.as_ref().is_err_and(db::Retry::is_retryable) {
            break;
        }
    }
    sent
}

async fn store_once(
    app: &App,
    scope: &AgentScope,
    seal: &AnswerSeal,
    passed: Result<Passed>,
    key: Option<&idempotency::Key>,
) -> Result<Response> {
    let tenant = scope.tenant;
    let owner = Owner { tenant: tenant.tenant().0, caller: scope.user.0 };
    let now = app.clock.now();
    db::write!(app.db, "send_message", tenant.into(), |tx| -> Result<Response> {
        if let Some(key) = key
            && let Some(answer) = idempotency::begin(tx, seal, owner, key, now).await?.into_replay()?
        {
            return Ok(answer.into_response());
        }
        let passed = passed.as_ref().map_err(refusal_again)?;
        let message = messages::enqueue(tx, app, tenant, passed).await?;
        let body = serde_json::to_vec(&MessageShape::from(&message)).map_err(Error::internal)?;
        let answer = Answer { status: StatusCode::ACCEPTED, body };
        if let Some(key) = key {
            idempotency::finish(tx, seal, owner, key, &answer).await?;
        }
        Ok(answer.into_first_response())
    })
}

/// A refusal of the gate, said again from inside the transaction: a request that was accepted before gets its old answer
/// even when the window has closed since.
pub(crate) fn refusal_again(error: &Error) -> Error {
    match error {
        Error::NotFound => Error::NotFound,
        Error::WindowClosed => Error::WindowClosed,
        Error::Invalid(errors) => Error::Invalid(errors.clone()),
        Error::Conflict { code, detail } => Error::Conflict { code, detail: detail.clone() },
        Error::Unavailable(_) => Error::Unavailable(None),
        other => Error::internal(other.to_string()),
    }
}

/// Send a message again that failed, or whose outcome nobody knows. If it did arrive, it arrives twice.
#[utoipa::path(post, path = "/messages/{id}/retry", tag = "messages", params(("id" = MessageId, Path)),
    responses((status = 202, body = MessageShape), (status = 403), (status = 404), (status = 409)),
    security(("bearer" = ["messages:send"])))]
pub(super) async fn retry_message(
    State(app): State<App>,
    scope: May<to::SendMessages>,
    Path(id): Path<MessageId>,
) -> Result<(StatusCode, axum::Json<MessageShape>)> {
    let message = messages::retry_message(&app, scope.sight(), id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(MessageShape::from(&message))))
}
