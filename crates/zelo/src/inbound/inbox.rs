//! Raw events on disk, many requests sharing one commit.

use super::{TOPIC, store};
use crate::{
    clock::{Clock, DAY},
    crypto::{Keyring, Place},
    error::{Error, Result},
    ids::{ChannelId, Ids},
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use db::{Db, Rows, Scope};
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// How many events share one commit at most.
const MOST_PER_COMMIT: usize = 512;
/// How many may wait for the writer; more are refused with 503, and Meta sends them again.
const ROOM: usize = 4096;
/// How long a request waits for its commit before it is refused.
const PATIENCE: Duration = Duration::from_secs(5);

/// A webhook body whose signature was right.
#[derive(Debug)]
pub struct RawEvent {
    /// Whose signature.
    pub app_secret: Uuid,
    /// The channel whose own address it came to.
    pub channel: Option<ChannelId>,
    /// The number that it seems to be about; decides the lane.
    pub number_hint: Option<String>,
    /// The bytes as they came.
    pub body: Bytes,
}

/// The proof that an event is on disk. The writer issues it after its commit, and nobody else can. It is the answer 200, so
/// that no handler can say 200 without it.
#[derive(Debug)]
pub struct Receipt {
    _issued_by_the_writer: (),
}

impl IntoResponse for Receipt {
    fn into_response(self) -> Response {
        StatusCode::OK.into_response()
    }
}

struct Parcel {
    lane: i64,
    id: Uuid,
    event: RawEvent,
    received_at: i64,
    key_id: Uuid,
    body_sealed: Vec<u8>,
    done: oneshot::Sender<Result<Receipt, ()>>,
}

/// Takes events in.
#[derive(Clone)]
pub struct Inbox {
    parcels: mpsc::Sender<Parcel>,
    keyring: Keyring,
    clock: Clock,
    ids: Ids,
    lanes: i64,
}

impl Inbox {
    /// Open the inbox, and return what its writer does until everybody who could bring events is gone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open(
        db: Db,
        keyring: Keyring,
        clock: Clock,
        ids: Ids,
        lanes: usize,
    ) -> Result<(Self, impl Future<Output = ()> + Send + 'static)> {
        let lanes = i64::try_from(lanes.max(1)).unwrap_or(1);
        db::write!(db, "ensure_lanes", Scope::Platform, |tx| -> Result<()> {
            Ok(store::ensure_lanes(tx, lanes).await?)
        })?;
        let (parcels, arriving) = mpsc::channel(ROOM);
        let writer = write_in_groups(db, arriving);
        Ok((Self { parcels, keyring, clock, ids, lanes }, writer))
    }

    /// Put an event on disk.
    ///
    /// # Errors
    /// [`Error::Unavailable`] whenever it is not certain to be there: no room, a failing disk, no answer in time. The
    /// event may be stored all the same; Meta sends it again and the repetition is recognised.
    pub async fn store(&self, event: RawEvent) -> Result<Receipt> {
        let received_at = self.clock.now();
        let key = self.keyring.key_of_the_day(received_at.div_euclid(DAY)).await?;
        let id = self.ids.next();
        let body_sealed = key.seal(event_place(id), &event.body)?;
        let lane = lane_of(event.number_hint.as_deref().unwrap_or_default(), self.lanes);
        let (done, receipt) = oneshot::channel();
        let parcel = Parcel { lane, id, event, received_at, key_id: key.id().0, body_sealed, done };
        self.parcels.try_send(parcel).map_err(|_| Error::Unavailable(None))?;
        match tokio::time::timeout(PATIENCE, receipt).await {
            Ok(Ok(Ok(receipt))) => Ok(receipt),
            _ => Err(Error::Unavailable(None)),
        }
    }
}

/// Where a raw event's body belongs.
pub(super) fn event_place(id: Uuid) -> Place<'static> {
    Place { tenant: Uuid::nil(), table: "webhook_events", column: "body", row: id }
}

/// FNV-1a: spreads numbers over lanes, the same way in every process and version.
fn lane_of(number: &str, lanes: i64) -> i64 {
    let hash = number.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    i64::try_from(hash % u64::try_from(lanes).unwrap_or(1)).unwrap_or(0)
}

async fn write_in_groups(db: Db, mut arriving: mpsc::Receiver<Parcel>) {
    let mut group = Vec::with_capacity(MOST_PER_COMMIT);
    while arriving.recv_many(&mut group, MOST_PER_COMMIT).await > 0 {
        let stored = write_group(&db, &group).await;
        if let Err(error) = &stored {
            tracing::error!(%error, events = group.len(), "Webhook events could not be stored; Meta will send them again");
        }
        for parcel in group.drain(..) {
            let answer = stored.as_ref().map(|()| Receipt { _issued_by_the_writer: () }).map_err(|_| ());
            // A request that has gone away needs no answer: its event is stored, and its repetition is recognised.
            let _ = parcel.done.send(answer);
        }
    }
}

async fn write_group(db: &Db, group: &[Parcel]) -> db::Result<()> {
    // In the order of lanes, so that two processes never wait for each other's inlets.
    let mut by_lane: BTreeMap<i64, Vec<&Parcel>> = BTreeMap::new();
    for parcel in group {
        by_lane.entry(parcel.lane).or_default().push(parcel);
    }
    db::write!(db, "store_events", Scope::Platform, |tx| -> db::Result<()> {
        // Meta waits for this commit; a batch that is processed meanwhile has time.
        tx.hurry();
        let mut rows = Rows::new();
        for (lane, parcels) in &by_lane {
            let last = store::take_places(tx, *lane, parcels.len()).await?;
            let first = last - i64::try_from(parcels.len()).unwrap_or(0);
            for (seq, parcel) in (first + 1..).zip(parcels) {
                rows.push([
                    (*lane).into(),
                    seq.into(),
                    parcel.id.into(),
                    parcel.event.app_secret.into(),
                    parcel.event.channel.into(),
                    parcel.received_at.into(),
                    parcel.key_id.into(),
                    (&parcel.body_sealed).into(),
                ]);
            }
        }
        store::insert_events(tx, &rows).await?;
        tx.wake(TOPIC);
        Ok(())
    })
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Inbox")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_lane_and_many_numbers_use_all_lanes() {
        assert_eq!(lane_of("200300400500601", 16), lane_of("200300400500601", 16));
        let used: std::collections::HashSet<i64> =
            (0..500).map(|number| lane_of(&format!("1065403{number}"), 16)).collect();
        assert_eq!(used.len(), 16);
        assert!(used.iter().all(|lane| (0..16).contains(lane)));
    }
}
