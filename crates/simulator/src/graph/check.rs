//! What Meta takes of a message: the lengths and counts of its pages messages/*, and the codes with which it refuses.

use std::collections::HashSet;

use serde_json::Value;

use super::fault::Fault;
use super::recipient::Recipient;
use crate::channel::Channel;
use crate::json::{list, text};
use crate::media::Files;
use crate::scene::Scene;

pub(super) fn check_content(
    scene: &mut Scene,
    channel: &Channel,
    recipient: &Recipient,
    kind: &str,
    body: &Value,
) -> Result<(), Fault> {
    let object = body.get(kind).filter(|object| !object.is_null());
    let known = matches!(
        kind,
        "text" | "image" | "video" | "audio" | "document" | "sticker" | "location" | "contacts" | "reaction"
    ) || matches!(kind, "interactive" | "template");
    if !known {
        return Err(Fault::parameter(format!("Param type must be one of the message types, not {kind}")));
    }
    let object = object.ok_or_else(|| Fault::of(131_008).with_details(kind))?;
    if text(body, "/biz_opaque_callback_data").is_some_and(|data| data.chars().count() > 512) {
        return Err(Fault::parameter("Param biz_opaque_callback_data must be at most 512 characters long"));
    }
    match kind {
        "text" => check_length("text['body']", text(object, "/body"), 4_096),
        "image" | "video" | "audio" | "document" | "sticker" => {
            check_media(&scene.files, channel, kind, object)
        }
        "interactive" => check_interactive(object),
        "location" => check_location(object),
        "contacts" => check_contacts(object),
        "reaction" => check_reaction(scene, channel, recipient, object),
        _ => Ok(()),
    }
}

/// A text that must be there, and no longer than this.
fn check_length(name: &str, text: Option<&str>, limit: usize) -> Result<(), Fault> {
    match text.map(|text| text.chars().count()) {
        None | Some(0) => Err(Fault::parameter(format!("The parameter {name} is required."))),
        Some(length) if length > limit => {
            Err(Fault::parameter(format!("Param {name} must be at most {limit} characters long.")))
        }
        Some(_) => Ok(()),
    }
}

/// A text that may be missing.
fn check_optional(name: &str, text: Option<&str>, limit: usize) -> Result<(), Fault> {
    if text.is_none() { Ok(()) } else { check_length(name, text, limit) }
}

fn check_media(files: &Files, channel: &Channel, kind: &str, object: &Value) -> Result<(), Fault> {
    if text(object, "/caption").is_some_and(|caption| caption.chars().count() > 1_024) {
        return Err(Fault::parameter(format!(
            "Param {kind}['caption'] must be at most 1024 characters long."
        )));
    }
    match (text(object, "/id"), text(object, "/link")) {
        (Some(id), None) => {
            let own = files.get(id).is_some_and(|file| file.phone_number_id == channel.phone_number_id);
            if own { Ok(()) } else { Err(Fault::of(131_009).with_details(format!("media {id} is not here"))) }
        }
        (None, Some(link)) if link.starts_with("http://") || link.starts_with("https://") => Ok(()),
        (None, Some(_)) => Err(Fault::of(131_009).with_details("link is no address")),
        _ => Err(Fault::parameter(format!("Param {kind} needs exactly one of id and link"))),
    }
}

fn check_location(object: &Value) -> Result<(), Fault> {
    for (name, most) in [("latitude", 90.0), ("longitude", 180.0)] {
        let value = object.get(name).unwrap_or(&Value::Null);
        let degrees = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        if !degrees.is_some_and(|degrees: f64| (-most..=most).contains(&degrees)) {
            return Err(Fault::of(131_009).with_details(format!("location['{name}'] is not valid")));
        }
    }
    Ok(())
}

fn check_contacts(object: &Value) -> Result<(), Fault> {
    let cards = object.as_array().map(Vec::as_slice).unwrap_or_default();
    if !(1..=257).contains(&cards.len()) {
        return Err(Fault::of(131_009).with_details("contacts must have 1 to 257 entries"));
    }
    cards.iter().try_for_each(|card| {
        check_length("contacts['name']['formatted_name']", text(card, "/name/formatted_name"), usize::MAX)
    })
}

fn invalid(details: &str) -> Result<(), Fault> {
    Err(Fault::of(131_009).with_details(details))
}

fn check_interactive(object: &Value) -> Result<(), Fault> {
    let kind = text(object, "/type").unwrap_or_default();
    match kind {
        "button" => check_buttons(list(object, "/action/buttons"))?,
        "list" => check_list(object)?,
        "cta_url" => {
            let url = text(object, "/action/parameters/url").unwrap_or_default();
            if !(url.starts_with("https://") || url.starts_with("http://")) {
                return invalid("action['parameters']['url'] is no address");
            }
            check_length("display_text", text(object, "/action/parameters/display_text"), 20)?;
        }
        "flow" => {
            let named = ["flow_id", "flow_name"]
                .iter()
                .filter_map(|name| object.pointer("/action/parameters")?.get(name));
            if named.count() != 1 {
                return invalid("Exactly one of flow_id and flow_name is needed");
            }
            check_length("flow_cta", text(object, "/action/parameters/flow_cta"), 30)?;
        }
        "" => return Err(Fault::of(131_008).with_details("interactive.type")),
        _ => {}
    }
    if text(object, "/header/type") == Some("text") {
        check_length("header['text']", text(object, "/header/text"), 60)?;
    }
    check_optional("footer['text']", text(object, "/footer/text"), 60)?;
    let limit = if kind == "list" { 4_096 } else { 1_024 };
    // Catalogue messages may come without a text.
    if object.get("body").is_none_or(Value::is_null) && kind.contains("product") {
        Ok(())
    } else {
        check_length("body['text']", text(object, "/body/text"), limit)
    }
}

fn check_buttons(buttons: &[Value]) -> Result<(), Fault> {
    if !(1..=3).contains(&buttons.len()) {
        return invalid("Min buttons allowed are 1, max 3");
    }
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for button in buttons {
        let (id, title) = (text(button, "/reply/id"), text(button, "/reply/title"));
        if !(1..=20).contains(&length(title)) {
            return invalid("Button title length invalid. Min length: 1, Max length: 20");
        }
        if !(1..=256).contains(&length(id)) {
            return invalid("Button id length invalid. Min length: 1, Max length: 256");
        }
        if !ids.insert(id) || !titles.insert(title) {
            return invalid("Duplicated button id or title");
        }
    }
    Ok(())
}

fn check_list(object: &Value) -> Result<(), Fault> {
    let sections = list(object, "/action/sections");
    if object.get("header").is_some() && text(object, "/header/type") != Some("text") {
        return invalid("Only a text is allowed as the header of a list");
    }
    check_length("action['button']", text(object, "/action/button"), 20)?;
    let rows: Vec<&Value> = sections.iter().flat_map(|section| list(section, "/rows")).collect();
    if !(1..=10).contains(&rows.len()) || sections.iter().any(|section| list(section, "/rows").is_empty()) {
        return invalid("Total row count exceed max allowed count: 10");
    }
    for section in sections {
        if sections.len() > 1 || section.get("title").is_some() {
            check_length("section['title']", text(section, "/title"), 24)?;
        }
    }
    let mut ids = HashSet::new();
    for row in rows {
        check_length("row['id']", text(row, "/id"), 200)?;
        check_length("row['title']", text(row, "/title"), 24)?;
        if length(text(row, "/description")) > 72 {
            return invalid("Row description length invalid. Max length: 72");
        }
        if !ids.insert(text(row, "/id")) {
            return invalid("Duplicated row id");
        }
    }
    Ok(())
}

fn length(text: Option<&str>) -> usize {
    text.map_or(0, |text| text.chars().count())
}

fn check_reaction(
    scene: &mut Scene,
    channel: &Channel,
    recipient: &Recipient,
    object: &Value,
) -> Result<(), Fault> {
    let wamid = text(object, "/message_id").ok_or_else(|| Fault::of(131_008).with_details("message_id"))?;
    let talk = scene.talk_mut(&channel.phone_number_id, recipient.contact.id);
    if talk.turn(wamid).is_none() {
        return Err(Fault::of(131_009).with_details("message_id is not a message of this chat"));
    }
    Ok(())
}
