//! What Meta takes of a message, at its limits and one beyond them.

use serde_json::{Value, json};
use whatsapp::client::{ContentProblem, OutboundContent, OutboundMessage, Recipient};

/// A message of each type and kind that is taken as it is.
pub(crate) fn good_ones() -> Vec<(&'static str, Value)> {
    let interactive = |kind: &str, action: Value| json!({"type": kind, "body": {"text": "Como seguimos?"}, "footer": {"text": "Loja Aurora"}, "action": action});
    let bare = |kind: &str, name: &str| json!({"type": kind, "body": {"text": "Onde você está?"}, "action": {"name": name}});
    let mut buttons = interactive(
        "button",
        json!({"buttons": [
        {"type": "reply", "reply": {"id": "sim", "title": "Sim"}}, {"type": "reply", "reply": {"id": "nao", "title": "Não"}}]}),
    );
    buttons["header"] = json!({"type": "text", "text": "Reserva"});
    let list = interactive(
        "list",
        json!({"button": "Setores", "sections": [
        {"title": "Loja", "rows": [{"id": "fin", "title": "Financeiro", "description": "Boletos"}]},
        {"title": "Oficina", "rows": [{"id": "os", "title": "Consertos"}]}]}),
    );
    let flow = json!({"name": "flow", "parameters": {"flow_message_version": "3", "flow_id": "1", "flow_cta": "Preencher",
        "mode": "published", "flow_token": "t", "flow_action": "navigate", "flow_action_payload": {"screen": "INICIO"}}});
    let link = json!({"name": "cta_url", "parameters": {"display_text": "Abrir", "url": "https://example.com/a?b=1"}});
    vec![
        ("text", json!({"body": "Olá", "preview_url": true})),
        ("image", json!({"id": "77", "caption": "A vista"})),
        ("video", json!({"link": "https://example.com/a.mp4", "caption": ""})),
        ("audio", json!({"id": "78", "voice": true})),
        ("document", json!({"id": "79", "caption": "Nota", "filename": "nota.pdf"})),
        ("sticker", json!({"id": "80"})),
        (
            "location",
            json!({"latitude": -8.05, "longitude": "-34.9", "name": "Recife", "address": "Rua da Aurora"}),
        ),
        (
            "contacts",
            json!([{"name": {"formatted_name": "Ana", "first_name": "Ana"}, "phones": [{"phone": "+55 11 99999-0001",
            "wa_id": "5511999990001", "type": "CELL"}], "emails": [], "org": {"company": "Aurora"}, "birthday": "1990-04-21"}]),
        ),
        ("reaction", json!({"message_id": "wamid.A", "emoji": "👍🏽"})),
        ("interactive", buttons),
        ("interactive", list),
        ("interactive", interactive("cta_url", link)),
        ("interactive", interactive("flow", flow)),
        ("interactive", bare("location_request_message", "send_location")),
        ("interactive", bare("request_contact_info", "request_contact_info")),
        ("interactive", interactive("product", json!({"catalog_id": "1", "product_retailer_id": "2"}))),
        (
            "template",
            json!({"name": "pedido", "language": {"code": "pt_BR"}, "components": [
            {"type": "body", "parameters": [{"type": "text", "parameter_name": "nome", "text": "Ana"}]},
            {"type": "button", "sub_type": "quick_reply", "index": 0, "parameters": [{"type": "payload", "payload": "A"}]}]}),
        ),
    ]
}

fn nth(kind: &str, sub_kind: &str) -> Value {
    let all = good_ones();
    let found = all
        .into_iter()
        .find(|(name, object)| *name == kind && (kind != "interactive" || object["type"] == sub_kind));
    found.unwrap().1
}

fn faults(kind: &str, object: &Value) -> Vec<(String, ContentProblem)> {
    match OutboundContent::read(kind, object) {
        Ok(content) => {
            assert_eq!(content.faults(), [], "what was read is taken when it is sent");
            Vec::new()
        }
        Err(faults) => faults.into_iter().map(|fault| (fault.field, fault.problem)).collect(),
    }
}

#[test]
fn every_type_is_read_and_written_as_it_was() {
    for (kind, object) in good_ones() {
        assert_eq!(faults(kind, &object), [], "{kind}");
        let content = OutboundContent::read(kind, &object).unwrap();
        assert_eq!(content.kind(), kind);
        let message = OutboundMessage::new(Recipient::Phone("1".into()), content.clone());
        let queued = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<OutboundMessage>(&queued).unwrap().content, content, "{kind}");
    }
}

/// Type, kind, where in the object, and the most characters there.
const LENGTHS: &[(&str, &str, &str, usize)] = &[
    ("text", "", "/body", 4_096),
    ("image", "", "/caption", 1_024),
    ("video", "", "/caption", 1_024),
    ("document", "", "/caption", 1_024),
    ("interactive", "button", "/header/text", 60),
    ("interactive", "button", "/body/text", 1_024),
    ("interactive", "button", "/footer/text", 60),
    ("interactive", "button", "/action/buttons/1/reply/id", 256),
    ("interactive", "button", "/action/buttons/1/reply/title", 20),
    ("interactive", "list", "/body/text", 4_096),
    ("interactive", "list", "/footer/text", 60),
    ("interactive", "list", "/action/button", 20),
    ("interactive", "list", "/action/sections/1/title", 24),
    ("interactive", "list", "/action/sections/0/rows/0/id", 200),
    ("interactive", "list", "/action/sections/0/rows/0/title", 24),
    ("interactive", "list", "/action/sections/0/rows/0/description", 72),
    ("interactive", "cta_url", "/body/text", 1_024),
    ("interactive", "cta_url", "/footer/text", 60),
    ("interactive", "cta_url", "/action/parameters/display_text", 20),
    ("interactive", "flow", "/body/text", 1_024),
    ("interactive", "flow", "/footer/text", 60),
    ("interactive", "flow", "/action/parameters/flow_cta", 30),
    ("interactive", "location_request_message", "/body/text", 1_024),
    ("interactive", "request_contact_info", "/body/text", 1_024),
    ("template", "", "/name", 512),
];

/// `/action/buttons/1/reply` as `kind.action.buttons[1].reply`.
fn path(kind: &str, pointer: &str) -> String {
    pointer.split('/').skip(1).fold(kind.to_owned(), |path, step| match step.parse::<usize>() {
        Ok(place) => format!("{path}[{place}]"),
        Err(_) => format!("{path}.{step}"),
    })
}

#[test]
fn every_length_is_taken_to_its_limit_and_not_beyond() {
    for (kind, sub_kind, pointer, most) in LENGTHS {
        let mut object = nth(kind, sub_kind);
        // Characters count, not bytes.
        *object.pointer_mut(pointer).unwrap() = json!("ç".repeat(*most));
        assert_eq!(faults(kind, &object), [], "{kind} {sub_kind} {pointer}");
        *object.pointer_mut(pointer).unwrap() = json!("ç".repeat(*most + 1));
        let wanted = (path(kind, pointer), ContentProblem::TooLong(*most));
        assert_eq!(faults(kind, &object), [wanted], "{kind} {sub_kind} {pointer}");
    }
}

#[test]
fn every_count_is_taken_to_its_limit_and_not_beyond() {
    let buttons = |count: usize| {
        let mut object = nth("interactive", "button");
        let button =
            |n| json!({"type": "reply", "reply": {"id": format!("b{n}"), "title": format!("Opção {n}")}});
        object["action"]["buttons"] = (0..count).map(button).collect();
        object
    };
    let rows = |sections: &[usize]| {
        let mut object = nth("interactive", "list");
        let mut number = 0;
        let section = |count: &usize| {
            let row = |_| {
                number += 1;
                json!({"id": format!("r{number}"), "title": format!("Linha {number}")})
            };
            json!({"title": "Setor", "rows": (0..*count).map(row).collect::<Value>()})
        };
        object["action"]["sections"] = sections.iter().map(section).collect();
        object
    };
    let cards =
        |count: usize| (0..count).map(|_| json!({"name": {"formatted_name": "Ana"}})).collect::<Value>();
    for (kind, at_most, beyond, field, most) in [
        ("interactive", buttons(3), buttons(4), "interactive.action.buttons", 3),
        ("interactive", rows(&[10]), rows(&[11]), "interactive.action.sections", 10),
        ("interactive", rows(&[3, 3, 4]), rows(&[3, 3, 5]), "interactive.action.sections", 10),
        ("contacts", cards(257), cards(258), "contacts", 257),
    ] {
        assert_eq!(faults(kind, &at_most), [], "{field}");
        assert_eq!(faults(kind, &beyond), [(field.to_owned(), ContentProblem::TooMany(most))]);
    }
    for (kind, none, field) in [
        ("interactive", buttons(0), "interactive.action.buttons"),
        ("interactive", rows(&[]), "interactive.action.sections"),
        ("interactive", rows(&[0]), "interactive.action.sections[0].rows"),
        ("contacts", cards(0), "contacts"),
    ] {
        assert_eq!(faults(kind, &none), [(field.to_owned(), ContentProblem::Missing)]);
    }
}

#[test]
fn all_faults_are_named_at_once_by_their_paths() {
    let object = json!({"type": "button", "headers": {}, "body": {"text": " "}, "footer": {"text": 1}, "action": {"buttons": [
        {"type": "reply", "reply": {"id": "a", "title": "Sim"}},
        {"type": "reply", "reply": {"id": "a", "title": "x".repeat(21), "label": "Não"}},
        {"type": "url", "reply": {}}]}});
    let found: Vec<_> =
        faults("interactive", &object).into_iter().map(|(field, problem)| (field, problem.code())).collect();
    let found: Vec<(&str, &str)> = found.iter().map(|(field, code)| (field.as_str(), *code)).collect();
    assert_eq!(
        found,
        [
            ("interactive.body.text", "required"),
            ("interactive.footer.text", "wrong_type"),
            ("interactive.action.buttons[1].reply.title", "too_long"),
            ("interactive.action.buttons[1].reply.label", "unknown"),
            ("interactive.action.buttons[2].type", "invalid"),
            ("interactive.action.buttons[1].reply.id", "duplicate"),
            ("interactive.headers", "unknown"),
        ]
    );
}

#[test]
fn what_does_not_go_together_is_refused() {
    let with = |mut object: Value, pointer: &str, value: Value| {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        object.pointer_mut(parent).unwrap()[name] = value;
        object
    };
    let (list, flow, link) =
        (nth("interactive", "list"), nth("interactive", "flow"), nth("interactive", "cta_url"));
    let place = nth("location", "");
    for (kind, object, field, code) in [
        ("image", json!({}), "image.id", "required"),
        ("image", json!({"id": "1", "link": "https://example.com/a.png"}), "image.link", "invalid"),
        ("image", json!({"link": "javascript:alert(1)"}), "image.link", "invalid"),
        ("image", json!({"id": "1", "filename": "a.png"}), "image.filename", "unknown"),
        ("sticker", json!({"id": "1", "caption": "oi"}), "sticker.caption", "unknown"),
        ("audio", json!({"id": "1", "voice": "yes"}), "audio.voice", "wrong_type"),
        ("location", with(place.clone(), "/latitude", json!(90.1)), "location.latitude", "invalid"),
        ("location", with(place.clone(), "/longitude", json!("-180.5")), "location.longitude", "invalid"),
        ("location", with(place, "/latitude", json!("norte")), "location.latitude", "wrong_type"),
        ("contacts", json!([{"name": {}}]), "contacts[0].name.formatted_name", "required"),
        (
            "contacts",
            json!([{"name": {"formatted_name": "A"}, "birthday": "21/04/1990"}]),
            "contacts[0].birthday",
            "invalid",
        ),
        ("reaction", json!({"message_id": "wamid.A", "emoji": "ok"}), "reaction.emoji", "invalid"),
        ("reaction", json!({"message_id": "wamid.A", "emoji": "👍👍"}), "reaction.emoji", "invalid"),
        ("reaction", json!({"message_id": "wamid.A"}), "reaction.emoji", "required"),
        (
            "interactive",
            with(list.clone(), "/action/sections/1/rows/0/id", json!("fin")),
            "interactive.action.sections[1].rows[0].id",
            "duplicate",
        ),
        (
            "interactive",
            with(list.clone(), "/action/sections/0/title", Value::Null),
            "interactive.action.sections[0].title",
            "required",
        ),
        (
            "interactive",
            with(list, "/header", json!({"type": "image", "image": {"id": "1"}})),
            "interactive.header.type",
            "invalid",
        ),
        (
            "interactive",
            with(flow.clone(), "/action/parameters/flow_name", json!("x")),
            "interactive.action.parameters.flow_name",
            "invalid",
        ),
        (
            "interactive",
            with(flow.clone(), "/action/parameters/flow_id", Value::Null),
            "interactive.action.parameters.flow_id",
            "required",
        ),
        (
            "interactive",
            with(flow.clone(), "/action/parameters/mode", json!("test")),
            "interactive.action.parameters.mode",
            "invalid",
        ),
        (
            "interactive",
            with(flow, "/action/parameters/flow_message_version", json!("2")),
            "interactive.action.parameters.flow_message_version",
            "invalid",
        ),
        (
            "interactive",
            with(link, "/action/parameters/url", json!("www.example.com")),
            "interactive.action.parameters.url",
            "invalid",
        ),
        ("interactive", json!({"type": "poll"}), "interactive.type", "invalid"),
        ("text", json!("oi"), "text", "wrong_type"),
        ("poll", json!({}), "type", "invalid"),
    ] {
        let found = faults(kind, &object);
        let [(found_field, problem)] = found.as_slice() else { panic!("{kind} {object}: {found:?}") };
        assert_eq!((found_field.as_str(), problem.code()), (field, code), "{object}");
    }
}

#[test]
fn a_part_that_is_null_is_as_good_as_none() {
    let object = json!({"latitude": 1, "longitude": 2, "name": null});
    assert_eq!(faults("location", &object), []);
    assert_eq!(faults("text", &json!({"body": "oi", "preview_url": null})), []);
    assert_eq!(faults("text", &json!({"body": null})), [("text.body".to_owned(), ContentProblem::Missing)]);
}

#[test]
fn a_body_full_of_faults_is_not_answered_with_all_of_them() {
    let object: Value = (0..10_000).map(|_| json!({"label": 1})).collect();
    let list = json!({"type": "list", "body": {"text": "x"}, "action": {"button": "x", "sections": [{"rows": object}]}});
    assert!(faults("interactive", &list).len() <= 100);
}
