//! One attempt to deliver one message.

use super::Payload;
use crate::{
    app::App,
    channels::{self, ChannelStatus},
    contacts,
    error::{Error, Result},
    ids::{MessageId, TenantId},
    messages::{
        self, Attempt, MessageStatus, Outgoing, Said, SendFailure, SendOutcome, UNCONFIRMED, load_outgoing,
        record_outcome,
    },
    tenants::TenantScope,
};
use jobs::{Leased, Outcome};
use whatsapp::client::{AccessToken, OutboundMessage, Recipient, SendError, Sent};

/// Deliver the message that a job names.
pub async fn deliver(app: App, job: Leased) -> Outcome {
    let Some(tenant) = job.tenant.map(TenantId) else { return Outcome::give_up("the job names no tenant") };
    let Ok(Payload { message_id }) = serde_json::from_str(&job.payload) else {
        return Outcome::give_up("the job names no message");
    };
    let delivery = Delivery { app: &app, job: &job, scope: TenantScope::of_work(tenant), id: message_id };
    match delivery.run().await {
        Ok(outcome) => outcome,
        Err(Error::NotFound) => Outcome::give_up("the message is gone"),
        Err(error) => Outcome::retry(error.to_string()),
    }
}

struct Delivery<'d> {
    app: &'d App,
    job: &'d Leased,
    scope: TenantScope,
    id: MessageId,
}

impl Delivery<'_> {
    async fn run(&self) -> Result<Outcome> {
        let (app, scope) = (self.app, self.scope);
        let Some(outgoing) = load_outgoing(app, scope, self.id).await? else { return Ok(Outcome::Done) };
        let Some(request) = self.request(&outgoing).await? else {
            let failure =
                SendFailure { code: "no_recipient".into(), detail: "The contact has no address.".into() };
            return self.settle(&outgoing, MessageStatus::Failed, None, Some(failure)).await;
        };
        let attempt = db::write!(app.db, "begin_attempt", scope.into(), |tx| -> Result<Attempt> {
            messages::begin_attempt(tx, scope, self.id).await
        })?;
        match attempt {
            Attempt::Settled => return Ok(Outcome::Done),
            Attempt::Unknown => {
                return self.unconfirmed(&outgoing, "The program was stopped while it was sending.").await;
            }
            Attempt::Begun => {}
        }
        let channel = channels::get_channel(app, scope, outgoing.conversation.channel).await?;
        let credentials = channels::credentials(app, scope, channel.id).await?;
        let token = AccessToken::new(credentials.access_token.clone());
        let sent = app.graph.send_message(&channel.phone_number_id, &token, &request).await;
        let outcome = if sent.is_ok() { "ok" } else { "error" };
        metrics::counter!("zelo_whatsapp_requests_total", "operation" => "send", "outcome" => outcome)
            .increment(1);
        match sent {
            Ok(sent) => self.sent(&outgoing, &sent).await,
            Err(error) => self.refused(&outgoing, error).await,
        }
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
        if let Some(wa_id) = &sent.wa_id {
            let (app, scope, contact) = (self.app, self.scope, outgoing.conversation.contact);
            db::write!(app.db, "remember_wa_id", scope.into(), |tx| -> Result<()> {
                contacts::remember_wa_id(tx, app, scope, contact, wa_id).await
            })?;
        }
        self.settle(outgoing, MessageStatus::Sent, Some(&sent.wamid), None).await
    }

    async fn refused(&self, outgoing: &Outgoing, error: SendError) -> Result<Outcome> {
        match error {
            SendError::RetryLater { after, error, class } => {
                if self.job.is_last_attempt() {
                    return self.fail(outgoing, error.code, error.text()).await;
                }
                self.nothing_left().await?;
                let wait = class.retry_delay(self.job.attempt.saturating_sub(1)).unwrap_or(after).max(after);
                Ok(Outcome::retry_after(wait, format!("Meta answered {}", error.code)))
            }
            SendError::NotSent(cause) => {
                self.nothing_left().await?;
                if self.job.is_last_attempt() {
                    let failure = SendFailure {
                        code: "unreachable".into(),
                        detail: "WhatsApp could not be reached.".into(),
                    };
                    return self.settle(outgoing, MessageStatus::Failed, None, Some(failure)).await;
                }
                Ok(Outcome::retry(format!("no connection to Meta: {cause}")))
            }
            SendError::Rejected { class, error } => {
                if class.stops_channel() {
                    let channel = outgoing.conversation.channel;
                    channels::set_status(self.app, self.scope, channel, ChannelStatus::ReconnectNeeded)
                        .await?;
                    tracing::error!(channel_id = %channel, error_code = error.code, "Meta refuses the channel; it has to be connected again");
                }
                self.fail(outgoing, error.code, error.text()).await
            }
            SendError::Ambiguous { .. } => {
                self.unconfirmed(outgoing, "WhatsApp did not say whether it took the message.").await
            }
        }
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
    async fn nothing_left(&self) -> Result<()> {
        db::write!(self.app.db, "end_attempt", self.scope.into(), |tx| -> Result<()> {
            messages::end_attempt_unsent(tx, self.scope, self.id).await
        })
    }

    /// The outcome and the end of the job are one transaction.
    async fn settle(
        &self,
        outgoing: &Outgoing,
        status: MessageStatus,
        wamid: Option<&str>,
        failure: Option<SendFailure>,
    ) -> Result<Outcome> {
        let (app, scope) = (self.app, self.scope);
        let keys = app.keyring.tenant(scope.tenant().0).await?;
        let outcome = SendOutcome { message: self.id, status, wamid, failure };
        let now = app.clock.now();
        db::write!(app.db, "settle_message", scope.into(), |tx| -> Result<()> {
            record_outcome(tx, scope, &keys, &outgoing.key, &outcome, now).await?;
            Ok(jobs::complete(tx, self.job).await?)
        })?;
        let kind = outgoing.message.body.kind().to_owned();
        metrics::counter!("zelo_messages_total", "direction" => "outbound", "type" => kind, "outcome" => status.as_str())
            .increment(1);
        Ok(Outcome::Done)
    }
}
