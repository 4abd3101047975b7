//! The one crate that knows a database driver.
//!
//! Two engines stand behind one face: embedded SQLite, where a single writer lets waiting transactions share a
//! commit, and PostgreSQL, where row-level security stands below every statement. A store writes each statement
//! once; what differs between the engines has a name in [`dialect`].
//!
//! * [`write!`] runs one named transaction and repeats it when the engine asks for that;
//! * [`read!`] runs a consistent read;
//! * [`Tx`] executes statements, one at a time or one for many [`Rows`];
//! * [`migrate`] brings a schema up to date;
//! * [`Db::wake`] and [`Db::listen`] replace fast polling.
//!
//! Statements are `&'static str` on purpose: a text that nothing can be spliced into needs no escaping. The one exception
//! is [`catalogue`], which takes names from the database itself.

pub mod catalogue;
mod database;
pub mod dialect;
mod error;
pub mod migrate;
mod postgres;
mod row;
mod rows;
mod sqlite;
mod tx;
mod url;
mod value;
mod wake;

pub use database::{Db, Options, Retry, Scope};
pub use error::{Error, Result};
pub use row::{FromColumn, Row};
pub use rows::Rows;
pub use sqlite::snapshot;
pub use tx::Tx;
pub use url::{DatabaseUrl, Engine, UrlError};
pub use value::Value;
pub use wake::{Listener, Topic};

#[cfg(test)]
mod conformance;
