//! What WhatsApp says of numbers, accounts, templates and people, in the reader's language. Pages and API say the same.

use super::{
    locale::{Lang, t},
    meta_words::{category, limit as limit_in, quality},
};
use serde_json::Value;

/// How much a notice presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Good to know.
    Info,
    /// Somebody should look at it.
    Warn,
    /// Messages do not leave, or somebody else may be at work.
    Danger,
}

/// A notice: which text, and what is put in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    tone: Tone,
    key: &'static str,
    name: String,
    what: String,
    before: String,
}

/// How much a notice presses, from Meta's field and change.
pub fn tone(field: &str, change: &Value) -> Tone {
    told(Lang::default(), field, change).tone
}

/// A notice in words, from Meta's field and change.
pub fn text(lang: Lang, field: &str, change: &Value) -> String {
    let told = told(lang, field, change);
    let args = [("name", told.name.into()), ("what", told.what.into()), ("before", told.before.into())];
    let text = t(lang, told.key, &args);
    // Meta does not always say why; then nothing stands behind the colon.
    match text.trim_end().strip_suffix(':') {
        Some(short) => format!("{short}."),
        None => text,
    }
}

fn told(lang: Lang, field: &str, change: &Value) -> Told {
    let value = change.get("value").unwrap_or(&Value::Null);
    let word = |pointer: &str| value.pointer(pointer).map(plain).unwrap_or_default();
    let template = word("/message_template_name");
    match field {
        "message_template_status_update" if value.get("new_quality_score").is_none() => {
            template_status(value, template)
        }
        "message_template_status_update" | "message_template_quality_update" => {
            let what = word("/new_quality_score");
            let tone = if what == "RED" { Tone::Warn } else { Tone::Info };
            Told {
                before: quality(lang, &word("/previous_quality_score")),
                ..said(tone, "notice-template-quality", template, quality(lang, &what))
            }
        }
        "message_template_components_update" => {
            said(Tone::Info, "notice-template-components", template, word("/message_template_element"))
        }
        "template_category_update" if value.get("correct_category").is_some_and(|it| !it.is_null()) => said(
            Tone::Warn,
            "notice-template-category-soon",
            template,
            category(lang, &word("/correct_category")),
        ),
        "template_category_update" => {
            let now = category(lang, &word("/new_category"));
            let before = category(lang, &word("/previous_category"));
            Told { before, ..said(Tone::Warn, "notice-template-category", template, now) }
        }
        "account_update" => account(value),
        "account_review_update" => {
            let what = word("/decision");
            let tone = if what == "APPROVED" { Tone::Info } else { Tone::Warn };
            said(tone, "notice-review", String::new(), what)
        }
        "account_alerts" => {
            said(Tone::Warn, "notice-alert", String::new(), word("/alert_info/alert_description"))
        }
        "phone_number_quality_update" | "business_capability_update" => number(lang, value),
        "phone_number_name_update" => {
            let (name, reason) = (word("/requested_verified_name"), word("/rejection_reason"));
            if word("/decision") == "APPROVED" {
                said(Tone::Info, "notice-name-approved", name, String::new())
            } else {
                said(Tone::Warn, "notice-name-rejected", name, reason)
            }
        }
        "security" if word("/event") == "PIN_CHANGED" => {
            said(Tone::Danger, "notice-pin", String::new(), String::new())
        }
        "security" => said(Tone::Warn, "notice-security", String::new(), word("/event")),
        "user_preferences" => preference(value),
        "history" => said(Tone::Info, "notice-history-declined", String::new(), String::new()),
        "smb_app_state_sync" => address_book(value),
        "group_lifecycle_update"
        | "group_participants_update"
        | "group_settings_update"
        | "group_status_update" => group(value),
        "business_username_update" | "business_username_updates" => {
            let (name, what) = (word("/username"), word("/status"));
            let key = if what == "approved" { "notice-username-approved" } else { "notice-username-other" };
            said(Tone::Info, key, name, what)
        }
        "flows" => said(Tone::Info, "notice-flow", String::new(), word("/message")),
        "messages" => error(value),
        other => said(Tone::Info, "notice-other", String::new(), other.to_owned()),
    }
}

fn said(tone: Tone, key: &'static str, name: String, what: String) -> Told {
    Told { tone, key, name, what, before: String::new() }
}

/// A text without its quotes, everything else as it is written; nothing where there is nothing.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn template_status(value: &Value, name: String) -> Told {
    let at = |pointer: &str| value.pointer(pointer).map(plain).filter(|text| !text.is_empty());
    let reason = at("/rejection_info/reason")
        .or_else(|| at("/other_info/description"))
        .or_else(|| at("/reason").filter(|reason| reason != "NONE"))
        .unwrap_or_default();
    let event = at("/event").unwrap_or_default();
    match event.as_str() {
        "APPROVED" => said(Tone::Info, "notice-template-approved", name, String::new()),
        "REJECTED" => said(Tone::Warn, "notice-template-rejected", name, reason),
        "PAUSED" => said(Tone::Warn, "notice-template-paused", name, reason),
        "DISABLED" => said(Tone::Danger, "notice-template-disabled", name, reason),
        _ => said(Tone::Info, "notice-template-status", name, event),
    }
}

fn account(value: &Value) -> Told {
    let word = |pointer: &str| value.pointer(pointer).map(plain).unwrap_or_default();
    let event = word("/event");
    match event.as_str() {
        "ACCOUNT_RESTRICTION" => {
            let restrictions = value.pointer("/restriction_info").and_then(Value::as_array);
            let kinds = restrictions.into_iter().flatten().filter_map(|it| it.get("restriction_type"));
            let what = kinds.map(plain).collect::<Vec<_>>().join(", ");
            said(Tone::Danger, "notice-account-restricted", String::new(), what)
        }
        "DISABLED_UPDATE" if word("/ban_info/waba_ban_state") == "REINSTATE" => {
            said(Tone::Info, "notice-account-reinstated", String::new(), String::new())
        }
        "DISABLED_UPDATE" => {
            said(Tone::Danger, "notice-account-disabled", String::new(), word("/ban_info/waba_ban_date"))
        }
        "PARTNER_ADDED" => {
            said(Tone::Info, "notice-account-connected", String::new(), word("/waba_info/waba_id"))
        }
        _ => said(Tone::Warn, "notice-account-other", String::new(), event),
    }
}

fn number(lang: Lang, value: &Value) -> Told {
    let at = |name: &str| value.get(name).map(plain).filter(|text| !text.is_empty());
    if at("event").as_deref() == Some("THROUGHPUT_UPGRADE") {
        return said(Tone::Info, "notice-throughput", String::new(), String::new());
    }
    let limit = at("max_daily_conversations_per_business")
        .or_else(|| at("max_daily_conversation_per_phone"))
        .or_else(|| at("current_limit"));
    let tone = if at("event").as_deref() == Some("FLAGGED") { Tone::Warn } else { Tone::Info };
    said(tone, "notice-limit", String::new(), limit_in(lang, &limit.unwrap_or_default()))
}

fn preference(value: &Value) -> Told {
    let word = |pointer: &str| value.pointer(pointer).map(plain).filter(|text| !text.is_empty());
    let name = word("/contacts/0/profile/name")
        .or_else(|| word("/user_preferences/0/wa_id"))
        .or_else(|| word("/user_preferences/0/user_id"))
        .unwrap_or_default();
    let is_stop = word("/user_preferences/0/value").as_deref() == Some("stop");
    let key = if is_stop { "notice-marketing-stopped" } else { "notice-marketing-resumed" };
    said(Tone::Info, key, name, String::new())
}

fn address_book(value: &Value) -> Told {
    let changes = value.pointer("/state_sync").and_then(Value::as_array);
    let count = |action: &str| {
        let is_meant = |it: &&Value| it.get("action").and_then(Value::as_str) == Some(action);
        changes.map_or(0, |changes| changes.iter().filter(is_meant).count()).to_string()
    };
    let before = count("remove");
    Told { before, ..said(Tone::Info, "notice-address-book", String::new(), count("add")) }
}

fn group(value: &Value) -> Told {
    let word = |pointer: &str| value.pointer(pointer).map(plain).unwrap_or_default();
    let people = |pointer: &str| {
        let people = value.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        let name = |it: &Value| {
            ["username", "wa_id", "user_id"].iter().find_map(|key| it.get(*key)?.as_str().map(str::to_owned))
        };
        people.filter_map(name).collect::<Vec<_>>().join(", ")
    };
    match word("/groups/0/type").as_str() {
        "group_create" => said(Tone::Info, "notice-group-created", word("/groups/0/subject"), String::new()),
        "group_participants_add" => {
            said(Tone::Info, "notice-group-joined", String::new(), people("/groups/0/added_participants"))
        }
        "group_participants_remove" => {
            said(Tone::Info, "notice-group-left", String::new(), people("/groups/0/removed_participants"))
        }
        other => said(Tone::Info, "notice-group-other", String::new(), other.to_owned()),
    }
}

fn error(value: &Value) -> Told {
    let word = |pointer: &str| value.pointer(pointer).map(plain).filter(|text| !text.is_empty());
    let text = word("/errors/0/error_data/details").or_else(|| word("/errors/0/message")).unwrap_or_default();
    let what = format!("{text} ({})", word("/errors/0/code").unwrap_or_default());
    said(Tone::Warn, "notice-error", String::new(), what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_notice_is_said_in_both_languages() {
        let change = json!({"value": {"event": "REJECTED", "message_template_name": "pedido",
            "rejection_info": {"reason": "Too short."}}});
        let say = |lang| text(lang, "message_template_status_update", &change);
        assert_eq!(say(Lang::English), "Template pedido was rejected: Too short.");
        assert_eq!(say(Lang::Portuguese), "O modelo pedido foi recusado: Too short.");
        assert_eq!(tone("message_template_status_update", &change), Tone::Warn);
    }

    #[test]
    fn nothing_stands_behind_a_colon_where_meta_does_not_say_why() {
        let change =
            json!({"value": {"event": "PAUSED", "message_template_name": "pedido", "reason": "NONE"}});
        let said = text(Lang::English, "message_template_status_update", &change);
        assert_eq!(said, "Template pedido is paused.");
    }

    #[test]
    fn what_nobody_knows_is_said_by_its_name() {
        assert_eq!(text(Lang::English, "standby", &Value::Null), "Notice of WhatsApp: standby");
    }
}
