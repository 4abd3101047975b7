//! Settings from the environment, which is handed in as a map: only `main` reads the process's own.

use super::{
    layers::{Layers, Origin},
    names,
};
use std::{collections::BTreeMap, fs};

/// The environment's names and values.
pub type Variables = BTreeMap<String, String>;

/// Lay everything that the environment says over the layers; returns what is worth a word.
pub(super) fn apply(layers: &mut Layers, variables: &Variables) -> Vec<String> {
    let mut notices = Vec::new();
    compose_database_url(layers, variables, &mut notices);
    compose_redis_url(layers, variables);
    for (name, setting) in names::CUSTOMARY {
        let Some((text, name)) = find(layers, variables, name, setting) else { continue };
        let text = if *setting == "environment" { environment(&text).to_owned() } else { text };
        layers.set_text(setting, &text, Origin::Environment(name));
    }
    own_names(layers, variables, &mut notices);
    for (name, instead) in names::UNUSED {
        if given(variables, name).is_some() {
            notices.push(format!("{name} is set but not used: {instead}"));
        }
    }
    for name in names::LATER {
        if given(variables, name).is_some() || given(variables, &format!("{name}_FILE")).is_some() {
            notices.push(format!("{name} is set but not used: this version has nothing that reads it"));
        }
    }
    notices
}

/// Whatever does not say development is production, so that a typing error never opens a door.
fn environment(text: &str) -> &'static str {
    if text.trim().eq_ignore_ascii_case("development") { "development" } else { "production" }
}

/// `ZELO__SECTION__KEY`, which is more particular than a customary name and therefore wins over it.
fn own_names(layers: &mut Layers, variables: &Variables, notices: &mut Vec<String>) {
    for (name, value) in variables {
        let Some(rest) = name.strip_prefix("ZELO__") else {
            if name.starts_with("ZELO_") && name != "ZELO_ENV" && !name.starts_with("ZELO_TEST_") {
                notices.push(format!(
                    "{name} is set but not used: settings are written with two underscores, as in ZELO__SERVER__PORT"
                ));
            }
            continue;
        };
        let setting = rest.to_lowercase().replace("__", ".");
        let file_of = setting.strip_suffix("_file").filter(|setting| names::SECRETS.contains(setting));
        let origin = Origin::Environment(name.clone());
        match file_of {
            Some(secret) if !layers.knows(&setting) => {
                if given(variables, &names::environment_name(secret)).is_some() {
                    layers.problems.push(both(name));
                } else if let Some(text) = read(layers, name, value) {
                    layers.set_text(secret, &text, origin);
                }
            }
            _ => {
                if let Origin::Environment(other) = layers.origin(&setting)
                    && !value.is_empty()
                {
                    notices.push(format!("{name} and {other} both give {setting}; {name} holds"));
                }
                layers.set_text(&setting, value, origin);
            }
        }
    }
}

/// The value of a name, or for secrets the content of the file that `NAME_FILE` names; and the name that gave it.
fn find(layers: &mut Layers, variables: &Variables, name: &str, setting: &str) -> Option<(String, String)> {
    let plain = given(variables, name);
    if names::SECRETS.contains(&setting) {
        let file_name = format!("{name}_FILE");
        if let Some(path) = given(variables, &file_name) {
            if plain.is_some() {
                layers.problems.push(both(&file_name));
                return None;
            }
            return read(layers, &file_name, path).map(|text| (text, file_name));
        }
    }
    plain.map(|text| (text.to_owned(), name.to_owned()))
}

/// A secret from a file, without the line end that editors add.
fn read(layers: &mut Layers, name: &str, path: &str) -> Option<String> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim_end().is_empty() => {
            layers.problems.push(format!("{name} names {path}, which is empty"));
            None
        }
        Ok(text) => Some(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => {
            layers.problems.push(format!("{name} names {path}, which cannot be read: {error}"));
            None
        }
    }
}

fn both(file_name: &str) -> String {
    let name = file_name.strip_suffix("_FILE").unwrap_or(file_name);
    format!("{name} and {file_name} are both set; keep one of them")
}

fn given<'a>(variables: &'a Variables, name: &str) -> Option<&'a str> {
    variables.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
}

/// `POSTGRES_HOST` and its sisters, as the PostgreSQL image and many services name them.
fn compose_database_url(layers: &mut Layers, variables: &Variables, notices: &mut Vec<String>) {
    let Some(host) = given(variables, "POSTGRES_HOST") else {
        if given(variables, "POSTGRES_USER").is_some() || given(variables, "POSTGRES_DB").is_some() {
            notices.push("POSTGRES_USER or POSTGRES_DB is set but not used without POSTGRES_HOST".to_owned());
        }
        return;
    };
    let user = given(variables, "POSTGRES_USER").unwrap_or("postgres");
    let name = given(variables, "POSTGRES_DB").unwrap_or(user);
    let port = given(variables, "POSTGRES_PORT").unwrap_or("5432");
    let password = match (given(variables, "POSTGRES_PASSWORD"), given(variables, "POSTGRES_PASSWORD_FILE")) {
        (Some(password), _) => Some(password.to_owned()),
        (None, Some(path)) => read(layers, "POSTGRES_PASSWORD_FILE", path),
        (None, None) => None,
    };
    let password = password.map(|password| format!(":{}", escape(&password))).unwrap_or_default();
    let url = format!("postgres://{}{password}@{host}:{port}/{}", escape(user), escape(name));
    layers.set_text("database.url", &url, Origin::Environment("POSTGRES_HOST".to_owned()));
}

fn compose_redis_url(layers: &mut Layers, variables: &Variables) {
    let Some(host) = given(variables, "REDIS_HOST") else { return };
    let port = given(variables, "REDIS_PORT").unwrap_or("6379");
    let password = match (given(variables, "REDIS_PASSWORD"), given(variables, "REDIS_PASSWORD_FILE")) {
        (Some(password), _) => Some(password.to_owned()),
        (None, Some(path)) => read(layers, "REDIS_PASSWORD_FILE", path),
        (None, None) => None,
    };
    let password = password.map(|password| format!(":{}@", escape(&password))).unwrap_or_default();
    let origin = Origin::Environment("REDIS_HOST".to_owned());
    layers.set_text("redis.url", &format!("redis://{password}{host}:{port}"), origin);
}

/// Percent-encode a part of an address (RFC 3986, section 2.3).
fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}
