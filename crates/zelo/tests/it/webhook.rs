//! What the webhook's address answers: 200 only for what is on disk.

use crate::stage::TestApp;
use reqwest::Method;
use serde_json::json;
use whatsapp::signature;

#[tokio::test]
async fn only_meta_is_believed() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let body = hotel
        .body(&json!({"messages": [crate::inbound::text_from("5511987654321", "wamid.A", "oi")]}))
        .to_string();
    let good = signature::sign(&hotel.number.app_secret, body.as_bytes());
    let others = signature::sign("secret-of-somebody", body.as_bytes());
    let of_other_bytes = signature::sign(&hotel.number.app_secret, format!("{body} ").as_bytes());

    let unsigned = app.web.post_webhook("/webhooks/whatsapp", None, body.clone().into()).await;
    assert_eq!(unsigned.status, 403);
    for bad in
        ["", "sha256=", "sha1=00", &good[..good.len() - 1], &good.to_uppercase(), &others, &of_other_bytes]
    {
        let answer = app.web.post_webhook("/webhooks/whatsapp", Some(bad), body.clone().into()).await;
        assert_eq!(answer.status, 403, "{bad}");
    }
    app.run_jobs().await;
    assert_eq!(app.counts().await.stored, 0);

    let believed = app.web.post_webhook("/webhooks/whatsapp", Some(&good), body.into()).await;
    assert_eq!(believed.status, 200);
    app.run_jobs().await;
    assert_eq!(app.counts().await.processed, 1);
}

#[tokio::test]
async fn what_is_signed_and_is_no_json_is_kept_for_a_person_to_look_at() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let bodies: [&[u8]; 5] = [b"not json", b"", b"{", b"[1,2,3]", b"\xff\xfe\x00"];

    for body in bodies {
        assert_eq!(app.web.post_signed(&hotel.number.app_secret, body).await.status, 200, "{body:?}");
    }
    app.run_jobs().await;

    let counts = app.counts().await;
    assert_eq!((counts.stored, counts.quarantined, counts.processed), (5, 5, 0));
    assert!(app.quarantine().await.iter().all(|event| event.reason == "not_understood"));
}

#[tokio::test]
async fn four_mebibytes_are_taken_and_one_byte_more_is_not() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let full = vec![b' '; 4 * 1024 * 1024];

    assert_eq!(app.web.post_signed(&hotel.number.app_secret, full.clone()).await.status, 200);
    let more = [full, vec![b' ']].concat();
    assert_eq!(app.web.post_signed(&hotel.number.app_secret, more).await.status, 413);
    app.run_jobs().await;
    assert_eq!(app.counts().await.stored, 1);
}

#[tokio::test]
async fn the_handshake_gives_the_challenge_to_who_knows_the_word() {
    let app = TestApp::with_settings(&[("whatsapp.webhook_verify_token", "the platform's word")]).await;
    let hotel = app.tenant("hotel").await;
    let ask = async |path: &str, token: &str, mode: &str| {
        let query = format!("{path}?hub.mode={mode}&hub.verify_token={token}&hub.challenge=1158201444");
        let answer = app.web.call(Method::GET, None, &query.replace(' ', "%20"), None).await;
        (answer.status, answer.text)
    };
    let own = format!("/webhooks/whatsapp/{}", hotel.channel);
    let word = format!("verify-{}", hotel.number.phone_number_id);

    assert_eq!(
        ask("/webhooks/whatsapp", "the platform's word", "subscribe").await,
        (200, "1158201444".into())
    );
    assert_eq!(ask("/webhooks/whatsapp", &word, "subscribe").await, (200, "1158201444".into()));
    assert_eq!(ask(&own, &word, "subscribe").await, (200, "1158201444".into()));
    for (path, token, mode) in [
        ("/webhooks/whatsapp", "a guess", "subscribe"),
        ("/webhooks/whatsapp", "", "subscribe"),
        ("/webhooks/whatsapp", "the platform's word", "unsubscribe"),
        (&own, "the platform's word", "subscribe"),
    ] {
        let (status, text) = ask(path, token, mode).await;
        assert_eq!(status, 403, "{path} {token} {mode}");
        assert!(!text.contains("1158201444"));
    }
    app.simulator.verify_callback(&hotel.number.phone_number_id).await.unwrap();
}

#[tokio::test]
async fn the_counters_always_add_up() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let helena = hotel.contact("+55 11 98765-4321");
    let adds_up = async || {
        let counts = app.counts().await;
        assert_eq!(counts.stored, counts.processed + counts.duplicate + counts.quarantined + counts.waiting);
        counts
    };

    helena.says("um").await;
    helena.says("dois").await;
    app.web.post_signed(&hotel.number.app_secret, "nothing").await;
    let waiting = adds_up().await;
    assert_eq!((waiting.stored, waiting.waiting), (3, 3));
    app.run_jobs().await;
    hotel.receives(&hotel.status("wamid.UNKNOWN", "sent")).await.ok();
    hotel.receives(&hotel.status("wamid.UNKNOWN", "sent")).await.ok();
    app.run_jobs().await;

    let done = adds_up().await;
    assert_eq!(
        (done.stored, done.processed, done.duplicate, done.quarantined, done.waiting),
        (5, 3, 1, 1, 0)
    );
    assert_eq!(app.count(None, "select count(*) from webhook_events").await, 5);
}
