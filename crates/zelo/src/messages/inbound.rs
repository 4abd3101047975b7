//! Storing what came in.

use super::{Body, Said, store};
use crate::{
    clock::Millis,
    crypto::{BlindIndex, Field, Key, OpenError},
    ids::{ConversationId, MessageId},
    tenants::TenantScope,
};
use db::{Result, Rows, Tx};
use std::collections::HashSet;

/// A message that came in, sealed, waiting for its place.
#[derive(Debug)]
pub struct NewInbound {
    /// Its id.
    pub id: MessageId,
    /// Finds it by Meta's id.
    pub digest: [u8; 16],
    /// Meta's name of its type.
    pub kind: String,
    /// The same for counting: a word of a list that does not grow.
    pub label: &'static str,
    content_sealed: Vec<u8>,
    /// Meta's time.
    pub sent_at: Millis,
}

impl NewInbound {
    /// Seal a message.
    ///
    /// # Errors
    /// Only when the system has no randomness.
    pub fn seal(
        scope: TenantScope,
        id: MessageId,
        index: &BlindIndex,
        key: &Key,
        body: &Body,
        sent_at: Millis,
    ) -> std::result::Result<Self, OpenError> {
        let digest = index.digest(Field::Wamid, body.wamid.as_deref().unwrap_or_default());
        Ok(Self {
            id,
            digest,
            kind: body.kind().to_owned(),
            label: match &body.said {
                Said::Inbound(content) => content.label(),
                Said::Outbound(_) => "echo",
            },
            content_sealed: body.seal(scope, id, key)?,
            sent_at,
        })
    }
}

/// Which of these messages are stored already.
///
/// # Errors
/// What the database answers.
pub async fn known_wamids(
    tx: &mut Tx,
    scope: TenantScope,
    digests: impl IntoIterator<Item = &[u8; 16]>,
) -> Result<HashSet<[u8; 16]>> {
    let mut rows = Rows::new();
    for digest in digests {
        rows.push([digest.into()]);
    }
    let found = store::list_message_ids(tx, scope, &rows).await?;
    Ok(found.into_iter().map(|(digest, _, _)| digest).collect())
}

/// Store messages, each with its conversation and its place in it.
///
/// # Errors
/// [`db::Error::Unique`] when another transaction stored one of them first.
pub async fn insert_inbound(
    tx: &mut Tx,
    scope: TenantScope,
    placed: &[(ConversationId, i64, &NewInbound)],
    now: Millis,
) -> Result<()> {
    let (mut messages, mut ids) = (Rows::new(), Rows::new());
    for (conversation, seq, message) in placed {
        messages.push([
            (*conversation).into(),
            (*seq).into(),
            message.id.into(),
            (&message.kind).into(),
            (&message.content_sealed).into(),
            message.sent_at.into(),
        ]);
        ids.push([(&message.digest).into(), (*conversation).into(), (*seq).into()]);
    }
    store::insert_inbound(tx, scope, &messages, now).await?;
    store::insert_message_ids(tx, scope, &ids).await?;
    Ok(())
}
