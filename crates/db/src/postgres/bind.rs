//! Values as PostgreSQL wants them on the wire.

use crate::{Rows, Value, dialect::Kind};
use bytes::BytesMut;
use std::error::Error as StdError;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

type Encoded = Result<IsNull, Box<dyn StdError + Sync + Send>>;

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Encoded {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql_checked(kind, out),
            Self::Real(number) => number.to_sql_checked(kind, out),
            Self::Text(text) => text.as_ref().to_sql_checked(kind, out),
            Self::Blob(bytes) => bytes.as_ref().to_sql_checked(kind, out),
            Self::Uuid(id) => id.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The columns of the rows as arrays, in the order of the statement.
pub(crate) fn arrays<'r>(rows: &'r Rows<'_>, kinds: &[Kind]) -> Vec<Box<dyn ToSql + Sync + Send + 'r>> {
    kinds.iter().enumerate().map(|(index, kind)| array(rows, index, *kind)).collect()
}

fn array<'r>(rows: &'r Rows<'_>, index: usize, kind: Kind) -> Box<dyn ToSql + Sync + Send + 'r> {
    let cells = rows.column(index);
    match kind {
        Kind::Uuid => Box::new(
            cells
                .map(|cell| match cell {
                    Value::Uuid(id) => Some(*id),
                    _ => None,
                })
                .collect::<Vec<Option<Uuid>>>(),
        ),
        Kind::Int => Box::new(
            cells
                .map(|cell| match cell {
                    Value::Int(number) => Some(*number),
                    _ => None,
                })
                .collect::<Vec<Option<i64>>>(),
        ),
        Kind::Real => Box::new(
            cells
                .map(|cell| match cell {
                    Value::Real(number) => Some(*number),
                    _ => None,
                })
                .collect::<Vec<Option<f64>>>(),
        ),
        Kind::Text => Box::new(
            cells
                .map(|cell| match cell {
                    Value::Text(text) => Some(text.as_ref()),
                    _ => None,
                })
                .collect::<Vec<Option<&str>>>(),
        ),
        Kind::Blob => Box::new(
            cells
                .map(|cell| match cell {
                    Value::Blob(bytes) => Some(bytes.as_ref()),
                    _ => None,
                })
                .collect::<Vec<Option<&[u8]>>>(),
        ),
    }
}
