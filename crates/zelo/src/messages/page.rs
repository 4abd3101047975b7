//! Reading messages.

use super::{Author, Body, Marks, Message, SendFailure, marks, media::add_files, store};
use crate::{
    app::App,
    clock::Millis,
    conversations::{self, Conversation},
    crypto::Key,
    error::{Error, Result},
    ids::{ConversationId, MessageId},
    rights::Sight,
    tenants::TenantScope,
};
use std::{collections::HashMap, sync::Arc};

pub(super) fn opened(scope: TenantScope, key: &Key, row: store::MessageRow) -> Result<Message> {
    let body = Body::open(scope, row.id, key, &row.content_sealed)?;
    Ok(Message {
        id: row.id,
        conversation: row.conversation,
        seq: row.seq,
        changed_seq: row.changed_seq,
        direction: row.direction,
        status: row.status,
        body,
        author: row.author.map_or(Author::Contact, Author::User),
        sent_at: row.sent_at,
        created_at: row.created_at,
        // While an attempt runs there is nothing to tell.
        failure: row
            .error_code
            .filter(|code| code != super::attempt::ATTEMPTING)
            .map(|code| SendFailure { code, detail: row.error_text.unwrap_or_default() }),
        media: None,
        pricing: row.pricing,
        marks: Marks { expected: row.has_marks, ..Marks::default() },
        changes: None,
        quoted: None,
    })
}

/// Open messages of one conversation, with what changes them and what they refer to.
async fn opened_together(
    app: &App,
    scope: TenantScope,
    conversation: ConversationId,
    key: Arc<Key>,
    rows: Vec<store::MessageRow>,
) -> Result<Vec<Message>> {
    let mut messages: Vec<Message> =
        rows.into_iter().map(|row| opened(scope, &key, row)).collect::<Result<_>>()?;
    let keys = HashMap::from([(conversation, key.clone())]);
    marks::complete(app, scope, &keys, &mut messages).await?;
    add_files(app, scope, &key, messages).await
}

async fn key_of(app: &App, sight: Sight, conversation: ConversationId) -> Result<Arc<Key>> {
    let conversation = conversations::get_conversation(app, sight, conversation).await?;
    conversations::contact_key(app, sight.scope(), &conversation).await
}

/// A page of a conversation: the newest messages before `(sent_at, seq)`, oldest first.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's conversation too.
pub async fn list_messages(
    app: &App,
    sight: Sight,
    conversation: ConversationId,
    before: Option<(Millis, i64)>,
    limit: i64,
) -> Result<Vec<Message>> {
    let scope = sight.scope();
    let key = key_of(app, sight, conversation).await?;
    let mut rows = db::read!(app.db, "list_messages", scope.into(), |tx| -> Result<_> {
        Ok(store::list_before(tx, scope, conversation, before, limit).await?)
    })?;
    rows.reverse();
    opened_together(app, scope, conversation, key, rows).await
}

/// What is new or changed in a conversation since `seq`, in the order of the change.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's conversation too.
pub async fn list_after_seq(
    app: &App,
    sight: Sight,
    conversation: ConversationId,
    seq: i64,
    limit: i64,
) -> Result<Vec<Message>> {
    let scope = sight.scope();
    let key = key_of(app, sight, conversation).await?;
    let rows = db::read!(app.db, "list_messages_after", scope.into(), |tx| -> Result<_> {
        Ok(store::list_changed_after(tx, scope, conversation, seq, limit).await?)
    })?;
    opened_together(app, scope, conversation, key, rows).await
}

/// Messages by id; one that does not exist is not among them.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn load_messages(app: &App, scope: TenantScope, ids: &[MessageId]) -> Result<Vec<Message>> {
    let mut messages = Vec::with_capacity(ids.len());
    for id in ids {
        let row = db::read!(app.db, "load_message", scope.into(), |tx| -> Result<_> {
            Ok(store::find_by_id(tx, scope, *id).await?)
        })?;
        let Some(row) = row else { continue };
        match key_of(app, Sight::of_work(scope), row.conversation).await {
            Ok(key) => {
                messages.extend(opened_together(app, scope, row.conversation, key, vec![row]).await?);
            }
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(messages)
}

/// The newest thing that a contact said, as Meta is told of it.
#[derive(Debug)]
pub struct Newest {
    /// Its place in the conversation.
    pub seq: i64,
    /// Meta's time.
    pub sent_at: Millis,
    /// Meta's id.
    pub wamid: String,
}

/// The newest thing that the contact of a conversation said there; nothing where they said nothing that Meta has an id of.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn find_newest_of_contact(
    app: &App,
    scope: TenantScope,
    conversation: &Conversation,
) -> Result<Option<Newest>> {
    let row = db::read!(app.db, "find_newest_of_contact", scope.into(), |tx| -> Result<_> {
        Ok(store::find_newest_of_contact(tx, scope, conversation.id).await?)
    })?;
    let Some(row) = row else { return Ok(None) };
    let key = conversations::contact_key(app, scope, conversation).await?;
    let (seq, sent_at) = (row.seq, row.sent_at);
    Ok(opened(scope, &key, row)?.body.wamid.map(|wamid| Newest { seq, sent_at, wamid }))
}
