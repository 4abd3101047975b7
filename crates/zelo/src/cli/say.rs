//! What a command prints: its result to standard output, what went wrong to standard error.

use serde_json::Value;
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

/// What went wrong, or is worth a word beside the result.
pub(super) fn aside(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
