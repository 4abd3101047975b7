//! A copy of a database while others use it.

use crate::{Error, Result};
use rusqlite::OpenFlags;
use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

/// Copy the database file `from` into the new file `to`, as it is between two transactions. The copy is on disk when this
/// returns, and only its owner can read it. Blocks for as long as the copy takes.
///
/// # Errors
/// [`Error::Storage`] when `to` exists already or cannot be written, and what SQLite answers.
pub fn snapshot(from: &Path, to: &Path) -> Result<()> {
    let refused = |error: std::io::Error| Error::Storage(format!("{}: {error}", to.display()));
    // SQLite takes an empty file that is there, which is how the copy gets its mode before its first byte.
    let copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(refused)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(from, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.execute("vacuum into ?1", [&*to.to_string_lossy()])?;
    copy.sync_all().map_err(refused)
}
