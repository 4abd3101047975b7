//! Connections, and transactions on them.

use super::{bind, tls};
use crate::{
    Engine, Error, Result, Row, Rows, Scope, Value,
    dialect::{self, Expanded},
};
use deadpool_postgres::{Manager, ManagerConfig, Object, RecyclingMethod};
use futures_util::TryStreamExt;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio_postgres::types::ToSql;

/// The oldest server that has everything the house uses.
const MINIMUM_VERSION: i64 = 150_000;

/// Expanded statements by the address of the static text that they come from.
type Texts = Arc<Mutex<HashMap<(usize, usize), Arc<Expanded>>>>;

#[derive(Clone)]
pub(crate) struct Pool {
    inner: deadpool_postgres::Pool,
    texts: Texts,
}

impl Pool {
    pub(crate) fn new(url: &str, size: usize) -> Result<Self> {
        let mut config: tokio_postgres::Config =
            url.parse().map_err(|error: tokio_postgres::Error| Error::Unavailable(error.to_string()))?;
        // Prepared statements settle on a plan while tables are still small; such a plan would read a whole table once it has
        // grown, or hash all of a tenant to find a few. Every statement of the house has an index to go by.
        config.options("-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off");
        config.application_name("zelo").connect_timeout(Duration::from_secs(5));
        let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, tls::connector()?, manager_config);
        let inner = deadpool_postgres::Pool::builder(manager)
            .max_size(size)
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .wait_timeout(Some(Duration::from_secs(5)))
            .create_timeout(Some(Duration::from_secs(5)))
            .build()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Self { inner, texts: Arc::default() })
    }

    pub(crate) async fn connection(&self) -> Result<Object> {
        Ok(self.inner.get().await?)
    }

    /// Refuse a server whose settings could lose what a commit acknowledged, or that is too old.
    pub(crate) async fn refuse_unsafe_settings(&self) -> Result<()> {
        let connection = self.connection().await?;
        let rows = connection
            .query(
                "select name, setting from pg_settings
                 where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'server_version_num')",
                &[],
            )
            .await?;
        for row in rows {
            let (name, setting): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            judge(&name, &setting)?;
        }
        Ok(())
    }

    /// Begin a transaction in which row-level security shows the rows of `scope` and no others.
    pub(crate) async fn begin(&self, scope: Scope, read_only: bool) -> Result<PgTx> {
        let connection = self.connection().await?;
        let begin = if read_only { "begin isolation level repeatable read read only" } else { "begin" };
        // The setting is local to the transaction, so that nothing of it is left on the pooled connection.
        let text = format!("{begin}; select set_config('zelo.tenant', '{}', true)", scope.setting());
        let tx = PgTx { connection: Some(connection), texts: self.texts.clone() };
        tx.client()?.batch_execute(&text).await?;
        Ok(tx)
    }
}

/// Whether a server with this setting keeps what it acknowledges; the refusal names the cure.
fn judge(name: &str, setting: &str) -> Result<()> {
    let cure = match (name, setting) {
        ("server_version_num", version) if version.parse::<i64>().unwrap_or(0) < MINIMUM_VERSION => {
            return Err(Error::Unsafe(format!("PostgreSQL 15 or newer is needed; this server is {version}")));
        }
        ("fsync" | "full_page_writes", "off") => String::new(),
        // Also a role or a database may have it.
        ("synchronous_commit", "off") => {
            ", and `alter role … reset synchronous_commit` where the role or its database was given it"
                .to_owned()
        }
        _ => return Ok(()),
    };
    Err(Error::Unsafe(format!(
        "PostgreSQL runs with {name}=off, which can lose messages that were acknowledged; \
         set {name}=on in postgresql.conf and reload{cure}"
    )))
}

/// One transaction. Dropped without a commit, its connection is closed and the server undoes it.
pub(crate) struct PgTx {
    connection: Option<Object>,
    texts: Texts,
}

impl PgTx {
    fn client(&self) -> Result<&Object> {
        self.connection.as_ref().ok_or_else(|| Error::Statement("the transaction has ended".into()))
    }

    fn expanded(&self, sql: &'static str) -> Result<Arc<Expanded>> {
        let address = (sql.as_ptr() as usize, sql.len());
        if let Some(found) = self.texts.lock().get(&address) {
            return Ok(found.clone());
        }
        let expanded = Arc::new(dialect::expand(Engine::Postgres, sql)?);
        self.texts.lock().insert(address, expanded.clone());
        Ok(expanded)
    }

    pub(crate) async fn enter(&self, scope: Scope) -> Result<()> {
        let text = format!("select set_config('zelo.tenant', '{}', true)", scope.setting());
        Ok(self.client()?.batch_execute(&text).await?)
    }

    pub(crate) async fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.client()?.batch_execute(sql).await?)
    }

    pub(crate) async fn execute(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        rows: Option<&Rows<'_>>,
    ) -> Result<u64> {
        let expanded = self.expanded(sql)?;
        let client = self.client()?;
        let statement = client.prepare_cached(&expanded.text).await?;
        let arrays = rows.map(|rows| bind::arrays(rows, &expanded.columns)).unwrap_or_default();
        Ok(client.execute_raw(&statement, all(params, &arrays)).await?)
    }

    pub(crate) async fn query<T>(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        rows: Option<&Rows<'_>>,
        map: &mut (dyn FnMut(&Row<'_>) -> Result<T> + Send),
    ) -> Result<Vec<T>> {
        let expanded = self.expanded(sql)?;
        let client = self.client()?;
        let statement = client.prepare_cached(&expanded.text).await?;
        let arrays = rows.map(|rows| bind::arrays(rows, &expanded.columns)).unwrap_or_default();
        let answer = client.query_raw(&statement, all(params, &arrays)).await?;
        let answer: Vec<tokio_postgres::Row> = answer.try_collect().await?;
        answer.iter().map(|row| map(&Row::Postgres(row))).collect()
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        self.client()?.batch_execute("commit").await?;
        drop(self.connection.take());
        Ok(())
    }

    pub(crate) async fn rollback(mut self) {
        if let Ok(client) = self.client()
            && client.batch_execute("rollback").await.is_ok()
        {
            drop(self.connection.take());
        }
    }
}

impl Drop for PgTx {
    fn drop(&mut self) {
        // Still inside a transaction: the connection must not go back to the pool.
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

fn all<'v>(
    params: &'v [Value<'_>],
    arrays: &'v [Box<dyn ToSql + Sync + Send + 'v>],
) -> Vec<&'v (dyn ToSql + Sync)> {
    let params = params.iter().map(|value| value as &(dyn ToSql + Sync));
    params.chain(arrays.iter().map(|array| array.as_ref() as &(dyn ToSql + Sync))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_could_lose_what_it_acknowledged_is_refused_with_the_cure() {
        for name in ["fsync", "full_page_writes", "synchronous_commit"] {
            let Err(Error::Unsafe(text)) = judge(name, "off") else { panic!("{name} is let in") };
            assert!(text.contains(&format!("set {name}=on in postgresql.conf")), "{text}");
            judge(name, "on").unwrap();
        }
        // Stronger than needed, or as strong towards the disk of this server.
        for setting in ["remote_apply", "remote_write", "local"] {
            judge("synchronous_commit", setting).unwrap();
        }
        assert!(matches!(judge("server_version_num", "140011"), Err(Error::Unsafe(_))));
        judge("server_version_num", "150000").unwrap();
    }
}
