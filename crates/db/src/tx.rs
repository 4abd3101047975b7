//! A transaction on either engine.

use crate::{
    Result, Row, Rows, Scope, Topic, Value,
    postgres::PgTx,
    sqlite::{Reader, WriteTx},
};

pub(crate) enum Inner {
    SqliteWrite(WriteTx),
    SqliteRead(Reader),
    Postgres(PgTx),
}

/// A running transaction: what a store executes its statements on.
pub struct Tx {
    pub(crate) inner: Inner,
    pub(crate) wakes: Vec<Topic>,
}

impl Tx {
    /// Execute a statement; returns how many rows it changed.
    ///
    /// # Errors
    /// What the engine answers, sorted by what the caller can do ([`crate::Error`]).
    pub async fn execute(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
        match &mut self.inner {
            Inner::SqliteWrite(tx) => tx.connection()?.execute(sql, params),
            Inner::SqliteRead(tx) => tx.connection()?.execute(sql, params),
            Inner::Postgres(tx) => tx.execute(sql, params, None).await,
        }
    }

    /// Execute a statement with `$rows(…)` for all `rows`; returns how many rows it changed.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn execute_rows(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        rows: &Rows<'_>,
    ) -> Result<u64> {
        if rows.is_empty() {
            return Ok(0);
        }
        match &mut self.inner {
            Inner::SqliteWrite(tx) => tx.connection()?.execute_rows(sql, params, rows),
            Inner::SqliteRead(tx) => tx.connection()?.execute_rows(sql, params, rows),
            Inner::Postgres(tx) => tx.execute(sql, params, Some(rows)).await,
        }
    }

    /// All rows of an answer, each turned into a value by `map`.
    ///
    /// # Errors
    /// As [`Tx::execute`], and what `map` returns.
    pub async fn query<T: Send>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        match &mut self.inner {
            Inner::SqliteWrite(tx) => tx.connection()?.query(sql, params, &mut map),
            Inner::SqliteRead(tx) => tx.connection()?.query(sql, params, &mut map),
            Inner::Postgres(tx) => tx.query(sql, params, None, &mut map).await,
        }
    }

    /// The answers of a statement with `$rows(…)` for all `rows`, in no promised order.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub async fn query_rows<T: Send>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        rows: &Rows<'_>,
        mut map: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        match &mut self.inner {
            Inner::SqliteWrite(tx) => tx.connection()?.query_rows(sql, params, rows, &mut map),
            Inner::SqliteRead(tx) => tx.connection()?.query_rows(sql, params, rows, &mut map),
            Inner::Postgres(tx) => tx.query(sql, params, Some(rows), &mut map).await,
        }
    }

    /// The first row of an answer, if there is one.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub async fn query_opt<T: Send>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, params, map).await?.into_iter().next())
    }

    /// The one row of an answer that always has one, such as a count.
    ///
    /// # Errors
    /// As [`Tx::query`], and when there is no row.
    pub async fn query_one<T: Send>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<T> {
        self.query_opt(sql, params, map)
            .await?
            .ok_or_else(|| crate::Error::Statement(format!("one row was expected from: {sql}")))
    }

    /// Work on in another scope. Only work over many tenants does this (a batch of events, a sweep), a group of one
    /// tenant's rows after the other.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn enter(&mut self, scope: Scope) -> Result<()> {
        match &self.inner {
            Inner::Postgres(tx) => tx.enter(scope).await,
            Inner::SqliteWrite(_) | Inner::SqliteRead(_) => Ok(()),
        }
    }

    /// Commit this transaction at once instead of sharing the commit of those that follow: for work that somebody
    /// outside waits for while long transactions of our own queue behind it. It still takes along those before it.
    pub fn hurry(&mut self) {
        if let Inner::SqliteWrite(tx) = &mut self.inner {
            tx.hurry();
        }
    }

    /// Wake those who wait for `topic`, once this transaction has been committed.
    pub fn wake(&mut self, topic: Topic) {
        if !self.wakes.contains(&topic) {
            self.wakes.push(topic);
        }
    }

    /// Statements without parameters, several in one text: migrations only.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<()> {
        match &mut self.inner {
            Inner::SqliteWrite(tx) => tx.connection()?.batch(sql),
            Inner::SqliteRead(tx) => tx.connection()?.batch(sql),
            Inner::Postgres(tx) => tx.batch(sql).await,
        }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self.inner {
            Inner::SqliteWrite(tx) => tx.commit().await,
            Inner::SqliteRead(_) => Ok(()),
            Inner::Postgres(tx) => tx.commit().await,
        }
    }

    pub(crate) async fn rollback(self) {
        if let Inner::Postgres(tx) = self.inner {
            tx.rollback().await;
        }
    }
}
