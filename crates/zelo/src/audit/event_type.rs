//! Everything that the log tells of.

use serde::{Deserialize, Serialize};

/// Declares the catalogue once: the names on the wire, the list of all, and which report each belongs to.
macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident = $word:literal in $kind:ident;)*) => {
        /// What kind of deed an entry is about. The words are part of the public interface.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
        )]
        pub enum EventType {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl EventType {
            /// The whole catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name in entries.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The report that it belongs to.
            pub fn report(self) -> ReportKind {
                match self { $(Self::$name => ReportKind::$kind,)* }
            }
        }
    };
}

/// The reports over the log. An entry whose outcome is `denied` also belongs to the violations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// Who read, searched, revealed or exported what, and who logged in.
    Access,
    /// What was set differently.
    Configuration,
    /// What administrators did with people, rights and keys.
    Administration,
    /// What was tried and refused.
    Violations,
}

impl ReportKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Access, Self::Configuration, Self::Administration, Self::Violations];

    /// Its name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Configuration => "configuration",
            Self::Administration => "administration",
            Self::Violations => "violations",
        }
    }
}

catalogue! {
    /// Somebody logged in.
    LoginSuccess = "login_success" in Access;
    /// A log-in with a wrong password, an unknown address or a disabled account.
    LoginFailed = "login_failed" in Violations;
    /// A log-in that failed for a reason of ours.
    LoginError = "login_error" in Access;
    /// A log-in that the owner of the account should look at: a new device, or a success after many failures.
    LoginSuspicious = "login_suspicious" in Violations;
    /// Somebody logged out.
    Logout = "logout" in Access;
    /// A session was ended from another one, by its owner or an administrator.
    SessionRevoked = "session_revoked" in Administration;
    /// A refresh token was used twice.
    TokenReuse = "token_reuse" in Violations;
    /// Somebody proved again who they are, before a dangerous act.
    Reauthentication = "reauthentication" in Access;
    /// A password was changed.
    PasswordChanged = "password_changed" in Administration;
    /// A link to set a new password was asked for.
    PasswordResetRequested = "password_reset_requested" in Administration;
    /// A password was set by such a link.
    PasswordReset = "password_reset" in Administration;
    /// A second factor was set up.
    MfaEnrolled = "mfa_enrolled" in Administration;
    /// A second factor was right.
    MfaChallengePassed = "mfa_challenge_passed" in Access;
    /// A second factor was wrong.
    MfaChallengeFailed = "mfa_challenge_failed" in Violations;
    /// A second factor was taken away, by its owner or an administrator.
    MfaDisabled = "mfa_disabled" in Administration;
    /// New backup codes were made.
    MfaBackupCodesRegenerated = "mfa_backup_codes_regenerated" in Administration;
    /// Somebody who is known asked for what they may not do.
    PermissionDenied = "permission_denied" in Violations;
    /// The same, and it was a deletion.
    UnauthorizedDeletionAttempt = "unauthorized_deletion_attempt" in Violations;
    /// A role was made, changed, deleted, given or taken.
    RoleUpdate = "role_update" in Administration;
    /// One of the staff was added, invited, changed, disabled.
    UserUpdate = "user_update" in Administration;
    /// A team was made, changed, deleted, or its members were.
    TeamUpdate = "team_update" in Administration;
    /// An API key was made, changed, rotated, revoked.
    ApiKeyUpdate = "api_key_update" in Administration;
    /// Somebody looked through who has what, and confirmed or withdrew it.
    AccessReview = "access_review" in Administration;
    /// A dangerous act was asked for, approved or refused by a second person.
    Approval = "approval" in Administration;
    /// The platform's owner looked into a tenant, with a reason and for a time.
    SupportAccess = "support_access" in Administration;
    /// A tenant was made, changed, suspended.
    TenantUpdate = "tenant_update" in Administration;
    /// Personal data was read.
    DataAccess = "data_access" in Access;
    /// Data was exported.
    DataExport = "data_export" in Access;
    /// Data was deleted.
    DataDelete = "data_delete" in Administration;
    /// A conversation was assigned, resolved, opened, snoozed.
    ConversationUpdate = "conversation_update" in Administration;
    /// Contacts were merged, or parted again.
    ContactUpdate = "contact_update" in Administration;
    /// A data subject asked for something.
    PrivacyRequest = "privacy_request" in Administration;
    /// Somebody's data was erased.
    PrivacyErasureExecuted = "privacy_erasure_executed" in Administration;
    /// A setting, a channel or another part of the configuration was made, changed, deleted.
    ConfigUpdate = "config_update" in Configuration;
    /// A key was rotated.
    KeyRotation = "key_rotation" in Configuration;
    /// A backup was made.
    Backup = "backup" in Configuration;
    /// A backup was restored.
    Restore = "restore" in Configuration;
    /// An event of Meta was taken out of the quarantine and processed again.
    EventReplay = "event_replay" in Configuration;
    /// An address or an account was shut out for a time.
    Ban = "ban" in Violations;
    /// A ban was lifted, or a count of requests cleared.
    BanLifted = "ban_lifted" in Administration;
}

impl EventType {
    /// The event of this name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == word)
    }
}

impl std::fmt::Display for EventType {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}
