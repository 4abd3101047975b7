//! Looking at conversations.

use super::{
    list::{self, ListParameters, belongs, items, load_staff, staff},
    thread::{Opened, Written},
    visit::{Desk, html, id, nothing},
};
use crate::{
    conversations,
    error::{Error, Result},
    ids::{ConversationId, MessageId},
    messages,
    pages::{
        render,
        view::{InboxPage, Person, Rail},
    },
};
use axum::{extract::Path, response::Response};
use serde::Deserialize;

/// The inbox with no conversation open.
pub(super) async fn show(desk: Desk) -> Response {
    desk.answer(page(&desk, None).await)
}

#[derive(Default, Deserialize)]
struct ThreadParameters {
    before: Option<String>,
    after_seq: Option<i64>,
    /// The message that is to be answered, where no script puts it above the field.
    reply_to: Option<String>,
}

/// The inbox with one conversation open; for a script the conversation alone.
pub(super) async fn show_conversation(desk: Desk, Path(text): Path<String>) -> Response {
    let shown = async {
        let users = load_staff(&desk).await?;
        let opened = Opened::load(&desk, ConversationId(id(&text)?), users).await?;
        let parameters: ThreadParameters = desk.visit.query();
        if desk.visit.fragment == "thread" {
            let thread = opened.thread(&desk, parameters.before.as_deref(), Written::default()).await?;
            return html(render::thread(desk.cx(), &thread));
        }
        let reply_to = parameters.reply_to.as_deref().and_then(|quoted| id(quoted).ok()).map(MessageId);
        page(&desk, Some((opened, Written { reply_to, ..Written::default() }))).await
    };
    desk.answer(shown.await)
}

/// The whole page, with what was written into the open conversation.
pub(super) async fn page(desk: &Desk, opened: Option<(Opened, Written)>) -> Result<Response> {
    let parameters: ListParameters = desk.visit.query();
    let (thread, users) = match opened {
        Some((opened, written)) => {
            let ThreadParameters { before, .. } = desk.visit.query();
            let thread = opened.thread(desk, before.as_deref(), written).await?;
            (Some(thread), opened.users().clone())
        }
        None => (None, load_staff(desk).await?),
    };
    let open = thread.as_ref().map(|thread| ConversationId(thread.head.conversation_id));
    let list = list::load(desk, &parameters, &users, open).await?;
    let user = users.get(&desk.user).map_or_else(|| Person::new("", desk.user.0.as_bytes()), staff);
    let rail = Rail::of(&desk.rights);
    html(render::inbox(desk.cx(), &InboxPage { user, list, thread, notice: None, rail }))
}

/// The list alone, or a further page of it.
pub(super) async fn list_fragment(desk: Desk) -> Response {
    let drawn = async {
        let users = load_staff(&desk).await?;
        let list = list::load(&desk, &desk.visit.query(), &users, None).await?;
        html(render::conversation_list(desk.cx(), &list))
    };
    desk.answer(drawn.await)
}

/// One row of the list, or nothing when the conversation is not in it.
pub(super) async fn item_fragment(desk: Desk, Path(text): Path<String>) -> Response {
    let drawn = async {
        let query = desk.visit.query::<ListParameters>().query();
        let conversation =
            conversations::get_conversation(&desk.app, desk.sight, ConversationId(id(&text)?)).await?;
        if !belongs(&query, desk.user, &conversation) {
            return Ok(nothing());
        }
        let users = load_staff(&desk).await?;
        let rows = items(&desk, &users, &[conversation], None).await?;
        let row = rows.first().ok_or(Error::NotFound)?;
        html(render::conversation_item(desk.cx(), row, &query))
    };
    desk.answer(drawn.await)
}

/// What came or changed after `after_seq`, or the page before `before`.
pub(super) async fn messages_fragment(desk: Desk, Path(text): Path<String>) -> Response {
    let drawn = async {
        let users = load_staff(&desk).await?;
        let opened = Opened::load(&desk, ConversationId(id(&text)?), users).await?;
        let parameters: ThreadParameters = desk.visit.query();
        let range = match parameters.after_seq {
            Some(seq) => opened.changes(&desk, seq).await?,
            None => opened.page(&desk, parameters.before.as_deref()).await?,
        };
        html(render::messages(desk.cx(), &range))
    };
    desk.answer(drawn.await)
}

/// One message.
pub(super) async fn message_fragment(desk: Desk, Path(text): Path<String>) -> Response {
    let drawn = async {
        let found = messages::load_messages(&desk.app, desk.scope, &[MessageId(id(&text)?)]).await?;
        message(&desk, found.into_iter().next().ok_or(Error::NotFound)?).await
    };
    desk.answer(drawn.await)
}

/// A message as it stands in its thread.
pub(super) async fn message(desk: &Desk, message: messages::Message) -> Result<Response> {
    let opened = Opened::load(desk, message.conversation, load_staff(desk).await?).await?;
    html(render::messages(desk.cx(), &opened.message(desk, message).await?))
}
