//! One fragment serves the first load, the answer to a form and the live update.

use super::*;

/// Pages put fragments at other places of the line; only the space around them differs.
fn assert_holds(page: &str, fragment: &str, what: &str) {
    let fragment = fragment.trim();
    assert!(fragment.len() > 50, "{what} is empty");
    assert!(page.contains(fragment), "the page draws {what} differently");
}

#[test]
fn the_page_holds_exactly_the_fragments() {
    for lang in LANGS {
        let cx = sample::context(lang, Theme::Dark);
        let thread = sample::thread(sample::entries(&cx));
        let page = sample::inbox(Some(thread.clone()));
        let html = render::inbox(&cx, &page).unwrap();
        assert_holds(&html, &render::conversation_list(&cx, &page.list).unwrap(), "the list");
        assert_holds(&html, &render::thread(&cx, &thread).unwrap(), "the thread");
        assert_holds(&html, &render::thread_head(&cx, &thread.head).unwrap(), "the head");
        assert_holds(&html, &render::contact_panel(&cx, &thread.contact).unwrap(), "the contact");
        assert_holds(&html, &render::messages(&cx, &thread.messages).unwrap(), "the messages");
        for item in &page.list.items {
            let fragment = render::conversation_item(&cx, item, &page.list.query).unwrap();
            assert_holds(&html, &fragment, "a row");
        }
        for entry in &thread.messages.entries {
            if let Entry::Message(message) = entry {
                assert_holds(&html, &render::message(&cx, message).unwrap(), "a message");
            }
        }
    }
}

#[test]
fn a_notice_looks_the_same_in_the_page_and_as_an_answer() {
    let cx = sample::context(Lang::Portuguese, Theme::System);
    let notice = Notice { kind: NoticeKind::EmptyText, request_id: None };
    let mut thread = sample::thread(Vec::new());
    thread.composer.notice = Some(notice.clone());
    let html = render::inbox(&cx, &sample::inbox(Some(thread))).unwrap();
    assert_holds(&html, &render::notice(&cx, &notice).unwrap(), "the notice");
}

#[test]
fn links_carry_the_list_on() {
    let cx = sample::context(Lang::Portuguese, Theme::System);
    let query =
        ListQuery { filter: Filter::Mine, status: StatusFilter::Snoozed, search: "pix & café".to_owned() };
    let item = sample::items().remove(0);
    let html = render::conversation_item(&cx, &item, &query).unwrap();
    let link = format!(
        "href=\"/conversations/{}?filter=mine&amp;status=snoozed&amp;q=pix%20%26%20caf%C3%A9\"",
        item.id
    );
    assert!(html.contains(&link), "{html}");
}

#[test]
fn every_form_posts_to_an_address_that_works_without_script() {
    let cx = sample::context(Lang::Portuguese, Theme::System);
    let mut thread = sample::thread(sample::rare_entries(&cx));
    thread.head.assignment = Assignment::Nobody;
    let id = thread.head.conversation_id;
    let html = render::inbox(&cx, &sample::inbox(Some(thread))).unwrap();
    let known = [
        "/session/preferences".to_owned(),
        "/logout".to_owned(),
        format!("/conversations/{id}/messages"),
        format!("/conversations/{id}/files"),
        format!("/conversations/{id}/status"),
        format!("/conversations/{id}/assignment"),
    ];
    let mut seen: Vec<&str> = attributes(&html, "action");
    let acts_on_message = |action: &str| {
        action.starts_with("/messages/") && (action.ends_with("/retry") || action.ends_with("/reaction"))
    };
    seen.retain(|action| *action != "/" && !acts_on_message(action));
    assert!(known.iter().all(|address| seen.contains(&address.as_str())), "{seen:?}");
    assert!(seen.iter().all(|action| known.iter().any(|address| address == action)), "{seen:?}");
    assert_eq!(html.matches("<form").count(), html.matches("method=\"").count());
}
