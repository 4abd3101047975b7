//! What a mail says.

use crate::pages::locale::{Lang, t};

/// The mails that there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// The password was changed.
    PasswordChanged,
    /// A second factor was set up.
    MfaEnrolled,
    /// The second factor was taken away.
    MfaDisabled,
    /// An administrator took the second factor away.
    MfaReset,
    /// New backup codes replace the old ones.
    BackupCodesRegenerated,
    /// A log-in from a browser or program that was not known.
    NewDevice {
        /// What it calls itself.
        program: String,
    },
    /// A log-in after several failures.
    SuccessAfterFailures,
    /// The right password was followed by no right code.
    MfaHalfFinished,
    /// Many wrong codes.
    MfaGuessed,
    /// A refresh token was used twice.
    TokenReuse,
    /// The platform's owner looks into the tenant.
    SupportAccess {
        /// Who, why and until when.
        told: Told,
    },
    /// Somebody asks for an act that needs a second person.
    ApprovalAsked {
        /// Who asks and for which act.
        told: Told,
    },
    /// Somebody decided on what was asked for.
    ApprovalDecided {
        /// On which act and how.
        told: Told,
    },
    /// Everything of the tenant is to be deleted.
    TenantDeletion {
        /// Of which one and when.
        told: Told,
    },
    /// An API key or an access token is due to be changed.
    RotationDue {
        /// Which one, and since when it is used.
        told: Told,
    },
    /// Who has what is due to be looked through.
    AccessReviewDue {
        /// Since when nobody did.
        told: Told,
    },
    /// Nothing comes in on a number where people usually write.
    ChannelSilent {
        /// On which one, since when, and why.
        told: Told,
    },
    /// A link to choose a new password.
    PasswordReset {
        /// The address to open.
        link: String,
    },
    /// A link to choose the first password.
    Invitation {
        /// The address to open.
        link: String,
    },
}

/// What a mail tells of a deed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// Who did it, or asks for it.
    pub who: String,
    /// What it is about.
    pub what: String,
    /// Why.
    pub why: String,
    /// When it ends or happens.
    pub when: String,
}

impl Message {
    /// Its word in the database.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::PasswordChanged => "password_changed",
            Self::MfaEnrolled => "mfa_enrolled",
            Self::MfaDisabled => "mfa_disabled",
            Self::MfaReset => "mfa_reset",
            Self::BackupCodesRegenerated => "backup_codes_regenerated",
            Self::NewDevice { .. } => "new_device",
            Self::SuccessAfterFailures => "success_after_failures",
            Self::MfaHalfFinished => "mfa_half_finished",
            Self::MfaGuessed => "mfa_guessed",
            Self::TokenReuse => "token_reuse",
            Self::SupportAccess { .. } => "support_access",
            Self::ApprovalAsked { .. } => "approval_asked",
            Self::ApprovalDecided { .. } => "approval_decided",
            Self::TenantDeletion { .. } => "tenant_deletion",
            Self::RotationDue { .. } => "rotation_due",
            Self::AccessReviewDue { .. } => "access_review_due",
            Self::ChannelSilent { .. } => "channel_silent",
            Self::PasswordReset { .. } => "password_reset",
            Self::Invitation { .. } => "invitation",
        }
    }

    fn text_keys(&self) -> (&'static str, &'static str) {
        match self {
            Self::PasswordChanged => ("mail-password-changed-subject", "mail-password-changed"),
            Self::MfaEnrolled => ("mail-mfa-enrolled-subject", "mail-mfa-enrolled"),
            Self::MfaDisabled => ("mail-mfa-disabled-subject", "mail-mfa-disabled"),
            Self::MfaReset => ("mail-mfa-reset-subject", "mail-mfa-reset"),
            Self::BackupCodesRegenerated => ("mail-backup-codes-subject", "mail-backup-codes"),
            Self::NewDevice { .. } => ("mail-new-device-subject", "mail-new-device"),
            Self::SuccessAfterFailures => ("mail-after-failures-subject", "mail-after-failures"),
            Self::MfaHalfFinished => ("mail-half-finished-subject", "mail-half-finished"),
            Self::MfaGuessed => ("mail-guessed-subject", "mail-guessed"),
            Self::TokenReuse => ("mail-token-reuse-subject", "mail-token-reuse"),
            Self::SupportAccess { .. } => ("mail-support-access-subject", "mail-support-access"),
            Self::ApprovalAsked { .. } => ("mail-approval-asked-subject", "mail-approval-asked"),
            Self::ApprovalDecided { .. } => ("mail-approval-decided-subject", "mail-approval-decided"),
            Self::TenantDeletion { .. } => ("mail-tenant-deletion-subject", "mail-tenant-deletion"),
            Self::RotationDue { .. } => ("mail-rotation-due-subject", "mail-rotation-due"),
            Self::AccessReviewDue { .. } => ("mail-access-review-due-subject", "mail-access-review-due"),
            Self::ChannelSilent { .. } => ("mail-channel-silent-subject", "mail-channel-silent"),
            Self::PasswordReset { .. } => ("mail-reset-subject", "mail-reset"),
            Self::Invitation { .. } => ("mail-invitation-subject", "mail-invitation"),
        }
    }

    /// Subject and text.
    pub(super) fn in_words(&self, lang: Lang, name: &str, address: &str) -> (String, String) {
        let (subject, text) = self.text_keys();
        let link = match self {
            Self::PasswordReset { link } | Self::Invitation { link } => link.as_str(),
            _ => address,
        };
        let program = match self {
            Self::NewDevice { program } => program.as_str(),
            _ => "",
        };
        let told = match self {
            Self::SupportAccess { told }
            | Self::ApprovalAsked { told }
            | Self::ApprovalDecided { told }
            | Self::TenantDeletion { told }
            | Self::RotationDue { told }
            | Self::AccessReviewDue { told }
            | Self::ChannelSilent { told } => told.clone(),
            _ => Told::default(),
        };
        let args = [
            ("who", told.who.into()),
            ("what", told.what.into()),
            ("why", told.why.into()),
            ("when", told.when.into()),
            ("name", name.to_owned().into()),
            ("link", link.to_owned().into()),
            ("program", program.to_owned().into()),
        ];
        let greeting = t(lang, "mail-greeting", &args);
        let foot = t(lang, "mail-foot", &[("address", address.to_owned().into())]);
        (t(lang, subject, &[]), format!("{greeting}\n\n{}\n\n{foot}\n", t(lang, text, &args)))
    }
}
