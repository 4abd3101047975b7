//! `POST /{phone_number_id}/messages`: the heart of it.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::Method;
use axum::http::header::CONTENT_LENGTH;
use axum::response::Response;
use serde_json::{Value, json};

use super::check::check_content;
use super::fault::Fault;
use super::ladder;
use super::recipient::{self, Recipient};
use super::request::Call;
use super::{Outcome, access};
use crate::channel::Channel;
use crate::conditions::FailureForm;
use crate::contact::Contact;
use crate::json::{put, text};
use crate::meter::AcceptedSend;
use crate::scene::Scene;
use crate::simulator::{Inner, Simulator};
use crate::talk::{Tick, Turn, Writer};

/// A send that Meta took over.
struct Accepted {
    answer: Value,
    channel: Channel,
    contact: Contact,
    turn: Turn,
    /// The code with which it fails later.
    fails: Option<i64>,
    /// Its answer breaks off.
    is_cut: bool,
}

pub(crate) async fn send(State(simulator): State<Simulator>, call: Call, body: Bytes) -> Response {
    let inner = &simulator.inner;
    let travel = simulator.conditions().travel_ms;
    if travel > 0 {
        tokio::time::sleep(Duration::from_millis(travel)).await;
    }
    let payload: Value = serde_json::from_slice(&body).unwrap_or_default();
    let detail = text(&payload, "/type").or_else(|| text(&payload, "/status")).unwrap_or("text").to_owned();
    let (result, accepted) = match take(inner, &call, &payload) {
        Ok(Taken::Receipt) => (Ok(json!({"success": true})), None),
        Ok(Taken::Message(accepted)) => (Ok(accepted.answer.clone()), Some(accepted)),
        Err(fault) => {
            *inner.scene.lock().tally.refused.entry(fault.code).or_default() += 1;
            (Err(fault), None)
        }
    };
    let contact = accepted.as_ref().map(|accepted| accepted.contact.id);
    let outcome = Outcome {
        call: &call,
        method: Method::POST,
        edge: "messages",
        detail: &detail,
        phone_number_id: &call.id,
        contact,
        payload,
    };
    let response = outcome.answer(inner, result);
    let Some(accepted) = accepted else { return response };
    let conditions = simulator.conditions();
    let early = conditions.status_before_answer && accepted.fails.is_none();
    let is_cut = accepted.is_cut;
    if early {
        inner.post_sent_now(&accepted.channel, &accepted.contact, &accepted.turn).await;
    }
    ladder::climb(inner, accepted.channel, accepted.contact, accepted.turn, accepted.fails, early);
    if is_cut { cut() } else { response }
}

/// An answer that breaks off: the caller cannot know whether the message went out.
fn cut() -> Response {
    let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("cut on purpose"))]);
    let mut response = Response::new(Body::from_stream(broken));
    response.headers_mut().insert(CONTENT_LENGTH, 500.into());
    response
}

enum Taken {
    Receipt,
    Message(Box<Accepted>),
}

fn take(inner: &Inner, call: &Call, body: &Value) -> Result<Taken, Fault> {
    let mut scene = inner.scene.lock();
    let channel = access::channel(&scene, call)?;
    if text(body, "/messaging_product") != Some("whatsapp") {
        return Err(Fault::parameter("The parameter messaging_product is required."));
    }
    if body.get("status").is_some() {
        return receipt(inner, &mut scene, &channel, body).map(|()| Taken::Receipt);
    }
    let planned = scene.conditions.fail_next.take();
    if let Some(failure) = planned.filter(|failure| failure.form == FailureForm::Answer) {
        return Err(Fault::of(failure.code));
    }
    let recipient = recipient::find(&mut scene, &channel, body)?;
    let kind = body.get("type").and_then(Value::as_str).unwrap_or("text");
    check_content(&mut scene, &channel, &recipient, kind, body)?;
    let template = if kind == "template" { Some(fill(&scene, &channel, &recipient, body)?) } else { None };
    let now = inner.moved_now(&scene);
    let talk = scene.talk_mut(&channel.phone_number_id, recipient.contact.id);
    if template.is_none() && talk.window_left(now).is_none() {
        return Err(Fault::of(131_047));
    }
    talk.typing_until = 0;
    let transient = scene.conditions.transient_per_mille;
    if scene.ids.happens(transient) {
        return Err(Fault::of(131_016));
    }
    if let Some(limits) = scene.conditions.limits {
        let passed = scene.meter.pass(limits, &channel.phone_number_id, recipient.contact.id, inner.millis());
        passed.map_err(Fault::of)?;
    }
    let fails = planned.map(|failure| failure.code).or(recipient.contact.blocked.then_some(131_026));
    Ok(Taken::Message(Box::new(accept(inner, &mut scene, channel, recipient, kind, body, template, fails))))
}

#[expect(clippy::too_many_arguments, reason = "the one place where an accepted send becomes a turn")]
fn accept(
    inner: &Inner,
    scene: &mut Scene,
    channel: Channel,
    recipient: Recipient,
    kind: &str,
    body: &Value,
    template: Option<Filled>,
    fails: Option<i64>,
) -> Accepted {
    let Recipient { contact, answer, by_user_id } = recipient;
    let wamid = scene.ids.wamid(contact.wa_id.as_deref().unwrap_or("5511900000000"), false);
    let mut message = json!({"id": wamid});
    if template.is_some() {
        put(&mut message, "message_status", json!("accepted"));
    }
    let (rendered, category) = match template {
        Some(filled) => (Some(filled.rendered), filled.category.to_lowercase()),
        None => (None, "service".to_owned()),
    };
    let turn = Turn {
        wamid,
        writer: Writer::Business,
        at: inner.millis(),
        content: json!({"type": kind, kind: body.get(kind)}),
        rendered,
        quotes: text(body, "/context/message_id").map(str::to_owned),
        tick: if fails.is_some() { Tick::Failed } else { Tick::Sent },
        error: fails,
        reaction: None,
        chosen: None,
        opaque: text(body, "/biz_opaque_callback_data").map(str::to_owned),
        category,
        by_user_id,
    };
    let talk = scene.talk_mut(&channel.phone_number_id, contact.id);
    if kind == "reaction" {
        let emoji = text(body, "/reaction/emoji").filter(|emoji| !emoji.is_empty()).map(str::to_owned);
        if let Some(target) = text(body, "/reaction/message_id").and_then(|id| talk.turn(id)) {
            target.reaction = emoji;
        }
    } else {
        talk.turns.push(turn.clone());
    }
    let (always, sometimes) = (scene.conditions.cut_connection, scene.conditions.cut_per_mille);
    let is_cut = always || scene.ids.happens(sometimes);
    scene.tally.cut = scene.tally.cut.saturating_add(usize::from(is_cut));
    scene.tally.accepted.push(AcceptedSend {
        phone_number_id: channel.phone_number_id.clone(),
        contact: contact.id,
        wamid: turn.wamid.clone(),
        callback_data: turn.opaque.clone(),
        at: turn.at,
    });
    let answer = json!({"messaging_product": "whatsapp", "contacts": [answer], "messages": [message]});
    Accepted { answer, channel, contact, turn, fails, is_cut }
}

/// Read receipts and typing. Reading one message reads the earlier ones, too.
fn receipt(inner: &Inner, scene: &mut Scene, channel: &Channel, body: &Value) -> Result<(), Fault> {
    if text(body, "/status") != Some("read") {
        return Err(Fault::parameter("Param status must be one of {READ}"));
    }
    let typing = body.get("typing_indicator");
    if typing.is_some_and(|typing| text(typing, "/type") != Some("text")) {
        return Err(Fault::parameter("Param typing_indicator['type'] must be one of {TEXT}"));
    }
    let wamid = text(body, "/message_id").ok_or_else(|| Fault::of(131_008))?;
    let now = inner.moved_now(scene);
    let own = scene.talks.values_mut().filter(|talk| talk.phone_number_id == channel.phone_number_id);
    for talk in own {
        let is_it = |turn: &Turn| turn.writer == Writer::Contact && turn.wamid == wamid;
        let Some(position) = talk.turns.iter().position(is_it) else { continue };
        for turn in talk.turns.iter_mut().take(position.saturating_add(1)) {
            if turn.writer == Writer::Contact {
                turn.tick = Tick::Read;
            }
        }
        if typing.is_some() {
            // Gone after 25 seconds or with the answer.
            talk.typing_until = now.saturating_add(25_000);
        }
        return Ok(());
    }
    Err(Fault::of(131_009).with_details("message_id is not a message that this number received"))
}

/// A template with its variables filled.
struct Filled {
    rendered: Value,
    category: String,
}

fn fill(scene: &Scene, channel: &Channel, recipient: &Recipient, body: &Value) -> Result<Filled, Fault> {
    let sent = body.get("template").unwrap_or(&Value::Null);
    let name = text(sent, "/name").ok_or_else(|| Fault::of(131_008).with_details("template.name"))?;
    let language =
        text(sent, "/language/code").ok_or_else(|| Fault::of(131_008).with_details("template.language"))?;
    let is_it = |template: &&crate::template::Template| {
        template.waba_id == channel.waba_id && template.name == name && template.language == language
    };
    let template = scene.templates.iter().find(is_it).ok_or_else(|| {
        Fault::of(132_001).with_details(format!("template name ({name}) does not exist in {language}"))
    })?;
    if recipient.by_user_id && template.needs_phone() {
        return Err(Fault::of(131_062));
    }
    let rendered =
        template.fill(sent).map_err(|unfilled| Fault::of(unfilled.code).with_details(unfilled.details))?;
    Ok(Filled { rendered, category: template.category.clone() })
}
