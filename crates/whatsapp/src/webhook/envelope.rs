//! The body of a post: entries, changes, and which of them says what.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::account::{
    AccountAlert, AccountReview, AccountUpdate, BusinessCapability, BusinessUsername, FlowNotice,
    PhoneNumberName, PhoneNumberQuality, SecurityNotice, UserPreferences,
};
use super::calls::{self, Calls};
use super::coexistence::{self, AppStateSync, History, MessageEchoes};
use super::groups::Groups;
use super::messages::{self, Messages};
use super::template::{TemplateCategory, TemplateComponents, TemplateQuality, TemplateStatus};
use crate::lenient::{self, Fields, Raw};

/// One post of Meta.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// In Meta's order. Batches hold up to 1,000 updates.
    pub entries: Vec<Entry>,
}

/// What happened in one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The WhatsApp Business Account id; for `PARTNER_*` notices the partner's business id, and the account is in
    /// [`AccountUpdate::waba_info`]. Empty if it is missing.
    pub id: String,
    /// Unix seconds; only account and template notices have it.
    pub time: Option<i64>,
    pub changes: Vec<Change>,
}

/// One change, by Meta's field.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Messages(Messages),
    /// Coexistence: what the business wrote in its app.
    MessageEchoes(MessageEchoes),
    /// Coexistence: what was written before the number was connected.
    History(History),
    /// Coexistence: the address book of the app.
    AppStateSync(AppStateSync),
    Calls(Calls),
    UserPreferences(UserPreferences),
    TemplateStatus(TemplateStatus),
    TemplateQuality(TemplateQuality),
    TemplateComponents(TemplateComponents),
    TemplateCategory(TemplateCategory),
    AccountUpdate(AccountUpdate),
    AccountAlert(AccountAlert),
    AccountReview(AccountReview),
    BusinessCapability(BusinessCapability),
    BusinessUsername(BusinessUsername),
    PhoneNumberQuality(PhoneNumberQuality),
    PhoneNumberName(PhoneNumberName),
    Security(SecurityNotice),
    GroupLifecycle(Groups),
    GroupParticipants(Groups),
    GroupSettings(Groups),
    GroupStatus(Groups),
    Flow(FlowNotice),
    /// A field that was not known when this was written, one that is ignored on purpose (`automatic_events`,
    /// `partner_solutions`, `payment_configuration_update`, `standby`, `messaging_handovers`), or a known one of
    /// another shape. An entry that cannot be read is one of these with an empty field.
    Unknown {
        field: String,
        raw: Raw,
    },
}

/// The body is not JSON, or not a list of entries. Everything below that survives.
#[derive(Debug, thiserror::Error)]
#[error("not a webhook body: {0}")]
pub struct ParseError(#[from] serde_json::Error);

impl Envelope {
    /// Every change with the id of its account, in order.
    pub fn changes(&self) -> impl Iterator<Item = (&str, &Change)> {
        self.entries.iter().flat_map(|entry| entry.changes.iter().map(|change| (entry.id.as_str(), change)))
    }
}

/// Reads a body. Verify its signature first.
pub fn parse(body: &[u8]) -> Result<Envelope, ParseError> {
    match serde_json::from_slice::<Ordinary>(body) {
        Ok(ordinary) => Ok(ordinary.into()),
        Err(_) => parse_piecewise(body),
    }
}

/// The bodies that make up nearly all traffic: only `messages`, nothing unknown in them.
#[derive(Deserialize)]
struct Ordinary {
    entry: Vec<OrdinaryEntry>,
}

#[derive(Deserialize)]
struct OrdinaryEntry {
    id: String,
    #[serde(default, deserialize_with = "lenient::optional_seconds")]
    time: Option<i64>,
    changes: Vec<OrdinaryChange>,
}

#[derive(Deserialize)]
struct OrdinaryChange {
    value: Messages,
    #[serde(rename = "field", deserialize_with = "only_messages")]
    _field: (),
}

fn only_messages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    match <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.as_ref() {
        "messages" => Ok(()),
        _ => Err(D::Error::custom("another field than messages")),
    }
}

impl From<Ordinary> for Envelope {
    fn from(ordinary: Ordinary) -> Self {
        let entry = |entry: OrdinaryEntry| Entry {
            id: entry.id,
            time: entry.time,
            changes: entry.changes.into_iter().map(|change| Change::Messages(change.value)).collect(),
        };
        Self { entries: ordinary.entry.into_iter().map(entry).collect() }
    }
}

#[derive(Deserialize)]
struct AnyBody<'a> {
    #[serde(borrow)]
    entry: Vec<&'a RawValue>,
}

fn parse_piecewise(body: &[u8]) -> Result<Envelope, ParseError> {
    let body: AnyBody<'_> = serde_json::from_slice(body)?;
    Ok(Envelope { entries: body.entry.into_iter().map(read_entry).collect() })
}

fn read_entry(raw: &RawValue) -> Entry {
    let Some(fields) = Fields::read(raw) else {
        return Entry { id: String::new(), time: None, changes: vec![unknown("", raw)] };
    };
    let changes = match fields.raw("changes").map(|raw| serde_json::from_str::<Vec<&RawValue>>(raw.get())) {
        Some(Ok(list)) => list.into_iter().map(read_change).collect(),
        _ => vec![unknown("", raw)],
    };
    Entry { id: fields.text("id").unwrap_or_default(), time: fields.seconds("time"), changes }
}

fn read_change(raw: &RawValue) -> Change {
    let Some(fields) = Fields::read(raw) else { return unknown("", raw) };
    let value = fields.raw("value");
    // Some of Meta's own examples have the field inside the value.
    let inner = || value.and_then(Fields::read).and_then(|value| value.text("field"));
    let field = fields.text("field").or_else(inner).unwrap_or_default();
    value.and_then(|value| read_value(&field, value)).unwrap_or_else(|| unknown(&field, raw))
}

fn unknown(field: &str, raw: &RawValue) -> Change {
    Change::Unknown { field: field.to_owned(), raw: raw.into() }
}

/// Reads the value of a known field. Nothing means that it is kept raw.
fn read_value(field: &str, raw: &RawValue) -> Option<Change> {
    match field {
        "messages" => messages::read_value(raw).map(Change::Messages),
        "smb_message_echoes" => coexistence::read_echoes(raw).map(Change::MessageEchoes),
        "history" => coexistence::read_history(raw).map(Change::History),
        "smb_app_state_sync" => typed(raw, Change::AppStateSync),
        "calls" => calls::read_value(raw).map(Change::Calls),
        "user_preferences" => typed(raw, Change::UserPreferences),
        // Meta's examples of quality notices carry the field of status notices.
        "message_template_status_update" => {
            typed(raw, Change::TemplateStatus).or_else(|| typed(raw, Change::TemplateQuality))
        }
        "message_template_quality_update" => typed(raw, Change::TemplateQuality),
        "message_template_components_update" => typed(raw, Change::TemplateComponents),
        "template_category_update" => typed(raw, Change::TemplateCategory),
        "account_update" => typed(raw, Change::AccountUpdate),
        "account_alerts" => typed(raw, Change::AccountAlert),
        "account_review_update" => typed(raw, Change::AccountReview),
        "business_capability_update" => typed(raw, Change::BusinessCapability),
        "business_username_update" | "business_username_updates" => typed(raw, Change::BusinessUsername),
        "phone_number_quality_update" => typed(raw, Change::PhoneNumberQuality),
        "phone_number_name_update" => typed(raw, Change::PhoneNumberName),
        "security" => typed(raw, Change::Security),
        "group_lifecycle_update" => typed(raw, Change::GroupLifecycle),
        "group_participants_update" => typed(raw, Change::GroupParticipants),
        "group_settings_update" => typed(raw, Change::GroupSettings),
        "group_status_update" => typed(raw, Change::GroupStatus),
        "flows" => typed(raw, Change::Flow),
        _ => None,
    }
}

fn typed<T: serde::de::DeserializeOwned>(raw: &RawValue, change: impl FnOnce(T) -> Change) -> Option<Change> {
    serde_json::from_str(raw.get()).ok().map(change)
}
