//! Waiting for one's turn: whoever wants to send from a number stands in line here.

use super::{
    number::{Grant, Moments, NumberPace},
    store,
};
use crate::{
    app::App,
    channels::Channel,
    clock::{Millis, SECOND},
    error::Result,
    ids::ChannelId,
    tenants::TenantScope,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// How long a message stands in line before it goes back into the queue, so that others of its tenant are looked at.
const PATIENCE: Duration = Duration::from_secs(5);
/// A number that leaves nothing for longer than this is not waited for in line.
const SHORT: Millis = 3 * SECOND;
/// How long a message stays in the queue whose patience ended.
const BUSY: Millis = SECOND;
/// Numbers that one process remembers; those of which nobody waits are forgotten first.
const MOST_NUMBERS: usize = 10_000;

/// How much a message presses. In the queue of a tenant, and in the line of a number, the more urgent one comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// A person wrote it and another one waits for it.
    #[default]
    Person,
    /// A program sends it to one contact.
    Program,
    /// It goes to many.
    Campaign,
}

impl Urgency {
    /// The priority of its job.
    pub(super) fn priority(self) -> i8 {
        match self {
            Self::Person => 0,
            Self::Program => 10,
            Self::Campaign => 20,
        }
    }
}

/// What standing in line led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Send now.
    Now,
    /// Not now: come back after so many milliseconds.
    Later(Millis, &'static str),
}

/// The lines of all numbers from which this process sends.
#[derive(Debug, Default)]
pub struct Pacer {
    numbers: Mutex<HashMap<ChannelId, Arc<Line>>>,
}

/// The line of one number. Tokio's mutexes are fair, so whoever stands first goes first.
#[derive(Debug, Default)]
struct Line {
    /// Only one program's message at a time stands where people's do, and only one campaign's where programs' do.
    programs: tokio::sync::Mutex<()>,
    campaigns: tokio::sync::Mutex<()>,
    front: tokio::sync::Mutex<Moments>,
    /// What this process was told last, until when nothing leaves.
    closed_until: Mutex<Option<(Millis, &'static str)>>,
    /// Calls that failed in a row.
    failures: AtomicU32,
    is_broken: std::sync::atomic::AtomicBool,
}

impl Pacer {
    fn line(&self, channel: ChannelId) -> Arc<Line> {
        let mut numbers = self.numbers.lock();
        if numbers.len() >= MOST_NUMBERS && !numbers.contains_key(&channel) {
            numbers.retain(|_, line| Arc::strong_count(line) > 1);
        }
        numbers.entry(channel).or_default().clone()
    }

    /// Stand in line until a message may leave from a number, or for as long as there is a point in it.
    pub(super) async fn turn(
        &self,
        app: &App,
        scope: TenantScope,
        channel: &Channel,
        urgency: Urgency,
    ) -> Result<Turn> {
        let line = self.line(channel.id);
        if let Some((wait, why)) = line.closed_for(app.clock.now())
            && wait > SHORT
        {
            return Ok(Turn::Later(wait, why));
        }
        let standing = line.stand(app, scope, channel, urgency);
        tokio::time::timeout(PATIENCE, standing).await.unwrap_or(Ok(Turn::Later(BUSY, "number")))
    }

    /// A call was answered, or it failed in a way that says that the number does not work.
    ///
    /// # Errors
    /// What the database answers.
    pub(super) async fn note(
        &self,
        app: &App,
        scope: TenantScope,
        channel: ChannelId,
        answered: bool,
    ) -> Result<()> {
        let line = self.line(channel);
        if answered {
            line.failures.store(0, Ordering::Relaxed);
            if !line.is_broken.load(Ordering::Relaxed) {
                return Ok(());
            }
            let now = app.clock.now();
            let is_news = change(app, scope, channel, |pace| pace.mend(now)).await?.is_some();
            line.is_broken.store(false, Ordering::Relaxed);
            *line.closed_until.lock() = None;
            if is_news {
                metrics::counter!("zelo_circuit_changes_total", "state" => "closed").increment(1);
                tracing::info!(channel_id = %channel, "A number sends again");
            }
            return Ok(());
        }
        let failures = line.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let is_probe = line.is_broken.load(Ordering::Relaxed);
        if failures < app.config.outbound.breaker_failures && !is_probe {
            return Ok(());
        }
        let now = app.clock.now();
        let opened = change(app, scope, channel, |pace| pace.break_off(now)).await?;
        line.is_broken.store(true, Ordering::Relaxed);
        if let Some(pace) = opened {
            line.close(pace.closed_until, "circuit");
            metrics::counter!("zelo_circuit_changes_total", "state" => "open").increment(1);
            tracing::error!(
                channel_id = %channel, failures, wait_ms = pace.closed_until - now,
                "Calls to Meta for a number keep failing; its messages wait"
            );
        }
        Ok(())
    }

    /// Meta said 130429; returns how long the number is silent.
    ///
    /// # Errors
    /// What the database answers.
    pub(super) async fn slow_down(
        &self,
        app: &App,
        scope: TenantScope,
        channel: ChannelId,
    ) -> Result<Millis> {
        let (line, now) = (self.line(channel), app.clock.now());
        let slowed = change(app, scope, channel, |pace| pace.slow_down(now)).await?;
        if let Some(pace) = slowed {
            line.close(pace.closed_until, "number");
            metrics::counter!("zelo_number_slowed_total").increment(1);
            tracing::warn!(channel_id = %channel, share_per_mille = pace.share, "Meta says that a number is too fast; it slows down");
        }
        Ok(line.closed_for(now).map_or(SECOND, |(wait, _)| wait))
    }

    /// Meta's call rates are used up: the number is silent for `wait`.
    ///
    /// # Errors
    /// What the database answers.
    pub(super) async fn pause(
        &self,
        app: &App,
        scope: TenantScope,
        channel: ChannelId,
        wait: Millis,
    ) -> Result<()> {
        let until = app.clock.now() + wait;
        change(app, scope, channel, |pace| {
            pace.pause(until);
            true
        })
        .await?;
        self.line(channel).close(until, "number");
        Ok(())
    }
}

/// Change a number's pace for all processes; gives it when there was something to change.
async fn change(
    app: &App,
    scope: TenantScope,
    channel: ChannelId,
    what: impl Fn(&mut NumberPace) -> bool,
) -> Result<Option<NumberPace>> {
    let what = &what;
    db::write!(app.db, "change_pace", scope.into(), |tx| -> Result<Option<NumberPace>> {
        let mut pace = store::lock_number(tx, scope, channel).await?;
        if !what(&mut pace) {
            return Ok(None);
        }
        store::update_number(tx, scope, channel, &pace).await?;
        Ok(Some(pace))
    })
}

impl Line {
    async fn stand(
        &self,
        app: &App,
        scope: TenantScope,
        channel: &Channel,
        urgency: Urgency,
    ) -> Result<Turn> {
        let _among_programs =
            if urgency == Urgency::Campaign { Some(self.campaigns.lock().await) } else { None };
        let _among_people = if urgency == Urgency::Person { None } else { Some(self.programs.lock().await) };
        let mut moments = self.front.lock().await;
        loop {
            let now = app.clock.now();
            let wait = match self.closed_for(now) {
                Some((wait, why)) if wait > SHORT => return Ok(Turn::Later(wait, why)),
                Some((wait, _)) => wait,
                None => match moments.take(now) {
                    Some(0) => return Ok(Turn::Now),
                    Some(wait) => wait,
                    None => match grant(app, scope, channel).await? {
                        Grant::Moments(granted) => {
                            *moments = granted;
                            continue;
                        }
                        Grant::Probe => {
                            // Whatever this one leads to is what the circuit waits for.
                            self.is_broken.store(true, Ordering::Relaxed);
                            return Ok(Turn::Now);
                        }
                        Grant::Later(until) => {
                            self.close(until, "number");
                            continue;
                        }
                        Grant::Broken(until) => {
                            self.is_broken.store(true, Ordering::Relaxed);
                            self.close(until, "circuit");
                            continue;
                        }
                    },
                },
            };
            let wait = u64::try_from(wait.clamp(1, SHORT)).unwrap_or(1);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }

    fn close(&self, until: Millis, why: &'static str) {
        let mut closed = self.closed_until.lock();
        if closed.is_none_or(|(known, _)| known < until) {
            *closed = Some((until, why));
        }
    }

    /// How long nothing leaves from now on, and why.
    fn closed_for(&self, now: Millis) -> Option<(Millis, &'static str)> {
        let (until, why) = (*self.closed_until.lock())?;
        (until > now).then_some((until - now, why))
    }
}

/// Take a part of a number's time.
async fn grant(app: &App, scope: TenantScope, channel: &Channel) -> Result<Grant> {
    let per_second = channel.pace(app.config.outbound.messages_per_second);
    let now = app.clock.now();
    db::write!(app.db, "take_moments", scope.into(), |tx| -> Result<Grant> {
        let mut pace = store::lock_number(tx, scope, channel.id).await?;
        let grant = pace.grant(per_second, now);
        store::update_number(tx, scope, channel.id, &pace).await?;
        Ok(grant)
    })
}
