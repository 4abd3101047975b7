//! A conversation that somebody here begins, by writing first.

use super::{Conversation, ConversationStatus, store};
use crate::{
    app::App,
    clock::Millis,
    contacts::{self, Prepared},
    error::{Error, Result},
    events::{self, Event},
    ids::{ChannelId, ContactId, ConversationId},
    rights::{Sight, Visibility},
    tenants::TenantScope,
};
use db::{Rows, Tx};
use std::collections::BTreeSet;

/// The current conversation with a contact on a channel, where there is one.
///
/// # Errors
/// [`Error::NotFound`] when it is one that they may not see.
pub async fn find_current(
    app: &App,
    sight: Sight,
    contact: ContactId,
    channel: ChannelId,
) -> Result<Option<Conversation>> {
    db::read!(app.db, "find_current_conversation", sight.into(), |tx| -> Result<Option<Conversation>> {
        match store::find_current_id(tx, sight.scope(), contact, channel).await? {
            Some(id) => Ok(Some(store::find(tx, sight, id).await?.ok_or(Error::NotFound)?)),
            None => Ok(None),
        }
    })
}

/// A conversation that begins with its first message, and the person it is with. It is not stored yet.
#[derive(Debug)]
pub struct Begun {
    person: Prepared,
    conversation: Conversation,
}

impl Begun {
    /// Begin one with this person: open, and in the hands of whoever sees only what they have, who would not find it again
    /// otherwise.
    pub fn by(
        sight: Sight,
        person: Prepared,
        (id, channel): (ConversationId, ChannelId),
        now: Millis,
    ) -> Self {
        let conversation = Conversation {
            id,
            channel,
            contact: person.id(),
            status: ConversationStatus::Open,
            assignee: (sight.visibility() != Visibility::All).then(|| sight.user()),
            team: None,
            last_seq: 1,
            unread_count: 0,
            last_message_seq: 0,
            last_activity_at: now,
            window_expires_at: None,
            snoozed_until: None,
            created_at: now,
        };
        Self { person, conversation }
    }
}

/// Store a conversation that begins, inside the transaction that stores its first message.
///
/// # Errors
/// [`db::Error::Conflict`] when somebody else met the person or began the conversation first: begin again.
pub async fn insert_begun(tx: &mut Tx, scope: TenantScope, begun: &Begun) -> Result<()> {
    let conversation = &begun.conversation;
    let now = conversation.created_at;
    contacts::insert_prepared(tx, scope, &begun.person, now).await?;
    contacts::refuse_merged(tx, scope, &BTreeSet::from([conversation.contact])).await?;
    let mut rows = Rows::new();
    rows.push(store::values(conversation));
    match store::save_many(tx, scope, &rows).await {
        Err(db::Error::Unique(_)) => {
            let why = "somebody else began the conversation first";
            return Err(Error::from(db::Error::Conflict(why.into())));
        }
        stored => stored?,
    };
    if let Some(user) = conversation.assignee {
        store::update_assignee_of_unassigned(tx, scope, conversation.id, user).await?;
    }
    let event = Event::ConversationUpdated { conversation: conversation.id, seq: conversation.last_seq };
    Ok(events::record(tx, scope, &[event], now).await?)
}
