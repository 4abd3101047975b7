//! The pages as a whole: every template in every language, with a busy day, with nothing, and with hostile texts.

use std::{fs, path::Path};

use super::{
    context::{PageContext, THEMES, Theme},
    locale::{LANGS, Lang},
    render,
    view::*,
};
use crate::pages;

mod fragments;
mod parts;
mod policy;
mod sample;
mod texts;

/// Everything that can be rendered, by name.
fn everything(cx: &PageContext) -> Vec<(String, String)> {
    let rare = sample::thread(sample::rare_entries(cx));
    let mut all = vec![
        (
            "inbox".to_owned(),
            render::inbox(cx, &sample::inbox(Some(sample::thread(sample::entries(cx))))).unwrap(),
        ),
        ("rare".to_owned(), render::inbox(cx, &sample::inbox(Some(rare))).unwrap()),
        ("list".to_owned(), render::inbox(cx, &sample::inbox(None)).unwrap()),
        (
            "no messages".to_owned(),
            render::inbox(cx, &sample::inbox(Some(sample::thread(Vec::new())))).unwrap(),
        ),
    ];
    for filter in FILTERS {
        for status in STATUS_FILTERS {
            for search in ["", "nada"] {
                let query = ListQuery { filter, status, search: search.to_owned() };
                let page = render::inbox(cx, &sample::empty_inbox(query)).unwrap();
                all.push((format!("empty {filter:?} {status:?} {search}"), page));
            }
        }
    }
    all.push(("channels".to_owned(), render::channels(cx, &sample::channels()).unwrap()));
    let bare = ChannelsPage {
        checked: None,
        channels: Vec::new(),
        templates: Vec::new(),
        notices: Vec::new(),
        ..sample::channels()
    };
    all.push(("no channels".to_owned(), render::channels(cx, &bare).unwrap()));
    all.extend(template_pages(cx));
    all.push(("audit".to_owned(), render::audit(cx, &sample::audit()).unwrap()));
    let bare =
        AuditPage { rows: Vec::new(), detail: None, seal: AuditSeal::Bad { seq: None }, ..sample::audit() };
    all.push(("audit without entries".to_owned(), render::audit(cx, &bare).unwrap()));
    for seal in [AuditSeal::NotChecked { unsealed: 1 }, AuditSeal::Bad { seq: Some(17) }] {
        let page = AuditPage { seal, ..sample::audit() };
        all.push((format!("audit {seal:?}"), render::audit(cx, &page).unwrap()));
    }
    for error in login_errors() {
        let page = LoginPage { error, ..LoginPage::default() };
        all.push((format!("login {error:?}"), render::login(cx, &page).unwrap()));
    }
    for (name, page) in account_pages() {
        all.push((name.to_owned(), page(cx)));
    }
    for status in [403, 404, 500] {
        let page = ErrorPage { status, request_id: None };
        all.push((format!("error {status}"), render::error(cx, &page).unwrap()));
    }
    for kind in notice_kinds() {
        let notice = Notice { kind, request_id: Some("019aa6c0-55d1".to_owned()) };
        all.push((format!("notice {kind:?}"), render::notice(cx, &notice).unwrap()));
    }
    all
}

/// The pages of message templates, with something and with nothing.
fn template_pages(cx: &PageContext) -> Vec<(String, String)> {
    let empty =
        TemplatesPage { templates: Vec::new(), syncs: Vec::new(), may_write: false, ..sample::templates() };
    let bare = TemplatePage { preview: None, fields: Vec::new(), may_write: false, ..sample::template() };
    let nothing = TemplateChooserPage { templates: Vec::new(), chosen: None, ..sample::template_chooser() };
    [
        ("templates", render::templates(cx, &sample::templates())),
        ("no templates", render::templates(cx, &empty)),
        ("template", render::template(cx, &sample::template())),
        ("template without words", render::template(cx, &bare)),
        ("new template", render::new_template(cx, &sample::new_template())),
        ("template chooser", render::template_chooser(cx, &sample::template_chooser())),
        ("nothing to choose", render::template_chooser(cx, &nothing)),
    ]
    .map(|(name, page)| (name.to_owned(), page.unwrap()))
    .to_vec()
}

type Page = fn(&PageContext) -> String;

/// Forms that stand alone, the account, the mailbox.
fn account_pages() -> [(&'static str, Page); 5] {
    [
        ("form", |cx| {
            let page = FormPage {
                heading: "newpass-title",
                hint: Some(cx.text_name("newpass-hint", "ana@hotel.example.com")),
                action: "/password/new".to_owned(),
                hidden: vec![("token", "x".to_owned())],
                fields: vec![
                    FormField::email("login-email", "ana@hotel.example.com"),
                    FormField::current_password("account-current-password"),
                    FormField::new_password("newpass-label"),
                    FormField::code("code-label"),
                ],
                submit: Some("newpass-submit"),
                error: Some(cx.text("door-too-common")),
                picture: Some("<svg viewBox=\"0 0 1 1\"></svg>".to_owned()),
                word: Some("MZXW6YTB".to_owned()),
                list: vec!["01-7K2M-XQ9A-0DTE-W5RN".to_owned()],
                back: Some("/account"),
            };
            render::form(cx, &page).unwrap()
        }),
        ("bare form", |cx| {
            render::form(cx, &FormPage { heading: "setup-title", ..FormPage::default() }).unwrap()
        }),
        ("account", |cx| render::account(cx, &account(true)).unwrap()),
        ("account without a factor", |cx| render::account(cx, &account(false)).unwrap()),
        ("mailbox", |cx| {
            let letter = ShownLetter {
                subject: "Escolha uma nova senha".to_owned(),
                to: "ana@hotel.example.com".to_owned(),
                at: "20/11 09:00".to_owned(),
                text: "Olá, Ana.\n\nhttp://localhost/password/new?token=x\n".to_owned(),
            };
            render::mailbox(cx, &[letter]).unwrap() + &render::mailbox(cx, &[]).unwrap()[..0]
        }),
    ]
}

fn account(enabled: bool) -> AccountPage {
    let session = |number: u128, is_current| AccountSession {
        id: uuid::Uuid::from_u128(number),
        program: "Mozilla/5.0 (X11; Linux x86_64)".to_owned(),
        address: Some("192.0.2.7".to_owned()),
        used: "20/11 09:00".to_owned(),
        is_current,
    };
    AccountPage {
        name: "Ana Prado".to_owned(),
        email: "ana@hotel.example.com".to_owned(),
        mfa: AccountMfa { enabled, required: false, backup_codes_left: 8 },
        sessions: vec![session(1, true), session(2, false)],
    }
}

fn login_errors() -> [Option<LoginError>; 6] {
    [
        None,
        Some(LoginError::Mismatch { attempts_left: None }),
        Some(LoginError::Mismatch { attempts_left: Some(1) }),
        Some(LoginError::TooManyAttempts { retry_after_s: 61 }),
        Some(LoginError::SessionEnded),
        Some(LoginError::Failed),
    ]
}

fn notice_kinds() -> [NoticeKind; 15] {
    [
        NoticeKind::WindowClosed { since_ms: Some(sample::NOW_MS - 3_600_000) },
        NoticeKind::WindowClosed { since_ms: None },
        NoticeKind::EmptyText,
        NoticeKind::TextTooLong { limit: 4096 },
        NoticeKind::NotAllowed,
        NoticeKind::Conflict,
        NoticeKind::SlowDown,
        NoticeKind::File(Refusal::TooLarge),
        NoticeKind::Voice(voice::Fault::Mp4),
        NoticeKind::Voice(voice::Fault::Container),
        NoticeKind::Voice(voice::Fault::Codec),
        NoticeKind::Voice(voice::Fault::Stereo),
        NoticeKind::Voice(voice::Fault::Empty),
        NoticeKind::Voice(voice::Fault::Broken("")),
        NoticeKind::Failed,
    ]
}

/// Every language in every theme.
fn contexts() -> impl Iterator<Item = PageContext> {
    LANGS.into_iter().flat_map(|lang| THEMES.into_iter().map(move |theme| sample::context(lang, theme)))
}

/// The text files of a folder at the top of the repository, by name.
fn files_of(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut files: Vec<(String, String)> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds nothing", folder.display());
    files
}

/// The values of every attribute `name="…"`.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.match_indices(&start)
        .map(|(index, _)| html[index + start.len()..].split('"').next().unwrap())
        .collect()
}

#[test]
fn every_page_names_its_language_and_theme() {
    for cx in contexts() {
        let page = render::inbox(&cx, &sample::inbox(None)).unwrap();
        let expected = match cx.theme.attribute() {
            Some(theme) => format!("<html lang=\"{}\" data-theme=\"{theme}\">", cx.lang.tag()),
            None => format!("<html lang=\"{}\">", cx.lang.tag()),
        };
        assert!(page.contains(&expected), "{expected}");
    }
}

#[test]
fn every_page_has_one_heading_one_main_and_a_way_to_skip_to_it() {
    for cx in contexts() {
        for (name, page) in everything(&cx).iter().filter(|(_, page)| page.starts_with("<!doctype html>")) {
            assert_eq!(page.matches("<h1").count(), 1, "{name}");
            assert_eq!(page.matches("<main").count(), 1, "{name}");
            let (first_link, main) = (page.find("<a ").unwrap(), page.find(" id=\"main\"").unwrap());
            assert!(page[first_link..].starts_with("<a class=\"skip-link\" href=\"#main\">"), "{name}");
            assert!(first_link < main, "{name}");
        }
    }
}

#[test]
fn no_page_uses_an_id_twice_or_an_icon_that_is_not_drawn() {
    let cx = sample::context(Lang::Portuguese, Theme::System);
    for (name, page) in everything(&cx) {
        let mut ids = attributes(&page, "id");
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name} repeats an id");
        if page.starts_with("<!doctype html>") {
            for icon in attributes(&page, "href")
                .into_iter()
                .filter(|href| href.starts_with("#i-") || href.starts_with("#t-"))
            {
                assert!(page.contains(&format!("<symbol id=\"{}\"", &icon[1..])), "{name} lacks {icon}");
            }
        }
    }
}

#[test]
fn icons_of_rare_fragments_are_drawn_too() {
    let cx = sample::context(Lang::English, Theme::System);
    let page = render::inbox(&cx, &sample::inbox(None)).unwrap();
    for (name, fragment) in everything(&cx) {
        for icon in attributes(&fragment, "href").into_iter().filter(|href| href.starts_with("#i-")) {
            assert!(page.contains(&format!("<symbol id=\"{}\"", &icon[1..])), "{name} lacks {icon}");
        }
    }
}

#[test]
fn every_file_that_a_page_loads_exists() {
    let cx = sample::context(Lang::Portuguese, Theme::System);
    let page = render::inbox(&cx, &sample::inbox(None)).unwrap();
    let loaded: Vec<&str> = [attributes(&page, "href"), attributes(&page, "src")]
        .concat()
        .into_iter()
        .filter_map(|address| address.strip_prefix(pages::assets::PREFIX))
        .collect();
    assert!(loaded.len() >= 5, "{loaded:?}");
    for path in loaded {
        assert!(pages::assets::find(path).is_some(), "{path}");
    }
}

#[test]
fn modules_import_only_modules_that_exist() {
    for (name, module) in files_of("assets/js") {
        for (index, _) in module.match_indices(" from \"") {
            let path = module[index + 7..].split('"').next().unwrap();
            let known = match path.strip_prefix("../") {
                Some(outside) => outside.to_owned(),
                None => format!("js/{}", path.strip_prefix("./").unwrap()),
            };
            assert!(pages::assets::find(&known).is_some(), "{name} imports {path}");
        }
    }
}
