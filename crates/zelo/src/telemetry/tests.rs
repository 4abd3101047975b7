use super::{lines::Lines, mask::mask};
use crate::http::{Ids, JobTraces, set_caller, with_ids};
use parking_lot::Mutex;
use proptest::prelude::*;
use serde_json::Value;
use std::{fmt::Write as _, sync::Arc};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};
use uuid::Uuid;

/// The lines that `work` writes.
fn logged(json: bool, work: impl FnOnce()) -> String {
    let written = Arc::new(Mutex::new(Vec::new()));
    let sink = {
        let written = Arc::clone(&written);
        Box::new(move |_: &tracing::Metadata<'_>, line: &[u8]| written.lock().extend_from_slice(line))
    };
    // 21 November 2026, 10:00 UTC.
    let lines = Lines::new(json, Arc::new(|| 1_795_255_200_123), sink);
    let subscriber =
        tracing_subscriber::registry().with(Targets::new().with_default(tracing::Level::TRACE)).with(lines);
    tracing::subscriber::with_default(subscriber, work);
    let bytes = std::mem::take(&mut *written.lock());
    String::from_utf8(bytes).unwrap()
}

fn masked(text: &str) -> String {
    let mut out = String::new();
    mask(text, &mut out);
    out
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn letters(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[self.roll(letters.len() as u64) as usize]).collect()
    }

    fn digits(&mut self, length: usize) -> String {
        self.letters("123456789", length)
    }
}

const ALPHANUMERIC: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Three hundred things that must not be seen, each in a way people or programs write it. The second text is the part
/// that may not be left over.
fn canaries() -> Vec<(String, String)> {
    let mut dice = Dice(2026);
    let mut canaries = Vec::new();
    for round in 0..50 {
        let (area, first, last) = (dice.digits(2), format!("9{}", dice.digits(4)), dice.digits(4));
        let phone = match round % 10 {
            0 => format!("+55{area}{first}{last}"),
            1 => format!("55{area}{first}{last}"),
            2 => format!("({area}) {first}-{last}"),
            3 => format!("+55 ({area}) {first}-{last}"),
            4 => format!("{area} {first} {last}"),
            5 => format!("{first}-{last}"),
            6 => format!("+55.{area}.{first}.{last}"),
            7 => format!("{area}\u{a0}{first}\u{2011}{last}"),
            8 => format!("55{area}{}{last}", &first[1..]),
            _ => format!("+1 415 {}{last}", &first[..3]),
        };
        canaries.push((phone, last));
        let cpf = dice.digits(11);
        let parts = (&cpf[..3], &cpf[3..6], &cpf[6..9], &cpf[9..]);
        let written = format!("{}.{}.{}-{}", parts.0, parts.1, parts.2, parts.3);
        canaries.push((if round % 2 == 0 { cpf.clone() } else { written }, parts.2.to_owned()));
        let cnpj = cnpj(&dice.letters("0123456789ABCDEFGHJKLMNPRSTVWXYZ", 12));
        let written =
            format!("{}.{}.{}/{}-{}", &cnpj[..2], &cnpj[2..5], &cnpj[5..8], &cnpj[8..12], &cnpj[12..]);
        canaries.push((if round % 2 == 0 { cnpj.clone() } else { written }, cnpj[8..12].to_owned()));
        let (name, host) = (dice.letters("abcdefgãéçô", 7), dice.letters("hijklmn", 6));
        let email = match round % 5 {
            0 => format!("{name}@{host}.com.br"),
            1 => format!("{name}.silva+zelo@{host}.example"),
            2 => format!("{name}%40{host}.com"),
            3 => format!("{name}_1@mail.{host}.org"),
            _ => format!("{}@{host}.com", name.to_uppercase()),
        };
        canaries.push((email, host));
        let body = dice.letters(ALPHANUMERIC, 44);
        let token = match round % 5 {
            0 => format!("Bearer {}", &body[..20]),
            1 => format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{}.{}", &body[..20], &body[20..]),
            2 => format!("EAAG{body}"),
            3 => format!("authorization: Bearer {body}"),
            _ => format!("{{\"access_token\": \"{}\"}}", &body[..12]),
        };
        canaries.push((token, body[8..12].to_owned()));
        let key = dice.letters(ALPHANUMERIC, 32);
        let key = match round % 5 {
            0 => (format!("sk-{key}"), key[4..12].to_owned()),
            1 => (format!("whsec_{key}"), key[4..12].to_owned()),
            2 => (format!("https://n8n.example/hook?api_key={key}&x=1"), key[4..12].to_owned()),
            3 => (format!("postgres://zelo:{key}@db.internal/desk"), key[4..12].to_owned()),
            _ => (format!("wamid.HBgN{key}VAgASGBQ="), key[4..12].to_owned()),
        };
        canaries.push(key);
    }
    canaries
}

/// A company's number with its two check digits.
fn cnpj(base: &str) -> String {
    let mut text = base.to_owned();
    for _ in 0..2 {
        let sum: u32 = text
            .bytes()
            .rev()
            .zip((2..=9).cycle())
            .map(|(byte, weight)| (u32::from(byte) - 48) * weight)
            .sum();
        let check = if sum % 11 < 2 { 0 } else { 11 - sum % 11 };
        let _ = write!(text, "{check}");
    }
    text
}

#[test]
fn three_hundred_canaries_pass_through_and_none_is_seen() {
    let canaries = canaries();
    assert_eq!(canaries.len(), 300);
    for (canary, part) in &canaries {
        assert!(canary.contains(part.as_str()), "{part} is no part of {canary}");
        let object = serde_json::json!({ "from": canary, "nested": [{ "value": canary }] });
        for json in [true, false] {
            let lines = logged(json, || {
                tracing::info!("Got {canary} from outside");
                tracing::warn!(note = canary.as_str(), "A field");
                tracing::error!(value = ?Some(canary), "A debug value");
                tracing::info!(body = %object, "A whole body");
                tracing::info!(
                    error = &std::io::Error::other(canary.clone()) as &dyn std::error::Error,
                    "An error"
                );
                tracing::info!("https://x.example/a?q={canary}&r=2");
            });
            assert_eq!(lines.lines().count(), 6);
            assert!(!lines.contains(part.as_str()), "{canary} ({part}) is seen in {lines}");
        }
    }
}

#[test]
fn the_pieces_that_help_to_find_a_fault_stay() {
    for text in [
        "0190a7c2-1234-7abc-8def-1234567890ab",
        "job 01909123-4567-7890-8123-456789012345 ended",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "Listening on http://192.168.100.200:8080",
        "2026-11-21T10:00:00Z and 2026-11-21 10:00",
        "took 1234567 rows in 12.5 ms, attempt 3 of 8",
        "/api/v1/conversations/{id}/messages",
        "zelo::http::idempotency v0.1.0 (axum 0.8.9)",
        "Meta answered 131056: pair rate limit hit",
        "GET /webhooks/whatsapp 200",
        "the basic settings and the token bucket",
        "a transação nº 42 falhou às 10:07",
        "@ 5 % off (100) + 20",
        "crates/zelo/src/http/cookie::parse:17",
        "",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn what_is_hidden_leaves_its_surroundings() {
    for (text, expected) in [
        ("call +55 11 98765-4321, ask for Ana", "call [number], ask for Ana"),
        ("from ana@hotel.example to 2 people", "from [email] to 2 people"),
        ("5511987654321@c.us is away", "[number][email] is away"),
        ("key (tel)=(11987654321) exists", "key (tel)=[number]) exists"),
        ("Authorization: Bearer abc.def, next", "Authorization: [secret] [secret], next"),
        ("?token=abc&page=2", "?token=[secret]&page=2"),
        ("12.ABC.345/01DE-35 ok", "[number] ok"),
        ("landline 3876-5432.", "landline [number]."),
        // A session's 32 random bytes, and a master key.
        ("x VGhpcyBpcyAzMiByYW5kb20gYnl0ZXMgaW4gYmFzZTY y", "x [secret] y"),
        ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "[secret]"),
        ("id wamid.HBgNNTUxMQ== gone", "id [wamid] gone"),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn a_line_has_the_promised_members() {
    let ids = Ids { request_id: "req-1".into(), trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let line = logged(true, || {
        runtime.block_on(with_ids(ids, async {
            set_caller(Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2)));
            tracing::info!(
                target: "zelo::inbound",
                { webhook.size_bytes = 12_345_678_901_u64, is_new = true, ratio = 0.5, level = "high", phone_number_id = "106540352242922" },
                "Stored an event"
            );
        }));
    });
    let value: Value = serde_json::from_str(&line).unwrap();
    let expected = serde_json::json!({
        "timestamp": "2026-11-21T10:00:00.123Z", "level": "info", "service": "zelo", "message": "Stored an event",
        "request_id": "req-1", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "tenant_id": Uuid::from_u128(1), "user_id": Uuid::from_u128(2), "target": "zelo::inbound",
        "webhook.size_bytes": 12_345_678_901_u64, "is_new": true, "ratio": 0.5, "field.level": "high",
        "phone_number_id": "106540352242922",
    });
    assert_eq!(value, expected);
}

/// A queue on a new database, whose jobs log what they are.
async fn errands(folder: &std::path::Path) -> (db::Db, jobs::Jobs, jobs::Workers) {
    const ERRANDS: jobs::Queue = jobs::queue!("errands");
    let url = db::DatabaseUrl::Sqlite(folder.join("errands.db"));
    let db = db::Db::open(&url, &db::Options { create: true, ..db::Options::default() }).await.unwrap();
    db::migrate::apply(&db, crate::schema::MIGRATIONS, None, 0).await.unwrap();
    let next = Arc::new(std::sync::atomic::AtomicU64::new(1));
    let new_id = move || Uuid::from_u128(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed).into());
    let jobs = jobs::Jobs::new(jobs::Settings {
        db: db.clone(),
        queues: &[ERRANDS],
        clock: Arc::new(|| 1_795_255_200_123),
        ids: Arc::new(new_id.clone()),
        worker: "ana".into(),
        traces: Arc::new(JobTraces::new(Arc::new(new_id))),
    });
    let workers = jobs::Workers::new(jobs.clone());
    let workers = workers.queue(ERRANDS, jobs::QueueOptions::default(), |job| async move {
        tracing::info!("Ran an errand {}", job.payload);
        jobs::Outcome::give_up("it rains")
    });
    (db, jobs, workers)
}

#[test]
fn a_line_that_a_job_logs_has_the_ids_of_the_request_that_enqueued_it() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let written = logged(true, || {
        runtime.block_on(async {
            let (db, jobs, workers) = errands(folder.path()).await;
            let enqueue = async |payload: &'static str| {
                db::write!(db, "enqueue", db::Scope::Platform, |tx| -> db::Result<_> {
                    let job = jobs::NewJob::new(jobs::queue!("errands"), "run", payload);
                    jobs.enqueue(tx, job.tenant(Uuid::from_u128(9))).await
                })
                .unwrap();
            };
            let ids = Ids { request_id: "req-1".into(), trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into() };
            with_ids(ids, enqueue("asked for")).await;
            enqueue("by itself").await;
            workers.run_until_idle().await.unwrap();
        });
    });
    let lines: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids_of = |words: &'static str| -> Vec<(Value, Value, Value)> {
        let found = lines.iter().filter(|line| line["message"].as_str().unwrap().contains(words));
        let ids = found.map(|line| (&line["request_id"], &line["trace_id"], &line["tenant_id"]));
        ids.map(|(request, trace, tenant)| (request.clone(), trace.clone(), tenant.clone())).collect()
    };
    let asked = ids_of("Ran an errand asked for");
    let expected =
        ("req-1".into(), "4bf92f3577b34da6a3ce929d0e0e4736".into(), Uuid::from_u128(9).to_string().into());
    assert_eq!(asked, std::slice::from_ref(&expected));
    // What the queue itself says of the job belongs to the request too; what nobody asked for has ids of its own.
    let deaths = ids_of("is dead");
    assert_eq!((deaths.len(), deaths.contains(&expected)), (2, true), "{written}");
    let own = ids_of("Ran an errand by itself");
    assert!(own.len() == 1 && own[0].0.is_string() && own[0].0 != "req-1", "{own:?}");
}

#[test]
fn a_line_outside_of_any_request_has_no_ids() {
    let value: Value = serde_json::from_str(&logged(true, || tracing::debug!("Started"))).unwrap();
    assert!(value.get("request_id").is_none() && value.get("tenant_id").is_none());
}

#[test]
fn fields_that_are_named_after_secrets_are_hidden_and_long_numbers_too() {
    let line = logged(true, || {
        tracing::info!(
            user.email = "ana", password = "hunter2", contact.phone = ?"x", wa = 5_511_987_654_321_u64,
            signed = -5_511_987_654_321_i64, not_a_number = f64::NAN, "Hidden"
        );
    });
    let value: Value = serde_json::from_str(&line).unwrap();
    for name in ["user.email", "password", "contact.phone"] {
        assert_eq!(value[name], "[hidden]", "{line}");
    }
    assert_eq!((&value["wa"], &value["signed"]), (&"[number]".into(), &"-[number]".into()), "{line}");
    assert!(!line.contains("hunter2") && value["not_a_number"] == "NaN");
}

#[test]
fn the_level_that_is_set_decides_what_is_written() {
    let written = Arc::new(Mutex::new(Vec::new()));
    let sink = {
        let written = Arc::clone(&written);
        Box::new(move |_: &tracing::Metadata<'_>, line: &[u8]| written.lock().extend_from_slice(line))
    };
    let level: Targets = "warn,zelo::ingest=debug".parse().unwrap();
    let subscriber = tracing_subscriber::registry().with(level).with(Lines::new(true, Arc::new(|| 0), sink));
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(target: "zelo::http", "quiet");
        tracing::debug!(target: "zelo::ingest", "asked for");
        tracing::warn!(target: "zelo::http", "loud");
    });
    let lines = String::from_utf8(written.lock().clone()).unwrap();
    assert!(!lines.contains("quiet") && lines.contains("asked for") && lines.contains("loud"), "{lines}");
}

proptest! {
    #[test]
    fn no_text_can_become_a_second_line(text in "\\PC*|[\\x00-\\xff\u{85}\u{2028}\u{2029}\\r\\n\u{1b}]{0,40}") {
        let json = logged(true, || tracing::info!(field = text.as_str(), "{}", text));
        prop_assert_eq!(json.chars().filter(|letter| letter.is_control()).count(), 1, "{:?}", json);
        prop_assert!(json.ends_with('\n'));
        let separators = json.contains(['\u{2028}', '\u{2029}']);
        prop_assert!(!separators);
        let value: Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(value["field"].as_str().unwrap(), masked(&text));
        let plain = logged(false, || tracing::info!(field = text.as_str(), "{}", text));
        prop_assert_eq!(plain.chars().filter(|letter| letter.is_control()).count(), 1, "{:?}", plain);
    }

    #[test]
    fn a_phone_is_hidden_wherever_it_stands(before in "\\PC{0,20}[ :,\"=(]", after in "[ ,\")&]\\PC{0,20}") {
        let out = masked(&format!("{before}+55 11 98765-4321{after}"));
        prop_assert!(!out.contains("98765") && !out.contains("4321"), "{}", out);
    }

    #[test]
    fn text_without_digits_and_signs_is_left_alone(text in "[a-zA-Zà-ü .,!?]{0,39}") {
        prop_assume!(!text.to_lowercase().contains("basic") && !text.to_lowercase().contains("bearer"));
        prop_assert_eq!(masked(&text), text);
    }
}

#[test]
fn what_is_done_again_and_again_does_not_end_after_the_first_time() {
    let (done, times) = std::sync::mpsc::channel();
    super::repeat("test", std::time::Duration::from_millis(1), move || {
        let _ = done.send(());
    })
    .unwrap();
    for _ in 0..3 {
        times.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    }
}
