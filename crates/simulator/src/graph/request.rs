//! What every call has: a version, an id, a token.

use axum::extract::{FromRequestParts, Path};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use axum::response::Response;

use super::fault::Fault;

/// The head of a call of the Graph API.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) version: String,
    /// Of a number, an account, a file or a template.
    pub(crate) id: String,
    /// Empty if there is none.
    pub(crate) token: String,
    /// How the caller reaches this server, for the addresses in answers.
    pub(crate) host: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let path = parts.uri.path().trim_matches('/').to_owned();
        let unknown = || Fault::unknown_path(&path).into_response("A");
        let Path(segments): Path<Vec<(String, String)>> =
            Path::from_request_parts(parts, state).await.map_err(|_| unknown())?;
        let mut segments = segments.into_iter().map(|(_, segment)| segment);
        let version = segments.next().filter(|version| is_version(version)).ok_or_else(unknown)?;
        let id = segments.next().ok_or_else(unknown)?;
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = bearer(header(AUTHORIZATION)).to_owned();
        Ok(Self { version, id, token, host: header(HOST).to_owned() })
    }
}

/// The token of an `Authorization` header; empty if it is none.
pub(crate) fn bearer(header: &str) -> &str {
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => "",
    }
}

/// `v26.0` and its like.
fn is_version(text: &str) -> bool {
    let numbers = text.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    numbers.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_are_versions() {
        assert!(is_version("v26.0") && is_version("v9.10"));
        for other in ["26.0", "v26", "v26.", "v.0", "va.0", "v26.0.1", "simulator"] {
            assert!(!is_version(other), "{other}");
        }
    }

    #[test]
    fn a_token_needs_its_scheme() {
        assert_eq!(bearer("Bearer abc"), "abc");
        assert_eq!(bearer("bearer abc"), "abc");
        assert_eq!(bearer("Basic abc"), "");
        assert_eq!(bearer("abc"), "");
    }
}
