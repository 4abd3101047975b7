//! From settings to an application, as every command that needs one begins.

use super::{
    failure::{Failure, Result, with_causes},
    say,
};
use crate::{
    app::App,
    clock::Clock,
    config::{Config, Sources},
    crypto::{self, Keyring, MasterKey},
    schema::MIGRATIONS,
    stores::{Stores, is_absent, open_as_they_are, open_stores},
};
use db::{
    DatabaseUrl,
    migrate::{Standing, standing},
};
use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
};

/// Read the settings, and say on standard error what they hold in vain.
pub(super) fn settings(sources: &Sources) -> Result<Config> {
    let config = Config::load(sources)?;
    for notice in config.notices() {
        say::aside(&format!("note: {notice}"));
    }
    Ok(config)
}

/// Open an installation: its folder, its stores brought up to date, its master key.
pub(super) async fn open(config: Config) -> Result<App> {
    let clock = Clock::of_the_host();
    private_folder(&config.data.dir)?;
    let stores = open_stores(&config, &clock).await.map_err(|error| unreachable(&config, &error))?;
    let master = master_key(&config, &stores).await?;
    App::assemble(config, stores, master, clock).await.map_err(|error| wrong_key(&error))
}

/// Open an installation to look at what is in it: nothing is made and no schema is changed, so that a command in a wrong
/// folder finds nothing instead of leaving a new installation there.
pub(super) async fn open_to_look(sources: &Sources) -> Result<App> {
    let config = settings(sources)?;
    let urls = [config.database_url(), config.keys_database_url()];
    if let Some(absent) = urls.iter().find(|url| is_absent(url)) {
        return Err(Failure::new(format!(
            "there is no installation here: {absent} does not exist; go to the folder of zelo.toml, or set ZELO__DATA__DIR \
             (the first `zelo serve` makes a new one)"
        )));
    }
    let stores = open_as_they_are(&config).await.map_err(|error| unreachable(&config, &error))?;
    let [data, keys] = urls;
    for (db, url, migrations) in
        [(&stores.db, data, MIGRATIONS), (&stores.keys, keys, crypto::KEYSTORE_MIGRATIONS)]
    {
        match standing(db, migrations).await.map_err(|error| unreachable(&config, &error))? {
            Standing::Current => {}
            other => return Err(not_ours(&url, &other)),
        }
    }
    if Keyring::is_empty(&stores.keys).await? {
        return Err(Failure::new("this installation was never started and holds nothing: run `zelo serve`"));
    }
    let master = find_master_key(&config, false)?;
    let app = App::assemble(config, stores, master, Clock::of_the_host()).await;
    app.map_err(|error| wrong_key(&error))
}

/// Why a database is not as this program needs it, and the cure.
pub(super) fn not_ours(url: &DatabaseUrl, standing: &Standing) -> Failure {
    Failure::new(match standing {
        Standing::Current => format!("{url} is up to date"),
        Standing::Behind(missing) => {
            format!(
                "{url} lacks {} migration(s): run `zelo migrate`; `zelo serve` does it too",
                missing.len()
            )
        }
        Standing::Ahead(newer) => {
            format!("{url} was written by a newer Zelo (schema {newer}): use that version or a newer one")
        }
        Standing::Altered(name) => {
            format!(
                "migration {name} is not the one that was applied to {url}: use an unaltered release of Zelo"
            )
        }
    })
}

/// The settings and the installation in one.
pub(super) async fn open_from(sources: &Sources) -> Result<App> {
    open(settings(sources)?).await
}

/// Make a folder that only its owner can read, and refuse one that others can write to.
pub(super) fn private_folder(folder: &Path) -> Result<()> {
    let shown = folder.display();
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => {
            Err(Failure::new(format!("{shown} is no folder: set ZELO__DATA__DIR to one")))
        }
        Ok(found) if found.permissions().mode() & 0o022 != 0 => {
            Err(Failure::new(format!("others can write to the data folder {shown}: run chmod 700 {shown}")))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
                Failure::new(format!(
                    "the data folder {shown} cannot be made ({error}): make it for this user, or set ZELO__DATA__DIR"
                ))
            })
        }
        Err(error) => Err(Failure::new(format!(
            "the data folder {shown} cannot be used ({error}): give this user access, or set ZELO__DATA__DIR"
        ))),
    }
}

async fn master_key(config: &Config, stores: &Stores) -> Result<MasterKey> {
    let may_create = Keyring::is_empty(&stores.keys).await?;
    find_master_key(config, may_create)
}

fn find_master_key(config: &Config, may_create: bool) -> Result<MasterKey> {
    match &config.keys.encryption_key {
        Some(key) => Ok(MasterKey::from_hex(key.expose())?),
        None => Ok(MasterKey::from_directory(&config.data.dir, may_create)?),
    }
}

/// Why a database cannot be used, and the cure.
pub(super) fn unreachable(config: &Config, error: &db::Error) -> Failure {
    let text = with_causes(error);
    match error {
        db::Error::Unsafe(_) => Failure::new(text),
        _ => Failure::new(format!(
            "the database {} or the keystore {} cannot be used ({text}): check DATABASE_URL and KEYS_DATABASE_URL, or \
             run `zelo doctor`",
            config.database_url(),
            config.keys_database_url()
        )),
    }
}

/// The first thing that a wrong master key breaks is opening the platform's keys.
pub(super) fn wrong_key(error: &crate::Error) -> Failure {
    let text = with_causes(error);
    if text.contains(&crate::crypto::KeyError::Lost.to_string()) {
        return Failure::new(
            "the master key is not the one that this installation was made with: put the right master.key into the \
             data folder, or set ENCRYPTION_KEY to it",
        );
    }
    Failure::new(text)
}
