//! What Meta may invent must not cost what stands next to it.

use serde_json::{Value, json};
use whatsapp::webhook::{Change, Content, Delivery, Messages, parse};

use crate::fixtures::webhook;

fn text(id: &str) -> Value {
    json!({"id": id, "from": "5511999990001", "timestamp": "1795176000", "type": "text", "text": {"body": id}})
}

fn body(value: &Value) -> Vec<u8> {
    let changes = json!([{"value": value, "field": "messages"}]);
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]})
        .to_string()
        .into_bytes()
}

fn with_messages(messages: &Value) -> Messages {
    let metadata = json!({"display_phone_number": "5511", "phone_number_id": "42"});
    read(&body(&json!({"messaging_product": "whatsapp", "metadata": metadata, "messages": messages})))
}

fn read(body: &[u8]) -> Messages {
    let envelope = parse(body).unwrap();
    let (_, Change::Messages(messages)) = envelope.changes().next().unwrap() else { panic!() };
    messages.clone()
}

fn previews(messages: &Messages) -> Vec<Option<String>> {
    messages.messages.iter().map(|message| message.content.preview_text().map(Into::into)).collect()
}

#[test]
fn an_unknown_type_survives_next_to_its_neighbours() {
    let hologram =
        json!({"id": "h", "from": "55", "timestamp": "1795176001", "type": "hologram", "hologram": {"x": 1}});
    let messages = with_messages(&json!([text("a"), hologram, text("b")]));
    assert_eq!(previews(&messages), [Some("a".to_owned()), None, Some("b".to_owned())]);
    let Content::Unknown { kind, raw } = &messages.messages[1].content else { panic!() };
    assert_eq!(kind, "hologram");
    assert_eq!(serde_json::from_str::<Value>(raw.get()).unwrap(), hologram);
    assert_eq!(messages.messages[1].timestamp, 1_795_176_001);
    let stored = serde_json::to_value(&messages.messages[1].content).unwrap();
    assert_eq!(serde_json::from_value::<Content>(stored).unwrap(), messages.messages[1].content);
}

#[test]
fn a_known_type_without_its_object_is_kept_raw() {
    let message = json!({"id": "a", "from": "55", "timestamp": "1795176001", "type": "image"});
    let messages = with_messages(&json!([message, text("b")]));
    assert!(matches!(&messages.messages[0].content, Content::Unknown { kind, .. } if kind == "image"));
    assert_eq!(previews(&messages)[1].as_deref(), Some("b"));
}

#[test]
fn a_broken_side_note_does_not_cost_the_text() {
    let mut message = text("a");
    message["context"] = json!({"forwarded": "perhaps"});
    message["referral"] = json!(7);
    message["errors"] = json!("none");
    let messages = with_messages(&json!([message]));
    assert_eq!(previews(&messages), [Some("a".to_owned())]);
    assert_eq!(messages.messages[0].context, None);
}

#[test]
fn keys_that_nobody_told_us_about_are_ignored() {
    let mut message = text("a");
    message["text"]["spoiler"] = json!(true);
    message["quantum"] = json!({"entangled": [1, 2]});
    assert_eq!(previews(&with_messages(&json!([message]))), [Some("a".to_owned())]);
}

#[test]
fn a_message_without_id_is_unreadable_and_costs_nobody_else() {
    let messages = with_messages(&json!([{"type": "text"}, 7, text("b")]));
    assert_eq!(previews(&messages), [Some("b".to_owned())]);
    let raw: Vec<&str> = messages.unreadable.iter().map(|raw| raw.get()).collect();
    assert_eq!(raw, [r#"{"type":"text"}"#, "7"]);
}

#[test]
fn half_an_emoji_costs_one_text_and_no_neighbour() {
    let whole = body(&json!({
        "metadata": {"display_phone_number": "5511", "phone_number_id": "42"},
        "contacts": [{"profile": {"name": "CUT"}, "wa_id": "5511999990001"}],
        "messages": [text("BROKEN"), text("b")],
    }));
    let cut = String::from_utf8(whole)
        .unwrap()
        .replace("CUT", "Ana \\ud83d")
        .replace(r#""body":"BROKEN""#, r#""body":"\ud83d""#);
    let messages = read(cut.as_bytes());
    assert_eq!(previews(&messages), [None, Some("b".to_owned())]);
    assert!(matches!(&messages.messages[0].content, Content::Unknown { kind, .. } if kind == "text"));
    assert_eq!(messages.contacts[0].wa_id.as_deref(), Some("5511999990001"));
    assert_eq!(messages.contacts[0].profile.name, None);
}

#[test]
fn an_unknown_step_is_kept_by_its_word() {
    let metadata = json!({"display_phone_number": "5511", "phone_number_id": "42"});
    let messages = read(&body(&json!({"metadata": metadata, "statuses": [
        {"id": "a", "status": "teleported", "timestamp": "1"},
        {"id": "b", "status": "read", "timestamp": 2, "pricing": "free", "errors": [{"code": "x"}]},
        {"id": "c", "status": "RINGING", "timestamp": "3", "type": "call"},
        {"status": "read"},
        {"id": "d", "status": "sent", "timestamp": "4"},
    ]})));
    let steps: Vec<(&str, &Delivery)> =
        messages.statuses.iter().map(|step| (step.id.as_str(), &step.status)).collect();
    assert_eq!(
        steps,
        [("a", &Delivery::Other("teleported".into())), ("b", &Delivery::Read), ("d", &Delivery::Sent)]
    );
    // The status of a call is no status of a message, wherever it stands.
    assert_eq!(messages.unreadable.len(), 2);
}

#[test]
fn an_unknown_field_survives_next_to_messages() {
    let metadata = json!({"display_phone_number": "5511", "phone_number_id": "42"});
    let body = json!({"object": "whatsapp_business_account", "entry": [
        {"id": "1", "changes": [
            {"value": {"mood": "good"}, "field": "moods"},
            {"value": {"metadata": metadata, "messages": [text("a")]}, "field": "messages"},
            {"value": {"no": "metadata"}, "field": "messages"},
            "nonsense",
        ]},
        17,
        {"id": 5, "changes": {"not": "a list"}},
    ]});
    let envelope = parse(body.to_string().as_bytes()).unwrap();
    let seen: Vec<String> = envelope
        .changes()
        .map(|(account, change)| match change {
            Change::Messages(messages) => format!("{account}: {}", messages.messages.len()),
            Change::Unknown { field, raw } => format!("{account}: {field} {}", raw.get()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        seen,
        [
            r#"1: moods {"field":"moods","value":{"mood":"good"}}"#,
            "1: 1",
            r#"1: messages {"field":"messages","value":{"no":"metadata"}}"#,
            r#"1:  "nonsense""#,
            ":  17",
            r#"5:  {"changes":{"not":"a list"},"id":5}"#,
        ]
    );
}

#[test]
fn a_field_that_stands_inside_the_value_is_found() {
    let body = json!({"entry": [{"id": "1", "changes": [{"value": {"event": "PARTNER_APP_INSTALLED", "field": "account_update"}}]}]});
    let envelope = parse(body.to_string().as_bytes()).unwrap();
    let (_, change) = envelope.changes().next().unwrap();
    assert!(matches!(change, Change::AccountUpdate(update) if update.event == "PARTNER_APP_INSTALLED"));
}

#[test]
fn a_quality_notice_under_the_field_of_status_notices_is_recognised() {
    let body = String::from_utf8(webhook("46")).unwrap();
    let misnamed = body.replace("message_template_quality_update", "message_template_status_update");
    assert_ne!(misnamed, body);
    let envelope = parse(misnamed.as_bytes()).unwrap();
    let (_, change) = envelope.changes().next().unwrap();
    assert!(matches!(change, Change::TemplateQuality(quality) if quality.new_quality_score == "YELLOW"));
}

#[test]
fn both_ways_of_taking_a_reaction_back_are_one() {
    for reaction in [json!({"message_id": "m"}), json!({"message_id": "m", "emoji": ""})] {
        let message = json!({"id": "r", "timestamp": "1", "type": "reaction", "reaction": reaction});
        let messages = with_messages(&json!([message]));
        assert!(
            matches!(&messages.messages[0].content, Content::Reaction(reaction) if reaction.emoji.is_none())
        );
    }
}

#[test]
fn the_origin_of_a_card_may_stand_on_the_message() {
    let card = json!({"name": {"formatted_name": "Bia"}});
    let message = json!({"id": "c", "timestamp": "1", "type": "contacts", "origin": "contact_request", "contacts": [card]});
    let messages = with_messages(&json!([message]));
    let Content::Contacts(cards) = &messages.messages[0].content else { panic!() };
    assert_eq!(cards[0].origin.as_deref(), Some("contact_request"));
}

#[test]
fn a_broken_message_does_not_cost_its_part_of_the_history() {
    let metadata = json!({"display_phone_number": "5511", "phone_number_id": "42"});
    let threads = json!([{"id": "5511999990001", "messages": [text("a"), {"type": "?"}, text("b")]}]);
    let value = json!({"metadata": metadata, "history": [{"metadata": {"phase": "1"}, "threads": threads}]});
    let body = json!({"entry": [{"id": "1", "changes": [{"value": value, "field": "history"}]}]});
    let envelope = parse(body.to_string().as_bytes()).unwrap();
    let (_, Change::History(history)) = envelope.changes().next().unwrap() else { panic!() };
    assert_eq!(history.history[0].phase, Some(1));
    assert_eq!(history.history[0].threads[0].messages.len(), 2);
    assert_eq!(history.unreadable.len(), 1);
}

#[test]
fn only_what_is_no_list_of_entries_is_refused() {
    for body in ["", "{", "[]", "7", "{}", r#"{"entry":7}"#, "\u{feff}{}"] {
        assert!(parse(body.as_bytes()).is_err(), "{body}");
    }
    assert!(parse(b"{\"entry\":[\xff]}").is_err());
    assert!(parse(&[b'['; 100_000]).is_err());
    assert_eq!(parse(br#"{"entry":[]}"#).unwrap().entries, []);
}

#[test]
fn a_batch_of_a_thousand_keeps_its_order() {
    let list: Vec<Value> = (0..1_000).map(|n| text(&n.to_string())).collect();
    let messages = with_messages(&Value::Array(list));
    let ids: Vec<String> = messages.messages.into_iter().map(|message| message.id).collect();
    assert_eq!(ids, (0..1_000).map(|n| n.to_string()).collect::<Vec<_>>());
}
