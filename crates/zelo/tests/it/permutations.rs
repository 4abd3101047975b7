//! Whatever the order in which Meta's events of a conversation arrive, how often and in how many pieces: people see the
//! same in the end.
//!
//! `ZELO_TEST_CASES` says how many conversations are made up; without it a few.

use crate::stage::{Agent, Tenant, TestApp, how_many};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::{Value, json};
use std::{
    cell::RefCell,
    sync::atomic::{AtomicU64, Ordering},
};
use tokio::runtime::Runtime;

/// Noon of the tests, in Unix seconds.
const NOON: i64 = 1_795_176_000;
/// Conversations that are made up where nothing else is said.
const FEW: usize = 12;
/// Messages of a conversation; reactions to the last ones find none.
const MESSAGES: usize = 4;

/// One event, about messages by their place in the conversation.
#[derive(Debug, Clone)]
enum Happening {
    /// The contact wrote.
    Wrote(usize),
    /// The business wrote, in its app.
    Answered(usize),
    Reacted {
        on: usize,
        emoji: Option<&'static str>,
    },
    Edited {
        what: usize,
        to: &'static str,
    },
    Revoked(usize),
    Reported {
        on: usize,
        word: &'static str,
    },
}

fn happening() -> impl Strategy<Value = Happening> {
    let place = 0..MESSAGES + 1;
    prop_oneof![
        (place.clone(), prop_oneof![Just(None), Just(Some("👍")), Just(Some("🎉"))])
            .prop_map(|(on, emoji)| Happening::Reacted { on, emoji }),
        (place.clone(), prop_oneof![Just("às dez"), Just("às onze")])
            .prop_map(|(what, to)| Happening::Edited { what, to }),
        place.clone().prop_map(Happening::Revoked),
        (place, prop_oneof![Just("sent"), Just("delivered"), Just("read"), Just("failed")])
            .prop_map(|(on, word)| Happening::Reported { on, word }),
    ]
}

/// A conversation as it happened, and an order in which it arrives: places of events, some of them several times, and
/// after which of them everything that arrived is processed.
fn story() -> impl Strategy<Value = (Vec<Happening>, Vec<(usize, bool)>)> {
    let messages = prop::collection::vec(any::<bool>(), MESSAGES).prop_map(|ours| {
        let said = |(place, is_ours)| match is_ours {
            true => Happening::Answered(place),
            false => Happening::Wrote(place),
        };
        ours.into_iter().enumerate().map(said).collect::<Vec<_>>()
    });
    let more = prop::collection::vec(happening(), 0..10);
    (messages, more).prop_flat_map(|(mut all, more)| {
        all.extend(more);
        let every: Vec<usize> = (0..all.len()).collect();
        let again = prop::collection::vec(0..all.len(), 0..all.len());
        let order = (Just(every), again).prop_flat_map(|(mut every, again)| {
            every.extend(again);
            Just(every).prop_shuffle()
        });
        let pauses = order.prop_flat_map(|order| {
            let length = order.len();
            (Just(order), prop::collection::vec(any::<bool>(), length))
                .prop_map(|(order, pauses)| order.into_iter().zip(pauses).collect::<Vec<_>>())
        });
        (Just(all), pauses)
    })
}

/// A contact to whom a story happens.
struct Stage<'s> {
    tenant: &'s Tenant,
    agent: &'s Agent,
    number: u64,
}

impl Stage<'_> {
    fn wa_id(&self) -> String {
        format!("55119{:08}", self.number)
    }

    fn wamid(&self, what: &str) -> String {
        format!("wamid.{}.{what}", self.number)
    }

    /// The body that Meta posts.
    fn body(&self, place: usize, happening: &Happening) -> Value {
        let at = |place: usize| (NOON + i64::try_from(place).unwrap()).to_string();
        let from =
            json!({"from": self.wa_id(), "id": self.wamid(&format!("event{place}")), "timestamp": at(place)});
        let message = |more: Value| {
            let mut message = from.clone();
            message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            self.tenant.body(&json!({"messages": [message]}))
        };
        let target = |place: &usize| self.wamid(&format!("event{place}"));
        match happening {
            Happening::Wrote(said) => {
                message(json!({"type": "text", "text": {"body": format!("mensagem {said}")}}))
            }
            Happening::Answered(said) => {
                let echo = json!({"from": "5511940020001", "to": self.wa_id(), "id": target(said),
                    "timestamp": at(place), "type": "text", "text": {"body": format!("resposta {said}")}});
                let mut body = self.tenant.body(&json!({"message_echoes": [echo]}));
                body["entry"][0]["changes"][0]["field"] = json!("smb_message_echoes");
                body
            }
            Happening::Reacted { on, emoji } => {
                let mut reaction = json!({"message_id": target(on)});
                if let Some(emoji) = emoji {
                    reaction["emoji"] = json!(emoji);
                }
                message(json!({"type": "reaction", "reaction": reaction}))
            }
            Happening::Edited { what, to } => {
                let edit = json!({"original_message_id": target(what), "message": {"type": "text", "text": {"body": to}}});
                message(json!({"type": "edit", "edit": edit}))
            }
            Happening::Revoked(what) => {
                message(json!({"type": "revoke", "revoke": {"original_message_id": target(what)}}))
            }
            Happening::Reported { on, word } => {
                let mut status = json!({"id": target(on), "status": word, "timestamp": at(place),
                    "recipient_id": self.wa_id(), "pricing": {"type": "regular", "category": "service"}});
                if *word == "failed" {
                    status["errors"] = json!([{"code": 131_026, "title": "Undeliverable"}]);
                }
                self.tenant.body(&json!({"statuses": [status]}))
            }
        }
    }

    async fn happens(&self, story: &[Happening], order: impl IntoIterator<Item = (usize, bool)>) {
        for (place, then_processed) in order {
            self.tenant.receives(&self.body(place, &story[place])).await.ok();
            if then_processed {
                self.tenant.app.run_jobs().await;
            }
        }
        self.tenant.app.run_jobs().await;
    }

    /// What people see, without what depends on who it is and on the order of arrival.
    async fn seen(&self) -> Value {
        let conversations = self.agent.conversations().await;
        let phone = format!("+55 (11) 9{:04}-{:04}", self.number / 10_000, self.number % 10_000);
        let mut conversation =
            conversations.into_iter().find(|it| it["contact"]["phone"] == phone).expect("a conversation");
        let mut messages = self.agent.messages(&conversation).await;
        let names: Vec<(String, String)> = messages
            .iter()
            .map(|message| (text(&message["id"]), text(&message["wamid"])))
            .chain([(text(&conversation["id"]), "the conversation".to_owned())])
            .collect();
        for key in ["id", "contact", "seq", "created_at"] {
            conversation.as_object_mut().unwrap().remove(key);
        }
        for message in &mut messages {
            for key in ["id", "conversation_id", "seq", "changed_seq", "created_at"] {
                message.as_object_mut().unwrap().remove(key);
            }
        }
        messages.sort_by_key(|message| (text(&message["sent_at"]), text(&message["wamid"])));
        let mut all = json!({"conversation": conversation, "messages": messages}).to_string();
        for (id, wamid) in names {
            all = all.replace(&id, &wamid);
        }
        let own = format!("wamid.{}.", self.number);
        serde_json::from_str(&all.replace(&own, "wamid.").replace(&self.wa_id(), "number")).unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A list shows 200 conversations at once, and each case begins two.
const CASES_OF_A_DESK: u64 = 90;

#[test]
fn any_order_and_repetition_of_a_conversations_events_ends_in_the_same_state() {
    let cases = u32::try_from(how_many("ZELO_TEST_CASES", FEW)).unwrap();
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(TestApp::new());
    // Reports on messages that never come wait for ever.
    app.may_leave_work();
    let desk = RefCell::new(None);
    let numbers = AtomicU64::new(70_000_000);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let result = TestRunner::new(config).run(&story(), |(story, order)| {
        runtime.block_on(async {
            let case = numbers.load(Ordering::Relaxed) / 2;
            if case.is_multiple_of(CASES_OF_A_DESK) || desk.borrow().is_none() {
                let tenant = app.tenant(&format!("hotel-{case}")).await;
                let agent = tenant.agent("ana").await;
                desk.replace(Some((tenant, agent)));
            }
            let (tenant, agent) = desk.borrow().clone().unwrap();
            let stage =
                || Stage { tenant: &tenant, agent: &agent, number: numbers.fetch_add(1, Ordering::Relaxed) };
            let (as_it_happened, as_it_arrived) = (stage(), stage());
            as_it_happened.happens(&story, (0..story.len()).map(|place| (place, true))).await;
            as_it_arrived.happens(&story, order).await;
            let (expected, seen) = (as_it_happened.seen().await, as_it_arrived.seen().await);
            if expected == seen {
                Ok(())
            } else {
                Err(TestCaseError::fail(format!("as it happened: {expected:#}\nas it arrived: {seen:#}")))
            }
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    runtime.block_on(async { drop((desk, app)) });
}
