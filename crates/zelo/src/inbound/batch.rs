//! From raw events to a batch that only needs storing. Nothing here happens inside a transaction.

use super::{
    inbox::event_place,
    store::EventRow,
    update::{Reason, Reported, Share, Sorted},
};
use crate::{
    app::App,
    clock::SECOND,
    contacts::{Resolver, Sighting},
    crypto::{Field, Place},
    error::Result,
    ids::{ChannelId, MessageId, TenantId},
    media::NewMedia,
    messages::{Body, NewInbound, Said, SendFailure, StatusReport},
    tenants::{self, TenantScope},
};
use uuid::Uuid;
use whatsapp::webhook::{Content, InboundMessage};

/// One tenant's share, sealed and ready.
pub(super) struct Prepared {
    pub(super) scope: TenantScope,
    pub(super) reopen_within: i64,
    pub(super) people: Resolver,
    pub(super) messages: Vec<PreparedMessage>,
    /// With the event that each came in.
    pub(super) reports: Vec<(usize, StatusReport)>,
    pub(super) notices: Vec<PreparedNotice>,
}

pub(super) struct PreparedMessage {
    pub(super) event: usize,
    pub(super) channel: ChannelId,
    pub(super) message: NewInbound,
    /// Whether it opens the window and counts as unread.
    pub(super) asks_for_answer: bool,
    /// The file that is to be fetched.
    pub(super) media: Option<NewMedia>,
}

pub(super) struct PreparedNotice {
    pub(super) event: usize,
    pub(super) id: Uuid,
    pub(super) channel: Option<ChannelId>,
    pub(super) field: String,
    pub(super) digest: [u8; 16],
    pub(super) sealed: Vec<u8>,
}

/// Open and sort events.
pub(super) async fn sort(app: &App, events: &[EventRow]) -> Result<Sorted> {
    let key_ids: Vec<_> = events.iter().map(|event| event.key_id).collect();
    let keys = app.keyring.keys(&key_ids).await?;
    let mut sorted = Sorted::default();
    for (position, event) in events.iter().enumerate() {
        let body =
            keys.get(&event.key_id).and_then(|key| key.open(event_place(event.id), &event.body_sealed).ok());
        match body {
            Some(body) => sorted.add(position, event, &body, &app.directory),
            None => {
                let detail = "its key is gone or it was changed".to_owned();
                sorted.quarantined.insert(position, (Reason::CannotBeOpened, detail));
            }
        }
    }
    Ok(sorted)
}

/// Find the people of a share and seal what they said.
pub(super) async fn prepare(app: &App, tenant: TenantId, share: Share) -> Result<Prepared> {
    let scope = TenantScope::of_work(tenant);
    let keys = app.keyring.tenant(tenant.0).await?;
    let settings = tenants::get_tenant(app, tenant).await?.settings;
    let sightings: Vec<Sighting> = share.arrived.iter().map(|arrived| arrived.sighting.clone()).collect();
    let people = Resolver::resolve(&app.db, &app.keyring, &app.ids, scope, &sightings).await?;
    let mut messages = Vec::with_capacity(share.arrived.len());
    for (position, arrived) in share.arrived.into_iter().enumerate() {
        let Some(person) = people.person(position) else { continue };
        let id = MessageId(app.ids.next());
        let asks_for_answer = asks_for_answer(&arrived.message.content);
        let sent_at = arrived.message.timestamp.saturating_mul(SECOND);
        let media = NewMedia::of(app, scope, id, &arrived.message.content, &person.key, sent_at)?;
        let message =
            NewInbound::seal(scope, id, &keys.index, &person.key, &body_of(arrived.message), sent_at)?;
        messages.push(PreparedMessage {
            event: arrived.event,
            channel: arrived.channel,
            message,
            asks_for_answer,
            media,
        });
    }
    let reports = share
        .reported
        .into_iter()
        .map(|reported| (reported.event, report_of(reported, &keys.index)))
        .collect();
    let mut notices = Vec::with_capacity(share.noticed.len());
    for noticed in share.noticed {
        let id = app.ids.next();
        let place = Place { tenant: tenant.0, table: "channel_notices", column: "content", row: id };
        notices.push(PreparedNotice {
            event: noticed.event,
            id,
            channel: noticed.channel,
            digest: keys.index.digest(Field::Notice, &noticed.raw),
            sealed: keys.data.seal(place, noticed.raw.as_bytes())?,
            field: noticed.field,
        });
    }
    Ok(Prepared { scope, reopen_within: settings.reopen_within_ms, people, messages, reports, notices })
}

/// A reaction or a notice needs no answer. Whether a reaction opens Meta's window is not documented, so that it is not
/// counted on.
fn asks_for_answer(content: &Content) -> bool {
    !matches!(content, Content::Reaction(_) | Content::System(_) | Content::Edit(_) | Content::Revoke(_))
}

fn body_of(message: InboundMessage) -> Body {
    let context = message.context.unwrap_or_default();
    Body {
        wamid: Some(message.id),
        said: Said::Inbound(message.content),
        quotes: context.id,
        is_forwarded: context.forwarded || context.frequently_forwarded,
        referral: message.referral,
    }
}

fn report_of(reported: Reported, index: &crate::crypto::BlindIndex) -> StatusReport {
    StatusReport {
        digest: index.digest(Field::Wamid, &reported.wamid),
        message: reported.callback.and_then(|id| Uuid::parse_str(&id).ok()).map(MessageId),
        status: reported.status,
        at: reported.at_seconds.saturating_mul(SECOND),
        failure: reported.failure.map(|(code, detail)| SendFailure { code, detail }),
    }
}
