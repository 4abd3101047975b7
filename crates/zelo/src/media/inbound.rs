//! A file that a message brings along: its row, and the promise to fetch it.

use super::{Kind, QUEUE, model::Details, store};
use crate::{
    app::App,
    clock::{DAY, Millis},
    crypto::{Key, OpenError},
    ids::{ConversationId, MediaId, MessageId, TenantId},
    quotas::{self, Quota},
    tenants::TenantScope,
};
use db::{Result, Rows, Tx};
use jobs::NewJob;
use serde::{Deserialize, Serialize};
use whatsapp::webhook::Content;

/// Ids of files from webhooks are good for seven days (Meta, business-phone-numbers/media).
const META_KEEPS: Millis = 7 * DAY;

/// Files that go back into the queue in one transaction.
const AT_ONCE: i64 = 200;

/// What a job works on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Payload {
    pub(super) media_id: MediaId,
}

/// A file that a message names, sealed, waiting for its place.
#[derive(Debug)]
pub struct NewMedia {
    id: MediaId,
    message: MessageId,
    kind: Kind,
    details_sealed: Vec<u8>,
    expires_at: Millis,
}

impl NewMedia {
    /// The file of a message, if it has one.
    ///
    /// # Errors
    /// Only when the system has no randomness.
    pub fn of(
        app: &App,
        scope: TenantScope,
        message: MessageId,
        content: &Content,
        key: &Key,
        sent_at: Millis,
    ) -> std::result::Result<Option<Self>, OpenError> {
        let Some((kind, file)) = kind_of(content).zip(content.media()) else { return Ok(None) };
        let details = Details {
            meta_id: Some(file.id.clone()),
            declared: file.mime_type.clone(),
            sha256: file.sha256.clone(),
            filename: file.filename.clone(),
            ..Details::default()
        };
        let id = MediaId(app.ids.next());
        let details_sealed = details.seal(scope, id, key)?;
        Ok(Some(Self { id, message, kind, details_sealed, expires_at: sent_at + META_KEEPS }))
    }
}

/// What the file of a message is shown as.
fn kind_of(content: &Content) -> Option<Kind> {
    match content {
        Content::Image(_) => Some(Kind::Image),
        Content::Video(_) => Some(Kind::Video),
        Content::Audio(_) => Some(Kind::Audio),
        Content::Document(_) => Some(Kind::Document),
        Content::Sticker(_) => Some(Kind::Sticker),
        Content::Edit(edit) => kind_of(&edit.content),
        _ => None,
    }
}

/// Store files with their messages, and promise to fetch them: in the transaction that stores the messages.
///
/// # Errors
/// What the database answers.
pub async fn insert_inbound(
    tx: &mut Tx,
    app: &App,
    scope: TenantScope,
    files: &[(ConversationId, &NewMedia)],
    now: Millis,
) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new();
    for (conversation, file) in files {
        rows.push([
            file.id.into(),
            (*conversation).into(),
            file.message.into(),
            file.kind.as_str().into(),
            (&file.details_sealed).into(),
            file.expires_at.into(),
        ]);
    }
    store::insert_pending(tx, scope, &rows, now).await?;
    for (_, file) in files {
        promise(tx, app, scope, file.id).await?;
    }
    Ok(())
}

async fn promise(tx: &mut Tx, app: &App, scope: TenantScope, media_id: MediaId) -> Result<()> {
    let payload = serde_json::to_string(&Payload { media_id }).unwrap_or_default();
    let job = NewJob::new(QUEUE, "fetch_media", payload).tenant(scope.tenant().0);
    app.jobs.enqueue(tx, job).await?;
    Ok(())
}

/// Fetch what came when a tenant had no room, as far as it has some now.
///
/// # Errors
/// When the database does not answer.
pub async fn fetch_waiting(app: &App, tenant: TenantId) -> crate::error::Result<()> {
    let (scope, now) = (TenantScope::of_work(tenant), app.clock.now());
    let is_any = db::read!(app.db, "find_media_over_quota", scope.into(), |tx| -> Result<bool> {
        store::is_any_over_quota(tx, scope).await
    })?;
    if !is_any {
        return Ok(());
    }
    let limit = quotas::find_limit(app, scope, Quota::MediaBytes).await?;
    let room = limit.room(app, scope).await?;
    loop {
        let fetched = db::write!(app.db, "fetch_media_again", scope.into(), |tx| -> Result<usize> {
            let again = store::update_pending_again(tx, scope, room, now, AT_ONCE).await?;
            for id in &again {
                promise(tx, app, scope, *id).await?;
            }
            Ok(again.len())
        })?;
        if fetched == 0 {
            return Ok(());
        }
    }
}
