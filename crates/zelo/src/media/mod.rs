//! Files of messages: fetched from Meta, looked at, sealed, kept, and shown to those who see their conversation.
//!
//! A webhook says only that there is a file. Its row and the job that fetches it are stored with the message, and the job
//! tries until Meta has forgotten the file. The bytes are sealed while they come ([`spool`]), under a key of the file's own
//! that lies under the contact's key: when the contact is erased, nobody can open it any more, wherever it lies. What the
//! content is decides, never what a name or a header claims ([`sniff`], [`inspect`]). Only when the file and its name are on
//! disk does the database say `stored`.
//!
//! The same content is stored once in a tenant: another row points to the first one's object and has the same key under its
//! own contact's, so that each of them is erased by itself.

mod download;
mod file_type;
mod film;
mod inbound;
mod inspect;
mod keep;
mod model;
mod objects;
mod prepare;
mod read;
mod reseal;
mod scan;
mod sniff;
mod spool;
mod sticker;
mod store;
mod upload;
mod voice_note;

pub use download::fetch;
pub use file_type::{FileType, Kind};
pub use inbound::{NewMedia, fetch_waiting, insert_inbound};
pub use model::{Media, MediaState, Refusal, Voice};
pub use objects::Objects;
pub use read::{Attached, Opened, Piece, load_of_messages, open};
pub use reseal::reseal;

pub(crate) use upload::{NotThere, named_by, take_to_meta};
pub use upload::{Upload, attach, check_outgoing, largest, receive};
pub use voice_note::fault_of;

use crate::{
    app::App,
    clock::Millis,
    error::Result,
    ids::TenantId,
    quotas::Quota,
    tenants::{self, TenantScope},
};
use jobs::Queue;
use std::time::Duration;
use uuid::Uuid;

/// Files on their way in.
pub const QUEUE: Queue = jobs::queue!("media");

/// A file that has not become whole within this time belongs to a process that died; one that was uploaded and not sent is
/// forgotten after it.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 3600);

/// Remove what was left half-written, and what was uploaded and never sent; fetch what there was no room for.
///
/// # Errors
/// When the store or the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    app.objects.sweep(LEFT_BEHIND).await?;
    for tenant in tenants::list_tenants(app).await? {
        sweep_unsent(app, TenantScope::of_work(tenant.id)).await?;
        fetch_waiting(app, tenant.id).await?;
    }
    Ok(())
}

async fn sweep_unsent(app: &App, scope: TenantScope) -> Result<()> {
    let now = app.clock.now();
    let before = now - Millis::try_from(LEFT_BEHIND.as_millis()).unwrap_or(Millis::MAX);
    let unsent = db::read!(app.db, "list_unsent_media", scope.into(), |tx| -> Result<_> {
        Ok(store::list_unsent(tx, scope, before).await?)
    })?;
    for media in unsent {
        let lonely = db::write!(app.db, "delete_unsent_media", scope.into(), |tx| -> Result<Option<Uuid>> {
            let Some(file) = media.file.filter(|_| media.message.is_none()) else { return Ok(None) };
            if store::delete_unsent(tx, scope, media.id).await? == 0 {
                return Ok(None);
            }
            // Of two that delete the last rows of an object at once the second one sees that it is the last.
            Quota::MediaBytes.hold(tx, scope, now).await?;
            if store::count_in(tx, scope, file).await? > 0 {
                return Ok(None);
            }
            Quota::MediaBytes.give_back(tx, scope, media.size.unwrap_or(0), now).await?;
            Ok(Some(file))
        })?;
        if let Some(file) = lonely {
            keep::remove(app, scope, file).await?;
        }
    }
    Ok(())
}

/// Remove the files of a tenant whose keys are gone.
///
/// # Errors
/// When the store does not answer.
pub async fn delete_tenant(app: &App, tenant: TenantId) -> Result<()> {
    app.objects.delete_tenant(tenant).await
}
