//! Making two contacts one person, with everything that hangs on them, and undoing it.
//!
//! Contacts, conversations and messages each do their own part, all in one transaction.

use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    clock::Millis,
    contacts::{self, Merge, Merged, MovedConversation},
    conversations,
    crypto::Key,
    error::Result,
    ids::{ContactId, ConversationId},
    media, messages,
    tenants::TenantScope,
};
use db::Tx;
use std::sync::Arc;
use uuid::Uuid;

/// Carry out merges, inside the transaction that found them out.
///
/// # Errors
/// What the database answers.
pub async fn carry_out(
    tx: &mut Tx,
    app: &App,
    scope: TenantScope,
    pen: &Pen,
    merges: &[Merge],
    now: Millis,
) -> Result<()> {
    for merge in merges {
        let (kept, merged) = (&merge.kept, &merge.merged);
        let moved = conversations::hand_over(tx, scope, merged.id, kept.id, now).await?;
        let theirs = theirs(&moved);
        messages::reseal(tx, scope, &theirs, &merged.key, &kept.key).await?;
        media::reseal(tx, scope, &theirs, &merged.key, &kept.key).await?;
        let id = app.ids.next();
        contacts::record_merge(tx, scope, id, merge, moved, now).await?;
        let entry = Entry::of(EventType::ContactUpdate, "contacts_merged").on("contact", kept.id);
        let entry = entry.with("merged_contact_id", merged.id.to_string());
        let entry = entry.with("reason", merge.reason.as_str());
        pen.write(tx, entry.with("merge_id", id.to_string())).await?;
    }
    Ok(())
}

/// Part two contacts that were merged: each has its own conversations again, with what was said in them since. They are not
/// merged by themselves any more.
///
/// # Errors
/// [`crate::Error::NotFound`] when there is no such merge; [`crate::Error::Conflict`] when it was undone before.
pub async fn undo(app: &App, scope: TenantScope, id: Uuid) -> Result<Merged> {
    let merge = contacts::find_merge(app, scope, id).await?;
    let kept_key = key_of(app, scope, merge.kept).await?;
    let merged_key = key_of(app, scope, merge.merged).await?;
    let pen = Pen::of(app, scope.tenant()).await?;
    let now = app.clock.now();
    db::write!(app.db, "undo_merge", scope.into(), |tx| -> Result<()> {
        let parting = contacts::part(tx, scope, id, &kept_key, now).await?;
        conversations::give_back(tx, scope, parting.merged, &parting.conversations, now).await?;
        let theirs = theirs(&parting.conversations);
        messages::reseal(tx, scope, &theirs, &kept_key, &merged_key).await?;
        media::reseal(tx, scope, &theirs, &kept_key, &merged_key).await?;
        let entry = Entry::of(EventType::ContactUpdate, "merge_undone").on("contact", parting.kept);
        let entry = entry.with("merged_contact_id", parting.merged.to_string());
        pen.write(tx, entry.with("merge_id", id.to_string())).await
    })?;
    contacts::find_merge(app, scope, id).await
}

async fn key_of(app: &App, scope: TenantScope, contact: ContactId) -> Result<Arc<Key>> {
    let contact = contacts::get_contact(app, scope, contact).await?;
    Ok(app.keyring.key(contact.key_id).await?)
}

/// The conversations that came from the merged contact.
fn theirs(moved: &[MovedConversation]) -> Vec<ConversationId> {
    moved.iter().filter(|moved| !moved.of_kept).map(|moved| moved.id).collect()
}
