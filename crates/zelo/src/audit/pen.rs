//! Writing entries.

use super::{
    Actor, Entry, TOPIC,
    record::Record,
    sealed::{self, ActorText, DetailText},
    store,
};
use crate::{
    app::App,
    crypto::{Field, Key, TenantKeys},
    error::Result,
    http,
    ids::{TenantId, UserId},
};
use db::{Scope, Tx};
use std::sync::Arc;
use uuid::Uuid;

/// Writes entries about the request that is being worked on, or about work that nobody asked for.
///
/// Made before the transaction, because keys and names are looked up; used inside of it. The deed fails with the entry.
#[derive(Clone)]
pub struct Pen {
    app: App,
    tenant: TenantId,
    tenant_keys: Arc<TenantKeys>,
    actor: Actor,
    actor_key: Option<Arc<Key>>,
    actor_name: Option<String>,
    subject_key: Option<Arc<Key>>,
    support_access: Option<Uuid>,
}

impl Pen {
    /// A pen for entries of this tenant; the nil tenant stands for the platform. Who acts is the caller of the current
    /// request, nobody known when it has none, and the product itself outside of requests.
    ///
    /// # Errors
    /// When the keystore or the database does not answer.
    pub async fn of(app: &App, tenant: TenantId) -> Result<Self> {
        let current = http::current();
        let caller = current.as_ref().and_then(http::Current::caller);
        let actor = match caller {
            Some(http::Caller { api_key_id: Some(key), .. }) => Actor::ApiKey(key),
            Some(http::Caller { support_access_id: Some(_), user_id: Some(user), .. }) => {
                Actor::User(TenantId(Uuid::nil()), UserId(user))
            }
            Some(http::Caller { tenant_id: Some(tenant), user_id: Some(user), .. }) => {
                Actor::User(TenantId(tenant), UserId(user))
            }
            _ if http::current_client().is_some() => Actor::Anonymous,
            _ => Actor::System,
        };
        let pen = Self {
            app: app.clone(),
            tenant,
            tenant_keys: app.keyring.tenant(tenant.0).await?,
            actor: Actor::System,
            actor_key: None,
            actor_name: None,
            subject_key: None,
            support_access: caller.and_then(|caller| caller.support_access_id),
        };
        pen.acting_as(actor).await
    }

    /// The same, with somebody else acting: who logs in is not yet the caller of a request.
    ///
    /// # Errors
    /// As [`Pen::of`].
    pub async fn acting_as(mut self, actor: Actor) -> Result<Self> {
        (self.actor, self.actor_key, self.actor_name) = (actor, None, None);
        if let Actor::User(tenant, user) = actor {
            self.actor_key = Some(self.app.keyring.user_key(tenant.0, user.0).await?);
            self.actor_name = self.app.audit.name_of(&self.app, tenant, user).await?;
        }
        Ok(self)
    }

    /// Seal what the entries say under this contact's key, which takes it along when the contact is erased.
    #[must_use]
    pub fn about_contact(self, key: Arc<Key>) -> Self {
        Self { subject_key: Some(key), ..self }
    }

    /// Seal what the entries say under the key of one of the staff.
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn about_user(self, user: UserId) -> Result<Self> {
        let key = self.app.keyring.user_key(self.tenant.0, user.0).await?;
        Ok(Self { subject_key: Some(key), ..self })
    }

    /// Write an entry in the transaction of its deed, whose scope must be this pen's tenant.
    ///
    /// # Errors
    /// What the database answers; then the deed must fail with it.
    pub async fn write(&self, tx: &mut Tx, entry: Entry) -> Result<()> {
        let record = self.record(self.app.ids.next(), entry)?;
        store::insert(tx, &record).await?;
        tx.wake(TOPIC);
        Ok(())
    }

    /// Write an entry unless there is one with this id; says whether it was written.
    pub(super) async fn write_once(&self, tx: &mut Tx, id: Uuid, entry: Entry) -> Result<bool> {
        let record = self.record(id, entry)?;
        let is_new = store::insert_once(tx, &record).await?;
        if is_new {
            tx.wake(TOPIC);
        }
        Ok(is_new)
    }

    /// Write an entry about what has no transaction: a read, a refusal, a failure.
    ///
    /// # Errors
    /// As [`Pen::write`].
    pub async fn note(&self, entry: Entry) -> Result<()> {
        db::write!(self.app.db, "note_audit_entry", Scope::Tenant(self.tenant.0), |tx| -> Result<()> {
            self.write(tx, entry.clone()).await
        })
    }

    fn record(&self, id: Uuid, entry: Entry) -> Result<Record> {
        // Both actors: who of the platform it was, and for whom.
        let entry = match self.support_access {
            Some(access) => entry
                .with("support_access_id", access.to_string())
                .with("on_behalf_of", self.tenant.to_string()),
            None => entry,
        };
        let client = http::current_client();
        let ids = http::current_ids();
        let address = client.as_ref().map(|client| client.address.0.to_string());
        let tenant = self.tenant;
        let actor = sealed::seal_actor(
            self.actor_key.as_deref().unwrap_or(&self.tenant_keys.data),
            tenant,
            id,
            ActorText {
                name: self.actor_name.clone(),
                ip_address: address.clone(),
                user_agent: client
                    .as_ref()
                    .and_then(|client| client.user_agent.as_deref())
                    .map(str::to_owned),
            },
        )?;
        let detail = sealed::seal_detail(
            self.subject_key.as_deref().unwrap_or(&self.tenant_keys.data),
            tenant,
            id,
            DetailText { changes: entry.changes, details: entry.details },
        )?;
        let digest = |address: &str| self.tenant_keys.index.digest(Field::Address, address).to_vec();
        let mut record = Record {
            tenant,
            id,
            at: self.app.clock.now(),
            actor_kind: self.actor.kind().to_owned(),
            actor_id: self.actor.id(),
            event_type: entry.event.as_str().to_owned(),
            action: entry.action.to_owned(),
            target_kind: entry.target_kind.to_owned(),
            target_id: entry.target_id,
            outcome: entry.outcome.as_str().to_owned(),
            ip_digest: address.as_deref().map(digest),
            request_id: ids.as_ref().map(|ids| ids.request_id.to_string()).unwrap_or_default(),
            trace_id: ids.as_ref().map(|ids| ids.trace_id.to_string()).unwrap_or_default(),
            actor_sealed: actor.sealed,
            actor_digest: actor.digest,
            detail_sealed: detail.sealed,
            detail_digest: detail.digest,
            leaf: Vec::new(),
        };
        record.leaf = record.computed_leaf().to_vec();
        Ok(record)
    }
}

impl std::fmt::Debug for Pen {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pen").field("tenant", &self.tenant).field("actor", &self.actor).finish()
    }
}
