//! The one writer, and how waiting transactions share a commit.
//!
//! A commit costs an fsync (milliseconds), a transaction's own work tens of microseconds. So a transaction that
//! finished while others wait does not commit by itself: it lets the next one run inside the same outer transaction,
//! each but the first behind a savepoint of its own, and the last one commits for all. Nobody is told "done" before that commit returned.

use super::Connection;
use crate::{Error, Result};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

/// How many transactions may share one commit, so that the first of them does not wait without end.
const MOST_PER_COMMIT: usize = 256;

type Outcome = std::result::Result<(), String>;

struct State {
    path: PathBuf,
    connection: Connection,
    /// Those whose work is done and who wait for the shared commit.
    waiting_for_commit: Vec<oneshot::Sender<Outcome>>,
}

#[derive(Clone)]
pub(crate) struct Writer {
    state: Arc<Mutex<State>>,
    /// How many wait for their turn. The one that finds nobody behind it commits.
    queued: Arc<AtomicUsize>,
}

impl Writer {
    pub(crate) fn open(path: PathBuf) -> Result<Self> {
        let connection = Connection::open_writer(&path)?;
        let state = State { path, connection, waiting_for_commit: Vec::new() };
        Ok(Self { state: Arc::new(Mutex::new(state)), queued: Arc::default() })
    }

    pub(crate) async fn begin(&self) -> Result<WriteTx> {
        let ticket = Ticket::take(self);
        let state = self.state.clone().lock_owned().await;
        ticket.served();
        let shares = !state.connection.is_idle();
        let tx = WriteTx { writer: self.clone(), state: Some(state), shares, is_urgent: false };
        let connection = &tx.state()?.connection;
        if shares {
            connection.control("savepoint work")?;
        } else {
            // IMMEDIATE: a transaction that began as a reader could not become a writer when another process has written.
            connection.control("begin immediate")?;
        }
        Ok(tx)
    }

    /// Commit for those who wait, when the one they relied on went away.
    fn commit_for_the_rest(&self) {
        let writer = self.clone();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let state = writer.state.clone().lock_owned().await;
            if !state.waiting_for_commit.is_empty() {
                commit(state).await;
            }
        });
    }
}

/// A place in the queue, given back also when the caller goes away while waiting.
struct Ticket<'w> {
    writer: &'w Writer,
    served: bool,
}

impl<'w> Ticket<'w> {
    fn take(writer: &'w Writer) -> Self {
        writer.queued.fetch_add(1, Ordering::SeqCst);
        Self { writer, served: false }
    }

    fn served(mut self) {
        self.served = true;
        self.writer.queued.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.served && self.writer.queued.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.writer.commit_for_the_rest();
        }
    }
}

/// One transaction's turn on the writer. Dropped without a commit, its work is undone and the others' stays.
pub(crate) struct WriteTx {
    writer: Writer,
    state: Option<OwnedMutexGuard<State>>,
    /// Whether work of others lies in the same outer transaction; then this one's stands behind a savepoint, which costs
    /// a copy of every page that it changes.
    shares: bool,
    /// Commit at once instead of waiting for those behind it.
    is_urgent: bool,
}

impl WriteTx {
    fn state(&self) -> Result<&State> {
        self.state.as_deref().ok_or_else(|| Error::Statement("the transaction has ended".into()))
    }

    pub(crate) fn connection(&mut self) -> Result<&mut Connection> {
        let state =
            self.state.as_mut().ok_or_else(|| Error::Statement("the transaction has ended".into()))?;
        Ok(&mut state.connection)
    }

    pub(crate) fn hurry(&mut self) {
        self.is_urgent = true;
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        if self.state()?.connection.is_idle() {
            // A full or failing disk made SQLite roll back by itself, whatever the caller made of its error.
            return Err(Error::Storage("the storage failed and the transaction was undone".into()));
        }
        if self.shares {
            self.state()?.connection.control("release work")?;
        }
        let mut state =
            self.state.take().ok_or_else(|| Error::Statement("the transaction has ended".into()))?;
        let (done, outcome) = oneshot::channel();
        state.waiting_for_commit.push(done);
        let others_follow = self.writer.queued.load(Ordering::SeqCst) > 0;
        if others_follow && !self.is_urgent && state.waiting_for_commit.len() < MOST_PER_COMMIT {
            drop(state);
        } else {
            commit(state).await;
        }
        match outcome.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(Error::Storage(reason)),
            Err(_gone) => Err(Error::Storage("the shared commit was given up".into())),
        }
    }
}

impl Drop for WriteTx {
    fn drop(&mut self) {
        let Some(mut state) = self.state.take() else { return };
        if !self.shares {
            // Nobody else's work is in it: everything goes.
            if !state.connection.is_idle() {
                let _ = state.connection.control("rollback");
            }
            return;
        }
        let undone = !state.connection.is_idle()
            && state.connection.control("rollback to work").is_ok()
            && state.connection.control("release work").is_ok();
        if !undone {
            // A full disk or a failing one makes SQLite roll back everything, the others' work too.
            fail_all(&mut state, "a transaction that shared this commit met a storage failure");
            return;
        }
        if self.writer.queued.load(Ordering::SeqCst) > 0 {
            return;
        }
        if state.waiting_for_commit.is_empty() {
            let _ = state.connection.control("rollback");
        } else {
            drop(state);
            self.writer.commit_for_the_rest();
        }
    }
}

fn fail_all(state: &mut State, reason: &str) {
    if !state.connection.is_idle() {
        let _ = state.connection.control("rollback");
    }
    for waiting in state.waiting_for_commit.drain(..) {
        let _ = waiting.send(Err(reason.to_owned()));
    }
}

/// Commit what has gathered, away from the threads that serve requests, and tell everybody who waits.
async fn commit(mut state: OwnedMutexGuard<State>) {
    let work = tokio::task::spawn_blocking(move || {
        let outcome = state.connection.control("commit");
        match outcome {
            Ok(()) => {
                for waiting in state.waiting_for_commit.drain(..) {
                    let _ = waiting.send(Ok(()));
                }
            }
            Err(error) => {
                tracing::error!(%error, "a commit failed; nothing in it was acknowledged");
                fail_all(&mut state, &error.to_string());
                reopen(&mut state);
            }
        }
    });
    let _ = work.await;
}

/// After a failed fsync the kernel may drop the pages it could not write and report success the next time. So the
/// connection is never used again: a new one recovers from what really is on disk.
fn reopen(state: &mut State) {
    match Connection::open_writer(&state.path) {
        Ok(fresh) => state.connection = fresh,
        Err(error) => tracing::error!(%error, "the database could not be opened again after a failed commit"),
    }
}
