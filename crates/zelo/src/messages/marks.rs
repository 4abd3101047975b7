//! What changes another message: reactions, edits and deletions.
//!
//! Each is a message of its own, stored like every other. It is merged into the message that it changes when that one is
//! read, so that the result depends on what was said and not on the order in which it arrived: one that comes before its
//! target waits for it under the digest of the target's id. Of reactions the latest of each side counts, of edits the
//! latest, by Meta's time; a deletion counts for ever. Only a side's own messages are edited and deleted, and only the
//! same contact's conversations are looked at.

use super::{Author, Body, Direction, Message, MessageStatus, Quoted, Reacted, Said, page, store};
use crate::{
    app::App,
    clock::Millis,
    conversations,
    crypto::{BlindIndex, Field, Key},
    error::{Error, Result},
    events::{self, Event},
    ids::ConversationId,
    rights::Sight,
    tenants::TenantScope,
};
use db::{Rows, Tx};
use std::{collections::HashMap, sync::Arc};
use whatsapp::{client::OutboundContent, webhook::Content};

/// Store that messages change others: the digest of what each changes, and where it stands itself.
///
/// # Errors
/// What the database answers.
pub async fn insert_marks(
    tx: &mut Tx,
    scope: TenantScope,
    marks: &[([u8; 16], ConversationId, i64)],
    now: Millis,
) -> Result<()> {
    if marks.is_empty() {
        return Ok(());
    }
    let (mut rows, mut digests) = (Rows::new(), Rows::new());
    for (target, conversation, seq) in marks {
        rows.push([target.into(), (*conversation).into(), (*seq).into()]);
        digests.push([target.into()]);
    }
    store::insert_marks(tx, scope, &rows).await?;
    touch_targets(tx, scope, &digests, now).await
}

/// What changes these messages is other than it was: whoever looks at them looks anew. Rows of `(digest)`.
pub(super) async fn touch_targets(
    tx: &mut Tx,
    scope: TenantScope,
    digests: &Rows<'_>,
    now: Millis,
) -> Result<()> {
    let mut targets: Vec<(ConversationId, i64)> = store::list_message_ids(tx, scope, digests)
        .await?
        .into_iter()
        .map(|(_, conversation, seq)| (conversation, seq))
        .collect();
    targets.sort_unstable();
    targets.dedup();
    for place in targets {
        let changed_seq = conversations::next_seq(tx, scope, place.0).await?;
        let Some(message) = store::note_marks(tx, scope, place, changed_seq).await? else { continue };
        let event = Event::MessageChanged { conversation: place.0, message, seq: changed_seq };
        events::record(tx, scope, &[event], now).await?;
    }
    Ok(())
}

/// Put on messages what changes them, and beside them what they refer to. `keys` has the key of each conversation.
pub(super) async fn complete(
    app: &App,
    scope: TenantScope,
    keys: &HashMap<ConversationId, Arc<Key>>,
    messages: &mut [Message],
) -> Result<()> {
    let refers = |message: &Message| message.body.changes().is_some() || message.body.quotes.is_some();
    if !messages.iter().any(|message| message.marks.expected || refers(message)) {
        return Ok(());
    }
    let index = &app.keyring.tenant(scope.tenant().0).await?.index;
    let reader = Reader { app, scope, index, keys };
    reader.place_marks(messages).await?;
    reader.find_others(messages).await
}

/// Put on messages what changes them, and nothing beside them: enough for one line of each.
pub(super) async fn complete_marks(
    app: &App,
    scope: TenantScope,
    keys: &HashMap<ConversationId, Arc<Key>>,
    messages: &mut [Message],
) -> Result<()> {
    if !messages.iter().any(|message| message.marks.expected) {
        return Ok(());
    }
    let index = &app.keyring.tenant(scope.tenant().0).await?.index;
    Reader { app, scope, index, keys }.place_marks(messages).await
}

struct Reader<'r> {
    app: &'r App,
    scope: TenantScope,
    index: &'r BlindIndex,
    keys: &'r HashMap<ConversationId, Arc<Key>>,
}

impl Reader<'_> {
    fn digest(&self, wamid: &str) -> [u8; 16] {
        self.index.digest(Field::Wamid, wamid)
    }

    async fn place_marks(&self, messages: &mut [Message]) -> Result<()> {
        let mut places: HashMap<[u8; 16], usize> = HashMap::new();
        let mut digests = Rows::new();
        for (place, message) in messages.iter().enumerate().filter(|(_, message)| message.marks.expected) {
            let Some(wamid) = &message.body.wamid else { continue };
            places.insert(self.digest(wamid), place);
        }
        if places.is_empty() {
            return Ok(());
        }
        for digest in places.keys() {
            digests.push([digest.into()]);
        }
        let found = db::read!(self.app.db, "list_marks", self.scope.into(), |tx| -> Result<_> {
            Ok(store::list_marks(tx, self.scope, &digests).await?)
        })?;
        let mut by_target: HashMap<usize, Vec<Message>> = HashMap::new();
        for (digest, row) in found {
            let Some(place) = places.get(&digest) else { continue };
            let Some(target) = messages.get(*place) else { continue };
            if let Some(mark) = self.opened_mark(target, row).await? {
                by_target.entry(*place).or_default().push(mark);
            }
        }
        for (place, marks) in by_target {
            if let Some(target) = messages.get_mut(place) {
                apply(target, marks);
            }
        }
        Ok(())
    }

    /// What changes `target`; nothing when it is somebody else's.
    async fn opened_mark(&self, target: &Message, row: store::MessageRow) -> Result<Option<Message>> {
        if row.conversation != target.conversation {
            let conversation = |id| conversations::get_conversation(self.app, Sight::of_work(self.scope), id);
            let (there, here) =
                (conversation(row.conversation).await, conversation(target.conversation).await);
            let (there, here) = match (there, here) {
                (Ok(there), Ok(here)) => (there, here),
                (Err(Error::NotFound), _) | (_, Err(Error::NotFound)) => return Ok(None),
                (Err(error), _) | (_, Err(error)) => return Err(error),
            };
            if there.contact != here.contact {
                return Ok(None);
            }
        }
        let Some(key) = self.keys.get(&target.conversation) else { return Ok(None) };
        Ok(Some(page::opened(self.scope, key, row)?))
    }

    async fn find_others(&self, messages: &mut [Message]) -> Result<()> {
        let mut digests = Rows::new();
        let mut wanted: Vec<[u8; 16]> = messages
            .iter()
            .flat_map(|message| [message.body.changes(), message.body.quotes.as_deref()])
            .flatten()
            .map(|wamid| self.digest(wamid))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(());
        }
        for digest in &wanted {
            digests.push([digest.into()]);
        }
        let (ids, rows) = db::read!(self.app.db, "list_quoted", self.scope.into(), |tx| -> Result<_> {
            let ids = store::list_message_ids(tx, self.scope, &digests).await?;
            let mut places = Rows::new();
            for (_, conversation, seq) in &ids {
                places.push([(*conversation).into(), (*seq).into()]);
            }
            let rows = store::list_at(tx, self.scope, &places).await?;
            Ok((ids, rows))
        })?;
        let mut others = Vec::with_capacity(rows.len());
        for row in rows {
            // A message of another conversation is not shown in this one.
            let Some(key) = self.keys.get(&row.conversation) else { continue };
            others.push(page::opened(self.scope, key, row)?);
        }
        self.place_marks(&mut others).await?;
        let by_place: HashMap<(ConversationId, i64), &Message> =
            others.iter().map(|other| ((other.conversation, other.seq), other)).collect();
        let by_digest: HashMap<[u8; 16], &Message> = ids
            .iter()
            .filter_map(|(digest, conversation, seq)| Some((*digest, *by_place.get(&(*conversation, *seq))?)))
            .collect();
        for message in messages {
            self.refer(message, &by_digest);
        }
        Ok(())
    }

    fn refer(&self, message: &mut Message, others: &HashMap<[u8; 16], &Message>) {
        let find = |wamid: &str| {
            others.get(&self.digest(wamid)).filter(|other| other.conversation == message.conversation)
        };
        let quoted = message.body.quotes.as_deref().and_then(find).map(|other| Quoted {
            id: other.id,
            direction: other.direction,
            author: other.author,
            body: other.body.clone(),
        });
        let changes = message.body.changes().and_then(find).map(|other| other.id);
        message.quoted = quoted;
        message.changes = changes;
        // What an edit says stands on the message that it changes, as long as that one is not deleted.
        if changes.is_some() && message.body.kind() == "edit" {
            message.body.said = Said::Withheld { kind: "edit".into() };
        }
    }
}

/// Merge what changes a message into it.
fn apply(target: &mut Message, mut marks: Vec<Message>) {
    marks.retain(|mark| mark.status != MessageStatus::Failed);
    // By Meta's time; what it counts as the same moment, by id, which is the same for everybody. What was written here
    // gets its id late, and has an order of its own.
    let written_here = |mark: &Message| if matches!(mark.author, Author::User(_)) { mark.seq } else { 0 };
    marks.sort_by(|a, b| {
        (a.sent_at, written_here(a), &a.body.wamid).cmp(&(b.sent_at, written_here(b), &b.body.wamid))
    });
    let mut reactions: HashMap<Direction, Option<Reacted>> = HashMap::new();
    for mark in marks {
        let is_own = mark.direction == target.direction;
        match mark.body.said {
            Said::Inbound(Content::Revoke(_)) if is_own => {
                target.marks.deleted_at = target.marks.deleted_at.or(Some(mark.sent_at));
            }
            Said::Inbound(Content::Edit(edit)) if is_own => {
                target.marks.edited_at = Some(mark.sent_at);
                target.marks.file_of = edit.content.media().map(|_| mark.id);
                target.body.said = Said::Inbound(*edit.content);
            }
            Said::Inbound(Content::Reaction(reaction)) => {
                reactions.insert(
                    mark.direction,
                    reacted(mark.direction, mark.author, reaction.emoji, mark.sent_at),
                );
            }
            Said::Outbound(OutboundContent::Reaction(reaction)) => {
                let emoji = Some(reaction.emoji);
                reactions.insert(mark.direction, reacted(mark.direction, mark.author, emoji, mark.sent_at));
            }
            _ => {}
        }
    }
    let side = |direction: Direction| reactions.get(&direction).cloned().flatten();
    target.marks.reactions =
        [side(Direction::Outbound), side(Direction::Inbound)].into_iter().flatten().collect();
    if target.marks.deleted_at.is_some() {
        delete(&mut target.body);
        target.marks.edited_at = None;
        target.marks.reactions.clear();
    }
}

fn reacted(direction: Direction, author: Author, emoji: Option<String>, at: Millis) -> Option<Reacted> {
    let emoji = emoji.filter(|emoji| !emoji.is_empty())?;
    Some(Reacted { direction, author, emoji, at })
}

/// Show nothing of it any more but that it was there.
fn delete(body: &mut Body) {
    let kind = body.kind().to_owned();
    *body = Body { wamid: body.wamid.take(), via: body.via, ..Body::new(Said::Withheld { kind }) };
}
