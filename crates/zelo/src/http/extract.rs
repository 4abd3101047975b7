//! Parts of the address, with problem documents for those that cannot be read.

use super::json::field_error;
use crate::{Error, error::Result};
use axum::{
    extract::{FromRequestParts, rejection::QueryRejection},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

/// Parts of the path, such as an id.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// The query string. Types that are read should `deny_unknown_fields` where no other extractor reads it too.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status().is_client_error() => Err(Error::Malformed(
                "A part of the address is not what belongs there, such as an id.".to_owned(),
            )),
            Err(rejection) => Err(Error::internal(rejection)),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => {
                // The cause names the parameter, as in "limit: invalid digit found in string", and may repeat its value,
                // which the answer must not.
                let cause = std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
                let (name, cause) = cause.split_once(": ").unwrap_or(("", &cause));
                let fault = field_error(name, cause);
                Err(Error::Malformed(format!("The query string cannot be read: {name:?}: {}", fault.message)))
            }
            Err(rejection) => Err(Error::internal(rejection)),
        }
    }
}
