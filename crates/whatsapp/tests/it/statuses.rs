use whatsapp::errors::ErrorClass;
use whatsapp::webhook::Delivery;

use crate::fixtures::{ANA, messages, status};

#[test]
fn the_ladder_of_one_message() {
    let steps: Vec<(Delivery, i64)> =
        ["34", "35", "36"].map(status).map(|step| (step.status, step.timestamp)).into();
    assert_eq!(
        steps,
        [
            (Delivery::Sent, 1_795_176_002),
            (Delivery::Delivered, 1_795_176_004),
            (Delivery::Read, 1_795_176_060)
        ]
    );
    assert_eq!(status("34").id, status("36").id);
    assert_eq!(status("37").status, Delivery::Played);
}

#[test]
fn our_own_id_and_the_price_come_back() {
    let sent = status("34");
    assert_eq!(sent.biz_opaque_callback_data.as_deref(), Some("msg:01JD2Z3"));
    assert_eq!(sent.recipient_id.as_deref(), Some("5511999990001"));
    assert_eq!(sent.recipient_user_id.as_deref(), Some(ANA));
    let pricing = sent.pricing.unwrap();
    assert_eq!(pricing.kind.as_deref(), Some("free_customer_service"));
    assert_eq!(pricing.category.as_deref(), Some("service"));
    assert_eq!(status("35").pricing, None);
    assert_eq!(status("39").pricing.unwrap().kind.as_deref(), Some("regular"));
    assert_eq!(sent.conversation, None);
}

#[test]
fn a_failure_says_that_the_window_is_closed() {
    let failed = status("38");
    assert_eq!(failed.status, Delivery::Failed);
    assert_eq!(failed.errors[0].class(), ErrorClass::WindowClosed);
    assert_eq!(failed.recipient_user_id, None);
    assert_eq!(messages("38").contacts, []);
}

#[test]
fn a_message_to_a_user_id_has_no_recipient_number() {
    let delivered = status("39");
    assert_eq!(delivered.recipient_id, None);
    assert_eq!(delivered.recipient_user_id.as_deref(), Some("BR.10000000000000000003"));
}

#[test]
fn older_webhooks_carry_the_conversation() {
    let conversation = status("40").conversation.unwrap();
    assert_eq!(conversation.id, "72b14d6bd5407799e66f64d1b338e567");
    assert_eq!(conversation.expiration_timestamp, Some(1_795_262_400));
    assert_eq!(conversation.origin.unwrap().kind, "marketing");
    let free = status("41");
    assert_eq!(free.conversation.unwrap().origin.unwrap().kind, "referral_conversion");
    assert_eq!(free.pricing.unwrap().kind.as_deref(), Some("free_entry_point"));
}

#[test]
fn the_step_of_a_group_names_the_participant() {
    let read = status("42");
    assert_eq!(read.recipient_type.as_deref(), Some("group"));
    assert_eq!(read.recipient_participant_id.as_deref(), Some("5511999990001"));
    assert_eq!(read.recipient_participant_user_id.as_deref(), Some(ANA));
}

#[test]
fn a_stored_status_is_read_again_unchanged() {
    for number in ["34", "38", "40", "42"] {
        let step = status(number);
        let stored = serde_json::to_string(&step).unwrap();
        assert_eq!(serde_json::from_str::<whatsapp::webhook::Status>(&stored).unwrap(), step);
    }
}
