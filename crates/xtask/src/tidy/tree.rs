//! The files of the repository, read once.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

/// Paths from the root, with the text of those that are text.
pub(crate) struct Tree {
    files: BTreeMap<String, Option<String>>,
    /// Words that a clone has been told not to publish, one a line in `.git/info/private-words`.
    private_words: Vec<String>,
}

impl Tree {
    /// Reads what git tracks, and what it would track after `git add .`.
    ///
    /// # Errors
    /// When git cannot list the files, or one of them cannot be read.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let listed = git(root, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        let mut files = BTreeMap::new();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            match std::fs::read(root.join(path)) {
                Ok(bytes) => files.insert(path.to_owned(), String::from_utf8(bytes).ok()),
                // Tracked, and deleted in the work tree: it is on its way out. A link to a folder is not a file.
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory) =>
                {
                    None
                }
                Err(error) => return Err(io::Error::new(error.kind(), format!("{path}: {error}"))),
            };
        }
        let git_folder = git(root, &["rev-parse", "--path-format=absolute", "--git-common-dir"])?;
        let words = std::fs::read_to_string(Path::new(git_folder.trim()).join("info/private-words"));
        let private_words = words.unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();
        Ok(Self { files, private_words })
    }

    /// Every path, sorted.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every text file as path and text, sorted by path.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// The text of one file; none where the file is missing or is not text.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    pub(crate) fn private_words(&self) -> &[String] {
        &self.private_words
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }
}

/// Whether a file was written by somebody else, or by a program, and so is not ours to shape.
pub(crate) fn is_foreign(path: &str) -> bool {
    path.split('/').any(|part| part == "vendor" || part == "fixtures")
        || matches!(
            path.rsplit('/').next(),
            Some("Cargo.lock" | "package-lock.json" | "openapi.json" | "LICENSE")
        )
        || path.ends_with(".snap")
}

fn git(root: &Path, arguments: &[&str]) -> io::Result<String> {
    // A checkout mounted into a container belongs to another user there; reading it is harmless.
    let output = Command::new("git")
        .args(["-c", "safe.directory=*", "-C"])
        .arg(root)
        .args(arguments)
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!("git does not start ({error}); install it")))?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    String::from_utf8(output.stdout).map_err(io::Error::other)
}

#[cfg(test)]
impl Tree {
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned()))).collect();
        Self { files, private_words: Vec::new() }
    }

    pub(crate) fn keeping_private(mut self, words: &[&str]) -> Self {
        self.private_words = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> tempfolder::Folder {
        let folder = tempfolder::Folder::new();
        git(folder.path(), &["init", "--quiet"]).unwrap();
        folder
    }

    /// A folder that is removed when the test ends; the crate has no dependencies, so it brings its own.
    mod tempfolder {
        use std::path::{Path, PathBuf};
        use std::sync::atomic::{AtomicUsize, Ordering};

        static NEXT: AtomicUsize = AtomicUsize::new(0);

        pub(super) struct Folder(PathBuf);

        impl Folder {
            pub(super) fn new() -> Self {
                let name = format!("xtask-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
                let path = std::env::temp_dir().join(name);
                std::fs::create_dir_all(&path).unwrap();
                Self(path)
            }

            pub(super) fn path(&self) -> &Path {
                &self.0
            }
        }

        impl Drop for Folder {
            fn drop(&mut self) {
                drop(std::fs::remove_dir_all(&self.0));
            }
        }
    }

    #[test]
    fn new_files_are_read_and_ignored_ones_are_not() {
        let folder = repository();
        std::fs::write(folder.path().join(".gitignore"), "secret.txt\n").unwrap();
        std::fs::write(folder.path().join("secret.txt"), "hush").unwrap();
        std::fs::write(folder.path().join("new.txt"), "hello").unwrap();

        let tree = Tree::read(folder.path()).unwrap();

        assert_eq!(tree.paths().collect::<Vec<_>>(), [".gitignore", "new.txt"]);
        assert_eq!(tree.text("new.txt"), Some("hello"));
    }

    #[test]
    fn a_picture_has_a_path_and_no_text() {
        let folder = repository();
        std::fs::write(folder.path().join("picture.png"), [0x89, b'P', b'N', b'G', 0xff]).unwrap();

        let tree = Tree::read(folder.path()).unwrap();

        assert_eq!(tree.paths().collect::<Vec<_>>(), ["picture.png"]);
        assert_eq!(tree.texts().count(), 0);
    }

    #[test]
    fn private_words_come_from_the_git_folder() {
        let folder = repository();
        std::fs::create_dir_all(folder.path().join(".git/info")).unwrap();
        std::fs::write(folder.path().join(".git/info/private-words"), "Hush\n").unwrap();

        assert_eq!(Tree::read(folder.path()).unwrap().private_words(), ["hush"]);
    }

    #[test]
    fn outside_a_repository_nothing_is_read() {
        let folder = tempfolder::Folder::new();
        assert!(Tree::read(folder.path()).is_err());
    }

    #[test]
    fn other_peoples_files_are_told_from_ours() {
        assert!(is_foreign("assets/vendor/htmx.min.js"));
        assert!(is_foreign("crates/whatsapp/tests/fixtures/01-text.json"));
        assert!(is_foreign("Cargo.lock"));
        assert!(!is_foreign("crates/zelo/src/vendors.rs"));
    }
}
