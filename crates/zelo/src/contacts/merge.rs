//! Contacts that turned out to be one person, and how to part them again.
//!
//! The older contact stands for both. Ways of finding the other one lead to it, and so do the other's conversations, whose
//! messages are sealed anew under its key. The other keeps its row and its key. What was moved is kept, so that a person
//! can undo a merge; two that were parted are never merged by themselves again.

use super::{Merge, Profile, profile, store};
use crate::{
    clock::Millis,
    crypto::{Key, Place},
    error::{Error, Result},
    ids::{ContactId, ConversationId},
    tenants::TenantScope,
};
use db::{Rows, Tx};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// How two contacts turned out to be one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergeReason {
    /// A message named the business-scoped id of one and the number of the other.
    SameNumber,
    /// A message named ids of both.
    SameUserId,
    /// Meta said that the person changed the number or the id.
    NumberChanged,
}

impl MergeReason {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SameNumber => "same_number",
            Self::SameUserId => "same_user_id",
            Self::NumberChanged => "number_changed",
        }
    }

    /// Read the word that is stored.
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "same_user_id" => Self::SameUserId,
            "number_changed" => Self::NumberChanged,
            _ => Self::SameNumber,
        }
    }
}

/// A merge that happened.
#[derive(Debug, Clone)]
pub struct Merged {
    /// Its id.
    pub id: Uuid,
    /// The contact that stands for both.
    pub kept: ContactId,
    /// The other one.
    pub merged: ContactId,
    /// How it turned out.
    pub reason: MergeReason,
    /// When.
    pub merged_at: Millis,
    /// When somebody said that they are two people, if somebody did.
    pub undone_at: Option<Millis>,
}

/// What a merge moved from one contact to the other. Digests and ids, nothing personal.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Moved {
    identities: Vec<String>,
    conversations: Vec<MovedConversation>,
}

/// A conversation that a merge gave to the other contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedConversation {
    /// Which.
    pub id: ConversationId,
    /// Whether new messages went to it.
    pub was_current: bool,
    /// Whether it is the kept contact's own, which only gave up being current.
    #[serde(default)]
    pub of_kept: bool,
}

/// A merge that is to be undone.
#[derive(Debug)]
pub struct Parting {
    /// The contact that stood for both.
    pub kept: ContactId,
    /// The one that stands for itself again.
    pub merged: ContactId,
    /// The conversations that go back to it.
    pub conversations: Vec<MovedConversation>,
}

/// Let one contact stand for another, inside the caller's transaction, which has moved the conversations.
///
/// # Errors
/// What the database answers.
pub async fn record_merge(
    tx: &mut Tx,
    scope: TenantScope,
    id: Uuid,
    merge: &Merge,
    conversations: Vec<MovedConversation>,
    now: Millis,
) -> Result<()> {
    let (kept, merged) = (merge.kept.id, merge.merged.id);
    let identities = store::list_identities(tx, scope, merged).await?;
    let mut digests = Rows::new();
    for digest in &identities {
        digests.push([digest.into()]);
    }
    store::move_identities(tx, scope, merged, kept, &digests).await?;
    store::adopt_marketing(tx, scope, kept, merged).await?;
    store::update_merged_into(tx, scope, merged, Some(kept), now).await?;
    let moved = Moved { identities: identities.iter().map(hex::encode).collect(), conversations };
    let before = serde_json::to_vec(&merge.before).map_err(Error::internal)?;
    let row = store::MergeRow {
        id,
        kept,
        merged,
        reason: merge.reason,
        moved: serde_json::to_string(&moved).map_err(Error::internal)?,
        before_sealed: merge.kept.key.seal(before_place(scope, id), &before)?,
        merged_at: now,
        undone_at: None,
    };
    store::insert_merge(tx, scope, &row).await?;
    Ok(())
}

fn before_place(scope: TenantScope, id: Uuid) -> Place<'static> {
    Place { tenant: scope.tenant().0, table: "contact_merges", column: "before", row: id }
}

/// Let a merged contact stand for itself again, inside the caller's transaction, which gives the conversations back.
///
/// # Errors
/// [`Error::NotFound`] when there is no such merge; [`Error::Conflict`] when it was undone before, or when the contact that
/// stands for both was merged itself since.
pub async fn part(tx: &mut Tx, scope: TenantScope, id: Uuid, kept_key: &Key, now: Millis) -> Result<Parting> {
    let row = store::find_merge(tx, scope, id).await?.ok_or(Error::NotFound)?;
    let mut ids = Rows::new();
    for id in BTreeSet::from([row.kept, row.merged]) {
        ids.push([id.into()]);
    }
    let contacts = store::lock_by_ids(tx, scope, &ids).await?;
    let find =
        |wanted: ContactId| contacts.iter().find(|contact| contact.id == wanted).ok_or(Error::NotFound);
    let (kept, merged) = (find(row.kept)?, find(row.merged)?);
    // Where the kept one stands for nobody any more, what was theirs lies under a third one's key: that merge is undone first.
    let is_last = merged.merged_into == Some(row.kept) && kept.merged_into.is_none();
    if !is_last || store::mark_undone(tx, scope, id, now).await? == 0 {
        return Err(Error::Conflict {
            code: "not_merged",
            detail: "These two are not merged, or not into each other any more.".into(),
        });
    }
    let moved: Moved = serde_json::from_str(&row.moved).map_err(Error::internal)?;
    let mut digests = Rows::new();
    for digest in &moved.identities {
        let digest = hex::decode(digest).map_err(Error::internal)?;
        digests.push([digest.into()]);
    }
    store::move_identities(tx, scope, row.kept, row.merged, &digests).await?;
    store::update_merged_into(tx, scope, row.merged, None, now).await?;
    let before = kept_key.open(before_place(scope, id), &row.before_sealed)?;
    let before: Profile = serde_json::from_slice(&before).map_err(Error::internal)?;
    // As it was: what was learned since may be the other one's. The next message tells it again.
    let mut profiles = Rows::new();
    let sealed = profile::seal(scope, kept.id, kept_key, &before)?;
    profiles.push([kept.id.into(), sealed.into()]);
    store::update_profiles(tx, scope, &profiles, now).await?;
    Ok(Parting { kept: row.kept, merged: row.merged, conversations: moved.conversations })
}

impl From<store::MergeRow> for Merged {
    fn from(row: store::MergeRow) -> Self {
        Self {
            id: row.id,
            kept: row.kept,
            merged: row.merged,
            reason: row.reason,
            merged_at: row.merged_at,
            undone_at: row.undone_at,
        }
    }
}
