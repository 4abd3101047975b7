//! A number falls silent, and whoever runs it is told before the customers tell them.

use crate::stage::{Agent, Socket, Tenant, TestApp};
use serde_json::{Value, json};
use zelo::{
    clock::{DAY, HOUR, MINUTE, Millis},
    inbound::Processing,
    mail, silence,
};

/// Zelo runs for so long, and people write in between, as this says of the hour of the day.
async fn lives(app: &TestApp, time: Millis, writes: impl AsyncFn(Millis)) {
    let processing = Processing::new(app.app.clone());
    let end = app.clock.now() + time;
    while app.clock.now() < end {
        app.passes(15 * MINUTE);
        writes(app.clock.now() % DAY).await;
        processing.drain().await.unwrap();
        silence::watch(&app.app).await.unwrap();
    }
}

/// So many people write at once, the same ones each time.
async fn write(tenant: &Tenant, people: std::ops::Range<u32>, written_at: Millis) {
    let message = |person: u32| {
        let wamid = format!("wamid.{}.{person}.{written_at}", tenant.slug);
        let mut message = crate::inbound::text_from(&format!("55119876500{person:02}"), &wamid, "oi");
        message["timestamp"] = (written_at / 1_000).to_string().into();
        message
    };
    let messages: Vec<Value> = people.map(message).collect();
    assert_eq!(tenant.receives(&tenant.body(&json!({ "messages": messages }))).await.status, 200);
}

/// The rhythm of a reception: from eight to ten at night twelve people an hour, six of them at the half hour, and nobody at
/// night. Each writes twice within the hour, and is one person all the same.
async fn reception(hotel: &Tenant, time_of_day: Millis) {
    let (hour, minute) = (time_of_day / HOUR, time_of_day % HOUR / MINUTE);
    if (8..22).contains(&hour) {
        let people = if minute < 30 { 0..6 } else { 6..12 };
        write(hotel, people, hotel.app.clock.now()).await;
    }
}

/// What the API says of the number.
async fn told(agent: &Agent, tenant: &Tenant) -> Value {
    agent.get(&format!("/channels/{}", tenant.channel)).await.ok()["silence"].clone()
}

/// The mails of a silence that the owner has got.
async fn letters(app: &TestApp, tenant: &Tenant) -> Vec<String> {
    app.run_jobs().await;
    let all = mail::list_mailbox(&app.app).await.unwrap().into_iter().map(|(_, letter)| letter);
    let own = all.filter(|it| it.to == tenant.owner().email && it.subject == "Nada chega em um número");
    own.map(|it| it.text).collect()
}

async fn is_counted(app: &TestApp, tenant: &Tenant, sql: &'static str) -> i64 {
    app.count(Some(tenant.id.0), sql).await
}

const THOUSANDTHS: &str =
    "select cast(coalesce(sum(people), 0) as bigint) from channel_traffic where tenant_id = $1";
const WEEKS: &str =
    "select cast(coalesce(sum(weeks), 0) as bigint) from channel_traffic where tenant_id = $1";
const LOOKED_AT: &str = "select max(looked_at) from channel_watches where tenant_id = $1";

/// A hotel whose reception was watched for eight days, up to noon. Twelve people an hour, in each hour from eight to ten.
async fn knows_its_reception(app: &TestApp, hotel: &Tenant) {
    silence::watch(&app.app).await.unwrap();
    db::write!(app.app.db, "learn_in_test", db::Scope::Tenant(hotel.id.0), |tx| -> db::Result<()> {
        for hour in 0..168_i64 {
            let people = if (8..22).contains(&(hour % 24)) { 12_000_i64 } else { 0 };
            tx.execute(
                "insert into channel_traffic (tenant_id, channel_id, hour, people, weeks) values ($1, $2, $3, $4, 1)",
                db::params![hotel.id, hotel.channel, hour, people],
            )
            .await?;
        }
        tx.execute(
            "update channel_watches set learnt_hours = 192, watched_since = watched_since - $2 where tenant_id = $1",
            db::params![hotel.id, 8 * DAY],
        )
        .await?;
        Ok(())
    })
    .unwrap();
}

async fn unsubscribe(app: &TestApp, hotel: &Tenant) {
    let meta = &app.app.config.whatsapp.graph_base_url;
    let url = format!("{meta}/v26.0/{}/subscribed_apps", hotel.number.waba_id);
    let request = app.web.request(reqwest::Method::DELETE, &url);
    let token = format!("token-of-{}", hotel.number.phone_number_id);
    assert!(request.bearer_auth(token).send().await.unwrap().status().is_success());
}

async fn socket_of(app: &TestApp, agent: &Agent) -> Socket {
    let auth = json!({"token": agent.token().await});
    Socket::open(&app.web.url, &auth).await.unwrap_or_else(|refused| panic!("{refused}"))
}

fn heard(events: &[(String, Value)], name: &str) -> usize {
    events.iter().filter(|(event, _)| event == name).count()
}

#[tokio::test]
async fn a_reception_whose_webhook_stopped_at_ten_is_told_at_eleven_with_the_cure() {
    let app = TestApp::new().await;
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    let (ana, davi) = (hotel.agent("ana").await, clinic.agent("davi").await);
    // Eight days and a morning, up to Saturday at ten. In none of the nights anything is told of.
    lives(&app, 7 * DAY + 22 * HOUR, async |time| reception(&hotel, time).await).await;
    app.run_jobs().await;
    assert_eq!(told(&ana, &hotel).await, Value::Null);
    assert_eq!(is_counted(&app, &hotel, WEEKS).await, 7 * 24 + 20, "each whole hour once");
    assert_eq!(is_counted(&app, &hotel, THOUSANDTHS).await, 7 * 14 * 12_000, "people, not messages");
    assert_eq!(is_counted(&app, &clinic, THOUSANDTHS).await, 0);

    unsubscribe(&app, &hotel).await;
    let (mut at_the_hotel, mut at_the_clinic) = (socket_of(&app, &ana).await, socket_of(&app, &davi).await);
    lives(&app, 45 * MINUTE, async |_| {}).await;
    app.run_jobs().await;
    assert_eq!(told(&ana, &hotel).await, Value::Null, "nine people could be a chance");
    lives(&app, 15 * MINUTE, async |_| {}).await;
    // Another process looks as well, and the first one again.
    let other = app.another_app(&[]).await;
    silence::watch(&other).await.unwrap();
    silence::watch(&app.app).await.unwrap();
    zelo::tasks::workers(&other).run_until_idle().await.unwrap();
    app.run_jobs().await;
    lives(&app, HOUR, async |_| {}).await;
    app.run_jobs().await;

    let silence = told(&ana, &hotel).await;
    assert_eq!(
        (&silence["since"], &silence["expected"], &silence["noticed_at"], &silence["causes"]),
        (
            &json!("2026-11-28T10:00:00.000Z"),
            &json!(12),
            &json!("2026-11-28T11:00:00.000Z"),
            &json!(["subscription"])
        )
    );
    let mails = letters(&app, &hotel).await;
    assert_eq!(mails.len(), 1, "once, however often somebody looks: {mails:?}");
    assert!(mails[0].contains("Dê ao número o token de acesso"), "the cure: {}", mails[0]);
    assert!(letters(&app, &clinic).await.is_empty() && told(&davi, &clinic).await.is_null());
    let browser = hotel.owner().browser().await;
    for (lang, since, cause) in [
        ("en", "Nothing has come in since", "No app hears of the account: no message comes in."),
        ("pt-BR", "Nada chega desde", "nenhuma mensagem entra"),
    ] {
        let page = browser.page("/channels", lang).await;
        assert!(page.contains(since) && page.contains(cause), "{page}");
    }
    let page = clinic.owner().browser().await.page("/channels", "en").await;
    assert!(!page.contains("Nothing has come in since"));

    let events = at_the_hotel.until("channel:silence").await;
    assert_eq!(events.last().unwrap().1, json!({"channel_id": hotel.channel, "silence": silence}));

    // The webhook is mended, and the next message says so.
    write(&hotel, 0..1, app.clock.now()).await;
    write(&clinic, 0..1, app.clock.now()).await;
    app.run_jobs().await;
    assert!(!told(&ana, &hotel).await.is_null());
    silence::watch(&app.app).await.unwrap();
    silence::watch(&other).await.unwrap();
    assert!(told(&ana, &hotel).await.is_null());
    write(&hotel, 2..3, app.clock.now()).await;
    app.run_jobs().await;

    let events = at_the_hotel.until("channel:silence").await;
    assert_eq!(events.last().unwrap().1, json!({"channel_id": hotel.channel, "silence": null}));
    assert_eq!(heard(&at_the_hotel.until("message:new").await, "channel:silence"), 0, "each once");
    assert_eq!(heard(&at_the_clinic.until("message:new").await, "channel:silence"), 0);
    assert_eq!(letters(&app, &hotel).await.len(), 1);
}

#[tokio::test]
async fn a_new_number_is_not_told_of_and_a_silence_without_a_fault_names_the_address() {
    let app = TestApp::new().await;
    let (hotel, kiosk) = (app.tenant("hotel").await, app.tenant("kiosk").await);
    knows_its_reception(&app, &hotel).await;
    lives(&app, DAY, async |time| {
        reception(&hotel, time).await;
        reception(&kiosk, time).await;
    })
    .await;
    app.run_jobs().await;
    assert!(told(hotel.owner(), &hotel).await.is_null());
    lives(&app, 3 * HOUR, async |_| {}).await;
    app.run_jobs().await;

    assert!(told(kiosk.owner(), &kiosk).await.is_null(), "a day is too little to know what is usual");
    let silence = told(hotel.owner(), &hotel).await;
    assert_eq!(silence["causes"], json!([]));
    let mails = letters(&app, &hotel).await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("o certificado não vale"), "{}", mails[0]);
}

#[tokio::test]
async fn a_silence_that_meta_says_nothing_of_is_told_all_the_same_and_a_dead_token_is_named() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    knows_its_reception(&app, &hotel).await;
    app.simulator.expire_token(&hotel.number.phone_number_id, true).unwrap();
    lives(&app, 2 * HOUR, async |_| {}).await;
    app.run_jobs().await;
    let causes = told(hotel.owner(), &hotel).await["causes"].to_string();
    assert!(causes.contains("token") && causes.contains("subscription"), "{causes}");
}

#[tokio::test]
async fn what_zelo_did_not_see_teaches_nothing_and_is_no_silence() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    knows_its_reception(&app, &hotel).await;
    lives(&app, HOUR + 15 * MINUTE, async |time| reception(&hotel, time).await).await;
    let known = (is_counted(&app, &hotel, THOUSANDTHS).await, is_counted(&app, &hotel, WEEKS).await);
    assert_eq!(known, (7 * 14 * 12_000, 169));

    // Zelo is away from a quarter past one until the same time two days later, and Meta repeats what it could not post.
    app.passes(2 * DAY);
    write(&hotel, 0..12, app.clock.now() - DAY).await;
    app.run_jobs().await;
    for _ in 0..2 {
        silence::watch(&app.app).await.unwrap();
        app.run_jobs().await;
    }
    assert!(told(hotel.owner(), &hotel).await.is_null(), "nobody was here to hear anything");
    // The rest of that hour was not seen whole. What came late is of no hour.
    write(&hotel, 0..12, app.clock.now() - HOUR).await;
    lives(&app, 45 * MINUTE, async |_| {}).await;
    let half = (is_counted(&app, &hotel, THOUSANDTHS).await, is_counted(&app, &hotel, WEEKS).await);
    assert_eq!(half, known);
    // From the next hour on it learns again, and a silence counts from the last message on.
    lives(&app, 15 * MINUTE, async |time| reception(&hotel, time).await).await;
    write(&hotel, 12..20, app.clock.now() - HOUR).await;
    lives(&app, HOUR, async |time| reception(&hotel, time).await).await;
    assert_eq!(is_counted(&app, &hotel, WEEKS).await, known.1 + 1);
    assert_eq!(is_counted(&app, &hotel, THOUSANDTHS).await, known.0);
    app.run_jobs().await;
    assert!(told(hotel.owner(), &hotel).await.is_null());
    lives(&app, HOUR, async |_| {}).await;
    app.run_jobs().await;
    assert!(!told(hotel.owner(), &hotel).await.is_null());
}

#[tokio::test]
async fn while_zelo_is_late_itself_nobody_is_called_silent() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    knows_its_reception(&app, &hotel).await;
    let before = is_counted(&app, &hotel, LOOKED_AT).await;
    write(&hotel, 0..1, app.clock.now()).await;
    for _ in 0..8 {
        app.passes(15 * MINUTE);
        silence::watch(&app.app).await.unwrap();
    }
    assert_eq!(is_counted(&app, &hotel, LOOKED_AT).await, before);
    app.run_jobs().await;
    silence::watch(&app.app).await.unwrap();
    app.run_jobs().await;
    assert!(told(hotel.owner(), &hotel).await.is_null());
}

#[tokio::test]
async fn whoever_does_not_want_to_be_told_is_not_and_the_log_says_who_chose_it() {
    let app = TestApp::new().await;
    let (hotel, shop) = (app.tenant("hotel").await, app.tenant("shop").await);
    let ana = hotel.agent("ana").await;
    knows_its_reception(&app, &hotel).await;
    lives(&app, 2 * HOUR, async |_| {}).await;
    app.run_jobs().await;
    assert!(!told(hotel.owner(), &hotel).await.is_null());

    let (path, off) = (format!("/channels/{}", hotel.channel), json!({"silence_alert": false}));
    assert_eq!(ana.patch(&path, &off).await.status, 403);
    assert_eq!(shop.owner().patch(&path, &off).await.status, 404);
    let changed = hotel.owner().patch(&path, &off).await.ok();
    assert_eq!((&changed["silence_alert"], &changed["name"]), (&json!(false), &json!("hotel")));
    lives(&app, 2 * HOUR, async |_| {}).await;
    app.run_jobs().await;
    assert!(told(hotel.owner(), &hotel).await.is_null());
    let log = hotel.owner().get("/audit-logs?limit=20").await.ok().to_string();
    assert!(log.contains(r#""silence_alert":{"new":false,"old":true}"#), "{log}");

    hotel.owner().patch(&path, &json!({"silence_alert": true})).await.ok();
    lives(&app, 15 * MINUTE, async |_| {}).await;
    app.run_jobs().await;
    assert!(!told(hotel.owner(), &hotel).await.is_null());
    assert_eq!(letters(&app, &hotel).await.len(), 2, "a second silence of which somebody wants to hear");
}

#[tokio::test]
async fn a_number_that_is_switched_off_is_not_called_silent_and_ends_its_silence() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let ana = hotel.agent("ana").await;
    knows_its_reception(&app, &hotel).await;
    let path = format!("/channels/{}", hotel.channel);
    hotel.owner().patch(&path, &json!({"status": "disabled"})).await.ok();
    lives(&app, 3 * HOUR, async |_| {}).await;
    assert!(letters(&app, &hotel).await.is_empty());
    assert_eq!(told(&ana, &hotel).await, Value::Null);

    hotel.owner().patch(&path, &json!({"status": "active"})).await.ok();
    lives(&app, 15 * MINUTE, async |_| {}).await;
    assert_eq!(letters(&app, &hotel).await.len(), 1, "it is on, and nobody has written for hours");
    assert!(told(&ana, &hotel).await.is_object());
    hotel.owner().patch(&path, &json!({"status": "disabled"})).await.ok();
    lives(&app, 15 * MINUTE, async |_| {}).await;
    app.run_jobs().await;
    assert_eq!(told(&ana, &hotel).await, Value::Null, "somebody knows why");
}
