//! Reading what Meta writes in more than one way.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeOwned, Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A piece of JSON that could not be read, exactly as it arrived.
///
/// It is a string inside any JSON it is stored in, so that it survives every kind of nesting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(Box<str>);

impl Raw {
    /// The JSON text.
    pub fn get(&self) -> &str {
        &self.0
    }
}

impl From<&RawValue> for Raw {
    fn from(raw: &RawValue) -> Self {
        Self(raw.get().into())
    }
}

/// A JSON object whose values are read one by one.
pub(crate) struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    pub(crate) fn read(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok().map(Self)
    }

    /// The value, or nothing if it is absent, null or of another shape.
    pub(crate) fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// A text that may be written as a number.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get::<TextOrNumber>(name).map(|text| text.0)
    }

    /// Unix seconds that may be written as a text.
    pub(crate) fn seconds(&self, name: &str) -> Option<i64> {
        self.get::<Seconds>(name).map(|seconds| seconds.0)
    }

    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied()
    }

    /// The elements of a list; none if there is no list.
    pub(crate) fn list(&self, name: &str) -> Vec<&'a RawValue> {
        self.raw(name).and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct TextOrNumber(#[serde(deserialize_with = "text")] String);

#[derive(Deserialize)]
struct Seconds(#[serde(deserialize_with = "seconds")] i64);

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A text, also where Meta writes a number (template ids, limits).
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_any(TextVisitor)?.ok_or_else(|| D::Error::custom("a text is missing"))
}

/// The same for a field that may be absent or null.
pub(crate) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(TextVisitor)
}

/// Unix seconds: a text in messages and statuses, a number elsewhere.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    deserializer.deserialize_any(NumberVisitor)?.ok_or_else(|| D::Error::custom("a time is missing"))
}

/// An integer that may be a text, absent or null.
pub(crate) fn optional_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    deserializer.deserialize_any(NumberVisitor)
}

/// The position of something in a short list, which may be a text.
pub(crate) fn position<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let number = deserializer.deserialize_any(NumberVisitor)?;
    number
        .and_then(|number| u8::try_from(number).ok())
        .ok_or_else(|| D::Error::custom("invalid value: expected a position from 0 to 255"))
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer, or a text that holds one")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        value.parse().map(Some).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        i64::try_from(value).map(Some).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A coordinate, which some senders write as a text.
pub(crate) fn degrees<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    struct DegreesVisitor;

    impl Visitor<'_> for DegreesVisitor {
        type Value = f64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number, or a text that holds one")
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<f64, E> {
            value
                .parse()
                .ok()
                .filter(|degrees: &f64| degrees.is_finite())
                .ok_or_else(|| E::custom("not a number"))
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
            Ok(value)
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
            u32::try_from(value).map(f64::from).map_err(E::custom)
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
            i32::try_from(value).map(f64::from).map_err(E::custom)
        }
    }

    deserializer.deserialize_any(DegreesVisitor)
}
