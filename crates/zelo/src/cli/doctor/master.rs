//! Whether the master key is there, and how it comes back where it is not.
//!
//! A new key is a cure only where nothing was encrypted yet: everywhere else it opens nothing, and whoever puts it in the
//! place of the old one may lose every message.

use super::{Check, folder};
use crate::{
    config::Config,
    crypto::{Keyring, MasterKey, MasterKeyError},
    stores::is_absent,
};
use db::Db;
use std::{io::ErrorKind, path::Path};

const NAME: &str = "master key";

/// What waits for the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// Nothing was encrypted yet.
    Nothing,
    /// The keystore holds keys that only it opens.
    Keys,
    /// The keystore cannot be looked into.
    Unknown,
}

/// Find the master key, without making one.
pub(super) async fn check(config: &Config, keys: Option<&Db>) -> (Option<MasterKey>, Check) {
    let found = match &config.keys.encryption_key {
        Some(key) => MasterKey::from_hex(key.expose()),
        None => MasterKey::from_directory(&config.data.dir, false),
    };
    match found {
        Ok(key) => (Some(key), Check::ok(NAME, "it is there, and readable by its owner only")),
        Err(error) => (None, judge(&error, held(config, keys).await, folder::me())),
    }
}

async fn held(config: &Config, keys: Option<&Db>) -> Held {
    match keys {
        Some(keys) => match Keyring::is_empty(keys).await {
            Ok(true) => Held::Nothing,
            Ok(false) => Held::Keys,
            Err(_) => Held::Unknown,
        },
        // A keystore that is gone while the data is there is a loss, and no beginning.
        None if is_absent(&config.keys_database_url()) && is_absent(&config.database_url()) => Held::Nothing,
        None => Held::Unknown,
    }
}

fn judge(error: &MasterKeyError, held: Held, me: u32) -> Check {
    let restore = |path: &Path| {
        let folder = path.parent().unwrap_or(path).display();
        format!("restore master.key from where you keep its copy, into {folder}")
    };
    let cure = match (error, held) {
        (MasterKeyError::Missing(path), Held::Nothing) => {
            let cure = "the first `zelo serve` makes it; keep a copy of it outside of this machine";
            return Check::warn(NAME, format!("there is none at {} yet", path.display()), cure);
        }
        (MasterKeyError::Missing(path), Held::Unknown) => {
            let detail =
                format!("there is none at {}, and the keystore cannot be looked into", path.display());
            let cure = format!("{}; only a new installation gets one from its first start", restore(path));
            return Check::warn(NAME, detail, cure);
        }
        (MasterKeyError::TooOpen { path, .. }, _) => format!("run chmod 600 {}", path.display()),
        (MasterKeyError::Unusable { path, source }, _) if source.kind() == ErrorKind::PermissionDenied => {
            format!("run chown {me} {} as root", path.display())
        }
        (MasterKeyError::Damaged(path), Held::Nothing) => {
            let path = path.display();
            format!("nothing was encrypted yet: remove {path}, and the next `zelo serve` makes a new one")
        }
        (
            MasterKeyError::Missing(path)
            | MasterKeyError::Damaged(path)
            | MasterKeyError::Unusable { path, .. },
            _,
        ) => restore(path),
        (MasterKeyError::Malformed, Held::Nothing) => "make one with: openssl rand -hex 32".to_owned(),
        (MasterKeyError::Malformed, _) => {
            "set ENCRYPTION_KEY to the key that this installation was made with, from where you keep its copy"
                .to_owned()
        }
        (MasterKeyError::Unwritable { path, .. }, _) => {
            format!("run chown {me} {} as root", path.parent().unwrap_or(path).display())
        }
        (MasterKeyError::NoRandomness, _) => "see whether the machine has started fully".to_owned(),
    };
    Check::fail(NAME, error.to_string(), cure)
}

#[cfg(test)]
mod tests {
    use super::{super::Verdict, *};
    use std::io;

    fn cure(error: &MasterKeyError, held: Held) -> String {
        let check = judge(error, held, 1000);
        // Neither the line nor its cure may lead to a new key where an old one is needed.
        let leads_to_a_new_one = check.to_text().contains("openssl") || check.to_text().contains("new one");
        assert!(!leads_to_a_new_one || held == Held::Nothing, "{held:?}: {}", check.to_text());
        check.cure.unwrap()
    }

    #[test]
    fn a_key_that_belongs_to_root_is_given_to_its_user_and_not_replaced() {
        let denied = |kind: ErrorKind| MasterKeyError::Unusable {
            path: "/srv/zelo/master.key".into(),
            source: io::Error::from(kind),
        };
        for held in [Held::Nothing, Held::Keys, Held::Unknown] {
            let told = cure(&denied(ErrorKind::PermissionDenied), held);
            assert_eq!(told, "run chown 1000 /srv/zelo/master.key as root", "{held:?}");
        }
        assert!(cure(&denied(ErrorKind::IsADirectory), Held::Keys).contains("restore master.key"));
    }

    #[test]
    fn a_damaged_key_is_restored_unless_nothing_was_encrypted_yet() {
        let damaged = MasterKeyError::Damaged("/srv/zelo/master.key".into());
        for held in [Held::Keys, Held::Unknown] {
            assert!(cure(&damaged, held).contains("restore master.key"), "{held:?}");
        }
        assert!(cure(&damaged, Held::Nothing).contains("remove /srv/zelo/master.key"));
    }

    #[test]
    fn a_missing_key_is_made_only_where_there_is_nothing_to_open() {
        let missing = MasterKeyError::Missing("/srv/zelo/master.key".into());
        assert_eq!(judge(&missing, Held::Nothing, 1000).status, Verdict::Warn);
        assert_eq!(judge(&missing, Held::Unknown, 1000).status, Verdict::Warn);
        assert_eq!(judge(&missing, Held::Keys, 1000).status, Verdict::Fail);
        for held in [Held::Keys, Held::Unknown] {
            assert!(cure(&missing, held).contains("restore master.key"), "{held:?}");
        }
    }
}
