//! What can go wrong with a database, by what the caller can do about it.

/// The result of a statement or transaction.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed statement or transaction.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another transaction was in the way; the same work may succeed when it is repeated.
    #[error("the transaction met another one and must be repeated: {0}")]
    Conflict(String),
    /// A unique rule was broken. The text names the constraint (PostgreSQL) or its columns (SQLite).
    #[error("a row like this exists already: {0}")]
    Unique(String),
    /// A row that is referred to does not exist, or is still referred to.
    #[error("a row that is referred to is missing: {0}")]
    ForeignKey(String),
    /// The storage cannot take the write now: full, read-only, or failing. Nothing was stored.
    #[error("the storage refused the write: {0}")]
    Storage(String),
    /// The database cannot be reached, or the connection was lost; whether a commit went through is unknown.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Start is refused: the server's settings could lose data that was acknowledged.
    #[error("{0}")]
    Unsafe(String),
    /// A statement or row that does not fit the code: a defect.
    #[error("the statement failed: {0}")]
    Statement(String),
}

impl Error {
    /// Whether repeating the whole transaction may help.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// Whether this says that a row like the new one exists already.
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Unique(_))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let text = error.to_string();
        let Some(cause) = error.sqlite_error() else { return Self::Statement(text) };
        // The extended codes separate the kinds of constraint: https://www.sqlite.org/rescode.html
        match (cause.code, cause.extended_code) {
            (Code::DatabaseBusy | Code::DatabaseLocked, _) => Self::Conflict(text),
            (Code::ConstraintViolation, 787) => Self::ForeignKey(text),
            (Code::ConstraintViolation, 1555 | 2067 | 2579) => Self::Unique(text),
            (Code::DiskFull | Code::ReadOnly | Code::SystemIoFailure | Code::DatabaseCorrupt, _) => {
                Self::Storage(text)
            }
            (Code::CannotOpen | Code::PermissionDenied | Code::NotADatabase, _) => Self::Unavailable(text),
            _ => Self::Statement(text),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        // The classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
        let Some(cause) = error.as_db_error() else {
            return if error.is_closed()
                || std::error::Error::source(&error).is_some_and(|source| source.is::<std::io::Error>())
            {
                Self::Unavailable(error.to_string())
            } else {
                Self::Statement(full_text(&error))
            };
        };
        let text = cause.message().to_owned();
        match cause.code().code() {
            "40001" | "40P01" | "55P03" => Self::Conflict(text),
            "23505" => Self::Unique(cause.constraint().unwrap_or(&text).to_owned()),
            "23503" => Self::ForeignKey(text),
            code if code.starts_with("53") || code.starts_with("58") || code == "25006" => {
                Self::Storage(text)
            }
            code if code.starts_with("08") || code.starts_with("57P") => Self::Unavailable(text),
            code => Self::Statement(format!("{text} ({code})")),
        }
    }
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(cause) => Self::Unavailable(
                cause.as_db_error().map_or_else(|| full_text(&cause), |db| db.message().to_owned()),
            ),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// An error with its causes, because the driver's own text often says only "db error".
fn full_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
