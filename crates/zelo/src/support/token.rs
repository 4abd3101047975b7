//! The secret of an access: names its row, so that it is found in its tenant.

use crate::{
    crypto::{digest, random_bytes},
    error::Result,
    ids::{SupportAccessId, TenantId},
};
use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;
use zeroize::Zeroizing;

/// How every one begins, so that people and scanners for leaked secrets recognise it.
const PREFIX: &str = "zelo_support_";

/// The token that a request brings, as a bearer token.
pub fn given_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && token.trim().starts_with(PREFIX)).then(|| token.trim())
}

/// A new token and the digest that is stored of it.
pub(super) fn new_token(tenant: TenantId, access: SupportAccessId) -> Result<(Zeroizing<String>, [u8; 32])> {
    let secret = random_bytes::<32>()?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(64));
    bytes.extend_from_slice(tenant.0.as_bytes());
    bytes.extend_from_slice(access.0.as_bytes());
    bytes.extend_from_slice(secret.as_slice());
    let token = Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&*bytes)));
    Ok((token, digest(secret.as_slice())))
}

/// Which access a token names, and the digest of its secret.
pub(super) fn read(token: &str) -> Option<(TenantId, SupportAccessId, [u8; 32])> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?);
    let (tenant, rest) = bytes.split_at_checked(16)?;
    let (access, secret) = rest.split_at_checked(16)?;
    if secret.len() != 32 {
        return None;
    }
    Some((
        TenantId(Uuid::from_slice(tenant).ok()?),
        SupportAccessId(Uuid::from_slice(access).ok()?),
        digest(secret),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_access_and_nothing_else_is_one() {
        let (tenant, access) = (TenantId(Uuid::from_u128(1)), SupportAccessId(Uuid::from_u128(2)));
        let (token, digest) = new_token(tenant, access).unwrap();
        assert_eq!(read(&token), Some((tenant, access, digest)));
        assert_ne!(*token, *new_token(tenant, access).unwrap().0);
        for other in ["", PREFIX, "zelo_support_é", &token[..token.len() - 2], &token[13..]] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }
}
