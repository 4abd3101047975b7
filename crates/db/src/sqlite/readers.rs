//! Read-only connections, so that a page never waits for a commit.

use super::Connection;
use crate::{Error, Result};
use parking_lot::Mutex;
use std::{path::PathBuf, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

#[derive(Clone)]
pub(crate) struct Readers {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    room: Arc<Semaphore>,
}

impl Readers {
    /// At most `size` connections, each opened when it is first needed.
    pub(crate) fn new(path: PathBuf, size: usize) -> Self {
        Self { path: Arc::new(path), idle: Arc::default(), room: Arc::new(Semaphore::new(size)) }
    }

    /// A connection inside a read transaction: everything that it reads belongs to one moment.
    pub(crate) async fn begin(&self) -> Result<Reader> {
        let permit = self
            .room
            .clone()
            .acquire_owned()
            .await
            .map_err(|closed| Error::Unavailable(closed.to_string()))?;
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => Connection::open_reader(&self.path)?,
        };
        connection.control("begin")?;
        Ok(Reader { connection: Some(connection), idle: self.idle.clone(), _permit: permit })
    }
}

impl Readers {
    /// Not by a reader, although it is here that the file is known: by a connection of its own, so that nobody waits for it.
    pub(crate) async fn truncate_log(&self) -> Result<()> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || Connection::open_writer(&path)?.truncate_log())
            .await
            .map_err(|error| Error::Unavailable(error.to_string()))?
    }
}

pub(crate) struct Reader {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    pub(crate) fn connection(&mut self) -> Result<&mut Connection> {
        self.connection.as_mut().ok_or_else(|| Error::Statement("the read has ended".into()))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A connection that cannot end its transaction is closed instead of being handed on.
        if let Some(connection) = self.connection.take()
            && connection.control("commit").is_ok()
        {
            self.idle.lock().push(connection);
        }
    }
}
