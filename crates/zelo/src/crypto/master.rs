//! The master key: outside of every database and backup.

use super::{Key, KeyId, random_bytes};
use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The file's name in the data directory.
const MASTER_KEY_FILE: &str = "master.key";

/// Why there is no master key. Each text names the cure.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Not 64 hexadecimal digits, or a key that anybody would guess.
    #[error(
        "the encryption key is not 64 random hexadecimal digits: set ENCRYPTION_KEY to the one that this installation was \
         made with; only for one that holds nothing yet make one with: openssl rand -hex 32"
    )]
    Malformed,
    /// The file is there and holds no key. Nothing else opens what was sealed, so that it is never replaced.
    #[error("the master key {0} is damaged: restore it from its copy; another key would open nothing")]
    Damaged(PathBuf),
    /// The database holds data, but the key is gone.
    #[error(
        "there is no master key at {0}, but the keystore holds keys that need it: put the file back, or set ENCRYPTION_KEY"
    )]
    Missing(PathBuf),
    /// Others could read it.
    #[error("the master key {path} has mode {mode:o}, so that others could read it: run chmod 600 {path}")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It cannot be read.
    #[error(
        "the master key {path} cannot be read ({source}): let it belong to the user that runs Zelo (chown), or restore it \
         from its copy; another key would open nothing"
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The first one cannot be written.
    #[error(
        "the master key {path} cannot be written ({source}): let the user that runs Zelo write to its folder"
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No randomness.
    #[error("the system gave no randomness for a master key")]
    NoRandomness,
}

/// The key above all others.
#[derive(Debug)]
pub struct MasterKey(pub(super) Key);

impl MasterKey {
    /// Read a key of 64 hexadecimal digits.
    ///
    /// # Errors
    /// When it is something else, or the same byte again and again.
    pub fn from_hex(digits: &str) -> Result<Self, MasterKeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits.trim(), bytes.as_mut()).map_err(|_| MasterKeyError::Malformed)?;
        if bytes.iter().all(|byte| Some(byte) == bytes.first()) {
            return Err(MasterKeyError::Malformed);
        }
        Ok(Self(Key::new(KeyId(Uuid::nil()), bytes)))
    }

    /// Read the key file of a data directory, or make it where nothing was encrypted yet (`may_create`).
    ///
    /// # Errors
    /// When it is missing and needed, readable by others, damaged, or unusable.
    pub fn from_directory(directory: &Path, may_create: bool) -> Result<Self, MasterKeyError> {
        let path = directory.join(MASTER_KEY_FILE);
        let unusable = |source| MasterKeyError::Unusable { path: path.clone(), source };
        match fs::metadata(&path) {
            Ok(metadata) => {
                let mode = metadata.permissions().mode() & 0o777;
                if mode & 0o077 != 0 {
                    return Err(MasterKeyError::TooOpen { path, mode });
                }
                let bytes = Zeroizing::new(fs::read(&path).map_err(unusable)?);
                let digits = std::str::from_utf8(&bytes).unwrap_or_default();
                Self::from_hex(digits).map_err(|_| MasterKeyError::Damaged(path))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => Self::create(&path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(MasterKeyError::Missing(path)),
            Err(error) => Err(unusable(error)),
        }
    }

    fn create(path: &Path) -> Result<Self, MasterKeyError> {
        let unwritable = |source| MasterKeyError::Unwritable { path: path.to_owned(), source };
        let bytes = random_bytes::<32>().map_err(|_| MasterKeyError::NoRandomness)?;
        let digits = Zeroizing::new(hex::encode(bytes.as_ref()));
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(unwritable)?;
        file.write_all(digits.as_bytes()).map_err(unwritable)?;
        // The key must be on disk before anything that it encrypts: losing it would lose everything.
        file.sync_all().map_err(unwritable)?;
        if let Some(folder) = path.parent() {
            fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(unwritable)?;
        }
        Self::from_hex(&digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_made_once_for_its_owner_only_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let made = MasterKey::from_directory(folder.path(), true).unwrap();
        let found = MasterKey::from_directory(folder.path(), false).unwrap();
        assert_eq!(made.0.bytes(), found.0.bytes());
        let path = folder.path().join(MASTER_KEY_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            MasterKey::from_directory(folder.path(), true),
            Err(MasterKeyError::TooOpen { mode: 0o644, .. })
        ));
    }

    #[test]
    fn a_missing_key_is_not_replaced_by_a_new_one_that_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(MasterKey::from_directory(folder.path(), false), Err(MasterKeyError::Missing(_))));
        assert!(!folder.path().join(MASTER_KEY_FILE).exists());
    }

    #[test]
    fn a_damaged_file_is_no_reason_for_a_new_key() {
        let folder = tempfile::tempdir().unwrap();
        MasterKey::from_directory(folder.path(), true).unwrap();
        let path = folder.path().join(MASTER_KEY_FILE);
        let whole = fs::read(&path).unwrap();
        for damaged in [&whole[..40], b"", b"\xff\xfe", b"the words of somebody who opened it in an editor"] {
            fs::write(&path, damaged).unwrap();
            let error = MasterKey::from_directory(folder.path(), true).unwrap_err();
            assert!(matches!(error, MasterKeyError::Damaged(_)), "{error}");
            let text = error.to_string();
            assert!(text.contains("restore it from its copy") && !text.contains("openssl"), "{text}");
            assert_eq!(fs::read(&path).unwrap(), damaged, "nothing was written over it");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_no_reason_for_a_new_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(MASTER_KEY_FILE);
        // Root reads every file; nobody reads a folder.
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        let error = MasterKey::from_directory(folder.path(), true).unwrap_err();
        assert!(matches!(error, MasterKeyError::Unusable { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("chown") && !text.contains("openssl"), "{text}");
        assert!(path.is_dir());
    }

    #[test]
    fn a_weak_key_is_refused() {
        for weak in ["", "secret", &"00".repeat(32), &"ab".repeat(31), &"zz".repeat(32)] {
            assert!(matches!(MasterKey::from_hex(weak), Err(MasterKeyError::Malformed)), "{weak}");
        }
    }
}
