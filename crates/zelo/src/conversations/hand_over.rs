//! Conversations that go from one contact to another, because the two are one person.

use super::{Conversation, ConversationStatus, next_seq, store};
use crate::{
    clock::Millis,
    contacts::MovedConversation,
    error::Result,
    events::{self, Event},
    ids::{ContactId, ConversationId},
    tenants::TenantScope,
};
use db::Tx;

/// Give all conversations of one contact to another, inside the caller's transaction. Of two current ones on a channel the
/// one that is under way stays current, and the other is resolved.
///
/// # Errors
/// What the database answers.
pub async fn hand_over(
    tx: &mut Tx,
    scope: TenantScope,
    from: ContactId,
    to: ContactId,
    now: Millis,
) -> Result<Vec<MovedConversation>> {
    let theirs = store::lock_of_contact(tx, scope, to).await?;
    let mut moved = Vec::new();
    for (conversation, was_current) in store::lock_of_contact(tx, scope, from).await? {
        let rival = theirs
            .iter()
            .find(|(own, is_current)| *is_current && own.channel == conversation.channel)
            .map(|(own, _)| own)
            .filter(|_| was_current);
        let gives_way = rival.is_some_and(|own| is_over(own) && !is_over(&conversation));
        if let (Some(own), true) = (rival, gives_way) {
            store::update_contact(tx, scope, own.id, to, false).await?;
            moved.push(MovedConversation { id: own.id, was_current: true, of_kept: true });
        }
        let is_current = was_current && (rival.is_none() || gives_way);
        store::update_contact(tx, scope, conversation.id, to, is_current).await?;
        if was_current && !is_current && !is_over(&conversation) {
            store::update_status(tx, scope, conversation.id, ConversationStatus::Resolved, None, now).await?;
        }
        moved.push(MovedConversation { id: conversation.id, was_current, of_kept: false });
        tell(tx, scope, conversation.id, now).await?;
    }
    Ok(moved)
}

fn is_over(conversation: &Conversation) -> bool {
    conversation.status == ConversationStatus::Resolved
}

/// Give conversations back to the contact from whom they came, inside the caller's transaction.
///
/// # Errors
/// What the database answers.
pub async fn give_back(
    tx: &mut Tx,
    scope: TenantScope,
    to: ContactId,
    moved: &[MovedConversation],
    now: Millis,
) -> Result<()> {
    // First everything that goes: the kept contact's own becomes current again only then.
    for conversation in moved.iter().filter(|moved| !moved.of_kept) {
        store::update_contact(tx, scope, conversation.id, to, conversation.was_current).await?;
        tell(tx, scope, conversation.id, now).await?;
    }
    for conversation in moved.iter().filter(|moved| moved.of_kept) {
        store::make_current(tx, scope, conversation.id).await?;
        tell(tx, scope, conversation.id, now).await?;
    }
    Ok(())
}

async fn tell(tx: &mut Tx, scope: TenantScope, conversation: ConversationId, now: Millis) -> Result<()> {
    let seq = next_seq(tx, scope, conversation).await?;
    Ok(events::record(tx, scope, &[Event::ConversationUpdated { conversation, seq }], now).await?)
}
