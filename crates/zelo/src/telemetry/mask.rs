//! Keeping people's data and secrets out of the log, whatever is written to it.
//!
//! Code should not log such data in the first place; this is the net below it. It finds what has a shape: e-mail
//! addresses, phone numbers, CPF and CNPJ, message ids of WhatsApp (which hold the phone number in Base64), tokens and
//! keys. Names and message texts have none and must never be logged.
//!
//! One pass over the bytes, nothing kept: a line costs a few hundred nanoseconds.

use std::net::Ipv4Addr;
use uuid::Uuid;

const EMAIL: &str = "[email]";
const NUMBER: &str = "[number]";
const SECRET: &str = "[secret]";

/// Digits from which on a number may be a telephone's: a Brazilian landline without its area code has eight.
const LEAST_DIGITS: usize = 8;
/// Letters and digits in a row from which on a word counts as a key: 30 random bytes in Base64 have forty.
const LEAST_KEY: usize = 40;
/// How secrets of known services begin, with the least length of the whole: Meta, OpenAI, webhooks, Google, Slack, AWS.
const PREFIXES: &[(&str, usize)] = &[
    ("EAA", 20),
    ("sk-", 16),
    ("sk_", 16),
    ("pk_", 16),
    ("whsec_", 12),
    ("AIza", 20),
    ("xoxb-", 12),
    ("xoxp-", 12),
    ("AKIA", 16),
    ("ghp_", 16),
    ("zelo_", 24),
];
/// Ends of names whose values are secrets, as in `access_token=…` or `"password": "…"`.
const SECRET_NAMES: &[&str] =
    &["password", "passwd", "secret", "token", "api_key", "apikey", "api-key", "authorization", "cookie"];

/// What a word turned out to be.
enum Word {
    /// Nothing special: look at its digits.
    Plain,
    /// An id that is needed to follow things: leave it.
    Id,
    /// Not to be shown.
    Hidden(&'static str),
    /// The word after this one is not to be shown (`Bearer`, `Basic`).
    Announces,
}

/// Write `text` with everything that looks like a person's data or a secret replaced.
pub(crate) fn mask(text: &str, out: &mut String) {
    Masker { text, out, copied: 0 }.run();
}

struct Masker<'a> {
    text: &'a str,
    out: &'a mut String,
    /// Everything before this byte has been written. It always lies between two characters.
    copied: usize,
}

impl Masker<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn slice(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// The end of the run of bytes from `from` that `fits`.
    fn run_end(&self, from: usize, fits: impl Fn(u8) -> bool) -> usize {
        let mut at = from;
        while self.byte(at).is_some_and(&fits) {
            at += 1;
        }
        at
    }

    /// Write `instead` for the bytes `from..to`.
    fn replace(&mut self, from: usize, to: usize, instead: &str) {
        if from >= self.copied {
            let before = self.text.get(self.copied..from).unwrap_or_default();
            self.out.push_str(before);
            self.out.push_str(instead);
        }
        self.copied = to;
    }

    fn run(mut self) {
        let mut at = 0;
        while let Some(byte) = self.byte(at) {
            at = match byte {
                b'@' => self.email(at, at + 1),
                b'%' if self.slice(at, at + 3) == "%40" => self.email(at, at + 3),
                b'+' | b'(' => self.number(at),
                _ if is_word(byte) => self.word(at),
                _ => at + 1,
            };
        }
        let rest = self.text.get(self.copied..).unwrap_or_default();
        self.out.push_str(rest);
    }

    /// A word that begins at `at`; returns where to go on.
    fn word(&mut self, at: usize) -> usize {
        let end = self.run_end(at, is_word);
        match classify(self.slice(at, end), self.text.get(end..).unwrap_or_default()) {
            Word::Id => end,
            Word::Hidden(instead) => {
                let end = if instead == SECRET || self.byte(end) == Some(b'.') {
                    self.run_end(end, |byte| is_word(byte) || matches!(byte, b'.' | b'=' | b'/' | b'+'))
                } else {
                    end
                };
                self.replace(at, end, instead);
                end
            }
            Word::Announces => {
                let from = self.run_end(end, |byte| byte == b' ');
                self.secret(from)
            }
            Word::Plain => self.plain(at, end),
        }
    }

    fn plain(&mut self, at: usize, end: usize) -> usize {
        let word = self.slice(at, end).to_ascii_lowercase();
        if SECRET_NAMES.iter().any(|name| word.ends_with(name))
            && let Some(value) = self.value_after(end)
        {
            return self.secret(value);
        }
        // Digits may stand behind letters, as in "tel5511987654321".
        let digits = self.run_end(at, |byte| is_word(byte) && !byte.is_ascii_digit());
        if digits < end { self.number(digits) } else { end }
    }

    /// Where the value of a name that ended at `end` begins, if one follows: `="x`, `\": \"x`, `: x`.
    fn value_after(&self, end: usize) -> Option<usize> {
        let is_quote = |byte| matches!(byte, b'"' | b'\'' | b'\\' | b' ');
        let sign = self.run_end(end, is_quote);
        self.byte(sign).filter(|byte| matches!(byte, b':' | b'='))?;
        let value = self.run_end(sign + 1, is_quote);
        // `http::cookie::…` is a path, not a value.
        self.byte(value).filter(|byte| *byte != b':').map(|_| value)
    }

    /// Hide the value at `from` up to where values end.
    fn secret(&mut self, from: usize) -> usize {
        let ends = |byte: u8| byte.is_ascii_whitespace() || b"\"'\\,;&}])".contains(&byte);
        let end = self.run_end(from, |byte| !ends(byte));
        if end == from {
            return from;
        }
        let announces =
            ["bearer", "basic"].iter().any(|word| self.slice(from, end).eq_ignore_ascii_case(word));
        self.replace(from, end, SECRET);
        if announces { self.secret(self.run_end(end, |byte| byte == b' ')) } else { end }
    }

    /// An `@` at `at`: hide what stands on both sides of it.
    fn email(&mut self, at: usize, after: usize) -> usize {
        let is_part = |byte: u8| !byte.is_ascii() || is_word(byte) || b".+%:!#$*~".contains(&byte);
        let mut from = at;
        while from > self.copied && self.byte(from - 1).is_some_and(is_part) {
            from -= 1;
        }
        let is_host =
            |byte: u8| !byte.is_ascii() || byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        let end = self.run_end(after, is_host);
        // The part before may be hidden already, where it was a number: "5511987654321@c.us".
        let has_local = from < at || (self.copied == at && self.out.ends_with(']'));
        if end == after || !has_local {
            return after;
        }
        self.replace(from, end, EMAIL);
        end
    }

    /// A number that begins at `at`, with the signs that people write between its digits; returns where to go on.
    fn number(&mut self, at: usize) -> usize {
        if let Some(end) = self.date_end(at).or_else(|| self.address_end(at)) {
            return end;
        }
        let (mut end, mut digits, mut gap, mut look) = (at, 0, 0, at);
        while let Some(byte) = self.byte(look) {
            if byte.is_ascii_digit() {
                digits += 1;
                gap = 0;
                look += 1;
                end = look;
            } else if let Some(width) = self.separator(look).filter(|_| gap < 3) {
                gap += 1;
                look += width;
            } else {
                break;
            }
        }
        if digits >= LEAST_DIGITS {
            self.replace(at, end, NUMBER);
        }
        end.max(at + 1)
    }

    /// The width of a sign that stands between digits: the usual ones, and the spaces and dashes that word processors
    /// put in their place.
    fn separator(&self, at: usize) -> Option<usize> {
        match self.byte(at)? {
            b' ' | b'.' | b'-' | b'/' | b'(' | b')' | b'+' | b'_' => Some(1),
            0xC2 => (self.byte(at + 1)? == 0xA0).then_some(2),
            0xE2 => {
                (self.byte(at + 1)? == 0x80 && matches!(self.byte(at + 2)?, 0x80..=0x95 | 0xAF)).then_some(3)
            }
            _ => None,
        }
    }

    /// The end of a date such as 2026-11-21.
    fn date_end(&self, at: usize) -> Option<usize> {
        let text = self.text.get(at..at + 10)?;
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let in_range = |part: &str, least: u16, most: u16| {
            part.parse::<u16>().is_ok_and(|it| (least..=most).contains(&it))
        };
        let is_date = year.len() == 4
            && month.len() == 2
            && in_range(year, 1900, 2199)
            && in_range(month, 1, 12)
            && in_range(day, 1, 31);
        let more = self.byte(at + 10).is_some_and(|byte| byte.is_ascii_digit() || byte == b'-');
        (is_date && !more).then_some(at + 10)
    }

    /// The end of a network address such as 192.168.100.200.
    fn address_end(&self, at: usize) -> Option<usize> {
        let end = self.run_end(at, |byte| byte.is_ascii_digit() || byte == b'.');
        let followed = self.byte(end).is_some_and(|byte| matches!(byte, b'-' | b'/'));
        (!followed && self.slice(at, end).parse::<Ipv4Addr>().is_ok()).then_some(end)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// What a word is; `rest` is the text behind it.
fn classify(word: &str, rest: &str) -> Word {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    if word.len() == 36 && Uuid::try_parse(word).is_ok() {
        return Word::Id;
    }
    // Trace and span ids. One without any letter could as well be a padded telephone number.
    let is_lower_hex = word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if matches!(word.len(), 16 | 32) && is_lower_hex && letters > 1 && !has_long_number(word) {
        return Word::Id;
    }
    if word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic") {
        // "basic settings" is no secret; "Basic dXNlcjpwYXNz" is.
        let next = rest.trim_start_matches(' ').split([' ', '"', '\'', ',']).next().unwrap_or_default();
        let is_credential = next.len() >= 8 && !next.bytes().all(|byte| byte.is_ascii_lowercase());
        return if is_credential || word.eq_ignore_ascii_case("bearer") {
            Word::Announces
        } else {
            Word::Plain
        };
    }
    if word == "wamid" && rest.starts_with('.') {
        return Word::Hidden("[wamid]");
    }
    let is_token = word.starts_with("eyJ") && word.len() >= 16;
    let is_known = PREFIXES.iter().any(|(prefix, least)| word.starts_with(prefix) && word.len() >= *least);
    let is_key = word.len() >= LEAST_KEY && digits > 0 && letters > 0;
    if is_token || is_known || is_key {
        return Word::Hidden(SECRET);
    }
    if is_cnpj(word) || is_written_cnpj(word, rest) {
        return Word::Hidden(NUMBER);
    }
    Word::Plain
}

/// Eleven digits in a row, which a random id has once in a few thousand times: hiding it then costs little.
fn has_long_number(word: &str) -> bool {
    word.split(|letter: char| !letter.is_ascii_digit()).any(|run| run.len() >= 11)
}

/// Whether a word is a company's number (CNPJ) without its signs, whose check digits tell; since July 2026 it may hold
/// letters (Instrução Normativa RFB 2.229/2024).
fn is_cnpj(word: &str) -> bool {
    if word.len() != 14 || !word.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return false;
    }
    let values: Vec<u32> = word.bytes().map(|byte| u32::from(byte) - u32::from(b'0')).collect();
    [12, 13].into_iter().all(|length| {
        let weights = (2..=9).cycle();
        let sum: u32 =
            values.iter().take(length).rev().zip(weights).map(|(value, weight)| value * weight).sum();
        let check = match sum % 11 {
            0 | 1 => 0,
            rest => 11 - rest,
        };
        values.get(length) == Some(&check)
    })
}

/// Whether a company's number with its signs begins with this word: `12.ABC.345/01DE-35`.
fn is_written_cnpj(word: &str, rest: &str) -> bool {
    let is_part = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    let mut parts = rest.get(..16).unwrap_or_default().split(['.', '/', '-']);
    is_part(word, 2)
        && parts.next() == Some("")
        && parts.next().is_some_and(|part| is_part(part, 3))
        && parts.next().is_some_and(|part| is_part(part, 3))
        && parts.next().is_some_and(|part| is_part(part, 4))
        && parts.next().is_some_and(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
}
