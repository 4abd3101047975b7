//! What follows an accepted send: sent, delivered, read, or failed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::fault::Fault;
use crate::channel::Channel;
use crate::contact::Contact;
use crate::delivery::Underway;
use crate::json::text;
use crate::simulator::Inner;
use crate::talk::{Tick, Turn};

/// Posts the statuses of a message one after the other, in the background.
pub(crate) fn climb(
    inner: &Arc<Inner>,
    channel: Channel,
    contact: Contact,
    turn: Turn,
    fails: Option<i64>,
    sent_already: bool,
) {
    let climber = Climber { inner: Arc::clone(inner), channel, contact, turn };
    let underway = inner.underway();
    let stop = inner.stop.clone();
    inner.tasks.spawn(async move {
        stop.run_until_cancelled(climber.climb(fails, sent_already)).await;
        drop(underway);
    });
}

struct Climber {
    inner: Arc<Inner>,
    channel: Channel,
    contact: Contact,
    turn: Turn,
}

impl Climber {
    async fn climb(&self, fails: Option<i64>, sent_already: bool) {
        sleep(self.inner.sent_after).await;
        if let Some(code) = fails {
            self.post("failed", Some(code));
            return;
        }
        if !sent_already {
            self.post("sent", None);
        }
        // Meta tells nothing more about reactions.
        if text(&self.turn.content, "/type") == Some("reaction") {
            return;
        }
        sleep(self.inner.delivered_after.saturating_sub(self.inner.sent_after)).await;
        if self.advance(Tick::Delivered) {
            self.post("delivered", None);
        }
        if self.inner.scene.lock().conditions.reads_at_once && self.advance(Tick::Read) {
            self.post("read", None);
        }
    }

    /// Moves the tick. False if it is there already, which happens when the chat is open: then `delivered` is skipped.
    fn advance(&self, tick: Tick) -> bool {
        let mut scene = self.inner.scene.lock();
        let talk = scene.talk_mut(&self.channel.phone_number_id, self.contact.id);
        match talk.turn(&self.turn.wamid) {
            Some(turn) if turn.tick < tick => {
                turn.tick = tick;
                true
            }
            _ => false,
        }
    }

    fn post(&self, word: &str, code: Option<i64>) {
        let error = code.map(Fault::in_webhook);
        let mut scene = self.inner.scene.lock();
        self.inner.post_status(
            &mut scene,
            &self.channel,
            &self.contact,
            &self.turn,
            word,
            Duration::ZERO,
            error.as_ref(),
        );
        drop(scene);
        self.inner.changed("talk");
    }
}

impl Inner {
    fn underway(&self) -> Underway {
        Underway::count(&self.underway)
    }
}
