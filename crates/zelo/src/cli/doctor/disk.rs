//! Whether there is room.

use super::Check;
use crate::config::Config;
use std::path::Path;
use tokio::process::Command;

const NAME: &str = "disk";
/// Under this the next busy day may not fit: 10,000 messages with their indexes take about 50 MB, a migration's snapshot
/// as much as the database.
const LITTLE: u64 = 2 * 1024 * 1024 * 1024;
/// Under this SQLite may fail to make a checkpoint, and PostgreSQL stops.
const TOO_LITTLE: u64 = 256 * 1024 * 1024;

pub(super) async fn check(config: &Config) -> Check {
    let folder = existing(&config.data.dir);
    // `df -P` has the same columns everywhere (POSIX).
    let answer = Command::new("df").arg("-Pk").arg(folder).output().await;
    let free = answer.ok().and_then(|output| free_bytes(&String::from_utf8_lossy(&output.stdout)));
    judge(free)
}

/// The folder itself, or the nearest one above it that exists.
fn existing(folder: &Path) -> &Path {
    folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."))
}

/// The fourth column of the second line, in units of 1024 bytes.
fn free_bytes(text: &str) -> Option<u64> {
    let kibibytes: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn judge(free: Option<u64>) -> Check {
    let Some(free) = free else {
        return Check::warn(NAME, "cannot check how much room there is", "install df, or look yourself");
    };
    let detail = format!("{} MB free", free / 1024 / 1024);
    let cure = "free some room, or move the data folder to a larger disk";
    match free {
        free if free < TOO_LITTLE => Check::fail(NAME, detail, cure),
        free if free < LITTLE => Check::warn(NAME, detail, cure),
        _ => Check::ok(NAME, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Verdict, *};

    #[test]
    fn the_room_is_read_from_the_portable_form_of_df() {
        let text =
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda1 1000 400 600 40% /srv\n";
        assert_eq!(free_bytes(text), Some(600 * 1024));
        assert_eq!(free_bytes("df: no such thing"), None);
    }

    #[test]
    fn little_room_is_warned_of_and_too_little_fails() {
        for (free, status) in [
            (Some(TOO_LITTLE - 1), Verdict::Fail),
            (Some(TOO_LITTLE), Verdict::Warn),
            (Some(LITTLE), Verdict::Ok),
            (None, Verdict::Warn),
        ] {
            assert_eq!(judge(free).status, status, "{free:?}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_measured_where_it_would_be() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(existing(&folder.path().join("a/b/c")), folder.path());
    }
}
