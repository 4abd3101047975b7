//! From raw events to a batch that only needs storing. Nothing here happens inside a transaction.

use super::{
    arrival::Arrived,
    inbox::event_place,
    store::EventRow,
    update::{Noticed, Reason, Reported, Share, Sorted},
};
use crate::{
    app::App,
    audit::Pen,
    channels,
    clock::{Millis, SECOND},
    contacts::{MarketingChoice, Resolver, Sighting},
    conversations::Occasion,
    crypto::{Field, Place, TenantKeys},
    error::Result,
    ids::{ChannelId, ContactId, MessageId, TenantId},
    media::NewMedia,
    messages::{NewInbound, Placed, Said, SendFailure, StatusReport},
    templates,
    tenants::{self, TenantScope},
};
use std::sync::Arc;
use uuid::Uuid;

/// One tenant's share, sealed and ready.
pub(super) struct Prepared {
    pub(super) scope: TenantScope,
    pub(super) reopen_within: i64,
    pub(super) people: Resolver,
    pub(super) messages: Vec<PreparedMessage>,
    /// With the event that each came in.
    pub(super) reports: Vec<(usize, StatusReport)>,
    pub(super) notices: Vec<PreparedNotice>,
    /// What people want of marketing messages, and since when.
    pub(super) choices: Vec<(ContactId, MarketingChoice, Millis)>,
    pub(super) channel_news: Vec<channels::News>,
    pub(super) template_news: Vec<templates::News>,
    /// Writes down what is decided here without a person; made only where something is.
    pub(super) pen: Option<Pen>,
    pub(super) keys: Arc<TenantKeys>,
}

pub(super) struct PreparedMessage {
    pub(super) event: usize,
    pub(super) channel: ChannelId,
    pub(super) message: NewInbound,
    pub(super) occasion: Occasion,
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
    // Those who said something first, so that each has its message's place.
    let speakers = share.arrived.iter().map(|arrived| &arrived.sighting);
    let choosers = share.choices.iter().map(|(sighting, ..)| sighting);
    let sightings: Vec<Sighting> = speakers.chain(choosers).chain(&share.seen).cloned().collect();
    let people = Resolver::resolve(&app.db, &app.keyring, &app.ids, scope, &sightings).await?;
    let spoke = share.arrived.len();
    let choices = share.choices.iter().enumerate().filter_map(|(position, (_, choice, at))| {
        people.person(spoke + position).map(|person| (person.id, *choice, *at))
    });
    let choices = choices.collect();
    let decides = !people.merges().is_empty() || !share.channel_news.is_empty();
    let pen = if decides { Some(Pen::of(app, tenant).await?) } else { None };
    let mut messages = Vec::with_capacity(spoke);
    for (position, arrived) in share.arrived.iter().enumerate() {
        messages.extend(sealed(app, scope, &keys, &people, position, arrived)?);
    }
    let reports = share
        .reported
        .into_iter()
        .map(|reported| (reported.event, report_of(reported, &keys.index)))
        .collect();
    let notices = share.noticed.into_iter().map(|noticed| kept(app, scope, &keys, noticed));
    Ok(Prepared {
        scope,
        reopen_within: settings.reopen_within_ms,
        notices: notices.collect::<Result<_>>()?,
        people,
        messages,
        reports,
        choices,
        channel_news: share.channel_news,
        template_news: share.template_news,
        pen,
        keys,
    })
}

fn sealed(
    app: &App,
    scope: TenantScope,
    keys: &TenantKeys,
    people: &Resolver,
    position: usize,
    arrived: &Arrived,
) -> Result<Option<PreparedMessage>> {
    let Some(person) = people.person(position) else { return Ok(None) };
    let id = MessageId(app.ids.next());
    let placed = Placed {
        key: &arrived.key,
        direction: arrived.direction,
        status: arrived.status,
        sent_at: arrived.at_seconds.saturating_mul(SECOND),
    };
    let message = NewInbound::seal(scope, id, &keys.index, &person.key, &arrived.body, &placed)?;
    let media = match &arrived.body.said {
        Said::Inbound(content) => NewMedia::of(app, scope, id, content, &person.key, placed.sent_at)?,
        _ => None,
    };
    let (event, channel, occasion) = (arrived.event, arrived.channel, arrived.occasion);
    Ok(Some(PreparedMessage { event, channel, message, occasion, media }))
}

fn kept(app: &App, scope: TenantScope, keys: &TenantKeys, noticed: Noticed) -> Result<PreparedNotice> {
    let id = app.ids.next();
    let place = Place { tenant: scope.tenant().0, table: "channel_notices", column: "content", row: id };
    Ok(PreparedNotice {
        event: noticed.event,
        id,
        channel: noticed.channel,
        digest: keys.index.digest(Field::Notice, &noticed.raw),
        sealed: keys.data.seal(place, noticed.raw.as_bytes())?,
        field: noticed.field,
    })
}

fn report_of(reported: Reported, index: &crate::crypto::BlindIndex) -> StatusReport {
    StatusReport {
        digest: index.digest(Field::Wamid, &reported.wamid),
        message: reported.callback.and_then(|id| Uuid::parse_str(&id).ok()).map(MessageId),
        status: reported.status,
        at: reported.at_seconds.saturating_mul(SECOND),
        failure: reported.failure.map(|(code, detail)| SendFailure { code, detail }),
        pricing: reported.pricing,
    }
}
