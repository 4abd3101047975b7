//! Secrets of a session: the access token, the refresh token, the cookie.

use super::{
    Role,
    password::Passwords,
    sessions::{Kind, Sessions},
};
use crate::{
    clock::{DAY, HOUR, MINUTE, Millis, SECOND},
    config::{Auth, Config},
    crypto::{KeyError, Keyring, digest},
    error::{Error, Result},
    ids::{SessionId, TenantId, UserId},
    rights::Permission,
};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ISSUER: &str = "zelo";
/// Says what the token is, so that no other signed thing passes for it (RFC 9068).
const TYPE: &str = "at+jwt";

/// Tokens are valid from this long before they were made, because the clocks of two servers are never quite the same.
const CLOCK_SKEW: Millis = 10 * SECOND;

/// What is needed to say who somebody is.
pub struct Identity {
    pub(super) passwords: Passwords,
    pub(super) sessions: Sessions,
    pub(super) rules: Rules,
    /// Makes refresh tokens follow one another. Not the secret of access tokens, which is changed now and then.
    chain: hmac::Key,
    /// The first one signs; tokens of the others are accepted.
    keys: Vec<SigningKey>,
    access_life: Millis,
}

/// How long log-ins last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    program_life: Millis,
    browser_life: Millis,
    idle: Millis,
    admin_idle: Millis,
}

impl Rules {
    fn new(auth: &Auth) -> Self {
        Self {
            program_life: i64::from(auth.refresh_days) * DAY,
            browser_life: i64::from(auth.browser_hours) * HOUR,
            idle: i64::from(auth.idle_minutes) * MINUTE,
            admin_idle: i64::from(auth.admin_idle_minutes) * MINUTE,
        }
    }

    /// How long somebody may be away.
    pub(super) fn idle(&self, role: Role) -> Millis {
        if is_powerful(role) { self.admin_idle } else { self.idle }
    }

    /// How long a log-in lasts, however much it is used.
    pub(super) fn life(&self, kind: Kind, role: Role) -> Millis {
        if kind == Kind::Cookie || is_powerful(role) { self.browser_life } else { self.program_life }
    }
}

/// Whether what this role may do is worth more caution.
pub(super) fn is_powerful(role: Role) -> bool {
    role.is_platform()
        // What a role of the tenant's own gives is not known here: caution.
        || matches!(role, Role::Custom(_))
        || role.rights().allow(Permission::WriteSettings)
}

struct SigningKey {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl SigningKey {
    fn new(secret: &[u8]) -> Self {
        Self {
            id: hex::encode(digest(secret)).chars().take(16).collect(),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }
}

/// What an access token's header may say; a header with anything else, such as a key of its own, is not ours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// What an access token says. Rights are not in it: they are looked up, so that a change counts at once.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// When the keystore does not answer.
    pub async fn open(config: &Config, keyring: &Keyring) -> Result<Self, KeyError> {
        let platform = keyring.platform().await?;
        let derived = platform.derive_secret(b"access tokens");
        let chain = platform.derive_secret(b"refresh tokens");
        let given = [&config.auth.jwt_secret, &config.auth.jwt_other_secret];
        let mut keys: Vec<SigningKey> =
            given.into_iter().flatten().map(|secret| SigningKey::new(secret.expose().as_bytes())).collect();
        if keys.is_empty() {
            keys.push(SigningKey::new(derived.as_slice()));
        }
        Ok(Self {
            passwords: Passwords::default(),
            sessions: Sessions::default(),
            rules: Rules::new(&config.auth),
            chain: hmac::Key::new(hmac::HMAC_SHA256, chain.as_slice()),
            keys,
            access_life: i64::from(config.auth.access_token_minutes) * MINUTE,
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
        let key = self.keys.first().ok_or_else(|| Error::internal("there is no signing key"))?;
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.into());
        header.kid = Some(key.id.clone());
        let claims = Claims {
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            sub: user.0,
            tid: tenant.0,
            sid: session.0,
            iat: now / SECOND,
            nbf: (now - CLOCK_SKEW) / SECOND,
            exp: (now + self.access_life) / SECOND,
        };
        jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(Error::internal)
    }

    pub(super) fn read_access_token(&self, token: &str, now: Millis) -> Result<Claims> {
        let header = read_header(token).ok_or(Error::Unauthorized)?;
        if header.typ != TYPE || header.alg != "HS256" {
            return Err(Error::Unauthorized);
        }
        let key = self.keys.iter().find(|key| key.id == header.kid).ok_or(Error::Unauthorized)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // Times are checked here against the application's clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation)
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
        let mut context = hmac::Context::with_key(&self.chain);
        context.update(b"next refresh token");
        context.update(secret);
        context.sign().as_ref().try_into().unwrap_or_default()
    }
}

fn read_header(token: &str) -> Option<TokenHeader> {
    let (header, _) = token.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()
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
