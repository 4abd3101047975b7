//! Fetching a file from Meta.
//!
//! Two steps: an address that is good for five minutes, then the bytes, with the number's token, which goes to Meta's own
//! hosts alone. A connection that breaks is taken up where it broke. Whatever fails is tried again until Meta has forgotten
//! the file, seven days after the message; waiting costs no attempt.

use super::{
    MediaState, Refusal,
    inbound::Payload,
    inspect::{self, Claims, Inspected},
    keep::{self, Incoming},
    model::{Details, Media, is_promised},
    objects::{Reader, WHOLE},
    spool::{Sealing, Spool, SpoolError, Spooled},
    store,
};
use crate::{
    app::App,
    channels::{self, Channel, ChannelStatus},
    clock::{HOUR, MINUTE, Millis, SECOND},
    conversations::{self, Conversation},
    crypto::{FileKey, Key},
    error::{Error, Result},
    ids::{MediaId, TenantId},
    messages,
    quotas::{self, Limit, Quota},
    rights::Sight,
    tenants::TenantScope,
};
use jobs::{Leased, Outcome};
use std::{sync::Arc, time::Duration};
use whatsapp::client::{AccessToken, MediaInfo, SendError};

/// How often a broken connection is taken up within one attempt.
const RESUMPTIONS: u32 = 5;
/// How long a file waits for its number to be connected again before it is looked anew.
const RECONNECTION: Millis = MINUTE;
/// How long a file waits when the disk, the bucket or the database does not take it.
const HERE: Duration = Duration::from_secs(30);
/// Meta's code for an object that is not there, or not for this token.
const NO_SUCH_OBJECT: i64 = 100;

/// Fetch the file that a job names.
pub async fn fetch(app: App, job: Leased) -> Outcome {
    let Some(tenant) = job.tenant.map(TenantId) else { return Outcome::give_up("the job names no tenant") };
    let Ok(Payload { media_id }) = serde_json::from_str(&job.payload) else {
        return Outcome::give_up("the job names no file");
    };
    let scope = TenantScope::of_work(tenant);
    let fetching = Fetching { app: &app, job: &job, scope, id: media_id };
    match fetching.run().await {
        Ok(outcome) => outcome,
        // The conversation or its contact is gone, and with them whoever could look at the file.
        Err(Error::NotFound) => Outcome::Done,
        // A disk that is full or away, or a database: it costs no attempt, because Meta keeps the file for days.
        Err(Error::Unavailable(cause)) => {
            tracing::warn!(cause = cause.map(tracing::field::display), media_id = %media_id, "A file cannot be kept now");
            Outcome::postpone(HERE, "the store does not answer")
        }
        Err(error) if job.is_last_attempt() => {
            tracing::error!(%error, media_id = %media_id, "A file cannot be taken");
            match fetching.give_up().await {
                Ok(outcome) => outcome,
                Err(error) => Outcome::give_up(error.to_string()),
            }
        }
        Err(error) => Outcome::retry(error.to_string()),
    }
}

struct Fetching<'f> {
    app: &'f App,
    job: &'f Leased,
    scope: TenantScope,
    id: MediaId,
}

/// How a call to Meta went wrong.
enum Trouble {
    /// Meta does not have it.
    Gone,
    /// It is larger than allowed.
    TooLarge,
    /// The tenant has no room for it; its size where Meta said it.
    OverQuota(Option<u64>),
    /// The token or the account does not work.
    Channel,
    /// Perhaps later, not before this time has passed.
    Later(Duration, String),
    /// Of our own making.
    Here(Error),
}

impl From<SpoolError> for Trouble {
    fn from(error: SpoolError) -> Self {
        match error {
            SpoolError::TooLarge => Self::TooLarge,
            other => Self::Here(other.into()),
        }
    }
}

impl From<SendError> for Trouble {
    fn from(error: SendError) -> Self {
        match error {
            SendError::RetryLater { after, error, .. } => {
                Self::Later(after, format!("Meta answered {}", error.code))
            }
            SendError::Rejected { class, .. } if class.stops_channel() => Self::Channel,
            SendError::Rejected { error, .. } if error.code == NO_SUCH_OBJECT => Self::Gone,
            SendError::Rejected { error, .. } => {
                Self::Later(Duration::ZERO, format!("Meta answered {}", error.code))
            }
            SendError::NotSent(_) => Self::Later(Duration::ZERO, "no connection to Meta".to_owned()),
            SendError::Ambiguous { .. } => {
                Self::Later(Duration::ZERO, "the connection to Meta broke".to_owned())
            }
        }
    }
}

impl Fetching<'_> {
    /// The file, while it is still wanted.
    async fn wanted(&self) -> Result<Option<Media>> {
        let scope = self.scope;
        let found = db::read!(self.app.db, "find_media", scope.into(), |tx| -> Result<_> {
            Ok(store::find(tx, scope, self.id).await?)
        })?;
        Ok(found.filter(|media| media.state == MediaState::Pending))
    }

    /// Something here fails again and again: people see that the file will not come.
    async fn give_up(&self) -> Result<Outcome> {
        match self.wanted().await? {
            Some(media) => self.lost(&media, MediaState::Refused, Some(Refusal::Broken)).await,
            None => Ok(Outcome::Done),
        }
    }

    async fn run(&self) -> Result<Outcome> {
        let (app, scope) = (self.app, self.scope);
        let Some(media) = self.wanted().await? else { return Ok(Outcome::Done) };
        let conversation =
            conversations::get_conversation(app, Sight::of_work(scope), media.conversation).await?;
        let key = conversations::contact_key(app, scope, &conversation).await?;
        let details = Details::open(scope, media.id, &key, &media.details_sealed)?;
        if media.expires_at.is_some_and(|until| until <= app.clock.now()) {
            return self.lost(&media, MediaState::Expired, None).await;
        }
        let channel = channels::get_channel(app, scope, conversation.channel).await?;
        if channel.status == ChannelStatus::ReconnectNeeded {
            return Ok(self.later(&media, Duration::from_millis(RECONNECTION.unsigned_abs()), "channel"));
        }
        let limit = quotas::find_limit(app, scope, Quota::MediaBytes).await?;
        let room = limit.room(app, scope).await?;
        let fetched = self.fetch(&media, &details, &channel, room).await;
        let outcome = match &fetched {
            Ok(_) => "ok",
            Err(Trouble::Gone) => "gone",
            Err(Trouble::TooLarge) => "too_large",
            Err(Trouble::OverQuota(_)) => "over_quota",
            Err(Trouble::Channel) => "refused",
            Err(Trouble::Later(..) | Trouble::Here(_)) => "retry",
        };
        metrics::counter!("zelo_whatsapp_requests_total", "operation" => "fetch_media", "outcome" => outcome)
            .increment(1);
        match fetched {
            Ok(fetched) => self.arrived(&media, details, &key, (&conversation, limit), fetched).await,
            Err(Trouble::Gone) => self.lost(&media, MediaState::Expired, None).await,
            Err(Trouble::TooLarge) => self.lost(&media, MediaState::Refused, Some(Refusal::TooLarge)).await,
            Err(Trouble::OverQuota(size)) => {
                limit.note_refusal();
                self.over_quota(&media, size).await?;
                Ok(Outcome::Done)
            }
            Err(Trouble::Channel) => {
                channels::set_status(app, scope, channel.id, ChannelStatus::ReconnectNeeded).await?;
                Ok(self.later(&media, Duration::from_millis(RECONNECTION.unsigned_abs()), "channel"))
            }
            Err(Trouble::Later(after, why)) => Ok(self.later(&media, after, &why)),
            Err(Trouble::Here(error)) => Err(error),
        }
    }

    /// Wait half of the time that the file has been waiting already, from two seconds to an hour; never past its end.
    fn later(&self, media: &Media, least: Duration, why: &str) -> Outcome {
        let now = self.app.clock.now();
        let wait = ((now - media.created_at) / 2).clamp(2 * SECOND, HOUR);
        let left = media.expires_at.map_or(HOUR, |until| (until - now).max(SECOND));
        let wait = Duration::from_millis(wait.min(left).unsigned_abs());
        Outcome::postpone(wait.max(least), why)
    }

    async fn fetch(
        &self,
        media: &Media,
        details: &Details,
        channel: &Channel,
        room: u64,
    ) -> std::result::Result<Fetched, Trouble> {
        let (app, scope) = (self.app, self.scope);
        let credentials = channels::credentials(app, scope, channel.id).await.map_err(Trouble::Here)?;
        let token = AccessToken::new(credentials.access_token.clone());
        let meta_id = details.meta_id.as_deref().unwrap_or_default();
        let info = app.graph.media_url(meta_id, &token, &channel.phone_number_id).await?;
        let most = u64::from(app.config.media.largest_megabytes) * 1024 * 1024;
        let size = info.file_size.and_then(|size| u64::try_from(size).ok());
        if size.is_some_and(|size| size > most) {
            return Err(Trouble::TooLarge);
        }
        if room == 0 || size.is_some_and(|size| size > room) {
            return Err(Trouble::OverQuota(size));
        }
        let key = FileKey::random().map_err(|error| Trouble::Here(error.into()))?;
        let sealing = Sealing { tenant: scope.tenant().0, name: media.id.0, part: WHOLE, key: &key };
        let mut spool = Spool::create(app.objects.spool(), app.ids.next(), sealing, most.min(room)).await?;
        self.download(&info, &token, &mut spool).await.map_err(|trouble| match trouble {
            Trouble::TooLarge if room < most => Trouble::OverQuota(None),
            other => other,
        })?;
        let spooled = spool.finish().await?;
        Ok(Fetched { key, spooled, info })
    }

    /// The bytes, taken up where a connection breaks.
    async fn download(
        &self,
        info: &MediaInfo,
        token: &AccessToken,
        spool: &mut Spool,
    ) -> std::result::Result<(), Trouble> {
        let mut broken = 0;
        loop {
            let mut response = self.app.graph.download_media(&info.url, token, spool.size()).await?;
            // A server that does not know ranges begins anew; then so does the whole attempt, later.
            if spool.size() > 0 && response.status().as_u16() != 206 {
                return Err(Trouble::Later(
                    Duration::ZERO,
                    "the file cannot be taken up where it broke".to_owned(),
                ));
            }
            loop {
                match response.chunk().await {
                    Ok(Some(bytes)) => spool.write(&bytes).await?,
                    Ok(None) => return Ok(()),
                    Err(_) if broken < RESUMPTIONS => break,
                    Err(_) => {
                        return Err(Trouble::Later(
                            Duration::ZERO,
                            "the connection broke again and again".to_owned(),
                        ));
                    }
                }
            }
            broken += 1;
        }
    }

    /// It came: is it what Meta promised, and something that is taken?
    async fn arrived(
        &self,
        media: &Media,
        details: Details,
        key: &Arc<Key>,
        (conversation, limit): (&Conversation, Limit),
        fetched: Fetched,
    ) -> Result<Outcome> {
        let (app, scope) = (self.app, self.scope);
        let promises = [details.sha256.as_deref(), fetched.info.sha256.as_deref()];
        let sha256 = &fetched.spooled.sha256;
        let promised = promises.into_iter().flatten().filter(|promised| !promised.is_empty());
        if promised.into_iter().any(|promised| !is_promised(sha256, promised)) {
            if !self.job.is_last_attempt() {
                return Ok(Outcome::retry("the file is not the one that Meta promised"));
            }
            return self.lost(media, MediaState::Refused, Some(Refusal::HashMismatch)).await;
        }
        let cipher = fetched.key.cipher(scope.tenant().0, media.id.0, WHOLE)?;
        let path = fetched.spooled.temporary.path();
        let mut reader = Reader::of_spooled(path, cipher, fetched.spooled.size).await?;
        let declared = details.declared.as_deref().or(fetched.info.mime_type.as_deref());
        let claims = Claims { kind: media.kind, declared, filename: details.filename.as_deref() };
        let inspected: Inspected = match inspect::inspect(app, &fetched.spooled, &mut reader, claims).await? {
            Ok(inspected) => inspected,
            Err(refusal) => return self.lost(media, MediaState::Refused, Some(refusal)).await,
        };
        let incoming = Incoming { media, key: fetched.key, spooled: fetched.spooled, inspected };
        let kept = keep::keep(app, scope, incoming).await?;
        let details_sealed = kept.details(details).seal(scope, media.id, key)?;
        let arrived = kept.arrived(media.id, &details_sealed);
        let now = app.clock.now();
        let stored = db::write!(app.db, "store_media", scope.into(), |tx| -> Result<bool> {
            if store::update_stored(tx, scope, &arrived, &media.details_sealed).await? == 0 {
                let found = store::find(tx, scope, media.id).await?;
                let is_waiting = found.is_some_and(|media| media.state == MediaState::Pending);
                if !is_waiting {
                    jobs::complete(tx, self.job).await?;
                }
                return Ok(!is_waiting);
            }
            if let Some(message) = media.message {
                messages::touch(tx, scope, conversation.id, message, now).await?;
            }
            limit.take(tx, scope, kept.added(media.id), now).await?;
            jobs::complete(tx, self.job).await?;
            Ok(true)
        });
        if let Err(Error::OverQuota(_)) = &stored {
            // Somebody else took the room meanwhile.
            if self.over_quota(media, Some(kept.added(media.id))).await? {
                kept.remove(app, scope, media.id).await?;
            }
            return Ok(Outcome::Done);
        }
        if !stored? {
            return Ok(Outcome::postpone(Duration::ZERO, "its contact was merged while it came"));
        }
        metrics::counter!("zelo_media_total", "direction" => "inbound", "outcome" => "stored").increment(1);
        Ok(Outcome::Done)
    }

    /// It will never be here.
    async fn lost(&self, media: &Media, state: MediaState, reason: Option<Refusal>) -> Result<Outcome> {
        let (app, scope, now) = (self.app, self.scope, self.app.clock.now());
        db::write!(app.db, "lose_media", scope.into(), |tx| -> Result<()> {
            if store::update_lost(tx, scope, media.id, state, reason).await? > 0
                && let Some(message) = media.message
            {
                messages::touch(tx, scope, media.conversation, message, now).await?;
            }
            Ok(jobs::complete(tx, self.job).await?)
        })?;
        let outcome = reason.map_or(state.as_str(), Refusal::as_str);
        metrics::counter!("zelo_media_total", "direction" => "inbound", "outcome" => outcome).increment(1);
        Ok(Outcome::Done)
    }

    /// There is no room for it now: [`super::fetch_waiting`] puts it back in line. Says whether it was still wanted.
    async fn over_quota(&self, media: &Media, size: Option<u64>) -> Result<bool> {
        let (app, scope, now) = (self.app, self.scope, self.app.clock.now());
        let is_noted = db::write!(app.db, "wait_for_room", scope.into(), |tx| -> Result<bool> {
            let is_noted = store::update_over_quota(tx, scope, media.id, size).await? > 0;
            if let Some(message) = media.message.filter(|_| is_noted) {
                messages::touch(tx, scope, media.conversation, message, now).await?;
            }
            jobs::complete(tx, self.job).await?;
            Ok(is_noted)
        })?;
        let outcome = Refusal::OverQuota.as_str();
        metrics::counter!("zelo_media_total", "direction" => "inbound", "outcome" => outcome).increment(1);
        Ok(is_noted)
    }
}

/// A file that came whole.
struct Fetched {
    key: FileKey,
    spooled: Spooled,
    info: MediaInfo,
}
