//! Whether the databases are reachable, safe and up to date, and whether the master key is there.

use super::{super::failure::with_causes, Check};
use crate::{config::Config, stores::is_absent};
use db::{
    DatabaseUrl, Db, Options,
    migrate::{Migration, Standing, standing},
};
use std::time::Duration;

/// A server that takes longer to answer is as good as gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// PostgreSQL's code for "insufficient privilege".
const NOT_ALLOWED: &str = "42501";

/// Open a database without changing it. It is given only if the program could work with it as it is.
pub(super) async fn open(
    name: &'static str,
    url: &DatabaseUrl,
    migrations: &[Migration],
    setting: &str,
) -> (Option<Db>, Check) {
    if is_absent(url) {
        let cure = format!("the first `zelo serve` makes it in the data folder; elsewhere correct {setting}");
        return (None, Check::warn(name, format!("{url} does not exist yet"), cure));
    }
    let options = Options { create: false, connections: 1 };
    let opened = async {
        let db = Db::open(url, &options).await?;
        let standing = standing(&db, migrations).await?;
        Ok((db, standing))
    };
    match tokio::time::timeout(PATIENCE, opened).await {
        Ok(Ok((db, standing))) => judge(name, url, db, standing),
        Ok(Err(error)) => (None, refused(name, url, &error, setting)),
        Err(_) => {
            let cure = format!("check the network and {setting}");
            (None, Check::fail(name, format!("{url} does not answer"), cure))
        }
    }
}

fn judge(name: &'static str, url: &DatabaseUrl, db: Db, standing: Standing) -> (Option<Db>, Check) {
    match standing {
        Standing::Current => (Some(db), Check::ok(name, format!("{url} is reachable and up to date"))),
        Standing::Behind(missing) => {
            let detail = format!("{url} lacks {} migration(s): {}", missing.len(), missing.join(", "));
            (None, Check::fail(name, detail, "run `zelo migrate`; `zelo serve` does it too"))
        }
        Standing::Ahead(newer) => {
            let detail = format!("{url} was written by a newer Zelo (schema {newer})");
            (None, Check::fail(name, detail, "start that version or a newer one"))
        }
        Standing::Altered(migration) => {
            let detail = format!("migration {migration} of {url} is not this program's");
            (None, Check::fail(name, detail, "use an unaltered release of Zelo"))
        }
    }
}

pub(super) fn refused(name: &'static str, url: &DatabaseUrl, error: &db::Error, setting: &str) -> Check {
    let detail = format!("{url}: {}", with_causes(error));
    let cure = match (error, url) {
        (db::Error::Unsafe(_), _) => {
            "change the server's setting as said; until then Zelo does not start".to_owned()
        }
        (_, DatabaseUrl::Sqlite(path)) => {
            format!("let the user that runs Zelo read and write {}, or correct {setting}", path.display())
        }
        (db::Error::Statement(why), DatabaseUrl::Postgres(_)) if why.contains(NOT_ALLOWED) => {
            "run `zelo migrate` with DATABASE_ADMIN_URL: it gives this role what it needs".to_owned()
        }
        (_, DatabaseUrl::Postgres(_)) => {
            format!("start the server, create the database, or correct {setting}")
        }
    };
    Check::fail(name, detail, cure)
}

/// A keystore that is gone while the data is there: a start refuses to make another.
pub(super) fn lost_keystore(config: &Config) -> Option<Check> {
    let (data, keys) = (config.database_url(), config.keys_database_url());
    (is_absent(&keys) && !is_absent(&data)).then(|| {
        let detail = format!("{keys} does not exist, though the database is there");
        let cure = "restore the keystore from its copy, or correct KEYS_DATABASE_URL; another one would open nothing";
        Check::fail("keystore", detail, cure)
    })
}

/// PostgreSQL keeps tenants apart by row-level security, which does not hold for every role.
pub(super) async fn role(db: &Db) -> Option<Check> {
    const NAME: &str = "database role";
    if db.engine() != db::Engine::Postgres {
        return None;
    }
    let passes_by = db::read!(db, "look_at_role", db::Scope::Platform, |tx| -> db::Result<bool> {
        let sql = "select cast(case when rolsuper or rolbypassrls then 1 else 0 end as bigint)
                   from pg_roles where rolname = current_user";
        tx.query_one(sql, &[], |row| row.get(0)).await
    });
    Some(match passes_by {
        Ok(false) => Check::ok(NAME, "row-level security holds for it"),
        Ok(true) => {
            let detail = "row-level security does not hold for it: it is a superuser, or has BYPASSRLS";
            let cure = "create role zelo login; name it in DATABASE_URL, and the present one in DATABASE_ADMIN_URL, \
                        which only migrations use";
            Check::warn(NAME, detail, cure)
        }
        Err(error) => Check::warn(NAME, with_causes(&error), "start the server"),
    })
}

/// Keys beside the data would be copied by every backup of the data, and an erased person would come back with it.
pub(super) fn keystore_is_apart(config: &Config) -> Check {
    const NAME: &str = "keystore place";
    let (data, keys) = (config.database_url(), config.keys_database_url());
    if place(&data) == place(&keys) {
        let cure = match data {
            DatabaseUrl::Postgres(_) => "create a database of its own and name it in KEYS_DATABASE_URL",
            DatabaseUrl::Sqlite(_) => "name another file in KEYS_DATABASE_URL",
        };
        return Check::fail(NAME, "the keys lie in the same database as the data", cure);
    }
    let is_server = matches!(data, DatabaseUrl::Postgres(_)) && matches!(keys, DatabaseUrl::Postgres(_));
    if is_server && server(&data) == server(&keys) {
        return Check::warn(
            NAME,
            "the keys lie on the same server as the data: a physical backup (pg_basebackup, WAL archive, snapshot of the \
             disk) copies both, and brings erased people back with their keys",
            "name a database of another server (cluster) in KEYS_DATABASE_URL, or make logical backups alone (pg_dump of \
             the data)",
        );
    }
    Check::ok(NAME, "the keys lie apart from the data")
}

/// Where a database is, whoever logs in.
fn place(url: &DatabaseUrl) -> String {
    let text = url.to_string();
    text.rsplit_once('@').map(|(_, place)| place.to_owned()).unwrap_or(text)
}

/// Host and port of a server. This machine has several names.
fn server(url: &DatabaseUrl) -> String {
    let place = place(url);
    // A socket's folder has slashes of its own; the database's name has none.
    let server = place.rsplit_once('/').map_or(place.as_str(), |(server, _)| server);
    let (host, port) = server.rsplit_once(':').unwrap_or((server, ""));
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]" | "") || host.starts_with('/');
    format!("{}:{port}", if is_here { "localhost" } else { host })
}
