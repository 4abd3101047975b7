//! The one who decides.

use super::{
    Decision, Policies, Policy, Subject,
    generations::{Digests, Generations},
    ledger::Ledger,
    memory::Memory,
    shared::Shared,
};
use crate::{clock::Clock, config::Config, crypto::Keyring, error::Result, redis_client::RedisClient};
use db::Db;
use uuid::Uuid;

/// Counts what subjects did, by policy: in Redis for all processes, or in this one.
#[derive(Debug)]
pub struct Limiter {
    pub(super) memory: Memory,
    pub(super) shared: Option<Shared>,
    pub(super) digests: Digests,
    pub(super) generations: Generations,
    clock: Clock,
}

impl Limiter {
    /// A limiter that knows at most so many subjects. Limiters with the same secret and the same Redis count together.
    pub fn new(most: usize, secret: &[u8], redis: Option<RedisClient>, clock: Clock) -> Self {
        let digests = Digests::new(secret);
        let installation = digests.with_context(b"installation", 0, Subject::Tenant(Uuid::nil()));
        Self {
            memory: Memory::new(most, clock.steady()),
            shared: redis.map(|redis| Shared::new(redis, &installation)),
            digests,
            generations: Generations::default(),
            clock,
        }
    }

    /// Count one more of a subject, if the policy allows it. Nothing can fail: without Redis this process counts by
    /// itself, to its share of the quota.
    pub async fn check(&self, policy: &Policy, subject: Subject) -> Decision {
        let generation = self.generations.of(&self.digests, subject);
        let mut quota = policy.quota;
        if let Some(shared) = &self.shared {
            let digest = self.digests.with_context(policy.name.as_bytes(), generation, subject);
            if let Ok(counted) = shared.accept(policy, &digest).await {
                if counted.is_allowed {
                    self.memory.note(policy, subject, generation, self.clock.steady());
                }
                return Decision {
                    policy: *policy,
                    quota,
                    is_allowed: counted.is_allowed,
                    remaining: counted.remaining,
                    reset: counted.reset,
                };
            }
            quota = (quota / shared.processes()).max(1);
        }
        let verdict = self.memory.accept(policy, quota, subject, generation, self.clock.steady());
        Decision {
            policy: *policy,
            quota,
            is_allowed: verdict.is_allowed,
            remaining: verdict.remaining,
            reset: i64::from(verdict.reset),
        }
    }

    /// How many subjects this process counts apart.
    pub fn known(&self) -> usize {
        self.memory.len()
    }

    /// Take back the newest of a subject: it turned out not to count.
    pub async fn give_back(&self, policy: &Policy, subject: Subject) {
        let generation = self.generations.of(&self.digests, subject);
        self.memory.give_back(policy, subject, generation, self.clock.steady());
        if let Some(shared) = &self.shared {
            let digest = self.digests.with_context(policy.name.as_bytes(), generation, subject);
            // Not given back, it counts until the window has passed: the safe side.
            let _ = shared.give_back(&digest).await;
        }
    }

    /// Forget what was counted of a subject under a policy.
    pub async fn forget(&self, policy: &Policy, subject: Subject) {
        let generation = self.generations.of(&self.digests, subject);
        self.memory.forget(policy, subject, generation);
        if let Some(shared) = &self.shared {
            let digest = self.digests.with_context(policy.name.as_bytes(), generation, subject);
            // Not forgotten, it counts until the window has passed: the safe side.
            let _ = shared.forget(&digest).await;
        }
    }

    /// Say that this process is there, and hear how many share the quotas.
    pub async fn be_present(&self, process: Uuid) {
        if let Some(shared) = &self.shared {
            // As long as nobody is heard, the last number holds.
            let _ = shared.be_present(process).await;
        }
    }
}

/// Everything that limits requests, as [`crate::app::App`] has it.
#[derive(Debug)]
pub struct Limits {
    /// The numbers.
    pub policies: Policies,
    /// The counting.
    pub limiter: Limiter,
    /// Bans and rules, as the database has them.
    pub(super) ledger: Ledger,
    pub(super) secret: zeroize::Zeroizing<[u8; 32]>,
}

impl Limits {
    /// Prepare everything, with the bans and rules that hold.
    ///
    /// # Errors
    /// When the database or the keystore does not answer.
    pub async fn open(
        config: &Config,
        db: &Db,
        keyring: &Keyring,
        redis: Option<RedisClient>,
        clock: &Clock,
    ) -> Result<Self> {
        let secret = keyring.platform().await?.derive_secret(b"limits");
        let most = config.limits.most_subjects;
        let limiter = Limiter::new(most, secret.as_ref(), redis, clock.clone());
        let limits = Self { policies: Policies::of(config), limiter, ledger: Ledger::default(), secret };
        limits.reload(db, clock.now()).await?;
        Ok(limits)
    }
}
