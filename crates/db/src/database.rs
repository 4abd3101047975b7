//! A database on either engine, and its named transactions.

use crate::{
    DatabaseUrl, Engine, Error, Listener, Result, Topic, Tx, postgres,
    sqlite::{Readers, Writer},
    tx::Inner,
    wake::Bell,
};
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    time::Duration,
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// How often a transaction is repeated when others are in its way.
const MOST_ATTEMPTS: u32 = 8;

/// Whose rows a transaction may touch. On PostgreSQL, row-level security enforces it below every statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The rows of one tenant.
    Tenant(Uuid),
    /// Tables that belong to no tenant; of the tenants' tables it sees nothing.
    Platform,
}

impl Scope {
    pub(crate) fn setting(self) -> String {
        match self {
            Self::Tenant(id) => id.to_string(),
            Self::Platform => String::new(),
        }
    }
}

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether a missing SQLite file is created. A server never creates a PostgreSQL database.
    pub create: bool,
    /// Connections for reading (SQLite) or for everything (PostgreSQL).
    pub connections: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { create: false, connections: 8 }
    }
}

/// Run one use case as one transaction, named for metrics, and repeat it when another one was in its way.
///
/// `db::write!(db, "resolve_conversation", scope, |tx| -> Result<Conversation> { … })` reads as a closure, but it is a
/// block of the caller: it borrows freely and its future can be sent between threads. The body may run several times, so
/// it must not leave traces outside of the transaction. No network call belongs inside: others wait for the rows, on
/// SQLite for the writer. After [`Error::Unavailable`] it is not known whether the commit went through.
#[macro_export]
macro_rules! write {
    ($db:expr, $name:expr, $scope:expr, |$tx:ident| -> $result:ty $body:block) => {{
        let database: &$crate::Db = &$db;
        let scope: $crate::Scope = $scope;
        let mut attempt = 1u32;
        loop {
            let result: $result = match database.begin_write(scope).await {
                Ok(mut transaction) => {
                    let result: $result = {
                        let $tx = &mut transaction;
                        async { $body }.await
                    };
                    database.settle(transaction, result).await
                }
                Err(error) => Err(error.into()),
            };
            let is_retryable = result.as_ref().is_err_and($crate::Retry::is_retryable);
            if !database.repeats($name, is_retryable, &mut attempt).await {
                break result;
            }
        }
    }};
}

/// Read a consistent picture: everything inside the body sees the same moment.
///
/// `db::read!(db, "inbox", scope, |tx| -> Result<Vec<Conversation>> { … })`
#[macro_export]
macro_rules! read {
    ($db:expr, $name:expr, $scope:expr, |$tx:ident| -> $result:ty $body:block) => {{
        let database: &$crate::Db = &$db;
        let _name: &'static str = $name;
        match database.begin_read($scope).await {
            Ok(mut transaction) => {
                let result: $result = {
                    let $tx = &mut transaction;
                    async { $body }.await
                };
                database.settle(transaction, result).await
            }
            Err(error) => Err(error.into()),
        }
    }};
}

/// Which errors of a use case mean "repeat the whole transaction".
pub trait Retry: From<Error> {
    /// Whether repeating may help.
    fn is_retryable(&self) -> bool;
}

impl Retry for Error {
    fn is_retryable(&self) -> bool {
        Self::is_retryable(self)
    }
}

#[derive(Clone)]
enum Backend {
    Sqlite { writer: Writer, readers: Readers },
    Postgres(postgres::Pool),
}

/// An open database. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Db {
    backend: Backend,
    bell: Bell,
    /// Topics on their way to other processes; none where there is only this one.
    announcements: Option<mpsc::UnboundedSender<Topic>>,
}

impl Db {
    /// Open a database and refuse one whose settings could lose acknowledged writes.
    ///
    /// # Errors
    /// When it does not exist, cannot be reached, or is unsafe.
    pub async fn open(url: &DatabaseUrl, options: &Options) -> Result<Self> {
        let bell = Bell::default();
        match url {
            DatabaseUrl::Sqlite(path) => {
                if !options.create && !path.exists() {
                    return Err(Error::Unavailable(format!(
                        "there is no database file at {}",
                        path.display()
                    )));
                }
                let writer = Writer::open(path.clone())?;
                let readers = Readers::new(path.clone(), options.connections);
                Ok(Self { backend: Backend::Sqlite { writer, readers }, bell, announcements: None })
            }
            DatabaseUrl::Postgres(text) => {
                let pool = postgres::Pool::new(text, options.connections)?;
                pool.refuse_unsafe_settings().await?;
                let (announcements, topics) = mpsc::unbounded_channel();
                tokio::runtime::Handle::current().spawn(postgres::announce_and_listen(
                    text.clone(),
                    bell.clone(),
                    topics,
                ));
                Ok(Self { backend: Backend::Postgres(pool), bell, announcements: Some(announcements) })
            }
        }
    }

    /// The engine behind this database.
    pub fn engine(&self) -> Engine {
        match self.backend {
            Backend::Sqlite { .. } => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    #[doc(hidden)]
    pub async fn begin_write(&self, scope: Scope) -> Result<Tx> {
        let inner = match &self.backend {
            Backend::Sqlite { writer, .. } => Inner::SqliteWrite(writer.begin().await?),
            Backend::Postgres(pool) => Inner::Postgres(pool.begin(scope, false).await?),
        };
        Ok(Tx { inner, wakes: Vec::new() })
    }

    #[doc(hidden)]
    pub async fn begin_read(&self, scope: Scope) -> Result<Tx> {
        let inner = match &self.backend {
            Backend::Sqlite { readers, .. } => Inner::SqliteRead(readers.begin().await?),
            Backend::Postgres(pool) => Inner::Postgres(pool.begin(scope, true).await?),
        };
        Ok(Tx { inner, wakes: Vec::new() })
    }

    /// Commit what went well, undo what did not.
    #[doc(hidden)]
    pub async fn settle<T, E: From<Error>>(&self, mut tx: Tx, result: Result<T, E>) -> Result<T, E> {
        match result {
            Ok(value) => {
                let wakes = std::mem::take(&mut tx.wakes);
                tx.commit().await?;
                for topic in wakes {
                    self.wake(topic);
                }
                Ok(value)
            }
            Err(error) => {
                tx.rollback().await;
                Err(error)
            }
        }
    }

    /// Whether a transaction is to be repeated, after a wait that grows and differs between attempts, so that two
    /// transactions do not meet again and again.
    #[doc(hidden)]
    pub async fn repeats(&self, name: &'static str, is_retryable: bool, attempt: &mut u32) -> bool {
        if !is_retryable || *attempt >= MOST_ATTEMPTS {
            return false;
        }
        metrics::counter!("zelo_db_transaction_repeats_total", "name" => name).increment(1);
        // Each state of the standard library's hasher is another one, which is chance enough for a wait.
        let jitter = RandomState::new().hash_one(*attempt) % (1 << *attempt);
        tokio::time::sleep(Duration::from_millis((1 << *attempt) + jitter)).await;
        *attempt += 1;
        true
    }

    /// Empty SQLite's write-ahead log into the database, so that pages as they were before a deletion lie nowhere any more.
    /// While somebody still reads them they are left for the next time. PostgreSQL's vacuum does as much by itself.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn forget_old_pages(&self) -> Result<()> {
        match &self.backend {
            Backend::Sqlite { readers, .. } => readers.truncate_log().await,
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// Wake those who wait for `topic`, in this process and the others on the same database.
    pub fn wake(&self, topic: Topic) {
        self.bell.ring(topic);
        if let Some(announcements) = &self.announcements {
            let _ = announcements.send(topic);
        }
    }

    /// Wait for a topic.
    pub fn listen(&self, topic: Topic) -> Listener {
        self.bell.listen(topic)
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Db").field(&self.engine()).finish()
    }
}
