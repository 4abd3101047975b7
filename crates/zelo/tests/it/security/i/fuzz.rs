//! Nothing that strangers send stops a parser. `cargo fuzz` needs a nightly compiler, so these are property tests over
//! the same inputs; the seed of a failure is printed.

use crate::security::desk::Desk;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use reqwest::Method;
use serde_json::{Value, json};
use zelo::identity::Caller;

/// So many values of a kind.
fn values<S: Strategy>(strategy: &S, count: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Any JSON, with the words in it that webhooks have.
fn json_value() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "object",
        "entry",
        "changes",
        "value",
        "field",
        "messages",
        "statuses",
        "metadata",
        "phone_number_id",
        "contacts",
        "wa_id",
        "from",
        "id",
        "timestamp",
        "type",
        "text",
        "body",
        "interactive",
        "reaction",
        "errors",
        "code",
        "profile",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn i09_any_bytes_are_a_webhook_or_none(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = whatsapp::webhook::parse(&bytes);
        let _ = whatsapp::webhook::phone_number_id_hint(&bytes);
    }

    #[test]
    fn i09_any_json_is_a_webhook_or_none(value in json_value()) {
        let change = json!([{"value": value, "field": "messages"}]);
        let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": change}]});
        let bytes = body.to_string();
        if let Ok(envelope) = whatsapp::webhook::parse(bytes.as_bytes()) {
            let _ = envelope.changes().count();
        }
        let _ = whatsapp::webhook::phone_number_id_hint(bytes.as_bytes());
    }
}

#[tokio::test]
async fn i09_no_text_is_a_token_but_one_of_ours() {
    let desk = Desk::open().await;
    let ours = desk.tokens[0].clone();
    let shapes = "[A-Za-z0-9_=-]{0,60}(\\.[A-Za-z0-9_=-]{0,60}){0,4}";
    let mut texts = values(&"\\PC{0,80}", 500);
    texts.extend(values(&shapes, 1_000));
    // Our own with one letter changed, cut off, or put in.
    for (at, letter) in values(&(0..ours.len(), "[A-Za-z0-9_.-]"), 500) {
        let (head, tail) = ours.split_at(at);
        texts.extend([
            format!("{head}{letter}{}", &tail[1..]),
            head.to_owned(),
            format!("{head}{letter}{tail}"),
        ]);
    }
    for text in texts.iter().filter(|text| **text != ours) {
        // The last letter of a signature holds bits that say nothing; a decoder must not let them pass either.
        assert!(Caller::by_token(&desk.app.app, text).await.is_err(), "{text:?} was taken");
    }
    assert!(Caller::by_token(&desk.app.app, &ours).await.is_ok());
}

#[tokio::test]
async fn i09_no_text_is_a_cursor_or_a_session_but_one_of_ours() {
    let desk = Desk::open().await;
    let web = &desk.app.web;
    let cursors = values(&"\\PC{0,60}", 150)
        .into_iter()
        .chain(values(&json_value(), 250).into_iter().map(|value| URL_SAFE_NO_PAD.encode(value.to_string())));
    for cursor in cursors {
        for list in ["/contacts", "/conversations"] {
            let mut url = reqwest::Url::parse(&desk.address(list)).unwrap();
            url.query_pairs_mut().append_pair("cursor", &cursor);
            let answer =
                web.answer(web.request(Method::GET, url.as_str()).bearer_auth(&desk.tokens[0])).await;
            assert!([200, 400].contains(&answer.status), "{list} {cursor:?}: {}", answer.text);
        }
    }
    for session in values(&"[!#-+\\--:<-~]{0,90}", 300) {
        let address = format!("{}/session/token", web.url);
        let request = web.request(Method::GET, &address).header("cookie", format!("zelo_session={session}"));
        assert_eq!(web.answer(request).await.status, 401, "{session:?}");
    }
}
