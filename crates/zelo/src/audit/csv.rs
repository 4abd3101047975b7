//! Entries as a table for spreadsheets.

use super::Seen;
use crate::api::rfc3339;
use serde_json::Value;

const HEAD: &str = "seq,timestamp,actor_type,actor_id,actor_name,event_type,action,target_type,target_id,outcome,\
                    ip_address,user_agent,changes,details,request_id,trace_id\r\n";

/// Entries as CSV (RFC 4180). A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub fn csv(entries: &[Seen]) -> String {
    let mut text = HEAD.to_owned();
    for entry in entries {
        let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let json = |map: &serde_json::Map<String, Value>| {
            if map.is_empty() { String::new() } else { Value::Object(map.clone()).to_string() }
        };
        let cells = [
            entry.seq.map(|seq| seq.to_string()).unwrap_or_default(),
            rfc3339(entry.at),
            entry.actor_kind.clone(),
            id(entry.actor_id),
            entry.actor_name.clone().unwrap_or_default(),
            entry.event_type.clone(),
            entry.action.clone(),
            entry.target_kind.clone(),
            entry.target_id.clone(),
            entry.outcome.clone(),
            entry.ip_address.clone().unwrap_or_default(),
            entry.user_agent.clone().unwrap_or_default(),
            json(&entry.changes),
            json(&entry.details),
            entry.request_id.clone(),
            entry.trace_id.clone(),
        ];
        let line: Vec<String> = cells.iter().map(|value| cell(value)).collect();
        text.push_str(&line.join(","));
        text.push_str("\r\n");
    }
    text
}

/// The characters that make a formula of what follows (OWASP, "CSV Injection"), full-width forms among them.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

fn cell(text: &str) -> String {
    let guard = if is_formula(text) { "'" } else { "" };
    if guard.is_empty() && !text.contains([',', '"', '\r', '\n', ';']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_a_formula_or_another_cell() {
        assert_eq!(cell("Ana Prado"), "Ana Prado");
        assert_eq!(cell("Prado, Ana"), "\"Prado, Ana\"");
        assert_eq!(cell("a \"b\""), "\"a \"\"b\"\"\"");
        for formula in ["=1+1", "+55 11", "-1", "@SUM(A1)", "\t=1", "\r=1", "\u{ff1d}1"] {
            assert!(cell(formula).starts_with("\"'"), "{formula:?}");
        }
    }
}
