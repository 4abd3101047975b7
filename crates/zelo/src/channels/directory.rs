//! The directory of numbers, kept in memory because every webhook asks it twice.

use super::store;
use crate::{
    clock::{DAY, Millis},
    crypto::{Keyring, Place, digest},
    error::Result,
    ids::{ChannelId, TenantId},
};
use db::{Db, Scope};
use parking_lot::RwLock;
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;
use whatsapp::signature::AppSecret;

/// Rung when a channel was added or changed.
pub const TOPIC: db::Topic = "channels";

/// Where the events of a number go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The number's tenant.
    pub tenant: TenantId,
    /// The number's channel.
    pub channel: ChannelId,
    /// The app whose secret must have signed its events.
    pub app_secret: Uuid,
    /// The secret before it, and until when it is believed too.
    previous: Option<(Uuid, Millis)>,
}

impl Route {
    fn believes(&self, signed_by: Uuid, at: Millis) -> bool {
        self.app_secret == signed_by
            || self.previous.is_some_and(|(secret, until)| secret == signed_by && at < until)
    }
}

/// Somebody whose signature is believed.
#[derive(Debug)]
struct Signer {
    /// Names the secret.
    id: Uuid,
    secret: AppSecret,
    /// Until when it is looked at, where every number has another one by now.
    until: Option<Millis>,
}

#[derive(Debug, Default)]
struct Snapshot {
    signers: Vec<Signer>,
    by_number: HashMap<String, Route>,
    by_account: HashMap<String, TenantId>,
    verify_tokens: HashMap<ChannelId, [u8; 32]>,
}

/// Numbers, accounts and app secrets of all tenants.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    current: Arc<RwLock<Arc<Snapshot>>>,
}

impl Directory {
    /// Read everything anew.
    ///
    /// # Errors
    /// When the database or the keystore does not answer; what was known before stays.
    pub async fn reload(&self, db: &Db, keyring: &Keyring) -> Result<()> {
        let (secrets, routes) = db::read!(db, "load_directory", Scope::Platform, |tx| -> Result<_> {
            Ok((store::list_app_secrets(tx).await?, store::list_routes(tx).await?))
        })?;
        let platform = keyring.platform().await?;
        let mut snapshot = Snapshot::default();
        for (id, sealed) in secrets {
            // A secret that was replaced, perhaps because it leaked, opens the door no longer than it must.
            let Some(until) = believed_until(id, &routes) else { continue };
            match platform.data.open(secret_place(id), &sealed) {
                Ok(plain) => {
                    let secret = AppSecret::new(&String::from_utf8_lossy(&plain));
                    snapshot.signers.push(Signer { id, secret, until });
                }
                Err(error) => {
                    tracing::error!(app_secret_id = %id, %error, "an app secret cannot be opened; its webhooks are refused");
                }
            }
        }
        for row in routes {
            let route = Route {
                tenant: row.tenant,
                channel: row.channel,
                app_secret: row.app_secret,
                previous: row.previous_app_secret.zip(row.previous_until),
            };
            snapshot.verify_tokens.insert(row.channel, row.verify_token_digest);
            snapshot.by_account.insert(row.waba_id, row.tenant);
            snapshot.by_number.insert(row.phone_number_id, route);
        }
        *self.current.write() = Arc::new(snapshot);
        Ok(())
    }

    /// Whose signature this is. The number that the body seems to be about says whose secret to try first.
    pub fn signer_of(&self, hint: Option<&str>, signature: &[u8], body: &[u8], now: Millis) -> Option<Uuid> {
        let snapshot = self.current.read().clone();
        let believed =
            || snapshot.signers.iter().filter(|signer| signer.until.is_none_or(|until| now < until));
        let likely = hint.and_then(|number| snapshot.by_number.get(number)).map(|route| route.app_secret);
        let first = believed().filter(|signer| Some(signer.id) == likely);
        let others = believed().filter(|signer| Some(signer.id) != likely);
        first.chain(others).find(|signer| signer.secret.verify(signature, body)).map(|signer| signer.id)
    }

    /// Where a number's events go, if the app that signed them was the number's own when they came in.
    pub fn route(&self, phone_number_id: &str, signed_by: Uuid, received_at: Millis) -> Option<Route> {
        self.current
            .read()
            .by_number
            .get(phone_number_id)
            .copied()
            .filter(|route| route.believes(signed_by, received_at))
    }

    /// Whether the number is known at all, whoever signed.
    pub fn knows_number(&self, phone_number_id: &str) -> bool {
        self.current.read().by_number.contains_key(phone_number_id)
    }

    /// Whether some channel was set up with this verify token.
    pub fn knows_verify_token(&self, token: &str) -> bool {
        // Digests are compared, so that the time of the comparison says nothing about a token.
        let given = digest(token.as_bytes());
        !token.is_empty() && self.current.read().verify_tokens.values().any(|known| *known == given)
    }

    /// Whether this channel was set up with this verify token.
    pub fn channel_has_verify_token(&self, channel: ChannelId, token: &str) -> bool {
        let given = digest(token.as_bytes());
        !token.is_empty() && self.current.read().verify_tokens.get(&channel) == Some(&given)
    }

    /// Whose account this is, if one of its numbers belongs to the app that signed.
    pub fn tenant_of_account(&self, waba_id: &str, signed_by: Uuid, received_at: Millis) -> Option<TenantId> {
        let snapshot = self.current.read().clone();
        let tenant = *snapshot.by_account.get(waba_id)?;
        let belongs = |route: &Route| route.tenant == tenant && route.believes(signed_by, received_at);
        snapshot.by_number.values().any(belongs).then_some(tenant)
    }
}

/// Events that are signed with a secret which its number does not have any more are put aside for so long after it ended, where
/// people see that the app at Meta still has it. Then they are refused.
const PUT_ASIDE: Millis = 30 * DAY;

/// Until when a signature is looked at: for good where a number has the secret now, else until the one that had it before its
/// new one has had that for long. Nothing where no number knows it any more.
fn believed_until(secret: Uuid, routes: &[store::RouteRow]) -> Option<Option<Millis>> {
    if routes.iter().any(|route| route.app_secret == secret) {
        return Some(None);
    }
    let previous = routes.iter().filter(|route| route.previous_app_secret == Some(secret));
    let until = previous.filter_map(|route| route.previous_until).max()?;
    Some(Some(until + PUT_ASIDE))
}

/// Where the secret of an app is sealed: by the platform, because it is needed before the tenant is known.
pub(super) fn secret_place(id: Uuid) -> Place<'static> {
    Place { tenant: Uuid::nil(), table: "app_secrets", column: "secret", row: id }
}

/// What tells two app secrets apart in the database without showing them.
pub(super) fn secret_digest(app_secret: &str) -> [u8; 32] {
    digest(app_secret.as_bytes())
}
