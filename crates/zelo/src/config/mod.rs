//! The settings: read once at start, checked as a whole, and from then on only handed around.
//!
//! `config.default.toml` names every setting, its default and its meaning. [`Config::load`] lays the other
//! [`Sources`] over it. All mistakes are reported together, each with the setting's name and the cure, so that an
//! operator does not meet them one start after the other.

mod describe;
mod environment;
mod layers;
mod names;
mod network;
mod secret;
mod sections;
mod validate;

pub use describe::Description;
pub use environment::Variables;
pub use network::{Network, NetworkError};
pub use secret::{HIDDEN, Secret};
pub use sections::{
    Audit, Auth, Data, Database, Egress, Environment, FirstAdmin, Ingest, Keys, Limits, Log, LogFormat, Mail,
    Media, Metrics, Mfa, Outbound, Quota, Redis, S3, Server, Silence, Tenants, Whatsapp,
};

use db::DatabaseUrl;
use layers::{Layers, Origin};
use serde::Deserialize;
use std::{fmt, net::SocketAddr, path::PathBuf};
use toml::Table;

/// Every setting with its default and its meaning.
pub const DEFAULTS: &str = include_str!("../../../../config.default.toml");

/// Where settings are looked for, besides the defaults.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file that `--config` names, which must exist.
    pub file: Option<PathBuf>,
    /// The folder whose `zelo.toml` is read where no file is named and this one exists.
    pub folder: Option<PathBuf>,
    /// The environment.
    pub environment: Variables,
    /// Flags of the command line, which hold over everything else.
    pub flags: Vec<Flag>,
}

/// A flag that gives a setting.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The setting's dotted name, such as `server.port`.
    pub setting: String,
    /// The value as text; lists have commas between their items.
    pub value: String,
    /// The flag as the user typed it, such as `--port`, for messages.
    pub flag: String,
}

impl Sources {
    /// Add a flag that gives a setting.
    #[must_use]
    pub fn with_flag(mut self, setting: &str, value: impl Into<String>, flag: &str) -> Self {
        self.flags.push(Flag { setting: setting.to_owned(), value: value.into(), flag: flag.to_owned() });
        self
    }
}

/// The settings that hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub environment: Environment,
    pub locale: String,
    pub server: Server,
    pub data: Data,
    pub database: Database,
    pub keys: Keys,
    pub auth: Auth,
    pub tenants: Tenants,
    pub quota: Quota,
    pub mfa: Mfa,
    pub mail: Mail,
    pub limits: Limits,
    pub whatsapp: Whatsapp,
    pub ingest: Ingest,
    pub silence: Silence,
    pub outbound: Outbound,
    pub media: Media,
    pub redis: Redis,
    pub s3: S3,
    pub egress: Egress,
    pub audit: Audit,
    pub log: Log,
    pub metrics: Metrics,
    pub first_admin: FirstAdmin,
    #[serde(skip)]
    description: Description,
    #[serde(skip)]
    notices: Vec<String>,
}

/// Everything that is wrong with the settings, one sentence each.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError {
    /// The sentences, in no promised order. None holds a secret.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the configuration cannot be used:")?;
        self.problems.iter().try_for_each(|problem| write!(out, "\n  - {problem}"))
    }
}

impl Config {
    /// Read all sources and check what they say together.
    ///
    /// # Errors
    /// All mistakes that were found.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let fail = |problems| ConfigError { problems };
        let defaults: Table = toml::from_str(DEFAULTS)
            .map_err(|error| fail(vec![format!("config.default.toml cannot be read: {error}")]))?;
        let mut layers = Layers::new(&defaults);
        read_file(&mut layers, sources);
        let notices = environment::apply(&mut layers, &sources.environment);
        for flag in &sources.flags {
            layers.set_text(&flag.setting, &flag.value, Origin::Flag(flag.flag.clone()));
        }
        if !layers.problems.is_empty() {
            return Err(fail(layers.problems));
        }
        let mut config: Self =
            layers.to_table().try_into().map_err(|error: toml::de::Error| fail(vec![one_line(&error)]))?;
        let problems = validate::problems(&config);
        if !problems.is_empty() {
            return Err(fail(problems));
        }
        config.notices = notices;
        config.description = Description::new(&layers);
        Ok(config)
    }

    /// What the log should say at start: names that have no use here, and doubled ones.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The effective configuration, secrets hidden.
    pub fn describe(&self) -> &Description {
        &self.description
    }

    /// Whether this is the demo or work on Zelo itself.
    pub fn is_development(&self) -> bool {
        self.environment == Environment::Development
    }

    /// The address to listen on.
    pub fn listen_address(&self) -> SocketAddr {
        SocketAddr::new(self.server.bind, self.server.port)
    }

    /// How people reach this server, without a slash at the end.
    pub fn public_url(&self) -> String {
        self.server.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen_address()))
    }

    /// Where the data lives.
    pub fn database_url(&self) -> DatabaseUrl {
        self.database.url.clone().unwrap_or_else(|| DatabaseUrl::Sqlite(self.data.dir.join("zelo.db")))
    }

    /// The same database, for migrations.
    pub fn admin_database_url(&self) -> DatabaseUrl {
        self.database.admin_url.clone().unwrap_or_else(|| self.database_url())
    }

    /// Where the keys live: never where the data does.
    pub fn keys_database_url(&self) -> DatabaseUrl {
        if let Some(url) = &self.database.keys_url {
            return url.clone();
        }
        match self.database_url() {
            DatabaseUrl::Sqlite(path) => DatabaseUrl::Sqlite(path.with_file_name("keys.db")),
            DatabaseUrl::Postgres(url) => DatabaseUrl::Postgres(beside(&url)),
        }
    }

    /// Whether log lines are JSON.
    pub fn logs_json(&self) -> bool {
        match self.log.format {
            LogFormat::Json => true,
            LogFormat::Text => false,
            LogFormat::Auto => !self.is_development(),
        }
    }
}

/// The address of the database whose name has `_keys` behind it.
fn beside(url: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}_keys{query}", address.trim_end_matches('/'))
}

fn read_file(layers: &mut Layers, sources: &Sources) {
    let path = match (&sources.file, &sources.folder) {
        (Some(file), _) => file.clone(),
        (None, Some(folder)) if folder.join("zelo.toml").exists() => folder.join("zelo.toml"),
        (None, _) => return,
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            layers.problems.push(format!("{} cannot be read: {error}", path.display()));
            return;
        }
    };
    match toml::from_str::<Table>(&text) {
        Ok(table) => layers.set_table(&table, &Origin::File(path)),
        Err(error) => {
            // The parser's own text quotes the line, which may hold a secret.
            let line = error.span().map_or(1, |span| {
                text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1)
            });
            layers.problems.push(format!("{} line {line}: {}", path.display(), error.message()));
        }
    }
}

fn one_line(error: &toml::de::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
