//! Reading what is personal.

use super::{Actor, Entry, EventType, Pen};
use crate::{
    app::App,
    clock::{MINUTE, Millis},
    contacts, conversations,
    crypto::{Key, digest},
    error::Result,
    ids::{ContactId, ConversationId, MediaId, UserId},
    rights::Sight,
    tenants::TenantScope,
};
use std::sync::Arc;
use uuid::Uuid;

/// Reading one conversation again and again within such a time is one entry.
pub const READ_WINDOW: Millis = 15 * MINUTE;

/// Readings that are known to be in the log: who, what, and in which window of time.
type Reading = (UserId, Uuid, Millis);

/// What this process has noted, so that reading on costs no question to the database.
#[derive(Debug)]
pub(super) struct Readings {
    noted: moka::sync::Cache<Reading, ()>,
}

impl Default for Readings {
    fn default() -> Self {
        let noted = moka::sync::Cache::builder()
            .max_capacity(100_000)
            .time_to_live(std::time::Duration::from_millis(READ_WINDOW.unsigned_abs()))
            .build();
        Self { noted }
    }
}

/// The reading of this moment; none when it is known to be in the log.
fn new_reading(app: &App, user: UserId, what: Uuid) -> Option<Reading> {
    let window = app.clock.now().div_euclid(READ_WINDOW) * READ_WINDOW;
    let reading = (user, what, window);
    (!app.audit.readings.noted.contains_key(&reading)).then_some(reading)
}

/// Note that somebody reads a conversation, before it is shown: one entry for each user, conversation and window of
/// fifteen minutes, however many processes serve them.
///
/// # Errors
/// [`crate::Error::NotFound`] for a stranger's conversation; otherwise when the entry cannot be written. Then nothing may be
/// shown.
pub async fn note_reading(app: &App, sight: Sight, user: UserId, conversation: ConversationId) -> Result<()> {
    let Some(reading) = new_reading(app, user, conversation.0) else { return Ok(()) };
    let scope = sight.scope();
    let conversation = conversations::get_conversation(app, sight, conversation).await?;
    let key = conversations::contact_key(app, scope, &conversation).await?;
    let entry = Entry::of(EventType::DataAccess, "conversation_read")
        .on("conversation", conversation.id)
        .with("contact_id", conversation.contact.to_string());
    note(app, scope, reading, key, entry).await
}

/// The same for somebody who looks at a contact.
///
/// # Errors
/// As [`note_reading`].
pub async fn note_contact_reading(
    app: &App,
    scope: TenantScope,
    user: UserId,
    contact: ContactId,
) -> Result<()> {
    let Some(reading) = new_reading(app, user, contact.0) else { return Ok(()) };
    let contact = contacts::get_contact(app, scope, contact).await?;
    let key = app.keyring.key(contact.key_id).await?;
    let entry = Entry::of(EventType::DataAccess, "contact_read").on("contact", contact.id);
    note(app, scope, reading, key, entry).await
}

/// The same for somebody who opens a file of a conversation.
///
/// # Errors
/// As [`note_reading`].
pub async fn note_media_reading(
    app: &App,
    sight: Sight,
    user: UserId,
    media: MediaId,
    conversation: ConversationId,
) -> Result<()> {
    let Some(reading) = new_reading(app, user, media.0) else { return Ok(()) };
    let scope = sight.scope();
    let conversation = conversations::get_conversation(app, sight, conversation).await?;
    let key = conversations::contact_key(app, scope, &conversation).await?;
    let entry = Entry::of(EventType::DataAccess, "attachment_read")
        .on("media", media)
        .with("contact_id", conversation.contact.to_string());
    note(app, scope, reading, key, entry).await
}

async fn note(app: &App, scope: TenantScope, reading: Reading, key: Arc<Key>, entry: Entry) -> Result<()> {
    let (user, ..) = reading;
    let pen = Pen::of(app, scope.tenant()).await?.acting_as(Actor::User(scope.tenant(), user)).await?;
    let pen = pen.about_contact(key);
    let id = entry_id(scope, reading);
    db::write!(app.db, "note_reading", scope.into(), |tx| -> Result<bool> {
        pen.write_once(tx, id, entry.clone()).await
    })?;
    app.audit.readings.noted.insert(reading, ());
    Ok(())
}

/// The same reading has the same id in every process; so the database keeps it from being noted twice. It has the form of
/// a UUIDv7 that was made when the window began.
fn entry_id(scope: TenantScope, (user, what, window): Reading) -> Uuid {
    let mut text = b"zelo audit reading".to_vec();
    for id in [scope.tenant().0, user.0, what] {
        text.extend_from_slice(id.as_bytes());
    }
    text.extend_from_slice(&window.to_be_bytes());
    let hash = digest(&text);
    let mut random = [0; 10];
    random.iter_mut().zip(hash).for_each(|(byte, from)| *byte = from);
    uuid::Builder::from_unix_timestamp_millis(window.unsigned_abs(), &random).into_uuid()
}
