//! One layer of settings over another, remembering where each value came from.
//!
//! The embedded defaults are also the schema: a setting that they do not name does not exist, and a value has the kind
//! that its default has.

use super::names;
use std::{collections::BTreeMap, fmt, path::PathBuf};
use toml::{Table, Value};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// `config.default.toml`.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment name.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Environment(name) | Self::Flag(name) => out.write_str(name),
        }
    }
}

/// All settings by their dotted names, and what was wrong with those that were given.
pub(super) struct Layers {
    defaults: BTreeMap<String, Value>,
    values: BTreeMap<String, (Value, Origin)>,
    pub(super) problems: Vec<String>,
}

impl Layers {
    pub(super) fn new(defaults: &Table) -> Self {
        let mut flat = BTreeMap::new();
        flatten("", defaults, &mut flat);
        let values =
            flat.iter().map(|(name, value)| (name.clone(), (value.clone(), Origin::Default))).collect();
        Self { defaults: flat, values, problems: Vec::new() }
    }

    pub(super) fn knows(&self, setting: &str) -> bool {
        self.defaults.contains_key(setting)
    }

    pub(super) fn origin(&self, setting: &str) -> &Origin {
        self.values.get(setting).map_or(&Origin::Default, |(_, origin)| origin)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value, &Origin)> {
        self.values.iter().map(|(name, (value, origin))| (name.as_str(), value, origin))
    }

    /// Lay a configuration file over what there is.
    pub(super) fn set_table(&mut self, table: &Table, origin: &Origin) {
        let mut given = BTreeMap::new();
        flatten("", table, &mut given);
        for (name, value) in given {
            let Some(default) = self.defaults.get(&name) else {
                self.refuse_unknown(&name, origin);
                continue;
            };
            if value.same_type(default) {
                self.set(&name, value, origin.clone());
            } else {
                self.problems.push(format!("{name} in {origin} must be {}", kind(default)));
            }
        }
    }

    /// Lay one value over what there is, written as text in an environment name or a flag.
    pub(super) fn set_text(&mut self, setting: &str, text: &str, origin: Origin) {
        let Some(default) = self.defaults.get(setting) else {
            self.refuse_unknown(setting, &origin);
            return;
        };
        let text = text.trim();
        let value = match default {
            Value::Integer(_) => text.parse().ok().map(Value::Integer),
            Value::Boolean(_) => match text {
                "true" | "1" | "yes" | "on" => Some(Value::Boolean(true)),
                "false" | "0" | "no" | "off" => Some(Value::Boolean(false)),
                _ => None,
            },
            Value::Array(_) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
            }
            _ => Some(Value::String(text.to_owned())),
        };
        match value {
            _ if text.is_empty() => {}
            Some(value) => self.set(setting, value, origin),
            None => self.problems.push(format!("{origin} ({setting}) must be {}", kind(default))),
        }
    }

    /// An empty text leaves what there is: composed files often pass names on that have no value.
    fn set(&mut self, setting: &str, value: Value, origin: Origin) {
        if value.as_str().is_none_or(|text| !text.is_empty()) {
            self.values.insert(setting.to_owned(), (value, origin));
        }
    }

    pub(super) fn refuse_unknown(&mut self, setting: &str, origin: &Origin) {
        let nearest = names::nearest(setting, self.defaults.keys().map(String::as_str));
        self.problems.push(match origin {
            Origin::Environment(name) => format!(
                "{name} names no setting; the nearest one is {nearest} ({})",
                names::environment_name(nearest)
            ),
            _ => format!("{setting} in {origin} is no setting; the nearest one is {nearest}"),
        });
    }

    /// The values as nested tables, without those that are not given.
    pub(super) fn to_table(&self) -> Table {
        let mut table = Table::new();
        for (name, (value, _)) in &self.values {
            if value.as_str().is_some_and(str::is_empty) {
                continue;
            }
            match name.split_once('.') {
                None => {
                    table.insert(name.clone(), value.clone());
                }
                Some((section, key)) => {
                    if let Value::Table(inner) =
                        table.entry(section).or_insert_with(|| Value::Table(Table::new()))
                    {
                        inner.insert(key.to_owned(), value.clone());
                    }
                }
            }
        }
        // A section all of whose settings are empty is still there.
        for name in self.values.keys() {
            if let Some((section, _)) = name.split_once('.') {
                table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            }
        }
        table
    }
}

fn flatten(prefix: &str, table: &Table, into: &mut BTreeMap<String, Value>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(inner) => flatten(&name, inner, into),
            leaf => {
                into.insert(name, leaf.clone());
            }
        }
    }
}

fn kind(default: &Value) -> &'static str {
    match default {
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list of texts",
        _ => "a text in quotation marks",
    }
}
