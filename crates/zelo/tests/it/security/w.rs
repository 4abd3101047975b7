//! Webhooks of WhatsApp (W). What happens when the disk or the process dies (W03) is in `storage` and `crash`.

use crate::{
    inbound::text_from,
    stage::{Databases, Tenant, TestApp, how_many, wire},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use whatsapp::signature;
use zelo::{clock::Clock, inbound::Processing, tasks};

/// The same order each time, without a pattern: Knuth's multiplier on a counter.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for end in (1..all.len()).rev() {
            all.swap(end, self.below(end + 1));
        }
    }
}

/// Bodies as strange as they come: emoji, escapes, spaces between all parts, letters above U+007F written out.
fn strange_bodies(hotel: &Tenant, count: usize) -> Vec<Vec<u8>> {
    let body = |number: usize| {
        let text = format!("ção 😕 \\ \" {number} {}", "z".repeat(number % 7));
        let body =
            hotel.body(&json!({"messages": [text_from("5511987654321", &format!("wamid.{number}"), &text)]}));
        match number % 4 {
            0 => body.to_string().into_bytes(),
            1 => wire(&body),
            2 => serde_json::to_vec_pretty(&body).unwrap(),
            _ => format!("\n\t {body} \r\n").into_bytes(),
        }
    };
    (0..count).map(body).collect()
}

#[tokio::test]
async fn w01_a_thousand_signed_bodies_are_believed_and_no_other() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let bodies = strange_bodies(&hotel, 1_000);
    for chunk in bodies.chunks(50) {
        let posts = chunk.iter().map(|body| app.web.post_signed(&hotel.number.app_secret, body.clone()));
        for answer in futures_util::future::join_all(posts).await {
            assert_eq!(answer.status, 200);
        }
    }
    for (number, body) in bodies.iter().enumerate().step_by(20) {
        let good = signature::sign(&hotel.number.app_secret, body);
        let mut changed = body.clone();
        let place = number % changed.len();
        changed[place] ^= 1;
        let others = signature::sign("secret-of-somebody", body);
        let sha1 = format!("sha1={}", &good["sha256=".len()..]);
        for (signature, body) in [
            (Some(good.as_str()), &changed),
            (Some(&others), body),
            (None, body),
            (Some(&sha1), body),
            (Some(""), body),
        ] {
            let answer = app.web.post_webhook("/webhooks/whatsapp", signature, body.clone()).await;
            assert_eq!(answer.status, 403, "{signature:?}");
        }
    }
    assert_eq!(app.counts().await.stored, 1_000);
    app.run_jobs().await;
    assert_eq!(app.counts().await.processed, 1_000);
}

#[tokio::test]
async fn w01_while_a_secret_is_changed_the_old_and_the_new_one_are_believed() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let change = json!({"app_secret": "the-new-secret-of-the-app"});
    hotel.owner().patch(&format!("/channels/{}", hotel.channel), &change).await.ok();
    let body =
        |wamid: &str| wire(&hotel.body(&json!({"messages": [text_from("5511987654321", wamid, "oi")]})));
    for (wamid, secret, status) in [
        ("wamid.OLD", hotel.number.app_secret.as_str(), 200),
        ("wamid.NEW", "the-new-secret-of-the-app", 200),
        ("wamid.NONE", "the-newer-secret-of-the-app", 403),
    ] {
        assert_eq!(app.web.post_signed(secret, body(wamid)).await.status, status, "{wamid}");
    }
    app.run_jobs().await;
    assert_eq!(app.counts().await.processed, 2);
}

#[tokio::test]
async fn w02_the_challenge_is_for_who_knows_the_word() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let word = format!("verify-{}", hotel.number.phone_number_id);
    let ask = async |token: &str, mode: &str| {
        let query =
            format!("/webhooks/whatsapp?hub.mode={mode}&hub.verify_token={token}&hub.challenge=1158201444");
        let answer = app.web.call(Method::GET, None, &query, None).await;
        (answer.status, answer.text)
    };
    assert_eq!(ask(&word, "subscribe").await, (200, "1158201444".to_owned()));
    for (token, mode) in [("", "subscribe"), (&word[1..], "subscribe"), (word.as_str(), "unsubscribe")] {
        let (status, text) = ask(token, mode).await;
        assert_eq!(status, 403, "{token} {mode}");
        assert!(!text.contains("1158201444"));
    }
}

/// `ZELO_TEST_EVENTS` says how many events there are.
#[tokio::test]
async fn w04_each_of_many_events_posted_up_to_five_times_in_any_order_is_stored_once() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let events = how_many("ZELO_TEST_EVENTS", 200);
    let event = |number: usize| {
        let wamid = format!("wamid.{number}");
        match number % 4 {
            0 => hotel.status(&wamid, "delivered"),
            _ => {
                let from = format!("55119{:08}", number % 50);
                hotel.body(&json!({"messages": [text_from(&from, &wamid, "oi")]}))
            }
        }
    };
    let mut dice = Dice(4);
    let mut posts: Vec<usize> = (0..events).flat_map(|number| vec![number; 1 + dice.below(5)]).collect();
    dice.shuffle(&mut posts);
    for chunk in posts.chunks(64) {
        let bodies: Vec<Value> = chunk.iter().map(|number| event(*number)).collect();
        let answers = futures_util::future::join_all(bodies.iter().map(|body| hotel.receives(body))).await;
        assert!(answers.iter().all(|answer| answer.status == 200));
        if dice.below(3) == 0 {
            app.run_jobs().await;
        }
    }
    app.run_jobs().await;

    let statuses = i64::try_from(events.div_ceil(4)).unwrap();
    let messages = i64::try_from(events).unwrap() - statuses;
    assert_eq!(
        app.count(Some(hotel.id.0), "select count(*) from messages where tenant_id = $1").await,
        messages
    );
    let kept = "select count(*) from early_statuses where tenant_id = $1";
    assert_eq!(app.count(Some(hotel.id.0), kept).await, statuses);
    let counts = app.counts().await;
    assert_eq!(counts.stored, i64::try_from(posts.len()).unwrap());
    assert_eq!((counts.processed, counts.quarantined), (messages + statuses, 0));
    assert_eq!(counts.duplicate, counts.stored - counts.processed);
}

/// All orders of the four reports, each posted twice.
#[tokio::test]
async fn w05_reports_end_in_the_same_state_in_all_24_orders() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    hotel.contact("+55 11 98765-4321").says("quero reservar").await;
    app.run_jobs().await;
    let words = ["sent", "delivered", "read", "failed"];
    let mut orders = Vec::new();
    for first in 0..4 {
        for second in (0..4).filter(|it| *it != first) {
            for third in (0..4).filter(|it| ![first, second].contains(it)) {
                orders.push([first, second, third, 6 - first - second - third].map(|place| words[place]));
            }
        }
    }
    assert_eq!(orders.len(), 24);
    let echo = |number: usize| {
        let at = (1_795_176_000 + number).to_string();
        let echo = json!({"from": "5511940020001", "to": "5511987654321", "id": format!("wamid.OURS{number}"),
            "timestamp": at, "type": "text", "text": {"body": "Claro!"}});
        let mut body = hotel.body(&json!({"message_echoes": [echo]}));
        body["entry"][0]["changes"][0]["field"] = json!("smb_message_echoes");
        body
    };
    for (number, order) in orders.iter().enumerate() {
        // Every third time the reports come before the message is known.
        let early = number % 3;
        for (place, word) in order.iter().enumerate() {
            if place == early {
                hotel.receives(&echo(number)).await.ok();
            }
            for _ in 0..2 {
                hotel.receives(&hotel.status(&format!("wamid.OURS{number}"), word)).await.ok();
            }
            app.run_jobs().await;
        }
    }
    let messages = ana.messages(&ana.the_conversation().await).await;
    let ours: Vec<&Value> = messages.iter().filter(|message| message["direction"] == "outbound").collect();
    assert_eq!(ours.len(), 24);
    for message in ours {
        assert_eq!((&message["status"], &message["error"]), (&json!("read"), &Value::Null), "{message}");
    }
}

/// `ZELO_TEST_LOAD_SECONDS` and `ZELO_TEST_LOAD` (messages in and out each second) make the whole form: Meta asks for three
/// webhooks for each message out and one for each in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn w06_answers_come_within_metas_times_under_load() {
    let (seconds, load) = (how_many("ZELO_TEST_LOAD_SECONDS", 2), how_many("ZELO_TEST_LOAD", 10));
    let app = TestApp::in_real_time(&[]).await;
    app.may_leave_work();
    let hotel = app.tenant("hotel").await;
    let working = tasks::start(&app.app).await.unwrap();
    let clock = Clock::of_the_host();
    let mut pace = tokio::time::interval(Duration::from_micros(1_000_000 / u64::try_from(load * 4).unwrap()));
    let mut posts = tokio::task::JoinSet::new();
    for number in 0..seconds * load * 4 {
        pace.tick().await;
        let wamid = format!("wamid.{}", number / 4);
        let body = match number % 4 {
            0 => {
                let from = format!("55119{:08}", number % 1_000);
                let mut message = text_from(&from, &format!("wamid.IN{number}"), "oi");
                message["timestamp"] = json!((clock.now() / 1_000).to_string());
                hotel.body(&json!({"messages": [message]}))
            }
            place => hotel.status(&wamid, ["sent", "delivered", "read"][place - 1]),
        };
        let hotel = hotel.clone();
        posts.spawn(async move {
            let begun = Instant::now();
            assert_eq!(hotel.receives(&body).await.status, 200);
            begun.elapsed()
        });
    }
    let mut times = posts.join_all().await;
    working.drain(&app.app, Duration::from_secs(20)).await;
    times.sort_unstable();
    let slow = times.iter().filter(|time| **time > Duration::from_secs(1)).count();
    let (half, all) = (times[times.len() / 2], times.len());
    println!(
        "w06: {all} webhooks at {} a second: half within {half:?}, {slow} above a second, the slowest {:?}",
        load * 4,
        times[all - 1]
    );
    assert!(half <= Duration::from_millis(250), "half of the answers took {half:?}");
    assert!(slow * 100 < all, "{slow} of {all} answers took more than a second");
}

/// `ZELO_TEST_EVENTS` says how many good events stand around the bad one.
#[tokio::test]
async fn w07_a_bad_event_is_put_aside_and_the_others_pass() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    let events = how_many("ZELO_TEST_EVENTS", 200);
    refuse_stickers(&app).await;
    // Figures are kept from the first time on that somebody asks for them.
    app.web.get("nobody", "/metrics").await;
    let helena =
        |wamid: &str, text: &str| hotel.body(&json!({"messages": [text_from("5511987654321", wamid, text)]}));
    for number in 0..events {
        if number == events / 2 {
            hotel.receives(&helena("wamid.BEFORE", "antes")).await.ok();
            hotel.receives(&hotel.body(&json!({"messages": [a_sticker()]}))).await.ok();
            hotel.receives(&helena("wamid.AFTER", "depois")).await.ok();
        }
        let from = format!("55119{:08}", number % 50);
        let good = text_from(&from, &format!("wamid.{number}"), "oi");
        hotel.receives(&hotel.body(&json!({"messages": [good]}))).await.ok();
    }

    let begun = Instant::now();
    let processing = Processing::new(app.app.clone());
    // The worker tries again and again; here the test does.
    while app.counts().await.waiting > 0 {
        drop(processing.drain().await);
        assert!(begun.elapsed() < Duration::from_secs(60), "the bad event was not put aside within a minute");
    }
    println!("w07: one bad event among {events} was put aside after {:?}", begun.elapsed());

    let counts = app.counts().await;
    assert_eq!((counts.processed, counts.quarantined), (i64::try_from(events).unwrap() + 2, 1));
    let [event] = app.quarantine().await.try_into().unwrap();
    assert_eq!(event.reason, "poison");
    let conversations = ana.conversations().await;
    let hers = conversations.iter().find(|it| it["contact"]["phone"] == "+55 (11) 98765-4321").unwrap();
    let texts: Vec<Value> = ana.messages(hers).await.iter().map(|message| message["text"].clone()).collect();
    assert_eq!(texts, ["antes", "depois"], "her conversation went on");
    let told = app.web.get("nobody", "/metrics").await.text;
    assert!(told.contains("zelo_webhook_quarantined_total{reason=\"poison\"}"), "nobody is told");
}

#[tokio::test]
async fn w07_an_event_that_fails_holds_up_its_own_lane_and_no_other() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    refuse_stickers(&app).await;
    hotel.receives(&hotel.body(&json!({"messages": [a_sticker()]}))).await.ok();
    for name in ["bar", "clinica", "escola", "farmacia", "oficina", "padaria"] {
        let neighbour = app.tenant(name).await;
        let good = text_from("5511987654321", "wamid.GOOD", "oi");
        neighbour.receives(&neighbour.body(&json!({"messages": [good]}))).await.ok();
    }

    assert!(Processing::new(app.app.clone()).drain().await.is_err(), "the sticker was stored");
    let waiting =
        "select count(distinct e.lane) from webhook_events e join webhook_lanes l on l.lane = e.lane
        where e.seq > l.cursor";
    assert_eq!(app.count(None, waiting).await, 1, "only the lane of the sticker waits");
    app.may_leave_work();
}

fn a_sticker() -> Value {
    json!({"from": "5511987654321", "id": "wamid.BAD", "timestamp": "1795176000", "type": "sticker",
        "sticker": {"id": "1", "mime_type": "image/webp", "sha256": "x", "animated": false}})
}

/// A database that stores no sticker: an event with one fails each time.
async fn refuse_stickers(app: &TestApp) {
    match app.databases() {
        Databases::Sqlite { .. } => {
            let trigger = "create trigger no_stickers before insert on messages when new.kind = 'sticker'
                 begin select raise(abort, 'no stickers here'); end";
            db::write!(app.app.db, "refuse_stickers", db::Scope::Platform, |tx| -> db::Result<u64> {
                tx.execute(trigger, &[]).await
            })
            .unwrap();
        }
        Databases::Postgres { .. } => {
            let trigger = "create function no_stickers() returns trigger language plpgsql as
                 'begin if new.kind = ''sticker'' then raise exception ''no stickers here''; end if; return new; end';
                 create trigger no_stickers before insert on messages for each row execute function no_stickers()";
            app.databases().as_administrator().await.unwrap().batch_execute(trigger).await.unwrap();
        }
    }
}
