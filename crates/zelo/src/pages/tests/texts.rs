//! The texts: the same in every language, all used, none missing.

use std::collections::BTreeSet;

use super::*;
use crate::pages::locale::t;

/// Keys of one language, over all its files.
fn keys_of(lang: Lang) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (name, file) in files_of(&format!("locales/{}", lang.tag())) {
        for line in file.lines().filter(|line| line.starts_with(|letter: char| letter.is_ascii_lowercase())) {
            let key = line.split(" =").next().unwrap().to_owned();
            assert!(keys.insert(key), "{name} repeats {line}");
        }
    }
    keys
}

/// Keys that the templates ask for.
fn asked_by_templates() -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    for (_, template) in files_of("templates") {
        for call in ["text(\"", "text_name(\"", "text_time(\"", "text_count(\""] {
            for (index, _) in template.match_indices(call) {
                asked.insert(template[index + call.len()..].split('"').next().unwrap().to_owned());
            }
        }
    }
    asked
}

/// Literals of the Rust files that have the form of a key.
fn named_by_rust() -> BTreeSet<String> {
    let sources = [
        include_str!("../words.rs"),
        include_str!("../time.rs"),
        include_str!("../context.rs"),
        include_str!("../routes/account.rs"),
        include_str!("../routes/doors.rs"),
        include_str!("../../mail/message.rs"),
        include_str!("../routes/content.rs"),
        include_str!("../notices.rs"),
        include_str!("../meta_words.rs"),
        include_str!("../routes/channels.rs"),
        include_str!("../routes/templates.rs"),
        include_str!("../../connecting/check.rs"),
        include_str!("../routes/choosing.rs"),
        include_str!("../routes/entries.rs"),
    ];
    let mut named: BTreeSet<String> = crate::audit::EventType::ALL
        .iter()
        .map(|event| crate::pages::words::audit_event_key(*event))
        .collect();
    for source in sources {
        let product = source.split("#[cfg(test)]").next().unwrap();
        for literal in product.split('"').skip(1).step_by(2) {
            let is_key = literal.contains('-')
                && literal.starts_with(|letter: char| letter.is_ascii_lowercase())
                && literal
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if is_key {
                named.insert(literal.to_owned());
            }
        }
    }
    named
}

#[test]
fn both_languages_say_the_same_things() {
    let (portuguese, english) = (keys_of(Lang::Portuguese), keys_of(Lang::English));
    assert!(portuguese.len() > 150);
    let only_one: Vec<_> = portuguese.symmetric_difference(&english).collect();
    assert!(only_one.is_empty(), "{only_one:?}");
}

#[test]
fn every_text_that_is_asked_for_exists() {
    let known = keys_of(Lang::Portuguese);
    let asked: BTreeSet<String> = asked_by_templates().union(&named_by_rust()).cloned().collect();
    let missing: Vec<_> = asked.difference(&known).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn no_text_is_kept_that_nothing_says() {
    let asked: BTreeSet<String> = asked_by_templates().union(&named_by_rust()).cloned().collect();
    let known = keys_of(Lang::Portuguese);
    let unused: Vec<_> = known.difference(&asked).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn a_translation_is_not_a_copy() {
    // Words that happen to be the same in both languages.
    const SAME: [&str; 3] = ["login-email", "fact-email", "kind-sticker"];
    let copied: Vec<String> = keys_of(Lang::English)
        .into_iter()
        .filter(|key| {
            !SAME.contains(&key.as_str()) && !key.starts_with("date-") && !key.starts_with("month-")
        })
        .filter(|key| t(Lang::English, key, &[]) == t(Lang::Portuguese, key, &[]))
        .filter(|key| t(Lang::English, key, &[]).contains(' '))
        .collect();
    assert!(copied.is_empty(), "{copied:?}");
}

#[test]
fn no_page_shows_an_unfilled_place_or_an_isolation_mark() {
    for lang in LANGS {
        for (name, page) in everything(&sample::context(lang, Theme::System)) {
            assert!(!page.contains("{$") && !page.contains("{ $"), "{name}");
            assert!(!page.contains(['\u{2068}', '\u{2069}']), "{name}");
        }
    }
}

#[test]
fn every_text_that_a_module_asks_for_is_on_the_page() {
    let page = render::inbox(&sample::context(Lang::English, Theme::System), &sample::inbox(None)).unwrap();
    let mut asked = 0;
    for (name, module) in files_of("assets/js") {
        for (index, _) in module.match_indices("text(\"") {
            let key = module[index + 6..].split('"').next().unwrap();
            let attribute: String = key
                .chars()
                .flat_map(|letter| {
                    letter.is_uppercase().then_some('-').into_iter().chain(letter.to_lowercase())
                })
                .collect();
            assert!(page.contains(&format!(" data-{attribute}=\"")), "{name} asks for {key}");
            asked += 1;
        }
    }
    assert!(asked >= 5);
}
