//! From what Meta hands over to what is stored as a message: what customers wrote, what the business wrote in its own app,
//! what was written before, and calls.

use crate::{
    clock::SECOND,
    contacts::{Profile, Sighting},
    conversations::Occasion,
    ids::ChannelId,
    messages::{Body, CallStep, Direction, MessageStatus, Said, Via},
};
use whatsapp::{
    phone::Phone,
    webhook::{Call, CallStatus, ContactCard, Content, Edit, InboundMessage, Sender},
};

/// Something that stands in a conversation.
pub(super) struct Arrived {
    pub(super) event: usize,
    pub(super) channel: ChannelId,
    pub(super) sighting: Sighting,
    /// What tells it from everything else: Meta's id, with the step where one id has several.
    pub(super) key: String,
    /// Unix seconds, by Meta's clock.
    pub(super) at_seconds: i64,
    pub(super) direction: Direction,
    pub(super) status: MessageStatus,
    pub(super) occasion: Occasion,
    pub(super) body: Body,
}

/// Where something arrived.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) event: usize,
    pub(super) channel: ChannelId,
    /// What the change says of people.
    pub(super) people: &'a [Sender],
}

impl Arrival<'_> {
    /// A message of a customer.
    pub(super) fn message(self, message: InboundMessage) -> Arrived {
        let sighting = sighting(&message, message.sender_contact(self.people));
        let occasion = match &message.content {
            content if changes(content) => Occasion::Changes,
            Content::System(_) => Occasion::Tells,
            // What is said in a group is not said to us alone.
            _ if message.group_id.is_some() => Occasion::Tells,
            _ => Occasion::Asks,
        };
        self.arrived(message, sighting, (Direction::Inbound, MessageStatus::Received), occasion)
    }

    /// What somebody of the business wrote in its app.
    pub(super) fn echo(self, message: InboundMessage) -> Arrived {
        let (wa_id, user_id) = (message.to.clone(), message.to_user_id.clone());
        let sighting =
            seen(self.sender(wa_id.as_deref(), user_id.as_deref()), wa_id, user_id, message.timestamp);
        let occasion = if changes(&message.content) { Occasion::Changes } else { Occasion::Tells };
        let mut arrived =
            self.arrived(message, sighting, (Direction::Outbound, MessageStatus::Sent), occasion);
        arrived.body.via = Some(Via::BusinessApp);
        arrived
    }

    /// What was written before the number was connected, with the customer of this number or id.
    pub(super) fn past(
        self,
        message: InboundMessage,
        business: &str,
        (wa_id, user_id): (Option<String>, Option<String>),
    ) -> Arrived {
        let is_ours = is_same_number(message.from.as_deref(), business);
        let status = match (is_ours, message.history_status.as_deref()) {
            (false, _) => MessageStatus::Received,
            (true, Some("READ" | "PLAYED")) => MessageStatus::Read,
            (true, Some("DELIVERED")) => MessageStatus::Delivered,
            (true, Some("ERROR" | "FAILED")) => MessageStatus::Failed,
            (true, _) => MessageStatus::Sent,
        };
        let direction = if is_ours { Direction::Outbound } else { Direction::Inbound };
        let sighting =
            seen(self.sender(wa_id.as_deref(), user_id.as_deref()), wa_id, user_id, message.timestamp);
        let occasion = if changes(&message.content) { Occasion::Changes } else { Occasion::Past };
        let mut arrived = self.arrived(message, sighting, (direction, status), occasion);
        arrived.body.via = Some(Via::History);
        arrived
    }

    /// The content of media that an earlier part of the history only announced: it takes the announcement's place.
    pub(super) fn past_media(self, message: InboundMessage, business: &str) -> Arrived {
        let is_ours = is_same_number(message.from.as_deref(), business);
        let person = if is_ours {
            (message.to.clone(), message.to_user_id.clone())
        } else {
            (message.from.clone(), message.from_user_id.clone())
        };
        let mut arrived = self.past(message, business, person);
        let Body { wamid: Some(original_message_id), said: Said::Inbound(content), .. } =
            arrived.body.clone()
        else {
            return arrived;
        };
        arrived.key = format!("{original_message_id}:media");
        arrived.occasion = Occasion::Changes;
        let edit = Edit { original_message_id, content: Box::new(content) };
        arrived.body = Body { via: Some(Via::History), ..Body::new(Said::Inbound(Content::Edit(edit))) };
        arrived
    }

    /// A call, or its end.
    pub(super) fn call(self, call: Call) -> Arrived {
        let is_ours = call.direction.as_deref() == Some("BUSINESS_INITIATED");
        let (wa_id, user_id) =
            if is_ours { (call.to.clone(), None) } else { (call.from.clone(), call.from_user_id.clone()) };
        let sighting =
            seen(self.sender(wa_id.as_deref(), user_id.as_deref()), wa_id, user_id, call.timestamp);
        // A call of the customer opens the window as a message does, and somebody is to answer.
        let asks = !is_ours && call.event == "connect";
        let step = CallStep {
            step: call.event.clone(),
            outcome: call.status.map(|status| status.to_lowercase()),
            seconds: call.duration,
        };
        Arrived {
            event: self.event,
            channel: self.channel,
            sighting,
            key: format!("{}:{}", call.id, call.event),
            at_seconds: call.timestamp,
            direction: if is_ours { Direction::Outbound } else { Direction::Inbound },
            status: if is_ours { MessageStatus::Sent } else { MessageStatus::Received },
            occasion: if asks { Occasion::Asks } else { Occasion::Tells },
            body: Body::new(Said::Call(step)),
        }
    }

    /// How a call of ours stands. Nothing when Meta does not say with whom.
    pub(super) fn call_status(self, status: CallStatus) -> Option<Arrived> {
        let wa_id = Some(status.recipient_id?);
        let step = CallStep { step: status.status.to_lowercase(), outcome: None, seconds: None };
        Some(Arrived {
            event: self.event,
            channel: self.channel,
            sighting: seen(self.sender(wa_id.as_deref(), None), wa_id, None, status.timestamp),
            key: format!("{}:{}", status.id, step.step),
            at_seconds: status.timestamp,
            direction: Direction::Outbound,
            status: MessageStatus::Sent,
            occasion: Occasion::Tells,
            body: Body::new(Said::Call(step)),
        })
    }

    fn sender(&self, wa_id: Option<&str>, user_id: Option<&str>) -> Option<&Sender> {
        let by_id = |sender: &&Sender| user_id.is_some() && sender.user_id.as_deref() == user_id;
        let by_number = |sender: &&Sender| wa_id.is_some() && sender.wa_id.as_deref() == wa_id;
        self.people.iter().find(by_id).or_else(|| self.people.iter().find(by_number))
    }

    fn arrived(
        self,
        message: InboundMessage,
        sighting: Sighting,
        (direction, status): (Direction, MessageStatus),
        occasion: Occasion,
    ) -> Arrived {
        let context = message.context.unwrap_or_default();
        let body = Body {
            wamid: Some(message.id.clone()),
            quotes: context.id,
            is_forwarded: context.forwarded || context.frequently_forwarded,
            is_forwarded_often: context.frequently_forwarded,
            referral: message.referral,
            product: context.referred_product,
            group: message.group_id,
            error_code: message.errors.first().map(|error| error.code),
            ..Body::new(Said::Inbound(message.content))
        };
        Arrived {
            event: self.event,
            channel: self.channel,
            sighting,
            key: message.id,
            at_seconds: message.timestamp,
            direction,
            status,
            occasion,
            body,
        }
    }
}

fn changes(content: &Content) -> bool {
    matches!(content, Content::Reaction(_) | Content::Edit(_) | Content::Revoke(_))
}

fn is_same_number(one: Option<&str>, other: &str) -> bool {
    let canonical = |text: &str| Phone::parse(text).ok();
    one.and_then(canonical).is_some_and(|one| canonical(other) == Some(one))
}

/// Somebody, by what Meta calls them.
pub(super) fn seen(
    sender: Option<&Sender>,
    wa_id: Option<String>,
    user_id: Option<String>,
    at_seconds: i64,
) -> Sighting {
    let mut profile = Profile {
        name: sender.and_then(|sender| sender.profile.name.clone()),
        username: sender.and_then(|sender| sender.profile.username.clone()),
        wa_id: wa_id.or_else(|| sender?.wa_id.clone()),
        user_id: user_id.or_else(|| sender?.user_id.clone()),
        ..Profile::default()
    };
    profile.phone = phone_of(&profile);
    Sighting { profile, at: at_seconds.saturating_mul(SECOND), ..Sighting::default() }
}

fn phone_of(profile: &Profile) -> Option<String> {
    let phone = Phone::parse(profile.wa_id.as_deref()?).ok()?;
    Some(phone.as_str().to_owned())
}

/// Whoever answers our request for the number sends a card of their own.
fn learn_shared_number(sighting: &mut Sighting, cards: &[ContactCard]) {
    let own = cards.iter().find(|card| card.origin.as_deref() == Some("contact_request"));
    let Some(number) = own.and_then(|card| card.phones.first()) else { return };
    if sighting.profile.wa_id.is_none() {
        sighting.profile.wa_id.clone_from(&number.wa_id);
    }
    let phone = number.wa_id.as_deref().or(number.phone.as_deref());
    let phone = phone.and_then(|phone| Phone::parse(phone).ok());
    sighting.profile.phone = phone.map(|phone| phone.as_str().to_owned()).or(sighting.profile.phone.take());
}

/// What a message says of the person who wrote it.
fn sighting(message: &InboundMessage, sender: Option<&Sender>) -> Sighting {
    let mut sighting = seen(sender, message.from.clone(), message.from_user_id.clone(), message.timestamp);
    if let Content::Contacts(cards) = &message.content {
        learn_shared_number(&mut sighting, cards);
    }
    let Content::System(notice) = &message.content else { return sighting };
    let mut formerly = Profile { user_id: notice.previous_user_id.clone(), ..Profile::default() };
    let has_changed_number = notice.wa_id.is_some() && notice.wa_id != message.from;
    if has_changed_number {
        formerly.wa_id = sighting.profile.wa_id.take();
        formerly.phone = phone_of(&formerly);
    }
    sighting.profile.wa_id = notice.wa_id.clone().or_else(|| message.from.clone());
    sighting.profile.phone = phone_of(&sighting.profile);
    sighting.profile.user_id = notice.user_id.clone().or(sighting.profile.user_id);
    // Meta gives a new id to who changes the number; who shares none has left the one that was known.
    sighting.left_number = notice.kind == "user_changed_user_id" && sighting.profile.wa_id.is_none();
    sighting.formerly = Some(formerly).filter(|formerly| *formerly != Profile::default());
    sighting
}
