//! A conversation is one person's, and goes from state to state in the ways that there are.

use crate::{security::desk::Desk, stage::PASSWORD};
use futures_util::future::join_all;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::json;
use uuid::Uuid;
use zelo::{
    Error,
    conversations::{self, ConversationStatus},
    identity::{self, NewUser, Role},
    ids::{ConversationId, UserId},
};
use zeroize::Zeroizing;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_of_a_hundred_who_take_a_conversation_one_gets_it() {
    let desk = Desk::open().await;
    let sight = desk.hotel.sight().await;
    let mut staff = Vec::new();
    for n in 0..100 {
        let new = NewUser {
            name: format!("Agente {n}"),
            email: format!("agente-{n}@hotel.example.com"),
            role: Role::Agent,
            password: Zeroizing::new(PASSWORD.to_owned()),
        };
        staff.push(identity::create_user(&desk.app.app, desk.hotel.id, &new).await.unwrap().id);
    }
    let before = desk.ana.the_conversation().await;
    let id = ConversationId(before["id"].as_str().unwrap().parse().unwrap());

    let claims = staff.iter().map(|user| conversations::claim_conversation(&desk.app.app, sight, id, *user));
    let outcomes = join_all(claims).await;

    let winners: Vec<UserId> = outcomes.iter().flatten().filter_map(|it| it.assignee).collect();
    let refused = outcomes
        .iter()
        .filter(|it| matches!(it, Err(Error::Conflict { code: "already_assigned", .. })))
        .count();
    assert_eq!((winners.len(), refused), (1, 99), "{outcomes:?}");
    let after = desk.ana.the_conversation().await;
    assert_eq!(after["assignee"]["id"], json!(winners[0]));
    // One change, one event: the losers left nothing behind.
    assert_eq!(after["seq"].as_i64(), before["seq"].as_i64().map(|seq| seq + 1));

    let me = desk.ana.get("/auth/me").await.ok()["id"].clone();
    let path = format!("/conversations/{}/assignment", id.0);
    let late = desk.ana.put(&path, &json!({"user_id": me, "if_unassigned": true})).await;
    assert_eq!(late.problem(), (409, "already_assigned"));
    let again = desk.ana.put(&path, &json!({"user_id": winners[0], "if_unassigned": true})).await.ok();
    assert_eq!(again["assignee"]["id"], json!(winners[0]), "whoever has it may take it again");
    desk.ana.put(&path, &json!({"user_id": me})).await.ok();
    assert_eq!(desk.ana.the_conversation().await["assignee"]["id"], me, "giving it on is still possible");
}

/// What somebody does with a conversation.
#[derive(Debug, Clone, Copy)]
enum Step {
    Status(ConversationStatus),
    Assign(Option<usize>),
    Claim(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use ConversationStatus::{Open, Resolved, Snoozed};
    let status = prop_oneof![Just(Open), Just(Snoozed), Just(Resolved)].prop_map(Step::Status);
    let assign = prop::option::of(0..2_usize).prop_map(Step::Assign);
    let step = prop_oneof![status, assign, (0..2_usize).prop_map(Step::Claim)];
    prop::collection::vec(step, crate::stage::how_many("ZELO_TEST_STEPS", 400))
}

#[tokio::test]
async fn i10_no_order_of_steps_leads_to_a_state_that_there_is_not() {
    let desk = Desk::open().await;
    let (app, sight) = (&desk.app.app, desk.hotel.sight().await);
    let people = [desk.ana.clone(), desk.hotel.owner().clone()];
    let mut users = Vec::new();
    for person in &people {
        let id = person.get("/auth/me").await.ok()["id"].as_str().unwrap().parse::<Uuid>().unwrap();
        users.push(UserId(id));
    }
    let id = ConversationId(desk.ana.the_conversation().await["id"].as_str().unwrap().parse().unwrap());
    let mut real = conversations::get_conversation(app, sight, id).await.unwrap();
    let (mut status, mut assignee) = (real.status, real.assignee);

    let walk = steps().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    for step in walk {
        let before = (status, assignee, real.last_seq);
        let done = match step {
            Step::Status(next) => {
                status = next;
                conversations::set_conversation_status(app, sight, id, next, None).await
            }
            Step::Assign(user) => {
                assignee = user.map(|user| users[user]);
                conversations::assign_conversation(app, sight, id, conversations::Assignment::to(assignee))
                    .await
            }
            Step::Claim(user) => {
                let taken = assignee.is_some_and(|assignee| assignee != users[user]);
                let done = conversations::claim_conversation(app, sight, id, users[user]).await;
                assert_eq!(done.is_err(), taken, "{step:?} after {before:?}");
                assignee = assignee.or(Some(users[user]));
                done
            }
        };
        real = match done {
            Ok(done) => done,
            Err(_) => conversations::get_conversation(app, sight, id).await.unwrap(),
        };
        let changed = (status, assignee) != (before.0, before.1);
        assert_eq!((real.status, real.assignee), (status, assignee), "{step:?} after {before:?}");
        assert_eq!(real.last_seq, before.2 + i64::from(changed), "{step:?} after {before:?}");
    }
}
