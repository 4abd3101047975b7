//! Storing what came in.

use super::{Body, Direction, MessageStatus, Said, store};
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
    /// The digest of the id of the message that it changes, where it changes one.
    pub changes: Option<[u8; 16]>,
    /// Who wrote to whom: what the business wrote in its own app comes in, too.
    pub direction: Direction,
    /// How far it has come.
    pub status: MessageStatus,
    /// Meta's name of its type.
    pub kind: String,
    /// The same for counting: a word of a list that does not grow.
    pub label: &'static str,
    content_sealed: Vec<u8>,
    /// Meta's time.
    pub sent_at: Millis,
}

/// What is known of a message besides what it says.
#[derive(Debug, Clone)]
pub struct Placed<'p> {
    /// What Meta calls it, or a step of it.
    pub key: &'p str,
    /// Who wrote to whom.
    pub direction: Direction,
    /// How far it has come.
    pub status: MessageStatus,
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
        placed: &Placed<'_>,
    ) -> std::result::Result<Self, OpenError> {
        Ok(Self {
            id,
            digest: index.digest(Field::Wamid, placed.key),
            changes: body.changes().map(|target| index.digest(Field::Wamid, target)),
            direction: placed.direction,
            status: placed.status,
            kind: body.kind().to_owned(),
            label: match &body.said {
                Said::Inbound(content) => content.label(),
                Said::Call(_) => "call",
                Said::Outbound(_) | Said::Withheld { .. } => "other",
            },
            content_sealed: body.seal(scope, id, key)?,
            sent_at: placed.sent_at,
        })
    }
}

/// What is known of ids already.
#[derive(Debug, Default)]
pub struct KnownIds {
    /// Messages that are stored.
    pub stored: HashSet<[u8; 16]>,
    /// Messages that something changes that came before them.
    pub awaited: HashSet<[u8; 16]>,
}

/// Which of these messages are stored already, and which of them are waited for.
///
/// # Errors
/// What the database answers.
pub async fn known_wamids(
    tx: &mut Tx,
    scope: TenantScope,
    digests: impl IntoIterator<Item = &[u8; 16]>,
) -> Result<KnownIds> {
    let mut rows = Rows::new();
    for digest in digests {
        rows.push([digest.into()]);
    }
    let mut known = KnownIds::default();
    for (digest, is_stored) in store::list_known(tx, scope, &rows).await? {
        if is_stored {
            known.stored.insert(digest);
        } else {
            known.awaited.insert(digest);
        }
    }
    Ok(known)
}

/// Store messages, each with its conversation and its place in it.
///
/// # Errors
/// [`db::Error::Unique`] when another transaction stored one of them first.
pub async fn insert_inbound(
    tx: &mut Tx,
    scope: TenantScope,
    placed: &[(ConversationId, i64, &NewInbound)],
    awaited: &HashSet<[u8; 16]>,
    now: Millis,
) -> Result<()> {
    let (mut messages, mut ids) = (Rows::new(), Rows::new());
    for (conversation, seq, message) in placed {
        messages.push([
            (*conversation).into(),
            (*seq).into(),
            message.id.into(),
            message.direction.as_str().into(),
            (&message.kind).into(),
            message.status.as_str().into(),
            (&message.content_sealed).into(),
            message.sent_at.into(),
            awaited.contains(&message.digest).into(),
        ]);
        ids.push([(&message.digest).into(), (*conversation).into(), (*seq).into()]);
    }
    store::insert_inbound(tx, scope, &messages, now).await?;
    store::insert_message_ids(tx, scope, &ids).await?;
    Ok(())
}
