//! The connection to Redis or Valkey, for what several processes share and may lose.
//!
//! Nothing that must survive lies there: the database is the truth. Whoever uses it says what happens when it is away,
//! and tells this client of failures, so that the next caller does not wait for the same silence.

use crate::{
    clock::{Clock, Millis, SECOND},
    config::Config,
    error::{Error, Result},
};
use redis::{
    Client, RedisError, ToRedisArgs,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// Requests wait for an answer, so that a server that does not answer at once counts as away.
const ANSWER_WITHIN: Duration = Duration::from_millis(250);
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// How long nobody asks again after a failure.
const PAUSE: Millis = SECOND;

/// A connection that is made at first use, shared by all callers, and made again when it was lost. Cheap to clone.
#[derive(Clone)]
pub struct RedisClient {
    manager: ConnectionManager,
    clock: Clock,
    away_until: Arc<AtomicI64>,
}

/// Why Redis gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum RedisFailure {
    /// It did not answer a moment ago and is left alone for a second.
    #[error("Redis did not answer a moment ago")]
    Away,
    /// What the server or the network said.
    #[error("Redis cannot be used: {0}")]
    Failed(#[from] RedisError),
}

impl std::fmt::Debug for RedisClient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("RedisClient")
    }
}

impl RedisClient {
    /// The client that the settings name, if they do. The server need not be there yet.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn of(config: &Config) -> Result<Option<Self>> {
        let Some(url) = &config.redis.url else { return Ok(None) };
        Self::open(url.expose()).map(Some)
    }

    /// A client for the server at an address.
    ///
    /// # Errors
    /// As [`RedisClient::of`].
    pub fn open(url: &str) -> Result<Self> {
        crate::install_crypto_provider();
        let client = Client::open(url).map_err(Error::internal)?;
        let settings = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN))
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(100));
        let manager = ConnectionManager::new_lazy_with_config(client, settings).map_err(Error::internal)?;
        // Pauses are measured on the host's clock: the server's silence does not end earlier in a test.
        Ok(Self { manager, clock: Clock::of_the_host(), away_until: Arc::default() })
    }

    /// Run a script atomically; the server keeps its text after the first time.
    ///
    /// # Errors
    /// [`RedisFailure`], at the latest after 1.3 seconds, and for a second after that at once.
    pub async fn run<T: redis::FromRedisValue>(
        &self,
        script: &redis::Script,
        key: &str,
        arguments: &[i64],
    ) -> Result<T, RedisFailure> {
        let mut call = script.prepare_invoke();
        call.key(key);
        for argument in arguments {
            call.arg(argument);
        }
        let mut manager = self.reach()?;
        let answer = call.invoke_async(&mut manager).await;
        self.note(answer)
    }

    /// Send one command.
    ///
    /// # Errors
    /// As [`RedisClient::run`].
    pub async fn send<T: redis::FromRedisValue>(
        &self,
        name: &str,
        arguments: &[impl ToRedisArgs],
    ) -> Result<T, RedisFailure> {
        let mut command = redis::cmd(name);
        for argument in arguments {
            command.arg(argument);
        }
        let mut manager = self.reach()?;
        let answer = command.query_async(&mut manager).await;
        self.note(answer)
    }

    fn reach(&self) -> Result<ConnectionManager, RedisFailure> {
        if self.clock.now() < self.away_until.load(Ordering::Relaxed) {
            return Err(RedisFailure::Away);
        }
        Ok(self.manager.clone())
    }

    fn note<T>(&self, answer: Result<T, RedisError>) -> Result<T, RedisFailure> {
        if let Err(error) = &answer {
            let until = self.clock.now() + PAUSE;
            if self.away_until.swap(until, Ordering::Relaxed) < until - PAUSE {
                tracing::warn!(%error, "Redis does not answer; this process works on by itself");
            }
        }
        Ok(answer?)
    }
}

/// Whether a text is the address of a Redis server.
pub(crate) fn is_address(text: &str) -> bool {
    Client::open(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_server() {
        for address in
            ["redis://127.0.0.1:6379", "redis://:secret@cache:6379/2", "rediss://cache.example.com"]
        {
            assert!(is_address(address), "{address}");
        }
        for wrong in ["", "cache", "http://cache", "redis://"] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_away_is_asked_once_a_second() {
        // Nobody listens at port 1 of this machine.
        let client = RedisClient::open("redis://127.0.0.1:1").unwrap();
        let ping = async || client.send::<String>("PING", &[] as &[&str]).await;
        assert!(matches!(ping().await, Err(RedisFailure::Failed(_))));
        assert!(matches!(ping().await, Err(RedisFailure::Away)));
    }
}
