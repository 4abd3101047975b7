//! Files that go to another contact with their conversation.

use super::{model::Details, store};
use crate::{crypto::Key, error::Result, ids::ConversationId, tenants::TenantScope};
use db::{Rows, Tx};

/// Seal what is known of the files of these conversations under another key, inside the caller's transaction. The bytes stay
/// as they are: their own keys are among it.
///
/// # Errors
/// What the database answers, or [`crate::crypto::OpenError`] when one cannot be opened.
pub async fn reseal(
    tx: &mut Tx,
    scope: TenantScope,
    conversations: &[ConversationId],
    from: &Key,
    to: &Key,
) -> Result<()> {
    for conversation in conversations {
        let mut resealed = Rows::new();
        for (id, sealed) in store::list_sealed(tx, scope, *conversation).await? {
            let details = Details::open(scope, id, from, &sealed)?;
            resealed.push([id.into(), details.seal(scope, id, to)?.into()]);
        }
        store::update_sealed(tx, scope, &resealed).await?;
    }
    Ok(())
}
