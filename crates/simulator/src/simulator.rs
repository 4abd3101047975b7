//! The simulator as the rest of the program holds it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::channel::Channel;
use crate::clock::{Clock, RetrySchedule};
use crate::conditions::{Conditions, PlannedFailure, TemplateReview};
use crate::contact::{Contact, ContactId, NewContact, NotAContact};
use crate::delivery::{Line, Parcel, Underway};
use crate::handshake::{HandshakeError, shake};
use crate::hold::{self, Hold};
use crate::ids::Ids;
use crate::log::{Direction, LogEntry};
use crate::media::StoredFile;
use crate::meter::Tally;
use crate::scene::{Connected, Scene, Standing};
use crate::talk::{Talk, Tick};
use crate::wire;

/// What a simulator needs from outside.
#[derive(Clone)]
pub struct SimulatorConfig {
    /// Posts the webhooks. It must be allowed to reach the callbacks.
    pub http: reqwest::Client,
    /// Milliseconds since 1970.
    pub now: Clock,
    /// The same seed gives the same ids; without one they differ each time.
    pub seed: Option<u64>,
    pub retries: RetrySchedule,
    /// How long after the answer to a send the status `sent` follows.
    pub sent_after: Duration,
    /// How long after the answer the status `delivered` follows.
    pub delivered_after: Duration,
    /// How long after it was handed in a template is approved; never without.
    pub review_after: Option<Duration>,
    /// Where the desk is, for the page's link to it.
    pub inbox_url: Option<String>,
}

impl SimulatorConfig {
    /// A simulator for people: random ids, and statuses that can be watched.
    pub fn new(http: reqwest::Client, now: Clock) -> Self {
        Self {
            http,
            now,
            seed: None,
            retries: RetrySchedule::default(),
            sent_after: Duration::from_millis(100),
            delivered_after: Duration::from_millis(500),
            review_after: Some(Duration::from_secs(5)),
            inbox_url: None,
        }
    }
}

impl fmt::Debug for SimulatorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorConfig").field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// A named channel, person or file is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnknownParty {
    #[error("there is no such channel")]
    Channel,
    #[error("there is no such person")]
    Contact,
    #[error("there is no such file")]
    File,
    #[error("there is no such message")]
    Message,
    #[error("there is no such template")]
    Template,
}

/// What changed, for the page.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Changed {
    /// `talk`, `log` or `scene`.
    pub(crate) what: &'static str,
}

pub(crate) struct Inner {
    pub(crate) scene: Mutex<Scene>,
    pub(crate) http: reqwest::Client,
    pub(crate) now: Clock,
    pub(crate) retries: RetrySchedule,
    pub(crate) sent_after: Duration,
    pub(crate) delivered_after: Duration,
    pub(crate) inbox_url: Option<String>,
    pub(crate) changes: broadcast::Sender<Changed>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) underway: watch::Sender<usize>,
    pub(crate) hold: Hold,
    /// Rings when the clock is moved forward.
    pub(crate) moved: watch::Sender<()>,
    pub(crate) started: Instant,
}

/// Meta and the customers' phones. Clones are the same simulator.
///
/// It starts tasks, so it has to be made and used inside a Tokio runtime.
#[derive(Clone)]
pub struct Simulator {
    pub(crate) inner: Arc<Inner>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Simulator")
    }
}

impl Simulator {
    pub fn new(config: SimulatorConfig) -> Self {
        let inner = Inner {
            scene: Mutex::new(Scene::new(config.seed.unwrap_or_else(Ids::random_seed))),
            http: config.http,
            now: config.now,
            retries: config.retries,
            sent_after: config.sent_after,
            delivered_after: config.delivered_after,
            inbox_url: config.inbox_url,
            changes: broadcast::Sender::new(256),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            underway: watch::Sender::new(0),
            hold: Hold::default(),
            moved: watch::Sender::new(()),
            started: Instant::now(),
        };
        if let Some(after) = config.review_after {
            let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
            inner.scene.lock().conditions.template_review = Some(TemplateReview::approves_after(after_ms));
        }
        Self { inner: Arc::new(inner) }
    }

    /// Connects a business number. One with the same id is replaced.
    pub fn add_channel(&self, channel: Channel) {
        let line = Line::open(&self.inner);
        let id = channel.phone_number_id.clone();
        let connected = Connected {
            channel,
            token_expired: false,
            subscribed: true,
            standing: Standing::default(),
            line,
        };
        self.inner.scene.lock().channels.insert(id, connected);
        self.inner.changed("scene");
    }

    /// Asks the callback of a channel the way Meta does when it is saved.
    pub async fn verify_callback(&self, phone_number_id: &str) -> Result<(), HandshakeError> {
        let (url, verify_token, challenge) = {
            let mut scene = self.inner.scene.lock();
            let challenge = scene.ids.digits(10);
            let channel = scene.channel(phone_number_id).ok_or(HandshakeError::NoCallback)?;
            let url = channel.callback_url.clone().ok_or(HandshakeError::NoCallback)?;
            (url, channel.verify_token.clone(), challenge)
        };
        shake(&self.inner.http, &url, &verify_token, &challenge).await
    }

    /// Makes the channel's token expired, or good again.
    pub fn expire_token(&self, phone_number_id: &str, expired: bool) -> Result<(), UnknownParty> {
        let mut scene = self.inner.scene.lock();
        let connected = scene.channels.get_mut(phone_number_id).ok_or(UnknownParty::Channel)?;
        connected.token_expired = expired;
        Ok(())
    }

    /// Adds a person.
    pub fn add_contact(&self, new: NewContact) -> Result<ContactId, NotAContact> {
        let id = self.inner.scene.lock().add_contact(new)?;
        self.inner.changed("scene");
        Ok(id)
    }

    /// Everybody, in the order in which they were added.
    pub fn contacts(&self) -> Vec<Contact> {
        self.inner.scene.lock().contacts.clone()
    }

    /// The chat of a person with a business number; empty if they never wrote.
    pub fn talk(&self, phone_number_id: &str, contact: ContactId) -> Result<Talk, UnknownParty> {
        let mut scene = self.inner.scene.lock();
        scene.channel(phone_number_id).ok_or(UnknownParty::Channel)?;
        scene.contact(contact).ok_or(UnknownParty::Contact)?;
        let now = self.inner.moved_now(&scene);
        Ok(scene.talk_mut(phone_number_id, contact).at(now))
    }

    /// Empties the chat on the phone. Nobody else notices.
    pub fn clear_talk(&self, phone_number_id: &str, contact: ContactId) {
        let mut scene = self.inner.scene.lock();
        scene.talk_mut(phone_number_id, contact).turns.clear();
        drop(scene);
        self.inner.changed("talk");
    }

    pub fn conditions(&self) -> Conditions {
        self.inner.scene.lock().conditions.clone()
    }

    pub fn set_conditions(&self, conditions: Conditions) {
        self.inner.scene.lock().conditions = conditions;
        self.inner.changed("scene");
    }

    /// Makes the next send, and only that one, fail.
    pub fn fail_next_send(&self, failure: PlannedFailure) {
        self.inner.scene.lock().conditions.fail_next = Some(failure);
        self.inner.changed("scene");
    }

    /// What became of every send since the beginning. It is never forgotten, so that a load test can count.
    pub fn tally(&self) -> Tally {
        self.inner.scene.lock().tally.clone()
    }

    /// Moves the clock forward for everything that ages: 24-hour windows, files and their addresses, and what Meta does
    /// later, such as posting a webhook again or looking at a template. The times in webhooks stay those of the real clock,
    /// because the desk's own clock does not move.
    pub fn advance_clock(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let mut scene = self.inner.scene.lock();
        scene.advanced = scene.advanced.saturating_add(by);
        drop(scene);
        self.inner.moved.send_replace(());
        self.inner.changed("scene");
    }

    /// The newest webhooks and calls first, 500 at most.
    pub fn log(&self) -> Vec<LogEntry> {
        self.inner.scene.lock().log.newest(usize::MAX)
    }

    pub fn clear_log(&self) {
        self.inner.scene.lock().log.clear();
        self.inner.changed("log");
    }

    /// Stores a file that a person here can send. Gives its id.
    pub fn add_file(
        &self,
        phone_number_id: &str,
        mime_type: &str,
        content: impl Into<bytes::Bytes>,
    ) -> Result<String, UnknownParty> {
        let mut scene = self.inner.scene.lock();
        scene.channel(phone_number_id).ok_or(UnknownParty::Channel)?;
        let file = StoredFile {
            phone_number_id: phone_number_id.to_owned(),
            mime_type: mime_type.to_owned(),
            content: content.into(),
            stored_at: self.inner.moved_now(&scene),
            from_customer: true,
        };
        let id = scene.ids.digits(15);
        scene.files.insert(id.clone(), file);
        Ok(id)
    }

    /// Everything that the simulator serves: the Graph API, the page and its control interface.
    pub fn router(&self) -> axum::Router {
        crate::graph::routes()
            .layer(axum::middleware::from_fn_with_state(self.clone(), hold::wait))
            .merge(crate::control::routes())
            .merge(crate::page::routes())
            .with_state(self.clone())
    }

    /// Waits until every webhook was answered with 200 or given up. Never returns while a callback keeps refusing
    /// within its schedule.
    pub async fn idle(&self) {
        let mut underway = self.inner.underway.subscribe();
        // The sender lives as long as `self`.
        if underway.wait_for(|count| *count == 0).await.is_err() {
            tracing::debug!("the simulator is gone");
        }
    }

    /// Stops the background tasks. Webhooks that wait are dropped.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }
}

impl Inner {
    /// Milliseconds by the real clock.
    pub(crate) fn millis(&self) -> i64 {
        (self.now)()
    }

    /// Seconds by the real clock, as in webhooks.
    pub(crate) fn seconds(&self) -> i64 {
        self.millis().div_euclid(1_000)
    }

    /// Milliseconds by the clock that can be moved forward.
    pub(crate) fn moved_now(&self, scene: &Scene) -> i64 {
        self.millis().saturating_add(scene.advanced)
    }

    /// How long the simulator has lived, by the clock that can be moved forward.
    pub(crate) fn lived(&self) -> Duration {
        let advanced = u64::try_from(self.scene.lock().advanced).unwrap_or_default();
        self.started.elapsed().saturating_add(Duration::from_millis(advanced))
    }

    /// Waits until it has lived so long; a clock that is moved forward ends the wait.
    pub(crate) async fn until(&self, age: Duration) {
        let mut moved = self.moved.subscribe();
        loop {
            let left = age.saturating_sub(self.lived());
            if left.is_zero() {
                return;
            }
            // The sender lives as long as `self`.
            let _ = tokio::time::timeout(left, moved.changed()).await;
        }
    }

    /// Tells the page. Nobody may be looking.
    pub(crate) fn changed(&self, what: &'static str) {
        if self.changes.send(Changed { what }).is_err() {
            tracing::trace!("nobody is looking at the page");
        }
    }

    /// Notes an attempt, and gives the message of a contact its second tick.
    pub(crate) fn attempted(&self, parcel: &Parcel, status: Option<u16>) {
        let mut scene = self.scene.lock();
        scene.log.attempted(parcel.log_id, status);
        if let (Some(200), Some((contact, wamid))) = (status, &parcel.confirms)
            && let Some(turn) = scene.talk_mut(&parcel.phone_number_id, *contact).turn(wamid)
            && turn.tick == Tick::Sent
        {
            turn.tick = Tick::Delivered;
        }
        drop(scene);
        self.changed("talk");
    }

    /// Logs a body and puts it on the channel's line, after a wait.
    #[expect(clippy::too_many_arguments, reason = "one private function that every webhook goes through")]
    pub(crate) fn post(
        self: &Arc<Self>,
        scene: &mut Scene,
        channel: &Channel,
        label: String,
        body: &Value,
        payload: Value,
        contact: Option<ContactId>,
        confirms: Option<String>,
        after: Duration,
    ) {
        let parcel = self.parcel(scene, channel, label, wire::escaped(body), payload, contact, confirms);
        let Some(line) = scene.channels.get(&channel.phone_number_id).map(|connected| connected.line.clone())
        else {
            return;
        };
        if after.is_zero() {
            line.send(parcel);
            return;
        }
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let late = async {
                tokio::time::sleep(after).await;
                line.send(parcel);
            };
            stop.run_until_cancelled(late).await
        });
    }

    #[expect(clippy::too_many_arguments, reason = "the private constructor behind `post`")]
    pub(crate) fn parcel(
        &self,
        scene: &mut Scene,
        channel: &Channel,
        label: String,
        body: bytes::Bytes,
        payload: Value,
        contact: Option<ContactId>,
        confirms: Option<String>,
    ) -> Parcel {
        let is_of_messages = crate::webhook::is_of_messages(&body);
        let log_id = scene.log.add(LogEntry {
            id: 0,
            at: self.millis(),
            direction: Direction::Received,
            label,
            phone_number_id: channel.phone_number_id.clone(),
            contact,
            payload,
            http_status: None,
            attempts: 0,
            code: None,
        });
        Parcel {
            phone_number_id: channel.phone_number_id.clone(),
            body,
            is_of_messages,
            log_id,
            due: Instant::now() + Duration::from_millis(scene.conditions.delay_ms),
            confirms: contact.zip(confirms),
            _underway: Underway::count(&self.underway),
        }
    }
}
