//! Events that could not be understood: kept, visible, and processed again on demand.

use super::{RawEvent, inbox::event_place, store::EventRow, update::Reason};
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    clock::Millis,
    crypto::Place,
    error::{Error, Result},
    ids::{ChannelId, TenantId},
};
use bytes::Bytes;
use db::{Rows, Scope, Tx, params};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// An event on its way into the quarantine, sealed by the platform: the key of its day will be destroyed.
pub(super) struct QuarantineRow {
    id: Uuid,
    reason: &'static str,
    detail: String,
    seq: i64,
    app_secret: Uuid,
    channel: Option<ChannelId>,
    received_at: Millis,
    body_sealed: Vec<u8>,
}

impl QuarantineRow {
    pub(super) async fn seal_all(
        app: &App,
        events: &[EventRow],
        quarantined: &BTreeMap<usize, (Reason, String)>,
    ) -> Result<Vec<Self>> {
        let mut rows = Vec::with_capacity(quarantined.len());
        for (position, (reason, detail)) in quarantined {
            let Some(event) = events.get(*position) else { continue };
            let body = match app.keyring.key(event.key_id).await {
                Ok(key) => key.open(event_place(event.id), &event.body_sealed).unwrap_or_default(),
                Err(_) => Vec::new(),
            };
            rows.push(Self {
                id: event.id,
                reason: reason.as_str(),
                detail: detail.clone(),
                seq: event.seq,
                app_secret: event.app_secret,
                channel: event.channel,
                received_at: event.received_at,
                body_sealed: app.keyring.platform().await?.data.seal(place(event.id), &body)?,
            });
        }
        Ok(rows)
    }
}

fn place(id: Uuid) -> Place<'static> {
    Place { tenant: Uuid::nil(), table: "webhook_quarantine", column: "body", row: id }
}

pub(super) async fn insert(
    tx: &mut Tx,
    quarantined: &[QuarantineRow],
    lane: i64,
    now: Millis,
) -> db::Result<u64> {
    let mut rows = Rows::new();
    for row in quarantined {
        rows.push([
            row.id.into(),
            row.reason.into(),
            (&row.detail).into(),
            row.seq.into(),
            row.app_secret.into(),
            row.channel.into(),
            row.received_at.into(),
            (&row.body_sealed).into(),
        ]);
    }
    tx.execute_rows(
        "insert into webhook_quarantine (id, reason, detail, lane, seq, app_secret_id, channel_id, received_at,
             quarantined_at, body_sealed)
         select r.id, r.reason, r.detail, $1, r.seq, r.app_secret_id, r.channel_id, r.received_at, $2, r.body_sealed
         from $rows(id uuid, reason text, detail text, seq int, app_secret_id uuid, channel_id uuid, received_at int,
             body_sealed blob)",
        params![lane, now],
        &rows,
    )
    .await
}

/// An event in the quarantine.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Quarantined {
    /// Its id.
    pub id: Uuid,
    /// Why: `not_understood`, `unknown_channel`, `other_app`, `cannot_be_opened` or `poison`.
    pub reason: String,
    /// More about why, without anything personal.
    pub detail: String,
    /// When it came in, in milliseconds since 1970.
    pub received_at: Millis,
    /// When it was processed again, if it was.
    pub replayed_at: Option<Millis>,
}

/// The newest events in the quarantine.
///
/// # Errors
/// When the database does not answer.
pub async fn list_quarantined(app: &App, limit: i64) -> Result<Vec<Quarantined>> {
    db::read!(app.db, "list_quarantined", Scope::Platform, |tx| -> Result<_> {
        Ok(tx
            .query(
                "select id, reason, detail, received_at, replayed_at from webhook_quarantine
                 order by quarantined_at desc, id desc limit $1",
                params![limit],
                |row| {
                    Ok(Quarantined {
                        id: row.get(0)?,
                        reason: row.get(1)?,
                        detail: row.get(2)?,
                        received_at: row.get(3)?,
                        replayed_at: row.get(4)?,
                    })
                },
            )
            .await?)
    })
}

/// Which events of the quarantine are meant; what is left out does not narrow.
#[derive(Debug, Clone, Default)]
pub struct ReplayFilter {
    /// These.
    pub ids: Vec<Uuid>,
    /// Those that came in then or later.
    pub from: Option<Millis>,
    /// Those that came in before.
    pub to: Option<Millis>,
    /// Those that are there for this reason.
    pub reason: Option<String>,
}

/// Process events again, in the order in which they came in; returns how many. Events that were processed again before are
/// left out, unless they are named.
///
/// # Errors
/// [`Error::Unavailable`] when one could not be stored: those before it were.
pub async fn replay_all(app: &App, filter: &ReplayFilter) -> Result<usize> {
    let ids = db::read!(app.db, "list_to_replay", Scope::Platform, |tx| -> Result<Vec<Uuid>> {
        if !filter.ids.is_empty() {
            let mut rows = Rows::new();
            for id in &filter.ids {
                rows.push([(*id).into()]);
            }
            let mut found: Vec<(Millis, Uuid)> = tx
                .query_rows(
                    "select q.received_at, q.id from $rows(id uuid) $find(webhook_quarantine q: q.id = r.id)",
                    &[],
                    &rows,
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .await?;
            found.sort_unstable();
            return Ok(found.into_iter().map(|(_, id)| id).collect());
        }
        Ok(tx
            .query(
                "select id from webhook_quarantine
                 where replayed_at is null and received_at >= $1 and received_at < $2
                     and (cast($3 as text) is null or reason = $3)
                 order by received_at, id",
                params![filter.from.unwrap_or(0), filter.to.unwrap_or(i64::MAX), filter.reason.as_deref()],
                |row| row.get(0),
            )
            .await?)
    })?;
    for id in &ids {
        replay_quarantined(app, *id).await?;
    }
    Ok(ids.len())
}

/// Process an event again, as a new one, for example after its channel was connected.
///
/// # Errors
/// [`Error::NotFound`] when it is not in the quarantine; [`Error::Unavailable`] when it could not be stored.
pub async fn replay_quarantined(app: &App, id: Uuid) -> Result<()> {
    let found = db::read!(app.db, "get_quarantined", Scope::Platform, |tx| -> Result<_> {
        Ok(tx
            .query_opt(
                "select app_secret_id, channel_id, body_sealed from webhook_quarantine where id = $1",
                params![id],
                |row| Ok((row.get::<Uuid>(0)?, row.get::<Option<ChannelId>>(1)?, row.get::<Vec<u8>>(2)?)),
            )
            .await?)
    })?;
    let (app_secret, channel, sealed) = found.ok_or(Error::NotFound)?;
    let body = Bytes::from(app.keyring.platform().await?.data.open(place(id), &sealed)?);
    let number_hint = whatsapp::webhook::phone_number_id_hint(&body).map(str::to_owned);
    app.inbox.store(RawEvent { app_secret, channel, number_hint, body }).await?;
    let now = app.clock.now();
    let pen = Pen::of(app, TenantId(Uuid::nil())).await?;
    db::write!(app.db, "mark_replayed", Scope::Tenant(Uuid::nil()), |tx| -> Result<()> {
        tx.execute("update webhook_quarantine set replayed_at = $2 where id = $1", params![id, now]).await?;
        pen.write(tx, Entry::of(EventType::EventReplay, "webhook_event_replayed").on("webhook_event", id))
            .await
    })
}

pub(super) async fn delete_before(tx: &mut Tx, quarantined_before: Millis) -> db::Result<u64> {
    tx.execute("delete from webhook_quarantine where quarantined_at < $1", params![quarantined_before]).await
}
