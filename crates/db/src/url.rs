//! Where the data lives.

use std::path::PathBuf;

/// Which of the two engines a database runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Embedded, in one file, in this process.
    Sqlite,
    /// A server, possibly shared by many processes.
    Postgres,
}

impl Engine {
    /// The engine's name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A database address that has been read and understood: `sqlite:PATH` or `postgres://USER@HOST/NAME`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// The file that holds the database.
    Sqlite(PathBuf),
    /// The connection string, which may hold a password.
    Postgres(String),
}

/// Why an address was refused. A mistyped address must never become a new, empty database.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UrlError {
    /// Neither of the two schemes.
    #[error(
        "the database address begins with {0:?}, but only sqlite:PATH and postgres://USER:PASSWORD@HOST/NAME are known"
    )]
    UnknownScheme(String),
    /// `sqlite:` alone, or a database in memory, which would lose everything at the next start.
    #[error("the SQLite address names no file: write sqlite:/path/to/zelo.db")]
    NoFile,
    /// A PostgreSQL address that its driver does not understand.
    #[error("the PostgreSQL address cannot be read: {0}")]
    Malformed(String),
}

impl DatabaseUrl {
    /// Read an address.
    ///
    /// # Errors
    /// When the scheme is unknown, the file is missing from the address, or the address cannot be read.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() || path.starts_with(":memory:") || path.contains('?') {
                return Err(UrlError::NoFile);
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let config: tokio_postgres::Config = text
                .parse()
                .map_err(|error: tokio_postgres::Error| UrlError::Malformed(error.to_string()))?;
            if config.get_dbname().is_none() {
                return Err(UrlError::Malformed("it names no database".into()));
            }
            return Ok(Self::Postgres(text.to_owned()));
        }
        let scheme = text.split([':', '/']).next().unwrap_or_default();
        Err(UrlError::UnknownScheme(scheme.to_owned()))
    }

    /// The role that the address logs in with; PostgreSQL only.
    pub fn user(&self) -> Option<String> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(text) => {
                text.parse::<tokio_postgres::Config>().ok()?.get_user().map(str::to_owned)
            }
        }
    }

    /// The engine that serves this address.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }
}

/// Shows where, never the password.
impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(out, "sqlite:{}", path.display()),
            Self::Postgres(text) => {
                let Ok(config) = text.parse::<tokio_postgres::Config>() else {
                    return out.write_str("postgres:");
                };
                let host = config.get_hosts().first().map_or_else(String::new, |host| match host {
                    tokio_postgres::config::Host::Tcp(name) => name.clone(),
                    tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
                });
                let port = config.get_ports().first().copied().unwrap_or(5432);
                let user = config.get_user().unwrap_or_default();
                write!(out, "postgres://{user}@{host}:{port}/{}", config.get_dbname().unwrap_or_default())
            }
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_address_is_refused_and_never_becomes_a_new_database() {
        for wrong in ["postgers://zelo@localhost/zelo", "mysql://localhost/zelo", "zelo.db", "", "sqlite"] {
            assert!(matches!(DatabaseUrl::parse(wrong), Err(UrlError::UnknownScheme(_))), "{wrong}");
        }
        for nowhere in ["sqlite:", "sqlite://", "sqlite::memory:", "sqlite:zelo.db?mode=memory"] {
            assert_eq!(DatabaseUrl::parse(nowhere), Err(UrlError::NoFile), "{nowhere}");
        }
        assert!(matches!(DatabaseUrl::parse("postgres://zelo@localhost"), Err(UrlError::Malformed(_))));
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let url = DatabaseUrl::parse("postgres://zelo:hunter2@db.internal:6432/desk").unwrap();
        assert_eq!(url.to_string(), "postgres://zelo@db.internal:6432/desk");
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
