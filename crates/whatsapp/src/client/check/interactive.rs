//! Messages with buttons, lists, links and forms (Meta, messages/interactive-*).

use std::collections::HashSet;

use serde_json::Value;

use super::content::{SOURCE, one_source};
use super::shape::Shape::{AnyObject, Link, List, Object, OneOf, Ruled, Text, Typed, Words};
use super::shape::{Part, Shape, UNLIMITED, needed, optional, report};
use super::{ContentFault, ContentProblem};

/// Rows of a list, in all its sections together.
const MOST_ROWS: usize = 10;

/// The kinds by Meta's names.
pub(super) const INTERACTIVE: Shape = Typed(&[
    ("button", &[HEADER, BODY, FOOTER, needed("action", BUTTONS)]),
    ("list", &[TEXT_HEADER, LIST_BODY, FOOTER, needed("action", LIST)]),
    ("cta_url", &[HEADER, BODY, FOOTER, needed("action", CTA_URL)]),
    ("flow", &[HEADER, BODY, FOOTER, needed("action", FLOW)]),
    ("location_request_message", &[BODY, needed("action", SEND_LOCATION)]),
    ("request_contact_info", &[BODY, needed("action", REQUEST_CONTACT_INFO)]),
    ("product", &[BODY, FOOTER, needed("action", Object(PRODUCT))]),
    ("product_list", &[needed("header", TEXT_ONLY), BODY, FOOTER, needed("action", PRODUCT_LIST)]),
    ("catalog_message", &[BODY, FOOTER, needed("action", CATALOG_MESSAGE)]),
]);

const BODY: Part = needed("body", Object(&[needed("text", Words(1_024))]));
const LIST_BODY: Part = needed("body", Object(&[needed("text", Words(4_096))]));
const FOOTER: Part = optional("footer", Object(&[needed("text", Words(60))]));

/// The title above the text: up to 60 characters, or a file.
const HEADER: Part = optional(
    "header",
    Typed(&[
        ("text", HEADER_TEXT),
        ("image", &[needed("image", FILE)]),
        ("video", &[needed("video", FILE)]),
        ("document", &[needed("document", FILE)]),
    ]),
);
const HEADER_TEXT: &[Part] = &[needed("text", Words(60))];
const TEXT_ONLY: Shape = Typed(&[("text", HEADER_TEXT)]);
const TEXT_HEADER: Part = optional("header", TEXT_ONLY);
const FILE: Shape = Ruled(&Object(SOURCE), one_source);

/// Up to three; of their ids and titles no two are the same.
const BUTTONS: Shape = Object(&[needed(
    "buttons",
    Ruled(&List(3, &Typed(&[("reply", &[needed("reply", Object(REPLY))])])), each_once),
)]);
const REPLY: &[Part] = &[needed("id", Words(256)), needed("title", Words(20))];

const LIST: Shape = Object(&[needed("button", Words(20)), needed("sections", SECTIONS)]);
const SECTIONS: Shape = Ruled(&List(MOST_ROWS, &Object(SECTION)), rows_in_all);
const SECTION: &[Part] = &[optional("title", Words(24)), needed("rows", List(UNLIMITED, &Object(ROW)))];
const ROW: &[Part] =
    &[needed("id", Words(200)), needed("title", Words(24)), optional("description", Text(72))];

const CTA_URL: Shape = Object(&[
    needed("name", OneOf(&["cta_url"])),
    needed("parameters", Object(&[needed("display_text", Words(20)), needed("url", Link)])),
]);

const FLOW: Shape = Object(&[
    needed("name", OneOf(&["flow"])),
    needed("parameters", Ruled(&Object(FLOW_PARAMETERS), one_flow)),
]);
const FLOW_PARAMETERS: &[Part] = &[
    needed("flow_message_version", OneOf(&["3"])),
    optional("flow_id", Words(UNLIMITED)),
    optional("flow_name", Words(UNLIMITED)),
    needed("flow_cta", Words(30)),
    optional("mode", OneOf(&["draft", "published"])),
    optional("flow_token", Words(UNLIMITED)),
    optional("flow_action", OneOf(&["navigate", "data_exchange"])),
    optional("flow_action_payload", AnyObject),
];

const PRODUCT: &[Part] =
    &[optional("catalog_id", Words(UNLIMITED)), needed("product_retailer_id", Words(UNLIMITED))];
const PRODUCT_LIST: Shape = Object(&[
    needed("catalog_id", Words(UNLIMITED)),
    needed(
        "sections",
        List(
            MOST_ROWS,
            &Object(&[needed("title", Words(24)), needed("product_items", List(30, &Object(PRODUCT)))]),
        ),
    ),
]);

const SEND_LOCATION: Shape = Object(&[needed("name", OneOf(&["send_location"]))]);
const REQUEST_CONTACT_INFO: Shape = Object(&[needed("name", OneOf(&["request_contact_info"]))]);
const CATALOG_MESSAGE: Shape = Object(&[needed("name", OneOf(&["catalog_message"]))]);

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// No two buttons have one id or one title: the answer names only these.
fn each_once(buttons: &Value, path: &str, faults: &mut Vec<ContentFault>) {
    for name in ["id", "title"] {
        let mut seen = HashSet::new();
        for (place, button) in items(buttons).enumerate() {
            let Some(text) = button.pointer("/reply").and_then(|reply| reply.get(name)?.as_str()) else {
                continue;
            };
            if !seen.insert(text) {
                report(faults, format!("{path}[{place}].reply.{name}"), ContentProblem::Repeated);
            }
        }
    }
}

/// Ten rows in all, each with an id of its own; sections have titles where there are several.
fn rows_in_all(sections: &Value, path: &str, faults: &mut Vec<ContentFault>) {
    let several = items(sections).count() > 1;
    let (mut count, mut seen) = (0_usize, HashSet::new());
    for (place, section) in items(sections).enumerate() {
        if several && section.get("title").is_none() {
            report(faults, format!("{path}[{place}].title"), ContentProblem::Missing);
        }
        for (row, id) in
            items(section.get("rows").unwrap_or(&Value::Null)).map(|row| row.get("id")).enumerate()
        {
            count = count.saturating_add(1);
            if let Some(id) = id.and_then(Value::as_str)
                && !seen.insert(id)
            {
                report(faults, format!("{path}[{place}].rows[{row}].id"), ContentProblem::Repeated);
            }
        }
    }
    if count > MOST_ROWS {
        report(faults, path, ContentProblem::TooMany(MOST_ROWS));
    }
}

/// A form is named by exactly one of `flow_id` and `flow_name`.
fn one_flow(flow: &Value, path: &str, faults: &mut Vec<ContentFault>) {
    match (flow.get("flow_id").is_some(), flow.get("flow_name").is_some()) {
        (false, false) => report(faults, format!("{path}.flow_id"), ContentProblem::Missing),
        (true, true) => {
            let both = "Name the form by `flow_id` or by `flow_name`, not by both.".to_owned();
            report(faults, format!("{path}.flow_name"), ContentProblem::Invalid(both));
        }
        _ => {}
    }
}
