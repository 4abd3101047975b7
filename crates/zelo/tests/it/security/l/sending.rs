//! L09: Meta's limits on what leaves.

use crate::stage::{TestApp, engine_is_postgres, environment};
use simulator::{Conditions, ContactId, NewContact, SendLimits, Tally};
use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};
use uuid::Uuid;
use zelo::{
    ids::{ConversationId, UserId},
    messages::{self, SendRequest, To},
    outbound::Urgency,
    rights::Sight,
    tasks::{self, Tasks},
};

/// How long nothing may leave before the test gives up.
const STANDSTILL: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l09_what_is_accepted_leaves_once_and_in_order_within_metas_limits() {
    let sends: usize = environment("ZELO_TEST_SENDS").and_then(|text| text.parse().ok()).unwrap_or(240);
    // An embedded database has one process.
    let usual = if engine_is_postgres() { 2 } else { 1 };
    let processes = environment("ZELO_TEST_SENDERS").and_then(|text| text.parse().ok()).unwrap_or(usual);
    // The long form has long talks, in which the limit of each person makes the last ones wait.
    let each = if sends >= 10_000 { 20 } else { 3 };
    let people = sends / each;
    let app = TestApp::in_real_time(&[("outbound.messages_per_second", "80")]).await;
    // The tasks of the house go on by themselves.
    app.may_leave_work();
    let hotel = app.tenant("hotel").await;
    let working = start(&app, processes).await;
    let conversations = people_who_wrote(&app, &hotel, people).await;

    let shaky = Conditions {
        limits: Some(SendLimits::default()),
        transient_per_mille: 100,
        cut_per_mille: 10,
        ..Conditions::default()
    };
    app.simulator.set_conditions(shaky);
    let sight = hotel.sight().await;
    let began = Instant::now();
    let queued = send_all(&app, sight, &conversations, sends).await;
    let queueing = began.elapsed();
    everything_left(&app, &hotel, sends).await;
    let took = began.elapsed();
    for (app, tasks) in working {
        tasks.drain(&app, Duration::from_secs(20)).await;
    }

    println!(
        "{sends} messages to {people} people by {processes} processes: queued in {queueing:.1?}, all left after {took:.1?}"
    );
    judge(&app.simulator.tally(), &queued);
    let sql = "select count(*) from messages where tenant_id = $1 and direction = 'outbound' and status = 'delivered'
               and error_code is null";
    let delivered = app.count(Some(hotel.id.0), sql).await;
    assert_eq!(usize::try_from(delivered).unwrap(), sends, "all that was cut was reconciled");
}

/// Each once, each contact's in order, and hardly anything too fast.
fn judge(tally: &Tally, queued: &BTreeMap<ContactId, Vec<String>>) {
    let mut copies: HashMap<&str, usize> = HashMap::new();
    let mut order: BTreeMap<ContactId, Vec<String>> = BTreeMap::new();
    for sent in &tally.accepted {
        let id = sent.callback_data.as_deref().unwrap();
        *copies.entry(id).or_default() += 1;
        order.entry(sent.contact).or_default().push(id.to_owned());
    }
    let doubled = copies.values().filter(|count| **count > 1).count();
    let lost = queued.values().flatten().filter(|id| !copies.contains_key(id.as_str())).count();
    let share =
        |code: i64| tally.refused.get(&code).copied().unwrap_or(0) as f64 / tally.calls() as f64 * 100.0;
    let times: Vec<i64> = tally.accepted.iter().map(|sent| sent.at).collect();
    let within = |from: i64| times.iter().filter(|at| (from..from + 1_000).contains(at)).count();
    println!(
        "{} calls, {} cut, refused {:?} (130429: {:.2} %, 131056: {:.2} %); lost {lost}, doubled {doubled}; \
         half had left after {:.1} s, at most {} in a second",
        tally.calls(),
        tally.cut,
        tally.refused,
        share(130_429),
        share(131_056),
        (times[times.len() / 2] - times[0]) as f64 / 1_000.0,
        times.iter().step_by(20).map(|from| within(*from)).max().unwrap_or(0),
    );
    assert_eq!((lost, doubled), (0, 0));
    assert_eq!(&order, queued, "the order of some contact's messages");
    assert!(share(130_429) <= 1.0 && share(131_056) <= 1.0, "{:?} of {}", tally.refused, tally.calls());
    assert!(tally.refused.get(&131_016).is_some_and(|count| *count > 0), "nothing went wrong on the way");
}

/// The application's own tasks, and those of more processes on the same data.
async fn start(app: &TestApp, processes: usize) -> Vec<(zelo::app::App, Tasks)> {
    let mut working = vec![(app.app.clone(), tasks::start(&app.app).await.unwrap())];
    for _ in 1..processes {
        let another = app.another_app(&[]).await;
        let tasks = tasks::start(&another).await.unwrap();
        working.push((another, tasks));
    }
    working
}

/// People whose windows are open.
async fn people_who_wrote(
    app: &TestApp,
    hotel: &crate::stage::Tenant,
    people: usize,
) -> Vec<(ContactId, ConversationId)> {
    let mut who: HashMap<String, ContactId> = HashMap::new();
    for number in 0..people {
        let name = format!("Pessoa {number}");
        let phone = Some(format!("+55 11 9{:08}", 70_000_000 + number));
        let person = hotel.person(NewContact { name: name.clone(), phone, ..NewContact::default() });
        who.insert(name, person.id);
        app.simulator.say(&hotel.number.phone_number_id, person.id, &simulator::Said::text("oi")).unwrap();
    }
    let mut found = HashMap::new();
    let owner = hotel.owner();
    let mut quiet_since = Instant::now();
    while found.len() < people {
        let before = found.len();
        let mut cursor = String::new();
        loop {
            let page = owner.get(&format!("/conversations?limit=200{cursor}")).await.ok();
            for shown in page["data"].as_array().unwrap() {
                let id: Uuid = shown["id"].as_str().unwrap().parse().unwrap();
                let name = shown["contact"]["name"].as_str().unwrap_or_default();
                found.insert(who[name], ConversationId(id));
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        if found.len() > before {
            quiet_since = Instant::now();
        }
        assert!(quiet_since.elapsed() < STANDSTILL, "{} of {people} conversations", found.len());
    }
    found.into_iter().collect()
}

/// Everybody gets their share, one after the other; returns the ids by contact, in order.
async fn send_all(
    app: &TestApp,
    sight: Sight,
    conversations: &[(ContactId, ConversationId)],
    sends: usize,
) -> BTreeMap<ContactId, Vec<String>> {
    let share = sends / conversations.len();
    let extra = sends % conversations.len();
    let writers = conversations.iter().enumerate().map(|(place, &(contact, conversation))| async move {
        let mut ids = Vec::new();
        for number in 0..share + usize::from(place < extra) {
            let content = whatsapp::client::OutboundContent::text(format!("mensagem {number}"));
            let urgency = Urgency::Campaign;
            let request = SendRequest {
                to: To::Conversation(conversation),
                content,
                reply_to: None,
                author: UserId(Uuid::nil()),
                urgency,
            };
            ids.push(messages::send_message(&app.app, sight, &request).await.unwrap().id.to_string());
        }
        (contact, ids)
    });
    let mut queued = BTreeMap::new();
    let mut writers: Vec<_> = writers.collect();
    while !writers.is_empty() {
        let rest = writers.split_off(writers.len().min(16));
        queued.extend(futures_util::future::join_all(writers).await);
        writers = rest;
    }
    queued
}

/// Wait until every message has arrived, as the contacts' phones have told.
async fn everything_left(app: &TestApp, hotel: &crate::stage::Tenant, sends: usize) {
    let sql = "select count(*) from messages where tenant_id = $1 and direction = 'outbound' and status = 'delivered'";
    let (mut last, mut moved) = (0, Instant::now());
    loop {
        let delivered = app.count(Some(hotel.id.0), sql).await;
        if usize::try_from(delivered).unwrap() >= sends {
            return;
        }
        if delivered > last {
            (last, moved) = (delivered, Instant::now());
        }
        assert!(moved.elapsed() < STANDSTILL, "{delivered} of {sends} messages arrived");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
