//! Where a demo lives.

use super::super::{
    failure::{Failure, Result},
    start,
};
use crate::{config::Variables, crypto::random_bytes};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder that is removed with everything in it when this is dropped, if it was made for this run.
pub(in crate::cli) struct Folder {
    path: PathBuf,
    is_temporary: bool,
}

impl Folder {
    /// The folder that was asked for, or a new one that ends with this run.
    pub(in crate::cli) fn open(wanted: Option<PathBuf>, environment: &Variables) -> Result<Self> {
        let is_temporary = wanted.is_none();
        let path = match wanted {
            Some(path) => path,
            None => temporary_name(environment)?,
        };
        start::private_folder(&path)?;
        Ok(Self { path, is_temporary })
    }

    pub(in crate::cli) fn path(&self) -> &Path {
        &self.path
    }
}

fn temporary_name(environment: &Variables) -> Result<PathBuf> {
    let parent = environment.get("TMPDIR").filter(|it| !it.is_empty()).map_or("/tmp", String::as_str);
    let path = Path::new(parent).join(format!("zelo-{}", hex::encode(random_bytes::<8>()?.as_ref())));
    // A folder that somebody else made beforehand would be theirs to read.
    if path.exists() { Err(Failure::new(format!("{} exists already", path.display()))) } else { Ok(path) }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_temporary {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_throw_away_folder_is_private_and_gone_afterwards_and_a_given_one_stays() {
        let parent = tempfile::tempdir().unwrap();
        let environment: Variables =
            [("TMPDIR".to_owned(), parent.path().display().to_string())].into_iter().collect();
        let folder = Folder::open(None, &environment).unwrap();
        let path = folder.path().to_owned();
        assert!(path.starts_with(parent.path()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(path.join("zelo.db"), "x").unwrap();
        drop(folder);
        assert!(!path.exists());

        let given = parent.path().join("given");
        drop(Folder::open(Some(given.clone()), &environment).unwrap());
        assert!(given.exists());
    }
}
