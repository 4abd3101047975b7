//! Passwords: argon2id on a bounded pool.

use crate::error::{Error, Result};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// A hash takes 19 MiB and tens of milliseconds; more at once would starve everything else.
const AT_ONCE: usize = 2;
/// Who waits longer than this is asked to come back.
const PATIENCE: Duration = Duration::from_secs(5);
/// Who would be further back than this would wait longer than that.
const MOST_WAITING: usize = 64;
/// How every hash that is up to date begins.
const CURRENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
/// Hashed when there is no such user, so that the answer takes as long as for a wrong password.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$em9icm9ib2RpZW5ncnVl$6PSEKkAB3kr0e2Yj8RR1wzOSXuFvmBqqyKl4pS7OaQ4";

/// Hashes and checks passwords, a few at a time.
#[derive(Debug, Clone)]
pub(super) struct Passwords {
    room: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// What came of checking a password.
pub(super) struct Checked {
    pub(super) matches: bool,
    /// The same password hashed as it is done today, where it was hashed otherwise.
    pub(super) better_hash: Option<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::new(Semaphore::new(MOST_WAITING)) }
    }
}

impl Passwords {
    /// The hash of a new password, in PHC form: argon2id with 19 MiB and two passes (OWASP Password Storage).
    pub(super) async fn hash(&self, password: Zeroizing<String>) -> Result<String> {
        self.run(move || hashed(&password)).await?
    }

    /// Whether a password has this hash. Without a hash the same work is done for nothing.
    pub(super) async fn verify(&self, password: Zeroizing<String>, hash: Option<String>) -> Result<Checked> {
        self.run(move || {
            let hash = hash.filter(|hash| !hash.is_empty());
            let exists = hash.is_some();
            let text = hash.unwrap_or_else(|| NOBODYS_HASH.to_owned());
            let matches = exists & has_hash(&password, &text);
            let is_outdated = matches && !text.starts_with(CURRENT);
            let better_hash = if is_outdated { Some(hashed(&password)?) } else { None };
            Ok(Checked { matches, better_hash })
        })
        .await?
    }

    /// Whether a password has one of these hashes.
    pub(super) async fn has_any(&self, password: Zeroizing<String>, hashes: Vec<String>) -> Result<bool> {
        self.run(move || hashes.iter().any(|hash| has_hash(&password, hash))).await
    }

    /// The hashes of several secrets, in their order.
    pub(super) async fn hash_all(&self, secrets: Vec<Zeroizing<String>>) -> Result<Vec<String>> {
        self.run(move || secrets.iter().map(|secret| hashed(secret)).collect()).await?
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = self.waiting.clone().try_acquire_owned().map_err(|_| Error::Unavailable(None))?;
        let permit = tokio::time::timeout(PATIENCE, self.room.clone().acquire_owned())
            .await
            .map_err(|_| Error::Unavailable(None))?
            .map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let _place = place;
            work()
        })
        .await
        .map_err(Error::internal)
    }
}

fn hashed(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
}

/// Whether a password has this hash: of our own kind, or of bcrypt, which other systems left behind.
fn has_hash(password: &str, hash: &str) -> bool {
    if is_bcrypt(hash) {
        return bcrypt::verify(password, hash).unwrap_or(false);
    }
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// The three prefixes under which bcrypt is stored (Provos and Mazières; `2y` is PHP's, `2b` the corrected one).
fn is_bcrypt(hash: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix))
}

/// Whether a hash that comes from elsewhere can be checked here.
pub(super) fn can_check(hash: &str) -> bool {
    let is_argon2id = hash.starts_with("$argon2id$") && PasswordHash::new(hash).is_ok();
    is_argon2id || (is_bcrypt(hash) && hash.len() == 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Hashes are imported, so their form is somebody else's; the costs in these stay small.
        #[test]
        fn i09_no_text_is_a_hash_and_none_stops_the_check(
            noise in "\\PC{0,80}",
            kind in "argon2(id|i|d)|2[aby]|scrypt|",
            parts in "([$][a-zA-Z0-9+/.=,]{0,24}){0,4}",
        ) {
            for text in [noise, format!("${kind}$v=19$m=8,t=1,p=1{parts}"), format!("${kind}$04{parts}")] {
                prop_assert!(!has_hash("lagoa-calma-em-maio", &text), "{}", text);
            }
        }
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_to_the_last_letter() {
        let passwords = Passwords::default();
        let hash = passwords.hash(Zeroizing::new("lagoa-calma-em-maio".into())).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        for (given, right) in
            [("lagoa-calma-em-maio", true), ("lagoa-calma-em-mai", false), ("Lagoa-calma-em-maio", false)]
        {
            let checked = passwords.verify(Zeroizing::new(given.into()), Some(hash.clone())).await.unwrap();
            assert_eq!((checked.matches, checked.better_hash), (right, None), "{given}");
        }
        let nobody = passwords.verify(Zeroizing::new("lagoa-calma-em-maio".into()), None).await.unwrap();
        assert!(!nobody.matches);
    }

    #[test]
    fn nobodys_hash_costs_as_much_as_somebodys() {
        let hash = PasswordHash::new(NOBODYS_HASH).unwrap();
        assert_eq!(hash.params.get_decimal("m"), Some(19_456));
        assert_eq!(hash.params.get_decimal("t"), Some(2));
    }
}
