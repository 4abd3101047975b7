//! What the description says of refusals: the same for every operation, so no handler repeats it.

use super::{audit::ReportFormat, once::MAKERS};
use crate::{
    audit::{EventType, Outcome},
    error::{FieldError, Problem},
    ids::RoleId,
};
use utoipa::{
    PartialSchema as _,
    openapi::{
        Content, Object, OpenApi, Ref, RefOr, Required, Response, Type,
        path::{Operation, ParameterBuilder, ParameterIn},
    },
};

const KIND: &str = "application/problem+json";

/// Give every refusal its shape, and every operation the refusals that any request may meet.
pub(super) fn describe(api: &mut OpenApi) {
    let schemas = &mut api.components.get_or_insert_default().schemas;
    schemas.insert("Problem".to_owned(), Problem::schema());
    schemas.insert("FieldError".to_owned(), FieldError::schema());
    // What only parameters refer to is not gathered from the bodies.
    schemas.insert("RoleId".to_owned(), RoleId::schema());
    schemas.insert("EventType".to_owned(), EventType::schema());
    schemas.insert("Outcome".to_owned(), Outcome::schema());
    schemas.insert("ReportFormat".to_owned(), ReportFormat::schema());
    for (path, item) in &mut api.paths.paths {
        if let Some(post) = item.post.as_mut().filter(|_| MAKERS.contains(&path.as_str())) {
            takes_a_key(post);
        }
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            let answers = &mut operation.responses.responses;
            answers
                .entry("default".to_owned())
                .or_insert_with(|| RefOr::T(Response::new("Any other refusal")));
            for (status, answer) in answers {
                if let RefOr::T(answer) = answer {
                    complete(status, answer);
                }
            }
        }
    }
}

/// Say that a request may carry a key, and what comes of one that was used before.
fn takes_a_key(post: &mut Operation) {
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("The same key and body get the first answer again"))
        .schema(Some(Object::with_type(Type::String)))
        .build();
    post.parameters.get_or_insert_default().push(RefOr::T(key));
    for status in ["400", "409", "422"] {
        post.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new("")));
    }
}

fn complete(status: &str, answer: &mut Response) {
    if answer.description.is_empty() {
        meaning(status).clone_into(&mut answer.description);
    }
    if status.starts_with(['4', '5', 'd']) && answer.content.is_empty() {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        answer.content.insert(KIND.to_owned(), RefOr::T(content));
    }
}

fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "Done",
        "201" => "Made",
        "202" => "Accepted",
        "204" => "Done, and there is nothing to say",
        "400" => "It cannot be read",
        "401" => "No valid credentials",
        "403" => "The caller may not do this",
        "404" => "Not there, or not the caller's",
        "409" => "The state of things does not allow it",
        "422" => "It can be read and is not acceptable; each wrong field is named",
        "429" => "Too many requests",
        _ => "Refused",
    }
}
