//! A template that Meta has taken, its variables, and what they are filled with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::variables::{filled, names, wanted};
use super::{Fault, buttons, list_of, text_of};
use crate::client::{Component, MediaSource, OutboundMedia, Parameter, SentTemplate};

/// Characters of a filled body beside other parts, and of one that stands alone (Meta, messages/template-messages).
const BODY_BESIDE_OTHERS: usize = 1_024;
const BODY_ALONE: usize = 32_768;
/// Characters of a filled header.
const HEADER: usize = 60;

/// A template as Meta gives it.
#[derive(Debug, Clone, Copy)]
pub struct Known<'t> {
    /// Header, body, footer, buttons.
    pub components: &'t [Value],
    /// Whether its variables have names.
    pub is_named: bool,
}

/// Something that is to be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// `header.1`, `body.first_name`, `button.0`, or `header.image`, `header.video`, `header.document` for a file.
    pub key: String,
    /// What reviewers saw in its place.
    pub example: Option<String>,
}

impl Variable {
    /// Whether it stands for a file, and not for a text.
    pub fn is_file(&self) -> bool {
        matches!(self.key.as_str(), "header.image" | "header.video" | "header.document")
    }
}

/// What came of filling variables in.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// What is sent.
    pub components: Vec<Component>,
    /// Keys of variables without a value.
    pub missing: Vec<String>,
    /// Keys that are no variables of the template.
    pub unknown: Vec<String>,
}

/// A template as the customer will see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    pub header: Option<PreviewHeader>,
    /// Empty where Meta writes the words, as in authentication templates that it has not taken yet.
    pub body: String,
    pub footer: Option<String>,
    pub buttons: Vec<PreviewButton>,
}

/// What stands above the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewHeader {
    /// `TEXT`, `IMAGE`, `VIDEO`, `DOCUMENT` or `LOCATION`.
    pub format: String,
    /// Empty unless it is a text.
    pub text: String,
}

/// A button below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewButton {
    /// `QUICK_REPLY`, `URL`, `COPY_CODE`, …
    pub kind: String,
    pub text: String,
    /// Where it leads, or the code that it copies.
    pub target: Option<String>,
}

impl Preview {
    /// Header, body and footer as one text, as a list or a log of messages shows it.
    pub fn text(&self) -> String {
        let header = self.header.as_ref().map(|header| header.text.as_str());
        let parts = [header, Some(self.body.as_str()), self.footer.as_deref()];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }
}

impl<'t> Known<'t> {
    fn part(&self, kind: &str) -> Option<&'t Value> {
        self.components.iter().find(|component| text_of(component, "type").eq_ignore_ascii_case(kind))
    }

    fn text(&self, kind: &str) -> &'t str {
        self.part(kind).map(|part| text_of(part, "text")).unwrap_or_default()
    }

    /// The format of the header in capitals; empty without one.
    fn header_format(&self) -> String {
        self.part("HEADER").map(|header| text_of(header, "format").to_ascii_uppercase()).unwrap_or_default()
    }

    fn buttons(&self) -> &'t [Value] {
        self.part("BUTTONS").map(|part| list_of(part, "buttons")).unwrap_or_default()
    }

    /// Everything that has to be filled in, from top to bottom.
    pub fn variables(&self) -> Vec<Variable> {
        let mut variables = Vec::new();
        let format = self.header_format();
        if matches!(format.as_str(), "IMAGE" | "VIDEO" | "DOCUMENT") {
            let key = format!("header.{}", format.to_ascii_lowercase());
            variables.push(Variable { key, example: None });
        }
        for (kind, key) in [("HEADER", "header"), ("BODY", "body")] {
            for (position, name) in wanted(self.text(kind), self.is_named).into_iter().enumerate() {
                let example = self.part(kind).and_then(|part| example_of(part, key, &name, position));
                variables.push(Variable { key: format!("{key}.{name}"), example });
            }
        }
        for (index, button) in self.buttons().iter().enumerate() {
            if needs_value(button) {
                let example = button.get("example").map(|it| it.get(0).unwrap_or(it)).and_then(Value::as_str);
                variables
                    .push(Variable { key: format!("button.{index}"), example: example.map(str::to_owned) });
            }
        }
        variables
    }

    /// Whether the header shows a place, which has to be given when it is sent.
    pub fn needs_location(&self) -> bool {
        self.header_format() == "LOCATION"
    }

    /// Fill values in, by the keys of [`Known::variables`]; a quick reply's key is its payload and may be missing.
    pub fn fill(&self, values: &BTreeMap<String, String>) -> Filled {
        let known = self.variables();
        let is_reply = |key: &str| {
            let index = key.strip_prefix("button.").and_then(|index| index.parse::<usize>().ok());
            index
                .and_then(|index| self.buttons().get(index))
                .is_some_and(|button| kind_of(button) == "QUICK_REPLY")
        };
        let is_known = |key: &str| known.iter().any(|variable| variable.key == key) || is_reply(key);
        let unknown = values.keys().filter(|key| !is_known(key)).cloned().collect();
        let has = |key: &str| values.get(key).is_some_and(|value| !value.trim().is_empty());
        let missing = known.iter().filter(|it| !has(&it.key)).map(|it| it.key.clone()).collect();
        let mut components = Vec::new();
        let header = self.parameters("header", "HEADER", values);
        let file =
            known.iter().find(|variable| variable.is_file()).and_then(|it| file_parameter(&it.key, values));
        let header: Vec<Parameter> = file.into_iter().chain(header).collect();
        if !header.is_empty() {
            components.push(Component::Header { parameters: header });
        }
        let body = self.parameters("body", "BODY", values);
        if !body.is_empty() {
            components.push(Component::Body { parameters: body });
        }
        for (position, button) in self.buttons().iter().enumerate() {
            let Some(value) = values.get(&format!("button.{position}")).filter(|value| !value.is_empty())
            else {
                continue;
            };
            let Ok(index) = u8::try_from(position) else { continue };
            let (sub_type, parameter) = match kind_of(button).as_str() {
                "QUICK_REPLY" => ("quick_reply", Parameter::Payload { payload: value.clone() }),
                "COPY_CODE" => ("copy_code", Parameter::CouponCode { coupon_code: value.clone() }),
                _ => ("url", Parameter::Text { parameter_name: None, text: value.clone() }),
            };
            components.push(Component::Button {
                sub_type: sub_type.to_owned(),
                index,
                parameters: vec![parameter],
            });
        }
        Filled { components, missing, unknown }
    }

    fn parameters(&self, key: &str, kind: &str, values: &BTreeMap<String, String>) -> Vec<Parameter> {
        let parameter = |name: String| {
            let text = values.get(&format!("{key}.{name}")).cloned().unwrap_or_default();
            Parameter::Text { parameter_name: self.is_named.then_some(name), text }
        };
        wanted(self.text(kind), self.is_named).into_iter().map(parameter).collect()
    }

    /// Everything about what is sent that Meta would refuse for this template.
    pub fn check(&self, sent: &SentTemplate) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.check_header(&mut faults, sent);
        // Of an authentication template that was just handed in, Meta's words are not known yet.
        if !self.text("BODY").is_empty() {
            self.check_texts(&mut faults, "body", self.text("BODY"), sent.body());
        }
        self.check_buttons(&mut faults, sent);
        if faults.is_empty() {
            self.check_lengths(&mut faults, sent);
        }
        faults
    }

    fn check_header(&self, faults: &mut Vec<Fault>, sent: &SentTemplate) {
        let field = "template.components.header";
        let given = sent.header();
        let format = self.header_format();
        let is_it = |parameter: &Parameter| match format.as_str() {
            "IMAGE" => matches!(parameter, Parameter::Image { .. }),
            "VIDEO" => matches!(parameter, Parameter::Video { .. }),
            "DOCUMENT" => matches!(parameter, Parameter::Document { .. }),
            "LOCATION" => matches!(parameter, Parameter::Location { .. }),
            _ => false,
        };
        match format.as_str() {
            "IMAGE" | "VIDEO" | "DOCUMENT" | "LOCATION" if !matches!(given, [only] if is_it(only)) => {
                let what = format.to_ascii_lowercase();
                let message = format!("The header of this template needs one parameter of type {what}.");
                faults.push(Fault::new(field, "required", message));
            }
            "" | "TEXT" => self.check_texts(faults, "header", self.text("HEADER"), given),
            _ => {}
        }
    }

    /// The values of a text: as many as it has variables, under their names, and such as Meta takes.
    fn check_texts(&self, faults: &mut Vec<Fault>, part: &str, text: &str, given: &[Parameter]) {
        let field = format!("template.components.{part}");
        let wanted = wanted(text, self.is_named);
        if given.len() != wanted.len() {
            let message =
                format!("The {part} has {} variables; {} values were given.", wanted.len(), given.len());
            faults.push(Fault::new(field, "count", message));
            return;
        }
        let mut missing: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
        for (position, parameter) in given.iter().enumerate() {
            let Parameter::Text { parameter_name, text } = parameter else {
                faults.push(Fault::new(
                    format!("{field}.{position}"),
                    "wrong_type",
                    "This variable is a text.",
                ));
                return;
            };
            if self.is_named && !parameter_name.as_deref().is_some_and(|name| missing.remove(name)) {
                let message = format!("The variables are called {}.", wanted.join(", "));
                faults.push(Fault::new(format!("{field}.{position}.parameter_name"), "unknown", message));
            }
            // Meta, error 132018.
            if text.trim().is_empty() {
                faults.push(Fault::new(
                    format!("{field}.{position}.text"),
                    "required",
                    "A variable is not empty.",
                ));
            } else if text.contains(['\n', '\r', '\t']) || text.contains("     ") {
                let message =
                    "The text of a variable has no line breaks, no tabs and at most four spaces in a row.";
                faults.push(Fault::new(format!("{field}.{position}.text"), "pattern", message));
            }
        }
    }

    fn check_buttons(&self, faults: &mut Vec<Fault>, sent: &SentTemplate) {
        for (sub_type, index, _) in sent.buttons() {
            let field = format!("template.components.button.{index}");
            match self.buttons().get(usize::from(index)).map(kind_of) {
                None => faults.push(Fault::new(field, "unknown", "The template has no such button.")),
                Some(kind) if !matches_type(&kind, sub_type) => {
                    let message = format!("This button is of type {}.", kind.to_ascii_lowercase());
                    faults.push(Fault::new(format!("{field}.sub_type"), "unknown_value", message));
                }
                Some(_) => {}
            }
        }
        for (position, button) in self.buttons().iter().enumerate().filter(|(_, button)| needs_value(button))
        {
            let field = format!("template.components.button.{position}");
            let given = sent.buttons().find(|(_, index, _)| usize::from(*index) == position);
            let parameter = given.and_then(|(_, _, parameters)| parameters.first());
            match (kind_of(button).as_str(), parameter) {
                ("COPY_CODE", Some(Parameter::CouponCode { coupon_code })) => {
                    super::check_length(faults, field, coupon_code, buttons::CODE);
                }
                ("COPY_CODE", _) => {
                    faults.push(Fault::new(field, "required", "This button needs a coupon_code."));
                }
                (_, Some(Parameter::Text { text, .. })) if !text.trim().is_empty() => {}
                _ => {
                    let message = "The address of this button ends with a variable: it needs a text.";
                    faults.push(Fault::new(field, "required", message));
                }
            }
        }
    }

    fn check_lengths(&self, faults: &mut Vec<Fault>, sent: &SentTemplate) {
        let preview = self.preview(sent);
        let most = if self.components.len() > 1 { BODY_BESIDE_OTHERS } else { BODY_ALONE };
        let header = preview.header.map(|header| header.text).unwrap_or_default();
        for (part, text, most) in [("header", header, HEADER), ("body", preview.body, most)] {
            if text.chars().count() > most {
                let message = format!("Filled in, the {part} has at most {most} characters.");
                faults.push(Fault::new(format!("template.components.{part}"), "too_long", message));
            }
        }
    }

    /// What the customer will see.
    pub fn preview(&self, sent: &SentTemplate) -> Preview {
        let header = self.part("HEADER").map(|_| PreviewHeader {
            format: self.header_format(),
            text: self.filled("HEADER", sent.header()),
        });
        let button = |(index, button): (usize, &Value)| {
            let given = sent.buttons().find(|(_, at, _)| usize::from(*at) == index);
            let value = given.and_then(|(_, _, parameters)| parameters.first()).and_then(value_of);
            let target = match kind_of(button).as_str() {
                "URL" => Some(filled(text_of(button, "url"), |_| value)),
                "COPY_CODE" => value.map(str::to_owned),
                "PHONE_NUMBER" => Some(text_of(button, "phone_number").to_owned()),
                _ => None,
            };
            PreviewButton { kind: kind_of(button), text: text_of(button, "text").to_owned(), target }
        };
        Preview {
            header,
            body: self.filled("BODY", sent.body()),
            footer: Some(self.text("FOOTER").to_owned()).filter(|text| !text.is_empty()),
            buttons: self.buttons().iter().enumerate().map(button).collect(),
        }
    }

    fn filled(&self, kind: &str, given: &[Parameter]) -> String {
        let value = |name: &str| {
            let parameter = if self.is_named {
                given
                    .iter()
                    .find(|it| matches!(it, Parameter::Text { parameter_name: Some(own), .. } if own == name))
            } else {
                name.parse::<usize>().ok().and_then(|number| given.get(number.checked_sub(1)?))
            };
            parameter.and_then(value_of).filter(|value| !value.is_empty())
        };
        filled(self.text(kind), value)
    }
}

fn kind_of(button: &Value) -> String {
    text_of(button, "type").to_ascii_uppercase()
}

/// Whether a button cannot be sent without a value.
fn needs_value(button: &Value) -> bool {
    match kind_of(button).as_str() {
        "COPY_CODE" | "OTP" => true,
        "URL" => !names(text_of(button, "url")).is_empty(),
        _ => false,
    }
}

/// Meta's buttons with codes for logging in are filled as addresses.
fn matches_type(kind: &str, sub_type: &str) -> bool {
    kind.eq_ignore_ascii_case(sub_type) || (kind == "OTP" && sub_type.eq_ignore_ascii_case("url"))
}

fn value_of(parameter: &Parameter) -> Option<&str> {
    match parameter {
        Parameter::Text { text, .. } => Some(text),
        Parameter::Payload { payload } => Some(payload),
        Parameter::CouponCode { coupon_code } => Some(coupon_code),
        _ => None,
    }
}

fn example_of(part: &Value, key: &str, name: &str, position: usize) -> Option<String> {
    let example = part.get("example")?;
    let named = list_of(example, &format!("{key}_text_named_params"));
    if let Some(found) = named.iter().find(|it| text_of(it, "param_name") == name) {
        return Some(text_of(found, "example").to_owned());
    }
    let values = list_of(example, &format!("{key}_text"));
    // Of a body it is a list of lists.
    let value =
        values.first().and_then(Value::as_array).map_or(values.get(position), |row| row.get(position));
    value.and_then(Value::as_str).map(str::to_owned)
}

/// A file by its address, or by an id of ours or Meta's.
fn file_parameter(key: &str, values: &BTreeMap<String, String>) -> Option<Parameter> {
    let value = values.get(key).filter(|value| !value.trim().is_empty())?.trim().to_owned();
    let is_link = value.starts_with("https://") || value.starts_with("http://");
    let file = OutboundMedia::new(if is_link { MediaSource::Link(value) } else { MediaSource::Id(value) });
    Some(match key {
        "header.image" => Parameter::Image { image: file },
        "header.video" => Parameter::Video { video: file },
        _ => Parameter::Document { document: file },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn components() -> Vec<Value> {
        vec![
            json!({"type": "HEADER", "format": "TEXT", "text": "Pedido {{1}}", "example": {"header_text": ["4821"]}}),
            json!({"type": "BODY", "text": "Olá {{1}}, chega {{2}}.", "example": {"body_text": [["Ana", "hoje"]]}}),
            json!({"type": "FOOTER", "text": "Loja Aurora"}),
            json!({"type": "BUTTONS", "buttons": [
                {"type": "QUICK_REPLY", "text": "Falar"},
                {"type": "URL", "text": "Ver", "url": "https://aurora.example/{{1}}", "example": ["https://aurora.example/1"]},
                {"type": "COPY_CODE", "text": "Copiar", "example": "DESC10"},
            ]}),
        ]
    }

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn all() -> BTreeMap<String, String> {
        values(&[
            ("header.1", "4821"),
            ("body.1", "Ana"),
            ("body.2", "amanhã"),
            ("button.1", "p/4821"),
            ("button.2", "DESC20"),
        ])
    }

    fn sent(components: Vec<Component>) -> SentTemplate {
        SentTemplate { components, ..SentTemplate::new("pedido", "pt_BR", []) }
    }

    fn codes(known: Known<'_>, sent: &SentTemplate) -> Vec<(String, &'static str)> {
        known.check(sent).into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    #[test]
    fn variables_are_named_with_their_examples() {
        let components = components();
        let known = Known { components: &components, is_named: false };
        let found: Vec<(String, String)> =
            known.variables().into_iter().map(|it| (it.key, it.example.unwrap_or_default())).collect();
        let expected = [
            ("header.1", "4821"),
            ("body.1", "Ana"),
            ("body.2", "hoje"),
            ("button.1", "https://aurora.example/1"),
            ("button.2", "DESC10"),
        ];
        assert_eq!(found, expected.map(|(key, example)| (key.to_owned(), example.to_owned())));
    }

    #[test]
    fn what_is_filled_in_is_sent_and_seen() {
        let components = components();
        let known = Known { components: &components, is_named: false };
        let filled = known.fill(&all());
        assert_eq!((filled.missing.len(), filled.unknown.len()), (0, 0));
        let sent = sent(filled.components);
        assert_eq!(codes(known, &sent), []);
        let preview = known.preview(&sent);
        assert_eq!(preview.text(), "Pedido 4821\n\nOlá Ana, chega amanhã.\n\nLoja Aurora");
        let targets: Vec<Option<&str>> = preview.buttons.iter().map(|it| it.target.as_deref()).collect();
        assert_eq!(targets, [None, Some("https://aurora.example/p/4821"), Some("DESC20")]);
    }

    #[test]
    fn missing_and_unknown_values_are_named() {
        let components = components();
        let known = Known { components: &components, is_named: false };
        let filled = known.fill(&values(&[("body.1", "Ana"), ("body.9", "x"), ("button.0", "falar")]));
        assert_eq!(filled.missing, ["header.1", "body.2", "button.1", "button.2"]);
        assert_eq!(filled.unknown, ["body.9"]);
    }

    #[test]
    fn one_value_too_few_or_too_many_is_refused() {
        let components = vec![json!({"type": "BODY", "text": "Olá {{1}}, chega {{2}}."})];
        let known = Known { components: &components, is_named: false };
        let texts = |n: usize| SentTemplate::new("pedido", "pt_BR", (0..n).map(|n| format!("v{n}")));
        assert_eq!(codes(known, &texts(2)), []);
        for n in [0, 1, 3] {
            assert_eq!(codes(known, &texts(n)), [("template.components.body".to_owned(), "count")]);
        }
    }

    #[test]
    fn named_values_go_by_their_names() {
        let components = vec![json!({"type": "BODY", "text": "Olá {{nome}}, chega {{dia}}."})];
        let known = Known { components: &components, is_named: true };
        let named = |first: &str, second: &str| {
            let parameter =
                |name: &str| Parameter::Text { parameter_name: Some(name.to_owned()), text: name.to_owned() };
            sent(vec![Component::Body { parameters: vec![parameter(first), parameter(second)] }])
        };
        assert_eq!(codes(known, &named("dia", "nome")), []);
        assert_eq!(known.preview(&named("dia", "nome")).body, "Olá nome, chega dia.");
        let field = "template.components.body.1.parameter_name".to_owned();
        assert_eq!(codes(known, &named("dia", "dia")), [(field, "unknown")]);
    }

    #[test]
    fn values_are_such_as_meta_takes() {
        let components = vec![json!({"type": "BODY", "text": "Olá {{1}}!"})];
        let known = Known { components: &components, is_named: false };
        let code = |text: &str| {
            codes(known, &SentTemplate::new("a", "pt_BR", [text.to_owned()])).pop().map(|it| it.1)
        };
        assert_eq!(code("a    b"), None);
        assert_eq!(code("a     b"), Some("pattern"));
        assert_eq!(code("a\nb"), Some("pattern"));
        assert_eq!(code(" "), Some("required"));
        let room = BODY_ALONE - "Olá !".chars().count();
        assert_eq!(code(&"á".repeat(room)), None);
        assert_eq!(code(&"á".repeat(room + 1)), Some("too_long"));
    }

    #[test]
    fn a_header_with_a_file_needs_that_file() {
        let components =
            vec![json!({"type": "HEADER", "format": "IMAGE"}), json!({"type": "BODY", "text": "Oi"})];
        let known = Known { components: &components, is_named: false };
        let field = "template.components.header".to_owned();
        assert_eq!(codes(known, &sent(vec![])), [(field.clone(), "required")]);
        let filled = known.fill(&values(&[("header.image", "https://aurora.example/a.jpg")]));
        assert_eq!(codes(known, &sent(filled.components)), []);
        let film = Parameter::Video { video: OutboundMedia::new(MediaSource::Id("7".into())) };
        assert_eq!(
            codes(known, &sent(vec![Component::Header { parameters: vec![film] }])),
            [(field, "required")]
        );
    }

    #[test]
    fn buttons_are_there_and_of_their_type() {
        let components = components();
        let known = Known { components: &components, is_named: false };
        let mut wrong = sent(known.fill(&all()).components);
        let text = vec![Parameter::Text { parameter_name: None, text: "x".into() }];
        let button = |index, sub_type: &str| Component::Button {
            sub_type: sub_type.into(),
            index,
            parameters: text.clone(),
        };
        wrong.components.extend([button(0, "url"), button(7, "url")]);
        let expected = [
            ("template.components.button.0.sub_type".to_owned(), "unknown_value"),
            ("template.components.button.7".to_owned(), "unknown"),
        ];
        assert_eq!(codes(known, &wrong), expected);
        let mut long = all();
        long.insert("button.2".into(), "a".repeat(16));
        assert_eq!(
            codes(known, &sent(known.fill(&long).components)),
            [("template.components.button.2".to_owned(), "too_long")]
        );
        long.insert("button.2".into(), "a".repeat(15));
        assert_eq!(codes(known, &sent(known.fill(&long).components)), []);
    }
}
