//! What may stand behind the question mark of an address.
//!
//! A parameter that comes twice is read differently by the parts that it passes (the first, the last, both), and one that
//! nobody reads is a mistyped one, whose sender believes that a list was filtered (ASVS 4.1.4, 15.3.7).

use crate::{Error, error::Result};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{Method, Uri},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::Arc,
};
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{Operation, ParameterIn},
};

/// Refuse a parameter that comes twice, and U+0000, which no text of ours holds.
///
/// # Errors
/// 400 naming the parameter.
pub(super) fn refuse_ambiguous(uri: &Uri) -> Result<()> {
    let mut seen = HashSet::new();
    for (name, value) in pairs(uri) {
        if name.contains('\0') || value.contains('\0') {
            return Err(Error::Malformed("The address holds the character U+0000.".to_owned()));
        }
        if seen.contains(&name) {
            return Err(Error::Malformed(format!("The parameter {name:?} comes twice.")));
        }
        seen.insert(name);
    }
    Ok(())
}

fn pairs(uri: &Uri) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
}

/// Which parameters each operation of the API reads, by its own description.
#[derive(Clone)]
pub(crate) struct KnownParameters {
    names: Arc<HashMap<(Method, String), HashSet<String>>>,
}

impl KnownParameters {
    /// Paths are those of the description, without the base of the API.
    pub(crate) fn of(api: &OpenApi) -> Self {
        let mut names = HashMap::new();
        for (path, item) in &api.paths.paths {
            for (method, operation) in [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ] {
                if let Some(operation) = operation {
                    names.insert((method, path.clone()), in_query(operation));
                }
            }
        }
        Self { names: Arc::new(names) }
    }

    /// The first parameter that the operation does not read. `route` is the whole path as the router has it.
    fn unknown<'r>(&self, method: &Method, route: &str, uri: &'r Uri) -> Option<Cow<'r, str>> {
        let path = ["/api/v1", "/api"].iter().find_map(|base| route.strip_prefix(base)).unwrap_or(route);
        let method = if *method == Method::HEAD { Method::GET } else { method.clone() };
        let known = self.names.get(&(method, path.to_owned()))?;
        pairs(uri).map(|(name, _)| name).find(|name| !known.contains(name.as_ref()))
    }
}

fn in_query(operation: &Operation) -> HashSet<String> {
    let in_query = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query) => {
            Some(parameter.name.clone())
        }
        _ => None,
    });
    in_query.collect()
}

/// A layer around the routes of the API: a parameter that the operation does not read is a mistake of its sender.
pub(crate) async fn refuse_unknown(
    State(known): State<KnownParameters>,
    route: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    match known.unknown(request.method(), route.as_str(), request.uri()) {
        Some(name) => Error::Malformed(format!("There is no parameter {name:?} here.")).into_response(),
        None => next.run(request).await,
    }
}
