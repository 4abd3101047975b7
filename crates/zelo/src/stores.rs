//! The databases of an installation: opened and brought up to date, with a copy of what was there before.

use crate::{clock::Clock, config::Config};
use db::{
    DatabaseUrl, Db, Error, Result,
    migrate::{Migration, Standing, standing},
};
use std::path::{Path, PathBuf};

/// The folder of the copies, in the data folder.
const SNAPSHOTS: &str = "snapshots";
/// How many copies are kept: an upgrade that went wrong is noticed before the third one after it.
const KEPT: usize = 3;

/// Both databases of an installation, open and up to date.
pub struct Stores {
    /// The data.
    pub db: Db,
    /// The keystore.
    pub keys: Db,
    /// The copy of the data that was taken before its schema changed, if it did.
    pub copy: Option<PathBuf>,
}

/// Open both databases and bring them up to date. Where that changes an embedded database that is in use already, a copy of
/// it is taken first. The keystore is never copied, because an erasure must reach every key.
///
/// # Errors
/// When one cannot be reached, is unsafe, or was written by a newer program, and when the keystore is gone.
pub async fn open_stores(config: &Config, clock: &Clock) -> Result<Stores> {
    let data = config.database_url();
    let keys = config.keys_database_url();
    refuse_lost_keystore(&data, &keys).await?;
    let copy = match &data {
        DatabaseUrl::Sqlite(file) => copy_before(config, file, crate::schema::MIGRATIONS, clock).await?,
        DatabaseUrl::Postgres(_) => None,
    };
    // The keystore first: whoever finds data without one knows that it was lost.
    migrate(config, &keys, None, crate::crypto::KEYSTORE_MIGRATIONS, clock).await?;
    migrate(config, &data, config.database.admin_url.as_ref(), crate::schema::MIGRATIONS, clock).await?;
    Ok(Stores { copy, ..open_as_they_are(config).await? })
}

/// Open both databases without making or changing anything.
///
/// # Errors
/// When one cannot be reached or is unsafe. Whether their schema is this program's is for the caller to look at.
pub(crate) async fn open_as_they_are(config: &Config) -> Result<Stores> {
    let options = db::Options { create: false, connections: config.database.connections };
    let key_options = db::Options { create: false, connections: config.database.connections.min(4) };
    let db = Db::open(&config.database_url(), &options).await?;
    let keys = Db::open(&config.keys_database_url(), &key_options).await?;
    Ok(Stores { db, keys, copy: None })
}

/// A new keystore beside data that was there before would open nothing of it.
async fn refuse_lost_keystore(data: &DatabaseUrl, keys: &DatabaseUrl) -> Result<()> {
    if !is_absent(keys) || is_absent(data) {
        return Ok(());
    }
    let db = Db::open(data, &db::Options { create: false, connections: 1 }).await?;
    match standing(&db, crate::schema::MIGRATIONS).await? {
        Standing::Behind(missing) if missing.len() == crate::schema::MIGRATIONS.len() => Ok(()),
        _ => Err(Error::Unsafe(format!(
            "the keystore {keys} is gone, though the database {data} is there: restore it from its copy, or correct \
             KEYS_DATABASE_URL; a new one would open nothing"
        ))),
    }
}

/// Whether a database is a file that does not exist. Of a server nobody knows without asking it.
pub(crate) fn is_absent(url: &DatabaseUrl) -> bool {
    matches!(url, DatabaseUrl::Sqlite(path) if !path.exists())
}

async fn migrate(
    config: &Config,
    url: &DatabaseUrl,
    admin: Option<&DatabaseUrl>,
    migrations: &[Migration],
    clock: &Clock,
) -> Result<()> {
    // Only a file in our own data directory is made; a path that somebody typed must exist.
    let create = matches!(url, DatabaseUrl::Sqlite(path) if path.starts_with(&config.data.dir));
    let options = db::Options { create, connections: 1 };
    let owner = Db::open(admin.unwrap_or(url), &options).await?;
    // Who serves may look, and may not make tables: a schema that is up to date needs no owner.
    if admin.is_none() && standing(&owner, migrations).await? == Standing::Current {
        return Ok(());
    }
    let serving = admin.and_then(|_| url.user());
    for name in db::migrate::apply(&owner, migrations, serving.as_deref(), clock.now()).await? {
        tracing::info!(migration = name, "The schema was brought up to date");
    }
    Ok(())
}

/// Copy an embedded database whose schema is about to change.
async fn copy_before(
    config: &Config,
    file: &Path,
    migrations: &[Migration],
    clock: &Clock,
) -> Result<Option<PathBuf>> {
    if !file.exists() {
        return Ok(None);
    }
    let db = Db::open(&DatabaseUrl::Sqlite(file.to_owned()), &db::Options { create: false, connections: 1 })
        .await?;
    let next = match standing(&db, migrations).await? {
        // A database with nothing applied is a new one, with nothing to lose.
        Standing::Behind(missing) if missing.len() < migrations.len() => missing.first().copied(),
        _ => None,
    };
    let Some(next) = next else { return Ok(None) };
    let folder = config.data.dir.join(SNAPSHOTS);
    let copy = folder.join(format!("{}-before-{next}.db", clock.now()));
    let (from, to) = (file.to_owned(), copy.clone());
    tokio::task::spawn_blocking(move || take(&from, &folder, &to))
        .await
        .map_err(|error| Error::Storage(error.to_string()))??;
    tracing::info!(path = %copy.display(), "A copy was taken before the schema changes");
    Ok(Some(copy))
}

fn take(from: &Path, folder: &Path, to: &Path) -> Result<()> {
    let refused = |error: std::io::Error| Error::Storage(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(refused)?;
    db::snapshot(from, to)?;
    let mut copies: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(refused)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "db"))
        .collect();
    // Names begin with the time, so that their order is that of age.
    copies.sort();
    let surplus = copies.len().saturating_sub(KEPT);
    for old in copies.into_iter().take(surplus) {
        std::fs::remove_file(old).map_err(refused)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    async fn behind(db: &Db) {
        db::write!(db, "forget_last_migration", db::Scope::Platform, |tx| -> Result<u64> {
            tx.execute("delete from schema_migrations where name = 'idempotency_keys'", &[]).await?;
            tx.execute("drop table idempotency_keys", &[]).await
        })
        .unwrap();
    }

    fn copies(folder: &Path) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(folder.join(SNAPSHOTS)) else { return Vec::new() };
        let mut copies: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        copies.sort();
        copies
    }

    #[tokio::test]
    async fn a_keystore_that_is_gone_is_not_made_anew_beside_data_that_it_opened() {
        let folder = tempfile::tempdir().unwrap();
        let folder_name = folder.path().display().to_string();
        let config = Config::load(&Sources::default().with_flag("data.dir", folder_name, "test")).unwrap();
        let clock = Clock::standing_at(1_795_176_000_000);
        // An empty file is no data yet.
        std::fs::write(folder.path().join("zelo.db"), "").unwrap();
        drop(open_stores(&config, &clock).await.unwrap());
        let keys = folder.path().join("keys.db");
        std::fs::remove_file(&keys).unwrap();

        let refused = open_stores(&config, &clock).await.err().unwrap().to_string();

        assert!(refused.contains("keys.db is gone") && refused.contains("restore it"), "{refused}");
        assert!(!keys.exists());
    }

    #[tokio::test]
    async fn a_copy_is_taken_before_a_schema_changes_and_three_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let folder_name = folder.path().display().to_string();
        let config = Config::load(&Sources::default().with_flag("data.dir", folder_name, "test")).unwrap();
        let clock = Clock::standing_at(1_795_176_000_000);
        drop(open_stores(&config, &clock).await.unwrap());
        assert!(copies(folder.path()).is_empty(), "a new database has nothing to lose");
        drop(open_stores(&config, &clock).await.unwrap());
        assert!(copies(folder.path()).is_empty(), "nothing changes");

        for minute in 1..=4 {
            let stores = open_stores(&config, &clock).await.unwrap();
            behind(&stores.db).await;
            drop(stores);
            let later = Clock::standing_at(1_795_176_000_000 + minute * 60_000);
            let copy = open_stores(&config, &later).await.unwrap().copy.unwrap();
            assert_eq!(copies(folder.path()).last(), Some(&copy), "whoever migrates is told where it is");
        }

        let copies = copies(folder.path());
        assert_eq!(copies.len(), KEPT);
        let newest = copies.last().unwrap();
        assert!(newest.to_string_lossy().ends_with("1795176240000-before-idempotency_keys.db"));
        let url = DatabaseUrl::Sqlite(newest.clone());
        let copy = Db::open(&url, &db::Options { create: false, connections: 1 }).await.unwrap();
        let there = standing(&copy, crate::schema::MIGRATIONS).await.unwrap();
        assert_eq!(there, Standing::Behind(vec!["idempotency_keys"]));
    }
}
