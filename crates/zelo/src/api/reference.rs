//! The API's description as a page: plain HTML without a script, so that no policy has to be loosened for it.

use super::docs;
use crate::pages::assets;
use serde_json::Value;
use std::{
    fmt::{self, Write as _},
    sync::LazyLock,
};

static PAGE: LazyLock<String> = LazyLock::new(|| {
    let api: Value = serde_json::from_str(docs::document()).unwrap_or_default();
    let mut page = String::new();
    // Writing to a text does not fail.
    let _ = write_page(&mut page, &api);
    page
});

/// The page. It is the same for everybody and for as long as the program runs.
pub(super) fn page() -> &'static str {
    &PAGE
}

fn write_page(out: &mut String, api: &Value) -> fmt::Result {
    let css = |file| assets::url(&format!("css/{file}"));
    write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Zelo API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"icon\" href=\"{}\"><link rel=\"stylesheet\" href=\"{}\"><link rel=\"stylesheet\" href=\"{}\"></head>\
         <body class=\"reference\"><main><h1>Zelo API {}</h1><p>{} Addresses begin with <code>/api/v1</code>. The same as \
         <a href=\"/openapi.json\">openapi.json</a>.</p>",
        assets::url("icon.svg"),
        css("tokens.css"),
        css("reference.css"),
        Text(at(api, "/info/version")),
        Text(at(api, "/info/description")),
    )?;
    for (path, operations) in entries(at(api, "/paths")) {
        for (method, operation) in entries(operations) {
            write_operation(out, method, path, operation)?;
        }
    }
    out.push_str("<h2>Shapes</h2>");
    for (name, schema) in entries(at(api, "/components/schemas")) {
        write!(
            out,
            "<section id=\"{0}\"><h3>{0}</h3><p>{1}</p>",
            Escaped(name),
            Text(at(schema, "/description"))
        )?;
        write_fields(out, schema)?;
        out.push_str("</section>");
    }
    out.push_str("</main></body></html>");
    Ok(())
}

fn write_operation(out: &mut String, method: &str, path: &str, operation: &Value) -> fmt::Result {
    let name = Text(at(operation, "/operationId"));
    write!(
        out,
        "<section id=\"{name}\"><h2><code>{} {}</code></h2><p>{} {}</p>",
        Escaped(&method.to_uppercase()),
        Escaped(path),
        Text(at(operation, "/summary")),
        Text(at(operation, "/description")),
    )?;
    let parameters = at(operation, "/parameters").as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        out.push_str("<dl>");
        for parameter in parameters {
            write!(
                out,
                "<dt><code>{}</code> in {}: {}</dt><dd>{}</dd>",
                Text(at(parameter, "/name")),
                Text(at(parameter, "/in")),
                Kind(at(parameter, "/schema")),
                Text(at(parameter, "/description")),
            )?;
        }
        out.push_str("</dl>");
    }
    for (kind, content) in entries(at(operation, "/requestBody/content")) {
        write!(out, "<p>Takes {}: {}</p>", Escaped(kind), Kind(at(content, "/schema")))?;
    }
    out.push_str("<ul>");
    for (status, answer) in entries(at(operation, "/responses")) {
        write!(out, "<li><code>{}</code> {}", Escaped(status), Text(at(answer, "/description")))?;
        for (_, content) in entries(at(answer, "/content")) {
            write!(out, " {}", Kind(at(content, "/schema")))?;
        }
        out.push_str("</li>");
    }
    out.push_str("</ul></section>");
    Ok(())
}

fn write_fields(out: &mut String, schema: &Value) -> fmt::Result {
    let parts = at(schema, "/allOf").as_array().map_or_else(|| vec![schema], |parts| parts.iter().collect());
    out.push_str("<dl>");
    for part in parts {
        for (name, field) in entries(at(part, "/properties")) {
            let is_required = at(part, "/required")
                .as_array()
                .is_some_and(|names| names.iter().any(|required| required == name));
            let need = if is_required { "" } else { ", may be missing" };
            write!(
                out,
                "<dt><code>{}</code>: {}{need}</dt><dd>{}</dd>",
                Escaped(name),
                Kind(field),
                Text(at(field, "/description"))
            )?;
        }
    }
    out.push_str("</dl>");
    if let Some(words) = at(schema, "/enum").as_array() {
        write!(
            out,
            "<p>One of {}</p>",
            Escaped(&words.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))
        )?;
    }
    Ok(())
}

/// A part of the description; null where it is not there.
fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    value.pointer(path).unwrap_or(&Value::Null)
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// A text of the description, nothing where there is none.
struct Text<'a>(&'a Value);

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(self.0.as_str().unwrap_or_default()).fmt(out)
    }
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '&' => out.write_str("&amp;"),
            '"' => out.write_str("&quot;"),
            other => out.write_char(other),
        })
    }
}

/// What a value is: a word, or a link to its shape.
struct Kind<'a>(&'a Value);

impl fmt::Display for Kind<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = at(self.0, "/$ref").as_str().and_then(|link| link.rsplit('/').next()) {
            return write!(out, "<a href=\"#{0}\">{0}</a>", Escaped(name));
        }
        for (key, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
            if let Some(kinds) = self.0.get(key).and_then(Value::as_array) {
                for (index, kind) in kinds.iter().enumerate() {
                    write!(out, "{}{}", if index == 0 { "" } else { between }, Kind(kind))?;
                }
                return Ok(());
            }
        }
        match at(self.0, "/type") {
            Value::String(kind) if kind == "array" => write!(out, "list of {}", Kind(at(self.0, "/items"))),
            Value::String(kind) => Escaped(kind).fmt(out),
            Value::Array(kinds) => {
                let words: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
                Escaped(&words.join(" or ")).fmt(out)
            }
            _ => out.write_str("anything"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_operation_and_shape_is_on_the_page() {
        let api: Value = serde_json::from_str(docs::document()).unwrap();
        for (path, operations) in entries(&api["paths"]) {
            for (method, _) in entries(operations) {
                let heading = format!("<code>{} {}</code>", method.to_uppercase(), Escaped(path));
                assert!(page().contains(&heading), "{heading}");
            }
        }
        for (name, _) in entries(&api["components"]["schemas"]) {
            assert!(page().contains(&format!("<section id=\"{name}\">")), "{name}");
        }
    }

    #[test]
    fn what_is_described_is_text_and_links_lead_to_shapes() {
        assert_eq!(Text(&json!("<b>&\"")).to_string(), "&lt;b&gt;&amp;&quot;");
        let kind = json!({"oneOf": [{"$ref": "#/components/schemas/UserId"}, {"type": "null"}]});
        assert_eq!(Kind(&kind).to_string(), "<a href=\"#UserId\">UserId</a> or null");
        assert_eq!(
            Kind(&json!({"type": "array", "items": {"type": ["string", "null"]}})).to_string(),
            "list of string or null"
        );
    }
}
