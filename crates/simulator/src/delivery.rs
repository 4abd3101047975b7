//! Posting webhooks: signed, in order, and again until somebody answers 200.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use whatsapp::signature::AppSecret;

use crate::contact::ContactId;
use crate::simulator::Inner;

/// Receivers that take longer count as silent. Meta documents no figure; other sources say 5 to 10 s.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a webhook waits for another one to change places with.
const SWAP_WAIT: Duration = Duration::from_millis(500);

/// One body on its way.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) phone_number_id: String,
    pub(crate) body: Bytes,
    /// Follows the overrides of callbacks; what Meta says of accounts and templates does not.
    pub(crate) is_of_messages: bool,
    pub(crate) log_id: u64,
    /// Not before.
    pub(crate) due: Instant,
    /// The message of a contact that gets its second tick by this.
    pub(crate) confirms: Option<(ContactId, String)>,
    /// Counts the parcel as underway for as long as it exists.
    pub(crate) _underway: Underway,
}

/// Lets somebody wait until nothing is underway.
#[derive(Debug)]
pub(crate) struct Underway(watch::Sender<usize>);

impl Underway {
    pub(crate) fn count(counter: &watch::Sender<usize>) -> Self {
        counter.send_modify(|count| *count = count.saturating_add(1));
        Self(counter.clone())
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// The way to one channel's callback. First attempts keep their order.
#[derive(Debug, Clone)]
pub(crate) struct Line(mpsc::UnboundedSender<Parcel>);

impl Line {
    /// Starts the line's task on the simulator's tracker.
    pub(crate) fn open(inner: &Arc<Inner>) -> Self {
        let (sender, parcels) = mpsc::unbounded_channel();
        let stop = inner.stop.clone();
        let worker = Arc::clone(inner);
        inner.tasks.spawn(async move { stop.run_until_cancelled(run(worker, parcels)).await });
        Self(sender)
    }

    /// Hands a parcel over. After the simulator stopped it is dropped.
    pub(crate) fn send(&self, parcel: Parcel) {
        if self.0.send(parcel).is_err() {
            tracing::debug!("the simulator stopped; a webhook was dropped");
        }
    }
}

async fn run(inner: Arc<Inner>, mut parcels: mpsc::UnboundedReceiver<Parcel>) {
    let mut held: Option<Parcel> = None;
    loop {
        let next = match held {
            Some(_) => timeout(SWAP_WAIT, parcels.recv()).await.ok(),
            None => Some(parcels.recv().await),
        };
        match next {
            Some(None) => return,
            Some(Some(parcel)) if held.is_none() && inner.scene.lock().conditions.out_of_order => {
                held = Some(parcel);
                continue;
            }
            Some(Some(parcel)) => deliver(&inner, parcel).await,
            None => {}
        }
        if let Some(parcel) = held.take() {
            deliver(&inner, parcel).await;
        }
    }
}

/// The first attempt. Further ones do not hold up the line.
pub(crate) async fn deliver(inner: &Arc<Inner>, parcel: Parcel) {
    sleep_until(parcel.due).await;
    if attempt(inner, &parcel).await {
        if inner.scene.lock().conditions.duplicate {
            attempt(inner, &parcel).await;
        }
        return;
    }
    let again = Arc::clone(inner);
    let stop = inner.stop.clone();
    inner.tasks.spawn(async move { stop.run_until_cancelled(retry(again, parcel)).await });
}

async fn retry(inner: Arc<Inner>, parcel: Parcel) {
    let mut attempts = 1;
    let mut due = inner.lived();
    while let Some(wait) = inner.retries.wait_after(attempts) {
        // What was due on days that the clock has skipped is made up for.
        due = due.saturating_add(wait);
        inner.until(due).await;
        if attempt(&inner, &parcel).await {
            return;
        }
        attempts = attempts.saturating_add(1);
    }
    tracing::warn!(phone_number_id = parcel.phone_number_id, "a webhook was given up");
}

/// Posts once. Whether it counts as delivered: only 200 does.
async fn attempt(inner: &Arc<Inner>, parcel: &Parcel) -> bool {
    let Some((url, signature)) = address(inner, parcel) else { return true };
    let request = inner
        .http
        .post(url)
        .timeout(PATIENCE)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, "facebookexternalua")
        .header("X-Hub-Signature-256", signature)
        .body(parcel.body.clone());
    let status = match request.send().await {
        Ok(response) => Some(response.status().as_u16()),
        Err(error) => {
            tracing::debug!(%error, "a webhook was not answered");
            None
        }
    };
    inner.attempted(parcel, status);
    status == Some(200)
}

/// Where to, and the signature under the conditions of this moment. Nothing if nobody is to hear of it.
fn address(inner: &Inner, parcel: &Parcel) -> Option<(String, String)> {
    let scene = inner.scene.lock();
    let connected = scene.channels.get(&parcel.phone_number_id)?;
    let url = connected.destination(parcel.is_of_messages)?.to_owned();
    let signature = if scene.conditions.wrong_signature {
        AppSecret::new("not the secret of the app").sign(&parcel.body)
    } else {
        connected.channel.app_secret.sign(&parcel.body)
    };
    Some((url, signature))
}
