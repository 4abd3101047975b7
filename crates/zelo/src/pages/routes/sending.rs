//! A form that is sent twice sends one message.

use super::visit::Desk;
use crate::{
    api::{AnswerSeal, refusal_again},
    error::{Error, Result},
    http::idempotency::{Answer, Key, Owner, begin, finish},
    ids::MessageId,
    messages::{self, Message, SendRequest},
};
use axum::http::{Method, StatusCode};

/// The longest key of a form that is looked at, in bytes; ours have 32.
const LONGEST_KEY: usize = 255;

/// Send a message once however often the form comes with this key. Without a key every form sends one.
///
/// # Errors
/// As [`messages::send_message`], and [`Error::Invalid`] for a key that came with another text.
pub(super) async fn send_once(desk: &Desk, request: &SendRequest, key: &str) -> Result<Message> {
    let (app, scope) = (&desk.app, desk.scope);
    if key.is_empty() || key.len() > LONGEST_KEY {
        return messages::send_message(app, desk.sight, request).await;
    }
    let path = format!("/conversations/{}/messages", request.conversation);
    let body = serde_json::to_vec(&(&request.content, &request.reply_to)).map_err(Error::internal)?;
    let key = Key::new(&Method::POST, &path, key, &body);
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
