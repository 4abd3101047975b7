//! What a piece of JSON must look like, as a constant, and the one walk that compares.

use reqwest::Url;
use serde_json::{Map, Value};

use super::{ContentFault, ContentProblem};

/// Where Meta's pages give no limit.
pub(super) const UNLIMITED: usize = usize::MAX;

/// What a value may be.
pub(super) enum Shape {
    /// A text that says something, of at most so many characters.
    Words(usize),
    /// A text of at most so many characters, also an empty one.
    Text(usize),
    Flag,
    /// A whole number up to this one, also written as a text.
    Index(u64),
    /// A number, also written as a text, at most so far from zero.
    Degrees(f64),
    /// An address of the web.
    Link,
    /// `YYYY-MM-DD`.
    Date,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// An object with these members and no other.
    Object(&'static [Part]),
    /// An object with any members.
    AnyObject,
    /// An object whose `type` says which members it has besides.
    Typed(&'static [(&'static str, &'static [Part])]),
    /// One to so many of these.
    List(usize, &'static Shape),
    /// Any number of these, also none.
    AnyList(&'static Shape),
    /// A shape, and a rule between its parts.
    Ruled(&'static Shape, Rule),
}

/// What holds between the parts of a value that stands at a path.
pub(super) type Rule = fn(&Value, &str, &mut Vec<ContentFault>);

/// A member of an object.
pub(super) struct Part {
    name: &'static str,
    is_needed: bool,
    shape: Shape,
}

pub(super) const fn needed(name: &'static str, shape: Shape) -> Part {
    Part { name, is_needed: true, shape }
}

pub(super) const fn optional(name: &'static str, shape: Shape) -> Part {
    Part { name, is_needed: false, shape }
}

/// So many faults are enough to mend a message by; a body full of them is no message.
const MOST_FAULTS: usize = 100;

pub(super) fn report(faults: &mut Vec<ContentFault>, field: impl Into<String>, problem: ContentProblem) {
    if faults.len() < MOST_FAULTS {
        faults.push(ContentFault { field: field.into(), problem });
    }
}

pub(super) fn not_one_of<'w>(words: impl Iterator<Item = &'w str>) -> ContentProblem {
    let words: Vec<&str> = words.collect();
    ContentProblem::Invalid(format!("This must be one of {}.", words.join(", ")))
}

impl Shape {
    /// Compares `value`, which stands at `path`, and reports everything that is not as it must be.
    pub(super) fn check(&self, value: &Value, path: &str, faults: &mut Vec<ContentFault>) {
        match self {
            Self::Object(parts) => check_object(parts, value, path, faults),
            Self::AnyObject if value.is_object() => {}
            Self::AnyObject => report(faults, path, ContentProblem::WrongType("an object")),
            Self::Typed(types) => check_typed(types, value, path, faults),
            Self::List(most, item) => {
                if value.as_array().is_some_and(Vec::is_empty) {
                    report(faults, path, ContentProblem::Missing);
                }
                check_list(*most, item, value, path, faults);
            }
            Self::AnyList(item) => check_list(UNLIMITED, item, value, path, faults),
            Self::Ruled(shape, rule) => {
                shape.check(value, path, faults);
                rule(value, path, faults);
            }
            simple => {
                if let Err(problem) = simple.check_simple(value) {
                    report(faults, path, problem);
                }
            }
        }
    }

    fn check_simple(&self, value: &Value) -> Result<(), ContentProblem> {
        let invalid = |sentence: &str| Err(ContentProblem::Invalid(sentence.to_owned()));
        match self {
            Self::Flag if value.is_boolean() => return Ok(()),
            Self::Flag => return Err(ContentProblem::WrongType("true or false")),
            Self::Index(most) => {
                let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
                let fits = number.is_some_and(|number| number <= *most);
                return if fits { Ok(()) } else { Err(ContentProblem::WrongType("a small whole number")) };
            }
            Self::Degrees(most) => {
                let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
                return match number {
                    Some(number) if number.abs() <= *most => Ok(()),
                    Some(_) => invalid(&format!("This must lie between -{most} and {most}.")),
                    None => Err(ContentProblem::WrongType("a number")),
                };
            }
            _ => {}
        }
        let Some(text) = value.as_str() else { return Err(ContentProblem::WrongType("a text")) };
        match self {
            Self::Words(_) if text.trim().is_empty() => Err(ContentProblem::Missing),
            Self::Words(most) | Self::Text(most) if text.chars().count() > *most => {
                Err(ContentProblem::TooLong(*most))
            }
            Self::OneOf(words) if !words.contains(&text) => Err(not_one_of(words.iter().copied())),
            Self::Link if !is_web_address(text) => {
                invalid("This must be an address with https:// or http://.")
            }
            Self::Date if !is_date(text) => invalid("This must be a date such as 1990-04-21."),
            _ => Ok(()),
        }
    }
}

fn check_object(parts: &[Part], value: &Value, path: &str, faults: &mut Vec<ContentFault>) {
    let Some(members) = value.as_object() else {
        return report(faults, path, ContentProblem::WrongType("an object"));
    };
    check_members(parts, members, path, faults);
    for name in members.keys().filter(|name| !parts.iter().any(|part| part.name == **name)) {
        report(faults, format!("{path}.{name}"), ContentProblem::Unknown);
    }
}

fn check_members(parts: &[Part], members: &Map<String, Value>, path: &str, faults: &mut Vec<ContentFault>) {
    for part in parts {
        let path = format!("{path}.{}", part.name);
        match members.get(part.name) {
            Some(value) => part.shape.check(value, &path, faults),
            None if part.is_needed => report(faults, path, ContentProblem::Missing),
            None => {}
        }
    }
}

fn check_typed(
    types: &[(&'static str, &'static [Part])],
    value: &Value,
    path: &str,
    faults: &mut Vec<ContentFault>,
) {
    let Some(members) = value.as_object() else {
        return report(faults, path, ContentProblem::WrongType("an object"));
    };
    let at = format!("{path}.type");
    let Some(kind) = members.get("type") else { return report(faults, at, ContentProblem::Missing) };
    let Some((_, parts)) = types.iter().find(|(name, _)| Some(*name) == kind.as_str()) else {
        return report(faults, at, not_one_of(types.iter().map(|(name, _)| *name)));
    };
    check_members(parts, members, path, faults);
    let is_known = |name: &str| name == "type" || parts.iter().any(|part| part.name == name);
    for name in members.keys().filter(|name| !is_known(name)) {
        report(faults, format!("{path}.{name}"), ContentProblem::Unknown);
    }
}

fn check_list(most: usize, item: &Shape, value: &Value, path: &str, faults: &mut Vec<ContentFault>) {
    let Some(items) = value.as_array() else {
        return report(faults, path, ContentProblem::WrongType("a list"));
    };
    if items.len() > most {
        report(faults, path, ContentProblem::TooMany(most));
    }
    // Of a list that is far too long it is enough to know that it is.
    for (place, value) in items.iter().take(most.saturating_add(1)).enumerate() {
        item.check(value, &format!("{path}[{place}]"), faults);
    }
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_date(text: &str) -> bool {
    let digits =
        |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let within = |part: &str, most: u8| part.parse::<u8>().is_ok_and(|number| (1..=most).contains(&number));
    digits(year, 4) && digits(month, 2) && digits(day, 2) && within(month, 12) && within(day, 31)
}
