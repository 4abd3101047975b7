//! What a command prints: its result to standard output, what went wrong to standard error.

use crate::app::App;
use serde_json::{Value, json};
use std::io::Write as _;

/// One line, or several, of a result. A reader that went away is no failure: `zelo config | head` is fine.
pub(super) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end_matches('\n'));
    let _ = out.flush();
}

/// A result for programs, in one line.
pub(super) fn json(value: &Value) {
    line(&value.to_string());
}

/// A result in the form that was asked for.
pub(super) fn either(as_json: bool, value: &Value, text: &str) {
    if as_json { json(value) } else { line(text) }
}

/// A process is ready: for programs with the members of a log line, because it stands among them, and `more`.
pub(super) fn ready(app: &App, as_json: bool, (message, more): (&str, Value), text: &str) {
    if !as_json && !app.config.logs_json() {
        return line(text);
    }
    let mut value = json!({
        "timestamp": crate::telemetry::timestamp(app.clock.now()), "level": "info", "service": "zelo", "message": message,
        "target": "zelo::cli",
    });
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        value.extend(more);
    }
    json(&value);
}

/// What went wrong, or is worth a word beside the result.
pub(super) fn aside(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
