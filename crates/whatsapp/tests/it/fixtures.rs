use std::path::{Path, PathBuf};

use whatsapp::webhook::{Change, Content, Envelope, InboundMessage, Messages, Status, parse};

pub(crate) const ANA: &str = "BR.10000000000000000001";
pub(crate) const AURORA: &str = "200300400500601";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Name and content of every webhook body, in order.
pub(crate) fn all_webhooks() -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder("webhooks")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| (path.file_stem().unwrap().display().to_string(), std::fs::read(path).unwrap()))
        .collect()
}

/// The webhook body whose name starts with a number such as `01`.
pub(crate) fn webhook(number: &str) -> Vec<u8> {
    let found = all_webhooks().into_iter().find(|(name, _)| name.starts_with(&format!("{number}-")));
    found.expect("no such fixture").1
}

pub(crate) fn answer(name: &str) -> String {
    std::fs::read_to_string(folder("answers").join(format!("{name}.json"))).unwrap()
}

pub(crate) fn envelope(number: &str) -> Envelope {
    parse(&webhook(number)).unwrap()
}

/// The only change of a fixture.
pub(crate) fn change(number: &str) -> Change {
    let envelope = envelope(number);
    let changes: Vec<&Change> = envelope.changes().map(|(_, change)| change).collect();
    let [change] = changes.as_slice() else { panic!("{} changes", changes.len()) };
    (*change).clone()
}

pub(crate) fn messages(number: &str) -> Messages {
    let Change::Messages(messages) = change(number) else { panic!("{number} is about something else") };
    assert_eq!(messages.unreadable, []);
    messages
}

pub(crate) fn message(number: &str) -> InboundMessage {
    let mut messages = messages(number);
    assert_eq!(messages.messages.len(), 1);
    assert_eq!(messages.statuses, []);
    messages.messages.remove(0)
}

pub(crate) fn content(number: &str) -> Content {
    message(number).content
}

pub(crate) fn status(number: &str) -> Status {
    let mut messages = messages(number);
    assert_eq!(messages.statuses.len(), 1);
    assert_eq!(messages.messages, []);
    messages.statuses.remove(0)
}
