//! The audit log: who did what to whom, when and from where, and the proof that nobody changed it since.
//!
//! An entry is written by a [`Pen`] in the transaction of the deed ([`Pen::write`]), so that neither exists without the
//! other; what has no transaction, such as a refusal, is noted in one of its own ([`Pen::note`]). Entries are never changed
//! nor deleted: the database refuses it. Soon after its commit an entry gets its place in one tree over all entries, whose
//! root is signed. What is personal in an entry is sealed under the key of the one whom it is about, and the tree is over
//! the sealed values: an erasure takes the words away and leaves the proof.
//!
//! `docs/audit-log.md` says what is written when, and how somebody else checks it.

mod access;
mod entry;
mod event_type;
mod pen;
mod record;
mod refusals;
mod sealed;
mod store;

pub use access::{READ_WINDOW, note_reading};
pub use entry::{Actor, Entry, Outcome};
pub use event_type::{EventType, ReportKind};
pub use pen::Pen;
pub use refusals::note_refusals;

use crate::{
    app::App,
    error::{Error, Result},
    identity,
    ids::{TenantId, UserId},
};
use std::time::Duration;

/// Rung when an entry was written.
pub const TOPIC: db::Topic = "audit";

/// How long a name is remembered: a renamed person is written under the old name for no longer.
const NAMES_KEPT: Duration = Duration::from_secs(60);

/// What this process remembers for the log, to spare it questions.
#[derive(Debug)]
pub struct Audit {
    names: moka::sync::Cache<UserId, String>,
    readings: access::Readings,
}

impl Default for Audit {
    fn default() -> Self {
        let names = moka::sync::Cache::builder().max_capacity(10_000).time_to_live(NAMES_KEPT).build();
        Self { names, readings: access::Readings::default() }
    }
}

impl Audit {
    /// The name of one of the staff at this time; none when there is nobody of that id any more.
    async fn name_of(&self, app: &App, tenant: TenantId, user: UserId) -> Result<Option<String>> {
        if let Some(known) = self.names.get(&user) {
            return Ok(Some(known));
        }
        match identity::get_user(app, tenant, user).await {
            Ok(found) => {
                self.names.insert(user, found.name.clone());
                Ok(Some(found.name))
            }
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
