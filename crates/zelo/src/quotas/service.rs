//! Taking a share, giving it back, and saying how much is left.

use super::{Quota, Usage, Used, model::month, store};
use crate::{
    app::App,
    clock::Millis,
    error::{Error, Result},
    tenants::{self, Tenant, TenantScope},
};
use db::{Scope, Tx};

/// How much of something a tenant may have.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    quota: Quota,
    most: Option<u64>,
}

/// How much of something a tenant may have.
pub fn limit_of(app: &App, tenant: &Tenant, quota: Quota) -> Limit {
    let settings = &app.config.quota;
    let most = quota.own(tenant.quotas).unwrap_or(match quota {
        Quota::MediaBytes => settings.media_bytes,
        Quota::MessagesPerMonth => settings.messages_per_month,
    });
    Limit { quota, most: (most > 0).then_some(most) }
}

/// The same, where the tenant is not at hand.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find_limit(app: &App, scope: TenantScope, quota: Quota) -> Result<Limit> {
    Ok(limit_of(app, &tenants::get_tenant(app, scope.tenant()).await?, quota))
}

impl Limit {
    /// Count `amount` more, in the transaction that uses it.
    ///
    /// # Errors
    /// [`Error::OverQuota`] when it has no room; then nothing is counted, and the transaction must not go on.
    pub async fn take(self, tx: &mut Tx, scope: TenantScope, amount: u64, now: Millis) -> Result<()> {
        if amount == 0 {
            return Ok(());
        }
        let before = self.most.map_or(Some(u64::MAX), |most| most.checked_sub(amount));
        let period = self.quota.period(now);
        match before {
            Some(before)
                if store::add(tx, scope.tenant(), (self.quota, &period), amount, before).await? > 0 =>
            {
                Ok(())
            }
            _ => Err(self.refusal()),
        }
    }

    /// Refuse, and count that.
    pub fn refusal(self) -> Error {
        self.note_refusal();
        Error::OverQuota(self.quota)
    }

    /// Count a refusal that is nobody's error: a file that waits for room.
    pub fn note_refusal(self) {
        metrics::counter!("zelo_quota_refusals_total", "quota" => self.quota.as_str()).increment(1);
    }

    /// How much more there may be at this moment: a look before work that would be in vain. [`Limit::take`] decides.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn room(self, app: &App, scope: TenantScope) -> Result<u64> {
        let Some(most) = self.most else { return Ok(u64::MAX) };
        let period = self.quota.period(app.clock.now());
        let used = db::read!(app.db, "find_quota_usage", scope.into(), |tx| -> Result<u64> {
            Ok(store::find(tx, scope.tenant(), (self.quota, &period)).await?)
        })?;
        Ok(most.saturating_sub(used))
    }

    /// Refuse where nothing is left.
    ///
    /// # Errors
    /// [`Error::OverQuota`].
    pub async fn refuse_full(self, app: &App, scope: TenantScope) -> Result<()> {
        if self.room(app, scope).await? == 0 { Err(self.refusal()) } else { Ok(()) }
    }
}

impl Quota {
    /// Wait for everybody who is taking or giving back, and let nobody do so until this transaction ends.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn hold(self, tx: &mut Tx, scope: TenantScope, now: Millis) -> Result<()> {
        Ok(store::hold(tx, scope.tenant(), (self, &self.period(now))).await?)
    }

    /// Count `amount` less, in the transaction that gives it back.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn give_back(self, tx: &mut Tx, scope: TenantScope, amount: u64, now: Millis) -> Result<()> {
        store::subtract(tx, scope.tenant(), (self, &self.period(now)), amount).await?;
        Ok(())
    }
}

/// What a tenant uses, and may.
///
/// # Errors
/// When the database does not answer.
pub async fn usage(app: &App, tenant: &Tenant) -> Result<Usage> {
    let now = app.clock.now();
    let used = |quota, used| Used { used, limit: limit_of(app, tenant, quota).most };
    let (media_bytes, messages) =
        db::read!(app.db, "find_quota_usage", Scope::Tenant(tenant.id.0), |tx| -> Result<(u64, u64)> {
            let mut found = [0; Quota::ALL.len()];
            for (quota, found) in Quota::ALL.into_iter().zip(&mut found) {
                *found = store::find(tx, tenant.id, (quota, &quota.period(now))).await?;
            }
            let [media_bytes, messages] = found;
            Ok((media_bytes, messages))
        })?;
    Ok(Usage {
        month: month(now),
        media_bytes: used(Quota::MediaBytes, media_bytes),
        messages_per_month: used(Quota::MessagesPerMonth, messages),
    })
}

/// Tell the metrics what all tenants use together, and how many of them have used nine tenths of what they may.
///
/// # Errors
/// When the database does not answer.
pub async fn publish_gauges(app: &App) -> Result<()> {
    let (now, settings) = (app.clock.now(), &app.config.quota);
    for (quota, usual) in
        [(Quota::MediaBytes, settings.media_bytes), (Quota::MessagesPerMonth, settings.messages_per_month)]
    {
        let period = quota.period(now);
        let (used, near) = db::read!(app.db, "sum_quota_usage", Scope::Platform, |tx| -> Result<_> {
            Ok(store::sum(tx, (quota, &period), usual).await?)
        })?;
        metrics::gauge!("zelo_quota_used", "quota" => quota.as_str()).set(used as f64);
        metrics::gauge!("zelo_quota_tenants_near", "quota" => quota.as_str()).set(near as f64);
    }
    Ok(())
}
