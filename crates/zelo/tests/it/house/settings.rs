//! Nothing is promised that does nothing: settings are read, and metrics are set.

use super::sources::sources;
use std::collections::{BTreeMap, BTreeSet};

/// Settings that the rest asks for under another name, which `config` makes of one or several of them.
const ASKED_FOR_AS: &[(&str, &str)] = &[
    ("environment", ".is_development()"),
    ("server.bind", ".listen_address()"),
    ("server.port", ".listen_address()"),
    ("database.url", ".database_url()"),
    ("database.keys_url", ".keys_database_url()"),
    ("log.format", ".logs_json()"),
    ("first_admin.email", "first.email"),
    ("first_admin.password", "first.password"),
];

/// Every setting of `config.default.toml` by its dotted name.
fn settings() -> Vec<String> {
    let defaults: toml::Table = toml::from_str(zelo::config::DEFAULTS).unwrap();
    let mut names = Vec::new();
    for (name, value) in &defaults {
        match value {
            toml::Value::Table(section) => names.extend(section.keys().map(|key| format!("{name}.{key}"))),
            _ => names.push(name.clone()),
        }
    }
    assert!(names.len() > 60);
    names
}

/// Whether a text has these words as a whole.
fn says(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let goes_on = text[at + words.len()..].starts_with(is_word);
        let began_before = words.starts_with(is_word) && text[..at].ends_with(is_word);
        !goes_on && !began_before
    })
}

#[test]
fn every_setting_is_read_by_somebody() {
    let files: Vec<String> = sources(&["zelo"])
        .into_iter()
        .filter(|(file, _)| !file.starts_with("zelo/src/config/"))
        .map(|(_, text)| text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", "."))
        .collect();
    let anywhere = |words: &str| files.iter().any(|text| says(text, words));
    assert!(anywhere("outbound.concurrency") && !anywhere("outbound.concurrenc"), "the scan is blind");
    // Some take a section first, and what they need of it then.
    let by_section = |setting: &str| {
        let Some((section, key)) = setting.split_once('.') else { return false };
        let mut kind = section.to_owned();
        kind[..1].make_ascii_uppercase();
        files.iter().any(|text| {
            let takes = says(text, &format!("config.{section}")) || says(text, &format!("config::{kind}"));
            takes && says(text, &format!(".{key}"))
        })
    };
    let asked_for: BTreeMap<&str, &str> = ASKED_FOR_AS.iter().copied().collect();
    let settings = settings();
    let unread: Vec<&String> = settings
        .iter()
        .filter(|setting| {
            let words = asked_for.get(setting.as_str()).copied();
            let alone = format!("config.{setting}");
            let words = words.unwrap_or(if setting.contains('.') { setting } else { &alone });
            !anywhere(words) && !by_section(setting)
        })
        .collect();
    assert!(unread.is_empty(), "nobody reads {unread:?}: they do nothing");
    let unknown: Vec<_> = asked_for.keys().filter(|name| !settings.iter().any(|it| it == *name)).collect();
    assert!(unknown.is_empty(), "the list names {unknown:?}, which are no settings");
}

#[test]
fn every_metric_that_is_described_is_set_by_somebody() {
    let all = sources(&["zelo", "jobs", "db"]);
    let (descriptions, others): (Vec<_>, Vec<_>) =
        all.iter().partition(|(file, _)| file.ends_with("telemetry/prometheus.rs"));
    let [(_, described)] = descriptions.as_slice() else { panic!("where are the descriptions?") };
    let names: BTreeSet<&str> = described.split('"').filter(|text| text.starts_with("zelo_")).collect();
    assert!(names.len() > 20);
    let is_set = |name: &str| others.iter().any(|(_, text)| text.contains(&format!("\"{name}\"")));
    let idle: Vec<_> = names.into_iter().filter(|name| !is_set(name)).collect();
    assert!(idle.is_empty(), "nobody sets {idle:?}");
}

/// The sample of a page is a line that the program writes.
#[test]
fn the_page_about_logging_shows_what_is_logged() {
    let page = std::fs::read_to_string(crate::program::in_repository("docs/logging.md")).unwrap();
    let sample = page.split("```json").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let line: serde_json::Value = serde_json::from_str(sample).unwrap();
    for name in ["timestamp", "level", "service", "message", "request_id", "trace_id", "target"] {
        assert!(line[name].is_string(), "{name}");
    }
    assert!(["error", "warn", "info", "debug", "trace"].contains(&line["level"].as_str().unwrap()));
    let all = sources(&["zelo", "jobs"]);
    let quoted = page.split("People read `").nth(1).and_then(|rest| rest.split('`').next()).unwrap();
    for message in [line["message"].as_str().unwrap(), quoted] {
        assert!(
            all.iter().any(|(_, text)| text.contains(&format!("\"{message}\""))),
            "{message} is never logged"
        );
    }
}
