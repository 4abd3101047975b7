//! What may be allowed: one name for each thing that a route demands.

use serde::{Deserialize, Serialize, de::Error as _};
use std::fmt;

/// What a route demands, as a type, so that a handler's signature says it.
pub trait Demand: Send + Sync + 'static {
    /// What is demanded.
    const PERMISSION: Permission;
}

/// Writes the closed list, and for each entry a type of the same name in [`to`].
macro_rules! permissions {
    ($($(#[doc = $doc:literal])* $name:ident = $word:literal,)*) => {
        /// One thing that a role or an API key may allow, called `resource:action`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Permission { $($(#[doc = $doc])* $name,)* }

        impl Permission {
            /// All of them, in the order in which people read them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }

        /// What routes demand, as types: `May<to::ReadConversations>`.
        pub mod to {
            use super::{Demand, Permission};
            $(
                $(#[doc = $doc])*
                #[derive(Debug, Clone, Copy)]
                pub enum $name {}

                impl Demand for $name {
                    const PERMISSION: Permission = Permission::$name;
                }
            )*
        }
    };
}

permissions! {
    /// See conversations and their messages.
    ReadConversations = "conversations:read",
    /// See which conversations there are and how they stand, and neither with whom nor what was said.
    OutlineConversations = "conversations:outline",
    /// Open, snooze and resolve conversations, and say that they were read.
    WriteConversations = "conversations:write",
    /// Give conversations to people and teams.
    AssignConversations = "conversations:assign",
    /// Write to contacts.
    SendMessages = "messages:send",
    /// See contacts.
    ReadContacts = "contacts:read",
    /// See which contacts were merged, and part them again.
    WriteContacts = "contacts:write",
    /// See the connected numbers.
    ReadChannels = "channels:read",
    /// Connect and check numbers, and read what Meta says of them.
    WriteChannels = "channels:write",
    /// See the staff.
    ReadUsers = "users:read",
    /// Invite people, change what they may do, and let them go.
    WriteUsers = "users:write",
    /// Make and unmake owners.
    WriteOwners = "owners:write",
    /// See what each role may do.
    ReadRoles = "roles:read",
    /// Write roles of the tenant's own.
    WriteRoles = "roles:write",
    /// See the teams.
    ReadTeams = "teams:read",
    /// Make teams and choose their members.
    WriteTeams = "teams:write",
    /// See which API keys there are.
    ReadApiKeys = "api_keys:read",
    /// Make, rotate and revoke API keys.
    WriteApiKeys = "api_keys:write",
    /// See the tenant's settings.
    ReadSettings = "settings:read",
    /// Change the tenant's settings.
    WriteSettings = "settings:write",
    /// See which acts wait for a second person.
    ReadApprovals = "approvals:read",
    /// Ask for such acts and decide on them, as far as one may do them.
    WriteApprovals = "approvals:write",
    /// See what was looked through of who has what.
    ReadAccessReviews = "access_reviews:read",
    /// Look through who has what, as far as one could change it.
    WriteAccessReviews = "access_reviews:write",
    /// See when and why the platform's owner looked in.
    ReadSupport = "support:read",
    /// Show the platform's owner out.
    WriteSupport = "support:write",
    /// Read the audit log and its reports.
    ReadAudit = "audit:read",
    /// Take the audit log along.
    ExportAudit = "audit:export",
}

impl Permission {
    /// The permission with this name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == word)
    }

    fn bit(self) -> u64 {
        1 << (self as u8)
    }

    /// Whether `pattern` speaks of it. In a pattern `*` stands for any resource, any action, or alone for both.
    fn is_meant_by(self, pattern: &str) -> bool {
        let Some((resource, action)) = self.as_str().split_once(':') else { return false };
        match pattern.split_once(':') {
            None => pattern == "*",
            Some((wanted, deed)) => (wanted == "*" || wanted == resource) && (deed == "*" || deed == action),
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A pattern that means no permission there is.
#[derive(Debug, thiserror::Error)]
#[error("no permission is called {0}")]
pub struct UnknownPermission(pub String);

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions {
    bits: u64,
}

// A bit for each permission.
const _: () = assert!(Permission::ALL.len() <= 64);

impl Permissions {
    /// None.
    pub const NONE: Self = Self { bits: 0 };

    /// All that there are.
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// What a list of patterns means: names, or `*` for a part of one.
    ///
    /// # Errors
    /// When a pattern means nothing: a misspelt right must not be silently missing.
    pub fn of_patterns<T: AsRef<str>>(
        patterns: impl IntoIterator<Item = T>,
    ) -> Result<Self, UnknownPermission> {
        let mut all = Self::NONE;
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let meant: Self = Permission::ALL.iter().copied().filter(|it| it.is_meant_by(pattern)).collect();
            if meant.is_empty() {
                return Err(UnknownPermission(pattern.to_owned()));
            }
            all = all.with(meant);
        }
        Ok(all)
    }

    /// Whether it holds one.
    pub fn allow(self, permission: Permission) -> bool {
        self.bits & permission.bit() != 0
    }

    /// Whether it holds all of another set.
    pub fn include(self, other: Self) -> bool {
        self.bits & other.bits == other.bits
    }

    /// Whether it holds none.
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits }
    }

    /// What both hold.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self { bits: self.bits & other.bits }
    }

    /// All but one.
    #[must_use]
    pub fn without(self, permission: Permission) -> Self {
        Self { bits: self.bits & !permission.bit() }
    }

    /// Each of them, in the order in which people read them.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.allow(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self { bits: permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()) }
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}

/// On the wire it is the list of names.
impl Serialize for Permissions {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Permission::as_str))
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of_patterns(Vec::<String>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_a_name_of_two_words_and_is_found_by_it() {
        for permission in Permission::ALL {
            let (resource, action) = permission.as_str().split_once(':').unwrap();
            assert!(!resource.is_empty() && !action.is_empty() && !permission.as_str().contains('*'));
            assert_eq!(Permission::from_word(permission.as_str()), Some(*permission));
        }
        assert_eq!(Permission::from_word("*"), None);
    }

    #[test]
    fn a_star_stands_for_a_whole_part_of_a_name() {
        let all = |patterns: &[&str]| Permissions::of_patterns(patterns).unwrap();
        assert_eq!(all(&["*"]), Permissions::all());
        assert_eq!(all(&["*:*"]), Permissions::all());
        let reads = all(&["*:read"]);
        assert!(reads.allow(Permission::ReadUsers) && !reads.allow(Permission::WriteUsers));
        let conversations = all(&["conversations:*"]);
        assert!(conversations.allow(Permission::AssignConversations));
        assert!(!conversations.allow(Permission::SendMessages));
    }

    #[test]
    fn a_misspelt_permission_is_refused_and_not_left_out() {
        for pattern in ["", "conversation:read", "conversations:", ":read", "conversations", "conv*:read"] {
            assert!(Permissions::of_patterns([pattern]).is_err(), "{pattern:?}");
        }
    }

    #[test]
    fn a_set_includes_what_it_holds_and_nothing_more() {
        let few = Permissions::of_patterns(["contacts:read", "messages:send"]).unwrap();
        assert!(Permissions::all().include(few) && !few.include(Permissions::all()));
        assert!(few.include(few.without(Permission::SendMessages)));
        assert_eq!(serde_json::to_string(&few).unwrap(), r#"["messages:send","contacts:read"]"#);
    }
}
