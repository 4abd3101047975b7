//! Many rows for one statement.

use crate::Value;

/// The rows that a statement with `$rows(…)` is executed for.
///
/// SQLite runs the prepared statement once a row; PostgreSQL gets the columns as arrays and runs it once for all.
/// A statement that updates must therefore not meet the same row twice in one batch.
#[derive(Debug, Default)]
pub struct Rows<'a> {
    width: usize,
    cells: Vec<Value<'a>>,
}

impl<'a> Rows<'a> {
    /// No rows yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Add a row; its values stand in the order of the columns in `$rows(…)`.
    pub fn push<const N: usize>(&mut self, row: [Value<'a>; N]) {
        self.width = N;
        self.cells.extend(row);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[Value<'a>]> {
        self.cells.chunks_exact(self.width.max(1))
    }

    pub(crate) fn column(&self, index: usize) -> impl Iterator<Item = &Value<'a>> {
        self.cells.iter().skip(index).step_by(self.width.max(1))
    }
}
