//! Who wrote: from what Meta says of many senders to contacts, known or new.
//!
//! The work has two halves. Before the transaction, contacts are looked up, keys of new ones are created and profiles
//! sealed ([`Resolver::resolve`]). Inside it, the results are stored ([`insert_resolved`]). When another transaction
//! stored the same person in between, the second half says so and everything begins again.
//!
//! A person is found by the business-scoped id, then by the WhatsApp id, then by the number. Where these lead to several
//! contacts, they are one person and are merged, unless Meta gave them different ids: then the number has changed hands.

use super::{MergeReason, Profile, profile, store};
use crate::{
    clock::Millis,
    crypto::{BlindIndex, Key, KeyId, Keyring},
    error::{Error, Result},
    ids::{ContactId, Ids},
    tenants::TenantScope,
};
use db::{Db, Rows, Tx};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// One appearance of a person: what the message says of its sender.
#[derive(Debug, Clone, Default)]
pub struct Sighting {
    /// What is known of the person.
    pub profile: Profile,
    /// An id that the same person had before, where the message says so.
    pub formerly: Option<Profile>,
    /// Whether the person has left the number that they had, and shares no other.
    pub left_number: bool,
    /// When, by Meta's clock.
    pub at: Millis,
}

/// A person among the senders of a batch.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The contact.
    pub id: ContactId,
    /// Seals everything of this person.
    pub key: Arc<Key>,
    pub(super) profile: Profile,
    /// Nobody knew them before this batch.
    pub is_new: bool,
    is_changed: bool,
}

/// Two contacts that turned out to be one person.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The older one, which stands for both from now on.
    pub kept: Resolved,
    /// The other one.
    pub merged: Resolved,
    /// How it turned out.
    pub reason: MergeReason,
    /// What was known of the kept one before.
    pub(super) before: Profile,
}

/// The senders of a batch, and which of them is whom.
#[derive(Debug, Default)]
pub struct Resolver {
    people: Vec<Resolved>,
    new_identities: Vec<([u8; 16], &'static str, usize)>,
    released: Vec<([u8; 16], ContactId)>,
    merges: Vec<Merge>,
    /// For each sighting, in order, its person.
    of_sighting: Vec<usize>,
}

/// A person while it is found out who they are.
struct Draft {
    id: ContactId,
    profile: Profile,
    /// None for somebody new, until it is known that they stay.
    key: Option<Arc<Key>>,
    is_changed: bool,
    /// The draft that stands for this one.
    into: Option<usize>,
}

struct Drafting<'d> {
    index: &'d BlindIndex,
    ids: &'d Ids,
    drafts: Vec<Draft>,
    by_digest: HashMap<[u8; 16], usize>,
    parted: HashSet<(ContactId, ContactId)>,
    new_identities: Vec<([u8; 16], &'static str, usize)>,
    released: Vec<([u8; 16], ContactId)>,
    merges: Vec<(usize, usize, MergeReason, Profile)>,
    of_sighting: Vec<usize>,
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
        let tenant_keys = keyring.tenant(scope.tenant().0).await?;
        let mut drafting = Drafting {
            index: &tenant_keys.index,
            ids,
            drafts: Vec::new(),
            by_digest: HashMap::new(),
            parted: HashSet::new(),
            new_identities: Vec::new(),
            released: Vec::new(),
            merges: Vec::new(),
            of_sighting: Vec::with_capacity(sightings.len()),
        };
        drafting.load(db, keyring, scope, sightings).await?;
        for sighting in sightings {
            drafting.see(sighting);
        }
        drafting.finish(keyring, scope).await
    }

    /// The person of the sighting at this position.
    pub fn person(&self, sighting: usize) -> Option<&Resolved> {
        self.people.get(*self.of_sighting.get(sighting)?)
    }

    /// Contacts that turned out to be one person.
    pub fn merges(&self) -> &[Merge] {
        &self.merges
    }
}

impl Drafting<'_> {
    async fn load(
        &mut self,
        db: &Db,
        keyring: &Keyring,
        scope: TenantScope,
        sightings: &[Sighting],
    ) -> Result<()> {
        let mut wanted: Vec<[u8; 16]> =
            sightings.iter().flat_map(|sighting| self.digests(sighting)).map(|(_, digest)| digest).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut rows = Rows::new();
        for digest in &wanted {
            rows.push([digest.into()]);
        }
        let found = db::read!(db, "find_contacts", scope.into(), |tx| -> Result<_> {
            Ok(store::list_by_digests(tx, scope, &rows).await?)
        })?;
        let key_ids: Vec<KeyId> = found.iter().map(|(_, row)| row.key_id).collect();
        let keys = keyring.keys(&key_ids).await?;
        let mut positions: HashMap<ContactId, usize> = HashMap::with_capacity(found.len());
        for (digest, row) in found {
            // A contact whose key was destroyed has been erased; the person begins anew.
            let Some(key) = keys.get(&row.key_id) else { continue };
            let position = match positions.get(&row.id) {
                Some(position) => *position,
                None => {
                    let profile = profile::open(scope, row.id, key, &row.profile_sealed)?;
                    let key = Some(key.clone());
                    self.drafts.push(Draft { id: row.id, profile, key, is_changed: false, into: None });
                    positions.insert(row.id, self.drafts.len() - 1);
                    self.drafts.len() - 1
                }
            };
            self.by_digest.insert(digest, position);
        }
        self.load_parted(db, scope, sightings).await
    }

    /// Which of those that one sighting leads to somebody has said to be different people.
    async fn load_parted(&mut self, db: &Db, scope: TenantScope, sightings: &[Sighting]) -> Result<()> {
        let mut pairs = HashSet::new();
        for sighting in sightings {
            let mut found: Vec<ContactId> = self
                .digests(sighting)
                .iter()
                .filter_map(|(_, digest)| Some(self.drafts.get(*self.by_digest.get(digest)?)?.id))
                .collect();
            found.sort_unstable();
            found.dedup();
            for (position, one) in found.iter().enumerate() {
                pairs.extend(found.iter().skip(position + 1).map(|other| (*one, *other)));
            }
        }
        for (one, other) in pairs {
            let parted = db::read!(db, "were_parted", scope.into(), |tx| -> Result<bool> {
                Ok(store::were_parted(tx, scope, one, other).await?)
            })?;
            if parted {
                self.parted.insert((one, other));
            }
        }
        Ok(())
    }

    fn digests(&self, sighting: &Sighting) -> Vec<(&'static str, [u8; 16])> {
        let mut digests = sighting.profile.digests(self.index);
        if let Some(formerly) = &sighting.formerly {
            digests.extend(formerly.digests(self.index));
        }
        digests
    }

    /// The draft that stands for this one.
    fn standing(&self, mut draft: usize) -> usize {
        while let Some(into) = self.drafts.get(draft).and_then(|draft| draft.into) {
            draft = into;
        }
        draft
    }

    fn see(&mut self, sighting: &Sighting) {
        let digests = self.digests(sighting);
        let mut found: Vec<(&'static str, usize)> = Vec::new();
        for (kind, digest) in &digests {
            if let Some(draft) = self.by_digest.get(digest) {
                let draft = self.standing(*draft);
                if !found.iter().any(|(_, known)| *known == draft) {
                    found.push((kind, draft));
                }
            }
        }
        let mut person = match found.first() {
            Some((_, draft)) => *draft,
            None => {
                let id = ContactId(self.ids.next());
                let profile = Profile::default();
                self.drafts.push(Draft { id, profile, key: None, is_changed: true, into: None });
                self.drafts.len() - 1
            }
        };
        for (kind, other) in found.into_iter().skip(1) {
            person = self.meet(person, other, kind, sighting);
        }
        self.tell(person, sighting);
        let present = sighting.profile.digests(self.index);
        for (kind, digest) in &digests {
            let is_present = present.iter().any(|(_, known)| known == digest);
            let is_free = !self.by_digest.contains_key(digest);
            // An id that they had before is remembered, a number that they left is not: others get it.
            if is_free && (is_present || *kind == "user_id") {
                self.by_digest.insert(*digest, person);
                self.new_identities.push((*digest, kind, person));
            }
        }
        self.of_sighting.push(person);
    }

    /// What a sighting led to is another contact too: they are one person, or the number changed hands. Returns who stands
    /// for the sighting.
    fn meet(&mut self, person: usize, other: usize, kind: &'static str, sighting: &Sighting) -> usize {
        let (Some(here), Some(there)) = (self.drafts.get(person), self.drafts.get(other)) else {
            return person;
        };
        let pair = if here.id < there.id { (here.id, there.id) } else { (there.id, here.id) };
        if self.parted.contains(&pair) {
            return person;
        }
        // Meta itself says so of two ids; otherwise different ids are different people.
        if sighting.formerly.is_none() && here.profile.contradicts(&there.profile) {
            self.take_number(other, sighting);
            return person;
        }
        let reason = match (&sighting.formerly, kind) {
            (Some(_), _) => MergeReason::NumberChanged,
            (None, "user_id") => MergeReason::SameUserId,
            (None, _) => MergeReason::SameNumber,
        };
        // The older one is kept, whatever the order of arrival.
        let (kept, merged) = if here.id < there.id { (person, other) } else { (other, person) };
        let is_stored = |draft: usize| self.drafts.get(draft).is_some_and(|draft| draft.key.is_some());
        let are_both_stored = is_stored(kept) && is_stored(merged);
        let Some(learned) = self.drafts.get(merged).map(|draft| draft.profile.clone()) else { return kept };
        let told_at = learned.told_at.unwrap_or_default();
        if let Some(draft) = self.drafts.get_mut(kept) {
            let before = draft.profile.clone();
            draft.is_changed |= draft.profile.learn(&learned, told_at);
            if are_both_stored {
                self.merges.push((kept, merged, reason, before));
            }
        }
        if let Some(draft) = self.drafts.get_mut(merged) {
            draft.into = Some(kept);
        }
        kept
    }

    /// The number is the sighted person's now, and not any more of the one who had it.
    fn take_number(&mut self, from: usize, sighting: &Sighting) {
        let numbers = Profile { user_id: None, ..sighting.profile.clone() }.digests(self.index);
        self.release(from, &numbers);
        if let Some(draft) = self.drafts.get_mut(from) {
            if draft.profile.wa_id == sighting.profile.wa_id {
                draft.profile.wa_id = None;
            }
            if draft.profile.phone == sighting.profile.phone {
                draft.profile.phone = None;
            }
            draft.is_changed = true;
        }
    }

    fn release(&mut self, from: usize, digests: &[(&'static str, [u8; 16])]) {
        let Some(id) = self.drafts.get(from).map(|draft| draft.id) else { return };
        for (_, digest) in digests {
            // One that this batch did not look up may be stored all the same.
            if self.by_digest.get(digest).is_some_and(|draft| self.standing(*draft) != from) {
                continue;
            }
            self.by_digest.remove(digest);
            self.new_identities.retain(|(known, ..)| known != digest);
            self.released.push((*digest, id));
        }
    }

    /// Take over what the sighting says of the person.
    fn tell(&mut self, person: usize, sighting: &Sighting) {
        let Some(draft) = self.drafts.get_mut(person) else { return };
        let is_old = draft.profile.told_at.is_some_and(|told_at| sighting.at < told_at);
        let mut left = sighting.formerly.clone().map(|formerly| Profile { user_id: None, ..formerly });
        if sighting.left_number && !is_old {
            let had = Profile {
                wa_id: draft.profile.wa_id.take(),
                phone: draft.profile.phone.take(),
                ..Profile::default()
            };
            draft.is_changed |= had != Profile::default();
            draft.profile.told_at = Some(sighting.at);
            left = Some(had);
        }
        draft.is_changed |= draft.profile.learn(&sighting.profile, sighting.at);
        let Some(mut left) = left else { return };
        // Who keeps a number does not leave it.
        if left.wa_id == draft.profile.wa_id {
            left.wa_id = None;
        }
        if left.phone == draft.profile.phone {
            left.phone = None;
        }
        let digests = left.digests(self.index);
        self.release(person, &digests);
    }

    async fn finish(self, keyring: &Keyring, scope: TenantScope) -> Result<Resolver> {
        let stays = |draft: &&Draft| draft.key.is_none() && draft.into.is_none();
        let new_ids: Vec<_> = self.drafts.iter().filter(stays).map(|draft| draft.id.0).collect();
        let created = keyring.create_contact_keys(scope.tenant().0, &new_ids).await?;
        let created: HashMap<_, _> = new_ids.into_iter().zip(created).collect();
        let standing: Vec<usize> = (0..self.drafts.len()).map(|draft| self.standing(draft)).collect();
        let mut resolver = Resolver::default();
        let mut places: HashMap<usize, usize> = HashMap::new();
        for (position, draft) in self.drafts.into_iter().enumerate() {
            let is_new = draft.key.is_none();
            let Some(key) = draft.key.or_else(|| created.get(&draft.id.0).cloned()) else { continue };
            let Draft { id, profile, is_changed, into, .. } = draft;
            places.insert(position, resolver.people.len());
            let is_changed = is_changed && into.is_none();
            resolver.people.push(Resolved { id, key, profile, is_new, is_changed });
        }
        let place = |draft: usize| places.get(standing.get(draft)?).copied();
        resolver.of_sighting = self.of_sighting.into_iter().filter_map(place).collect();
        let identities = self.new_identities.into_iter();
        resolver.new_identities =
            identities.filter_map(|(digest, kind, draft)| Some((digest, kind, place(draft)?))).collect();
        resolver.released = self.released;
        for (kept, merged, reason, before) in self.merges {
            let at = |draft: usize| resolver.people.get(*places.get(&draft)?).cloned();
            if let (Some(kept), Some(merged)) = (at(kept), at(merged)) {
                resolver.merges.push(Merge { kept, merged, reason, before });
            }
        }
        Ok(resolver)
    }
}

/// Make sure that nobody has merged these contacts since they were looked up, and that nobody does until the transaction
/// ends. A conversation that begins for a merged contact would stand beside its person's other one for good. For a
/// conversation that is there already its own lock says as much.
///
/// # Errors
/// [`db::Error::Conflict`] when one was merged: resolve again.
pub async fn refuse_merged(tx: &mut Tx, scope: TenantScope, contacts: &BTreeSet<ContactId>) -> Result<()> {
    if contacts.is_empty() {
        return Ok(());
    }
    let mut ids = Rows::new();
    for id in contacts {
        ids.push([(*id).into()]);
    }
    let rows = store::lock_by_ids(tx, scope, &ids).await?;
    if rows.len() == contacts.len() && rows.iter().all(|row| row.merged_into.is_none()) {
        return Ok(());
    }
    Err(Error::from(db::Error::Conflict("somebody else merged the same person first".into())))
}

/// Store what [`Resolver::resolve`] found out. What was merged is carried out by its caller, who knows what else hangs on a
/// contact.
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
    if !resolver.released.is_empty() {
        let mut released = Rows::new();
        for (digest, contact) in &resolver.released {
            released.push([digest.into(), (*contact).into()]);
        }
        store::release_identities(tx, scope, &released).await?;
    }
    store::insert_contacts(tx, scope, &new, now).await?;
    for merge in &resolver.merges {
        refuse_merged(tx, scope, &BTreeSet::from([merge.kept.id, merge.merged.id])).await?;
    }
    let stored = store::insert_identities(tx, scope, &identities).await?;
    if stored != identities.len() as u64 {
        return Err(Error::from(db::Error::Conflict("somebody else met the same person first".into())));
    }
    store::update_profiles(tx, scope, &changed, now).await?;
    Ok(())
}
