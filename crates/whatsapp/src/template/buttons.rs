//! The buttons of a template (Meta, templates/components).

use serde_json::Value;

use super::variables::{self, Piece};
use super::{Fault, check_length, list_of, text_of};

/// Buttons of a template.
const BUTTONS: usize = 10;
/// Characters of a button's text.
const TEXT: usize = 25;
/// Characters of a web address.
const ADDRESS: usize = 2_000;
/// Characters of a phone number.
const PHONE: usize = 20;
/// Characters of a code that is copied.
pub(super) const CODE: usize = 15;

/// How many buttons of a type there may be.
fn most_of(kind: &str) -> Option<usize> {
    match kind {
        "QUICK_REPLY" => Some(BUTTONS),
        "URL" => Some(2),
        "PHONE_NUMBER"
        | "COPY_CODE"
        | "FLOW"
        | "OTP"
        | "CATALOG"
        | "MPM"
        | "SPM"
        | "VOICE_CALL"
        | "REQUEST_CONTACT_INFO"
        | "CALL_PERMISSION_REQUEST" => Some(1),
        _ => None,
    }
}

pub(super) fn check(faults: &mut Vec<Fault>, field: &str, part: &Value, is_authentication: bool) {
    let buttons = list_of(part, "buttons");
    let field = format!("{field}.buttons");
    if buttons.is_empty() {
        faults.push(Fault::new(field, "required", "This part has at least one button."));
        return;
    }
    if buttons.len() > BUTTONS {
        faults.push(Fault::new(
            field.clone(),
            "too_many",
            format!("A template has at most {BUTTONS} buttons."),
        ));
    }
    let kinds: Vec<String> =
        buttons.iter().map(|button| text_of(button, "type").to_ascii_uppercase()).collect();
    for (position, (button, kind)) in buttons.iter().zip(&kinds).enumerate() {
        let field = format!("{field}.{position}");
        let Some(most) = most_of(kind) else {
            let message =
                "This is QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, FLOW or another of Meta's types.";
            faults.push(Fault::new(format!("{field}.type"), "unknown_value", message));
            continue;
        };
        if kinds.iter().take(position + 1).filter(|other| *other == kind).count() == most + 1
            && most < BUTTONS
        {
            let message = format!("There may be {most} of this type.");
            faults.push(Fault::new(format!("{field}.type"), "too_many", message));
        }
        if is_authentication != (kind == "OTP") {
            let message = "Authentication templates have a button of type OTP, and no others have one.";
            faults.push(Fault::new(format!("{field}.type"), "not_allowed", message));
        }
        check_button(faults, &field, kind, button);
    }
    let is_reply: Vec<bool> = kinds.iter().map(|kind| kind == "QUICK_REPLY").collect();
    let changes = is_reply.windows(2).filter(|pair| pair.first() != pair.last()).count();
    if changes > 1 {
        let message = "Quick replies stand together, before or after the other buttons.";
        faults.push(Fault::new(field, "order", message));
    }
}

fn check_button(faults: &mut Vec<Fault>, field: &str, kind: &str, button: &Value) {
    // The text of these is Meta's own.
    if !matches!(kind, "COPY_CODE" | "OTP" | "REQUEST_CONTACT_INFO" | "CALL_PERMISSION_REQUEST") {
        check_length(faults, format!("{field}.text"), text_of(button, "text"), TEXT);
        if text_of(button, "text").contains("{{") {
            let message = "The text of a button has no variables.";
            faults.push(Fault::new(format!("{field}.text"), "variable", message));
        }
    }
    match kind {
        "URL" => check_address(faults, field, button),
        "PHONE_NUMBER" => {
            let phone = text_of(button, "phone_number");
            check_length(faults, format!("{field}.phone_number"), phone, PHONE);
        }
        "COPY_CODE" => {
            // Meta takes a text, or a list with one.
            let example = button.get("example").map(|it| it.get(0).unwrap_or(it)).and_then(Value::as_str);
            check_length(faults, format!("{field}.example"), example.unwrap_or_default(), CODE);
        }
        "FLOW" if ["flow_id", "flow_name", "flow_json"].iter().all(|key| button.get(*key).is_none()) => {
            let message = "A flow is named by flow_id, flow_name or flow_json.";
            faults.push(Fault::new(format!("{field}.flow_id"), "required", message));
        }
        "OTP"
            if !matches!(
                text_of(button, "otp_type").to_ascii_uppercase().as_str(),
                "COPY_CODE" | "ONE_TAP" | "ZERO_TAP"
            ) =>
        {
            let message = "This is COPY_CODE, ONE_TAP or ZERO_TAP.";
            faults.push(Fault::new(format!("{field}.otp_type"), "unknown_value", message));
        }
        _ => {}
    }
}

/// One variable, at the end of the address, with an example.
fn check_address(faults: &mut Vec<Fault>, field: &str, button: &Value) {
    let url = text_of(button, "url");
    let place = format!("{field}.url");
    check_length(faults, place.clone(), url, ADDRESS);
    if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") {
        faults.push(Fault::new(place.clone(), "pattern", "An address begins with https://."));
    }
    let pieces = variables::pieces(url);
    let places = pieces.iter().filter(|piece| matches!(piece, Piece::Place(_))).count();
    if places == 0 {
        return;
    }
    if places > 1 || !matches!(pieces.last(), Some(Piece::Place(_))) {
        let message = "An address has one variable at most, at its end.";
        faults.push(Fault::new(place, "variable", message));
    }
    if list_of(button, "example").is_empty() {
        let message = "An address with a variable needs an example of the whole address.";
        faults.push(Fault::new(format!("{field}.example"), "required", message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(buttons: Vec<Value>) -> Vec<(String, &'static str)> {
        let mut faults = Vec::new();
        check(
            &mut faults,
            "components.1",
            &json!({"type": "BUTTONS", "buttons": Value::Array(buttons)}),
            false,
        );
        faults.into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    fn one(field: &str, code: &'static str) -> Vec<(String, &'static str)> {
        vec![(format!("components.1.buttons{field}"), code)]
    }

    fn reply(text: &str) -> Value {
        json!({"type": "QUICK_REPLY", "text": text})
    }

    fn address(url: &str) -> Value {
        json!({"type": "URL", "text": "Abrir", "url": url, "example": ["https://aurora.example/4821"]})
    }

    #[test]
    fn ten_buttons_are_taken_and_eleven_are_refused() {
        assert_eq!(faults(vec![reply("Sim"); 10]), []);
        assert_eq!(faults(vec![reply("Sim"); 11]), one("", "too_many"));
        assert_eq!(faults(vec![]), one("", "required"));
    }

    #[test]
    fn a_type_has_its_own_count() {
        let (url, phone) = (
            address("https://a.example/"),
            json!({"type": "PHONE_NUMBER", "text": "Ligar", "phone_number": "+5511940020001"}),
        );
        assert_eq!(faults(vec![url.clone(), url.clone(), phone.clone()]), []);
        assert_eq!(faults(vec![url.clone(), url.clone(), url]), one(".2.type", "too_many"));
        assert_eq!(faults(vec![phone.clone(), phone]), one(".1.type", "too_many"));
    }

    #[test]
    fn each_length_is_taken_and_one_more_is_refused() {
        assert_eq!(faults(vec![reply(&"a".repeat(25))]), []);
        assert_eq!(faults(vec![reply(&"a".repeat(26))]), one(".0.text", "too_long"));
        let url = |n: usize| address(&format!("https://a.example/{}", "a".repeat(n - 18)));
        assert_eq!(faults(vec![url(2_000)]), []);
        assert_eq!(faults(vec![url(2_001)]), one(".0.url", "too_long"));
        let phone =
            |n: usize| json!({"type": "PHONE_NUMBER", "text": "Ligar", "phone_number": "1".repeat(n)});
        assert_eq!(faults(vec![phone(20)]), []);
        assert_eq!(faults(vec![phone(21)]), one(".0.phone_number", "too_long"));
        let code = |n: usize| json!({"type": "COPY_CODE", "example": "a".repeat(n)});
        assert_eq!(faults(vec![code(15)]), []);
        assert_eq!(faults(vec![code(16)]), one(".0.example", "too_long"));
    }

    #[test]
    fn an_address_ends_with_its_only_variable() {
        assert_eq!(faults(vec![address("https://a.example/{{1}}")]), []);
        assert_eq!(faults(vec![address("https://a.example/{{1}}/x")]), one(".0.url", "variable"));
        assert_eq!(faults(vec![address("https://{{1}}/{{2}}")]), one(".0.url", "variable"));
        assert_eq!(faults(vec![address("aurora.example")]), one(".0.url", "pattern"));
        let bare = json!({"type": "URL", "text": "Abrir", "url": "https://a.example/{{1}}"});
        assert_eq!(faults(vec![bare]), one(".0.example", "required"));
    }

    #[test]
    fn quick_replies_stand_together() {
        let url = address("https://a.example/");
        assert_eq!(faults(vec![reply("Sim"), reply("Não"), url.clone()]), []);
        assert_eq!(faults(vec![url.clone(), reply("Sim")]), []);
        assert_eq!(faults(vec![reply("Sim"), url, reply("Não")]), one("", "order"));
    }

    #[test]
    fn a_code_for_logging_in_belongs_to_authentication() {
        let otp = json!({"type": "OTP", "otp_type": "COPY_CODE"});
        assert_eq!(faults(vec![otp]), one(".0.type", "not_allowed"));
        assert_eq!(faults(vec![json!({"type": "LINK"})]), one(".0.type", "unknown_value"));
        assert_eq!(faults(vec![json!({"type": "FLOW", "text": "Abrir"})]), one(".0.flow_id", "required"));
    }
}
