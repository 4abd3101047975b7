//! R11: a tenant that sends far more than its number takes does not hold up another one's answers.

use crate::stage::{Agent, Tenant, TestApp, environment};
use serde_json::json;
use simulator::{Conditions, SendLimits};
use std::time::{Duration, Instant};
use whatsapp::client::OutboundContent;
use zelo::{
    clock::{Millis, SECOND},
    ids::{ConversationId, UserId},
    messages::{self, SendRequest, To},
    outbound::Urgency,
    tasks,
};

/// Messages a second that the loud tenant's number takes.
const QUOTA: usize = 20;
/// How many answers make the whole form, which measures: one each tenth of a second, alone and beside the loud tenant.
const WHOLE: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r11_a_tenant_that_queues_ten_times_its_quota_delays_nobody_elses_answers() {
    let answers = environment("ZELO_TEST_ANSWERS").and_then(|text| text.parse().ok()).unwrap_or(12);
    let app = TestApp::in_real_time(&[("outbound.messages_per_second", "80")]).await;
    // The loud tenant's queue is still full when the test ends.
    app.may_leave_work();
    let (loud, quiet) = (app.tenant("shop").await, app.tenant("clinic").await);
    let (lia, davi) = (loud.agent("lia").await, quiet.agent("davi").await);
    let pace = json!({"messages_per_second": QUOTA});
    loud.owner().patch(&format!("/channels/{}", loud.channel), &pace).await.ok();
    let crowd = talks(&loud, &lia, 80, 0).await;
    // Nobody gets two answers at short distance: what Meta takes for one person is not what this is about.
    let patients = talks(&quiet, &davi, 2 * answers, 500).await;
    let (early, late) = patients.split_at(answers);
    let limits = Some(SendLimits { per_second: 80, ..SendLimits::default() });
    app.simulator.set_conditions(Conditions { limits, travel_ms: 200, ..Conditions::default() });
    let working = tasks::start(&app.app).await.unwrap();

    let alone = answer_all(&quiet, early).await;
    // Ten times what the number takes while the other one answers.
    for number in 0..QUOTA * answers {
        let talk = crowd[number % crowd.len()];
        send(&loud, talk, &format!("Promoção {number}"), Urgency::Campaign).await;
    }
    let beside = answer_all(&quiet, late).await;
    println!("r11: 95 of 100 answers with Meta after {alone} ms, beside the loud tenant after {beside} ms");
    working.drain(&app.app, Duration::from_secs(20)).await;
    // The row's 25 % hold for the whole form, alone on its machine. Beside other tests the short one notices what matters:
    // behind the loud tenant's queue an answer would wait for all of it.
    let behind_the_queue = Millis::try_from(answers).unwrap() * SECOND / 2;
    let most = if answers >= WHOLE { alone * 5 / 4 } else { behind_the_queue };
    assert!(beside <= most, "{beside} ms beside the loud tenant, {alone} ms alone");
    assert!(app.simulator.tally().refused.is_empty(), "{:?}", app.simulator.tally().refused);
}

/// People who wrote, and their talks.
async fn talks(tenant: &Tenant, agent: &Agent, people: usize, from: usize) -> Vec<ConversationId> {
    for number in 0..people {
        tenant.contact(&format!("+55 11 9{:08}", 70_000_000 + from + number)).says("oi").await;
    }
    tenant.app.run_jobs().await;
    let ids = agent.conversations().await;
    ids.iter().map(|it| ConversationId(it["id"].as_str().unwrap().parse().unwrap())).collect()
}

async fn send(tenant: &Tenant, conversation: ConversationId, text: &str, urgency: Urgency) -> String {
    let (sight, author) = (tenant.sight().await, UserId(uuid::Uuid::nil()));
    let content = OutboundContent::text(text);
    let request =
        SendRequest { to: To::Conversation(conversation), content, reply_to: None, author, urgency };
    messages::send_message(&tenant.app.app, sight, &request).await.unwrap().id.to_string()
}

/// Answer everybody, one each tenth of a second; returns after how many milliseconds 95 of 100 were taken by Meta.
async fn answer_all(tenant: &Tenant, patients: &[ConversationId]) -> Millis {
    let clock = &tenant.app.clock;
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    let mut sent = Vec::new();
    for conversation in patients {
        pace.tick().await;
        let at = clock.now();
        sent.push((send(tenant, *conversation, "Seu exame está pronto.", Urgency::Person).await, at));
    }
    let began = Instant::now();
    loop {
        let tally = tenant.app.simulator.tally();
        let taken_at = |id: &str| {
            let taken = tally.accepted.iter().find(|taken| taken.callback_data.as_deref() == Some(id));
            taken.map(|taken| taken.at)
        };
        let ways: Vec<Option<Millis>> = sent.iter().map(|(id, at)| Some(taken_at(id)? - at)).collect();
        if let Some(mut ways) = ways.into_iter().collect::<Option<Vec<Millis>>>() {
            ways.sort_unstable();
            return ways[ways.len() * 95 / 100];
        }
        assert!(began.elapsed() < Duration::from_secs(60), "some answers never left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
