//! Counting for all processes together, in Redis.

use super::{Policy, generations::Digest, sliding::SHOWN_AFTER};
use crate::redis_client::{RedisClient, RedisFailure};
use redis::Script;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use uuid::Uuid;

/// One step on the server, by its clock. The list holds the newest accepted moments, oldest first, at most as many as
/// the quota, exactly as [`super::sliding::Log`] does in memory. It returns whether one more is accepted, how many are
/// left, and after how many milliseconds more is free.
const ACCEPT: &str = r"
local quota, window, shown = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local count = redis.call('LLEN', KEYS[1])
if count > 0 then now = math.max(now, tonumber(redis.call('LINDEX', KEYS[1], -1))) end
local first = tonumber(redis.call('LINDEX', KEYS[1], 0) or now)
while count > 0 and now - first >= window + shown do
  redis.call('LPOP', KEYS[1])
  count = count - 1
  first = tonumber(redis.call('LINDEX', KEYS[1], 0) or now)
end
if count >= quota then
  local waits = tonumber(redis.call('LINDEX', KEYS[1], count - quota)) + window - now
  if waits > 0 then return {0, 0, waits} end
  redis.call('LPOP', KEYS[1], count - quota + 1)
  count = quota - 1
  first = tonumber(redis.call('LINDEX', KEYS[1], 0) or now)
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], window + shown)
return {1, quota - count - 1, math.max(0, first + window - now)}
";

/// Who is there: every process says so, and hears how many do.
const PRESENT: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id = string.format('%08x%08x%08x%08x', ARGV[1], ARGV[2], ARGV[3], ARGV[4])
redis.call('ZADD', KEYS[1], now, id)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 30000)
redis.call('PEXPIRE', KEYS[1], 60000)
return redis.call('ZCARD', KEYS[1])
";

/// The counters of an installation in Redis.
#[derive(Clone)]
pub(super) struct Shared {
    redis: RedisClient,
    accept: Arc<Script>,
    present: Arc<Script>,
    /// Tells this installation's keys from those of others on the same server.
    installation: Arc<str>,
    processes: Arc<AtomicU32>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Shared")
    }
}

/// What the script answers.
pub(super) struct Counted {
    pub(super) is_allowed: bool,
    pub(super) remaining: u32,
    pub(super) reset: i64,
}

impl Shared {
    pub(super) fn new(redis: RedisClient, installation: &Digest) -> Self {
        Self {
            redis,
            accept: Arc::new(Script::new(ACCEPT)),
            present: Arc::new(Script::new(PRESENT)),
            installation: hex::encode(installation).chars().take(16).collect::<String>().into(),
            processes: Arc::new(AtomicU32::new(1)),
        }
    }

    fn key(&self, digest: &Digest) -> String {
        format!("zelo:limit:{{{}:{}}}", self.installation, hex::encode(digest))
    }

    pub(super) async fn accept(&self, policy: &Policy, digest: &Digest) -> Result<Counted, RedisFailure> {
        let arguments = [i64::from(policy.quota), policy.window, i64::from(SHOWN_AFTER)];
        let (allowed, remaining, reset): (i64, u32, i64) =
            self.redis.run(&self.accept, &self.key(digest), &arguments).await?;
        Ok(Counted { is_allowed: allowed == 1, remaining, reset })
    }

    pub(super) async fn give_back(&self, digest: &Digest) -> Result<(), RedisFailure> {
        self.redis.send::<Option<String>>("RPOP", &[self.key(digest)]).await?;
        Ok(())
    }

    pub(super) async fn forget(&self, digest: &Digest) -> Result<(), RedisFailure> {
        self.redis.send::<i64>("DEL", &[self.key(digest)]).await?;
        Ok(())
    }

    /// Say that this process is there, and hear how many are.
    pub(super) async fn be_present(&self, process: Uuid) -> Result<(), RedisFailure> {
        let id = process.as_u128();
        let part = |shift: u32| i64::try_from((id >> shift) & 0xffff_ffff).unwrap_or_default();
        let key = format!("zelo:processes:{{{}}}", self.installation);
        let count: u32 =
            self.redis.run(&self.present, &key, &[part(96), part(64), part(32), part(0)]).await?;
        self.processes.store(count.max(1), Ordering::Relaxed);
        Ok(())
    }

    /// How many processes were there when Redis was last heard of.
    pub(super) fn processes(&self) -> u32 {
        self.processes.load(Ordering::Relaxed)
    }
}
