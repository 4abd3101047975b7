//! A number that is in use with the WhatsApp Business app, too: what somebody writes there, and what was written before.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::channel::Channel;
use crate::contact::{Contact, ContactId};
use crate::json::{put, text};
use crate::simulator::{Simulator, UnknownParty};
use crate::talk::{Tick, Turn, Writer};
use crate::webhook;

/// Messages in one body of the history.
const CHUNK: usize = 100;
/// Meta's code for a business that does not share its history.
const DECLINED: i64 = 2_593_109;

impl Simulator {
    /// Somebody of the business writes to a person in the Business app. Gives the wamid; the desk hears an echo.
    pub fn echo(
        &self,
        phone_number_id: &str,
        contact: ContactId,
        body: &str,
    ) -> Result<String, UnknownParty> {
        let mut scene = self.inner.scene.lock();
        let channel = scene.channel(phone_number_id).ok_or(UnknownParty::Channel)?.clone();
        let person = scene.contact(contact).ok_or(UnknownParty::Contact)?.clone();
        let wamid = scene.ids.wamid(person.wa_id.as_deref().unwrap_or("5511900000000"), false);
        let content = json!({"type": "text", "text": {"body": body}});
        let turn = said_in_the_app(wamid.clone(), self.inner.millis(), content.clone());
        scene.talk_mut(phone_number_id, contact).turns.push(turn);
        let mut echo = json!({"from": channel.display_number(), "id": wamid,
                              "to_user_id": person.user_id(&channel.waba_id),
                              "timestamp": self.inner.seconds().to_string()});
        if let Some(wa_id) = &person.wa_id {
            put(&mut echo, "to", json!(wa_id));
        }
        if let (Some(echo), Some(content)) = (echo.as_object_mut(), content.as_object()) {
            echo.extend(content.clone());
        }
        let mut value = head(&channel);
        put(&mut value, "contacts", json!([address(&channel, &person)]));
        put(&mut value, "message_echoes", json!([echo]));
        let field = "smb_message_echoes";
        let posted = webhook::body(&channel, field, &value, None);
        self.inner.post(
            &mut scene,
            &channel,
            field.into(),
            &posted,
            echo,
            Some(contact),
            None,
            Duration::ZERO,
        );
        drop(scene);
        self.inner.changed("talk");
        Ok(wamid)
    }

    /// The business shares everything that its chats hold, in chunks that know their order; says how many messages.
    pub fn share_history(&self, phone_number_id: &str) -> Result<usize, UnknownParty> {
        let mut scene = self.inner.scene.lock();
        let channel = scene.channel(phone_number_id).ok_or(UnknownParty::Channel)?.clone();
        let mut threads: Vec<(Contact, Vec<Value>)> = Vec::new();
        let mut talks: Vec<_> =
            scene.talks.values().filter(|talk| talk.phone_number_id == phone_number_id).collect();
        talks.sort_by_key(|talk| talk.contact);
        for talk in talks {
            let Some(person) = scene.contact(talk.contact) else { continue };
            let told: Vec<Value> = talk.turns.iter().map(|turn| remembered(&channel, person, turn)).collect();
            threads.extend(told.chunks(CHUNK).map(|chunk| (person.clone(), chunk.to_vec())));
        }
        let chunks = threads.len();
        let mut messages: usize = 0;
        for (position, (person, told)) in threads.into_iter().enumerate() {
            let number = position.saturating_add(1);
            messages = messages.saturating_add(told.len());
            let progress = number.saturating_mul(100).checked_div(chunks).unwrap_or(100);
            let thread = json!({"id": person.wa_id, "context": address(&channel, &person), "messages": told});
            let history = json!([{"metadata": {"phase": 0, "chunk_order": number, "progress": progress},
                                  "threads": [thread]}]);
            let mut value = head(&channel);
            put(&mut value, "history", history);
            let body = webhook::body(&channel, "history", &value, None);
            let label = format!("history {number} of {chunks}");
            self.inner.post(&mut scene, &channel, label, &body, value, Some(person.id), None, Duration::ZERO);
        }
        Ok(messages)
    }

    /// The business does not share what was written before.
    pub fn decline_history(&self, phone_number_id: &str) -> Result<(), UnknownParty> {
        let mut scene = self.inner.scene.lock();
        let channel = scene.channel(phone_number_id).ok_or(UnknownParty::Channel)?.clone();
        let title = "History sync is turned off by the business from the WhatsApp Business App";
        let details = json!({"details": "History sharing is turned off by the business"});
        let error = json!({"code": DECLINED, "title": title, "message": title, "error_data": details});
        let mut value = head(&channel);
        put(&mut value, "history", json!([{"errors": [error]}]));
        let body = webhook::body(&channel, "history", &value, None);
        self.inner.post(&mut scene, &channel, "history".into(), &body, value, None, None, Duration::ZERO);
        Ok(())
    }
}

fn head(channel: &Channel) -> Value {
    let metadata =
        json!({"display_phone_number": channel.display_number(), "phone_number_id": channel.phone_number_id});
    json!({"messaging_product": "whatsapp", "metadata": metadata})
}

/// Who somebody is, as far as Meta tells it.
fn address(channel: &Channel, person: &Contact) -> Value {
    let mut address = json!({"user_id": person.user_id(&channel.waba_id)});
    if let Some(wa_id) = &person.wa_id {
        put(&mut address, "wa_id", json!(wa_id));
    }
    address
}

/// A message as the history tells it. Files are told of by a placeholder first.
fn remembered(channel: &Channel, person: &Contact, turn: &Turn) -> Value {
    let mut told = Map::new();
    let from = match turn.writer {
        Writer::Business => Some(channel.display_number()),
        Writer::Contact => person.wa_id.clone(),
    };
    told.extend(from.map(|from| ("from".to_owned(), json!(from))));
    if turn.writer == Writer::Contact {
        told.insert("from_user_id".into(), json!(person.user_id(&channel.waba_id)));
    }
    told.insert("id".into(), json!(turn.wamid));
    told.insert("timestamp".into(), json!(turn.at.div_euclid(1_000).to_string()));
    let kind = text(&turn.content, "/type").unwrap_or("text");
    if matches!(kind, "image" | "video" | "audio" | "document" | "sticker") {
        told.insert("type".into(), json!("media_placeholder"));
    } else {
        told.extend(turn.content.as_object().cloned().unwrap_or_default());
    }
    let status = match turn.tick {
        Tick::Read => "READ",
        Tick::Delivered => "DELIVERED",
        Tick::Sent => "SENT",
        Tick::Failed => "ERROR",
    };
    told.insert("history_context".into(), json!({"status": status}));
    Value::Object(told)
}

fn said_in_the_app(wamid: String, at: i64, content: Value) -> Turn {
    Turn {
        wamid,
        writer: Writer::Business,
        at,
        content,
        rendered: None,
        quotes: None,
        tick: Tick::Delivered,
        error: None,
        reaction: None,
        chosen: None,
        opaque: None,
        category: String::new(),
        by_user_id: false,
    }
}
