//! What is looked through.

use crate::{
    clock::Millis,
    crypto::digest,
    identity::Role,
    ids::{AccessReviewId, ApiKeyId, UserId},
    rights::{Permissions, Rights, Visibility},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who or what has access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// One of the staff.
    Person(UserId),
    /// A program's key.
    ApiKey(ApiKeyId),
}

impl Subject {
    /// The word that is stored and sent.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::ApiKey(_) => "api_key",
        }
    }

    /// Its id.
    pub fn id(self) -> Uuid {
        match self {
            Self::Person(id) => id.0,
            Self::ApiKey(id) => id.0,
        }
    }

    pub(super) fn from_word(kind: &str, id: Uuid) -> Option<Self> {
        Some(match kind {
            "person" => Self::Person(UserId(id)),
            "api_key" => Self::ApiKey(ApiKeyId(id)),
            _ => return None,
        })
    }
}

/// What it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// What somebody is here; none for a program.
    pub role: Option<Role>,
    /// What that allows.
    pub permissions: Permissions,
    /// Whose conversations it shows.
    pub visibility: Visibility,
    /// Since when.
    pub since: Millis,
}

impl Access {
    /// A name for exactly this access, by which whoever decides says what they saw.
    pub fn tag(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        hex::encode(digest(&text)).chars().take(16).collect()
    }

    pub(super) fn rights(&self) -> Rights {
        Rights { permissions: self.permissions, visibility: self.visibility }
    }
}

/// What somebody says of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is needed and stays.
    Confirmed,
    /// It goes: the person cannot log in any more, the key opens nothing.
    Withdrawn,
}

impl Decision {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::Confirmed, Self::Withdrawn].into_iter().find(|it| it.as_str() == word)
    }
}

/// One who has access, and what was said of it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Who or what.
    pub subject: Subject,
    /// What people call it.
    pub name: String,
    /// What it has, or had when it was decided on.
    pub access: Access,
    /// What was said, by whom and when; none while nobody did.
    pub decided: Option<(Decision, UserId, Millis)>,
}

/// A look through all of them.
#[derive(Debug, Clone)]
pub struct Review {
    /// Its id.
    pub id: AccessReviewId,
    /// Who began it.
    pub begun_by: UserId,
    /// When.
    pub begun_at: Millis,
    /// Who ended it and when; none while it is open.
    pub ended: Option<(UserId, Millis)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_an_access_and_no_other() {
        let access = |role, visibility, since| {
            let permissions = Role::Admin.rights().permissions;
            Access { role, permissions, visibility, since }
        };
        let admin = access(Some(Role::Admin), Visibility::All, 1);
        let others = [
            access(Some(Role::Agent), Visibility::All, 1),
            access(None, Visibility::All, 1),
            access(Some(Role::Admin), Visibility::Own, 1),
            access(Some(Role::Admin), Visibility::All, 2),
        ];
        assert!(others.iter().all(|other| other.tag() != admin.tag()));
        assert_eq!(admin.tag(), access(Some(Role::Admin), Visibility::All, 1).tag());
        assert_eq!(admin.tag().len(), 16);
    }
}
