//! What a user is.

use crate::{
    error::FieldError,
    ids::{RoleId, TenantId, UserId},
    rights::Visibility,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What somebody is here, which decides what they may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// A role that the tenant wrote itself.
    Custom(RoleId),
}

/// The roles that every tenant has, from the strongest.
pub const BUILT_IN_ROLES: [Role; 6] =
    [Role::Owner, Role::Admin, Role::Manager, Role::Supervisor, Role::Agent, Role::Viewer];

impl Role {
    /// Read the word that is stored or typed: a built-in role's name, or the id of one of the tenant's own.
    pub fn from_word(word: &str) -> Option<Self> {
        let built_in = BUILT_IN_ROLES.into_iter().chain([Self::SuperAdmin]);
        built_in
            .into_iter()
            .find(|role| role.name() == Some(word))
            .or_else(|| uuid::Uuid::try_parse(word).ok().map(|id| Self::Custom(RoleId(id))))
    }

    /// The name of a built-in role.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::SuperAdmin => "super_admin",
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Supervisor => "supervisor",
            Self::Agent => "agent",
            Self::Viewer => "viewer",
            Self::Custom(_) => return None,
        })
    }

    /// Whether this role belongs to the platform and not to a tenant.
    pub fn is_platform(self) -> bool {
        self == Self::SuperAdmin
    }
}

/// The word that is stored and sent.
impl std::fmt::Display for Role {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self, self.name()) {
            (Self::Custom(id), _) => id.fmt(out),
            (_, name) => out.write_str(name.unwrap_or_default()),
        }
    }
}

impl Serialize for Role {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        Self::from_word(&word).ok_or_else(|| serde::de::Error::custom("there is no such role"))
    }
}

impl utoipa::PartialSchema for Role {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some(
                "`owner`, `admin`, `manager`, `supervisor`, `agent`, `viewer`, or the id of one of the tenant's own roles; \
                 `super_admin` on the platform.",
            ))
            .into()
    }
}

impl utoipa::ToSchema for Role {}

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
    /// Whose conversations they see, where it is not what their role gives.
    pub visibility: Option<Visibility>,
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

/// One of the staff to be, who chooses their password themselves.
#[derive(Debug, Clone)]
pub struct Invitee {
    /// What they are called.
    pub name: String,
    /// Their address, which is one person per installation.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Whether the link is sent to them; otherwise whoever invites hands it over.
    pub by_mail: bool,
}

/// Somebody who was invited.
#[derive(Debug, Clone)]
pub struct Invited {
    /// Who.
    pub user: User,
    /// The link to hand over, when it was not sent.
    pub link: Option<String>,
}

/// What is wrong with a name and an address.
pub(super) fn contact_problems(name: &str, email: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !looks_like_email(email) {
        errors.push(FieldError::new("email", "format", "Give an e-mail address such as ana@hotel.com.br."));
    }
    if name.trim().is_empty() || name.chars().count() > 120 {
        errors.push(FieldError::new("name", "length", "A name has 1 to 120 characters."));
    }
    errors
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

    #[test]
    fn a_user_needs_an_address_and_a_name() {
        assert!(contact_problems("Ana", "ana@hotel.com.br").is_empty());
        for email in ["", "ana", "ana@", "@hotel.com.br", "ana@hotel", "a na@hotel.com.br", "ana@b@c.com"] {
            assert_eq!(contact_problems("Ana", email).len(), 1, "{email}");
        }
        for name in ["", "  ", &"x".repeat(121)] {
            assert_eq!(contact_problems(name, "ana@hotel.com.br").len(), 1, "{name}");
        }
    }
}
