//! Bringing a schema up to date.

use crate::{Db, Engine, Error, Result, Scope, Tx, params};
use sha2::{Digest, Sha256};

/// One step of a schema, in both engines' words.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its place in the order, from 1 without gaps.
    pub number: i64,
    /// What it does, as in its file name.
    pub name: &'static str,
    /// The text for SQLite.
    pub sqlite: &'static str,
    /// The text for PostgreSQL.
    pub postgres: &'static str,
}

impl Migration {
    fn text(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }

    fn checksum(&self, engine: Engine) -> String {
        hex::encode(Sha256::digest(self.text(engine).as_bytes()))
    }
}

const CREATE_TABLE: &str = "create table if not exists schema_migrations (
    number bigint primary key, name text not null, checksum text not null, applied_at bigint not null)";

/// How a database stands to the migrations of this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Everything is applied.
    Current,
    /// These are missing, in order.
    Behind(Vec<&'static str>),
    /// The database was written by a newer program, whose last migration has this number.
    Ahead(i64),
    /// A migration was changed after it had been applied here.
    Altered(String),
}

/// Compare a database with the migrations, changing nothing.
///
/// # Errors
/// When the database cannot be read.
pub async fn standing(db: &Db, migrations: &[Migration]) -> Result<Standing> {
    let engine = db.engine();
    let applied = crate::read!(db, "schema_standing", Scope::Platform, |tx| -> Result<_> {
        let exists = match engine {
            Engine::Sqlite => {
                tx.query("select 1 from sqlite_master where name = 'schema_migrations'", &[], |row| {
                    row.get::<i64>(0)
                })
                .await?
            }
            Engine::Postgres => {
                tx.query("select 1::bigint where to_regclass('schema_migrations') is not null", &[], |row| {
                    row.get::<i64>(0)
                })
                .await?
            }
        };
        if exists.is_empty() {
            return Ok(Vec::new());
        }
        list_applied(tx).await
    })?;
    Ok(compare(engine, migrations, &applied))
}

async fn list_applied(tx: &mut Tx) -> Result<Vec<(i64, String)>> {
    tx.query("select number, checksum from schema_migrations order by number", &[], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .await
}

fn compare(engine: Engine, migrations: &[Migration], applied: &[(i64, String)]) -> Standing {
    let last = migrations.last().map_or(0, |migration| migration.number);
    if let Some((newer, _)) = applied.iter().rfind(|(number, _)| *number > last) {
        return Standing::Ahead(*newer);
    }
    let mut missing = Vec::new();
    for migration in migrations {
        match applied.iter().find(|(number, _)| *number == migration.number) {
            None => missing.push(migration.name),
            Some((_, checksum)) if *checksum != migration.checksum(engine) => {
                return Standing::Altered(format!("{:04}_{}", migration.number, migration.name));
            }
            Some(_) => {}
        }
    }
    if missing.is_empty() { Standing::Current } else { Standing::Behind(missing) }
}

/// Apply what is missing, each migration in a transaction of its own; returns the names of those applied.
///
/// `serving_role` is the PostgreSQL role that serves requests: it gets rights on rows and owns nothing.
/// `now` is the time in milliseconds since 1970.
///
/// # Errors
/// When a migration fails (it is undone), or the database is ahead or altered.
pub async fn apply(
    db: &Db,
    migrations: &[Migration],
    serving_role: Option<&str>,
    now: i64,
) -> Result<Vec<&'static str>> {
    let engine = db.engine();
    let mut applied = Vec::new();
    for migration in migrations {
        let fresh = crate::write!(db, "migrate", Scope::Platform, |tx| -> Result<_> {
            if engine == Engine::Postgres {
                // Several processes may start at once; one migrates, the others wait and find nothing to do.
                tx.query("select pg_advisory_xact_lock(7235419)::text", &[], |_| Ok(())).await?;
            }
            tx.batch(CREATE_TABLE).await?;
            let done = list_applied(tx).await?;
            match compare(engine, migrations, &done) {
                Standing::Ahead(newer) => {
                    return Err(Error::Unsafe(format!(
                        "this database was written by a newer Zelo (schema {newer}); start that version or a newer one"
                    )));
                }
                Standing::Altered(name) => {
                    return Err(Error::Unsafe(format!(
                        "migration {name} is not the one that was applied to this database"
                    )));
                }
                Standing::Current | Standing::Behind(_) => {}
            }
            if done.iter().any(|(number, _)| *number == migration.number) {
                return Ok(false);
            }
            tx.batch(migration.text(engine)).await?;
            tx.execute(
                "insert into schema_migrations (number, name, checksum, applied_at) values ($1, $2, $3, $4)",
                params![migration.number, migration.name, migration.checksum(engine), now],
            )
            .await?;
            Ok(true)
        })?;
        if fresh {
            applied.push(migration.name);
        }
    }
    if engine == Engine::Postgres
        && let Some(role) = serving_role
    {
        grant(db, role).await?;
    }
    Ok(applied)
}

/// Give the serving role what it needs and no more: no ownership, no truncation, no schema changes, and of a table with a
/// trigger named `append_only` no row is changed or deleted.
async fn grant(db: &Db, role: &str) -> Result<()> {
    let role = role.replace('"', "\"\"");
    let in_literal = role.replace('\'', "''");
    let text = format!(
        "grant usage on schema public to \"{role}\";
         grant select, insert, update, delete on all tables in schema public to \"{role}\";
         grant usage, select on all sequences in schema public to \"{role}\";
         revoke insert, update, delete on schema_migrations from \"{role}\";
         do $grants$ declare kept regclass; begin
             for kept in select tgrelid::regclass from pg_trigger where tgname = 'append_only' loop
                 execute 'revoke update, delete on ' || kept || ' from \"{in_literal}\"';
             end loop;
         end $grants$;"
    );
    crate::write!(db, "grant", Scope::Platform, |tx| -> Result<_> { tx.batch(&text).await })
}
