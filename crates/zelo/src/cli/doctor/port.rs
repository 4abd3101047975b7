//! Whether the port is free, or Zelo's own.

use super::Check;
use crate::config::Config;
use serde::Deserialize;
use std::{io::ErrorKind, time::Duration};
use tokio::net::TcpListener;

const NAME: &str = "port";

pub(super) async fn check(config: &Config) -> Check {
    let address = config.listen_address();
    let error = match TcpListener::bind(address).await {
        Ok(_) => return Check::ok(NAME, format!("{address} is free")),
        Err(error) => error,
    };
    if error.kind() != ErrorKind::AddrInUse {
        let cure = "correct server.bind and server.port (PORT); ports below 1024 need a right of their own";
        return Check::fail(NAME, format!("{address} cannot be used: {error}"), cure);
    }
    if let Some(version) = version_of(&format!("http://{address}")).await {
        return Check::ok(NAME, format!("Zelo {version} answers at {address}"));
    }
    let cure = format!("stop the program that has it (ss -ltnp 'sport = :{}'), or set PORT", address.port());
    Check::fail(NAME, format!("another program has {address}"), cure)
}

/// What `/health` says to everybody.
#[derive(Deserialize)]
struct Health {
    version: String,
    #[serde(rename = "status")]
    _status: String,
    #[serde(rename = "uptime")]
    _uptime: i64,
    #[serde(rename = "timestamp")]
    _timestamp: String,
}

/// The version of the Zelo at an address. Other programs have a `/health` too, but not with these members and with our
/// words at `/alive`.
async fn version_of(url: &str) -> Option<String> {
    let client = crate::egress::client_of_a_tool().ok()?;
    let ask = async |path: &str| {
        let answer = client.get(format!("{url}{path}")).timeout(Duration::from_secs(2)).send().await.ok()?;
        answer.text().await.ok()
    };
    if ask("/alive").await? != crate::health::ALIVE {
        return None;
    }
    serde_json::from_str::<Health>(&ask("/health").await?).ok().map(|health| health.version)
}
