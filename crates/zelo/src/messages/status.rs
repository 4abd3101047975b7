//! What became of a message that we sent.

use super::{Body, Charge, MessageStatus, Outgoing, SendFailure, marks, store};
use crate::{
    clock::Millis,
    conversations,
    crypto::{Field, TenantKeys},
    error::Result,
    events::{self, Event},
    ids::{ConversationId, MessageId},
    tenants::TenantScope,
};
use db::{Rows, Tx};
use std::collections::HashMap;

/// What Meta reports about one message.
#[derive(Debug, Clone)]
pub struct StatusReport {
    /// Finds the message by Meta's id.
    pub digest: [u8; 16],
    /// Our own id, which we gave Meta with the message and got back.
    pub message: Option<MessageId>,
    /// What happened.
    pub status: MessageStatus,
    /// When, by Meta's clock.
    pub at: Millis,
    /// Why it failed.
    pub failure: Option<SendFailure>,
    /// What Meta charges it as, where it says so.
    pub pricing: Option<Charge>,
}

/// Apply reports; returns for each whether it was news.
///
/// # Errors
/// What the database answers.
pub async fn apply_statuses(
    tx: &mut Tx,
    scope: TenantScope,
    reports: &[StatusReport],
    now: Millis,
) -> Result<Vec<bool>> {
    let mut digests = Rows::new();
    for report in reports {
        digests.push([(&report.digest).into()]);
    }
    let known: HashMap<[u8; 16], (ConversationId, i64)> = store::list_message_ids(tx, scope, &digests)
        .await?
        .into_iter()
        .map(|(digest, conversation, seq)| (digest, (conversation, seq)))
        .collect();
    let mut news = Vec::with_capacity(reports.len());
    for report in reports {
        let place = match (known.get(&report.digest), report.message) {
            (Some(place), _) => Some(*place),
            // Meta's answer to the send was lost, but our own id came back: this is how we learn that it left.
            (None, Some(id)) => match store::find_by_id(tx, scope, id).await? {
                Some(row) => {
                    let place = (row.conversation, row.seq);
                    store::ensure_message_id(tx, scope, &report.digest, row.conversation, row.seq).await?;
                    store::expect_marks(tx, scope, place, &report.digest).await?;
                    Some(place)
                }
                None => None,
            },
            (None, None) => None,
        };
        let is_news = match place {
            Some(place) => {
                let step = Step {
                    status: report.status,
                    failure: report.failure.as_ref(),
                    pricing: report.pricing.as_ref(),
                };
                move_forward(tx, scope, place, step, now).await?
            }
            None => {
                let error =
                    report.failure.as_ref().map(|failure| (failure.code.as_str(), failure.detail.as_str()));
                let pricing = report.pricing.as_ref();
                store::insert_early_status(
                    tx,
                    scope,
                    &report.digest,
                    report.status,
                    report.at,
                    error,
                    pricing,
                )
                .await?
                    > 0
            }
        };
        news.push(is_news);
    }
    Ok(news)
}

/// One step of a message of ours.
#[derive(Clone, Copy)]
struct Step<'s> {
    status: MessageStatus,
    failure: Option<&'s SendFailure>,
    pricing: Option<&'s Charge>,
}

impl Step<'_> {
    /// Whether it leads a message forward, or says for the first time what Meta charges it as. What came in has no delivery
    /// of ours.
    fn is_news_for(self, row: &store::MessageRow) -> bool {
        let is_ours = row.status != MessageStatus::Received;
        is_ours && (row.status.moves_to(self.status) || self.pricing.is_some() && row.pricing.is_none())
    }
}

async fn find_at(
    tx: &mut Tx,
    scope: TenantScope,
    (conversation, seq): (ConversationId, i64),
) -> Result<Option<store::MessageRow>> {
    let mut place = Rows::new();
    place.push([conversation.into(), seq.into()]);
    Ok(store::list_at(tx, scope, &place).await?.into_iter().next())
}

/// Move a message on, if the step leads forward, and keep what Meta charges it as, if it had not said so before.
async fn move_forward(
    tx: &mut Tx,
    scope: TenantScope,
    (conversation, seq): (ConversationId, i64),
    step: Step<'_>,
    now: Millis,
) -> Result<bool> {
    let place = (conversation, seq);
    if !find_at(tx, scope, place).await?.is_some_and(|row| step.is_news_for(&row)) {
        return Ok(false);
    }
    // The conversation is locked from here on. Another report may have moved the message since the look.
    let changed_seq = conversations::next_seq(tx, scope, conversation).await?;
    let Some(row) = find_at(tx, scope, place).await?.filter(|row| step.is_news_for(row)) else {
        return Ok(false);
    };
    if let Some(pricing) = step.pricing {
        store::note_pricing(tx, scope, place, pricing, changed_seq).await?;
    }
    if row.status.moves_to(step.status) {
        let failure = step.failure.filter(|_| step.status == MessageStatus::Failed);
        let progress = store::Progress {
            conversation,
            seq,
            changed_seq,
            status: step.status,
            error_code: failure.map(|failure| failure.code.as_str()),
            error_text: failure.map(|failure| failure.detail.as_str()),
        };
        store::update_progress(tx, scope, &progress).await?;
    }
    let event = Event::MessageStatus { conversation, message: row.id, seq: changed_seq };
    events::record(tx, scope, &[event], now).await?;
    Ok(true)
}

/// Apply what Meta reported on a message before it was known here.
///
/// # Errors
/// What the database answers.
pub async fn settle_early(
    tx: &mut Tx,
    scope: TenantScope,
    digest: &[u8; 16],
    place: (ConversationId, i64),
    now: Millis,
) -> Result<()> {
    for early in store::take_early_statuses(tx, scope, digest).await? {
        let failure = early.error.map(|(code, detail)| SendFailure { code, detail });
        let step = Step { status: early.status, failure: failure.as_ref(), pricing: early.pricing.as_ref() };
        move_forward(tx, scope, place, step, now).await?;
    }
    Ok(())
}

/// What our own attempt to send a message led to.
#[derive(Debug)]
pub struct SendOutcome<'o> {
    /// The message.
    pub message: MessageId,
    /// How far it has come.
    pub status: MessageStatus,
    /// Meta's id, where Meta took it over.
    pub wamid: Option<&'o str>,
    /// Why it failed or waits.
    pub failure: Option<SendFailure>,
}

/// Store the outcome of an attempt, and what Meta reported before we knew its id. What was loaded for
/// sending says under whose key the message lies.
///
/// # Errors
/// As [`conversations::hold_for`], and what the database answers.
pub async fn record_outcome(
    tx: &mut Tx,
    scope: TenantScope,
    keys: &TenantKeys,
    outgoing: &Outgoing,
    outcome: &SendOutcome<'_>,
    now: Millis,
) -> Result<()> {
    conversations::hold_for(tx, scope, outgoing.conversation.id, outgoing.conversation.contact).await?;
    let Some(row) = store::find_by_id(tx, scope, outcome.message).await? else { return Ok(()) };
    let place = (row.conversation, row.seq);
    if let Some(wamid) = outcome.wamid {
        let digest = keys.index.digest(Field::Wamid, wamid);
        store::ensure_message_id(tx, scope, &digest, row.conversation, row.seq).await?;
        let mut body = Body::open(scope, row.id, &outgoing.key, &row.content_sealed)?;
        // One that is sent again has a new id, under which the contact quotes it and reacts to it.
        if body.wamid.as_deref() != Some(wamid) {
            body.wamid = Some(wamid.to_owned());
            let sealed = body.seal(scope, row.id, &outgoing.key)?;
            store::update_content(tx, scope, row.conversation, row.seq, &sealed).await?;
        }
        let step = Step { status: outcome.status, failure: outcome.failure.as_ref(), pricing: None };
        move_forward(tx, scope, place, step, now).await?;
        store::expect_marks(tx, scope, place, &digest).await?;
        return settle_early(tx, scope, &digest, place, now).await;
    }
    if outcome.status == row.status {
        // Still queued, but with something to say: nobody knows yet whether it left.
        let changed_seq = conversations::next_seq(tx, scope, row.conversation).await?;
        let progress = store::Progress {
            conversation: row.conversation,
            seq: row.seq,
            changed_seq,
            status: row.status,
            error_code: outcome.failure.as_ref().map(|failure| failure.code.as_str()),
            error_text: outcome.failure.as_ref().map(|failure| failure.detail.as_str()),
        };
        store::update_progress(tx, scope, &progress).await?;
        let event =
            Event::MessageStatus { conversation: row.conversation, message: row.id, seq: changed_seq };
        return Ok(events::record(tx, scope, &[event], now).await?);
    }
    let step = Step { status: outcome.status, failure: outcome.failure.as_ref(), pricing: None };
    move_forward(tx, scope, place, step, now).await?;
    // A reaction that did not leave is not on its message any more.
    let body = Body::open(scope, row.id, &outgoing.key, &row.content_sealed)?;
    if let Some(target) = body.changes() {
        let digest = keys.index.digest(Field::Wamid, target);
        let mut digests = Rows::new();
        digests.push([(&digest).into()]);
        marks::touch_targets(tx, scope, &digests, now).await?;
    }
    Ok(())
}
