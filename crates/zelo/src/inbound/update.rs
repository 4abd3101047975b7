//! What an event says, sorted into things to do.

use super::store::EventRow;
use crate::{
    channels::Directory,
    contacts::{Profile, Sighting},
    ids::{ChannelId, TenantId},
    messages::MessageStatus,
};
use std::collections::BTreeMap;
use whatsapp::{
    phone::Phone,
    webhook::{self, Change, Content, InboundMessage, Messages, Sender, Status},
};

/// A message that came in.
pub(super) struct Arrived {
    pub(super) event: usize,
    pub(super) channel: ChannelId,
    pub(super) sighting: Sighting,
    pub(super) message: InboundMessage,
}

/// A report on a message that we sent.
pub(super) struct Reported {
    pub(super) event: usize,
    pub(super) wamid: String,
    pub(super) callback: Option<String>,
    pub(super) status: MessageStatus,
    pub(super) at_seconds: i64,
    pub(super) failure: Option<(String, String)>,
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
        for (entry_position, entry) in envelope.entries.into_iter().enumerate() {
            for (change_position, change) in entry.changes.into_iter().enumerate() {
                let place = (entry_position, change_position);
                match change {
                    Change::Messages(value) if is_plain(&value) => {
                        self.add_messages(position, event, value, directory);
                    }
                    other => {
                        // A notice is rare, so that reading the body a second time, for its own text, costs nothing
                        // that counts.
                        let notice =
                            Notice { account: &entry.id, change: &other, raw: raw_change(body, place) };
                        self.add_notice(position, event, notice, directory);
                    }
                }
            }
        }
    }

    fn add_messages(&mut self, position: usize, event: &EventRow, value: Messages, directory: &Directory) {
        let number = &value.metadata.phone_number_id;
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
            return;
        };
        if event.channel.is_some_and(|addressed| addressed != route.channel) {
            let detail = "it came to another channel's address".to_owned();
            self.quarantined.insert(position, (Reason::OtherApp, detail));
            return;
        }
        let share = self.shares.entry(route.tenant).or_default();
        for message in value.messages {
            // What is said in a group is not said to us alone: it stays a notice until groups have a room of their own.
            if message.group_id.is_some() {
                continue;
            }
            let sighting = sighting(&message, message.sender_contact(&value.contacts));
            share.arrived.push(Arrived { event: position, channel: route.channel, sighting, message });
        }
        share.reported.extend(value.statuses.into_iter().filter_map(|status| reported(position, status)));
    }

    fn add_notice(
        &mut self,
        position: usize,
        event: &EventRow,
        Notice { account, change, raw }: Notice<'_>,
        directory: &Directory,
    ) {
        let number = raw
            .as_ref()
            .and_then(|raw| raw.pointer("/value/metadata/phone_number_id")?.as_str().map(str::to_owned));
        let by_number =
            number.as_deref().and_then(|number| directory.route(number, event.app_secret, event.received_at));
        let inner =
            raw.as_ref().and_then(|raw| raw.pointer("/value/waba_info/waba_id")?.as_str().map(str::to_owned));
        let by_account = [Some(account), inner.as_deref()]
            .into_iter()
            .flatten()
            .find_map(|account| directory.tenant_of_account(account, event.app_secret, event.received_at));
        let Some(tenant) = by_number.map(|route| route.tenant).or(by_account) else {
            let detail = format!("no channel belongs to the account {account}");
            self.quarantined.insert(position, (Reason::UnknownChannel, detail));
            return;
        };
        // What can be used of a half-readable change is used.
        if let (Change::Messages(value), Some(_)) = (change, by_number) {
            self.add_messages(position, event, value.clone(), directory);
        }
        let field = raw.as_ref().and_then(|raw| raw.get("field")?.as_str()).unwrap_or("unknown").to_owned();
        let raw = raw.map(|raw| raw.to_string()).unwrap_or_default();
        let channel = by_number.map(|route| route.channel);
        self.shares.entry(tenant).or_default().noticed.push(Noticed { event: position, channel, field, raw });
    }
}

/// A change that is kept as it came.
struct Notice<'n> {
    /// Meta's id of the account that it is about.
    account: &'n str,
    change: &'n Change,
    /// Its own text.
    raw: Option<serde_json::Value>,
}

/// Whether everything in it has a place among conversations.
fn is_plain(value: &Messages) -> bool {
    let in_group = |message: &InboundMessage| message.group_id.is_some();
    value.errors.is_empty() && value.unreadable.is_empty() && !value.messages.iter().any(in_group)
}

fn raw_change(body: &[u8], (entry, change): (usize, usize)) -> Option<serde_json::Value> {
    let mut body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.pointer_mut(&format!("/entry/{entry}/changes/{change}")).map(serde_json::Value::take)
}

/// What a message says of the person who wrote it.
fn sighting(message: &InboundMessage, sender: Option<&Sender>) -> Sighting {
    let mut profile = Profile {
        name: sender.and_then(|sender| sender.profile.name.clone()),
        username: sender.and_then(|sender| sender.profile.username.clone()),
        wa_id: message.from.clone().or_else(|| sender?.wa_id.clone()),
        user_id: message.from_user_id.clone().or_else(|| sender?.user_id.clone()),
        phone: None,
    };
    let mut formerly = None;
    if let Content::System(notice) = &message.content {
        formerly = Some(Profile {
            wa_id: profile.wa_id.take().filter(|_| notice.wa_id.is_some()),
            user_id: notice.previous_user_id.clone(),
            ..Profile::default()
        });
        profile.wa_id = notice.wa_id.clone().or_else(|| message.from.clone());
        profile.user_id = notice.user_id.clone().or(profile.user_id);
    }
    let phone = profile.wa_id.as_deref().and_then(|wa_id| Phone::parse(wa_id).ok());
    profile.phone = phone.map(|phone| phone.as_str().to_owned());
    Sighting { profile, formerly }
}

fn reported(event: usize, status: Status) -> Option<Reported> {
    let known = MessageStatus::from_word(status.status.as_str())?;
    let failure = status.errors.first().map(|error| (error.code.to_string(), error.text().to_owned()));
    Some(Reported {
        event,
        wamid: status.id,
        callback: status.biz_opaque_callback_data,
        status: known,
        at_seconds: status.timestamp,
        failure,
    })
}
