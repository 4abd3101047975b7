//! What a contact is.

use crate::{
    clock::Millis,
    crypto::{BlindIndex, Field, KeyId},
    ids::ContactId,
};
use serde::{Deserialize, Serialize};
use whatsapp::phone::Phone;

/// What is known of a contact; sealed under its own key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The name the person gave WhatsApp, or an agent gave the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The public user name, without @.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The WhatsApp id exactly as Meta sends it; it may lack Brazil's ninth digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    /// The business-scoped user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The phone number in its canonical spelling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl Profile {
    /// Take over what `newer` knows; returns whether anything changed.
    pub fn learn(&mut self, newer: &Self) -> bool {
        let before = self.clone();
        for (known, said) in [
            (&mut self.name, &newer.name),
            (&mut self.username, &newer.username),
            (&mut self.wa_id, &newer.wa_id),
            (&mut self.user_id, &newer.user_id),
            (&mut self.phone, &newer.phone),
        ] {
            if said.is_some() {
                known.clone_from(said);
            }
        }
        *self != before
    }

    /// The digests under which this person is found, the surest first.
    pub fn digests(&self, index: &BlindIndex) -> Vec<(&'static str, [u8; 16])> {
        let mut digests = Vec::with_capacity(3);
        if let Some(user_id) = &self.user_id {
            digests.push(("user_id", index.digest(Field::UserId, user_id)));
        }
        if let Some(wa_id) = &self.wa_id {
            digests.push(("wa_id", index.digest(Field::WaId, wa_id)));
        }
        if let Some(phone) = &self.phone {
            digests.push(("phone", index.digest(Field::Phone, phone)));
        }
        digests
    }

    /// What an agent calls this person.
    pub fn display_name(&self) -> String {
        if let Some(name) = self.name.as_deref().filter(|name| !name.trim().is_empty()) {
            return name.to_owned();
        }
        if let Some(username) = &self.username {
            return username.clone();
        }
        self.display_phone().unwrap_or_default()
    }

    /// The number as a person reads it; nothing where there is none.
    pub fn display_phone(&self) -> Option<String> {
        let phone = self.phone.as_deref()?;
        Some(Phone::parse(phone).map_or_else(|_| phone.to_owned(), |phone| phone.display()))
    }
}

/// A person who writes in.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// The key that everything of this person is sealed with.
    pub key_id: KeyId,
    /// What is known.
    pub profile: Profile,
    /// When it was first seen.
    pub created_at: Millis,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_learns_what_is_new_and_forgets_nothing() {
        let mut ana =
            Profile { name: Some("Ana".into()), wa_id: Some("5511999990001".into()), ..Profile::default() };
        assert!(!ana.learn(&Profile { name: Some("Ana".into()), ..Profile::default() }));
        assert!(ana.learn(&Profile { user_id: Some("BR.1".into()), ..Profile::default() }));
        assert_eq!((ana.name.as_deref(), ana.user_id.as_deref()), (Some("Ana"), Some("BR.1")));
    }

    #[test]
    fn somebody_without_a_phone_still_has_a_name() {
        let luiza = Profile { username: Some("luiza.viaja".into()), ..Profile::default() };
        assert_eq!((luiza.display_name(), luiza.display_phone()), ("luiza.viaja".into(), None));
        let nameless =
            Profile { phone: Some("5531999990002".into()), name: Some(" ".into()), ..Profile::default() };
        assert_eq!(nameless.display_name(), "+55 (31) 99999-0002");
    }
}
