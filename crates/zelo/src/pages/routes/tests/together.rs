//! Messages that belong to each other.

use super::{ANA, bubble, for_ana, inbound, outbound, quoting, seen};
use crate::{
    ids::MessageId,
    messages::{Author, Direction, Message, Quoted, Reacted},
    pages::{
        routes::entries::{entries_of, preview},
        view::{Entry, MediaKind, Side},
    },
};
use std::collections::HashSet;
use whatsapp::{
    client::{Action, Interactive, OutboundContent},
    webhook::{Content, InteractiveReply, Media, Reaction, ReplyButton, Text},
};

fn text(number: i64, body: &str) -> Message {
    inbound(number, Content::Text(Text { body: body.into() }))
}

fn reacts(number: i64, to: i64, emoji: Option<&str>) -> Message {
    let emoji = emoji.map(str::to_owned);
    inbound(number, Content::Reaction(Reaction { message_id: format!("wamid.{to}"), emoji }))
}

fn emojis(entry: &Entry) -> Vec<(&str, &str)> {
    bubble(entry)
        .reactions
        .iter()
        .map(|reaction| (reaction.emoji.as_str(), reaction.author.as_str()))
        .collect()
}

/// What the services make of a message with these emojis on it.
fn with_reactions(mut message: Message, reactions: &[(Author, &str)]) -> Message {
    let reacted = |(author, emoji): &(Author, &str)| Reacted {
        direction: if *author == Author::Contact { Direction::Inbound } else { Direction::Outbound },
        author: *author,
        emoji: (*emoji).to_owned(),
        at: message.sent_at,
    };
    message.marks.reactions = reactions.iter().map(reacted).collect();
    message
}

/// A reaction to a message that is here.
fn on(target: &Message, mut reaction: Message) -> Message {
    reaction.changes = Some(target.id);
    reaction
}

#[test]
fn reactions_stand_on_their_message_and_nowhere_else() {
    let answer = outbound(1, OutboundContent::text("Pronto!"));
    let answer = with_reactions(answer, &[(Author::User(ANA), "❤️"), (Author::Contact, "🎉")]);
    let page = [answer.clone(), on(&answer, reacts(2, 1, Some("👍"))), on(&answer, reacts(4, 1, Some("🎉")))];
    let entries = seen(&page);
    assert_eq!(entries.len(), 1);
    assert_eq!(emojis(&entries[0]), [("❤️", "You"), ("🎉", "Helena Duarte")]);
}

#[test]
fn a_quote_from_another_page_is_shown_all_the_same() {
    let mut answer = outbound(9, OutboundContent::text("Sim"));
    answer.quoted = Some(Quoted {
        id: MessageId(uuid::Uuid::from_u128(7)),
        direction: Direction::Inbound,
        author: Author::Contact,
        body: text(1, "Tem vaga?").body,
    });
    let quote = bubble(&seen(&[answer])[0]).quote.clone().unwrap();
    assert_eq!((quote.author.as_str(), quote.text.as_str()), ("Helena Duarte", "Tem vaga?"));
}

#[test]
fn a_reply_quotes_what_is_on_the_page_and_nothing_else() {
    let entries = seen(&[
        inbound(1, Content::Image(Media { id: "1".into(), ..Media::default() })),
        quoting(1, outbound(2, OutboundContent::text("Linda!"))),
        quoting(77, outbound(3, OutboundContent::text("?"))),
    ]);
    let quote = bubble(&entries[1]).quote.clone().unwrap();
    assert_eq!(quote.author, "Helena Duarte");
    assert!(!quote.text.is_empty(), "a picture without words is quoted by its kind");
    assert_eq!(quote.message_id, Some(bubble(&entries[0]).id));
    assert_eq!(bubble(&entries[2]).quote, None);
}

#[test]
fn the_chosen_button_is_marked_on_the_question() {
    let question = Interactive {
        header: None,
        body: "Confirma?".into(),
        footer: None,
        action: Action::buttons([("yes", "Sim"), ("no", "Não")]),
    };
    let press = ReplyButton { id: "no".into(), title: "Não".into() };
    let entries = seen(&[
        outbound(1, OutboundContent::Interactive(Box::new(question))),
        quoting(1, inbound(2, Content::Interactive(InteractiveReply::Button(press)))),
    ]);
    let choices: Vec<_> =
        bubble(&entries[0]).choices.iter().map(|choice| (choice.title.as_str(), choice.chosen)).collect();
    assert_eq!(choices, [("Sim", false), ("Não", true)]);
    assert_eq!(bubble(&entries[1]).text, "Não");
}

#[test]
fn a_new_reaction_draws_its_message_anew_and_no_other() {
    let first = with_reactions(text(1, "Oi"), &[(Author::Contact, "👍")]);
    let page = [first.clone(), text(2, "Tudo bem?"), on(&first, reacts(3, 1, Some("👍")))];
    let wanted = HashSet::from([page[2].id]);
    let entries = for_ana(|reading| entries_of(reading, &page, &wanted));
    assert_eq!(entries.len(), 1);
    assert_eq!((bubble(&entries[0]).id, emojis(&entries[0])), (page[0].id.0, vec![("👍", "Helena Duarte")]));
}

#[test]
fn one_message_is_drawn_as_it_stands_in_its_thread() {
    let page = [text(1, "Oi"), text(2, "Tudo bem?")];
    let wanted = HashSet::from([page[1].id]);
    let entries = for_ana(|reading| entries_of(reading, &page, &wanted));
    let second = bubble(&entries[0]);
    assert!(second.joined && !second.starts_day);
    assert!(bubble(&seen(&page)[0]).starts_day);
}

#[test]
fn the_list_shows_the_words_or_the_kind() {
    let of = |message: &Message| for_ana(|reading| preview(reading.cx, message));
    let words = of(&text(1, "Oi"));
    assert_eq!((words.side, words.text.as_str(), words.media), (Side::In, "Oi", None));
    let voice = Media { id: "1".into(), voice: Some(true), ..Media::default() };
    let recording = of(&inbound(1, Content::Audio(voice)));
    assert_eq!((recording.text.as_str(), recording.media), ("", Some(MediaKind::Voice)));
}
