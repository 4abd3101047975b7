//! The last message of many conversations.

use super::{Body, Message, marks, page::opened, store};
use crate::{
    app::App,
    contacts,
    conversations::Conversation,
    crypto::{Key, KeyId},
    error::Result,
    ids::ConversationId,
    tenants::TenantScope,
};
use db::Rows;
use std::{collections::HashMap, sync::Arc};

/// The last message of each of these conversations, with a constant number of queries. A conversation in which nothing
/// was said yet, or whose contact was erased, has none.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn load_last(
    app: &App,
    scope: TenantScope,
    conversations: &[Conversation],
) -> Result<HashMap<ConversationId, Message>> {
    let mut places = Rows::new();
    for conversation in conversations {
        places.push([conversation.id.into(), conversation.last_message_seq.into()]);
    }
    let rows = db::read!(app.db, "load_last_messages", scope.into(), |tx| -> Result<_> {
        Ok(store::list_at(tx, scope, &places).await?)
    })?;
    let people = conversations.iter().map(|conversation| conversation.contact);
    let contacts = contacts::load_contacts(app, scope, people).await?;
    let key_ids: Vec<KeyId> = contacts.values().map(|contact| contact.key_id).collect();
    let keys = app.keyring.keys(&key_ids).await?;
    let key_of: HashMap<ConversationId, Arc<Key>> = conversations
        .iter()
        .filter_map(|conversation| {
            let contact = contacts.get(&conversation.contact)?;
            Some((conversation.id, keys.get(&contact.key_id)?.clone()))
        })
        .collect();
    let mut last = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(key) = key_of.get(&row.conversation) else { continue };
        last.push(opened(scope, key, row)?);
    }
    marks::complete_marks(app, scope, &key_of, &mut last).await?;
    Ok(last.into_iter().map(|message| (message.conversation, message)).collect())
}

/// The words of a message that stand for it in a list.
pub fn preview_text(body: &Body) -> Option<String> {
    body.text().map(|text| text.chars().take(120).collect())
}
