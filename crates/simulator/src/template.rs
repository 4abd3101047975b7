//! Message templates of an account.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::json::put;

/// A template as the Graph API shows it.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) waba_id: String,
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) status: String,
    pub(crate) category: String,
    pub(crate) named: bool,
    pub(crate) components: Vec<Value>,
    /// Meta's word for why it was rejected; `NONE` otherwise.
    pub(crate) rejected_reason: String,
    pub(crate) previous_category: Option<String>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub(crate) quality: String,
    /// When it was rated, in seconds.
    pub(crate) rated_at: i64,
}

/// Why a template cannot be filled. The code is Meta's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfilled {
    pub(crate) code: i64,
    pub(crate) details: String,
}

impl Template {
    pub(crate) fn to_json(&self) -> Value {
        let mut shown = json!({
            "name": self.name,
            "parameter_format": if self.named { "NAMED" } else { "POSITIONAL" },
            "components": self.components,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "rejected_reason": self.rejected_reason,
            "quality_score": {"score": self.quality, "date": self.rated_at},
            "id": self.id,
        });
        if let Some(previous) = &self.previous_category {
            put(&mut shown, "previous_category", json!(previous));
        }
        shown
    }

    fn component(&self, kind: &str) -> Option<&Value> {
        self.components.iter().find(|component| text_of(component, "type").eq_ignore_ascii_case(kind))
    }

    /// One-tap, zero-tap and copy-code templates of this category need a phone number.
    pub(crate) fn needs_phone(&self) -> bool {
        self.category == "AUTHENTICATION"
    }

    /// Checks what was sent against the variables and gives what the phone shows.
    pub(crate) fn fill(&self, sent: &Value) -> Result<Value, Unfilled> {
        let state = match self.status.as_str() {
            "APPROVED" => None,
            "PAUSED" => Some((132_015, "template is paused")),
            "DISABLED" => Some((132_016, "template is disabled")),
            _ => Some((132_001, "template is not approved")),
        };
        if let Some((code, details)) = state {
            return Err(Unfilled { code, details: details.into() });
        }
        let header = self.filled("HEADER", sent)?;
        let body = self.filled("BODY", sent)?;
        let footer = self.component("FOOTER").map(|footer| text_of(footer, "text"));
        Ok(json!({"header": header, "body": body, "footer": footer, "buttons": self.buttons(sent)}))
    }

    fn filled(&self, kind: &str, sent: &Value) -> Result<Option<String>, Unfilled> {
        let Some(text) = self.component(kind).map(|component| text_of(component, "text")) else {
            return Ok(None);
        };
        let wanted = variables(text);
        let given = sent_parameters(sent, kind);
        if wanted.len() != given.len() {
            let details = format!(
                "{}: number of localizable_params ({}) does not match the expected number of params ({})",
                kind.to_lowercase(),
                given.len(),
                wanted.len()
            );
            return Err(Unfilled { code: 132_000, details });
        }
        let mut filled = text.to_owned();
        for (position, parameter) in given.iter().enumerate() {
            let name = match parameter.get("parameter_name").and_then(Value::as_str) {
                Some(name) => name.to_owned(),
                None => position.saturating_add(1).to_string(),
            };
            if !wanted.contains(name.as_str()) {
                return Err(Unfilled { code: 132_012, details: format!("there is no parameter {name}") });
            }
            filled = filled.replace(&format!("{{{{{name}}}}}"), text_of(parameter, "text"));
        }
        Ok(Some(filled))
    }

    /// The buttons with the payloads that the desk gave to the quick replies, else their text as Meta does.
    fn buttons(&self, sent: &Value) -> Vec<Value> {
        let buttons = self.component("BUTTONS").and_then(|component| component.get("buttons")?.as_array());
        let button = |(index, button): (usize, &Value)| {
            let text = text_of(button, "text");
            let payload = sent_payload(sent, index).unwrap_or_else(|| text.to_owned());
            json!({"type": text_of(button, "type"), "text": text, "payload": payload})
        };
        buttons.into_iter().flatten().enumerate().map(button).collect()
    }
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The names between double braces.
fn variables(text: &str) -> BTreeSet<&str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(name, _)| name.trim()).collect()
}

fn sent_components(sent: &Value) -> impl Iterator<Item = &Value> {
    sent.get("components").and_then(Value::as_array).into_iter().flatten()
}

fn sent_parameters<'a>(sent: &'a Value, kind: &str) -> Vec<&'a Value> {
    sent_components(sent)
        .filter(|component| text_of(component, "type").eq_ignore_ascii_case(kind))
        .filter_map(|component| component.get("parameters")?.as_array())
        .flatten()
        .filter(|parameter| text_of(parameter, "type") == "text")
        .collect()
}

fn sent_payload(sent: &Value, index: usize) -> Option<String> {
    let is_it = |component: &&Value| {
        let at = component.get("index").map(|at| at.as_str().map_or_else(|| at.to_string(), str::to_owned));
        text_of(component, "type").eq_ignore_ascii_case("button") && at == Some(index.to_string())
    };
    let parameters = sent_components(sent).find(is_it)?.get("parameters")?.as_array()?;
    parameters.iter().find_map(|parameter| Some(parameter.get("payload")?.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(status: &str, text: &str) -> Template {
        Template {
            id: "1".into(),
            waba_id: "2".into(),
            name: "pedido".into(),
            language: "pt_BR".into(),
            status: status.into(),
            category: "UTILITY".into(),
            named: false,
            components: vec![json!({"type": "BODY", "text": text})],
            rejected_reason: "NONE".into(),
            previous_category: None,
            quality: "UNKNOWN".into(),
            rated_at: 1_795_176_000,
        }
    }

    fn body(parameters: &Value) -> Value {
        json!({"components": [{"type": "body", "parameters": parameters}]})
    }

    #[test]
    fn positional_and_named_variables_are_filled() {
        let sent = body(&json!([{"type": "text", "text": "Ana"}, {"type": "text", "text": "4821"}]));
        assert_eq!(
            template("APPROVED", "{{1}}: {{2}}, {{1}}").fill(&sent).unwrap()["body"],
            "Ana: 4821, Ana"
        );
        let sent = body(&json!([{"type": "text", "parameter_name": "n", "text": "Ana"}]));
        assert_eq!(template("APPROVED", "Oi {{n}}").fill(&sent).unwrap()["body"], "Oi Ana");
        assert_eq!(template("APPROVED", "Oi {{m}}").fill(&sent).unwrap_err().code, 132_012);
    }

    #[test]
    fn a_wrong_number_and_a_wrong_state_have_their_codes() {
        let none = json!({});
        assert_eq!(template("APPROVED", "Oi {{1}}").fill(&none).unwrap_err().code, 132_000);
        assert_eq!(template("APPROVED", "Oi").fill(&none).unwrap()["body"], "Oi");
        assert_eq!(template("PENDING", "Oi").fill(&none).unwrap_err().code, 132_001);
        assert_eq!(template("PAUSED", "Oi").fill(&none).unwrap_err().code, 132_015);
        assert_eq!(template("DISABLED", "Oi").fill(&none).unwrap_err().code, 132_016);
    }
}
