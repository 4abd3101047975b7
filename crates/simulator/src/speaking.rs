//! What people do with their phones: write, react, read.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::channel::Channel;
use crate::contact::{Contact, ContactId};
use crate::delivery::{Parcel, deliver};
use crate::json::{put, text};
use crate::said::Said;
use crate::scene::Scene;
use crate::simulator::{Inner, Simulator, UnknownParty};
use crate::talk::{Tick, Turn, Writer};
use crate::{webhook, wire};

/// Meta puts at most this many updates into one body, and makes it no longer than this.
const BATCH: usize = 1_000;
const BODY_BYTES: usize = 3 * 1_024 * 1_024;

impl Simulator {
    /// A person writes to a business number. Gives the wamid; the webhook follows.
    pub fn say(
        &self,
        phone_number_id: &str,
        contact: ContactId,
        said: &Said,
    ) -> Result<String, UnknownParty> {
        let mut scene = self.inner.scene.lock();
        let spoken = self.inner.speak(&mut scene, phone_number_id, contact, said)?;
        let Spoken { channel, contact, wamid, message } = spoken;
        let body = webhook::messages_body(
            &channel,
            &[webhook::sender(&channel, &contact)],
            "messages",
            std::slice::from_ref(&message),
        );
        let label = format!("messages.{}", text(&message, "/type").unwrap_or("?"));
        let confirms = Some(wamid.clone());
        self.inner.post(
            &mut scene,
            &channel,
            label,
            &body,
            message,
            Some(contact.id),
            confirms,
            Duration::ZERO,
        );
        drop(scene);
        self.inner.changed("talk");
        Ok(wamid)
    }

    /// Many messages at once, in as few bodies as Meta would make: up to 1,000 updates and 3 MB each.
    pub fn say_batch(
        &self,
        phone_number_id: &str,
        lines: &[(ContactId, Said)],
    ) -> Result<Vec<String>, UnknownParty> {
        let mut scene = self.inner.scene.lock();
        let mut spoken = Vec::with_capacity(lines.len());
        for (contact, said) in lines {
            spoken.push(self.inner.speak(&mut scene, phone_number_id, *contact, said)?);
        }
        for batch in batches(&spoken) {
            self.inner.post_batch(&mut scene, batch);
        }
        drop(scene);
        self.inner.changed("talk");
        Ok(spoken.into_iter().map(|spoken| spoken.wamid).collect())
    }

    /// Posts any value of any field, for what has no method of its own.
    pub fn post_change(&self, phone_number_id: &str, field: &str, value: Value) -> Result<(), UnknownParty> {
        let mut scene = self.inner.scene.lock();
        let channel = scene.channel(phone_number_id).ok_or(UnknownParty::Channel)?.clone();
        let body = webhook::body(&channel, field, &value, Some(self.inner.seconds()));
        self.inner.post(&mut scene, &channel, field.to_owned(), &body, value, None, None, Duration::ZERO);
        Ok(())
    }

    /// Posts these very bytes, signed.
    pub fn post_raw(&self, phone_number_id: &str, body: impl Into<Bytes>) -> Result<(), UnknownParty> {
        let mut scene = self.inner.scene.lock();
        let channel = scene.channel(phone_number_id).ok_or(UnknownParty::Channel)?.clone();
        let parcel =
            self.inner.parcel(&mut scene, &channel, "raw".into(), body.into(), Value::Null, None, None);
        if let Some(connected) = scene.channels.get(phone_number_id) {
            connected.line.send(parcel);
        }
        Ok(())
    }

    /// The person opens the chat: every message of the business that arrived is read.
    pub fn read(&self, phone_number_id: &str, contact: ContactId) -> Result<(), UnknownParty> {
        let mut scene = self.inner.scene.lock();
        let channel = scene.channel(phone_number_id).ok_or(UnknownParty::Channel)?.clone();
        let person = scene.contact(contact).ok_or(UnknownParty::Contact)?.clone();
        let talk = scene.talk_mut(phone_number_id, contact);
        let unread =
            talk.turns.iter_mut().filter(|turn| turn.writer == Writer::Business && turn.tick < Tick::Read);
        let mut read = Vec::new();
        for turn in unread {
            turn.tick = Tick::Read;
            read.push(turn.clone());
        }
        for turn in &read {
            self.inner.post_status(&mut scene, &channel, &person, turn, "read", Duration::ZERO, None);
        }
        drop(scene);
        if !read.is_empty() {
            self.inner.changed("talk");
        }
        Ok(())
    }

    /// The person plays a voice message of the business.
    pub fn play(&self, phone_number_id: &str, contact: ContactId, wamid: &str) -> Result<(), UnknownParty> {
        let mut scene = self.inner.scene.lock();
        let channel = scene.channel(phone_number_id).ok_or(UnknownParty::Channel)?.clone();
        let person = scene.contact(contact).ok_or(UnknownParty::Contact)?.clone();
        let turn = scene.talk_mut(phone_number_id, contact).turn(wamid).ok_or(UnknownParty::Message)?.clone();
        self.inner.post_status(&mut scene, &channel, &person, &turn, "played", Duration::ZERO, None);
        Ok(())
    }
}

/// A message that was written and is not posted yet.
struct Spoken {
    channel: Channel,
    contact: Contact,
    wamid: String,
    message: Value,
}

/// Cuts what was written into bodies that Meta would post.
fn batches(spoken: &[Spoken]) -> Vec<&[Spoken]> {
    let mut batches = Vec::new();
    let mut rest = spoken;
    while !rest.is_empty() {
        // Escaping can make six bytes out of two; the frame and the senders need room as well.
        let mut room = BODY_BYTES;
        let fits = rest.iter().take(BATCH).take_while(|spoken| {
            let size = wire::escaped(&spoken.message).len().saturating_add(300);
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        });
        let (batch, after) = rest.split_at(fits.count().max(1));
        batches.push(batch);
        rest = after;
    }
    batches
}

impl Inner {
    /// Writes the message down on the phone, opens the window and makes the entry of the webhook.
    fn speak(
        &self,
        scene: &mut Scene,
        phone_number_id: &str,
        contact: ContactId,
        said: &Said,
    ) -> Result<Spoken, UnknownParty> {
        let channel = scene.channel(phone_number_id).ok_or(UnknownParty::Channel)?.clone();
        let person = scene.contact(contact).ok_or(UnknownParty::Contact)?.clone();
        let content = said.to_content(&scene.files).map_err(|_| UnknownParty::File)?;
        let wamid = scene.ids.wamid(person.wa_id.as_deref().unwrap_or("5511900000000"), true);
        let (at, moved) = (self.millis(), self.moved_now(scene));
        let quotes = said.quotes();
        let seconds = at.div_euclid(1_000);
        let message = webhook::message(&channel, &person, &wamid, seconds, &content, quotes);
        let talk = scene.talk_mut(phone_number_id, contact);
        talk.wrote_at = Some(moved);
        match said {
            Said::Reaction { message_id, emoji } => {
                if let Some(turn) = talk.turn(message_id) {
                    turn.reaction = emoji.clone().filter(|emoji| !emoji.is_empty());
                }
            }
            _ => {
                if let Some((quoted, choice)) = choice(said)
                    && let Some(turn) = talk.turn(quoted)
                {
                    turn.chosen = Some(choice.to_owned());
                }
                talk.turns.push(written(wamid.clone(), at, content, quotes));
            }
        }
        Ok(Spoken { channel, contact: person, wamid, message })
    }

    fn post_batch(self: &std::sync::Arc<Self>, scene: &mut Scene, batch: &[Spoken]) {
        let Some(first) = batch.first() else { return };
        let mut senders: Vec<(ContactId, Value)> = Vec::new();
        for spoken in batch {
            if !senders.iter().any(|(id, _)| *id == spoken.contact.id) {
                senders.push((spoken.contact.id, webhook::sender(&spoken.channel, &spoken.contact)));
            }
        }
        let senders: Vec<Value> = senders.into_iter().map(|(_, sender)| sender).collect();
        let messages: Vec<Value> = batch.iter().map(|spoken| spoken.message.clone()).collect();
        let body = webhook::messages_body(&first.channel, &senders, "messages", &messages);
        let label = format!("messages × {}", batch.len());
        let payload = json!({"messages": batch.len()});
        self.post(scene, &first.channel, label, &body, payload, None, None, Duration::ZERO);
    }

    /// Posts one status of a message of the business.
    #[expect(clippy::too_many_arguments, reason = "a status has this many sides; it is private")]
    pub(crate) fn post_status(
        self: &std::sync::Arc<Self>,
        scene: &mut Scene,
        channel: &Channel,
        contact: &Contact,
        turn: &Turn,
        word: &str,
        after: Duration,
        error: Option<&Value>,
    ) {
        let (status, body) = self.status_body(channel, contact, turn, word, error);
        let label = format!("statuses.{word}");
        self.post(scene, channel, label, &body, status, Some(contact.id), None, after);
    }

    /// Posts `sent` and waits for the answer, for the rare case that it overtakes the answer to the send call.
    pub(crate) async fn post_sent_now(
        self: &std::sync::Arc<Self>,
        channel: &Channel,
        contact: &Contact,
        turn: &Turn,
    ) {
        let (status, body) = self.status_body(channel, contact, turn, "sent", None);
        let parcel: Parcel = {
            let mut scene = self.scene.lock();
            let body = wire::escaped(&body);
            let mut parcel = self.parcel(
                &mut scene,
                channel,
                "statuses.sent".into(),
                body,
                status,
                Some(contact.id),
                None,
            );
            parcel.due = Instant::now();
            parcel
        };
        deliver(self, parcel).await;
    }

    fn status_body(
        &self,
        channel: &Channel,
        contact: &Contact,
        turn: &Turn,
        word: &str,
        error: Option<&Value>,
    ) -> (Value, Value) {
        let mut status = webhook::status(channel, contact, turn, word, self.seconds());
        if let Some(error) = error {
            put(&mut status, "errors", json!([error]));
        }
        // Failed statuses come without contacts.
        let senders = if word == "failed" { vec![] } else { vec![webhook::sender(channel, contact)] };
        let body = webhook::messages_body(channel, &senders, "statuses", std::slice::from_ref(&status));
        (status, body)
    }
}

/// What was chosen where only one thing was offered.
const DONE: &str = "done";

/// The message that was answered, and with which of its choices.
fn choice(said: &Said) -> Option<(&str, &str)> {
    match said {
        Said::ButtonReply { id, quotes, .. } | Said::ListReply { id, quotes, .. } => Some((quotes, id)),
        Said::TemplateButton { payload, quotes, .. } => Some((quotes, payload)),
        // A form and a request offer one thing, which has no id.
        Said::FlowReply { quotes, .. } => Some((quotes, DONE)),
        Said::Location { quotes: Some(quotes), .. } | Said::Contacts { quotes: Some(quotes), .. } => {
            Some((quotes, DONE))
        }
        _ => None,
    }
}

fn written(wamid: String, at: i64, content: Map<String, Value>, quotes: Option<&str>) -> Turn {
    Turn {
        wamid,
        writer: Writer::Contact,
        at,
        content: Value::Object(content),
        rendered: None,
        quotes: quotes.map(str::to_owned),
        tick: Tick::Sent,
        error: None,
        reaction: None,
        chosen: None,
        opaque: None,
        category: String::new(),
        by_user_id: false,
    }
}
