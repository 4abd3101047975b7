//! Lists, a page at a time, by keyset: a page begins after the last row of the one before, so that rows which come
//! and go in between neither repeat nor hide others, and a late page costs what the first one does.

use super::extract::Query;
use crate::{
    Error,
    error::{FieldError, Result},
};
use axum::{extract::FromRequestParts, http::request::Parts};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Rows on a page where the client does not say.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most rows on a page; a client that asks for more gets these.
pub const MOST: u32 = 200;
/// The longest cursor that is looked at; ours are shorter than a hundred bytes.
const LONGEST_CURSOR: usize = 1024;

/// Which page a client asks for: `?limit=&cursor=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Rows on the page, from 1 to [`MOST`].
    pub limit: u32,
    cursor: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    limit: Option<u32>,
    cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Query(asked) = Query::<Asked>::from_request_parts(parts, state).await?;
        // As in the description: a limit is an int32.
        if asked.limit.is_some_and(|limit| i32::try_from(limit).is_err()) {
            return Err(Error::Malformed("limit is a whole number up to 2147483647.".to_owned()));
        }
        if asked.limit == Some(0) {
            return Err(Error::Invalid(vec![FieldError::new(
                "limit",
                "too_small",
                "Ask for at least one row.",
            )]));
        }
        let limit = asked.limit.unwrap_or(DEFAULT_LIMIT).min(MOST);
        Ok(Self { limit, cursor: asked.cursor.filter(|cursor| !cursor.is_empty()) })
    }
}

impl Page {
    /// The first page, of so many rows at most.
    pub fn first(limit: u32) -> Self {
        Self { limit: limit.clamp(1, MOST), cursor: None }
    }

    /// The key of the last row on the page before; none for the first page. `K` is what [`List::new`] was given, such
    /// as `(last_message_at, id)`.
    ///
    /// # Errors
    /// 400 where the cursor is not one of this list's.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let decoded = (cursor.len() <= LONGEST_CURSOR)
            .then(|| URL_SAFE_NO_PAD.decode(cursor).ok())
            .flatten()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        decoded.map(Some).ok_or_else(|| {
            Error::Malformed("The cursor is not one that this list gave. Begin again without it.".to_owned())
        })
    }

    /// How many rows to read: one more than fit, which tells whether there is another page.
    pub fn rows_to_read(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct List<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Gives the next page; none on the last one.
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A page from [`Page::rows_to_read`] rows. `key` gives the values that the list is sorted by, unique together.
    pub fn new<K: Serialize>(mut rows: Vec<T>, page: &Page, key: impl Fn(&T) -> K) -> Self {
        let limit = page.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).and_then(|last| {
            let bytes = serde_json::to_vec(&key(last)).ok()?;
            Some(URL_SAFE_NO_PAD.encode(bytes))
        });
        Self { data: rows, next_cursor }
    }

    /// The same page with each row turned into another type.
    pub fn map<U>(self, into: impl FnMut(T) -> U) -> List<U> {
        List { data: self.data.into_iter().map(into).collect(), next_cursor: self.next_cursor }
    }
}
