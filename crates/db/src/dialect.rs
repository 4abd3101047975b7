//! Where the engines differ, by name.
//!
//! A statement is written once. In its text
//! * `$1`, `$2`, … are parameters;
//! * `$rows(id uuid, at int)` stands after `from` and is a table `r` with those columns, filled from [`crate::Rows`]
//!   (kinds: `uuid`, `blob`, `text`, `int`, `real`);
//! * `$find(guests g: g.tenant_id = $1 and g.id = r.id)` after it joins what each of those rows names, always through an index;
//! * a word such as `$for_update` is a difference between the engines, listed in `fragment`.
//!
//! [`expand`] turns such a text into what one engine reads.

use crate::{Engine, Error, Result};

/// A statement in one engine's own words.
#[derive(Debug, PartialEq, Eq)]
pub struct Expanded {
    /// The text that the driver gets.
    pub text: String,
    /// How many parameters it has before those of its rows.
    pub params: usize,
    /// The kinds of its rows' columns; empty where the statement takes none.
    pub columns: Vec<Kind>,
}

/// The kind of a column in `$rows(…)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An id.
    Uuid,
    /// Bytes.
    Blob,
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// A number with a fraction.
    Real,
}

impl Kind {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "uuid" => Self::Uuid,
            "blob" => Self::Blob,
            "text" => Self::Text,
            "int" => Self::Int,
            "real" => Self::Real,
            _ => return None,
        })
    }

    fn postgres_array(self) -> &'static str {
        match self {
            Self::Uuid => "uuid[]",
            Self::Blob => "bytea[]",
            Self::Text => "text[]",
            Self::Int => "bigint[]",
            Self::Real => "double precision[]",
        }
    }
}

/// The named differences. SQLite has one writer, so that locks on rows and visibility of late commits need no words there.
fn fragment(engine: Engine, name: &str) -> Option<&'static str> {
    let (sqlite, postgres) = match name {
        // Lock the rows that were read until the transaction ends.
        "for_update" => ("", "for update"),
        // The same, passing over rows that another transaction has locked.
        "for_update_skip_locked" => ("", "for update skip locked"),
        // A mark that orders rows by the transaction that wrote them.
        "transaction_mark" => ("0", "pg_current_xact_id()::text::bigint"),
        // Only marks whose transactions, and all older ones, have ended: no row can appear before them any more.
        "settled_mark" => ("1", "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"),
        // The type of a parameter that may be null.
        "uuid_type" => ("blob", "uuid"),
        "int_type" => ("integer", "bigint"),
        "blob_type" => ("blob", "bytea"),
        _ => return None,
    };
    Some(match engine {
        Engine::Sqlite => sqlite,
        Engine::Postgres => postgres,
    })
}

/// Turn a statement into one engine's words.
///
/// # Errors
/// When a `$word` is not listed here or `$rows(…)` cannot be read: a defect in the statement.
pub fn expand(engine: Engine, sql: &str) -> Result<Expanded> {
    let params = highest_parameter(sql);
    let mut text = String::with_capacity(sql.len() + 32);
    let mut columns = Vec::new();
    push(engine, &mut text, &mut columns, sql, params)?;
    Ok(Expanded { text, params, columns })
}

fn push(engine: Engine, text: &mut String, columns: &mut Vec<Kind>, sql: &str, params: usize) -> Result<()> {
    let mut rest = sql;
    while let Some(at) = rest.find(['$', '\'']) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        if from.starts_with('\'') {
            let end = from.get(1..).and_then(|inner| inner.find('\'')).map_or(from.len(), |inner| inner + 2);
            let (literal, after) = from.split_at(end);
            text.push_str(literal);
            rest = after;
            continue;
        }
        let name = from.get(1..).unwrap_or_default();
        let end =
            name.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(name.len());
        let (word, after) = name.split_at(end);
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push(parameter_sign(engine));
            text.push_str(word);
            rest = after;
        } else if word == "rows" {
            let (list, after) = after
                .strip_prefix('(')
                .and_then(|list| list.split_once(')'))
                .ok_or_else(|| Error::Statement(format!("$rows without its columns in: {sql}")))?;
            *columns = push_rows(engine, text, list, params)?;
            rest = after;
        } else if word == "find" {
            let (inner, after) = parenthesised(after)
                .ok_or_else(|| Error::Statement(format!("$find without its condition in: {sql}")))?;
            push_find(engine, text, columns, inner, params)?;
            rest = after;
        } else {
            let words = fragment(engine, word)
                .ok_or_else(|| Error::Statement(format!("no difference is named ${word} in: {sql}")))?;
            text.push_str(words);
            rest = after;
        }
    }
    text.push_str(rest);
    Ok(())
}

/// What stands between the first parenthesis and its partner, and what follows.
fn parenthesised(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('(')?;
    let mut depth = 1_usize;
    for (at, letter) in inner.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((inner.get(..at)?, inner.get(at + 1..)?));
        }
    }
    None
}

/// PostgreSQL keeps the plan that it made when a table was empty, and then reading a whole tenant once looks as cheap as one
/// step into an index. The `offset 0` is a fence: it leaves no other plan than one look for each row.
fn push_find(
    engine: Engine,
    text: &mut String,
    columns: &mut Vec<Kind>,
    inner: &str,
    params: usize,
) -> Result<()> {
    let (table, condition) = inner
        .split_once(':')
        .ok_or_else(|| Error::Statement(format!("$find without a colon after its table: {inner}")))?;
    let alias = table.split_whitespace().last().unwrap_or_default();
    match engine {
        Engine::Sqlite => {
            text.push_str(&format!("join {table} on"));
            push(engine, text, columns, condition, params)?;
        }
        Engine::Postgres => {
            text.push_str(&format!("cross join lateral (select * from {table} where"));
            push(engine, text, columns, condition, params)?;
            text.push_str(&format!(" offset 0) as {alias}"));
        }
    }
    Ok(())
}

fn parameter_sign(engine: Engine) -> char {
    // SQLite numbers `$1` by first appearance; only `?1` carries its own number.
    match engine {
        Engine::Sqlite => '?',
        Engine::Postgres => '$',
    }
}

fn highest_parameter(sql: &str) -> usize {
    sql.split('$')
        .skip(1)
        .filter_map(|after| {
            let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
            after.get(..digits)?.parse().ok()
        })
        .max()
        .unwrap_or(0)
}

fn push_rows(engine: Engine, text: &mut String, list: &str, params: usize) -> Result<Vec<Kind>> {
    let mut names = Vec::new();
    let mut kinds = Vec::new();
    for column in list.split(',') {
        let (name, kind) = column
            .trim()
            .split_once(' ')
            .and_then(|(name, kind)| Some((name, Kind::parse(kind.trim())?)))
            .ok_or_else(|| Error::Statement(format!("$rows has a column without name or kind: {column}")))?;
        names.push(name);
        kinds.push(kind);
    }
    let numbered = names.iter().zip(&kinds).zip(params + 1..);
    match engine {
        Engine::Sqlite => {
            let selected: Vec<String> =
                numbered.map(|((name, _), number)| format!("?{number} as {name}")).collect();
            text.push_str(&format!("(select {}) as r", selected.join(", ")));
        }
        Engine::Postgres => {
            let arrays: Vec<String> =
                numbered.map(|((_, kind), number)| format!("${number}::{}", kind.postgres_array())).collect();
            text.push_str(&format!("unnest({}) as r({})", arrays.join(", "), names.join(", ")));
        }
    }
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(sql: &str) -> (String, String) {
        (expand(Engine::Sqlite, sql).unwrap().text, expand(Engine::Postgres, sql).unwrap().text)
    }

    #[test]
    fn parameters_keep_their_numbers_on_both_engines() {
        let (sqlite, postgres) = both("select $2, $1 from t where a = '$3 costs' and b = $2");
        assert_eq!(sqlite, "select ?2, ?1 from t where a = '$3 costs' and b = ?2");
        assert_eq!(postgres, "select $2, $1 from t where a = '$3 costs' and b = $2");
    }

    #[test]
    fn rows_become_one_execution_each_or_arrays() {
        let (sqlite, postgres) =
            both("insert into t select $1, r.id, r.at from $rows(id uuid, at int) where true");
        assert_eq!(
            sqlite,
            "insert into t select ?1, r.id, r.at from (select ?2 as id, ?3 as at) as r where true"
        );
        assert_eq!(
            postgres,
            "insert into t select $1, r.id, r.at from unnest($2::uuid[], $3::bigint[]) as r(id, at) where true"
        );
    }

    #[test]
    fn what_a_row_names_is_looked_for_row_by_row() {
        let (sqlite, postgres) = both(
            "select g.name from $rows(id uuid) $find(guests g: g.hotel = $1 and (g.id = r.id)) order by g.id",
        );
        assert_eq!(
            sqlite,
            "select g.name from (select ?2 as id) as r join guests g on g.hotel = ?1 and (g.id = r.id) order by g.id"
        );
        assert_eq!(
            postgres,
            "select g.name from unnest($2::uuid[]) as r(id) cross join lateral (select * from guests g \
             where g.hotel = $1 and (g.id = r.id) offset 0) as g order by g.id"
        );
        assert!(
            expand(Engine::Postgres, "select 1 from $rows(id uuid) $find(guests g: (r.id = g.id)").is_err()
        );
        assert!(expand(Engine::Postgres, "select 1 from $rows(id uuid) $find(guests)").is_err());
    }

    #[test]
    fn a_difference_must_be_named_here() {
        let (sqlite, postgres) = both("select 1 from lanes $for_update_skip_locked");
        assert_eq!(sqlite.trim_end(), "select 1 from lanes");
        assert!(postgres.ends_with("for update skip locked"));
        assert!(expand(Engine::Sqlite, "select $nonsense").is_err());
        assert!(expand(Engine::Sqlite, "select 1 from $rows(id)").is_err());
    }
}
