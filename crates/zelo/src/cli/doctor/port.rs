//! Whether the port is free, or Zelo's own.

use super::Check;
use crate::config::Config;
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
    if is_zelo(&format!("http://{address}/alive")).await {
        return Check::ok(NAME, format!("Zelo answers at {address}"));
    }
    let cure = format!("stop the program that has it (ss -ltnp 'sport = :{}'), or set PORT", address.port());
    Check::fail(NAME, format!("another program has {address}"), cure)
}

/// Zelo's answers carry its own header, whatever they say.
async fn is_zelo(url: &str) -> bool {
    let Ok(client) = crate::egress::client_of_a_tool() else { return false };
    let answer = client.get(url).timeout(Duration::from_secs(2)).send().await;
    answer.is_ok_and(|answer| answer.headers().contains_key("x-request-id"))
}
