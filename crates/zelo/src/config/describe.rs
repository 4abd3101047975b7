//! The effective configuration, for people and scripts.

use super::{layers::Layers, names, secret::HIDDEN};
use db::DatabaseUrl;
use serde_json::{Map, Value as Json, json};
use std::fmt::Write as _;
use toml::Value;

/// One setting as it holds.
#[derive(Debug, Clone)]
struct Entry {
    setting: String,
    value: Value,
    origin: String,
}

/// What holds and where it came from, without a secret in it.
#[derive(Debug, Clone, Default)]
pub struct Description {
    entries: Vec<Entry>,
}

impl Description {
    pub(super) fn new(layers: &Layers) -> Self {
        let entries = layers.iter().map(|(setting, value, origin)| Entry {
            setting: setting.to_owned(),
            value: shown(setting, value),
            origin: origin.to_string(),
        });
        Self { entries: entries.collect() }
    }

    /// Lines as in a configuration file, each with where its value came from.
    pub fn to_text(&self) -> String {
        self.entries.iter().fold(String::new(), |mut text, entry| {
            let _ = writeln!(text, "{} = {}  # {}", entry.setting, entry.value, entry.origin);
            text
        })
    }

    /// `{"server.port": {"value": 8080, "from": "default"}, …}`
    pub fn to_json(&self) -> Json {
        let entries = self.entries.iter().map(|entry| {
            let value = serde_json::to_value(&entry.value).unwrap_or(Json::Null);
            (entry.setting.clone(), json!({ "value": value, "from": entry.origin }))
        });
        Json::Object(entries.collect::<Map<_, _>>())
    }
}

/// A secret that is given is hidden; of a database address everything but the password is shown.
fn shown(setting: &str, value: &Value) -> Value {
    let Some(text) = value.as_str().filter(|text| !text.is_empty() && names::SECRETS.contains(&setting))
    else {
        return value.clone();
    };
    let address = setting.starts_with("database.").then(|| DatabaseUrl::parse(text).ok()).flatten();
    Value::String(address.map_or_else(|| HIDDEN.to_owned(), |address| address.to_string()))
}
