//! The audit log: who did what to whom, when and from where, and the proof that nobody changed it since.
//!
//! An entry is written by a [`Pen`] in the transaction of the deed ([`Pen::write`]), so that neither exists without the
//! other; what has no transaction, such as a refusal, is noted in one of its own ([`Pen::note`]). Entries are never changed
//! nor deleted: the database refuses it, but for a tenant that leaves for good. Soon after its commit an entry gets its place in one tree over all entries, whose
//! root is signed. What is personal in an entry is sealed under the key of the one whom it is about, and the tree is over
//! the sealed values: an erasure takes the words away and leaves the proof.
//!
//! `docs/audit-log.md` says what is written when, and how somebody else checks it.

mod access;
mod csv;
mod deliver;
mod entry;
mod erase;
mod event_type;
mod export;
mod pen;
mod read;
mod record;
mod refusals;
mod sealed;
mod sealer;
mod store;
mod verify;

pub use access::{READ_WINDOW, note_contact_reading, note_media_reading, note_reading};
pub use csv::csv;
pub(crate) use deliver::keep_delivering;
pub use deliver::{deliver_seals, publish_seal_ages};
pub use entry::{Actor, Entry, Outcome};
pub use erase::erase_tenant;
pub use event_type::{EventType, ReportKind};
pub use export::{Exported, Sink, export};
pub use pen::Pen;
pub use read::{Filter, Position, Seen, Summary, get_entry, list_entries, summarise};
pub use refusals::note_refusals;
pub(crate) use sealer::keep_sealing;
pub use sealer::{NotWhatWasSealed, count_unsealed, newest_checkpoint, seal_pending};
pub use verify::{BadEntry, Depth, Fault, OutsideFault, Verdict, verify, verify_in};

use crate::{
    app::App,
    crypto::Keyring,
    error::{Error, Result},
    identity,
    ids::{TenantId, UserId},
};
use std::time::Duration;
use translog::{Signer, Verifier};

/// Rung when an entry was written.
pub const TOPIC: db::Topic = "audit";

/// How long a name is remembered: a renamed person is written under the old name for no longer.
const NAMES_KEPT: Duration = Duration::from_secs(60);

/// What the log is signed with, and what this process remembers to spare itself questions.
pub struct Audit {
    signer: Signer,
    names: moka::sync::Cache<UserId, String>,
    readings: access::Readings,
    verifying: tokio::sync::Mutex<()>,
}

impl Audit {
    /// The log of this installation.
    ///
    /// # Errors
    /// When the keystore does not answer.
    pub async fn open(keyring: &Keyring) -> Result<Self> {
        let names = moka::sync::Cache::builder().max_capacity(10_000).time_to_live(NAMES_KEPT).build();
        let signer = sealer::signer(keyring).await?;
        let verifying = tokio::sync::Mutex::default();
        Ok(Self { signer, names, readings: access::Readings::default(), verifying })
    }

    /// What others check the log with: its name and its public key.
    pub fn verifier(&self) -> &Verifier {
        self.signer.verifier()
    }

    /// The right to look through the whole log for somebody who asks over the network; none while another one does.
    pub fn verifying(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        self.verifying.try_lock().ok()
    }

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

impl std::fmt::Debug for Audit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Audit").field(self.signer.verifier()).finish()
    }
}
