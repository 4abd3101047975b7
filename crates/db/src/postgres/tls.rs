//! Encrypted connections to the server, through the one TLS stack of the house.

use crate::{Error, Result};
use rustls_platform_verifier::ConfigVerifierExt;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The connector for servers that want TLS; whether it is used is said by `sslmode` in the address.
pub(crate) fn connector() -> Result<MakeRustlsConnect> {
    // A second installation finds the first one in place, which is just as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = rustls::ClientConfig::with_platform_verifier()
        .map_err(|error| Error::Unavailable(format!("the host's certificates cannot be read: {error}")))?;
    Ok(MakeRustlsConnect::new(config))
}
