//! A template that is to be handed in, and everything that Meta would say against it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::variables::{self, names};
use super::{Fault, buttons, check_length, list_of, text_of};

/// Characters of a header (Meta, templates/components).
const HEADER: usize = 60;
/// Characters of a body.
const BODY: usize = 1_024;
/// Characters of a footer.
const FOOTER: usize = 60;
/// Characters of a name.
const NAME: usize = 512;

/// A template as it is handed in for review.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TemplateDraft {
    /// Lower-case letters, digits and underscores.
    pub name: String,
    /// Such as `pt_BR`.
    pub language: String,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    pub category: String,
    /// `named`, or `positional` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_format: Option<String>,
    /// Meta's: header, body, footer, buttons.
    pub components: Vec<Value>,
    /// Seconds after which Meta gives a message up that was not delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_send_ttl_seconds: Option<i64>,
}

impl TemplateDraft {
    /// Whether its variables have names.
    pub fn is_named(&self) -> bool {
        self.parameter_format.as_deref().is_some_and(|format| format.eq_ignore_ascii_case("named"))
    }

    /// Everything that is wrong with it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.check_head(&mut faults);
        let is_authentication = self.category == "AUTHENTICATION";
        let mut seen: Vec<String> = Vec::new();
        for (position, component) in self.components.iter().enumerate() {
            let field = format!("components.{position}");
            let kind = text_of(component, "type").to_ascii_uppercase();
            match kind.as_str() {
                "HEADER" if is_authentication => {
                    let message = "An authentication template has no header.";
                    faults.push(Fault::new(format!("{field}.type"), "not_allowed", message));
                }
                "HEADER" => self.check_header(&mut faults, &field, component),
                "BODY" if is_authentication => check_fixed_text(&mut faults, &field, component),
                "BODY" => self.check_body(&mut faults, &field, component),
                "FOOTER" if is_authentication => check_expiry(&mut faults, &field, component),
                "FOOTER" => check_footer(&mut faults, &field, component),
                "BUTTONS" => buttons::check(&mut faults, &field, component, is_authentication),
                // Carousels, offers with an end and other later kinds: Meta looks at them.
                "CAROUSEL" | "LIMITED_TIME_OFFER" | "CALL_PERMISSION_REQUEST" => {}
                _ => {
                    let message = "This is HEADER, BODY, FOOTER or BUTTONS.";
                    faults.push(Fault::new(format!("{field}.type"), "unknown_value", message));
                }
            }
            if seen.contains(&kind) {
                let message = "A template has each part once.";
                faults.push(Fault::new(format!("{field}.type"), "duplicate", message));
            }
            seen.push(kind);
        }
        if !seen.iter().any(|kind| kind == "BODY") {
            faults.push(Fault::new("components", "required", "A template has a body."));
        }
        if is_authentication && !seen.iter().any(|kind| kind == "BUTTONS") {
            let message = "An authentication template has a button of type OTP.";
            faults.push(Fault::new("components", "required", message));
        }
        faults
    }

    fn check_head(&self, faults: &mut Vec<Fault>) {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if self.name.is_empty() {
            faults.push(Fault::new("name", "required", "A template has a name."));
        } else if !self.name.bytes().all(is_plain) {
            let message = "A name has lower-case letters, digits and underscores only.";
            faults.push(Fault::new("name", "pattern", message));
        }
        if self.name.chars().count() > NAME {
            faults.push(Fault::new("name", "too_long", format!("A name has at most {NAME} characters.")));
        }
        if !is_language(&self.language) {
            faults.push(Fault::new("language", "pattern", "A language is written like pt_BR, en_US or es."));
        }
        let category = self.category.as_str();
        if !matches!(category, "MARKETING" | "UTILITY" | "AUTHENTICATION") {
            let message = "A category is MARKETING, UTILITY or AUTHENTICATION.";
            faults.push(Fault::new("category", "unknown_value", message));
        }
        let format = self.parameter_format.as_deref().unwrap_or("positional").to_ascii_lowercase();
        if !matches!(format.as_str(), "named" | "positional") {
            faults.push(Fault::new("parameter_format", "unknown_value", "This is named or positional."));
        }
        // Meta, templates/time-to-live. -1 stands for 30 days.
        let (least, most) = match category {
            "AUTHENTICATION" => (30, 900),
            "UTILITY" => (30, 43_200),
            _ => (43_200, 2_592_000),
        };
        let fits =
            |seconds: i64| (least..=most).contains(&seconds) || (seconds == -1 && category != "MARKETING");
        if self.message_send_ttl_seconds.is_some_and(|seconds| !fits(seconds)) {
            let message = format!("For this category it is between {least} and {most} seconds.");
            faults.push(Fault::new("message_send_ttl_seconds", "range", message));
        }
    }

    fn check_header(&self, faults: &mut Vec<Fault>, field: &str, header: &Value) {
        match text_of(header, "format").to_ascii_uppercase().as_str() {
            "TEXT" => self.check_header_text(faults, field, header),
            "IMAGE" | "VIDEO" | "DOCUMENT" | "GIF" => {
                let handles = header.get("example").map(|example| list_of(example, "header_handle"));
                if handles.is_none_or(<[Value]>::is_empty) {
                    let message =
                        "A header with a file needs an example: the handle of a file uploaded to Meta.";
                    faults.push(Fault::new(format!("{field}.example.header_handle"), "required", message));
                }
            }
            "LOCATION" => {}
            _ => {
                let message = "The format of a header is TEXT, IMAGE, VIDEO, DOCUMENT or LOCATION.";
                faults.push(Fault::new(format!("{field}.format"), "unknown_value", message));
            }
        }
    }

    fn check_header_text(&self, faults: &mut Vec<Fault>, field: &str, header: &Value) {
        let text = text_of(header, "text");
        let place = format!("{field}.text");
        check_length(faults, place.clone(), text, HEADER);
        if text.contains(['\n', '\r', '*', '~', '`']) {
            let message = "A header has no line breaks and no marks such as * or ~.";
            faults.push(Fault::new(place.clone(), "pattern", message));
        }
        let found = names(text);
        if found.len() > 1 {
            faults.push(Fault::new(place.clone(), "too_many", "A header has one variable at most."));
        }
        if found.is_empty() {
            return;
        }
        let mut named = Vec::new();
        variables::check(&mut named, &place, text, self.is_named());
        // A header may be nothing but its variable's neighbour: Meta's rule about edges is for bodies.
        faults.extend(named.into_iter().filter(|fault| fault.code == "variable"));
        let numbered = |example: &Value| list_of(example, "header_text").len();
        self.check_examples(faults, field, header, &found, "header_text", numbered);
    }

    fn check_body(&self, faults: &mut Vec<Fault>, field: &str, body: &Value) {
        let text = text_of(body, "text");
        let place = format!("{field}.text");
        check_length(faults, place.clone(), text, BODY);
        variables::check(faults, &place, text, self.is_named());
        let found = names(text);
        if found.is_empty() {
            return;
        }
        let numbered = |example: &Value| {
            list_of(example, "body_text").first().and_then(Value::as_array).map_or(0, Vec::len)
        };
        self.check_examples(faults, field, body, &found, "body_text", numbered);
    }

    /// Each variable has an example: reviewers see the text with them.
    fn check_examples(
        &self,
        faults: &mut Vec<Fault>,
        field: &str,
        part: &Value,
        found: &[&str],
        key: &str,
        numbered: impl Fn(&Value) -> usize,
    ) {
        let none = Value::Null;
        let example = part.get("example").unwrap_or(&none);
        if self.is_named() {
            let key = format!("{key}_named_params");
            let given = list_of(example, &key);
            for name in found {
                let has = |it: &Value| {
                    text_of(it, "param_name") == *name && !text_of(it, "example").trim().is_empty()
                };
                if !given.iter().any(has) {
                    let message = format!("The variable {{{{{name}}}}} needs an example.");
                    faults.push(Fault::new(format!("{field}.example.{key}"), "required", message));
                }
            }
            return;
        }
        let given = numbered(example);
        if given != found.len() {
            let message = format!("There are {} variables and {given} examples.", found.len());
            faults.push(Fault::new(format!("{field}.example.{key}"), "count", message));
        }
    }
}

/// `pt_BR`, `es`, `fil` and their like.
fn is_language(text: &str) -> bool {
    let (language, region) =
        text.split_once('_').map_or((text, None), |(language, region)| (language, Some(region)));
    let is_word = (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_region = |region: &str| region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_uppercase());
    is_word && region.is_none_or(is_region)
}

fn check_footer(faults: &mut Vec<Fault>, field: &str, footer: &Value) {
    let text = text_of(footer, "text");
    let place = format!("{field}.text");
    check_length(faults, place.clone(), text, FOOTER);
    if text.contains("{{") {
        faults.push(Fault::new(place, "variable", "A footer has no variables."));
    }
}

/// The words of an authentication template are Meta's own.
fn check_fixed_text(faults: &mut Vec<Fault>, field: &str, body: &Value) {
    if body.get("text").is_some() {
        let message =
            "The body of an authentication template is Meta's; set add_security_recommendation instead.";
        faults.push(Fault::new(format!("{field}.text"), "not_allowed", message));
    }
}

fn check_expiry(faults: &mut Vec<Fault>, field: &str, footer: &Value) {
    let minutes = footer.get("code_expiration_minutes").and_then(Value::as_i64);
    if !minutes.is_some_and(|minutes| (1..=90).contains(&minutes)) {
        let message =
            "The footer of an authentication template says after how many minutes the code ends, 1 to 90.";
        faults.push(Fault::new(format!("{field}.code_expiration_minutes"), "range", message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn draft(components: Value) -> TemplateDraft {
        TemplateDraft {
            name: "pedido_confirmado".into(),
            language: "pt_BR".into(),
            category: "UTILITY".into(),
            components: match components {
                Value::Array(components) => components,
                _ => Vec::new(),
            },
            ..TemplateDraft::default()
        }
    }

    fn faults(draft: &TemplateDraft) -> Vec<(String, &'static str)> {
        draft.faults().into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    fn of(field: &str, code: &'static str) -> Vec<(String, &'static str)> {
        vec![(field.to_owned(), code)]
    }

    fn body(text: &str) -> Value {
        let examples: Vec<String> = names(text).into_iter().map(|name| format!("exemplo {name}")).collect();
        json!({"type": "BODY", "text": text, "example": {"body_text": [examples]}})
    }

    #[test]
    fn a_whole_template_has_no_faults() {
        let whole = draft(json!([
            {"type": "HEADER", "format": "TEXT", "text": "Pedido {{1}}", "example": {"header_text": ["4821"]}},
            body("Olá {{1}}, o pedido {{2}} saiu."),
            {"type": "FOOTER", "text": "Loja Aurora"},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Falar com a equipe"}]},
        ]));
        assert_eq!(faults(&whole), []);
        let named = TemplateDraft {
            parameter_format: Some("named".into()),
            ..draft(json!([{"type": "BODY", "text": "Olá {{nome}}!",
                "example": {"body_text_named_params": [{"param_name": "nome", "example": "Ana"}]}}]))
        };
        assert_eq!(faults(&named), []);
    }

    #[test]
    fn each_length_is_taken_and_one_more_is_refused() {
        let header = |n: usize| {
            draft(json!([{"type": "HEADER", "format": "TEXT", "text": "a".repeat(n)}, body("Oi")]))
        };
        let text = |n: usize| draft(json!([body(&"á".repeat(n))]));
        let footer = |n: usize| draft(json!([body("Oi"), {"type": "FOOTER", "text": "a".repeat(n)}]));
        let name = |n: usize| TemplateDraft { name: "a".repeat(n), ..draft(json!([body("Oi")])) };
        for (fits, over, field) in [
            (header(60), header(61), "components.0.text"),
            (text(1_024), text(1_025), "components.0.text"),
            (footer(60), footer(61), "components.1.text"),
            (name(512), name(513), "name"),
        ] {
            assert_eq!(faults(&fits), [], "{field}");
            assert_eq!(faults(&over), of(field, "too_long"));
        }
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let broken = TemplateDraft {
            name: "Pedido!".into(),
            language: "portugues".into(),
            category: "ADVERT".into(),
            parameter_format: Some("both".into()),
            message_send_ttl_seconds: Some(5),
            ..draft(json!([{"type": "HEADER", "format": "SOUND"}, {"type": "FOOTER", "text": "{{1}}"}]))
        };
        let found: Vec<String> = broken.faults().into_iter().map(|fault| fault.field).collect();
        let expected = [
            "name",
            "language",
            "category",
            "parameter_format",
            "message_send_ttl_seconds",
            "components.0.format",
            "components.1.text",
            "components",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn variables_need_their_examples() {
        let without = draft(
            json!([{"type": "BODY", "text": "Olá {{1}}, {{2}}!", "example": {"body_text": [["Ana"]]}}]),
        );
        assert_eq!(faults(&without), of("components.0.example.body_text", "count"));
        let named = TemplateDraft {
            parameter_format: Some("NAMED".into()),
            ..draft(json!([{"type": "BODY", "text": "Olá {{nome}}!"}]))
        };
        assert_eq!(faults(&named), of("components.0.example.body_text_named_params", "required"));
        let header = draft(json!([{"type": "HEADER", "format": "TEXT", "text": "Pedido {{1}}"}, body("Oi")]));
        assert_eq!(faults(&header), of("components.0.example.header_text", "count"));
        let photo = draft(json!([{"type": "HEADER", "format": "IMAGE"}, body("Oi")]));
        assert_eq!(faults(&photo), of("components.0.example.header_handle", "required"));
    }

    #[test]
    fn an_authentication_template_has_meta_s_words() {
        let mut code = draft(json!([
            {"type": "BODY", "add_security_recommendation": true},
            {"type": "FOOTER", "code_expiration_minutes": 90},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
        ]));
        code.category = "AUTHENTICATION".into();
        assert_eq!(faults(&code), []);
        code.components[1]["code_expiration_minutes"] = json!(91);
        assert_eq!(faults(&code), of("components.1.code_expiration_minutes", "range"));
        code.components = vec![json!({"type": "BODY", "text": "Seu código é {{1}}."})];
        assert_eq!(faults(&code).len(), 2);
    }

    #[test]
    fn languages_are_meta_s() {
        for good in ["pt_BR", "es", "fil", "en_US"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "p", "pt-BR", "pt_br", "PT_BR", "pt_BRA", "português"] {
            assert!(!is_language(bad), "{bad}");
        }
    }
}
