//! A row on its way out of a statement.

use crate::{Error, Result};
use uuid::Uuid;

/// One row of an answer, borrowed from its engine.
pub enum Row<'r> {
    #[doc(hidden)]
    Sqlite(&'r rusqlite::Row<'r>),
    #[doc(hidden)]
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// The value of the column at `index`, counted from 0 in the order of the statement.
    ///
    /// # Errors
    /// When the column does not exist or holds another kind of value: a defect in the statement.
    pub fn get<T: FromColumn>(&self, index: usize) -> Result<T> {
        T::from_column(self, index)
    }
}

/// What can be read from a column on both engines.
pub trait FromColumn: Sized {
    /// Read a column that may be null.
    ///
    /// # Errors
    /// When the column does not exist or holds another kind of value.
    fn from_nullable(row: &Row<'_>, index: usize) -> Result<Option<Self>>;

    /// Read a column that holds a value.
    ///
    /// # Errors
    /// As [`FromColumn::from_nullable`], and when the column is null.
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self> {
        Self::from_nullable(row, index)?.ok_or_else(|| Error::Statement(format!("column {index} is null")))
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_nullable(row: &Row<'_>, index: usize) -> Result<Option<Self>> {
        Ok(Some(T::from_nullable(row, index)?))
    }
}

macro_rules! from_column {
    ($($kind:ty),*) => { $(
        impl FromColumn for $kind {
            fn from_nullable(row: &Row<'_>, index: usize) -> Result<Option<Self>> {
                match row {
                    Row::Sqlite(row) => Ok(row.get(index)?),
                    Row::Postgres(row) => Ok(row.try_get(index)?),
                }
            }
        }
    )* };
}
from_column!(i64, f64, String, Vec<u8>);

impl FromColumn for bool {
    fn from_nullable(row: &Row<'_>, index: usize) -> Result<Option<Self>> {
        Ok(i64::from_nullable(row, index)?.map(|flag| flag != 0))
    }
}

impl FromColumn for Uuid {
    fn from_nullable(row: &Row<'_>, index: usize) -> Result<Option<Self>> {
        match row {
            Row::Sqlite(row) => {
                let bytes: Option<[u8; 16]> = row.get(index)?;
                Ok(bytes.map(Self::from_bytes))
            }
            Row::Postgres(row) => Ok(row.try_get(index)?),
        }
    }
}

impl<const N: usize> FromColumn for [u8; N] {
    fn from_nullable(row: &Row<'_>, index: usize) -> Result<Option<Self>> {
        let Some(bytes) = Vec::<u8>::from_nullable(row, index)? else { return Ok(None) };
        let exact = bytes.try_into().map_err(|bytes: Vec<u8>| {
            Error::Statement(format!("column {index} holds {} bytes instead of {N}", bytes.len()))
        })?;
        Ok(Some(exact))
    }
}
