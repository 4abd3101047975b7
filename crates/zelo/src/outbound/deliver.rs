//! One attempt to deliver one message.

use super::{
    Payload, file,
    pacer::{Turn, Urgency},
    pair::PairPace,
    store,
};
use crate::{
    app::App,
    channels::{self, ChannelStatus},
    clock::{DAY, MINUTE, Millis, SECOND},
    contacts::{self, MarketingChoice},
    conversations,
    error::{Error, Result},
    ids::{ChannelId, ContactId, MessageId, TenantId},
    media::NotThere,
    messages::{
        self, Attempt, MessageStatus, Outgoing, Said, SendFailure, SendOutcome, UNCONFIRMED, load_outgoing,
        record_outcome,
    },
    tenants::TenantScope,
};
use jobs::{Leased, Outcome};
use std::time::Duration;
use whatsapp::{
    client::{AccessToken, OutboundMessage, Recipient, SendError, Sent},
    errors::{Backoff, ErrorClass, GraphError},
};

/// Meta's code for more messages a second than a number's throughput.
const TOO_FAST: i64 = 130_429;
/// How long a message waits for its number to be connected again before it looks anew.
const RECONNECTION: Millis = MINUTE;
/// How long a message waits when the disk or the database does not answer.
const HERE: Duration = Duration::from_secs(30);
/// A message that could not leave for so long is given up: whoever waited for it does not any more.
const TOO_LATE: Millis = DAY;

/// Deliver the message that a job names.
pub async fn deliver(app: App, job: Leased) -> Outcome {
    let Some(tenant) = job.tenant.map(TenantId) else { return Outcome::give_up("the job names no tenant") };
    let Ok(Payload { message_id, urgency }) = serde_json::from_str(&job.payload) else {
        return Outcome::give_up("the job names no message");
    };
    let scope = TenantScope::of_work(tenant);
    let delivery = Delivery { app: &app, job: &job, scope, id: message_id, urgency };
    match delivery.run().await {
        Ok(outcome) => outcome,
        Err(Error::NotFound) => Outcome::give_up("the message is gone"),
        // A database, a keystore or a disk that is away: it costs no attempt.
        Err(Error::Unavailable(cause)) => {
            tracing::warn!(cause = cause.map(tracing::field::display), message_id = %message_id, "A message waits");
            Outcome::postpone(HERE, "the store does not answer")
        }
        Err(error) if job.is_last_attempt() => {
            tracing::error!(%error, message_id = %message_id, "A message cannot be delivered");
            delivery.give_up().await.unwrap_or_else(|error| Outcome::give_up(error.to_string()))
        }
        Err(error) => Outcome::retry(error.to_string()),
    }
}

struct Delivery<'d> {
    app: &'d App,
    job: &'d Leased,
    scope: TenantScope,
    id: MessageId,
    urgency: Urgency,
}

/// Whether an attempt has begun.
enum Begin {
    Attempt(Attempt, PairPace),
    /// Another message to the same person left in between.
    TooEarly(Millis),
}

impl Delivery<'_> {
    async fn run(&self) -> Result<Outcome> {
        let (app, scope) = (self.app, self.scope);
        let Some(outgoing) = load_outgoing(app, scope, self.id).await? else { return Ok(Outcome::Done) };
        let Some(mut request) = self.request(&outgoing).await? else {
            let failure =
                SendFailure { code: "no_recipient".into(), detail: "The contact has no address.".into() };
            return self.settle(&outgoing, MessageStatus::Failed, None, Some(failure)).await;
        };
        let channel = channels::get_channel(app, scope, outgoing.conversation.channel).await?;
        // A number that was switched off meanwhile, or has to be connected again: the message waits for it.
        if channel.status != ChannelStatus::Active {
            return Ok(later(RECONNECTION, "channel"));
        }
        if let Some(wait) = self.wait_for_pair(&outgoing).await? {
            return Ok(later(wait, "pair"));
        }
        let credentials = channels::credentials(app, scope, channel.id).await?;
        let token = AccessToken::new(credentials.access_token.clone());
        // Before the attempt begins: taking a file to Meta sends nothing, and may be done again.
        if let Some(file) = &outgoing.message.media
            && let Err(why) =
                file::name_for_meta(app, scope, &outgoing, file, &channel, &token, &mut request.content).await
        {
            return self.file_not_there(&outgoing, why).await;
        }
        if let Turn::Later(wait, why) = app.pacer.turn(app, scope, &channel, self.urgency).await? {
            return Ok(later(wait, why));
        }
        let pair = match self.begin(&outgoing).await? {
            Begin::TooEarly(wait) => return Ok(later(wait, "pair")),
            Begin::Attempt(Attempt::Settled, _) => return Ok(Outcome::Done),
            Begin::Attempt(Attempt::Unknown, _) => {
                return self.unconfirmed(&outgoing, "The program was stopped while it was sending.").await;
            }
            Begin::Attempt(Attempt::Begun, pair) => pair,
        };
        let sent = app.graph.send_message(&channel.phone_number_id, &token, &request).await;
        metrics::counter!("zelo_whatsapp_requests_total", "operation" => "send", "outcome" => outcome_word(&sent))
            .increment(1);
        let (answered, arrived) = (was_answered(&sent), sent.is_ok());
        let outcome = match sent {
            Ok(sent) => self.sent(&outgoing, &sent).await,
            Err(error) => self.refused(&outgoing, error).await,
        };
        // Only now: what became of the message must not get lost because of what it says about its number.
        if let Err(error) = self.learn(&outgoing, answered, arrived && pair.refusals > 0).await {
            tracing::warn!(%error, channel_id = %channel.id, "What a send said about its number could not be kept");
        }
        outcome
    }

    /// Its file is not with Meta: the message waits, or fails where waiting does not help.
    async fn file_not_there(&self, outgoing: &Outgoing, why: NotThere) -> Result<Outcome> {
        let is_late = self.app.clock.now() >= outgoing.message.created_at + TOO_LATE;
        match why {
            NotThere::Here(error) => Err(error),
            NotThere::Meta(SendError::Rejected { class, error }) => {
                if class.stops_channel() {
                    let channel = outgoing.conversation.channel;
                    channels::set_status(self.app, self.scope, channel, ChannelStatus::ReconnectNeeded)
                        .await?;
                    return Ok(later(RECONNECTION, "channel"));
                }
                self.fail(outgoing, error.code, error.text()).await
            }
            NotThere::Meta(SendError::RetryLater { error, .. }) if is_late => {
                self.fail(outgoing, error.code, error.text()).await
            }
            NotThere::Meta(SendError::RetryLater { after, .. }) => {
                Ok(later(Millis::try_from(after.as_millis()).unwrap_or(MINUTE).max(SECOND), "file"))
            }
            NotThere::Meta(SendError::NotSent(_) | SendError::Ambiguous { .. }) if is_late => {
                let detail = "WhatsApp could not be reached.".to_owned();
                let failure = SendFailure { code: "unreachable".into(), detail };
                self.settle(outgoing, MessageStatus::Failed, None, Some(failure)).await
            }
            NotThere::Meta(SendError::NotSent(_) | SendError::Ambiguous { .. }) => {
                Ok(later(10 * SECOND, "file"))
            }
        }
    }

    async fn learn(&self, outgoing: &Outgoing, answered: bool, ends_refusals: bool) -> Result<()> {
        if ends_refusals {
            self.change_pair(outgoing, |pair| pair.refusals = 0).await?;
        }
        self.app.pacer.note(self.app, self.scope, outgoing.conversation.channel, answered).await
    }

    /// How long Meta takes no more messages for this person, if it does not.
    async fn wait_for_pair(&self, outgoing: &Outgoing) -> Result<Option<Millis>> {
        let (scope, now) = (self.scope, self.app.clock.now());
        let pair = db::read!(self.app.db, "find_pair", scope.into(), |tx| -> Result<Option<PairPace>> {
            Ok(store::find_pair(tx, scope, pair_of(outgoing)).await?)
        })?;
        Ok(pair.map(|pair| pair.next_at(now) - now).filter(|wait| *wait > 0))
    }

    /// Note that the attempt begins, and count it for its person.
    async fn begin(&self, outgoing: &Outgoing) -> Result<Begin> {
        let (scope, now) = (self.scope, self.app.clock.now());
        db::write!(self.app.db, "begin_attempt", scope.into(), |tx| -> Result<Begin> {
            let mut pair = store::find_pair(tx, scope, pair_of(outgoing)).await?.unwrap_or_default();
            let wait = pair.next_at(now) - now;
            if wait > 0 {
                return Ok(Begin::TooEarly(wait));
            }
            let attempt = messages::begin_attempt(tx, scope, self.id).await?;
            if attempt == Attempt::Begun {
                pair.send(now);
                store::save_pair(tx, scope, pair_of(outgoing), &pair).await?;
            }
            Ok(Begin::Attempt(attempt, pair))
        })
    }

    async fn change_pair(&self, outgoing: &Outgoing, what: impl Fn(&mut PairPace)) -> Result<()> {
        let (scope, what) = (self.scope, &what);
        db::write!(self.app.db, "change_pair", scope.into(), |tx| -> Result<()> {
            let mut pair = store::find_pair(tx, scope, pair_of(outgoing)).await?.unwrap_or_default();
            what(&mut pair);
            store::save_pair(tx, scope, pair_of(outgoing), &pair).await?;
            Ok(())
        })
    }

    /// The message as Meta wants it, to the surest address that the contact has.
    async fn request(&self, outgoing: &Outgoing) -> Result<Option<OutboundMessage>> {
        let contact = contacts::get_contact(self.app, self.scope, outgoing.conversation.contact).await?;
        let profile = contact.profile;
        let number = profile.wa_id.or(profile.phone).map(Recipient::Phone);
        let Some(to) = number.or_else(|| profile.user_id.map(Recipient::UserId)) else { return Ok(None) };
        let Said::Outbound(content) = &outgoing.message.body.said else { return Ok(None) };
        let mut request = OutboundMessage::new(to, content.clone());
        request.context.clone_from(&outgoing.message.body.quotes);
        // Meta has no idempotency key; this comes back in every status.
        request.biz_opaque_callback_data = Some(self.id.to_string());
        Ok(Some(request))
    }

    async fn sent(&self, outgoing: &Outgoing, sent: &Sent) -> Result<Outcome> {
        self.settle(outgoing, MessageStatus::Sent, Some(sent), None).await
    }

    async fn refused(&self, outgoing: &Outgoing, error: SendError) -> Result<Outcome> {
        match error {
            SendError::RetryLater { after, error, class } => {
                self.told_to_wait(outgoing, after, &error, class).await
            }
            SendError::NotSent(cause) => {
                self.nothing_left(outgoing, PairPace::give_back).await?;
                if !self.job.is_last_attempt() {
                    return Ok(Outcome::retry(format!("no connection to Meta: {cause}")));
                }
                // It surely did not leave, so that trying again costs nothing but time.
                if self.app.clock.now() < outgoing.message.created_at + TOO_LATE {
                    return Ok(later(MINUTE, "unreachable"));
                }
                let failure = SendFailure {
                    code: "unreachable".into(),
                    detail: "WhatsApp could not be reached.".into(),
                };
                self.settle(outgoing, MessageStatus::Failed, None, Some(failure)).await
            }
            SendError::Rejected { class, error } => {
                if class.stops_channel() {
                    let channel = outgoing.conversation.channel;
                    channels::set_status(self.app, self.scope, channel, ChannelStatus::ReconnectNeeded)
                        .await?;
                }
                if class == ErrorClass::OptedOut {
                    self.note_opt_out(outgoing).await?;
                }
                self.fail(outgoing, error.code, error.text()).await
            }
            SendError::Ambiguous { .. } => {
                self.unconfirmed(outgoing, "WhatsApp did not say whether it took the message.").await
            }
        }
    }

    /// Meta did not take it now. What is only too fast waits for as long as it takes; what fails has so many attempts.
    async fn told_to_wait(
        &self,
        outgoing: &Outgoing,
        after: Duration,
        error: &GraphError,
        class: ErrorClass,
    ) -> Result<Outcome> {
        let (app, channel, now) = (self.app, outgoing.conversation.channel, self.app.clock.now());
        match class {
            ErrorClass::Retry(Backoff::Pair) => {
                self.nothing_left(outgoing, |pair| {
                    pair.give_back();
                    pair.refuse(now);
                })
                .await?;
                let wait = self.wait_for_pair(outgoing).await?.unwrap_or(SECOND);
                Ok(later(wait, "pair"))
            }
            _ if error.code == TOO_FAST => {
                self.nothing_left(outgoing, PairPace::give_back).await?;
                Ok(later(app.pacer.slow_down(app, self.scope, channel).await?, "number"))
            }
            ErrorClass::Retry(Backoff::Minutes) => {
                self.nothing_left(outgoing, PairPace::give_back).await?;
                let wait = Millis::try_from(after.as_millis()).unwrap_or(MINUTE);
                app.pacer.pause(app, self.scope, channel, wait).await?;
                Ok(later(wait, "number"))
            }
            _ if self.job.is_last_attempt() => self.fail(outgoing, error.code, error.text()).await,
            _ => {
                self.nothing_left(outgoing, PairPace::give_back).await?;
                let wait = class.retry_delay(self.job.attempt.saturating_sub(1)).unwrap_or(after).max(after);
                Ok(Outcome::retry_after(wait, format!("Meta answered {}", error.code)))
            }
        }
    }

    /// Meta knows of a choice that did not reach us.
    async fn note_opt_out(&self, outgoing: &Outgoing) -> Result<()> {
        let (scope, now) = (self.scope, self.app.clock.now());
        let choice = (outgoing.conversation.contact, MarketingChoice::Stop, now);
        db::write!(self.app.db, "note_opt_out", scope.into(), |tx| -> Result<()> {
            contacts::note_marketing(tx, scope, &[choice]).await
        })
    }

    async fn fail(&self, outgoing: &Outgoing, code: i64, detail: &str) -> Result<Outcome> {
        let failure = SendFailure { code: code.to_string(), detail: detail.to_owned() };
        self.settle(outgoing, MessageStatus::Failed, None, Some(failure)).await
    }

    async fn unconfirmed(&self, outgoing: &Outgoing, detail: &str) -> Result<Outcome> {
        let failure = SendFailure { code: UNCONFIRMED.into(), detail: detail.to_owned() };
        self.settle(outgoing, MessageStatus::Queued, None, Some(failure)).await
    }

    /// The attempt surely sent nothing.
    async fn nothing_left(&self, outgoing: &Outgoing, what: impl Fn(&mut PairPace)) -> Result<()> {
        let (scope, what) = (self.scope, &what);
        db::write!(self.app.db, "end_attempt", scope.into(), |tx| -> Result<()> {
            messages::end_attempt_unsent(tx, scope, self.id).await?;
            let mut pair = store::find_pair(tx, scope, pair_of(outgoing)).await?.unwrap_or_default();
            what(&mut pair);
            store::save_pair(tx, scope, pair_of(outgoing), &pair).await?;
            Ok(())
        })
    }

    /// Whoever waits for the message sees that it did not leave.
    async fn give_up(&self) -> Result<Outcome> {
        let (scope, now) = (self.scope, self.app.clock.now());
        db::write!(self.app.db, "give_up_message", scope.into(), |tx| -> Result<()> {
            messages::give_up(tx, scope, self.id, now).await?;
            Ok(jobs::complete(tx, self.job).await?)
        })?;
        Ok(Outcome::Done)
    }

    /// The outcome and the end of the job are one transaction.
    async fn settle(
        &self,
        outgoing: &Outgoing,
        status: MessageStatus,
        sent: Option<&Sent>,
        failure: Option<SendFailure>,
    ) -> Result<Outcome> {
        let (app, scope) = (self.app, self.scope);
        let keys = app.keyring.tenant(scope.tenant().0).await?;
        let wamid = sent.map(|sent| sent.wamid.as_str());
        let outcome = SendOutcome { message: self.id, status, wamid, failure };
        let now = app.clock.now();
        let store = async |outgoing: &Outgoing| {
            db::write!(app.db, "settle_message", scope.into(), |tx| -> Result<()> {
                record_outcome(tx, scope, &keys, outgoing, &outcome, now).await?;
                // Only now that the conversation is held for this contact: one that was merged since must get no address.
                if let Some(wa_id) = sent.and_then(|sent| sent.wa_id.as_deref()) {
                    contacts::remember_wa_id(tx, app, scope, outgoing.conversation.contact, wa_id).await?;
                }
                Ok(jobs::complete(tx, self.job).await?)
            })
        };
        match store(outgoing).await {
            // While Meta was asked, the contact was merged with another one. What Meta answered is not given away for that.
            Err(Error::Conflict { code: conversations::CONTACT_CHANGED, .. }) => {
                let Some(moved) = load_outgoing(app, scope, self.id).await? else { return Ok(Outcome::Done) };
                store(&moved).await?;
            }
            stored => stored?,
        }
        let kind = outgoing.message.body.kind().to_owned();
        metrics::counter!("zelo_messages_total", "direction" => "outbound", "type" => kind, "outcome" => status.as_str())
            .increment(1);
        Ok(Outcome::Done)
    }
}

/// Who is written to, from which number.
fn pair_of(outgoing: &Outgoing) -> (ChannelId, ContactId) {
    (outgoing.conversation.channel, outgoing.conversation.contact)
}

/// Wait in the queue, which costs no attempt.
fn later(wait: Millis, why: &'static str) -> Outcome {
    metrics::counter!("zelo_sends_postponed_total", "reason" => why).increment(1);
    let wait = Duration::from_millis(u64::try_from(wait.max(1)).unwrap_or(1));
    Outcome::postpone(wait, why)
}

/// Whether Meta answered the call, however it did: then the number works.
fn was_answered(sent: &std::result::Result<Sent, SendError>) -> bool {
    match sent {
        Err(SendError::Ambiguous { .. } | SendError::NotSent(_)) => false,
        Err(SendError::RetryLater { class, error, .. }) => {
            *class != ErrorClass::Retry(Backoff::Seconds) || error.code == TOO_FAST
        }
        Ok(_) | Err(SendError::Rejected { .. }) => true,
    }
}

/// What came of a call, as metrics say it.
pub(super) fn outcome_word<T>(sent: &std::result::Result<T, SendError>) -> &'static str {
    match sent {
        Ok(_) => "ok",
        Err(SendError::Rejected { .. }) => "refused",
        Err(SendError::RetryLater { class: ErrorClass::Retry(Backoff::Pair), .. }) => "pair_limited",
        Err(SendError::RetryLater { error, .. }) if error.code == TOO_FAST => "rate_limited",
        Err(SendError::RetryLater { .. }) => "retry",
        Err(SendError::NotSent(_)) => "unreachable",
        Err(SendError::Ambiguous { .. }) => "unknown",
    }
}
