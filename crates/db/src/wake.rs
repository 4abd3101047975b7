//! Waking those who wait for work, so that nobody polls fast.

use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::watch;

/// What happened, named by who waits for it: `inbound`, `jobs`, `events`, ….
pub type Topic = &'static str;

/// The waiting places of one process, one a topic.
#[derive(Debug, Default, Clone)]
pub(crate) struct Bell {
    topics: Arc<Mutex<HashMap<String, watch::Sender<u64>>>>,
}

impl Bell {
    pub(crate) fn ring(&self, topic: &str) {
        if let Some(rings) = self.topics.lock().get(topic) {
            rings.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    pub(crate) fn listen(&self, topic: Topic) -> Listener {
        let mut topics = self.topics.lock();
        let rings = topics.entry(topic.to_owned()).or_insert_with(|| watch::Sender::new(0));
        Listener { rings: rings.subscribe() }
    }
}

/// Somebody who waits for a topic. A ring between two waits is not lost: the next wait returns at once.
#[derive(Debug)]
pub struct Listener {
    rings: watch::Receiver<u64>,
}

impl Listener {
    /// Return when the topic was rung, or after `at_most`: a ring is a hint that may get lost between processes,
    /// and looking again is always right.
    pub async fn wait(&mut self, at_most: Duration) {
        if let Ok(Err(_gone)) = tokio::time::timeout(at_most, self.rings.changed()).await {
            // The database was closed; without a pause the caller would spin.
            tokio::time::sleep(at_most).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_ring_reaches_every_listener_even_one_that_was_busy() {
        let bell = Bell::default();
        let (mut early, mut busy) = (bell.listen("jobs"), bell.listen("jobs"));
        let stranger = bell.listen("events");
        bell.ring("jobs");
        let day = Duration::from_secs(86_400);
        early.wait(day).await;
        busy.wait(day).await;
        assert!(!stranger.rings.has_changed().unwrap());
    }
}
