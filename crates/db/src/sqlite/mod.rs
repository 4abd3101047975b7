//! Embedded SQLite: one writer whose waiting transactions share commits, and a pool of readers.

mod connection;
mod readers;
mod snapshot;
mod writer;

pub(crate) use connection::Connection;
pub(crate) use readers::{Reader, Readers};
pub use snapshot::snapshot;
pub(crate) use writer::{WriteTx, Writer};
