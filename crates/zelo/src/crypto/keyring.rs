//! Keys at hand: loaded when they are needed, unwrapped, kept for minutes.

use super::{
    BlindIndex, Key, KeyId, MasterKey, OpenError,
    records::{self, Kind, Record},
};
use crate::{clock::Clock, ids::Ids, telemetry::count_cache};
use aws_lc_rs::hmac;
use db::Db;
use std::{collections::HashMap, sync::Arc, time::Duration};
use uuid::Uuid;
use zeroize::Zeroizing;

/// How many keys stay in memory: enough for the conversations of a busy hour, 10 MB at most.
const KEPT: u64 = 50_000;
/// How long an unused key stays. An erased contact's key is gone from every process after this time at the latest.
const KEPT_FOR: Duration = Duration::from_secs(300);

/// Why a key is not at hand.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The keystore did not answer.
    #[error("the keystore cannot be used: {0}")]
    Keystore(#[from] db::Error),
    /// The record was destroyed, or the master key is another one.
    #[error("a key is missing or cannot be opened")]
    Lost,
}

impl From<OpenError> for KeyError {
    fn from(_: OpenError) -> Self {
        Self::Lost
    }
}

impl From<KeyError> for crate::error::Error {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Keystore(error) => error.into(),
            KeyError::Lost => Self::internal(error),
        }
    }
}

impl From<OpenError> for crate::error::Error {
    fn from(error: OpenError) -> Self {
        Self::internal(error)
    }
}

/// What a tenant's rows are sealed and found with. The platform has a set too, under the nil tenant.
#[derive(Debug)]
pub struct TenantKeys {
    wrapping: Key,
    /// Seals what belongs to the tenant itself.
    pub data: Key,
    /// Finds encrypted values.
    pub index: BlindIndex,
}

impl TenantKeys {
    /// A secret for one purpose, the same in every process and after every start.
    pub fn derive_secret(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.data.bytes());
        let mut context = hmac::Context::with_key(&key);
        context.update(b"zelo derived secret");
        context.update(purpose);
        Zeroizing::new(context.sign().as_ref().try_into().unwrap_or_default())
    }
}

/// The keys of an installation.
#[derive(Clone)]
pub struct Keyring {
    shared: Arc<Shared>,
}

struct Shared {
    db: Db,
    master: Key,
    clock: Clock,
    ids: Ids,
    keys: moka::sync::Cache<KeyId, Arc<Key>>,
    tenants: moka::sync::Cache<Uuid, Arc<TenantKeys>>,
    days: moka::sync::Cache<String, Arc<Key>>,
    users: moka::sync::Cache<(Uuid, Uuid), Arc<Key>>,
    /// Creating a tenant's or day's keys twice would split its data between two keys.
    creating: tokio::sync::Mutex<()>,
}

impl Keyring {
    /// A keyring on an open keystore.
    pub fn new(db: Db, master: MasterKey, clock: Clock, ids: Ids) -> Self {
        let keys = moka::sync::Cache::builder().max_capacity(KEPT).time_to_idle(KEPT_FOR).build();
        let tenants = moka::sync::Cache::builder().max_capacity(10_000).time_to_idle(KEPT_FOR).build();
        let days = moka::sync::Cache::builder().max_capacity(16).build();
        let users = moka::sync::Cache::builder().max_capacity(10_000).time_to_idle(KEPT_FOR).build();
        let creating = tokio::sync::Mutex::default();
        let shared = Shared { db, master: master.0, clock, ids, keys, tenants, days, users, creating };
        Self { shared: Arc::new(shared) }
    }

    /// Whether the keystore holds anything yet: then a missing master key must not be replaced.
    ///
    /// # Errors
    /// When the keystore cannot be read.
    pub async fn is_empty(db: &Db) -> Result<bool, KeyError> {
        Ok(records::count(db).await? == 0)
    }

    /// The platform's own keys, created at first use.
    ///
    /// # Errors
    /// When the keystore does not answer or the master key is not the one that wrapped them.
    pub async fn platform(&self) -> Result<Arc<TenantKeys>, KeyError> {
        self.tenant(Uuid::nil()).await
    }

    /// A tenant's keys, created at first use.
    ///
    /// # Errors
    /// As [`Keyring::platform`].
    pub async fn tenant(&self, tenant: Uuid) -> Result<Arc<TenantKeys>, KeyError> {
        match self.shared.tenants.get(&tenant) {
            Some(keys) => Ok(keys),
            // Rare and large: kept out of the futures of everybody who asks.
            None => Box::pin(self.load_or_create_tenant(tenant)).await,
        }
    }

    async fn load_or_create_tenant(&self, tenant: Uuid) -> Result<Arc<TenantKeys>, KeyError> {
        let _alone = self.shared.creating.lock().await;
        if let Some(keys) = self.shared.tenants.get(&tenant) {
            return Ok(keys);
        }
        let keys = match self.load_tenant(tenant).await? {
            Some(keys) => keys,
            None => self.create_tenant(tenant).await?,
        };
        let keys = Arc::new(keys);
        self.shared.tenants.insert(tenant, keys.clone());
        Ok(keys)
    }

    async fn load_tenant(&self, tenant: Uuid) -> Result<Option<TenantKeys>, KeyError> {
        let db = &self.shared.db;
        let Some(wrapping) =
            records::find_current(db, tenant, Kind::Tenant, "", self.shared.master.id()).await?
        else {
            return Ok(None);
        };
        let wrapping = wrapping.open(&self.shared.master)?;
        let find = |kind| records::find_current(db, tenant, kind, "", wrapping.id());
        let data = find(Kind::Data).await?.ok_or(KeyError::Lost)?.open(&wrapping)?;
        let root = find(Kind::Index).await?.ok_or(KeyError::Lost)?.open(&wrapping)?;
        Ok(Some(TenantKeys { wrapping, data, index: BlindIndex::new(&root) }))
    }

    async fn create_tenant(&self, tenant: Uuid) -> Result<TenantKeys, KeyError> {
        let shared = &self.shared;
        let id = || shared.ids.next();
        let (wrapping_record, wrapping) =
            Record::create(id(), tenant, Kind::Tenant, String::new(), &shared.master)?;
        let (data_record, data) = Record::create(id(), tenant, Kind::Data, String::new(), &wrapping)?;
        let (root_record, root) = Record::create(id(), tenant, Kind::Index, String::new(), &wrapping)?;
        records::insert_records(&shared.db, &[wrapping_record, data_record, root_record], shared.clock.now())
            .await?;
        // Another process may have been faster; the oldest set is the one that counts, for everybody.
        match self.load_tenant(tenant).await? {
            Some(keys) => Ok(keys),
            None => Ok(TenantKeys { wrapping, data, index: BlindIndex::new(&root) }),
        }
    }

    /// New keys for new contacts, stored before this returns: a key is on disk before anything that it seals.
    ///
    /// # Errors
    /// When the keystore cannot store them.
    pub async fn create_contact_keys(
        &self,
        tenant: Uuid,
        contacts: &[Uuid],
    ) -> Result<Vec<Arc<Key>>, KeyError> {
        if contacts.is_empty() {
            return Ok(Vec::new());
        }
        let shared = &self.shared;
        let tenant_keys = self.tenant(tenant).await?;
        let mut new_records = Vec::with_capacity(contacts.len());
        let mut keys = Vec::with_capacity(contacts.len());
        for contact in contacts {
            let subject = contact.to_string();
            let (record, key) =
                Record::create(shared.ids.next(), tenant, Kind::Contact, subject, &tenant_keys.wrapping)?;
            new_records.push(record);
            keys.push(Arc::new(key));
        }
        records::insert_records(&shared.db, &new_records, shared.clock.now()).await?;
        for key in &keys {
            shared.keys.insert(key.id(), key.clone());
        }
        Ok(keys)
    }

    /// The key that seals what the audit log says of one of the staff, created at its first use.
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn user_key(&self, tenant: Uuid, user: Uuid) -> Result<Arc<Key>, KeyError> {
        match self.shared.users.get(&(tenant, user)) {
            Some(key) => Ok(key),
            None => Box::pin(self.load_or_create_user(tenant, user)).await,
        }
    }

    async fn load_or_create_user(&self, tenant: Uuid, user: Uuid) -> Result<Arc<Key>, KeyError> {
        let (shared, subject) = (&self.shared, user.to_string());
        let parent = self.tenant(tenant).await?;
        let _alone = shared.creating.lock().await;
        let find = || records::find_current(&shared.db, tenant, Kind::User, &subject, parent.wrapping.id());
        let record = match find().await? {
            Some(record) => record,
            None => {
                let id = shared.ids.next();
                let (record, _) = Record::create(id, tenant, Kind::User, subject.clone(), &parent.wrapping)?;
                records::insert_records(&shared.db, &[record], shared.clock.now()).await?;
                // Another process may have been faster; the oldest one counts, for everybody.
                find().await?.ok_or(KeyError::Lost)?
            }
        };
        let key = Arc::new(record.open(&parent.wrapping)?);
        shared.keys.insert(key.id(), key.clone());
        shared.users.insert((tenant, user), key.clone());
        Ok(key)
    }

    /// Destroy a contact's keys: what they sealed cannot be opened any more, here at once, in other processes after
    /// their memory of it has run out.
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn destroy_contact_keys(&self, tenant: Uuid, contact: Uuid) -> Result<u64, KeyError> {
        self.destroy(tenant, Kind::Contact, contact).await
    }

    /// Destroy the keys of one of the staff, as [`Keyring::destroy_contact_keys`].
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn destroy_user_keys(&self, tenant: Uuid, user: Uuid) -> Result<u64, KeyError> {
        self.shared.users.invalidate(&(tenant, user));
        self.destroy(tenant, Kind::User, user).await
    }

    async fn destroy(&self, tenant: Uuid, kind: Kind, subject: Uuid) -> Result<u64, KeyError> {
        let subject = subject.to_string();
        let destroyed = records::delete_subject(&self.shared.db, tenant, kind, &subject).await?;
        destroyed.iter().for_each(|id| self.shared.keys.invalidate(id));
        count_cache("key", "delete", destroyed.len() as u64);
        Ok(destroyed.len() as u64)
    }

    /// Destroy `most` of a tenant's keys at most, of every kind, and say how many those were. What they sealed cannot be
    /// opened any more, here at once, in other processes after their memory of it has run out.
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn destroy_tenant_keys(&self, tenant: Uuid, most: i64) -> Result<u64, KeyError> {
        let shared = &self.shared;
        let _alone = shared.creating.lock().await;
        let destroyed = records::delete_tenant(&shared.db, tenant, most).await?;
        shared.tenants.invalidate(&tenant);
        // Rare; everybody else loads their keys again.
        shared.users.invalidate_all();
        destroyed.iter().for_each(|id| shared.keys.invalidate(id));
        Ok(destroyed.len() as u64)
    }

    /// See [`Db::forget_old_pages`]: a destroyed key must not lie in a log.
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn forget_old_pages(&self) -> Result<(), KeyError> {
        Ok(self.shared.db.forget_old_pages().await?)
    }

    /// One contact's key.
    ///
    /// # Errors
    /// [`KeyError::Lost`] when it was destroyed.
    pub async fn key(&self, id: KeyId) -> Result<Arc<Key>, KeyError> {
        self.keys(&[id]).await?.remove(&id).ok_or(KeyError::Lost)
    }

    /// The keys with these ids; one that was destroyed is not among them.
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn keys(&self, ids: &[KeyId]) -> Result<HashMap<KeyId, Arc<Key>>, KeyError> {
        let shared = &self.shared;
        let mut found = HashMap::with_capacity(ids.len());
        let mut missing = Vec::new();
        for id in ids {
            match shared.keys.get(id) {
                Some(key) => {
                    found.insert(*id, key);
                }
                None => missing.push(*id),
            }
        }
        count_cache("key", "hit", found.len() as u64);
        if missing.is_empty() {
            return Ok(found);
        }
        count_cache("key", "miss", missing.len() as u64);
        missing.sort_unstable();
        missing.dedup();
        Box::pin(self.load_keys(&missing, &mut found)).await?;
        Ok(found)
    }

    async fn load_keys(
        &self,
        missing: &[KeyId],
        found: &mut HashMap<KeyId, Arc<Key>>,
    ) -> Result<(), KeyError> {
        let shared = &self.shared;
        for record in records::list_by_ids(&shared.db, missing).await? {
            let parent = self.tenant(record.tenant).await?;
            if record.parent != parent.wrapping.id() {
                continue;
            }
            let key = Arc::new(record.open(&parent.wrapping)?);
            shared.keys.insert(record.id, key.clone());
            count_cache("key", "set", 1);
            found.insert(record.id, key);
        }
        Ok(())
    }

    /// The key for the raw events that arrive on the day of `now`, created at its first use.
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn key_of_the_day(&self, day: i64) -> Result<Arc<Key>, KeyError> {
        let subject = format!("{day:08}");
        match self.shared.days.get(&subject) {
            Some(key) => Ok(key),
            None => Box::pin(self.load_or_create_day(subject)).await,
        }
    }

    async fn load_or_create_day(&self, subject: String) -> Result<Arc<Key>, KeyError> {
        let platform = self.platform().await?;
        let _alone = self.shared.creating.lock().await;
        let record = match self.find_day(&subject, &platform).await? {
            Some(record) => record,
            None => {
                let id = self.shared.ids.next();
                let (record, _) =
                    Record::create(id, Uuid::nil(), Kind::Day, subject.clone(), &platform.wrapping)?;
                records::insert_records(
                    &self.shared.db,
                    std::slice::from_ref(&record),
                    self.shared.clock.now(),
                )
                .await?;
                record
            }
        };
        let key = Arc::new(record.open(&platform.wrapping)?);
        self.shared.keys.insert(key.id(), key.clone());
        self.shared.days.insert(subject, key.clone());
        Ok(key)
    }

    async fn find_day(&self, subject: &str, platform: &TenantKeys) -> Result<Option<Record>, KeyError> {
        let parent = platform.wrapping.id();
        Ok(records::find_current(&self.shared.db, Uuid::nil(), Kind::Day, subject, parent).await?)
    }

    /// Destroy the keys of all days before `day`: what is left of those raw events anywhere cannot be opened any more.
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn destroy_days_before(&self, day: i64) -> Result<u64, KeyError> {
        self.shared.days.invalidate_all();
        Ok(records::delete(&self.shared.db, Kind::Day, &format!("{day:08}")).await?)
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Keyring")
    }
}
