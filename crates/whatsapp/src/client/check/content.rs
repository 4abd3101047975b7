//! Every type of message and what it may hold (Meta, messages/*).

use serde_json::Value;

use super::emoji::is_one_emoji;
use super::interactive::INTERACTIVE;
use super::shape::Shape::{AnyList, Date, Degrees, Flag, Link, List, Object, Ruled, Text, Words};
use super::shape::{Part, Shape, UNLIMITED, needed, optional, report};
use super::template::TEMPLATE;
use super::{ContentFault, ContentProblem};

/// Characters of a text.
const LONGEST_TEXT: usize = 4_096;
/// Characters under a picture, a film or a document.
const LONGEST_CAPTION: usize = 1_024;
/// Cards in one message.
const MOST_CARDS: usize = 257;

/// The types by Meta's names.
pub(super) const KINDS: &[(&str, Shape)] = &[
    ("text", Object(&[needed("body", Words(LONGEST_TEXT)), optional("preview_url", Flag)])),
    ("image", Ruled(&Object(CAPTIONED), one_source)),
    ("video", Ruled(&Object(CAPTIONED), one_source)),
    ("audio", Ruled(&Object(&[ID, LINK, optional("voice", Flag)]), one_source)),
    ("document", Ruled(&Object(&[ID, LINK, CAPTION, optional("filename", Words(UNLIMITED))]), one_source)),
    ("sticker", Ruled(&Object(SOURCE), one_source)),
    ("location", Object(LOCATION)),
    ("contacts", List(MOST_CARDS, &Object(CARD))),
    (
        "reaction",
        Ruled(
            &Object(&[needed("message_id", Words(UNLIMITED)), needed("emoji", Text(UNLIMITED))]),
            one_emoji,
        ),
    ),
    ("interactive", INTERACTIVE),
    ("template", TEMPLATE),
];

pub(super) const ID: Part = optional("id", Words(UNLIMITED));
pub(super) const LINK: Part = optional("link", Link);
const CAPTION: Part = optional("caption", Text(LONGEST_CAPTION));
const CAPTIONED: &[Part] = &[ID, LINK, CAPTION];

/// Where a file is, and nothing besides.
pub(super) const SOURCE: &[Part] = &[ID, LINK];

/// A place in degrees (WGS 84).
pub(super) const LOCATION: &[Part] = &[
    needed("latitude", Degrees(90.0)),
    needed("longitude", Degrees(180.0)),
    optional("name", Text(UNLIMITED)),
    optional("address", Text(UNLIMITED)),
];

const ANY: Shape = Text(UNLIMITED);
const CARD: &[Part] = &[
    needed("name", Object(NAME)),
    optional("phones", AnyList(&Object(&[optional("phone", ANY), optional("wa_id", ANY), KIND]))),
    optional("emails", AnyList(&Object(&[optional("email", ANY), KIND]))),
    optional("addresses", AnyList(&Object(ADDRESS))),
    optional("org", Object(&[optional("company", ANY), optional("department", ANY), optional("title", ANY)])),
    optional("urls", AnyList(&Object(&[optional("url", ANY), KIND]))),
    optional("birthday", Date),
];
const KIND: Part = optional("type", ANY);
const NAME: &[Part] = &[
    needed("formatted_name", Words(UNLIMITED)),
    optional("first_name", ANY),
    optional("last_name", ANY),
    optional("middle_name", ANY),
    optional("prefix", ANY),
    optional("suffix", ANY),
];
const ADDRESS: &[Part] = &[
    optional("street", ANY),
    optional("city", ANY),
    optional("state", ANY),
    optional("zip", ANY),
    optional("country", ANY),
    optional("country_code", ANY),
    KIND,
];

/// A file is named by exactly one of `id` and `link`.
pub(super) fn one_source(file: &Value, path: &str, faults: &mut Vec<ContentFault>) {
    match (file.get("id").is_some(), file.get("link").is_some()) {
        (false, false) => report(faults, format!("{path}.id"), ContentProblem::Missing),
        (true, true) => {
            let both = "Name the file by `id` or by `link`, not by both.".to_owned();
            report(faults, format!("{path}.link"), ContentProblem::Invalid(both));
        }
        _ => {}
    }
}

/// One emoji, or none to take it back.
fn one_emoji(reaction: &Value, path: &str, faults: &mut Vec<ContentFault>) {
    let emoji = reaction.get("emoji").and_then(Value::as_str).unwrap_or_default();
    if !emoji.is_empty() && !is_one_emoji(emoji) {
        let sentence = "This must be one emoji, or empty to take it back.".to_owned();
        report(faults, format!("{path}.emoji"), ContentProblem::Invalid(sentence));
    }
}
