//! Every language has every text.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problem, Tree};

/// Key of a text (`message`, `-term` or `message.attribute`) to the line it begins on.
type Keys = BTreeMap<String, usize>;

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut by_file: BTreeMap<&str, BTreeMap<&str, Keys>> = BTreeMap::new();
    let mut languages = BTreeSet::new();
    for (path, text) in tree.texts() {
        let Some((language, file)) = path.strip_prefix("locales/").and_then(|rest| rest.split_once('/'))
        else {
            continue;
        };
        if file.ends_with(".ftl") {
            languages.insert(language);
            by_file.entry(file).or_default().insert(language, keys(text));
        }
    }
    by_file.iter().flat_map(|(file, texts)| missing(file, texts, &languages)).collect()
}

fn missing(file: &str, texts: &BTreeMap<&str, Keys>, languages: &BTreeSet<&str>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for language in languages {
        let empty = Keys::new();
        let have = texts.get(language).unwrap_or(&empty);
        for (other, keys) in texts {
            for (key, line) in keys.iter().filter(|(key, _)| !have.contains_key(*key)) {
                let message = format!("`{key}` is missing; translate it from locales/{other}/{file}:{line}");
                problems.push(Problem::new(&format!("locales/{language}/{file}"), 1, message));
            }
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

/// Reads the keys of a Fluent file: a message or term begins a line, an attribute is indented and has a dot.
fn keys(text: &str) -> Keys {
    let mut found = Keys::new();
    let mut message = "";
    for (content, line) in text.lines().zip(1..) {
        let Some((name, _)) = content.split_once('=') else { continue };
        let (indented, name) = (name.starts_with([' ', '\t']), name.trim());
        if let Some(attribute) = name.strip_prefix('.').filter(|_| indented) {
            if is_identifier(attribute) {
                found.insert(format!("{message}.{attribute}"), line);
            }
        } else if !indented && is_identifier(name.strip_prefix('-').unwrap_or(name)) {
            message = name;
            found.insert(name.to_owned(), line);
        }
    }
    found
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_missing_in_one_language_is_named_with_the_place_to_translate_from() {
        let tree = Tree::of(&[
            ("locales/en/inbox.ftl", "# Titles\nopen = Open\nsend = Send\n    .title = Send it\n"),
            ("locales/pt-BR/inbox.ftl", "open = Abertas\nsend = Enviar\n"),
        ]);
        let problems = check(&tree);
        assert_eq!(
            problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["locales/pt-BR/inbox.ftl:1: `send.title` is missing; translate it from locales/en/inbox.ftl:4"]
        );
    }

    #[test]
    fn a_file_missing_in_one_language_is_missing_with_all_its_texts() {
        let tree = Tree::of(&[
            ("locales/en/inbox.ftl", "open = Open\nsend = Send\n"),
            ("locales/pt-BR/login.ftl", "enter = Entrar\n"),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["locales/pt-BR/inbox.ftl", "locales/pt-BR/inbox.ftl", "locales/en/login.ftl"]);
    }

    #[test]
    fn texts_of_several_lines_with_choices_are_one_text() {
        let text = "unread =\n    { $count ->\n        [one] One = one\n       *[other] Many\n    }\n";
        assert_eq!(keys(text).into_keys().collect::<Vec<_>>(), ["unread"]);
    }

    #[test]
    fn the_same_texts_in_another_order_are_fine() {
        let tree =
            Tree::of(&[("locales/en/a.ftl", "a = A\nb = B\n"), ("locales/pt-BR/a.ftl", "b = B\na = A\n")]);
        assert_eq!(check(&tree), []);
    }
}
