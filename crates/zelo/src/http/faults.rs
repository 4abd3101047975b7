//! Every fault of a body at once.
//!
//! serde stops at the first thing that does not fit. A person who fills in a form wants to hear of all of them, so after
//! a first fault the body is read again and again: each fault is noted, what is wrong is replaced by something that
//! fits, and reading goes on behind it. Nothing that was put in is ever used.

use super::json::{field_error, place_of};
use crate::error::FieldError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::{Path, Segment};

/// Larger bodies are told their first fault only: each fault costs another reading.
const LARGEST: usize = 64 * 1024;
/// Readings of one body. A fault takes one to a dozen, so that some twenty are found; nobody mends more at once.
const READINGS: usize = 250;

/// What fits somewhere in our types, in the order in which it is tried: texts, numbers, ids, times.
fn candidates() -> [Value; 10] {
    [
        json!(""),
        json!(0),
        json!("00000000-0000-0000-0000-000000000000"),
        json!(false),
        json!({}),
        json!([]),
        json!("2000-01-01T00:00:00Z"),
        json!("ana@example.com"),
        json!(1),
        Value::Null,
    ]
}

/// A place that was mended, and what was put there already.
struct Mended {
    place: Vec<String>,
    tried: Vec<Value>,
}

/// All faults of a body that does not fit `T`; `first` is what serde said of it.
pub(super) fn find_all<T: DeserializeOwned>(bytes: &[u8], first: FieldError) -> Vec<FieldError> {
    let value = (bytes.len() <= LARGEST).then(|| serde_json::from_slice::<Value>(bytes).ok()).flatten();
    let Some(mut value) = value else { return vec![first] };
    let (mut faults, mut mended): (Vec<FieldError>, Vec<Mended>) = (Vec::new(), Vec::new());
    for _ in 0..READINGS {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(_) => break,
            Err(error) => error,
        };
        let path = steps(error.path());
        let text = error.inner().to_string();
        let place = place_of(&path, &text);
        let is_ours = mended.iter().any(|mended| place.starts_with(&mended.place));
        if !is_ours {
            faults.push(field_error(&place.join("."), &text));
        }
        let is_done = if text.starts_with("unknown field") {
            remove(&mut value, &place)
        } else {
            mend(&mut value, &place, &text, &mut mended)
        };
        if is_done.is_none() {
            break;
        }
    }
    if faults.is_empty() { vec![first] } else { faults }
}

/// The way to a place: names of fields and numbers of items.
pub(super) fn steps(path: &Path) -> Vec<String> {
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    };
    path.iter().filter_map(step).collect()
}

fn remove(value: &mut Value, place: &[String]) -> Option<()> {
    let (name, parent) = place.split_last()?;
    find(value, parent)?.as_object_mut()?.remove(name).map(drop)
}

/// Put the next thing that may fit at a place. None when there is nothing left to try.
fn mend(value: &mut Value, place: &[String], text: &str, mended: &mut Vec<Mended>) -> Option<()> {
    let index = mended.iter().position(|mended| mended.place == place).unwrap_or_else(|| {
        mended.push(Mended { place: place.to_vec(), tried: Vec::new() });
        mended.len() - 1
    });
    let tried = &mut mended.get_mut(index)?.tried;
    let next = hint(text).into_iter().chain(candidates()).find(|candidate| !tried.contains(candidate))?;
    tried.push(next.clone());
    put(value, place, next)
}

/// What serde says that it expects.
fn hint(text: &str) -> Option<Value> {
    let (_, wanted) = text.rsplit_once("expected ")?;
    if text.starts_with("unknown variant") {
        return wanted.split('`').nth(1).map(|variant| json!(variant));
    }
    Some(match wanted.trim_start_matches("a ").split_whitespace().next()? {
        "string" => json!(""),
        "boolean" => json!(false),
        "struct" | "map" => Value::Object(Map::new()),
        "sequence" | "tuple" => json!([]),
        word if word.starts_with(['u', 'i', 'f']) => json!(0),
        _ => return None,
    })
}

fn put(value: &mut Value, place: &[String], new: Value) -> Option<()> {
    let Some((name, parent)) = place.split_last() else {
        *value = new;
        return Some(());
    };
    match find(value, parent)? {
        Value::Object(fields) => {
            fields.insert(name.clone(), new);
        }
        Value::Array(items) => *items.get_mut(name.parse::<usize>().ok()?)? = new,
        _ => return None,
    }
    Some(())
}

fn find<'v>(value: &'v mut Value, place: &[String]) -> Option<&'v mut Value> {
    place.iter().try_fold(value, |inside, step| match inside {
        Value::Object(fields) => fields.get_mut(step),
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    })
}
