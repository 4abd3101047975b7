//! Following the outbox.

use super::{Recorded, TOPIC, outbox};
use crate::error::Result;
use db::{Db, Listener, Scope};
use std::time::Duration;

/// Events taken at once.
const BATCH: i64 = 500;
/// A lost wake-up costs at most this long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Follows the outbox from the moment of its making.
#[derive(Debug)]
pub struct Follower {
    db: Db,
    listener: Listener,
    after: outbox::Place,
}

impl Follower {
    /// Begin behind everything that has happened so far.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(db: &Db) -> Result<Self> {
        let listener = db.listen(TOPIC);
        let after = db::read!(db, "outbox_end", Scope::Platform, |tx| -> Result<_> {
            Ok(outbox::last_place(tx).await?)
        })?;
        Ok(Self { db: db.clone(), listener, after })
    }

    /// The next events in their order; waits until there are some.
    ///
    /// # Errors
    /// When the database does not answer; the next call takes up at the same place.
    pub async fn next(&mut self) -> Result<Vec<Recorded>> {
        loop {
            let after = self.after;
            let (events, last) = db::read!(self.db, "follow_outbox", Scope::Platform, |tx| -> Result<_> {
                Ok(outbox::list_after(tx, after, BATCH).await?)
            })?;
            match last {
                Some(last) => self.after = last,
                None => self.listener.wait(LOOK_AGAIN).await,
            }
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }
}
