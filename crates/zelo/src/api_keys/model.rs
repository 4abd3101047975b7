//! What a key is.

use crate::{
    clock::Millis,
    config::Network,
    error::{Error, FieldError, Result},
    ids::{ApiKeyId, UserId},
    rights::Permissions,
};
use std::net::IpAddr;

/// A program's key, without its secret.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Who made it; it is never stronger than they are.
    pub maker: UserId,
    /// What people call it.
    pub name: String,
    /// How the secret begins.
    pub hint: String,
    /// What it allows, as far as its maker may it.
    pub permissions: Permissions,
    /// From where it works; from everywhere where there is none.
    pub networks: Vec<String>,
    /// When it was made.
    pub created_at: Millis,
    /// Until when it works.
    pub expires_at: Option<Millis>,
    /// When it was last used, a minute late at most.
    pub last_used_at: Option<Millis>,
    /// When it was revoked.
    pub revoked_at: Option<Millis>,
}

impl ApiKey {
    /// Whether it opens nothing any more.
    pub fn is_over(&self, now: Millis) -> bool {
        self.revoked_at.is_some() || self.expires_at.is_some_and(|expires| expires <= now)
    }

    /// Whether it opens anything at this time, from this address.
    pub(super) fn works(&self, now: Millis, from: Option<IpAddr>) -> bool {
        !self.is_over(now) && self.works_from(from)
    }

    fn works_from(&self, from: Option<IpAddr>) -> bool {
        self.networks.is_empty()
            || from.is_some_and(|from| {
                let networks = self.networks.iter().filter_map(|text| Network::try_from(text.clone()).ok());
                networks.into_iter().any(|network| network.contains(from))
            })
    }
}

/// A key to be.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What people call it.
    pub name: String,
    /// What it allows.
    pub permissions: Permissions,
    /// From where it works: addresses, or networks such as `10.0.0.0/8`.
    pub networks: Vec<String>,
    /// Until when it works.
    pub expires_at: Option<Millis>,
}

/// More networks than that are a firewall's work.
const MOST_NETWORKS: usize = 50;

impl NewApiKey {
    /// Refuse what could not be used.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming each field.
    pub fn validate(&self, now: Millis) -> Result<()> {
        let mut errors = Vec::new();
        if self.name.trim().is_empty() || self.name.chars().count() > 60 {
            errors.push(FieldError::new("name", "length", "A name has 1 to 60 characters."));
        }
        if self.permissions.is_empty() {
            errors.push(FieldError::new("permissions", "required", "Say what the key allows."));
        }
        if self.networks.len() > MOST_NETWORKS {
            errors.push(FieldError::new("networks", "too_many", "A key has 50 networks at most."));
        }
        for text in &self.networks {
            if let Err(error) = Network::try_from(text.clone()) {
                errors.push(FieldError::new("networks", "format", error.to_string()));
            }
        }
        if self.expires_at.is_some_and(|expires| expires <= now) {
            let message = "Give a time that is still to come.";
            errors.push(FieldError::new("expires_at", "not_in_the_future", message));
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }
}
