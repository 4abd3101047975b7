//! For whom a second factor is obligatory.

use super::store;
use crate::{
    app::App,
    audit::{Entry, EventType, Pen},
    error::{Error, Result},
    identity::{Role, forget_sessions, store as people, tokens::is_powerful},
    ids::TenantId,
};
use db::{Scope, Tx};
use std::collections::BTreeSet;

/// Everyone.
const EVERYONE: &str = "*";

/// What a tenant demands of its own people; the settings of the installation may demand more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfaPolicy {
    /// Whether everybody must have a second factor.
    pub everyone: bool,
    /// The roles that must.
    pub roles: Vec<Role>,
}

impl MfaPolicy {
    fn of(words: &[String]) -> Self {
        Self {
            everyone: words.iter().any(|word| word == EVERYONE),
            roles: words.iter().filter_map(|word| Role::from_word(word)).collect(),
        }
    }

    fn words(&self) -> Vec<String> {
        let roles: BTreeSet<String> = self.roles.iter().map(ToString::to_string).collect();
        let everyone = self.everyone.then(|| EVERYONE.to_owned());
        everyone.into_iter().chain(roles).collect()
    }

    fn demands(&self, role: Role) -> bool {
        self.everyone || self.roles.contains(&role)
    }
}

/// Whether somebody with this role must have a second factor here.
pub(in crate::identity) async fn is_required(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    role: Role,
) -> Result<bool> {
    let settings = &app.config.mfa;
    if settings.required || (settings.required_for_admin && is_powerful(role)) {
        return Ok(true);
    }
    Ok(MfaPolicy::of(&store::list_policy(tx, tenant).await?).demands(role))
}

/// What a tenant demands.
///
/// # Errors
/// When the database does not answer.
pub async fn get_mfa_policy(app: &App, tenant: TenantId) -> Result<MfaPolicy> {
    let words = db::read!(app.db, "get_mfa_policy", Scope::Tenant(tenant.0), |tx| -> Result<_> {
        Ok(store::list_policy(tx, tenant).await?)
    })?;
    Ok(MfaPolicy::of(&words))
}

/// Demand something else. Those whom it newly concerns and who have no second factor are logged out: their next log-in
/// leads to its set-up.
///
/// # Errors
/// [`Error::Invalid`] when a role is not one of a tenant's.
pub async fn set_mfa_policy(app: &App, tenant: TenantId, policy: &MfaPolicy) -> Result<()> {
    if policy.roles.iter().any(|role| role.is_platform() != tenant.0.is_nil()) {
        return Err(Error::invalid("roles", "not_allowed", "This role does not belong here."));
    }
    let (pen, now) = (Pen::of(app, tenant).await?, app.clock.now());
    db::write!(app.db, "set_mfa_policy", Scope::Tenant(tenant.0), |tx| -> Result<()> {
        let before = MfaPolicy::of(&store::list_policy(tx, tenant).await?);
        store::replace_policy(tx, tenant, &policy.words(), now).await?;
        let enrolled: BTreeSet<_> = store::list_enrolled(tx, tenant).await?.into_iter().collect();
        for user in people::list_users(tx, tenant).await? {
            let is_concerned = Role::from_word(&user.role).is_some_and(|role| policy.demands(role));
            if is_concerned && !enrolled.contains(&user.id) {
                people::raise_security_version(tx, tenant, user.id, None).await?;
            }
        }
        let entry = Entry::of(EventType::ConfigUpdate, "mfa_policy_changed").changed(
            "mfa_required_for",
            before.words(),
            policy.words(),
        );
        pen.write(tx, entry).await
    })?;
    forget_sessions(app);
    Ok(())
}
