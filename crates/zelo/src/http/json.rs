//! JSON bodies, read one way only.
//!
//! Two parsers that read the same bytes differently are a way around checks, so what they may differ in is refused:
//! a key that comes twice, nesting deeper than 128, numbers out of range (ASVS 1.5.3).

use super::faults;
use crate::{
    Error,
    error::{FieldError, Result},
};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, OptionalFromRequest, Request},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor},
};
use std::{collections::HashSet, fmt};

/// A JSON body, in or out. Types that are read should `deny_unknown_fields`, so that a mistyped name is an error.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let bytes = json_bytes(request, state).await?;
        read(&bytes).map(Self)
    }
}

/// A body that may be missing altogether; one that is there is read as strictly as any.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>> {
        let says_json = is_json(request.headers());
        let bytes = body_bytes(request, state).await?;
        match bytes.trim_ascii().is_empty() {
            true => Ok(None),
            false if says_json => read(&bytes).map(|value| Some(Self(value))),
            false => Err(Error::UnsupportedMediaType),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => json_response(Body::from(bytes)),
            Err(error) => Error::internal(error).into_response(),
        }
    }
}

/// An answer whose body is JSON already.
pub(super) fn json_response(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The bytes of a body that says it is JSON. A form of another site cannot say so, which is one half of the guard
/// against forged requests.
pub(super) async fn json_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    if !is_json(request.headers()) {
        return Err(Error::UnsupportedMediaType);
    }
    body_bytes(request, state).await
}

pub(crate) async fn body_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            Error::PayloadTooLarge
        } else {
            Error::Malformed("The body could not be read to its end.".to_owned())
        }
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Read a value strictly.
///
/// # Errors
/// 400 for what is no proper JSON, 422 naming every field that does not fit `T`.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    if let Err(error) = serde_json::from_slice::<Unambiguous>(bytes) {
        return Err(Error::Malformed(format!("The body is no proper JSON: {error}.")));
    }
    // Structs can be read from lists too, by position; no client should come to rely on that.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(Error::invalid("", "wrong_type", "The body must be an object."));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let text = error.inner().to_string();
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
        let path = faults::steps(error.path());
        let first = field_error(&place_of(&path, text).join("."), text);
        Error::Invalid(faults::find_all::<T>(bytes, first))
    })
}

/// Where a fault is: a field that is missing or unknown is named in the text, what holds it by the path. The path of an
/// unknown field ends with it already.
pub(super) fn place_of(path: &[String], text: &str) -> Vec<String> {
    let mut place = path.to_vec();
    let names_it =
        ["missing field", "unknown field", "duplicate field"].iter().any(|kind| text.starts_with(kind));
    if let Some(name) = text.split('`').nth(1).filter(|_| names_it)
        && (text.starts_with("missing") || place.last().is_none_or(|last| last != name))
    {
        place.push(name.to_owned());
    }
    place
}

/// What is wrong with which field, in words that do not repeat the value.
pub(super) fn field_error(place: &str, text: &str) -> FieldError {
    if text.starts_with("missing field") {
        FieldError::new(place, "required", "This field is required.")
    } else if text.starts_with("unknown field") {
        FieldError::new(place, "unknown", "There is no such field.")
    } else if text.starts_with("duplicate field") {
        FieldError::new(place, "duplicate", "This field is given under two names.")
    } else if text.starts_with("unknown variant") {
        let known = text.rsplit_once(", expected ").map_or("", |(_, known)| known);
        FieldError::new(place, "unknown_value", format!("This must be {known}."))
    } else if ["invalid type", "invalid value", "invalid length"].iter().any(|kind| text.starts_with(kind)) {
        let wanted = text.rsplit_once("expected ").map_or("", |(_, wanted)| wanted);
        FieldError::new(place, "wrong_type", format!("This must be {}.", in_words(wanted)))
    } else {
        FieldError::new(place, "invalid", text)
    }
}

/// What a field must be, in a client's words instead of Rust's.
fn in_words(wanted: &str) -> &str {
    match wanted.split_whitespace().next().unwrap_or_default() {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "struct" | "map" => "an object",
        "enum" | "variant" => "one of the known values",
        "sequence" | "tuple" => "a list",
        "unit" => "null",
        // serde's own texts for the rest read well: "a string", "a boolean", "a sequence".
        _ if wanted.is_empty() || wanted.contains("struct") => "another kind of value",
        _ => wanted,
    }
}

/// No text of people holds it, PostgreSQL stores none, and C programs end a text at it.
const NUL: &str = "a text holds the character U+0000";

/// Walks over any JSON and keeps nothing, only to see that every object has each key once and no text holds U+0000. The
/// parser itself refuses nesting deeper than 128 and numbers out of range.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Unambiguous;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Unambiguous, E> {
        if text.contains('\0') { Err(E::custom(NUL)) } else { Ok(Unambiguous) }
    }

    fn visit_unit<E>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unambiguous, A::Error> {
        while items.next_element::<Unambiguous>()?.is_some() {}
        Ok(Unambiguous)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unambiguous, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key.contains('\0') {
                return Err(A::Error::custom(NUL));
            }
            if !keys.insert(key) {
                return Err(A::Error::custom("a key comes twice in one object"));
            }
            entries.next_value::<Unambiguous>()?;
        }
        Ok(Unambiguous)
    }
}
