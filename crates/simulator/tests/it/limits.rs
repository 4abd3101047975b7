//! What the client lets through Meta takes, and what Meta takes the client lets through: the limits stand in both, and each
//! was written without looking at the other.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use whatsapp::client::OutboundContent;

use crate::stage::{ANA, AURORA, Stage, http};

/// A text around a limit: none, something, just as long, one more.
fn around(most: usize) -> impl Strategy<Value = String> {
    let length = prop_oneof![1 => Just(0), 4 => 1..=most.min(12), 2 => Just(most), 1 => Just(most + 1)];
    (length, any::<bool>()).prop_map(|(length, is_wide)| (if is_wide { "ã" } else { "a" }).repeat(length))
}

/// A text that differs from the others by its number.
fn numbered(most: usize) -> impl Strategy<Value = String> {
    (around(most), 0..6_usize).prop_map(|(text, number)| {
        let mark = number.to_string();
        if text.is_empty() { text } else { format!("{mark}{}", text.chars().skip(1).collect::<String>()) }
    })
}

/// A member that may be missing.
fn maybe<V: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = V> + 'static,
) -> impl Strategy<Value = Option<V>> {
    prop_oneof![1 => Just(None), 2 => value.prop_map(Some)]
}

fn buttons() -> impl Strategy<Value = Value> {
    let button = (numbered(256), numbered(20))
        .prop_map(|(id, title)| json!({"type": "reply", "reply": {"id": id, "title": title}}));
    prop::collection::vec(button, 0..=4).prop_map(|buttons| json!({ "buttons": buttons }))
}

fn list() -> impl Strategy<Value = Value> {
    let row = (0..40_usize, around(200), around(24), maybe(around(72))).prop_map(
        |(number, id, title, description)| {
            let mark = format!("{number}-");
            let id = if id.chars().count() > mark.len() {
                format!("{mark}{}", id.chars().skip(mark.len()).collect::<String>())
            } else {
                id
            };
            let mut row = json!({"id": id, "title": title});
            if let Some(description) = description {
                row["description"] = json!(description);
            }
            row
        },
    );
    let section = (maybe(around(24)), prop::collection::vec(row, 0..=6)).prop_map(|(title, rows)| {
        let mut section = json!({ "rows": rows });
        if let Some(title) = title {
            section["title"] = json!(title);
        }
        section
    });
    (around(20), prop::collection::vec(section, 0..=3))
        .prop_map(|(button, sections)| json!({"button": button, "sections": sections}))
}

fn interactive() -> impl Strategy<Value = Value> {
    let link = (
        around(20),
        prop_oneof![Just("https://example.com/a"), Just("example.com"), Just("ftp://example.com")],
    )
        .prop_map(|(text, url)| json!({"name": "cta_url", "parameters": {"display_text": text, "url": url}}));
    let flow = (around(30), 0..4_u8).prop_map(|(cta, named)| {
        let mut flow = json!({"flow_message_version": "3", "flow_cta": cta});
        for (bit, name) in [(1, "flow_id"), (2, "flow_name")] {
            if named & bit != 0 {
                flow[name] = json!("x");
            }
        }
        json!({"name": "flow", "parameters": flow})
    });
    let action = prop_oneof![
        3 => buttons().prop_map(|action| ("button", action)),
        3 => list().prop_map(|action| ("list", action)),
        1 => link.prop_map(|action| ("cta_url", action)),
        1 => flow.prop_map(|action| ("flow", action)),
        1 => Just(("location_request_message", json!({"name": "send_location"}))),
        1 => Just(("request_contact_info", json!({"name": "request_contact_info"}))),
    ];
    let body = prop_oneof![3 => around(1_024), 1 => around(4_096)];
    (action, body, maybe(around(60)), maybe(around(60))).prop_map(|((kind, action), body, header, footer)| {
        let mut object = json!({"type": kind, "body": {"text": body}, "action": action});
        // Requests have neither, and Meta's pages do not say what becomes of them there.
        if !kind.contains("request") {
            if let Some(text) = header {
                object["header"] = json!({"type": "text", "text": text});
            }
            if let Some(text) = footer {
                object["footer"] = json!({ "text": text });
            }
        }
        object
    })
}

fn message() -> impl Strategy<Value = (&'static str, Value)> {
    let file = |kind: &'static str| {
        around(1_024)
            .prop_map(move |caption| (kind, json!({"link": "https://example.com/a", "caption": caption})))
    };
    let degrees = |most: i32| (-most - 1..=most + 1).prop_map(f64::from);
    prop_oneof![
        1 => around(4_096).prop_map(|body| ("text", json!({ "body": body }))),
        1 => prop_oneof![file("image"), file("video"), file("document")],
        1 => (degrees(90), degrees(180)).prop_map(|(latitude, longitude)| {
            ("location", json!({"latitude": latitude, "longitude": longitude}))
        }),
        1 => (prop_oneof![0..3_usize, 256..259_usize], around(10)).prop_map(|(count, name)| {
            ("contacts", (0..count).map(|_| json!({"name": {"formatted_name": name}})).collect::<Value>())
        }),
        6 => interactive().prop_map(|object| ("interactive", object)),
    ]
}

#[test]
fn the_client_and_meta_take_the_same_messages() {
    let runtime = Runtime::new().unwrap();
    let stage = runtime.block_on(async {
        let stage = Stage::new().await;
        stage.hears(stage.ana, "Oi").await;
        stage
    });
    let http = http();
    let url = stage.url(&format!("/v26.0/{AURORA}/messages"));
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let (taken, refused) = (Cell::new(0_u32), Cell::new(0_u32));
    let outcome = runner.run(&message(), |(kind, object)| {
        let read = OutboundContent::read(kind, &object);
        let body =
            json!({"messaging_product": "whatsapp", "to": format!("+{ANA}"), "type": kind, kind: &object});
        let answer = runtime.block_on(async {
            let request = http.post(&url).bearer_auth("aurora-token").json(&body);
            request.send().await.unwrap().status().as_u16()
        });
        match (&read, answer) {
            (Ok(_), 200) => taken.set(taken.get() + 1),
            (Err(_), 400) => refused.set(refused.get() + 1),
            _ => return Err(TestCaseError::fail(format!("the client says {read:?}, Meta says {answer}"))),
        }
        Ok(())
    });
    outcome.unwrap();
    let (taken, refused) = (taken.get(), refused.get());
    assert!(taken > 60 && refused > 60, "{taken} taken, {refused} refused: neither is looked at enough");
    runtime.block_on(stage.simulator.idle());
}
