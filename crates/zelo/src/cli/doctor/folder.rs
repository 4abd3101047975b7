//! Whether the data folder is there, ours and private.

use super::Check;
use crate::config::Config;
use std::{fs, io::ErrorKind, os::unix::fs::PermissionsExt as _};

const NAME: &str = "data folder";

pub(super) fn check(config: &Config) -> Check {
    let folder = &config.data.dir;
    let shown = folder.display();
    let metadata = match fs::metadata(folder) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Check::warn(
                NAME,
                format!("{shown} does not exist yet"),
                "the first `zelo serve` makes it; if there should be one already, correct ZELO__DATA__DIR",
            );
        }
        Err(error) => {
            let cure = format!("let the user that runs Zelo own it: chown -R zelo {shown}");
            return Check::fail(NAME, format!("{shown} cannot be read: {error}"), cure);
        }
    };
    if !metadata.is_dir() {
        return Check::fail(NAME, format!("{shown} is no folder"), "set ZELO__DATA__DIR to a folder");
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o022 != 0 {
        let cure = format!("run chmod 700 {shown}");
        return Check::fail(NAME, format!("others can write to {shown} (mode {mode:o})"), cure);
    }
    if mode & 0o055 != 0 {
        let cure = format!("run chmod 700 {shown}");
        return Check::warn(NAME, format!("others can look into {shown} (mode {mode:o})"), cure);
    }
    // SQLite makes its journal beside the database, so that the folder itself has to be writable.
    if mode & 0o200 == 0 {
        return Check::fail(NAME, format!("{shown} is read-only"), format!("run chmod 700 {shown}"));
    }
    Check::ok(NAME, format!("{shown} is private"))
}
