//! The second factor: an authenticator app, and backup codes for the day on which the phone is lost.
//!
//! The seed is sealed and counts only once a first code was right. A code works once. Everything that changes a factor
//! asks for a fresh log-in, ends all other sessions and is told to its owner.

mod backup;
mod challenge;
mod code;
mod enrol;
mod policy;
mod store;
mod totp;

pub(super) use challenge::{Challenge, begin_challenge, sweep_challenges, take_try};
pub(super) use code::use_code;
pub(super) use enrol::not_enrolled;
pub use enrol::{
    Enrolment, MfaStatus, confirm_mfa, disable_mfa, get_mfa_status, regenerate_backup_codes, reset_mfa,
    start_mfa,
};
pub(super) use policy::is_required;
pub use policy::{MfaPolicy, get_mfa_policy, set_mfa_policy};

use crate::ids::{TenantId, UserId};
use db::{Result, Tx};

/// Whether somebody has a factor that counts.
pub(super) async fn is_enrolled(tx: &mut Tx, tenant: TenantId, user: UserId) -> Result<bool> {
    Ok(store::find_factor(tx, tenant, user).await?.is_some_and(|factor| factor.confirmed_at.is_some()))
}
