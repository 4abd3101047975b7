//! The last message of many conversations.

use super::{Message, page::opened, store};
use crate::{
    app::App,
    contacts,
    conversations::Conversation,
    crypto::KeyId,
    error::Result,
    ids::{ContactId, ConversationId},
    tenants::TenantScope,
};
use db::Rows;
use std::collections::HashMap;

/// The last message of each conversation, in two queries and one look at the keys however many there are. A conversation
/// without messages, or with an erased contact, is not among them.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn load_last(
    app: &App,
    scope: TenantScope,
    conversations: &[Conversation],
) -> Result<HashMap<ConversationId, Message>> {
    let mut places = Rows::new();
    let mut contact_of: HashMap<ConversationId, ContactId> = HashMap::new();
    for conversation in conversations.iter().filter(|conversation| conversation.last_message_seq > 0) {
        places.push([conversation.id.into(), conversation.last_message_seq.into()]);
        contact_of.insert(conversation.id, conversation.contact);
    }
    if contact_of.is_empty() {
        return Ok(HashMap::new());
    }
    let contacts = contacts::load_contacts(app, scope, contact_of.values().copied()).await?;
    let key_ids: Vec<KeyId> = contacts.values().map(|contact| contact.key_id).collect();
    let keys = app.keyring.keys(&key_ids).await?;
    let rows = db::read!(app.db, "load_last_messages", scope.into(), |tx| -> Result<_> {
        Ok(store::list_at(tx, scope, &places).await?)
    })?;
    let mut last = HashMap::with_capacity(rows.len());
    for row in rows {
        let contact = contact_of.get(&row.conversation).and_then(|contact| contacts.get(contact));
        let Some(key) = contact.and_then(|contact| keys.get(&contact.key_id)) else { continue };
        last.insert(row.conversation, opened(scope, key, row)?);
    }
    Ok(last)
}
