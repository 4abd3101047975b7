//! A form that is sent twice sends one message.

use super::visit::Desk;
use crate::{
    api::{AnswerSeal, refusal_again},
    error::{Error, Result},
    http::idempotency::{Answer, Key, Owner, begin, finish},
    ids::{ConversationId, MessageId},
    messages::{self, Message, SendRequest},
};
use axum::http::{Method, StatusCode};

/// The longest key of a form that is looked at, in bytes; ours have 32.
const LONGEST_KEY: usize = 255;

/// A form that was filled in: what tells it from another one.
pub(super) struct Sheet<'f> {
    /// The conversation that it stands below.
    pub(super) conversation: ConversationId,
    /// The last part of its address.
    pub(super) to: &'static str,
    /// The key that came with it; empty when none did.
    pub(super) key: &'f str,
    /// What was written in it.
    pub(super) body: Vec<u8>,
}

/// Send a message once however often its form comes with this key. Without a key every form sends one.
///
/// # Errors
/// As [`messages::send_message`], and [`Error::Invalid`] for a key that came with something else written in the form.
pub(super) async fn send_once(desk: &Desk, request: &SendRequest, sheet: &Sheet<'_>) -> Result<Message> {
    let (app, scope) = (&desk.app, desk.scope);
    if sheet.key.is_empty() || sheet.key.len() > LONGEST_KEY {
        return messages::send_message(app, desk.sight, request).await;
    }
    let path = format!("/conversations/{}/{}", sheet.conversation, sheet.to);
    let key = Key::new(&Method::POST, &path, sheet.key, &sheet.body);
    let owner = Owner { tenant: scope.tenant().0, caller: desk.user.0 };
    let seal = AnswerSeal::of(app, scope).await?;
    let passed = messages::pass(app, desk.sight, request).await;
    let now = app.clock.now();
    let (message, earlier) =
        db::write!(app.db, "send_form", scope.into(), |tx| -> Result<(Option<Message>, Option<Answer>)> {
            if let Some(earlier) = begin(tx, &seal, owner, &key, now).await?.into_replay()? {
                return Ok((None, Some(earlier)));
            }
            let passed = passed.as_ref().map_err(refusal_again)?;
            let message = messages::enqueue(tx, app, scope, passed).await?;
            let body = serde_json::to_vec(&message.id).map_err(Error::internal)?;
            finish(tx, &seal, owner, &key, &Answer { status: StatusCode::CREATED, body }).await?;
            Ok((Some(message), None))
        })?;
    match (message, earlier) {
        (Some(message), _) => Ok(message),
        (None, Some(earlier)) => {
            let id: MessageId = serde_json::from_slice(&earlier.body).map_err(Error::internal)?;
            messages::load_messages(app, scope, &[id]).await?.into_iter().next().ok_or(Error::NotFound)
        }
        (None, None) => Err(Error::NotFound),
    }
}
