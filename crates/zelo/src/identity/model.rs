//! What a user is.

use crate::{
    error::{Error, FieldError, Result},
    ids::{TenantId, UserId},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The platform's owner: creates tenants, sees no message.
    SuperAdmin,
    /// A tenant's owner.
    Owner,
    /// Manages channels and people.
    Admin,
    /// Manages people.
    Manager,
    /// Sees and moves all conversations.
    Supervisor,
    /// Answers.
    Agent,
    /// Looks on.
    Viewer,
}

impl Role {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SuperAdmin => "super_admin",
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Supervisor => "supervisor",
            Self::Agent => "agent",
            Self::Viewer => "viewer",
        }
    }

    /// Read the word that is stored or typed.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::SuperAdmin,
            Self::Owner,
            Self::Admin,
            Self::Manager,
            Self::Supervisor,
            Self::Agent,
            Self::Viewer,
        ]
        .into_iter()
        .find(|role| role.as_str() == word)
    }

    /// Whether this role belongs to the platform and not to a tenant.
    pub fn is_platform(self) -> bool {
        self == Self::SuperAdmin
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}

/// One of the staff.
#[derive(Debug, Clone)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their tenant; nil for the platform's own.
    pub tenant: TenantId,
    /// What they may do.
    pub role: Role,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Whether they may log in.
    pub is_active: bool,
}

/// One of the staff to be.
#[derive(Clone)]
pub struct NewUser {
    /// What they are called.
    pub name: String,
    /// Their address, which is one person per installation.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Their password.
    pub password: Zeroizing<String>,
}

/// Fewer characters are too easy to guess where the password is all there is (NIST SP 800-63B-4).
const SHORTEST_PASSWORD: usize = 15;
/// More would only keep the hash busy.
const LONGEST_PASSWORD: usize = 256;

impl NewUser {
    /// Refuse what could not be used.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming each field.
    pub fn validate(&self) -> Result<()> {
        let mut errors = Vec::new();
        if !looks_like_email(&self.email) {
            errors.push(FieldError::new(
                "email",
                "format",
                "Give an e-mail address such as ana@hotel.com.br.",
            ));
        }
        if self.name.trim().is_empty() || self.name.chars().count() > 120 {
            errors.push(FieldError::new("name", "length", "A name has 1 to 120 characters."));
        }
        let length = self.password.chars().count();
        if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) {
            errors.push(FieldError::new("password", "length", "A password has 15 to 256 characters."));
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }
}

fn looks_like_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && text.len() <= 254
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control() || letter == ',')
        && !host.contains('@')
}

/// The spelling under which an address is found.
pub(super) fn canonical_email(email: &str) -> String {
    email.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ana() -> NewUser {
        NewUser {
            name: "Ana".into(),
            email: "ana@hotel.com.br".into(),
            role: Role::Agent,
            password: Zeroizing::new("lagoa-calma-em-maio".into()),
        }
    }

    #[test]
    fn a_user_needs_an_address_a_name_and_a_long_password() {
        assert!(ana().validate().is_ok());
        for email in ["", "ana", "ana@", "@hotel.com.br", "ana@hotel", "a na@hotel.com.br", "ana@b@c.com"] {
            assert!(NewUser { email: email.into(), ..ana() }.validate().is_err(), "{email}");
        }
        for length in [0, 14, 257] {
            let password = Zeroizing::new("x".repeat(length));
            assert!(NewUser { password, ..ana() }.validate().is_err(), "{length}");
        }
        for length in [15, 64, 256] {
            let password = Zeroizing::new("ç".repeat(length));
            assert!(NewUser { password, ..ana() }.validate().is_ok(), "{length}");
        }
    }
}
