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
/// Hashed when there is no such user, so that the answer takes as long as for a wrong password.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$em9icm9ib2RpZW5ncnVl$6PSEKkAB3kr0e2Yj8RR1wzOSXuFvmBqqyKl4pS7OaQ4";

/// Hashes and checks passwords, a few at a time.
#[derive(Debug, Clone)]
pub(super) struct Passwords {
    room: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// The hash of a new password, in PHC form: argon2id with 19 MiB and two passes (OWASP Password Storage).
    pub(super) async fn hash(&self, password: Zeroizing<String>) -> Result<String> {
        self.run(move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()))
            .await?
            .map_err(|error| Error::internal(error.to_string()))
    }

    /// Whether a password has this hash. Without a hash the same work is done for nothing.
    pub(super) async fn verify(&self, password: Zeroizing<String>, hash: Option<String>) -> Result<bool> {
        self.run(move || {
            let exists = hash.is_some();
            let text = hash.unwrap_or_else(|| NOBODYS_HASH.to_owned());
            let matches = PasswordHash::new(&text)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
            exists && matches
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = tokio::time::timeout(PATIENCE, self.room.clone().acquire_owned())
            .await
            .map_err(|_| Error::Unavailable(None))?
            .map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_to_the_last_letter() {
        let passwords = Passwords::default();
        let hash = passwords.hash(Zeroizing::new("lagoa-calma-em-maio".into())).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        for (given, right) in
            [("lagoa-calma-em-maio", true), ("lagoa-calma-em-mai", false), ("Lagoa-calma-em-maio", false)]
        {
            let matches = passwords.verify(Zeroizing::new(given.into()), Some(hash.clone())).await.unwrap();
            assert_eq!(matches, right, "{given}");
        }
        assert!(!passwords.verify(Zeroizing::new("lagoa-calma-em-maio".into()), None).await.unwrap());
    }

    #[test]
    fn nobodys_hash_costs_as_much_as_somebodys() {
        let hash = PasswordHash::new(NOBODYS_HASH).unwrap();
        assert_eq!(hash.params.get_decimal("m"), Some(19_456));
        assert_eq!(hash.params.get_decimal("t"), Some(2));
    }
}
