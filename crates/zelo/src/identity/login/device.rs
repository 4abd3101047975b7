//! Telling a known browser or program from a new one.

use crate::{
    crypto::{Token, digest},
    error::Result,
    identity::{Client, sessions::Kind},
};

/// What somebody logs in with.
pub(super) struct Device {
    pub(super) digest: [u8; 32],
    /// The secret that the browser shall keep; none where it has one, and for programs, which keep none.
    pub(super) fresh: Option<String>,
}

/// A browser is known by a secret of its own, a program by what it calls itself.
pub(super) fn of(kind: Kind, client: &Client) -> Result<Device> {
    if kind == Kind::Token {
        return Ok(Device { digest: digest(format!("program {}", client.program).as_bytes()), fresh: None });
    }
    if let Some(secret) = &client.device {
        return Ok(Device { digest: digest(secret.as_bytes()), fresh: None });
    }
    let secret = Token::random()?;
    Ok(Device { digest: secret.digest(), fresh: Some(secret.reveal().to_owned()) })
}
