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
    #[doc(hidden)]
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self>;
}

macro_rules! from_column {
    ($($kind:ty),*) => { $(
        impl FromColumn for $kind {
            fn from_column(row: &Row<'_>, index: usize) -> Result<Self> {
                match row {
                    Row::Sqlite(row) => Ok(row.get(index)?),
                    Row::Postgres(row) => Ok(row.try_get(index)?),
                }
            }
        }
        impl FromColumn for Option<$kind> {
            fn from_column(row: &Row<'_>, index: usize) -> Result<Self> {
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
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self> {
        Ok(i64::from_column(row, index)? != 0)
    }
}

impl FromColumn for Uuid {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self> {
        Option::<Self>::from_column(row, index)?
            .ok_or_else(|| Error::Statement(format!("column {index} holds no id")))
    }
}

impl FromColumn for Option<Uuid> {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self> {
        match row {
            Row::Sqlite(row) => {
                let bytes: Option<[u8; 16]> = row.get(index)?;
                Ok(bytes.map(Uuid::from_bytes))
            }
            Row::Postgres(row) => Ok(row.try_get(index)?),
        }
    }
}

impl<const N: usize> FromColumn for [u8; N] {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self> {
        let bytes = Vec::<u8>::from_column(row, index)?;
        bytes.try_into().map_err(|bytes: Vec<u8>| {
            Error::Statement(format!("column {index} holds {} bytes instead of {N}", bytes.len()))
        })
    }
}
