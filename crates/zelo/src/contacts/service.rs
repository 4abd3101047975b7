//! What is done with contacts.

use super::{
    Contact, MarketingChoice, Merged, Profile, Resolver, Sighting, insert_resolved, profile,
    resolve::Resolved, store,
};
use crate::{
    app::App,
    clock::Millis,
    crypto::{Field, Key, KeyId},
    error::{Error, Result},
    ids::ContactId,
    rights::Sight,
    tenants::TenantScope,
};
use db::{Rows, Tx};
use std::{collections::HashMap, sync::Arc};
use whatsapp::phone::Phone;

/// Contacts by id, opened. One that was erased is not among them.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn load_contacts(
    app: &App,
    scope: TenantScope,
    ids: impl IntoIterator<Item = ContactId>,
) -> Result<HashMap<ContactId, Contact>> {
    let mut rows = Rows::new();
    for id in ids {
        rows.push([id.into()]);
    }
    let found = db::read!(app.db, "load_contacts", scope.into(), |tx| -> Result<_> {
        Ok(store::list_by_ids(tx, scope, &rows).await?)
    })?;
    Ok(open_all(app, scope, found).await?.into_iter().map(|contact| (contact.id, contact)).collect())
}

/// One contact.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's and for an erased contact too.
pub async fn get_contact(app: &App, scope: TenantScope, id: ContactId) -> Result<Contact> {
    load_contacts(app, scope, [id]).await?.remove(&id).ok_or(Error::NotFound)
}

/// One contact, with the eyes of somebody who may not see all: whoever they have or had a conversation of.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's, an erased and an unseen contact too.
pub async fn get_seen_contact(app: &App, sight: Sight, id: ContactId) -> Result<Contact> {
    let is_seen = db::read!(app.db, "see_contact", sight.into(), |tx| -> Result<_> {
        Ok(store::is_seen(tx, sight, id).await?)
    })?;
    if is_seen { get_contact(app, sight.scope(), id).await } else { Err(Error::NotFound) }
}

/// A page of contacts, newest first.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn list_contacts(
    app: &App,
    sight: Sight,
    before: Option<ContactId>,
    limit: i64,
) -> Result<Vec<Contact>> {
    let found = db::read!(app.db, "list_contacts", sight.into(), |tx| -> Result<_> {
        Ok(store::list_page(tx, sight, before, limit).await?)
    })?;
    open_all(app, sight.scope(), found).await
}

async fn open_all(app: &App, scope: TenantScope, rows: Vec<store::ContactRow>) -> Result<Vec<Contact>> {
    let key_ids: Vec<KeyId> = rows.iter().map(|row| row.key_id).collect();
    let keys = app.keyring.keys(&key_ids).await?;
    let mut contacts = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(key) = keys.get(&row.key_id) else { continue };
        let profile = profile::open(scope, row.id, key, &row.profile_sealed)?;
        contacts.push(Contact {
            id: row.id,
            key_id: row.key_id,
            profile,
            created_at: row.created_at,
            merged_into: row.merged_into,
            marketing: row.marketing,
        });
    }
    Ok(contacts)
}

/// The contact with this number, if there is one.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn find_by_phone(app: &App, scope: TenantScope, phone: &Phone) -> Result<Option<ContactId>> {
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let mut digests = Rows::new();
    let digest = keys.index.digest(Field::Phone, phone.as_str());
    digests.push([(&digest).into()]);
    let found = db::read!(app.db, "find_contact", scope.into(), |tx| -> Result<_> {
        Ok(store::list_by_digests(tx, scope, &digests).await?)
    })?;
    Ok(found.first().map(|(_, row)| row.id))
}

/// The contact with a number, known or new, before a transaction stores what is new.
#[derive(Debug)]
pub struct Prepared {
    resolver: Resolver,
    person: Resolved,
}

impl Prepared {
    /// The contact.
    pub fn id(&self) -> ContactId {
        self.person.id
    }

    /// What everything of this person is sealed with.
    pub fn key(&self) -> Arc<Key> {
        self.person.key.clone()
    }
}

/// The contact with this number, prepared where it is not known: somebody writes first to a person. A new one gets its key
/// now.
///
/// # Errors
/// When the database or the keystore does not answer.
pub async fn prepare_by_phone(app: &App, scope: TenantScope, phone: &Phone) -> Result<Prepared> {
    let profile = Profile { phone: Some(phone.as_str().to_owned()), ..Profile::default() };
    let sighting = [Sighting { profile, ..Sighting::default() }];
    let resolver = Resolver::resolve(&app.db, &app.keyring, &app.ids, scope, &sighting).await?;
    let person = resolver.person(0).cloned().ok_or(Error::Unavailable(None))?;
    Ok(Prepared { resolver, person })
}

/// Store a contact that was prepared, where it is new.
///
/// # Errors
/// As [`insert_resolved`].
pub async fn insert_prepared(
    tx: &mut Tx,
    scope: TenantScope,
    prepared: &Prepared,
    now: Millis,
) -> Result<()> {
    insert_resolved(tx, scope, &prepared.resolver, now).await
}

/// Keep the spelling of a number that Meta answered with, so that the next event of the person is recognised.
///
/// # Errors
/// When the keystore or the database does not answer.
pub async fn remember_wa_id(
    tx: &mut Tx,
    app: &App,
    scope: TenantScope,
    contact: ContactId,
    wa_id: &str,
) -> Result<()> {
    let keys = app.keyring.tenant(scope.tenant().0).await?;
    let digest = keys.index.digest(Field::WaId, wa_id);
    let mut identities = Rows::new();
    identities.push([(&digest).into(), "wa_id".into(), contact.into()]);
    store::insert_identities(tx, scope, &identities).await?;
    Ok(())
}

/// Keep what people want of marketing messages; what is older than what is known changes nothing.
///
/// # Errors
/// What the database answers.
pub async fn note_marketing(
    tx: &mut Tx,
    scope: TenantScope,
    choices: &[(ContactId, MarketingChoice, Millis)],
) -> Result<()> {
    if choices.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new();
    for (contact, choice, at) in choices {
        rows.push([(*contact).into(), choice.as_str().into(), (*at).into()]);
    }
    store::update_marketing(tx, scope, &rows).await?;
    Ok(())
}

/// The newest merges, of one contact or of all.
///
/// # Errors
/// When the database does not answer.
pub async fn list_merges(
    app: &App,
    scope: TenantScope,
    contact: Option<ContactId>,
    limit: i64,
) -> Result<Vec<Merged>> {
    let rows = db::read!(app.db, "list_merges", scope.into(), |tx| -> Result<_> {
        Ok(store::list_merges(tx, scope, contact, limit).await?)
    })?;
    Ok(rows.into_iter().map(Merged::from).collect())
}

/// One merge.
///
/// # Errors
/// [`Error::NotFound`], for a stranger's merge too.
pub async fn find_merge(app: &App, scope: TenantScope, id: uuid::Uuid) -> Result<Merged> {
    let row = db::read!(app.db, "find_merge", scope.into(), |tx| -> Result<_> {
        Ok(store::find_merge(tx, scope, id).await?)
    })?;
    row.map(Merged::from).ok_or(Error::NotFound)
}
