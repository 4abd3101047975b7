//! What an access is.

use crate::{
    clock::{MINUTE, Millis},
    error::{Error, Result},
    ids::{SupportAccessId, TenantId, UserId},
    rights::{Permission, Rights, Visibility},
};

/// The longest access, in minutes (ASVS 8.3.3: time-boxed).
pub const MOST_MINUTES: u32 = 60;

/// What a support access opens. None of it shows what somebody wrote, who they are or how they are reached.
const PERMISSIONS: [Permission; 6] = [
    Permission::OutlineConversations,
    Permission::ReadChannels,
    Permission::ReadRoles,
    Permission::ReadTeams,
    Permission::ReadApiKeys,
    Permission::ReadSettings,
];

/// An access to be.
#[derive(Debug, Clone)]
pub struct NewAccess {
    /// Why, in words that the tenant reads.
    pub reason: String,
    /// For how long.
    pub minutes: u32,
}

impl NewAccess {
    /// The reason, trimmed, and the time, when both fit.
    ///
    /// # Errors
    /// [`Error::ReasonRequired`] without a reason that says anything, [`Error::Invalid`] for what is too long.
    pub(super) fn checked(&self) -> Result<(&str, Millis)> {
        let reason = self.reason.trim();
        let length = reason.chars().count();
        if length < 10 {
            return Err(Error::ReasonRequired);
        }
        if length > 500 {
            return Err(Error::invalid("reason", "length", "A reason has 10 to 500 characters."));
        }
        if !(1..=MOST_MINUTES).contains(&self.minutes) {
            return Err(Error::invalid("minutes", "range", "An access lasts 1 to 60 minutes."));
        }
        Ok((reason, i64::from(self.minutes) * MINUTE))
    }
}

/// What ended an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// Its time was over.
    Time,
    /// The log-in that it was begun from ended.
    LogOut,
    /// The supporter.
    Supporter,
    /// Somebody of the tenant.
    Tenant,
}

impl EndedBy {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::LogOut => "log_out",
            Self::Supporter => "supporter",
            Self::Tenant => "tenant",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::Time, Self::LogOut, Self::Supporter, Self::Tenant].into_iter().find(|it| it.as_str() == word)
    }
}

/// An access, open or past.
#[derive(Debug, Clone)]
pub struct Access {
    /// Its id.
    pub id: SupportAccessId,
    /// Who of the platform.
    pub supporter: UserId,
    /// What they are called; none when they are gone.
    pub supporter_name: Option<String>,
    /// Why.
    pub reason: String,
    /// When it began.
    pub begun_at: Millis,
    /// When it ends at the latest.
    pub expires_at: Millis,
    /// When it was last used.
    pub last_used_at: Option<Millis>,
    /// How often it was used.
    pub uses: i64,
    /// When it ended and by what, if it did.
    pub end: Option<(Millis, EndedBy)>,
}

/// One of the platform's owners, let into a tenant.
#[derive(Debug, Clone, Copy)]
pub struct Supporter {
    /// Whose rows they look at.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// By which access.
    pub access: SupportAccessId,
}

impl Supporter {
    /// What every access opens, and nothing more.
    pub fn rights() -> Rights {
        Rights { permissions: PERMISSIONS.into_iter().collect(), visibility: Visibility::All }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_support_access_opens_no_text_no_person_and_no_change() {
        for permission in Supporter::rights().permissions.iter() {
            let word = permission.as_str();
            assert!(word.ends_with(":read") || word.ends_with(":outline"), "{word}");
            let resource = word.split(':').next().unwrap();
            assert!(!["messages", "contacts", "users", "audit"].contains(&resource), "{word}");
        }
        assert!(!Supporter::rights().allow(Permission::ReadConversations));
    }

    #[test]
    fn an_access_needs_a_reason_and_an_end() {
        let new = |reason: &str, minutes| NewAccess { reason: reason.into(), minutes };
        assert!(matches!(new("", 30).checked(), Err(Error::ReasonRequired)));
        assert!(matches!(new("   because   ", 30).checked(), Err(Error::ReasonRequired)));
        assert!(matches!(new(&"x".repeat(501), 30).checked(), Err(Error::Invalid(_))));
        for minutes in [0, 61, u32::MAX] {
            assert!(matches!(new("ticket 4711: no webhooks", minutes).checked(), Err(Error::Invalid(_))));
        }
        let new = new(" ticket 4711: no webhooks ", 60);
        assert_eq!(new.checked().unwrap(), ("ticket 4711: no webhooks", 60 * MINUTE));
    }
}
