//! One message on its own.

use super::{ANA, BRUNO, inbound, only_bubble, only_line, outbound, seen};
use crate::{
    messages::{Author, CallStep, MessageStatus, Said, SendFailure, UNCONFIRMED},
    pages::view::{Content as Shown, Delivery, MediaKind, Side},
};
use serde_json::json;
use whatsapp::{
    client::OutboundContent,
    webhook::{
        CallPermission, Content, InteractiveReply, Media, Order, OrderItem, Reaction, Revoke, SystemNotice,
        Text, Unsupported,
    },
};

fn helena_says(body: &str) -> Content {
    Content::Text(Text { body: body.into() })
}

#[test]
fn a_text_stands_on_its_writers_side() {
    let asked = only_bubble(inbound(1, helena_says("Oi")));
    assert_eq!((asked.side, asked.text.as_str(), asked.delivery), (Side::In, "Oi", None));
    let answered = only_bubble(outbound(2, OutboundContent::text("Bom dia")));
    assert_eq!((answered.side, answered.text.as_str(), answered.author), (Side::Out, "Bom dia", None));
}

#[test]
fn a_colleague_is_named_and_the_reader_is_not() {
    let mut written = outbound(1, OutboundContent::text("Bom dia"));
    written.author = Author::User(BRUNO);
    assert_eq!(only_bubble(written.clone()).author.as_deref(), Some("Bruno Lima"));
    written.author = Author::User(ANA);
    assert_eq!(only_bubble(written).author, None);
}

#[test]
fn a_file_is_a_placeholder_with_its_name_and_caption() {
    let file = Media {
        id: "1".into(),
        filename: Some("proposta.pdf".into()),
        caption: Some("Segue".into()),
        ..Media::default()
    };
    let shown = only_bubble(inbound(1, Content::Document(file)));
    assert_eq!(shown.text, "Segue");
    let Shown::Media(media) = shown.content else { panic!("no file") };
    assert_eq!(
        (media.kind, media.file_name.as_deref(), media.url),
        (MediaKind::Document, Some("proposta.pdf"), None)
    );
}

#[test]
fn a_recording_is_told_apart_from_a_sound_file() {
    for (voice, kind) in
        [(Some(true), MediaKind::Voice), (Some(false), MediaKind::Audio), (None, MediaKind::Audio)]
    {
        let shown =
            only_bubble(inbound(1, Content::Audio(Media { id: "1".into(), voice, ..Media::default() })));
        assert!(matches!(shown.content, Shown::Media(media) if media.kind == kind), "{voice:?}");
    }
}

#[test]
fn a_cart_lists_its_products() {
    let item = OrderItem {
        product_retailer_id: "bolo-01".into(),
        quantity: 2,
        item_price: serde_json::from_value(json!(45.5)).unwrap(),
        currency: "BRL".into(),
    };
    let order =
        Order { catalog_id: "9".into(), text: Some("Para sábado".into()), product_items: vec![item] };
    let text = only_bubble(inbound(1, Content::Order(order))).text;
    assert_eq!(text, "Order of 1 product\n2 × bolo-01 · BRL 45.5\nPara sábado");
}

#[test]
fn what_is_no_message_is_a_line() {
    let notice = SystemNotice {
        kind: "user_changed_number".into(),
        body: None,
        wa_id: None,
        user_id: None,
        parent_user_id: None,
        previous_user_id: None,
        previous_parent_user_id: None,
        identity: None,
    };
    assert_eq!(only_line(inbound(1, Content::System(notice))), "The contact changed their number");
    let gone = Revoke { original_message_id: "wamid.9".into() };
    assert_eq!(only_line(inbound(1, Content::Revoke(gone))), "The contact deleted a message");
    let refused = CallPermission {
        response: "reject".into(),
        is_permanent: None,
        expiration_timestamp: None,
        response_source: None,
    };
    let answer = Content::Interactive(InteractiveReply::CallPermission(refused));
    assert_eq!(only_line(inbound(1, answer)), "The contact did not allow calls");
}

#[test]
fn what_zelo_does_not_know_is_said_to_be_so() {
    let shown =
        only_bubble(inbound(1, Content::Unsupported(Unsupported { kind: Some("poll_creation".into()) })));
    assert_eq!((shown.content, shown.text.as_str()), (Shown::Unsupported, "Poll"));
    let shown = only_bubble(inbound(1, Content::Unsupported(Unsupported::default())));
    assert_eq!((shown.content, shown.text.as_str()), (Shown::Unsupported, ""));
}

#[test]
fn a_call_is_a_line() {
    let step = |word: &str, seconds| {
        let step = CallStep { step: word.into(), outcome: None, seconds };
        let mut call = inbound(1, helena_says(""));
        call.body.said = Said::Call(step);
        only_line(call)
    };
    assert_eq!(step("connect", None), "The contact called");
    assert_eq!(step("terminate", Some(90)), "Call ended after 1:30");
    assert_eq!(step("terminate", None), "Call ended");
}

#[test]
fn a_deleted_message_says_so_and_nothing_more() {
    let mut gone = inbound(1, helena_says(""));
    gone.body.said = Said::Withheld { kind: "text".into() };
    let shown = only_bubble(gone);
    assert_eq!((shown.content, shown.text.as_str(), shown.side), (Shown::Deleted, "", Side::In));
}

#[test]
fn a_reaction_to_what_is_not_on_the_page_has_a_line_and_one_taken_back_has_none() {
    let reaction = |emoji: Option<&str>| {
        let emoji = emoji.map(str::to_owned);
        inbound(1, Content::Reaction(Reaction { message_id: "wamid.of-last-year".into(), emoji }))
    };
    assert_eq!(only_line(reaction(Some("👍"))), "Helena Duarte reacted with 👍");
    assert_eq!(seen(&[reaction(None)]), []);
}

#[test]
fn the_ticks_follow_the_status() {
    for (status, delivery) in [
        (MessageStatus::Queued, Delivery::Queued),
        (MessageStatus::Sent, Delivery::Sent),
        (MessageStatus::Delivered, Delivery::Delivered),
        (MessageStatus::Read, Delivery::Read),
    ] {
        let mut sent = outbound(1, OutboundContent::text("Oi"));
        sent.status = status;
        assert_eq!(only_bubble(sent).delivery, Some(delivery));
    }
}

#[test]
fn a_failure_says_metas_code_and_what_is_not_known_says_that() {
    let mut failed = outbound(1, OutboundContent::text("Oi"));
    failed.status = MessageStatus::Failed;
    failed.failure = Some(SendFailure { code: "131026".into(), detail: "Undeliverable".into() });
    let expected = Delivery::Failed { code: Some(131_026), reason: "Undeliverable".into(), can_retry: true };
    assert_eq!(only_bubble(failed.clone()).delivery, Some(expected));

    failed.status = MessageStatus::Queued;
    failed.failure = Some(SendFailure { code: UNCONFIRMED.into(), detail: String::new() });
    assert_eq!(only_bubble(failed).delivery, Some(Delivery::Unconfirmed { can_retry: true }));
}
