//! One transaction that stores a batch.

use super::{
    batch::Prepared,
    lanes::Work,
    quarantine,
    store::{self, EventRow, Lane, Tally},
};
use crate::{
    app::App,
    channels,
    clock::{Millis, SECOND},
    contacts,
    conversations::{Arrival, CurrentThreads},
    error::{Error, Result},
    events::{self, Event},
    ids::ConversationId,
    media, merging,
    messages::{self, Direction},
    templates,
};
use db::{Scope, Tx};
use std::collections::BTreeMap;

/// How long a process keeps a lane that it works on. After a kill, others wait this long.
const LEASE: Millis = 5 * SECOND;

/// For each event of a batch: how many things it said, and how many of them were new.
struct Novelty {
    of_event: Vec<(u32, u32)>,
    /// How many messages of each type were new.
    of_kind: BTreeMap<&'static str, u64>,
}

impl Novelty {
    fn count(&mut self, event: usize, is_new: bool) {
        if let Some((all, new)) = self.of_event.get_mut(event) {
            *all += 1;
            *new += u32::from(is_new);
        }
    }

    fn tally(&self, quarantined: &BTreeMap<usize, (super::update::Reason, String)>) -> Tally {
        let mut tally = Tally::default();
        for (position, (all, new)) in self.of_event.iter().enumerate() {
            if quarantined.contains_key(&position) {
                tally.quarantined += 1;
            } else if *all > 0 && *new == 0 {
                tally.duplicate += 1;
            } else {
                tally.processed += 1;
            }
        }
        tally
    }
}

/// Store a batch and move the lane's cursor behind it. False when somebody else has the lane.
pub(super) async fn apply(app: &App, work: &Work, lane: Lane, batch: &[EventRow]) -> Result<bool> {
    let Some(last) = batch.last() else { return Ok(true) };
    let now = app.clock.now();
    let owner = app.process;
    let moved =
        db::write!(app.db, "process_events", Scope::Platform, |tx| -> Result<BTreeMap<&'static str, u64>> {
            let mut novelty = Novelty { of_event: vec![(0, 0); batch.len()], of_kind: BTreeMap::new() };
            for prepared in &work.prepared {
                tx.enter(prepared.scope.into()).await?;
                apply_share(tx, app, prepared, &mut novelty, now).await?;
            }
            tx.enter(Scope::Platform).await?;
            quarantine::insert(tx, &work.quarantined_rows, lane.lane, now).await?;
            let tally = novelty.tally(&work.quarantined);
            if !store::advance(tx, lane, last.seq, tally, owner, now, now + LEASE).await? {
                return Err(Error::Conflict { code: "lane_taken", detail: String::new() });
            }
            Ok(novelty.of_kind)
        });
    match moved {
        Err(Error::Conflict { code: "lane_taken", .. }) => return Ok(false),
        other => count_messages(other?),
    }
    tell_of_quarantined(&work.quarantined);
    Ok(true)
}

/// Somebody is to look: one line for each reason, and a counter that rules can watch.
fn tell_of_quarantined(quarantined: &BTreeMap<usize, (super::update::Reason, String)>) {
    let mut reasons: BTreeMap<&'static str, (u64, &str)> = BTreeMap::new();
    for (reason, detail) in quarantined.values() {
        reasons.entry(reason.as_str()).or_insert((0, detail)).0 += 1;
    }
    for (reason, (events, detail)) in reasons {
        metrics::counter!("zelo_webhook_quarantined_total", "reason" => reason).increment(events);
        tracing::error!(
            reason,
            events,
            detail,
            "Events of Meta went into the quarantine; see zelo events list"
        );
    }
}

fn count_messages(of_kind: BTreeMap<&'static str, u64>) {
    for (kind, count) in of_kind {
        metrics::counter!("zelo_messages_total", "direction" => "inbound", "type" => kind, "outcome" => "stored")
            .increment(count);
    }
}

async fn apply_share(
    tx: &mut Tx,
    app: &App,
    prepared: &Prepared,
    novelty: &mut Novelty,
    now: Millis,
) -> Result<()> {
    let scope = prepared.scope;
    contacts::insert_resolved(tx, scope, &prepared.people, now).await?;
    if let Some(pen) = &prepared.pen {
        merging::carry_out(tx, app, scope, pen, prepared.people.merges(), now).await?;
        let desk = channels::Desk { pen, keys: &prepared.keys };
        channels::apply_news(tx, scope, desk, &prepared.channel_news).await?;
    }
    contacts::note_marketing(tx, scope, &prepared.choices).await?;
    templates::apply_news(tx, app, scope, &prepared.keys, &prepared.template_news).await?;
    apply_messages(tx, app, prepared, novelty, now).await?;
    let reports: Vec<_> = prepared.reports.iter().map(|(_, report)| report.clone()).collect();
    let news = messages::apply_statuses(tx, scope, &reports, now).await?;
    for ((event, _), is_new) in prepared.reports.iter().zip(news) {
        novelty.count(*event, is_new);
    }
    for notice in &prepared.notices {
        let is_new = channels::insert_notice(
            tx,
            scope,
            &channels::Notice {
                id: notice.id,
                channel: notice.channel,
                field: &notice.field,
                digest: &notice.digest,
                content_sealed: &notice.sealed,
            },
            now,
        )
        .await?;
        novelty.count(notice.event, is_new);
    }
    Ok(())
}

async fn apply_messages(
    tx: &mut Tx,
    app: &App,
    prepared: &Prepared,
    novelty: &mut Novelty,
    now: Millis,
) -> Result<()> {
    let scope = prepared.scope;
    let digests = prepared.messages.iter().map(|arriving| &arriving.message.digest);
    let mut known = messages::known_wamids(tx, scope, digests).await?;
    let mut fresh = Vec::with_capacity(prepared.messages.len());
    for (position, arriving) in prepared.messages.iter().enumerate() {
        // A repetition inside the batch is known from its first appearance on.
        let is_new = known.stored.insert(arriving.message.digest);
        novelty.count(arriving.event, is_new);
        if let (true, Some(person)) = (is_new, prepared.people.person(position)) {
            fresh.push((person, arriving));
            *novelty.of_kind.entry(arriving.message.label).or_default() += 1;
        }
    }
    let pairs = fresh.iter().map(|(person, arriving)| (person.id, arriving.channel));
    let mut threads = CurrentThreads::lock(tx, scope, pairs).await?;
    let met_before = fresh.iter().filter(|(person, _)| !person.is_new);
    let lacking = threads.lacking(met_before.map(|(person, arriving)| (person.id, arriving.channel)));
    contacts::refuse_merged(tx, scope, &lacking).await?;
    let mut placed = Vec::with_capacity(fresh.len());
    let mut happened = Vec::with_capacity(fresh.len());
    let mut files = Vec::new();
    for (person, arriving) in &fresh {
        let arrival = Arrival {
            contact: person.id,
            channel: arriving.channel,
            sent_at: arriving.message.sent_at,
            occasion: arriving.occasion,
        };
        let (conversation, seq) = threads.place(arrival, &app.ids, prepared.reopen_within, now);
        placed.push((conversation, seq, &arriving.message));
        files.extend(arriving.media.as_ref().map(|file| (conversation, file)));
        happened.push(Event::MessageCreated { conversation, message: arriving.message.id, seq });
    }
    let begun: Vec<(ConversationId, i64)> = threads.save(tx, scope).await?;
    messages::insert_inbound(tx, scope, &placed, &known.awaited, now).await?;
    media::insert_inbound(tx, app, scope, &files, now).await?;
    let marks: Vec<_> = placed
        .iter()
        .filter_map(|(conversation, seq, message)| Some((message.changes?, *conversation, *seq)))
        .collect();
    happened.extend(
        begun.into_iter().map(|(conversation, seq)| Event::ConversationUpdated { conversation, seq }),
    );
    events::record(tx, scope, &happened, now).await?;
    messages::insert_marks(tx, scope, &marks, now).await?;
    // What the business wrote in its app may have been reported on before it was told.
    for (conversation, seq, message) in &placed {
        if message.direction == Direction::Outbound {
            messages::settle_early(tx, scope, &message.digest, (*conversation, *seq), now).await?;
        }
    }
    Ok(())
}
