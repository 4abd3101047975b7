//! The people who write.

use serde::{Deserialize, Serialize};
use whatsapp::phone::Phone;

use crate::ids;

/// Number of a person within one simulator, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContactId(pub u64);

/// A person to add. At least one of phone and username.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewContact {
    /// The name of the profile.
    pub name: String,
    /// In full; a Brazilian number may lack its ninth digit.
    pub phone: Option<String>,
    /// Without it Meta's rule of thumb holds: from area code 31 on the ninth digit is dropped.
    pub wa_id: Option<String>,
    /// Somebody with a username and no phone here is only known by the business-scoped user id.
    pub username: Option<String>,
    /// Nothing arrives: sends are accepted and then fail with 131026.
    pub blocked: bool,
    /// The number is not on WhatsApp: sends are refused with 131026.
    pub not_on_whatsapp: bool,
}

/// A person.
#[derive(Debug, Clone)]
pub struct Contact {
    pub id: ContactId,
    pub name: String,
    pub username: Option<String>,
    /// In full, with the ninth digit.
    pub phone: Option<Phone>,
    /// As Meta spells the number.
    pub wa_id: Option<String>,
    pub blocked: bool,
    pub not_on_whatsapp: bool,
}

/// What was given describes nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAContact {
    #[error("a person needs a phone number or a username")]
    Anonymous,
    #[error("the phone number is none")]
    Phone,
    #[error("somebody here has this number or username already")]
    Taken,
}

impl NewContact {
    pub(crate) fn into_contact(self, id: ContactId) -> Result<Contact, NotAContact> {
        let given =
            |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let username = given(self.username).map(|name| name.trim_start_matches('@').to_owned());
        let phone = match given(self.phone) {
            Some(text) => Some(Phone::parse_input(&text, true).map_err(|_| NotAContact::Phone)?),
            None => None,
        };
        if phone.is_none() && username.is_none() {
            return Err(NotAContact::Anonymous);
        }
        let wa_id = phone.as_ref().map(|phone| given(self.wa_id).unwrap_or_else(|| as_wa_id(phone)));
        let fallback = || username.clone().or_else(|| phone.as_ref().map(Phone::display)).unwrap_or_default();
        let name = given(Some(self.name)).unwrap_or_else(fallback);
        let (blocked, not_on_whatsapp) = (self.blocked, self.not_on_whatsapp);
        Ok(Contact { id, name, username, phone, wa_id, blocked, not_on_whatsapp })
    }
}

impl Contact {
    /// The business-scoped user id that this person has in an account.
    pub fn user_id(&self, waba_id: &str) -> String {
        ids::user_id(self.country(), self.id.0, waba_id)
    }

    /// The country of the number. Only the ones that appear in demos are told apart.
    fn country(&self) -> &'static str {
        let digits = self.phone.as_ref().map(Phone::as_str).unwrap_or("55");
        match digits {
            _ if digits.starts_with("351") => "PT",
            _ if digits.starts_with('1') => "US",
            _ => "BR",
        }
    }

    /// Whether a number in any spelling is this person's.
    pub(crate) fn has_number(&self, phone: &Phone) -> bool {
        self.phone.as_ref() == Some(phone)
    }

    pub(crate) fn same_person(&self, other: &Self) -> bool {
        let same_phone = self.phone.is_some() && self.phone == other.phone;
        same_phone || (self.username.is_some() && self.username == other.username)
    }
}

/// How Meta is seen to spell Brazilian numbers: area codes from 31 on without the ninth digit.
pub(crate) fn as_wa_id(phone: &Phone) -> String {
    let spellings = phone.variants();
    let above_thirty = phone.as_str().get(2..4).is_some_and(|ddd| ddd >= "31");
    match spellings.get(1) {
        Some(short) if above_thirty => short.clone(),
        _ => phone.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wa_id(phone: &str) -> String {
        as_wa_id(&Phone::parse(phone).unwrap())
    }

    #[test]
    fn the_ninth_digit_is_dropped_from_area_code_31_on() {
        assert_eq!(wa_id("5511999990001"), "5511999990001");
        assert_eq!(wa_id("5528999990001"), "5528999990001");
        assert_eq!(wa_id("5531999990002"), "553199990002");
        assert_eq!(wa_id("554532330004"), "554532330004");
        assert_eq!(wa_id("351912345678"), "351912345678");
    }

    #[test]
    fn nobody_is_made_of_nothing() {
        let nobody = NewContact { name: "Ana".into(), phone: Some("  ".into()), ..NewContact::default() };
        assert_eq!(nobody.into_contact(ContactId(1)).unwrap_err(), NotAContact::Anonymous);
        let odd = NewContact { phone: Some("12".into()), ..NewContact::default() };
        assert_eq!(odd.into_contact(ContactId(1)).unwrap_err(), NotAContact::Phone);
    }

    #[test]
    fn bia_has_a_username_and_no_number() {
        let bia = NewContact { username: Some("@bia.ferraz".into()), ..NewContact::default() };
        let bia = bia.into_contact(ContactId(1)).unwrap();
        assert_eq!((bia.name.as_str(), bia.wa_id.as_deref()), ("bia.ferraz", None));
        assert!(bia.user_id("1").starts_with("BR."));
    }
}
