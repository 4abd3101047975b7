//! Sealing messages anew under another key.

use super::{Body, store};
use crate::{crypto::Key, error::Result, ids::ConversationId, tenants::TenantScope};
use db::{Rows, Tx};

/// Messages that are sealed anew at once: their texts are in memory meanwhile.
const AT_ONCE: i64 = 500;

/// Seal all messages of these conversations under another key, inside the caller's transaction.
///
/// # Errors
/// What the database answers, or [`crate::crypto::OpenError`] when a message cannot be opened.
pub async fn reseal(
    tx: &mut Tx,
    scope: TenantScope,
    conversations: &[ConversationId],
    from: &Key,
    to: &Key,
) -> Result<()> {
    for conversation in conversations.iter().copied() {
        let mut after = 0;
        loop {
            let rows = store::list_sealed_after(tx, scope, conversation, after, AT_ONCE).await?;
            let Some((last, ..)) = rows.last() else { break };
            after = *last;
            let mut resealed = Rows::new();
            for (seq, id, sealed) in &rows {
                let body = Body::open(scope, *id, from, sealed)?;
                resealed.push([conversation.into(), (*seq).into(), body.seal(scope, *id, to)?.into()]);
            }
            store::update_contents(tx, scope, &resealed).await?;
        }
    }
    Ok(())
}
