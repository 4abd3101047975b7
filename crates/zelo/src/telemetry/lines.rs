//! Log lines: one event, one line, masked, and safe against text that tries to look like more lines.

use super::{Clock, mask::mask};
use crate::{clock::Millis, http::current};
use chrono::{DateTime, SecondsFormat};
use std::{
    cell::RefCell,
    fmt::{self, Write as _},
    io::Write,
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// Names that every line has; a field of an event with the same name gets `field.` before it.
const OWN_NAMES: &[&str] =
    &["timestamp", "level", "service", "message", "request_id", "trace_id", "tenant_id", "user_id", "target"];
/// Fields whose text is never shown, by the end of their names.
const HIDDEN_NAMES: &[&str] = &[
    "password",
    "secret",
    "token",
    "authorization",
    "cookie",
    "api_key",
    "phone",
    "email",
    "cpf",
    "cnpj",
    "document",
];
/// Numbers of Meta's that are long and belong to the business, not to a person; without them its support cannot help.
const OPEN_NAMES: &[&str] = &["phone_number_id", "waba_id"];

/// Where lines go, with what is known of their event. A line that cannot be written is lost: the log must never stop the
/// work.
pub(crate) type Sink = Box<dyn Fn(&Metadata<'_>, &[u8]) + Send + Sync>;

/// Standard output, a line at a time.
pub(super) fn to_stdout() -> Sink {
    Box::new(|_, line| {
        let _ = std::io::stdout().lock().write_all(line);
    })
}

/// Writes each event as a line.
pub(crate) struct Lines {
    json: bool,
    clock: Clock,
    sink: Sink,
}

impl Lines {
    pub(crate) fn new(json: bool, clock: Clock, sink: Sink) -> Self {
        Self { json, clock, sink }
    }
}

thread_local! {
    /// Reused, so that a line allocates nothing once the buffers have grown.
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

#[derive(Default)]
struct Buffers {
    message: String,
    fields: String,
    scratch: String,
    line: String,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        BUFFERS.with(|buffers| {
            // A value whose Debug logs while it is being logged finds the buffers taken, and its line is dropped.
            let Ok(mut buffers) = buffers.try_borrow_mut() else { return };
            let buffers = &mut *buffers;
            buffers.message.clear();
            buffers.fields.clear();
            buffers.line.clear();
            event.record(&mut Fields { json: self.json, buffers });
            let metadata = event.metadata();
            if self.json {
                self.write_json(metadata.level(), metadata.target(), buffers);
            } else {
                self.write_text(metadata.level(), metadata.target(), buffers);
            }
            buffers.line.push('\n');
            (self.sink)(metadata, buffers.line.as_bytes());
        });
    }
}

impl Lines {
    fn timestamp(&self) -> String {
        timestamp((self.clock)())
    }

    fn write_json(&self, level: &Level, target: &str, buffers: &mut Buffers) {
        let line = &mut buffers.line;
        let _ = write!(
            line,
            r#"{{"timestamp":"{}","level":"{}","service":"zelo","message":"#,
            self.timestamp(),
            name(level)
        );
        quote(&buffers.message, line);
        if let Some(current) = current() {
            for (name, id) in [("request_id", &current.ids.request_id), ("trace_id", &current.ids.trace_id)] {
                buffers.scratch.clear();
                // A client may have chosen them.
                mask(id, &mut buffers.scratch);
                let _ = write!(line, r#","{name}":"#);
                quote(&buffers.scratch, line);
            }
            let caller = current.caller();
            if let Some(tenant) = caller.and_then(|caller| caller.tenant_id) {
                let _ = write!(line, r#","tenant_id":"{tenant}""#);
            }
            if let Some(user) = caller.and_then(|caller| caller.user_id) {
                let _ = write!(line, r#","user_id":"{user}""#);
            }
        }
        line.push_str(r#","target":"#);
        quote(target, line);
        line.push_str(&buffers.fields);
        line.push('}');
    }

    fn write_text(&self, level: &Level, target: &str, buffers: &mut Buffers) {
        let line = &mut buffers.line;
        let _ = write!(line, "{} {:5} ", self.timestamp(), name(level).to_uppercase());
        escape(&buffers.message, line);
        line.push_str(&buffers.fields);
        let _ = write!(line, " target={target}");
        if let Some(current) = current() {
            buffers.scratch.clear();
            mask(&current.ids.request_id, &mut buffers.scratch);
            let _ = write!(line, " request_id={}", buffers.scratch);
        }
    }
}

/// A time as lines write it: RFC 3339, UTC, milliseconds.
pub(crate) fn timestamp(time: Millis) -> String {
    DateTime::from_timestamp_millis(time).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn name(level: &Level) -> &'static str {
    match *level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// Gathers the fields of one event, masked and ready to be written.
struct Fields<'a> {
    json: bool,
    buffers: &'a mut Buffers,
}

impl Fields<'_> {
    /// Begin a field: `,"name":` or ` name=`.
    fn begin(&mut self, name: &str) {
        let fields = &mut self.buffers.fields;
        let prefix = if OWN_NAMES.contains(&name) { "field." } else { "" };
        let _ = if self.json {
            write!(fields, r#","{prefix}{name}":"#)
        } else {
            write!(fields, " {prefix}{name}=")
        };
    }

    fn text(&mut self, name: &str, value: &str) {
        if name == "message" {
            mask(value, &mut self.buffers.message);
            return;
        }
        self.begin(name);
        let mut shown = std::mem::take(&mut self.buffers.scratch);
        shown.clear();
        if HIDDEN_NAMES.iter().any(|hidden| name.ends_with(hidden)) {
            shown.push_str("[hidden]");
        } else if OPEN_NAMES.contains(&name) && value.bytes().all(|byte| byte.is_ascii_digit()) {
            shown.push_str(value);
        } else {
            mask(value, &mut shown);
        }
        quote(&shown, &mut self.buffers.fields);
        self.buffers.scratch = shown;
    }

    /// A number stays one, unless it could be a person's. Counts, sizes and times end in their units and may be long.
    fn number(&mut self, name: &str, value: impl fmt::Display, magnitude: u128) {
        let has_unit = ["_ms", "_us", "_ns", "_bytes", "_at", "_seconds", "_total", "seq"]
            .iter()
            .any(|unit| name.ends_with(unit));
        if magnitude < 10_000_000 || has_unit {
            self.begin(name);
            let _ = write!(self.buffers.fields, "{value}");
        } else {
            self.text(name, &value.to_string());
        }
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field.name(), value, value.unsigned_abs().into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field.name(), value, value.into());
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.number(field.name(), value, value.unsigned_abs());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.number(field.name(), value, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.number(field.name(), value, value.abs() as u128);
        } else {
            // JSON has no such numbers.
            self.text(field.name(), if value.is_nan() { "NaN" } else { "infinite" });
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.begin(field.name());
        let _ = write!(self.buffers.fields, "{value}");
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.text(field.name(), &value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field.name(), &format!("{value:?}"));
    }
}

/// Write a JSON string.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
}

/// Write text so that it can neither end its line nor steer a terminal: besides what JSON demands, the controls
/// U+007F to U+009F and the separators U+2028 and U+2029, which some readers take for line ends.
fn escape(text: &str, out: &mut String) {
    let mut plain = 0;
    for (at, letter) in text.char_indices() {
        let is_odd = letter.is_control() || matches!(letter, '"' | '\\' | '\u{2028}' | '\u{2029}');
        if !is_odd {
            continue;
        }
        out.push_str(text.get(plain..at).unwrap_or_default());
        plain = at + letter.len_utf8();
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => {
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
        }
    }
    out.push_str(text.get(plain..).unwrap_or_default());
}
