//! What is done with conversations.

use super::{Conversation, ConversationStatus, Listing, store, wake::promise_waking};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    clock::Millis,
    contacts,
    crypto::Key,
    error::{Error, Result},
    events::{self, Event},
    ids::{ContactId, ConversationId, TeamId, UserId},
    outbound,
    rights::Sight,
    tenants::TenantScope,
};
use db::Tx;
use std::sync::Arc;

/// One conversation.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's conversation too.
pub async fn get_conversation(app: &App, sight: Sight, id: ConversationId) -> Result<Conversation> {
    db::read!(app.db, "get_conversation", sight.into(), |tx| -> Result<_> {
        store::find(tx, sight, id).await?.ok_or(Error::NotFound)
    })
}

/// The key that everything in a conversation is sealed with: its contact's.
///
/// # Errors
/// [`Error::NotFound`] when the contact was erased.
pub async fn contact_key(app: &App, scope: TenantScope, conversation: &Conversation) -> Result<Arc<Key>> {
    let contact = contacts::get_contact(app, scope, conversation.contact).await?;
    Ok(app.keyring.key(contact.key_id).await?)
}

/// A page of the list.
///
/// # Errors
/// When the database does not answer.
pub async fn list_conversations(app: &App, sight: Sight, listing: &Listing) -> Result<Vec<Conversation>> {
    db::read!(app.db, "list_conversations", sight.into(), |tx| -> Result<_> {
        Ok(store::list(tx, sight, listing).await?)
    })
}

/// How many conversations wait that are not resolved: this user's, nobody's, all, and those with something unread.
///
/// # Errors
/// When the database does not answer.
pub async fn count_conversations(app: &App, sight: Sight, user: UserId) -> Result<[i64; 4]> {
    db::read!(app.db, "count_conversations", sight.into(), |tx| -> Result<_> {
        Ok(store::count(tx, sight, user).await?)
    })
}

/// The next change of a conversation, inside the transaction that changes it.
///
/// # Errors
/// [`Error::NotFound`] when there is no such conversation.
pub async fn next_seq(tx: &mut Tx, scope: TenantScope, id: ConversationId) -> Result<i64> {
    store::next_seq(tx, scope, id).await?.ok_or(Error::NotFound)
}

/// The code of the conflict that [`hold_for`] answers.
pub const CONTACT_CHANGED: &str = "contact_changed";

/// Make sure that a conversation is still this contact's, and keep it so until the transaction ends. Whoever stores what was
/// sealed under the contact's key asks before: a merge that was carried out since has sealed all of the conversation under
/// another, and what came after it under the old one could never be read.
///
/// # Errors
/// [`Error::NotFound`] when there is no such conversation; [`Error::Conflict`] with [`CONTACT_CHANGED`] when it is another's:
/// seal again and try again.
pub async fn hold_for(tx: &mut Tx, scope: TenantScope, id: ConversationId, contact: ContactId) -> Result<()> {
    if store::lock_contact(tx, scope, id).await?.ok_or(Error::NotFound)? == contact {
        return Ok(());
    }
    Err(Error::Conflict {
        code: CONTACT_CHANGED,
        detail: "The contact of this conversation was just merged with another one; try again.".into(),
    })
}

/// The place of a message of ours.
///
/// # Errors
/// [`Error::NotFound`] when there is no such conversation.
pub async fn place_outbound(tx: &mut Tx, scope: TenantScope, id: ConversationId, now: Millis) -> Result<i64> {
    store::next_outbound_seq(tx, scope, id, now).await?.ok_or(Error::NotFound)
}

/// Who has a conversation: what is not said stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Assignment {
    /// One of the staff, or nobody.
    pub assignee: Option<Option<UserId>>,
    /// A team, or none.
    pub team: Option<Option<TeamId>>,
}

/// What is to change of a conversation; what is not said stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConversationChange {
    /// Its state, with the time until which it sleeps.
    pub status: Option<(ConversationStatus, Option<Millis>)>,
    /// Who has it.
    pub holders: Assignment,
}

impl Assignment {
    /// To one of the staff, or to nobody; the team keeps it.
    pub fn to(assignee: Option<UserId>) -> Self {
        Self { assignee: Some(assignee), team: None }
    }
}

/// Give a conversation to somebody or to a team, or back to the queue. Doing it again changes nothing. Whoever gives it
/// out of their own sight still gets it back here.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's conversation too.
pub async fn assign_conversation(
    app: &App,
    sight: Sight,
    id: ConversationId,
    wanted: Assignment,
) -> Result<Conversation> {
    change_conversation(app, sight, id, ConversationChange { status: None, holders: wanted }).await
}

/// Change a conversation's state and who has it, all of it or nothing. Doing it again changes nothing. Whoever gives it out
/// of their own sight still gets it back here.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's conversation too; as [`set_conversation_status`].
pub async fn change_conversation(
    app: &App,
    sight: Sight,
    id: ConversationId,
    change: ConversationChange,
) -> Result<Conversation> {
    let scope = sight.scope();
    let pen = Pen::of(app, scope.tenant()).await?;
    db::write!(app.db, "change_conversation", sight.into(), |tx| -> Result<Conversation> {
        // Locked before it is read, so that of two who change it at once the second sees what the first did.
        store::lock_contact(tx, scope, id).await?.ok_or(Error::NotFound)?;
        let before = store::find(tx, sight, id).await?.ok_or(Error::NotFound)?;
        if let Some((status, until)) = change.status {
            change_status(tx, app, &pen, scope, &before, status, until).await?;
        }
        change_holders(tx, app, &pen, scope, &before, change.holders).await?;
        store::find(tx, Sight::of_work(scope), id).await?.ok_or(Error::NotFound)
    })
}

async fn change_holders(
    tx: &mut Tx,
    app: &App,
    pen: &Pen,
    scope: TenantScope,
    before: &Conversation,
    wanted: Assignment,
) -> Result<()> {
    let (id, now) = (before.id, app.clock.now());
    let assignee = wanted.assignee.unwrap_or(before.assignee);
    let team = wanted.team.unwrap_or(before.team);
    if (before.assignee, before.team) == (assignee, team) {
        return Ok(());
    }
    let seq = next_seq(tx, scope, id).await?;
    store::update_holders(tx, scope, id, assignee, team).await?;
    events::record(tx, scope, &[Event::ConversationAssigned { conversation: id, seq }], now).await?;
    let name = |user: Option<UserId>| user.map(|user| user.to_string());
    let team_name = |team: Option<TeamId>| team.map(|team| team.to_string());
    let entry = Entry::of(EventType::ConversationUpdate, "conversation_assigned").on("conversation", id);
    let entry = entry.changed("team", team_name(before.team), team_name(team));
    pen.write(tx, entry.changed("assignee", name(before.assignee), name(assignee))).await
}

/// Give a conversation to somebody unless somebody else has it: of many who try at once exactly one succeeds. Doing it
/// again changes nothing.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's conversation too; [`Error::Conflict`] when somebody else has it.
pub async fn claim_conversation(
    app: &App,
    sight: Sight,
    id: ConversationId,
    claimant: UserId,
) -> Result<Conversation> {
    let (now, scope) = (app.clock.now(), sight.scope());
    let pen = Pen::of(app, scope.tenant()).await?;
    let taken = || Error::Conflict {
        code: "already_assigned",
        detail: "Somebody else has this conversation already.".into(),
    };
    db::write!(app.db, "claim_conversation", scope.into(), |tx| -> Result<Conversation> {
        let before = store::find(tx, sight, id).await?.ok_or(Error::NotFound)?;
        match before.assignee {
            Some(user) if user == claimant => return Ok(before),
            Some(_) => return Err(taken()),
            None => {}
        }
        // The row is locked from here on, and what was read before may be old by now.
        let seq = next_seq(tx, scope, id).await?;
        if store::update_assignee_of_unassigned(tx, scope, id, claimant).await? == 0 {
            return Err(taken());
        }
        events::record(tx, scope, &[Event::ConversationAssigned { conversation: id, seq }], now).await?;
        let entry = Entry::of(EventType::ConversationUpdate, "conversation_assigned").on("conversation", id);
        pen.write(tx, entry.changed("assignee", None::<String>, claimant.to_string())).await?;
        store::find(tx, Sight::of_work(scope), id).await?.ok_or(Error::NotFound)
    })
}

/// Take every conversation from a team, inside the transaction that dissolves it.
///
/// # Errors
/// What the database answers.
pub async fn leave_team(tx: &mut Tx, scope: TenantScope, team: TeamId, now: Millis) -> Result<()> {
    let left = store::leave_team(tx, scope, team).await?;
    tell_assigned(tx, scope, &left, now).await
}

/// Put back what one of the staff had and what may go on, inside the transaction that lets them go: their teams and whoever
/// sees everything find it unassigned. What is over keeps their name.
///
/// # Errors
/// What the database answers.
pub async fn leave_assignee(tx: &mut Tx, scope: TenantScope, user: UserId, now: Millis) -> Result<usize> {
    let left = store::leave_assignee(tx, scope, user).await?;
    tell_assigned(tx, scope, &left, now).await?;
    Ok(left.len())
}

async fn tell_assigned(
    tx: &mut Tx,
    scope: TenantScope,
    changed: &[(ConversationId, i64)],
    now: Millis,
) -> Result<()> {
    let events: Vec<_> = changed
        .iter()
        .map(|(conversation, seq)| Event::ConversationAssigned { conversation: *conversation, seq: *seq })
        .collect();
    Ok(events::record(tx, scope, &events, now).await?)
}

/// Open, snooze or resolve a conversation. Doing it again changes nothing. What sleeps until a time opens then by itself.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's conversation too; [`Error::Conflict`] when a newer conversation with the same
/// contact is under way and an old one is to be opened.
pub async fn set_conversation_status(
    app: &App,
    sight: Sight,
    id: ConversationId,
    status: ConversationStatus,
    snoozed_until: Option<Millis>,
) -> Result<Conversation> {
    let change =
        ConversationChange { status: Some((status, snoozed_until)), ..ConversationChange::default() };
    change_conversation(app, sight, id, change).await
}

async fn change_status(
    tx: &mut Tx,
    app: &App,
    pen: &Pen,
    scope: TenantScope,
    before: &Conversation,
    status: ConversationStatus,
    until: Option<Millis>,
) -> Result<()> {
    let (id, now) = (before.id, app.clock.now());
    let until = until.filter(|_| status == ConversationStatus::Snoozed);
    if before.status == status && before.snoozed_until == until {
        return Ok(());
    }
    if status != ConversationStatus::Resolved {
        let current = store::find_current(tx, scope, before.contact, before.channel).await?;
        if current.is_some_and(|current| current.id != id) {
            return Err(Error::Conflict {
                code: "newer_conversation",
                detail: "A newer conversation with this contact is under way.".into(),
            });
        }
    }
    let seq = next_seq(tx, scope, id).await?;
    store::update_status(tx, scope, id, status, until, now).await?;
    if let Some(until) = until {
        promise_waking(tx, app, scope, id, until).await?;
    }
    events::record(tx, scope, &[Event::ConversationUpdated { conversation: id, seq }], now).await?;
    let entry = Entry::of(EventType::ConversationUpdate, "conversation_status").on("conversation", id);
    let entry = entry.changed("status", before.status.as_str(), status.as_str());
    pen.write(tx, entry.changed("snoozed_until", before.snoozed_until, until)).await
}

/// Say that everything in a conversation has been read here. Where something was unread, the contact's phone shows it too.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's conversation too.
pub async fn mark_conversation_read(app: &App, sight: Sight, id: ConversationId) -> Result<Conversation> {
    let now = app.clock.now();
    db::write!(app.db, "mark_conversation_read", sight.into(), |tx| -> Result<Conversation> {
        let before = store::find(tx, sight, id).await?.ok_or(Error::NotFound)?;
        if store::clear_unread(tx, sight.scope(), id).await? == 0 {
            return Ok(before);
        }
        let seq = next_seq(tx, sight.scope(), id).await?;
        events::record(tx, sight.scope(), &[Event::ConversationUpdated { conversation: id, seq }], now)
            .await?;
        outbound::enqueue_receipt(tx, app, sight.scope(), id, now).await?;
        store::find(tx, sight, id).await?.ok_or(Error::NotFound)
    })
}

/// The `seq` of the contact's message up to which Meta was told that it was read; 0 where it was told nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn told_read(app: &App, scope: TenantScope, id: ConversationId) -> Result<i64> {
    db::read!(app.db, "told_read", scope.into(), |tx| -> Result<_> {
        Ok(store::find_told(tx, scope, id).await?.map_or(0, |told| told.read_seq))
    })
}

/// Note that Meta was told that a message of the contact was read.
///
/// # Errors
/// What the database answers.
pub async fn note_told_read(tx: &mut Tx, scope: TenantScope, id: ConversationId, seq: i64) -> Result<()> {
    store::update_told_read(tx, scope, id, seq).await?;
    Ok(())
}

/// Whether it is time to show the contact that somebody writes: it was not shown since `before`. Of many who ask at once
/// one gets a yes.
///
/// # Errors
/// When the database does not answer.
pub async fn begin_typing(
    app: &App,
    scope: TenantScope,
    id: ConversationId,
    before: Millis,
    now: Millis,
) -> Result<bool> {
    // Looked at first: who types says so every few seconds, and reading costs nothing.
    let told = db::read!(app.db, "typing_told", scope.into(), |tx| -> Result<_> {
        Ok(store::find_told(tx, scope, id).await?)
    })?;
    if told.is_none_or(|told| told.typing_at > before) {
        return Ok(false);
    }
    db::write!(app.db, "begin_typing", scope.into(), |tx| -> Result<bool> {
        Ok(store::update_typing(tx, scope, id, before, now).await? > 0)
    })
}
