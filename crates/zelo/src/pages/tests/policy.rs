//! What the content security policy forbids is in no template, and nothing that people write becomes markup.

use super::*;

const HOSTILE: &str =
    "\"><script>alert(1)</script><img src=x onerror=alert(1)>' onmouseover='x {{ 7 }} </textarea></template>";

/// Attributes such as `onclick="…"` in the order of appearance.
fn handlers(html: &str) -> Vec<&str> {
    html.match_indices(" on")
        .map(|(index, _)| &html[index + 1..])
        .filter_map(|rest| rest.split_once('=').map(|(name, _)| name))
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase()))
        .collect()
}

fn assert_obeys(name: &str, html: &str) {
    assert!(!html.contains(" style="), "{name} has a style attribute");
    assert!(!html.contains("<style"), "{name} has a style element");
    assert!(!html.contains("javascript:"), "{name} has a script address");
    assert!(!html.contains("<base"), "{name} has a base");
    assert_eq!(handlers(html), Vec::<&str>::new(), "{name} has event handlers");
    for (index, _) in html.match_indices("<script") {
        let script = html[index..].split("</script>").next().unwrap();
        assert!(
            script.starts_with("<script type=\"module\" src=\"") && script.ends_with("\">"),
            "{name}: {script}"
        );
    }
}

#[test]
fn the_check_itself_finds_what_it_looks_for() {
    assert_eq!(handlers("<a class=\"x\" onclick=\"go()\">one = two</a>"), ["onclick"]);
    assert_eq!(handlers("<p>based on a = b</p>"), Vec::<&str>::new());
}

#[test]
fn no_template_needs_inline_script_or_style() {
    for (name, template) in files_of("templates") {
        assert_obeys(&name, &template);
    }
}

#[test]
fn no_page_holds_inline_script_or_style() {
    for cx in contexts() {
        for (name, page) in everything(&cx) {
            assert_obeys(&name, &page);
        }
    }
}

#[test]
fn no_module_loads_anything_from_elsewhere_or_builds_code() {
    for (name, module) in files_of("assets/js") {
        for forbidden in
            ["http://", "https://", "eval(", "new Function", "localStorage.setItem(\"token", "document.write"]
        {
            let allowed = forbidden == "http://" && module.contains("http://www.w3.org/2000/svg");
            assert!(allowed || !module.contains(forbidden), "{name} has {forbidden}");
        }
    }
}

fn hostile_person() -> Person {
    Person { name: HOSTILE.to_owned(), initials: "<b".to_owned(), tone: 1 }
}

fn hostile_message(content: Content) -> Entry {
    Entry::Message(Box::new(MessageBubble {
        author: Some(HOSTILE.to_owned()),
        labels: vec![HOSTILE.to_owned()],
        referral: Some(Referral {
            headline: HOSTILE.to_owned(),
            text: HOSTILE.to_owned(),
            url: Some(format!("https://x/{HOSTILE}")),
        }),
        is_edited: true,
        quote: Some(Quote { message_id: None, author: HOSTILE.to_owned(), text: HOSTILE.to_owned() }),
        choices: vec![Choice { title: HOSTILE.to_owned(), note: Some(HOSTILE.to_owned()), chosen: true }],
        frame: Frame {
            title: Some(HOSTILE.to_owned()),
            footer: Some(HOSTILE.to_owned()),
            button: Some(Press { text: HOSTILE.to_owned(), url: Some(format!("https://{HOSTILE}")) }),
        },
        emojis: Some(EmojiMenu { ours: Some(HOSTILE.to_owned()) }),
        reactions: vec![Reaction { emoji: HOSTILE.to_owned(), author: HOSTILE.to_owned() }],
        delivery: Some(Delivery::Failed { code: None, reason: HOSTILE.to_owned(), can_retry: true }),
        content,
        ..sample::bubble(
            1,
            Side::Bot,
            sample::NOW_MS,
            &format!("{HOSTILE} *{HOSTILE}* `{HOSTILE}` https://x/{HOSTILE}"),
        )
    }))
}

fn hostile_inbox(cx: &PageContext) -> InboxPage {
    let text = || Some(HOSTILE.to_owned());
    let mut entries = vec![
        hostile_message(Content::Text),
        hostile_message(Content::Deleted),
        hostile_message(Content::Template(HOSTILE.to_owned())),
        hostile_message(Content::Contacts(vec![ContactCard {
            name: HOSTILE.to_owned(),
            phone: text(),
            details: vec![HOSTILE.to_owned()],
        }])),
        hostile_message(Content::Location(Location {
            latitude: f64::NAN,
            longitude: 0.0,
            name: text(),
            address: text(),
        })),
        hostile_message(Content::Media(Media {
            url: Some(format!("/media/{HOSTILE}")),
            ..Media::unknown(MediaKind::Document, text())
        })),
        hostile_message(Content::Media(Media {
            url: Some(format!("/media/{HOSTILE}")),
            small: Some(SmallPicture { url: format!("/media/{HOSTILE}"), width: 4, height: 3 }),
            ..Media::unknown(MediaKind::Image, text())
        })),
        Entry::System(SystemLine {
            id: HOSTILE.to_owned(),
            seq: 1,
            kind: SystemKind::Info,
            text: HOSTILE.to_owned(),
            at_ms: sample::NOW_MS,
            starts_day: false,
        }),
    ];
    arrange(cx, &mut entries, None);
    let mut thread = sample::thread(entries);
    thread.head.contact = hostile_person();
    thread.head.subtitle = HOSTILE.to_owned();
    thread.head.assignment = Assignment::Other(hostile_person());
    thread.messages.older_cursor = text();
    thread.composer.contact_name = HOSTILE.to_owned();
    thread.composer.text = HOSTILE.to_owned();
    thread.composer.idempotency_key = HOSTILE.to_owned();
    thread.contact = ContactPanel {
        contact: hostile_person(),
        phone: text(),
        email: text(),
        username: text(),
        channel: HOSTILE.to_owned(),
        past: vec![PastConversation { id: uuid::Uuid::nil(), title: HOSTILE.to_owned(), at_ms: 0 }],
        ..thread.contact
    };
    let mut page = sample::inbox(Some(thread));
    page.user = hostile_person();
    page.notice = Some(Notice { kind: NoticeKind::Failed, request_id: text() });
    page.list.query.search = HOSTILE.to_owned();
    page.list.next_cursor = text();
    for item in &mut page.list.items {
        item.contact = hostile_person();
        item.assignee = Some(hostile_person());
        if let Some(preview) = &mut item.preview {
            preview.text = HOSTILE.to_owned();
        }
    }
    page
}

fn assert_harmless(name: &str, page: &str) {
    for markup in ["<script>alert", "<img src=x", "</textarea></template>", "' onmouseover"] {
        assert!(!page.contains(markup), "{name} lets {markup} through");
    }
    assert!(page.contains("&#60;script&#62;alert(1)"), "{name} does not show the text at all");
}

#[test]
fn what_people_write_is_shown_and_never_run() {
    for lang in LANGS {
        let cx = sample::context(lang, Theme::System);
        let page = render::inbox(&cx, &hostile_inbox(&cx)).unwrap();
        assert_harmless("inbox", &page);
        let login = LoginPage {
            email: HOSTILE.to_owned(),
            next: HOSTILE.to_owned(),
            error: None,
            host: HOSTILE.to_owned(),
        };
        assert_harmless("login", &render::login(&cx, &login).unwrap());
        let error = ErrorPage { status: 500, request_id: Some(HOSTILE.to_owned()) };
        assert_harmless("error", &render::error(&cx, &error).unwrap());
    }
}

#[test]
fn a_link_in_a_message_is_only_ever_a_web_address() {
    let cx = sample::context(Lang::Portuguese, Theme::System);
    let text = "javascript:alert(1) data:text/html,x https://zelo.exemplo/\"onload=x";
    let html = render::message(&cx, &sample::bubble(1, Side::In, 0, text)).unwrap();
    let own = html.matches("<a class=\"reply-to\" href=\"?reply_to=").count();
    assert_eq!((html.matches("<a ").count(), own), (2, 1), "one in the text, and the one that answers it");
    assert!(html.contains("<a href=\"https://zelo.exemplo/&#34;onload=x\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">"));
}
