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
    #[error("the encryption key must be 64 random hexadecimal digits; make one with: openssl rand -hex 32")]
    Malformed,
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
    /// It cannot be read or written.
    #[error("the master key {path} cannot be used: {source}")]
    Unusable {
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
    /// When it is missing and needed, readable by others, or unusable.
    pub fn from_directory(directory: &Path, may_create: bool) -> Result<Self, MasterKeyError> {
        let path = directory.join(MASTER_KEY_FILE);
        let unusable = |source| MasterKeyError::Unusable { path: path.clone(), source };
        match fs::metadata(&path) {
            Ok(metadata) => {
                let mode = metadata.permissions().mode() & 0o777;
                if mode & 0o077 != 0 {
                    return Err(MasterKeyError::TooOpen { path, mode });
                }
                let digits = Zeroizing::new(fs::read_to_string(&path).map_err(unusable)?);
                Self::from_hex(&digits)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => Self::create(&path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(MasterKeyError::Missing(path)),
            Err(error) => Err(unusable(error)),
        }
    }

    fn create(path: &Path) -> Result<Self, MasterKeyError> {
        let unusable = |source| MasterKeyError::Unusable { path: path.to_owned(), source };
        let bytes = random_bytes::<32>().map_err(|_| MasterKeyError::NoRandomness)?;
        let digits = Zeroizing::new(hex::encode(bytes.as_ref()));
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(unusable)?;
        file.write_all(digits.as_bytes()).map_err(unusable)?;
        // The key must be on disk before anything that it encrypts: losing it would lose everything.
        file.sync_all().map_err(unusable)?;
        if let Some(folder) = path.parent() {
            fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(unusable)?;
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
    fn a_weak_key_is_refused() {
        for weak in ["", "secret", &"00".repeat(32), &"ab".repeat(31), &"zz".repeat(32)] {
            assert!(matches!(MasterKey::from_hex(weak), Err(MasterKeyError::Malformed)), "{weak}");
        }
    }
}
