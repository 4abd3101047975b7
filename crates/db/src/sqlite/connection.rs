//! One SQLite connection: its settings, and statements on it.

use crate::{
    Engine, Error, Result, Row, Rows, Value,
    dialect::{self, Expanded},
};
use rusqlite::{
    OpenFlags,
    config::DbConfig,
    types::{ToSqlOutput, ValueRef},
};
use std::{collections::HashMap, path::Path, sync::Arc};

/// SQLite before 3.51.3 can lose pages of the write-ahead log when a write meets a checkpoint at a bad moment
/// (<https://www.sqlite.org/releaselog/3_51_3.html>).
const MINIMUM_VERSION: i32 = 3_051_003;

/// Pages of the log that may gather before a commit copies them into the database: 32 MiB.
const CHECKPOINT_PAGES: i64 = 8192;

pub(crate) struct Connection {
    inner: rusqlite::Connection,
    /// Expanded texts by the address of the static text that they come from.
    texts: HashMap<(usize, usize), Arc<Expanded>>,
}

impl Connection {
    pub(crate) fn open_writer(path: &Path) -> Result<Self> {
        if rusqlite::version_number() < MINIMUM_VERSION {
            return Err(Error::Unsafe(format!(
                "SQLite {} can lose acknowledged writes; Zelo needs 3.51.3 or newer",
                rusqlite::version()
            )));
        }
        let inner = rusqlite::Connection::open(path)?;
        inner.busy_timeout(std::time::Duration::from_secs(10))?;
        // FULL: a commit that returned is on disk. In WAL mode NORMAL may roll back committed transactions on power loss.
        inner.execute_batch(&format!(
            "pragma journal_mode = wal; pragma synchronous = full; pragma fullfsync = on; pragma foreign_keys = on;
             pragma secure_delete = on; pragma temp_store = memory; pragma cache_size = -32768;
             pragma wal_autocheckpoint = {CHECKPOINT_PAGES}; pragma journal_size_limit = 67108864;"
        ))?;
        let synchronous: i64 = inner.query_row("pragma synchronous", [], |row| row.get(0))?;
        let journal: String = inner.query_row("pragma journal_mode", [], |row| row.get(0))?;
        if synchronous != 2 || journal != "wal" {
            return Err(Error::Unsafe(format!(
                "the database file does not take WAL with synchronous=FULL (got {journal}, {synchronous}); is it on a network drive?"
            )));
        }
        Self::new(inner)
    }

    pub(crate) fn open_reader(path: &Path) -> Result<Self> {
        let inner = rusqlite::Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI,
        )?;
        inner.busy_timeout(std::time::Duration::from_secs(10))?;
        inner.execute_batch(
            "pragma query_only = on; pragma temp_store = memory; pragma cache_size = -8192;",
        )?;
        Self::new(inner)
    }

    fn new(inner: rusqlite::Connection) -> Result<Self> {
        // A plan follows from a statement's text alone. Otherwise SQLite looks at the first bound values where a partial
        // index might fit, and prepares the statement anew for every other value.
        inner.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        inner.set_prepared_statement_cache_capacity(256);
        Ok(Self { inner, texts: HashMap::new() })
    }

    /// A word to the engine itself: begin, commit, savepoints. Cached like any statement.
    pub(crate) fn control(&self, sql: &'static str) -> Result<()> {
        self.inner.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Copy the whole log into the database and make it empty.
    pub(crate) fn truncate_log(&self) -> Result<()> {
        Ok(self.inner.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?)
    }

    /// Many statements in one text: migrations only.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.inner.execute_batch(sql)?)
    }

    /// Whether no transaction is open, which after an error says that SQLite has rolled everything back by itself.
    pub(crate) fn is_idle(&self) -> bool {
        self.inner.is_autocommit()
    }

    fn expanded(&mut self, sql: &'static str) -> Result<Arc<Expanded>> {
        let address = (sql.as_ptr() as usize, sql.len());
        if let Some(found) = self.texts.get(&address) {
            return Ok(found.clone());
        }
        let expanded = Arc::new(dialect::expand(Engine::Sqlite, sql)?);
        self.texts.insert(address, expanded.clone());
        Ok(expanded)
    }

    pub(crate) fn execute(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
        let expanded = self.expanded(sql)?;
        let mut statement = self.inner.prepare_cached(&expanded.text)?;
        bind(&mut statement, 0, params)?;
        Ok(statement.raw_execute()? as u64)
    }

    pub(crate) fn query<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        map: &mut dyn FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let expanded = self.expanded(sql)?;
        let mut statement = self.inner.prepare_cached(&expanded.text)?;
        bind(&mut statement, 0, params)?;
        let mut found = Vec::new();
        collect(&mut statement, map, &mut found)?;
        Ok(found)
    }

    pub(crate) fn execute_rows(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        rows: &Rows<'_>,
    ) -> Result<u64> {
        let expanded = self.expanded(sql)?;
        let mut statement = self.inner.prepare_cached(&expanded.text)?;
        let mut changed = 0;
        for row in rows.iter() {
            bind(&mut statement, 0, params)?;
            bind(&mut statement, expanded.params, row)?;
            changed += statement.raw_execute()? as u64;
        }
        Ok(changed)
    }

    pub(crate) fn query_rows<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        rows: &Rows<'_>,
        map: &mut dyn FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let expanded = self.expanded(sql)?;
        let mut statement = self.inner.prepare_cached(&expanded.text)?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows.iter() {
            bind(&mut statement, 0, params)?;
            bind(&mut statement, expanded.params, row)?;
            collect(&mut statement, map, &mut found)?;
        }
        Ok(found)
    }
}

fn bind(statement: &mut rusqlite::CachedStatement<'_>, after: usize, values: &[Value<'_>]) -> Result<()> {
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(after + index + 1, Bound(value))?;
    }
    Ok(())
}

fn collect<T>(
    statement: &mut rusqlite::CachedStatement<'_>,
    map: &mut dyn FnMut(&Row<'_>) -> Result<T>,
    found: &mut Vec<T>,
) -> Result<()> {
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        found.push(map(&Row::Sqlite(row))?);
    }
    Ok(())
}

struct Bound<'v, 'a>(&'v Value<'a>);

impl rusqlite::ToSql for Bound<'_, '_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
            Value::Uuid(id) => ValueRef::Blob(id.as_bytes()),
        }))
    }
}
