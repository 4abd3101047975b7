//! The schema as the database itself knows it, for work that must not pass a table by: taking away every row of one owner.
//!
//! The one place where a statement is put together while the program runs. Only names of tables and columns go into it, as
//! the catalogue gives them and quoted; there are as many texts as there are tables.

use crate::{Engine, Error, Result, Tx, Value, params};
use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock},
};

/// A table that has the column that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    delete: &'static str,
}

/// Every table that has a column of this name, with a statement that deletes some of its rows.
///
/// # Errors
/// What the database answers, and when a table has no primary key: nothing names its rows.
pub async fn tables_with(tx: &mut Tx, engine: Engine, column: &'static str) -> Result<Vec<Table>> {
    let (names, keys) = match engine {
        Engine::Sqlite => (
            "select m.name from sqlite_master m join pragma_table_info(m.name) c on c.name = $1
             where m.type = 'table' and m.name not like 'sqlite_%' order by m.name",
            "select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c
             where m.type = 'table' and c.pk > 0 order by m.name, c.pk",
        ),
        Engine::Postgres => (
            "select c.relname::text from pg_attribute a join pg_class c on c.oid = a.attrelid
             join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = current_schema() and c.relkind in ('r', 'p') and a.attname = $1
               and not a.attisdropped order by 1",
            "select c.relname::text, a.attname::text from pg_index i join pg_class c on c.oid = i.indrelid
             join pg_namespace n on n.oid = c.relnamespace
             cross join lateral unnest(i.indkey) with ordinality as k(number, place)
             join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
             where i.indisprimary and n.nspname = current_schema() order by 1, k.place",
        ),
    };
    let names: Vec<String> = tx.query(names, params![column], |row| row.get(0)).await?;
    let mut keys_of: HashMap<String, Vec<String>> = HashMap::new();
    for (table, key) in tx.query(keys, &[], |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?))).await? {
        keys_of.entry(table).or_default().push(key);
    }
    names
        .into_iter()
        .map(|name| {
            let keys = keys_of.remove(&name).unwrap_or_default();
            if keys.is_empty() {
                return Err(Error::Statement(format!("the table {name} has no primary key")));
            }
            let delete = statement(&name, &keys, column);
            Ok(Table { name, delete })
        })
        .collect()
}

/// Delete `most` rows at most in which the column holds `value`; returns how many those were.
///
/// # Errors
/// What the database answers.
pub async fn delete_some(tx: &mut Tx, table: &Table, value: Value<'_>, most: i64) -> Result<u64> {
    tx.execute(table.delete, &[value, most.into()]).await
}

/// Statements live as long as the program; each is made once.
fn statement(table: &str, keys: &[String], column: &str) -> &'static str {
    static KNOWN: OnceLock<Mutex<HashMap<String, &'static str>>> = OnceLock::new();
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let (table, column) = (quoted(table), quoted(column));
    let keys: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
    let keys = keys.join(", ");
    let text = format!(
        "delete from {table} where ({keys}) in (select {keys} from {table} where {column} = $1 limit $2)"
    );
    let mut known = match KNOWN.get_or_init(Mutex::default).lock() {
        Ok(known) => known,
        Err(poisoned) => poisoned.into_inner(),
    };
    known.entry(text.clone()).or_insert_with(|| Box::leak(text.into_boxed_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_a_name_whatever_it_is() {
        let keys = ["tenant_id".to_owned(), "a\" or 1=1 --".to_owned()];
        assert_eq!(
            statement("x\"; drop table users", &keys, "tenant_id"),
            "delete from \"x\"\"; drop table users\" where (\"tenant_id\", \"a\"\" or 1=1 --\") in \
             (select \"tenant_id\", \"a\"\" or 1=1 --\" from \"x\"\"; drop table users\" where \"tenant_id\" = $1 limit $2)"
        );
    }
}
