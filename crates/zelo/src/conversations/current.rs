//! Which conversation a new message goes to.

use super::{Conversation, ConversationStatus, store};
use crate::{
    clock::{DAY, Millis},
    ids::{ChannelId, ContactId, ConversationId, Ids},
    tenants::TenantScope,
};
use db::{Result, Rows, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Meta's customer service window: anything may be sent for 24 hours after the contact's last message.
const WINDOW: Millis = DAY;

/// A message of a contact that looks for its conversation.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Who wrote.
    pub contact: ContactId,
    /// To which number.
    pub channel: ChannelId,
    /// Meta's time.
    pub sent_at: Millis,
    /// What it asks of us.
    pub occasion: Occasion,
}

/// What something that arrived asks of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The contact wrote or called: somebody is to answer. Opens Meta's window, and a conversation that was over.
    Asks,
    /// It is worth seeing, and nobody has to do anything: a change of the contact's number, what the business itself wrote
    /// in its app, what was said in a group.
    Tells,
    /// It changes another message. Whether a reaction opens Meta's window is not documented, so that it is not counted on.
    Changes,
    /// It was said before the number was connected.
    Past,
}

/// The current conversations of a batch, locked until its transaction ends.
#[derive(Debug, Default)]
pub struct CurrentThreads {
    by_pair: HashMap<(ContactId, ChannelId), Thread>,
}

#[derive(Debug)]
struct Thread {
    conversation: Conversation,
    resolved_at: Option<Millis>,
    is_news: bool,
    retires: Option<ConversationId>,
}

impl CurrentThreads {
    /// Lock the conversations of these contacts on these channels.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn lock(
        tx: &mut Tx,
        scope: TenantScope,
        pairs: impl IntoIterator<Item = (ContactId, ChannelId)>,
    ) -> Result<Self> {
        let pairs: BTreeSet<_> = pairs.into_iter().collect();
        let mut rows = Rows::new();
        for (contact, channel) in pairs {
            rows.push([contact.into(), channel.into()]);
        }
        let mut threads = Self::default();
        for (conversation, resolved_at) in store::lock_current(tx, scope, &rows).await? {
            let pair = (conversation.contact, conversation.channel);
            let thread = Thread { conversation, resolved_at, is_news: false, retires: None };
            threads.by_pair.insert(pair, thread);
        }
        Ok(threads)
    }

    /// Those of these contacts that have no conversation on their channel yet.
    pub fn lacking(&self, pairs: impl IntoIterator<Item = (ContactId, ChannelId)>) -> BTreeSet<ContactId> {
        let lacking = pairs.into_iter().filter(|pair| !self.by_pair.contains_key(pair));
        lacking.map(|(contact, _)| contact).collect()
    }

    /// Give an arriving message its conversation and its place there: the current one; within `reopen_within` of
    /// resolving the resolved one, opened again; otherwise a new one, open and in nobody's hands. What asks for nothing
    /// goes to the current one as it stands.
    pub fn place(
        &mut self,
        arrival: Arrival,
        ids: &Ids,
        reopen_within: Millis,
        now: Millis,
    ) -> (ConversationId, i64) {
        let pair = (arrival.contact, arrival.channel);
        let begin = |retires| Thread {
            conversation: begun(ConversationId(ids.next()), arrival, now),
            resolved_at: None,
            is_news: true,
            retires,
        };
        let thread = self.by_pair.entry(pair).or_insert_with(|| begin(None));
        if arrival.occasion == Occasion::Asks {
            let is_over = thread.conversation.status == ConversationStatus::Resolved
                && thread
                    .resolved_at
                    .is_none_or(|resolved| arrival.sent_at.max(resolved) - resolved > reopen_within);
            if is_over {
                *thread = begin(Some(thread.conversation.id));
            }
            if thread.conversation.status.is_asleep() {
                thread.conversation.status = ConversationStatus::Open;
                thread.is_news = true;
            }
        }
        let conversation = &mut thread.conversation;
        conversation.last_seq += 1;
        if arrival.occasion != Occasion::Changes {
            conversation.come_last(arrival.sent_at);
        }
        if arrival.occasion == Occasion::Asks {
            conversation.unread_count += 1;
            let expires = arrival.sent_at + WINDOW;
            let later = conversation.window_expires_at.map_or(expires, |known| known.max(expires));
            conversation.window_expires_at = Some(later);
        }
        (conversation.id, conversation.last_seq)
    }

    /// Store what was placed; returns the conversations that began or opened again, with their last change.
    ///
    /// # Errors
    /// [`db::Error::Unique`] when another transaction began one of these conversations first.
    pub async fn save(&self, tx: &mut Tx, scope: TenantScope) -> Result<Vec<(ConversationId, i64)>> {
        let (mut retired, mut saved) = (Rows::new(), Rows::new());
        let ordered: BTreeMap<ConversationId, &Thread> =
            self.by_pair.values().map(|thread| (thread.conversation.id, thread)).collect();
        for thread in ordered.values() {
            let conversation = &thread.conversation;
            if let Some(before) = thread.retires {
                retired.push([before.into()]);
            }
            saved.push(store::values(conversation));
        }
        store::retire(tx, scope, &retired).await?;
        store::save_many(tx, scope, &saved).await?;
        let news = ordered.values().filter(|thread| thread.is_news);
        Ok(news.map(|thread| (thread.conversation.id, thread.conversation.last_seq)).collect())
    }
}

impl Conversation {
    /// Its newest change is a message of this time: the last one by Meta's clock stands for it in lists, whatever the order
    /// of arrival.
    fn come_last(&mut self, sent_at: Millis) {
        if self.last_message_seq == 0 || sent_at >= self.last_activity_at {
            self.last_message_seq = self.last_seq;
            self.last_activity_at = sent_at;
        }
    }
}

fn begun(id: ConversationId, arrival: Arrival, now: Millis) -> Conversation {
    // What was said long ago waits for nobody.
    let status = match arrival.occasion {
        Occasion::Past => ConversationStatus::Resolved,
        Occasion::Asks | Occasion::Tells | Occasion::Changes => ConversationStatus::Open,
    };
    Conversation {
        id,
        channel: arrival.channel,
        contact: arrival.contact,
        status,
        assignee: None,
        team: None,
        last_seq: 0,
        unread_count: 0,
        last_message_seq: 0,
        last_activity_at: arrival.sent_at,
        window_expires_at: None,
        snoozed_until: None,
        created_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, HOUR};
    use uuid::Uuid;

    const NOON: Millis = 1_795_176_000_000;

    fn arrival(sent_at: Millis) -> Arrival {
        let (contact, channel) = (ContactId(Uuid::from_u128(1)), ChannelId(Uuid::from_u128(2)));
        Arrival { contact, channel, sent_at, occasion: Occasion::Asks }
    }

    fn resolved(at: Millis) -> CurrentThreads {
        let mut conversation = begun(ConversationId(Uuid::from_u128(9)), arrival(at - HOUR), at - HOUR);
        conversation.status = ConversationStatus::Resolved;
        conversation.last_seq = 4;
        let thread = Thread { conversation, resolved_at: Some(at), is_news: false, retires: None };
        let first = arrival(at);
        CurrentThreads { by_pair: HashMap::from([((first.contact, first.channel), thread)]) }
    }

    #[test]
    fn a_message_soon_after_resolving_reopens_and_a_later_one_begins_anew() {
        let ids = Ids::new(Clock::standing_at(NOON));
        let mut soon = resolved(NOON);
        let (conversation, seq) = soon.place(arrival(NOON + 24 * HOUR), &ids, 24 * HOUR, NOON + 24 * HOUR);
        assert_eq!((conversation, seq), (ConversationId(Uuid::from_u128(9)), 5));
        let mut later = resolved(NOON);
        let at = NOON + 24 * HOUR + 1;
        let (conversation, seq) = later.place(arrival(at), &ids, 24 * HOUR, at);
        assert_ne!(conversation, ConversationId(Uuid::from_u128(9)));
        assert_eq!(seq, 1);
    }

    #[test]
    fn the_window_runs_from_the_latest_message_by_metas_clock_whatever_the_order_of_arrival() {
        let ids = Ids::new(Clock::standing_at(NOON));
        let mut threads = CurrentThreads::default();
        threads.place(arrival(NOON), &ids, DAY, NOON);
        threads.place(arrival(NOON - HOUR), &ids, DAY, NOON);
        threads.place(Arrival { occasion: Occasion::Changes, ..arrival(NOON + HOUR) }, &ids, DAY, NOON);
        let thread = threads.by_pair.values().next().unwrap();
        assert_eq!(thread.conversation.window_expires_at, Some(NOON + 24 * HOUR));
        assert_eq!((thread.conversation.unread_count, thread.conversation.last_seq), (2, 3));
        assert_eq!(thread.conversation.last_message_seq, 1, "the latest by Meta's clock stands for it");
    }

    #[test]
    fn what_asks_for_nothing_opens_nothing_again() {
        let ids = Ids::new(Clock::standing_at(NOON));
        for occasion in [Occasion::Tells, Occasion::Changes, Occasion::Past] {
            let mut threads = resolved(NOON);
            let late = Arrival { occasion, ..arrival(NOON + 90 * DAY) };
            let (conversation, _) = threads.place(late, &ids, DAY, NOON + 90 * DAY);
            assert_eq!(conversation, ConversationId(Uuid::from_u128(9)), "{occasion:?}");
            let thread = threads.by_pair.values().next().unwrap();
            assert_eq!(thread.conversation.status, ConversationStatus::Resolved, "{occasion:?}");
            assert_eq!((thread.conversation.unread_count, thread.conversation.window_expires_at), (0, None));
        }
    }
}
