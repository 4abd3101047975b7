//! What an event says, sorted into things to do.

use super::{
    arrival::{Arrival, Arrived, seen},
    news,
    store::EventRow,
};
use crate::{
    channels::{self, Directory, Route},
    clock::{Millis, SECOND},
    contacts::{MarketingChoice, Sighting},
    ids::{ChannelId, TenantId},
    messages::{Charge, MessageStatus},
    templates,
};
use std::collections::BTreeMap;
use whatsapp::webhook::{
    self, AppStateSync, Calls, Change, History, MessageEchoes, Messages, Status, UserPreferences,
};

/// A report on a message that we sent.
pub(super) struct Reported {
    pub(super) event: usize,
    pub(super) wamid: String,
    pub(super) callback: Option<String>,
    pub(super) status: MessageStatus,
    pub(super) at_seconds: i64,
    pub(super) failure: Option<(String, String)>,
    pub(super) pricing: Option<Charge>,
}

/// Everything else that Meta tells a tenant, kept as it came.
pub(super) struct Noticed {
    pub(super) event: usize,
    pub(super) channel: Option<ChannelId>,
    pub(super) field: String,
    pub(super) raw: String,
}

/// One tenant's share of a batch.
#[derive(Default)]
pub(super) struct Share {
    pub(super) arrived: Vec<Arrived>,
    pub(super) reported: Vec<Reported>,
    pub(super) noticed: Vec<Noticed>,
    /// People of whom something was said, and who said nothing themselves.
    pub(super) seen: Vec<Sighting>,
    /// What people want of marketing messages, and when they said so.
    pub(super) choices: Vec<(Sighting, MarketingChoice, Millis)>,
    pub(super) channel_news: Vec<channels::News>,
    pub(super) template_news: Vec<templates::News>,
}

/// Why an event is kept for a person to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Signed, but not what Meta sends.
    NotUnderstood,
    /// Nobody here has this number or account.
    UnknownChannel,
    /// The number belongs to another app than the one that signed.
    OtherApp,
    /// Its key is gone.
    CannotBeOpened,
    /// It failed again and again.
    Poison,
}

impl Reason {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NotUnderstood => "not_understood",
            Self::UnknownChannel => "unknown_channel",
            Self::OtherApp => "other_app",
            Self::CannotBeOpened => "cannot_be_opened",
            Self::Poison => "poison",
        }
    }
}

/// A batch of events, sorted.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) shares: BTreeMap<TenantId, Share>,
    /// By the event's position in the batch.
    pub(super) quarantined: BTreeMap<usize, (Reason, String)>,
}

/// An event while it is sorted.
#[derive(Clone, Copy)]
struct Sorting<'s> {
    position: usize,
    event: &'s EventRow,
    directory: &'s Directory,
}

impl Sorted {
    /// Sort one event's body.
    pub(super) fn add(&mut self, position: usize, event: &EventRow, body: &[u8], directory: &Directory) {
        let envelope = match webhook::parse(body) {
            Ok(envelope) => envelope,
            Err(error) => {
                // The error names a place in the text, never the text.
                let detail = format!("not a webhook body ({error})");
                self.quarantined.insert(position, (Reason::NotUnderstood, detail));
                return;
            }
        };
        let sorting = Sorting { position, event, directory };
        for (entry_position, entry) in envelope.entries.into_iter().enumerate() {
            for (change_position, change) in entry.changes.into_iter().enumerate() {
                match change {
                    Change::Messages(value) if value.errors.is_empty() && value.unreadable.is_empty() => {
                        self.add_messages(sorting, value);
                    }
                    other => {
                        // A notice is rare, so that reading the body a second time, for its own text, costs nothing
                        // that counts.
                        let raw = raw_change(body, (entry_position, change_position));
                        let at =
                            entry.time.map_or(event.received_at, |seconds| seconds.saturating_mul(SECOND));
                        self.add_other(sorting, &Notice { account: &entry.id, at, raw }, other);
                    }
                }
            }
        }
    }

    /// What is not only messages and statuses: used as far as it is understood, and kept as it came where people are to
    /// see it or something of it was not understood.
    fn add_other(&mut self, sorting: Sorting<'_>, notice: &Notice<'_>, change: Change) {
        let is_kept = match change {
            Change::Messages(value) => {
                self.add_messages(sorting, value);
                true
            }
            Change::MessageEchoes(value) => self.add_echoes(sorting, value),
            Change::History(value) => self.add_history(sorting, value),
            Change::Calls(value) => self.add_calls(sorting, value),
            Change::UserPreferences(value) => self.add_preferences(sorting, value),
            Change::AppStateSync(value) => self.add_people(sorting, value),
            other => {
                if let Some(tenant) = notice.tenant(sorting) {
                    let share = self.shares.entry(tenant).or_default();
                    share.channel_news.extend(news::of_channel(&other, notice.account, notice.at));
                    share.template_news.extend(news::of_template(&other, notice.account, notice.at));
                }
                true
            }
        };
        if is_kept {
            self.add_notice(sorting, notice);
        }
    }

    /// Where the events of a number go; an event whose number nobody has, or another app's, is put aside.
    fn route(&mut self, sorting: Sorting<'_>, number: &str) -> Option<Route> {
        let Sorting { position, event, directory } = sorting;
        let Some(route) = directory.route(number, event.app_secret, event.received_at) else {
            let (reason, detail) = if directory.knows_number(number) {
                (
                    Reason::OtherApp,
                    format!("the number {number} belongs to another app than the one that signed"),
                )
            } else {
                (Reason::UnknownChannel, format!("no channel has the number {number}"))
            };
            self.quarantined.insert(position, (reason, detail));
            return None;
        };
        if event.channel.is_some_and(|addressed| addressed != route.channel) {
            let detail = "it came to another channel's address".to_owned();
            self.quarantined.insert(position, (Reason::OtherApp, detail));
            return None;
        }
        Some(route)
    }

    fn add_messages(&mut self, sorting: Sorting<'_>, value: Messages) {
        let Some(route) = self.route(sorting, &value.metadata.phone_number_id) else { return };
        let arrival = sorting.arrival(route, &value.contacts);
        let share = self.shares.entry(route.tenant).or_default();
        share.arrived.extend(value.messages.into_iter().map(|message| arrival.message(message)));
        let reports = value.statuses.into_iter().filter_map(|status| reported(sorting.position, status));
        share.reported.extend(reports);
    }

    fn add_echoes(&mut self, sorting: Sorting<'_>, value: MessageEchoes) -> bool {
        let Some(route) = self.route(sorting, &value.metadata.phone_number_id) else { return false };
        let arrival = sorting.arrival(route, &value.contacts);
        let share = self.shares.entry(route.tenant).or_default();
        share.arrived.extend(value.message_echoes.into_iter().map(|message| arrival.echo(message)));
        !value.unreadable.is_empty()
    }

    fn add_history(&mut self, sorting: Sorting<'_>, value: History) -> bool {
        let Some(route) = self.route(sorting, &value.metadata.phone_number_id) else { return false };
        let arrival = sorting.arrival(route, &[]);
        let business = &value.metadata.display_phone_number;
        let share = self.shares.entry(route.tenant).or_default();
        let mut is_kept = !value.unreadable.is_empty();
        for part in value.history {
            is_kept |= !part.errors.is_empty();
            for thread in part.threads {
                let past =
                    |message| arrival.past(message, business, (thread.id.clone(), thread.user_id.clone()));
                share.arrived.extend(thread.messages.into_iter().map(past));
            }
        }
        share.arrived.extend(value.messages.into_iter().map(|media| arrival.past_media(media, business)));
        is_kept
    }

    fn add_calls(&mut self, sorting: Sorting<'_>, value: Calls) -> bool {
        let Some(route) = self.route(sorting, &value.metadata.phone_number_id) else { return false };
        let arrival = sorting.arrival(route, &value.contacts);
        let share = self.shares.entry(route.tenant).or_default();
        share.arrived.extend(value.calls.into_iter().map(|call| arrival.call(call)));
        share.arrived.extend(value.statuses.into_iter().filter_map(|status| arrival.call_status(status)));
        !value.unreadable.is_empty()
    }

    fn add_preferences(&mut self, sorting: Sorting<'_>, value: UserPreferences) -> bool {
        let Some(route) = self.route(sorting, &value.metadata.phone_number_id) else { return false };
        let share = self.shares.entry(route.tenant).or_default();
        for preference in value.user_preferences {
            let choice = MarketingChoice::from_word(&preference.value);
            let Some(choice) = choice.filter(|_| preference.category == "marketing_messages") else {
                continue;
            };
            let (wa_id, user_id, at) = (preference.wa_id, preference.user_id, preference.timestamp);
            let is_meant = |sender: &&webhook::Sender| {
                (user_id.is_some() && sender.user_id == user_id) || (wa_id.is_some() && sender.wa_id == wa_id)
            };
            let sender = value.contacts.iter().find(is_meant).cloned();
            let sighting = seen(sender.as_ref(), wa_id, user_id, at);
            share.choices.push((sighting, choice, at.saturating_mul(SECOND)));
        }
        true
    }

    /// The address book of the business's app names people. Whoever is taken out of it stays known here.
    fn add_people(&mut self, sorting: Sorting<'_>, value: AppStateSync) -> bool {
        let Some(route) = self.route(sorting, &value.metadata.phone_number_id) else { return false };
        let share = self.shares.entry(route.tenant).or_default();
        for entry in value.state_sync.into_iter().filter(|entry| entry.action == "add") {
            let contact = entry.contact;
            if contact.phone_number.is_none() && contact.user_id.is_none() {
                continue;
            }
            let mut sighting = seen(None, contact.phone_number, contact.user_id, 0);
            sighting.at = sorting.event.received_at;
            sighting.profile.name = contact.full_name.or(contact.first_name);
            share.seen.push(sighting);
        }
        true
    }

    fn add_notice(&mut self, sorting: Sorting<'_>, notice: &Notice<'_>) {
        if self.quarantined.contains_key(&sorting.position) && notice.tenant(sorting).is_none() {
            return;
        }
        let Some(tenant) = notice.tenant(sorting) else {
            let detail = format!("no channel belongs to the account {}", notice.account);
            self.quarantined.insert(sorting.position, (Reason::UnknownChannel, detail));
            return;
        };
        let raw = notice.raw.as_ref();
        let field = raw.and_then(|raw| raw.get("field")?.as_str()).unwrap_or("unknown").to_owned();
        let noticed = Noticed {
            event: sorting.position,
            channel: notice.by_number(sorting).map(|route| route.channel),
            field,
            raw: raw.map(ToString::to_string).unwrap_or_default(),
        };
        self.shares.entry(tenant).or_default().noticed.push(noticed);
    }
}

impl Sorting<'_> {
    fn arrival<'a>(&self, route: Route, people: &'a [webhook::Sender]) -> Arrival<'a> {
        Arrival { event: self.position, channel: route.channel, people }
    }
}

/// A change that is kept as it came.
struct Notice<'n> {
    /// Meta's id of the account that it is about.
    account: &'n str,
    /// When it happened, by Meta's clock where it says so.
    at: Millis,
    /// Its own text.
    raw: Option<serde_json::Value>,
}

impl Notice<'_> {
    fn by_number(&self, sorting: Sorting<'_>) -> Option<Route> {
        let number = self.raw.as_ref()?.pointer("/value/metadata/phone_number_id")?.as_str()?;
        sorting.directory.route(number, sorting.event.app_secret, sorting.event.received_at)
    }

    /// Whose it is, by its number or by its account.
    fn tenant(&self, sorting: Sorting<'_>) -> Option<TenantId> {
        let inner = self.raw.as_ref().and_then(|raw| raw.pointer("/value/waba_info/waba_id")?.as_str());
        let of_account = |account| {
            let Sorting { event, directory, .. } = sorting;
            directory.tenant_of_account(account, event.app_secret, event.received_at)
        };
        let by_account = || [Some(self.account), inner].into_iter().flatten().find_map(of_account);
        self.by_number(sorting).map(|route| route.tenant).or_else(by_account)
    }
}

fn raw_change(body: &[u8], (entry, change): (usize, usize)) -> Option<serde_json::Value> {
    let mut body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.pointer_mut(&format!("/entry/{entry}/changes/{change}")).map(serde_json::Value::take)
}

fn reported(event: usize, status: Status) -> Option<Reported> {
    let known = MessageStatus::from_word(status.status.as_str())?;
    let failure = status.errors.first().map(|error| (error.code.to_string(), error.text().to_owned()));
    let pricing = status.pricing.and_then(|pricing| {
        Some(Charge { category: pricing.category?, r#type: pricing.kind.unwrap_or_default() })
    });
    Some(Reported {
        event,
        wamid: status.id,
        callback: status.biz_opaque_callback_data,
        status: known,
        at_seconds: status.timestamp,
        failure,
        pricing,
    })
}
