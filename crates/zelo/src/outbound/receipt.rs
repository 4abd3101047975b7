//! Telling the customer's phone that their messages were read, and that an answer is being written.
//!
//! Neither is a message: they pass no gate, wait for no turn and hold up nothing. What was read is promised with the reading
//! and told once, by a job of a queue of its own; that somebody types is told at once or not at all.

use super::outcome_word;
use crate::{
    app::App,
    channels::{self, Channel, ChannelStatus},
    clock::{DAY, Millis, SECOND},
    conversations::{self, Conversation},
    error::{Error, Result},
    ids::{ConversationId, TenantId},
    messages,
    rights::Sight,
    tenants::TenantScope,
};
use db::Tx;
use jobs::{Leased, NewJob, Outcome, Queue};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use whatsapp::client::{AccessToken, SendError};

/// What was read here and is to be told.
pub const RECEIPTS: Queue = jobs::queue!("receipts");

/// Attempts to tell what was read. Nobody waits for it, and the next reading tells it too.
const ATTEMPTS: u32 = 6;
/// How long a number that has to be connected again is waited for, and how often it is looked at.
const TOO_LATE: Millis = DAY;
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Meta takes receipts for messages of the last 30 days (messages/mark-message-as-read).
const RECEIPTS_FOR: Millis = 30 * DAY;
/// Meta shows "typing" for so long, or until the answer (typing-indicators).
const TYPING_LASTS: Millis = 25 * SECOND;

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    conversation_id: ConversationId,
    read_at: Millis,
}

/// Promise that Meta is told what was read in a conversation, inside the transaction that notes the reading.
///
/// # Errors
/// What the database answers.
pub async fn enqueue_receipt(
    tx: &mut Tx,
    app: &App,
    scope: TenantScope,
    conversation: ConversationId,
    now: Millis,
) -> db::Result<()> {
    let payload = serde_json::to_string(&Payload { conversation_id: conversation, read_at: now });
    let job = NewJob::new(RECEIPTS, "tell_read", payload.unwrap_or_default())
        .tenant(scope.tenant().0)
        .key(conversation.0)
        .max_attempts(ATTEMPTS);
    app.jobs.enqueue(tx, job).await?;
    Ok(())
}

/// Tell Meta what was read in the conversation that a job names.
pub async fn tell_read(app: App, job: Leased) -> Outcome {
    let Some(tenant) = job.tenant.map(TenantId) else { return Outcome::give_up("the job names no tenant") };
    let Ok(payload) = serde_json::from_str::<Payload>(&job.payload) else {
        return Outcome::give_up("the job names no conversation");
    };
    match tell(&app, &job, TenantScope::of_work(tenant), &payload).await {
        Ok(outcome) => outcome,
        Err(Error::NotFound) => Outcome::Done,
        Err(error) => Outcome::retry(error.to_string()),
    }
}

async fn tell(app: &App, job: &Leased, scope: TenantScope, payload: &Payload) -> Result<Outcome> {
    let now = app.clock.now();
    let id = payload.conversation_id;
    let conversation = conversations::get_conversation(app, Sight::of_work(scope), id).await?;
    let Some(newest) = messages::find_newest_of_contact(app, scope, &conversation).await? else {
        return Ok(Outcome::Done);
    };
    let told = conversations::told_read(app, scope, id).await?;
    if newest.seq == told || newest.sent_at < now - RECEIPTS_FOR {
        return Ok(Outcome::Done);
    }
    let channel = channels::get_channel(app, scope, conversation.channel).await?;
    if channel.status != ChannelStatus::Active {
        return Ok(wait_for_channel(payload, now));
    }
    let token = token_of(app, scope, &channel).await?;
    let answer = app.graph.mark_read(&channel.phone_number_id, &token, &newest.wamid).await;
    count("read", &answer);
    match answer {
        Ok(()) => db::write!(app.db, "note_told_read", scope.into(), |tx| -> Result<Outcome> {
            conversations::note_told_read(tx, scope, id, newest.seq).await?;
            jobs::complete(tx, job).await?;
            Ok(Outcome::Done)
        }),
        Err(SendError::Rejected { class, .. }) if class.stops_channel() => {
            channels::set_status(app, scope, channel.id, ChannelStatus::ReconnectNeeded).await?;
            Ok(wait_for_channel(payload, now))
        }
        Err(error) if job.is_last_attempt() || matches!(error, SendError::Rejected { .. }) => {
            tracing::info!(%error, conversation_id = %id, "The contact is not shown that they were read");
            Ok(Outcome::Done)
        }
        // Telling it twice is as good as once.
        Err(SendError::RetryLater { after, .. }) => Ok(Outcome::retry_after(after, "Meta asked to wait")),
        Err(error) => Ok(Outcome::retry(error.to_string())),
    }
}

fn wait_for_channel(payload: &Payload, now: Millis) -> Outcome {
    if now < payload.read_at + TOO_LATE { Outcome::postpone(LOOK_AGAIN, "channel") } else { Outcome::Done }
}

/// Show the contact that somebody here writes, unless that was shown within the last 25 seconds, by whichever process.
///
/// # Errors
/// What the database or Meta answers. Nothing depends on it.
pub async fn show_typing(app: &App, sight: Sight, id: ConversationId) -> Result<()> {
    let (scope, now) = (sight.scope(), app.clock.now());
    let conversation = conversations::get_conversation(app, sight, id).await?;
    if !conversation.window_is_open(now)
        || !conversations::begin_typing(app, scope, id, now - TYPING_LASTS, now).await?
    {
        return Ok(());
    }
    let Some((channel, wamid)) = shown_where(app, scope, &conversation).await? else { return Ok(()) };
    let token = token_of(app, scope, &channel).await?;
    let answer = app.graph.show_typing(&channel.phone_number_id, &token, &wamid).await;
    count("typing", &answer);
    answer.map_err(Error::unavailable)
}

async fn shown_where(
    app: &App,
    scope: TenantScope,
    conversation: &Conversation,
) -> Result<Option<(Channel, String)>> {
    let channel = channels::get_channel(app, scope, conversation.channel).await?;
    if channel.status != ChannelStatus::Active {
        return Ok(None);
    }
    let newest = messages::find_newest_of_contact(app, scope, conversation).await?;
    Ok(newest.map(|newest| (channel, newest.wamid)))
}

async fn token_of(app: &App, scope: TenantScope, channel: &Channel) -> Result<AccessToken> {
    let credentials = channels::credentials(app, scope, channel.id).await?;
    Ok(AccessToken::new(credentials.access_token.clone()))
}

fn count(operation: &'static str, answer: &std::result::Result<(), SendError>) {
    let outcome = outcome_word(answer);
    metrics::counter!("zelo_whatsapp_requests_total", "operation" => operation, "outcome" => outcome)
        .increment(1);
}
