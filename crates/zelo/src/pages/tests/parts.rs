//! Parts that depend on the state of a conversation: what is offered, and what is not.

use super::*;

fn portuguese() -> PageContext {
    sample::context(Lang::Portuguese, Theme::System)
}

fn thread_html(change: impl FnOnce(&mut Thread)) -> String {
    let cx = portuguese();
    let mut thread = sample::thread(sample::entries(&cx));
    change(&mut thread);
    render::thread(&cx, &thread).unwrap()
}

fn message_html(delivery: Delivery) -> String {
    let message =
        MessageBubble { delivery: Some(delivery), ..sample::bubble(1, Side::Out, sample::NOW_MS, "Bom dia") };
    render::message(&portuguese(), &message).unwrap()
}

#[test]
fn ana_may_write_while_the_window_is_open() {
    let html = thread_html(|_| {});
    assert!(html.contains("<textarea"));
    assert!(html.contains("name=\"idempotency_key\" value=\"0190-key\""));
    assert!(html.contains("21 h 14 min"));
    assert!(!html.contains("is-short"));
}

#[test]
fn a_closed_window_takes_the_field_away_and_says_why() {
    let html = thread_html(|thread| {
        thread.composer.window = Window::Closed { since_ms: Some(sample::NOW_MS - 166 * 60_000) };
        thread.head.window = thread.composer.window;
    });
    assert!(!html.contains("<textarea"));
    assert!(html.contains("A janela fechou às 09:12. Só um modelo aprovado pode retomar a conversa."));
    assert!(html.contains("data-state=\"closed\""));
    assert!(html.contains("window-chip is-closed"));
}

#[test]
fn a_window_that_runs_out_is_marked() {
    let html = thread_html(|thread| {
        thread.head.window = Window::Open { until_ms: sample::NOW_MS + 52 * 60_000 };
    });
    assert!(html.contains("window-chip is-short"));
    assert!(html.contains("<b>52 min</b>"));
}

#[test]
fn an_auditor_reads_but_cannot_answer() {
    let html = thread_html(|thread| thread.composer.may_reply = false);
    assert!(!html.contains("<textarea"));
    assert!(html.contains("Seu papel permite ler esta conversa, não responder."));
}

#[test]
fn only_a_conversation_of_somebody_else_can_be_taken() {
    let mine = thread_html(|_| {});
    assert!(!mine.contains("value=\"me\"") && mine.contains("value=\"none\""));
    let nobody = thread_html(|thread| {
        thread.head.assignment = Assignment::Nobody;
        thread.contact.assignment = Assignment::Nobody;
    });
    assert!(nobody.contains("value=\"me\"") && !nobody.contains("value=\"none\""));
    let beto = Assignment::Other(Person::new("Beto Lins", b"beto"));
    let others = thread_html(|thread| {
        thread.head.assignment = beto.clone();
        thread.contact.assignment = beto;
    });
    assert!(others.contains("value=\"me\"") && !others.contains("value=\"none\""));
}

#[test]
fn a_resolved_conversation_can_be_reopened_and_not_resolved_again() {
    let open = thread_html(|_| {});
    assert!(open.contains("value=\"resolved\"") && open.contains("value=\"snoozed\""));
    assert!(!open.contains("value=\"open\""));
    let resolved = thread_html(|thread| thread.head.status = ConversationStatus::Resolved);
    assert!(resolved.contains("value=\"open\""));
    assert!(!resolved.contains("value=\"resolved\"") && !resolved.contains("value=\"snoozed\""));
    let snoozed = thread_html(|thread| thread.head.status = ConversationStatus::Snoozed);
    assert!(snoozed.contains("value=\"open\"") && snoozed.contains("value=\"resolved\""));
}

#[test]
fn every_tick_has_its_own_shape_and_word() {
    let ticks = [
        (Delivery::Queued, "t-queued", "na fila"),
        (Delivery::Sent, "t-sent", "enviada"),
        (Delivery::Delivered, "t-delivered", "entregue"),
        (Delivery::Read, "t-read", "lida"),
        (Delivery::Unconfirmed { can_retry: false }, "t-queued", "sem confirmação"),
    ];
    for (delivery, shape, word) in ticks {
        let html = message_html(delivery);
        assert!(
            html.contains(&format!("role=\"img\" aria-label=\"{word}\"><use href=\"#{shape}\"/>")),
            "{html}"
        );
        assert!(!html.contains("is-failed"));
    }
}

#[test]
fn a_failed_message_says_the_reason_in_words_and_offers_to_retry() {
    let failed =
        |code, reason: &str, can_retry| Delivery::Failed { code, reason: reason.to_owned(), can_retry };
    let known = message_html(failed(Some(131_026), "Message undeliverable", true));
    assert!(known.contains("Não enviada: o número não está no WhatsApp (131026)"));
    assert!(known.contains("/retry\""));
    let unknown = message_html(failed(Some(999), "Something new", false));
    assert!(unknown.contains("Não enviada: Something new (999)"));
    assert!(!unknown.contains("/retry\""));
    assert!(message_html(failed(None, "", false)).contains("Não enviada: motivo desconhecido"));
    assert!(!message_html(Delivery::Sent).contains("failed-line"));
}

#[test]
fn an_unconfirmed_message_warns_that_it_may_have_arrived() {
    let html = message_html(Delivery::Unconfirmed { can_retry: true });
    assert!(html.contains("Pode ter chegado ou não") && html.contains("/retry\""));
    assert!(!message_html(Delivery::Unconfirmed { can_retry: false }).contains("/retry\""));
}

#[test]
fn whatsapp_marks_are_shown_as_style() {
    let html = render::message(&portuguese(), &sample::bubble(1, Side::In, 0, "*já* ~não~\n`x`")).unwrap();
    assert!(
        html.contains("<span class=\"text\"><b>já</b> <s>não</s>\n<code class=\"code-text\">x</code></span>"),
        "{html}"
    );
}

#[test]
fn older_messages_are_one_link_away_only_when_there_are_any() {
    assert!(!thread_html(|_| {}).contains("data-before"));
    let html = thread_html(|thread| thread.messages.older_cursor = Some("a/b".to_owned()));
    assert!(html.contains("?before=a%2Fb\" data-before=\"a/b\""));
}

#[test]
fn new_messages_are_announced_politely_and_typing_never() {
    let html = thread_html(|_| {});
    assert!(html.contains("id=\"messages\" aria-live=\"polite\""));
    assert!(html.contains("id=\"typing\" class=\"notice is-warn\" role=\"status\" aria-live=\"off\" hidden"));
}

#[test]
fn every_empty_list_says_its_own_thing() {
    let cx = portuguese();
    let empty = |filter, search: &str| {
        let query = ListQuery { filter, search: search.to_owned(), ..ListQuery::default() };
        render::inbox(&cx, &sample::empty_inbox(query)).unwrap()
    };
    assert!(empty(Filter::Queue, "").contains("Ninguém esperando"));
    assert!(empty(Filter::Mine, "").contains("Nenhuma conversa sua aberta"));
    assert!(empty(Filter::All, "").contains("Nenhuma conversa aqui"));
    assert!(empty(Filter::Queue, "pix").contains("tem “pix”"));
    assert!(!empty(Filter::Queue, "pix").contains("Ninguém esperando"));
}

#[test]
fn unread_messages_are_said_in_words_and_counted_in_the_rail() {
    let cx = portuguese();
    let html = render::inbox(&cx, &sample::inbox(None)).unwrap();
    assert!(
        html.contains(
            "<span aria-hidden=\"true\">2</span><span class=\"visually-hidden\">2 não lidas</span>"
        )
    );
    assert!(html.contains("id=\"rail-count\"><span data-count>5</span>"));
    let quiet = render::inbox(&cx, &sample::empty_inbox(ListQuery::default())).unwrap();
    assert!(quiet.contains("id=\"rail-count\" hidden>"));
}

#[test]
fn the_log_in_says_why_and_keeps_the_way() {
    let cx = portuguese();
    let page = LoginPage {
        email: "ana@mirante.exemplo.com.br".to_owned(),
        next: "/conversations/1?filter=mine".to_owned(),
        error: Some(LoginError::TooManyAttempts { retry_after_s: 61 }),
        host: String::new(),
    };
    let html = render::login(&cx, &page).unwrap();
    assert!(html.contains("Tentativas demais. Tente de novo em 2 minutos."));
    assert!(html.contains("name=\"next\" value=\"/conversations/1?filter=mine\""));
    assert!(html.contains("value=\"/login?next=%2Fconversations%2F1%3Ffilter%3Dmine\""));
    assert!(html.contains("aria-invalid=\"true\""));
    let fresh = render::login(&cx, &LoginPage::default()).unwrap();
    assert!(!fresh.contains("aria-invalid") && !fresh.contains("login-error"));
}

#[test]
fn an_error_page_names_the_request_and_the_way_back() {
    let cx = portuguese();
    let page = |status| ErrorPage { status, request_id: Some("019aa6c0".to_owned()) };
    let missing = render::error(&cx, &page(404)).unwrap();
    assert!(
        missing.contains("Esta página não existe")
            && missing.contains("019aa6c0")
            && missing.contains("href=\"/\"")
    );
    let broken = render::error(&cx, &page(503)).unwrap();
    assert!(broken.contains("Não deu para abrir esta página") && !broken.contains("Esta página não existe"));
}

#[test]
fn days_and_groups_are_set_from_what_stands_above() {
    let cx = portuguese();
    let minute = 60_000;
    let entry =
        |number: u128, side, at_ms| Entry::Message(Box::new(sample::bubble(number, side, at_ms, "x")));
    let now = sample::NOW_MS;
    let mut entries = [
        entry(1, Side::In, now - 24 * 60 * minute),
        entry(2, Side::In, now - 20 * minute),
        entry(3, Side::In, now - 19 * minute),
        entry(4, Side::Out, now - 18 * minute),
        entry(5, Side::Out, now - 12 * minute),
    ];
    let shape = |entries: &[Entry]| -> Vec<(bool, bool)> {
        entries
            .iter()
            .map(|entry| match entry {
                Entry::Message(message) => (message.starts_day, message.joined),
                Entry::System(line) => (line.starts_day, false),
            })
            .collect()
    };
    arrange(&cx, &mut entries, None);
    assert_eq!(
        shape(&entries),
        [(true, false), (true, false), (false, true), (false, false), (false, false)]
    );
    let above = entry(9, Side::Out, now - 11 * minute);
    let mut next = [entry(10, Side::Out, now - 10 * minute)];
    arrange(&cx, &mut next, Some(&above));
    assert_eq!(shape(&next), [(false, true)]);
    arrange(&cx, &mut next, None);
    assert_eq!(shape(&next), [(true, false)]);
}
