//! A busy day at Hotel Mirante da Lagoa: values for every part of every page. Shared by the tests and by the example that
//! writes the pages to a folder.

use super::pages::{
    context::{PageContext, Theme},
    locale::Lang,
    notices::Tone,
    view::*,
};
use uuid::Uuid;

/// Saturday, 21 November 2026, 11:58 in Brasília.
pub(crate) const NOW_MS: i64 = 1_795_273_080_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// 00:00 of that Saturday in Brasília.
const MIDNIGHT_MS: i64 = NOW_MS - 11 * HOUR_MS - 58 * MINUTE_MS;

pub(crate) fn context(lang: Lang, theme: Theme) -> PageContext {
    PageContext { lang, theme, now_ms: NOW_MS, offset_minutes: -180 }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

fn at(hour: i64, minute: i64) -> i64 {
    MIDNIGHT_MS + hour * HOUR_MS + minute * MINUTE_MS
}

fn person(name: &str, tone: u8) -> Person {
    Person { tone, ..Person::new(name, name.as_bytes()) }
}

pub(crate) fn ana() -> Person {
    person("Ana Prado", 5)
}

fn failed() -> Delivery {
    Delivery::Failed { code: Some(131_026), reason: "Message undeliverable".to_owned(), can_retry: true }
}

fn item(number: u128, contact: Person, at_ms: i64, text: &str) -> ConversationItem {
    ConversationItem {
        id: id(number),
        contact,
        without_phone: false,
        preview: Some(Preview { side: Side::In, text: text.to_owned(), media: None, delivery: None }),
        last_activity_ms: at_ms,
        open: true,
        unread: 0,
        marks: Vec::new(),
        assignee: None,
        selected: false,
    }
}

fn answered(item: ConversationItem, delivery: Delivery) -> ConversationItem {
    let preview =
        item.preview.map(|preview| Preview { side: Side::Out, delivery: Some(delivery), ..preview });
    ConversationItem { preview, assignee: Some(ana()), ..item }
}

pub(crate) fn items() -> Vec<ConversationItem> {
    let media = |item: ConversationItem, kind| ConversationItem {
        preview: item.preview.map(|preview| Preview { media: Some(kind), ..preview }),
        ..item
    };
    let marked = |item: ConversationItem, mark| ConversationItem { marks: vec![mark], ..item };
    let unread = |item: ConversationItem, unread| ConversationItem { unread, ..item };
    let with_bot = item(10, person("Thiago Barreto", 3), at(-3, 5), "Menu Reservas › Datas");
    vec![
        unread(
            marked(
                item(1, person("Rafael Tanaka", 3), at(11, 57), "Alguém pode me atender, por favor?"),
                Mark::Queued,
            ),
            2,
        ),
        unread(
            ConversationItem {
                assignee: Some(ana()),
                ..item(
                    2,
                    person("Marcos Antunes", 4),
                    at(11, 55),
                    "É a terceira vez que peço o estorno da diária",
                )
            },
            3,
        ),
        ConversationItem {
            without_phone: true,
            ..unread(
                item(4, person("luiza.viaja", 1), at(11, 53), "Vocês aceitam cachorro de porte médio?"),
                1,
            )
        },
        answered(
            item(5, person("Camila Rocha", 5), at(11, 44), "Prontinho, o voucher está no seu e-mail"),
            Delivery::Read,
        ),
        marked(
            answered(
                item(
                    7,
                    person("Agência Ventos do Sul", 4),
                    at(11, 33),
                    "Segue a lista do grupo de 14 pessoas",
                ),
                failed(),
            ),
            Mark::NotSent,
        ),
        ConversationItem {
            assignee: Some(person("Beto Lins", 3)),
            ..media(
                marked(
                    item(8, person("João Pedro Salles", 2), at(11, 26), ""),
                    Mark::Snoozed { until_ms: Some(at(14, 0)) },
                ),
                MediaKind::Voice,
            )
        },
        ConversationItem {
            selected: true,
            ..answered(
                item(
                    3,
                    person("Helena Duarte", 2),
                    at(9, 15),
                    "Vou confirmar o berço com a governança e já volto",
                ),
                Delivery::Read,
            )
        },
        marked(
            item(9, person("Dona Ivone Freitas", 1), at(-2, 40), "Obrigada, meu filho, Deus abençoe"),
            Mark::WindowClosed,
        ),
        ConversationItem {
            preview: with_bot.preview.clone().map(|preview| Preview { side: Side::Bot, ..preview }),
            ..marked(with_bot, Mark::WithBot)
        },
        ConversationItem {
            open: false,
            ..marked(
                media(item(11, person("Nina Alves", 6), at(-300, 0), ""), MediaKind::Location),
                Mark::Resolved,
            )
        },
        ConversationItem { preview: None, ..item(12, person("+55 48 99999-0012", 6), at(-9000, 0), "") },
    ]
}

pub(crate) fn list() -> ConversationList {
    ConversationList {
        query: ListQuery { filter: Filter::All, status: StatusFilter::Open, search: String::new() },
        counts: Counts { mine: 12, queue: 14, unowned: 3, all: 128, unread: 5 },
        items: items(),
        next_cursor: Some("eyJhIjoxfQ==&x".to_owned()),
    }
}

pub(crate) fn bubble(number: u128, side: Side, at_ms: i64, text: &str) -> MessageBubble {
    MessageBubble {
        id: id(1000 + number),
        seq: i64::try_from(number).unwrap_or_default(),
        side,
        author: None,
        text: text.to_owned(),
        content: Content::Text,
        labels: Vec::new(),
        referral: None,
        is_edited: false,
        quote: None,
        frame: Frame::default(),
        choices: Vec::new(),
        reactions: Vec::new(),
        emojis: (side == Side::In).then_some(EmojiMenu { ours: None }),
        delivery: matches!(side, Side::Out | Side::Bot).then_some(Delivery::Read),
        at_ms,
        starts_day: false,
        joined: false,
    }
}

fn media(kind: MediaKind, file_name: Option<&str>, length_s: Option<u32>) -> Content {
    Content::Media(Media { length_s, ..Media::unknown(kind, file_name.map(str::to_owned)) })
}

/// The thread of the design, and after it one of everything that the design does not show.
pub(crate) fn entries(cx: &PageContext) -> Vec<Entry> {
    let message = |message| Entry::Message(Box::new(message));
    let choice = |title: &str, chosen| Choice { title: title.to_owned(), note: None, chosen };
    let mut entries = vec![
        message(bubble(
            1,
            Side::In,
            at(8, 41),
            "Oi, bom dia! Tenho reserva de 28/11 a 02/12 e queria chegar um dia antes. Dá?",
        )),
        message(MessageBubble {
            author: Some("Robô · fluxo Boas-vindas, versão 6".to_owned()),
            choices: vec![choice("Remarcar sozinha", false), choice("Falar com a equipe", true)],
            ..bubble(
                2,
                Side::Bot,
                at(8, 41),
                "Bom dia, Helena! Encontrei a reserva *MR-4821*, suíte com vista para a lagoa. Como seguimos?",
            )
        }),
        Entry::System(SystemLine {
            id: "e3".to_owned(),
            seq: 3,
            kind: SystemKind::Assigned,
            text: "Ana assumiu a conversa".to_owned(),
            at_ms: at(8, 43),
            starts_day: false,
        }),
        message(MessageBubble {
            reactions: vec![Reaction { emoji: "❤️".to_owned(), author: "Helena".to_owned() }],
            ..bubble(
                4,
                Side::Out,
                at(8, 44),
                "Helena, bom dia! Aqui é a Ana. Consigo a sexta, 27, na mesma suíte por R$\u{a0}412,00 com café da manhã. Reservo para você?",
            )
        }),
        message(MessageBubble {
            quote: Some(Quote {
                message_id: Some(id(1004)),
                author: "Ana Prado".to_owned(),
                text: "Consigo a sexta, 27, na mesma suíte por R$\u{a0}412,00…".to_owned(),
            }),
            ..bubble(5, Side::In, at(8, 52), "Pode sim! A gente chega umas 22h, tem problema?")
        }),
        message(MessageBubble {
            content: media(MediaKind::Image, None, None),
            ..bubble(6, Side::In, at(8, 56), "Já fiz o Pix")
        }),
        message(MessageBubble {
            author: Some("Ana".to_owned()),
            ..bubble(
                7,
                Side::Note,
                at(9, 1),
                "Beto, caiu o Pix de R$\u{a0}412,00 da Helena? Se sim, eu confirmo.",
            )
        }),
        message(MessageBubble {
            content: Content::Location(Location {
                latitude: -27.6045,
                longitude: -48.4675,
                name: Some("Hotel Mirante da Lagoa".to_owned()),
                address: Some("Av. das Rendeiras, 1250, Lagoa da Conceição. Portaria 24 h.".to_owned()),
            }),
            delivery: Some(Delivery::Delivered),
            ..bubble(8, Side::Out, at(9, 3), "")
        }),
        message(MessageBubble {
            content: media(MediaKind::Voice, None, Some(23)),
            ..bubble(9, Side::In, at(9, 12), "")
        }),
        message(bubble(10, Side::Out, at(9, 15), "Vou confirmar o berço com a governança e já volto.")),
    ];
    arrange(cx, &mut entries, None);
    entries
}

/// One message of every other kind, state and accident.
pub(crate) fn rare_entries(cx: &PageContext) -> Vec<Entry> {
    let out = |number, text: &str, delivery| MessageBubble {
        delivery: Some(delivery),
        ..bubble(
            number,
            Side::Out,
            NOW_MS - DAY_MS + i64::try_from(number).unwrap_or_default() * MINUTE_MS,
            text,
        )
    };
    let with = |message: MessageBubble, content| MessageBubble { content, ..message };
    let incoming = |number| bubble(number, Side::In, NOW_MS - 2 * DAY_MS, "");
    let cards = vec![
        ContactCard {
            name: "Cida Mota".to_owned(),
            phone: Some("+55 48 99888-7766".to_owned()),
            details: vec!["cida@example.com".to_owned()],
        },
        ContactCard { name: "Portaria".to_owned(), phone: None, details: Vec::new() },
    ];
    let place = Location { latitude: 1.5, longitude: -2.25, name: None, address: None };
    let opened = Content::Media(Media {
        url: Some("/media/1".to_owned()),
        size: Some(1_234_567),
        ..Media::unknown(MediaKind::Document, Some("nota fiscal.pdf".to_owned()))
    });
    let standing = |standing| Content::Media(Media { standing, ..Media::unknown(MediaKind::Document, None) });
    let url = || Some("/media/1".to_owned());
    let small = SmallPicture { url: "/media/1/small".to_owned(), width: 320, height: 240 };
    let picture = Media { url: url(), small: Some(small), ..Media::unknown(MediaKind::Image, None) };
    let film = Media { url: url(), is_played: true, ..Media::unknown(MediaKind::Video, None) };
    let sound = Media {
        url: url(),
        is_played: true,
        length_s: Some(7),
        waveform: Some((0..64).collect()),
        ..Media::unknown(MediaKind::Voice, None)
    };
    let standings = [Standing::Pending, Standing::Expired, Standing::Refused(None)]
        .into_iter()
        .chain(Refusal::ALL.map(|reason| Standing::Refused(Some(reason))))
        .map(standing);
    let files = standings
        .chain([picture, film, sound].map(Content::Media))
        .zip(60..)
        .map(|(content, number)| with(incoming(number), content));
    let mut entries: Vec<Entry> = [
        with(incoming(20), Content::Contacts(cards)),
        with(incoming(21), Content::Location(place)),
        with(incoming(22), Content::Unsupported),
        with(incoming(23), opened),
        with(incoming(24), media(MediaKind::Sticker, None, None)),
        with(incoming(25), media(MediaKind::Video, None, Some(61))),
        with(out(26, "Olá, *Helena*", Delivery::Sent), Content::Template("lembrete_checkin".to_owned())),
        out(27, "Veja https://zelo.exemplo/guia?a=1&b=2.", Delivery::Queued),
        out(28, "Segue a lista do grupo de 14 pessoas.\n- um\n- dois", failed()),
        out(29, "Sem código", Delivery::Failed { code: None, reason: String::new(), can_retry: false }),
        out(
            30,
            "Código novo",
            Delivery::Failed { code: Some(999), reason: "Something".to_owned(), can_retry: false },
        ),
        out(31, "Chegou?", Delivery::Unconfirmed { can_retry: true }),
        out(32, "Chegou mesmo?", Delivery::Unconfirmed { can_retry: false }),
    ]
    .into_iter()
    .chain(files)
    .map(|message| Entry::Message(Box::new(message)))
    .collect();
    for (number, kind) in [SystemKind::Resolved, SystemKind::Reopened, SystemKind::Snoozed, SystemKind::Info]
        .into_iter()
        .enumerate()
    {
        entries.push(Entry::System(SystemLine {
            id: format!("r{number}"),
            seq: 40,
            kind,
            text: "Ana fez algo".to_owned(),
            at_ms: NOW_MS - DAY_MS,
            starts_day: false,
        }));
    }
    arrange(cx, &mut entries, None);
    entries
}

pub(crate) fn thread(entries: Vec<Entry>) -> Thread {
    let contact = person("Helena Duarte", 2);
    let window = Window::Open { until_ms: NOW_MS + 21 * HOUR_MS + 14 * MINUTE_MS };
    Thread {
        head: ThreadHead {
            conversation_id: id(3),
            contact: contact.clone(),
            subtitle: "+55 11 98765-4321 · Recepção".to_owned(),
            status: ConversationStatus::Open,
            window,
            assignment: Assignment::Me(ana()),
        },
        last_seq: 41,
        messages: MessageRange { conversation_id: id(3), entries, older_cursor: None },
        composer: Composer {
            conversation_id: id(3),
            contact_name: "Helena".to_owned(),
            window,
            may_reply: true,
            idempotency_key: "0190-key".to_owned(),
            text: String::new(),
            reply_to: None,
            notice: None,
        },
        contact: ContactPanel {
            conversation_id: id(3),
            contact,
            since_ms: Some(NOW_MS - 980 * DAY_MS),
            phone: Some("+5511987654321".to_owned()),
            email: Some("helena@exemplo.com.br".to_owned()),
            username: None,
            wants_no_marketing: true,
            assignment: Assignment::Me(ana()),
            status: ConversationStatus::Open,
            channel: "Recepção".to_owned(),
            past: vec![
                PastConversation {
                    id: id(90),
                    title: "Transfer do aeroporto".to_owned(),
                    at_ms: NOW_MS - 40 * DAY_MS,
                },
                PastConversation {
                    id: id(91),
                    title: "Primeira reserva".to_owned(),
                    at_ms: NOW_MS - 500 * DAY_MS,
                },
            ],
        },
    }
}

pub(crate) fn inbox(thread: Option<Thread>) -> InboxPage {
    InboxPage { user: ana(), list: list(), thread, notice: None, rail: rail() }
}

/// An inbox on its first day: nothing in it.
pub(crate) fn empty_inbox(query: ListQuery) -> InboxPage {
    let list = ConversationList { query, ..ConversationList::default() };
    InboxPage { user: ana(), list, thread: None, notice: None, rail: rail() }
}

/// Everything may be opened.
fn rail() -> Rail {
    Rail { to_channels: true, to_audit: true, ..Rail::default() }
}

/// The connected numbers, with words of Meta's and of people that try to be more than words.
pub(crate) fn channels() -> ChannelsPage {
    let hostile = "\"><script>alert(1)</script>";
    let row = |verdict| CheckRow {
        verdict,
        word: hostile.to_owned(),
        text: hostile.to_owned(),
        cure: hostile.to_owned(),
    };
    ChannelsPage {
        user: ana(),
        unread: 2,
        rail: rail(),
        checked: Some(CheckedNumber {
            name: hostile.to_owned(),
            lines: [Verdict::Ok, Verdict::Warning, Verdict::Failed].map(row).to_vec(),
        }),
        channels: vec![ChannelCard {
            id: id(5),
            name: hostile.to_owned(),
            phone: "+55 11 94002-0001".to_owned(),
            state: "envia".to_owned(),
            is_well: false,
            is_on: true,
            pace: "1.000".to_owned(),
            facts: vec![("channels-quality", hostile.to_owned()), ("channels-limit", "TIER_2K".to_owned())],
            silence: Some(SilenceNote { text: hostile.to_owned(), causes: vec![row(Verdict::Failed)] }),
        }],
        templates: vec![template_card()],
        notices: [Tone::Info, Tone::Warn, Tone::Danger]
            .map(|tone| NoticeRow { at_ms: NOW_MS, tone, text: hostile.to_owned() })
            .to_vec(),
    }
}

/// A paused template whose words try to be more than words.
fn template_card() -> TemplateCard {
    TemplateCard {
        id: Uuid::from_u128(9),
        name: "pedido_confirmado".to_owned(),
        language: "pt_BR".to_owned(),
        state: "pausado".to_owned(),
        tone: TemplateTone::Bad,
        reason: HOSTILE.to_owned(),
        category: "Utilidade".to_owned(),
        change: Some(HOSTILE.to_owned()),
        quality: "RED".to_owned(),
    }
}

/// What somebody wants to be markup.
const HOSTILE: &str = "\"><script>alert(1)</script>";

fn template_preview() -> TemplatePreview {
    let hostile = || HOSTILE.to_owned();
    TemplatePreview {
        header: hostile(),
        body: hostile(),
        footer: hostile(),
        buttons: vec![(hostile(), hostile())],
    }
}

fn template_fields() -> Vec<TemplateField> {
    let hostile = || HOSTILE.to_owned();
    vec![TemplateField { name: "body.1".to_owned(), label: hostile(), example: hostile(), value: hostile() }]
}

/// The list of templates.
pub(crate) fn templates() -> TemplatesPage {
    let cards = [TemplateTone::Good, TemplateTone::Waits, TemplateTone::Bad];
    let sync = |at_ms, problem: Option<&str>| SyncLine {
        account: "100200300400501".to_owned(),
        at_ms,
        problem: problem.map(str::to_owned),
    };
    TemplatesPage {
        user: ana(),
        unread: 2,
        rail: rail(),
        may_write: true,
        done: Some(HOSTILE.to_owned()),
        syncs: vec![sync(Some(NOW_MS), None), sync(None, Some("190"))],
        templates: cards.map(|tone| TemplateCard { tone, ..template_card() }).to_vec(),
    }
}

/// One template.
pub(crate) fn template() -> TemplatePage {
    TemplatePage {
        user: ana(),
        unread: 2,
        rail: rail(),
        may_write: true,
        card: template_card(),
        preview: Some(template_preview()),
        fields: template_fields(),
    }
}

/// The form for a new template, after a first try.
pub(crate) fn new_template() -> NewTemplatePage {
    let hostile = || HOSTILE.to_owned();
    NewTemplatePage {
        user: ana(),
        unread: 2,
        rail: rail(),
        draft: TypedTemplate { name: hostile(), body: hostile(), ..TypedTemplate::default() },
        channels: vec![(Uuid::from_u128(5), hostile())],
        faults: vec![(hostile(), hostile())],
    }
}

/// A template being filled in.
pub(crate) fn template_chooser() -> TemplateChooserPage {
    TemplateChooserPage {
        user: ana(),
        unread: 2,
        rail: rail(),
        conversation_id: Uuid::from_u128(3),
        contact_name: HOSTILE.to_owned(),
        templates: vec![template_card()],
        chosen: Some(ChosenTemplate {
            card: template_card(),
            fields: template_fields(),
            preview: template_preview(),
            idempotency_key: "k".to_owned(),
        }),
        problem: Some(HOSTILE.to_owned()),
    }
}

/// The audit log with an open entry, and words in it that try to be more than words.
pub(crate) fn audit() -> AuditPage {
    let rows = [Outcome::Success, Outcome::Denied].map(|outcome| AuditRow {
        id: Uuid::from_u128(7),
        at_ms: NOW_MS - 60_000,
        who: ana(),
        event: Some(EventType::RoleUpdate),
        action: "role_changed".to_owned(),
        target: "user <b>7</b>".to_owned(),
        outcome,
        ip: "203.0.113.9".to_owned(),
        address: "/audit?entry=7".to_owned(),
        is_open: outcome == Outcome::Success,
    });
    let [open, _] = rows.clone();
    AuditPage {
        user: ana(),
        unread: 3,
        rail: rail(),
        query: AuditQuery { target: "\"><script>".to_owned(), reads: true, ..AuditQuery::default() },
        seal: AuditSeal::Whole { size: 48_212 },
        rows: rows.to_vec(),
        older: Some("/audit?cursor=x".to_owned()),
        detail: Some(AuditDetail {
            row: open,
            seq: Some(48_207),
            changes: vec![("role".to_owned(), "supervisor".to_owned(), "<i>agent</i>".to_owned())],
            circumstances: vec![("reason".to_owned(), "Beto mudou de função".to_owned())],
            is_erased: true,
            user_agent: "Firefox <x>".to_owned(),
            request_id: "019aa6c0".to_owned(),
            trace_id: "4bf92f".to_owned(),
        }),
        may_export: true,
    }
}
