//! Whether the data folder is there, ours and private.

use super::Check;
use crate::config::Config;
use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

const NAME: &str = "data folder";
/// Root reads everything, so that what is wrong for the user of the service works for root.
const ROOT: u32 = 0;

/// The user whose rights this process has.
pub(super) fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Everything that is wrong with it, what fails first; one line where nothing is.
pub(super) fn check(config: &Config) -> Vec<Check> {
    let folder = &config.data.dir;
    let shown = folder.display();
    let metadata = match fs::metadata(folder) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return vec![Check::warn(
                NAME,
                format!("{shown} does not exist yet"),
                "the first `zelo serve` makes it; if there should be one already, correct ZELO__DATA__DIR",
            )];
        }
        Err(error) => {
            let cure = format!("let the user that runs Zelo own it: chown -R {} {shown}", me());
            return vec![Check::fail(NAME, format!("{shown} cannot be read: {error}"), cure)];
        }
    };
    if !metadata.is_dir() {
        return vec![Check::fail(NAME, format!("{shown} is no folder"), "set ZELO__DATA__DIR to a folder")];
    }
    let mut found: Vec<Check> = [
        owner(folder, metadata.uid(), me()),
        strangers(folder, metadata.uid()),
        mode(folder, metadata.permissions().mode() & 0o777),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.sort_by_key(|check| check.status != super::Verdict::Fail);
    if found.is_empty() {
        found.push(Check::ok(NAME, format!("{shown} is private")));
    }
    found
}

/// Whether the one who runs this program may work there at all.
fn owner(folder: &Path, owner: u32, me: u32) -> Option<Check> {
    let shown = folder.display();
    if owner == me {
        return None;
    }
    if me == ROOT {
        return Some(Check::warn(
            NAME,
            format!("{shown} belongs to user {owner}, and this is root"),
            format!(
                "run zelo as that user: sudo -u '#{owner}' zelo doctor; it cannot read files that root makes there"
            ),
        ));
    }
    Some(Check::fail(
        NAME,
        format!("{shown} belongs to user {owner}, and this is user {me}"),
        format!("run zelo as that user, or give it the folder: chown -R {me} {shown}"),
    ))
}

/// A command that root ran once leaves files behind that the service cannot read.
fn strangers(folder: &Path, owner: u32) -> Option<Check> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter(|entry| entry.metadata().is_ok_and(|found| found.uid() != owner))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let shown = folder.display();
    (!names.is_empty()).then(|| {
        let detail = format!(
            "not everything in {shown} belongs to its owner, user {owner}, who may be unable to read it: {}",
            names.join(", ")
        );
        Check::fail(NAME, detail, format!("run chown -R {owner} {shown}"))
    })
}

fn mode(folder: &Path, mode: u32) -> Option<Check> {
    let shown = folder.display();
    let cure = format!("run chmod 700 {shown}");
    if mode & 0o022 != 0 {
        return Some(Check::fail(NAME, format!("others can write to {shown} (mode {mode:o})"), cure));
    }
    // SQLite makes its journal beside the database, so that the folder itself has to be writable.
    if mode & 0o200 == 0 {
        return Some(Check::fail(NAME, format!("{shown} is read-only"), cure));
    }
    (mode & 0o055 != 0)
        .then(|| Check::warn(NAME, format!("others can look into {shown} (mode {mode:o})"), cure))
}

#[cfg(test)]
mod tests {
    use super::{super::Verdict, *};

    #[test]
    fn a_folder_of_somebody_else_fails_and_root_is_told_whose_it_is() {
        let folder = Path::new("/srv/zelo");
        assert!(owner(folder, 1000, 1000).is_none() && owner(folder, ROOT, ROOT).is_none());
        let check = owner(folder, ROOT, 1000).unwrap();
        assert_eq!(check.status, Verdict::Fail);
        assert!(check.cure.unwrap().contains("chown -R 1000 /srv/zelo"));
        let check = owner(folder, 1000, ROOT).unwrap();
        assert_eq!(check.status, Verdict::Warn);
        assert!(check.cure.unwrap().contains("sudo -u '#1000'"));
    }

    #[test]
    fn a_file_that_another_user_left_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("master.key"), "").unwrap();
        assert!(strangers(folder.path(), me()).is_none());
        let check = strangers(folder.path(), me() + 1).unwrap();
        assert_eq!(check.status, Verdict::Fail);
        assert!(check.detail.contains("master.key"), "{}", check.detail);
        assert_eq!(check.cure.unwrap(), format!("run chown -R {} {}", me() + 1, folder.path().display()));
    }

    #[test]
    fn root_sees_a_real_file_of_another_user() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("master.key");
        fs::write(&key, "").unwrap();
        // Only root can give files away; for everybody else the test above compares.
        if std::os::unix::fs::chown(&key, Some(12_345), None).is_ok() {
            let check = strangers(folder.path(), me()).unwrap();
            assert!(check.detail.contains("master.key"), "{}", check.detail);
        }
    }
}
