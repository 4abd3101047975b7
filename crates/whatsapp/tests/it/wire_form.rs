//! Bodies as Meta really sends them: minified, with every character above U+007F escaped.

use serde_json::Value;
use whatsapp::signature::AppSecret;
use whatsapp::webhook::{Change, parse, phone_number_id_hint};

use crate::fixtures::{all_webhooks, webhook};

fn as_meta_sends_it(body: &[u8]) -> Vec<u8> {
    let value: Value = serde_json::from_slice(body).unwrap();
    let mut wire = String::new();
    for unit in value.to_string().encode_utf16() {
        match u8::try_from(unit).ok().filter(u8::is_ascii) {
            Some(byte) => wire.push(char::from(byte)),
            None => wire.push_str(&format!("\\u{unit:04x}")),
        }
    }
    wire.into_bytes()
}

#[test]
fn every_fixture_is_known_and_means_the_same_in_both_forms() {
    let fixtures = all_webhooks();
    assert_eq!(fixtures.len(), 69);
    for (name, body) in fixtures {
        let wire = as_meta_sends_it(&body);
        assert!(wire.is_ascii());
        let envelope = parse(&wire).unwrap();
        assert_eq!(envelope, parse(&body).unwrap(), "{name}");
        for (account, change) in envelope.changes() {
            assert!(!account.is_empty(), "{name}");
            assert!(!matches!(change, Change::Unknown { .. }), "{name}: {change:?}");
        }
        assert_eq!(envelope.changes().count(), 1, "{name}");
    }
}

#[test]
fn the_signature_belongs_to_one_form_only() {
    let secret = AppSecret::new("test_app_secret");
    let body = webhook("01");
    let wire = as_meta_sends_it(&body);
    let header = secret.sign(&wire);
    assert!(secret.verify(header.as_bytes(), &wire));
    assert!(!secret.verify(header.as_bytes(), &body));
}

#[test]
fn the_hint_agrees_with_the_body_wherever_there_is_a_number() {
    let mut with_hint = 0;
    for (name, body) in all_webhooks() {
        let value: Value = serde_json::from_slice(&body).unwrap();
        let expected = value["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"].as_str();
        assert_eq!(phone_number_id_hint(&body), expected, "{name}");
        assert_eq!(phone_number_id_hint(&as_meta_sends_it(&body)), expected, "{name}");
        with_hint += usize::from(expected.is_some());
    }
    assert_eq!(with_hint, 52);
}
