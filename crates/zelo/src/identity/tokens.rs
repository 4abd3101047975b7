//! Secrets of a session: the access token, the refresh token, the cookie.

use super::{password::Passwords, sessions::Sessions};
use crate::{
    clock::{DAY, MINUTE, Millis, SECOND},
    config::Config,
    crypto::{KeyError, Keyring, digest},
    error::{Error, Result},
    ids::{SessionId, TenantId, UserId},
};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ISSUER: &str = "zelo";
/// Says what the token is, so that no other signed thing passes for it (RFC 9068).
const TYPE: &str = "at+jwt";

/// What is needed to say who somebody is.
pub struct Identity {
    pub(super) passwords: Passwords,
    pub(super) sessions: Sessions,
    secret: hmac::Key,
    encoding: EncodingKey,
    decoding: DecodingKey,
    key_id: String,
    access_life: Millis,
    /// How long a session lives without being used.
    pub(super) refresh_life: Millis,
}

/// What an access token says. Rights are not in it: they are looked up, so that a change counts at once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: String,
    pub(super) sub: Uuid,
    pub(super) tid: Uuid,
    pub(super) sid: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Identity {
    /// Prepare the keys: from the settings, or derived from the platform's own.
    ///
    /// # Errors
    /// When the keystore does not answer, or the secret in the settings is weak.
    pub async fn open(config: &Config, keyring: &Keyring) -> Result<Self, KeyError> {
        let derived = keyring.platform().await?.derive_secret(b"access tokens");
        let secret =
            config.auth.jwt_secret.as_ref().map_or(derived.as_slice(), |secret| secret.expose().as_bytes());
        let key_id: String = hex::encode(digest(secret)).chars().take(16).collect();
        Ok(Self {
            passwords: Passwords::default(),
            sessions: Sessions::default(),
            secret: hmac::Key::new(hmac::HMAC_SHA256, secret),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            key_id,
            access_life: i64::from(config.auth.access_token_minutes) * MINUTE,
            refresh_life: i64::from(config.auth.refresh_days) * DAY,
        })
    }

    /// Seconds that an access token lives.
    pub fn access_seconds(&self) -> i64 {
        self.access_life / SECOND
    }

    pub(super) fn access_token(
        &self,
        tenant: TenantId,
        user: UserId,
        session: SessionId,
        now: Millis,
    ) -> Result<String> {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.into());
        header.kid = Some(self.key_id.clone());
        let claims = Claims {
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            sub: user.0,
            tid: tenant.0,
            sid: session.0,
            iat: now / SECOND,
            nbf: now / SECOND,
            exp: (now + self.access_life) / SECOND,
        };
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(Error::internal)
    }

    pub(super) fn read_access_token(&self, token: &str, now: Millis) -> Result<Claims> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::Unauthorized)?;
        if header.typ.as_deref() != Some(TYPE) || header.kid.as_deref() != Some(&self.key_id) {
            return Err(Error::Unauthorized);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // Times are checked here against the application's clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|_| Error::Unauthorized)?
            .claims;
        let seconds = now / SECOND;
        if claims.nbf > seconds || claims.exp <= seconds {
            return Err(Error::Unauthorized);
        }
        Ok(claims)
    }

    /// The refresh token that follows one. Derived from it, so that two tabs that refresh at once get the same one.
    pub(super) fn successor(&self, secret: &[u8; 32]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.secret);
        context.update(b"next refresh token");
        context.update(secret);
        context.sign().as_ref().try_into().unwrap_or_default()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Identity")
    }
}

/// A secret that names its session, so that it can be looked up in its tenant.
#[derive(Clone)]
pub(super) struct SessionSecret {
    pub(super) tenant: TenantId,
    pub(super) session: SessionId,
    pub(super) secret: [u8; 32],
}

impl SessionSecret {
    pub(super) fn digest(&self) -> [u8; 32] {
        digest(&self.secret)
    }

    pub(super) fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(self.tenant.0.as_bytes());
        bytes.extend_from_slice(self.session.0.as_bytes());
        bytes.extend_from_slice(&self.secret);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(super) fn decode(text: &str) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Unauthorized)?;
        let bytes: [u8; 64] = bytes.try_into().map_err(|_| Error::Unauthorized)?;
        let (tenant, rest) = bytes.split_at(16);
        let (session, secret) = rest.split_at(16);
        Ok(Self {
            tenant: TenantId(Uuid::from_slice(tenant).map_err(|_| Error::Unauthorized)?),
            session: SessionId(Uuid::from_slice(session).map_err(|_| Error::Unauthorized)?),
            secret: secret.try_into().map_err(|_| Error::Unauthorized)?,
        })
    }
}
