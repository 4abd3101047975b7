//! Whether the server that several processes share is there.

use super::Check;
use crate::{config::Config, redis_client::RedisClient};

const NAME: &str = "redis";

/// Nothing to say where none is configured: everything works without one.
pub(super) async fn check(config: &Config) -> Option<Check> {
    let failed = |error: &dyn std::fmt::Display| {
        let cure = "start it, or correct redis.url; until then each process counts limits by itself";
        Check::warn(NAME, format!("does not answer: {error}"), cure)
    };
    let client = match RedisClient::of(config) {
        Ok(client) => client?,
        Err(error) => return Some(failed(&error)),
    };
    match client.send::<String>("PING", &[] as &[&str]).await {
        Ok(_) => Some(Check::ok(NAME, "answers; limits hold for all processes together")),
        Err(error) => Some(failed(&error)),
    }
}
