//! Who wrote: from what Meta says of many senders to contacts, known or new.
//!
//! The work has two halves. Before the transaction, contacts are looked up, keys of new ones are created and profiles
//! sealed ([`Resolver::resolve`]). Inside it, the results are stored ([`insert_resolved`]). When another transaction
//! stored the same person in between, the second half says so and everything begins again.

use super::{Profile, profile, store};
use crate::{
    crypto::{Key, KeyId, Keyring},
    error::{Error, Result},
    ids::{ContactId, Ids},
    tenants::TenantScope,
};
use db::{Db, Rows, Tx};
use std::{collections::HashMap, sync::Arc};

/// One appearance of a person: what the message says of its sender.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// What is known of the person.
    pub profile: Profile,
    /// An id that the same person had before, where the message says so.
    pub formerly: Option<Profile>,
}

/// A person among the senders of a batch.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The contact.
    pub id: ContactId,
    /// Seals everything of this person.
    pub key: Arc<Key>,
    profile: Profile,
    is_new: bool,
    is_changed: bool,
}

/// The senders of a batch, and which of them is whom.
#[derive(Debug, Default)]
pub struct Resolver {
    people: Vec<Resolved>,
    by_digest: HashMap<[u8; 16], usize>,
    new_identities: Vec<([u8; 16], &'static str, usize)>,
    /// For each sighting, in order, its person.
    of_sighting: Vec<usize>,
}

/// A person who is not known yet, until there is a key.
struct Newcomer {
    id: ContactId,
    profile: Profile,
}

impl Resolver {
    /// Find or prepare the person of every sighting.
    ///
    /// # Errors
    /// When the database or the keystore does not answer.
    pub async fn resolve(
        db: &Db,
        keyring: &Keyring,
        ids: &Ids,
        scope: TenantScope,
        sightings: &[Sighting],
    ) -> Result<Self> {
        let index = &keyring.tenant(scope.tenant().0).await?.index;
        let digests: Vec<Vec<(&'static str, [u8; 16])>> = sightings
            .iter()
            .map(|sighting| {
                let mut digests = sighting.profile.digests(index);
                if let Some(formerly) = &sighting.formerly {
                    digests.extend(formerly.digests(index));
                }
                digests
            })
            .collect();
        let mut resolver = Self::load(db, keyring, scope, &digests).await?;
        let mut newcomers: Vec<Newcomer> = Vec::new();
        let known = resolver.people.len();
        for (sighting, digests) in sightings.iter().zip(&digests) {
            let found = digests.iter().find_map(|(_, digest)| resolver.by_digest.get(digest).copied());
            let person = found.unwrap_or_else(|| {
                newcomers.push(Newcomer { id: ContactId(ids.next()), profile: Profile::default() });
                known + newcomers.len() - 1
            });
            match person.checked_sub(known) {
                None => {
                    if let Some(person) = resolver.people.get_mut(person) {
                        person.is_changed |= person.profile.learn(&sighting.profile);
                    }
                }
                Some(newcomer) => {
                    if let Some(newcomer) = newcomers.get_mut(newcomer) {
                        newcomer.profile.learn(&sighting.profile);
                    }
                }
            }
            for (kind, digest) in digests {
                if !resolver.by_digest.contains_key(digest) {
                    resolver.by_digest.insert(*digest, person);
                    resolver.new_identities.push((*digest, kind, person));
                }
            }
            resolver.of_sighting.push(person);
        }
        let new_ids: Vec<_> = newcomers.iter().map(|newcomer| newcomer.id.0).collect();
        let keys = keyring.create_contact_keys(scope.tenant().0, &new_ids).await?;
        for (Newcomer { id, profile }, key) in newcomers.into_iter().zip(keys) {
            resolver.people.push(Resolved { id, key, profile, is_new: true, is_changed: false });
        }
        Ok(resolver)
    }

    async fn load(
        db: &Db,
        keyring: &Keyring,
        scope: TenantScope,
        digests: &[Vec<(&'static str, [u8; 16])>],
    ) -> Result<Self> {
        let mut wanted: Vec<&[u8; 16]> = digests.iter().flatten().map(|(_, digest)| digest).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut rows = Rows::new();
        for digest in wanted {
            rows.push([digest.into()]);
        }
        let found = db::read!(db, "find_contacts", scope.into(), |tx| -> Result<_> {
            Ok(store::list_by_digests(tx, scope, &rows).await?)
        })?;
        let key_ids: Vec<KeyId> = found.iter().map(|(_, row)| row.key_id).collect();
        let keys = keyring.keys(&key_ids).await?;
        let mut resolver = Self::default();
        let mut positions: HashMap<ContactId, usize> = HashMap::with_capacity(found.len());
        for (digest, row) in found {
            // A contact whose key was destroyed has been erased; the person begins anew.
            let Some(key) = keys.get(&row.key_id) else { continue };
            let position = match positions.get(&row.id) {
                Some(position) => *position,
                None => {
                    let profile = profile::open(scope, row.id, key, &row.profile_sealed)?;
                    let position = resolver.people.len();
                    let key = key.clone();
                    resolver.people.push(Resolved {
                        id: row.id,
                        key,
                        profile,
                        is_new: false,
                        is_changed: false,
                    });
                    positions.insert(row.id, position);
                    position
                }
            };
            resolver.by_digest.insert(digest, position);
        }
        Ok(resolver)
    }

    /// The person of the sighting at this position.
    pub fn person(&self, sighting: usize) -> Option<&Resolved> {
        self.people.get(*self.of_sighting.get(sighting)?)
    }
}

/// Store what [`Resolver::resolve`] found out.
///
/// # Errors
/// [`db::Error::Conflict`] when another transaction stored one of these people first: resolve again.
pub async fn insert_resolved(tx: &mut Tx, scope: TenantScope, resolver: &Resolver, now: i64) -> Result<()> {
    let (mut new, mut changed, mut identities) = (Rows::new(), Rows::new(), Rows::new());
    for person in &resolver.people {
        if person.is_new {
            let sealed = profile::seal(scope, person.id, &person.key, &person.profile)?;
            new.push([person.id.into(), person.key.id().0.into(), sealed.into()]);
        } else if person.is_changed {
            let sealed = profile::seal(scope, person.id, &person.key, &person.profile)?;
            changed.push([person.id.into(), sealed.into()]);
        }
    }
    for (digest, kind, person) in &resolver.new_identities {
        let Some(person) = resolver.people.get(*person) else { continue };
        identities.push([digest.into(), (*kind).into(), person.id.into()]);
    }
    store::insert_contacts(tx, scope, &new, now).await?;
    let stored = store::insert_identities(tx, scope, &identities).await?;
    if stored != identities.len() as u64 {
        return Err(Error::from(db::Error::Conflict("somebody else met the same person first".into())));
    }
    store::update_profiles(tx, scope, &changed, now).await?;
    Ok(())
}
