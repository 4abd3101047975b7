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
    /// When, by Meta's clock, something of it was last told that was new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Millis>,
}

impl Profile {
    /// Take over what `other` knows, which was said at `at`; returns whether anything changed. What is older than the last
    /// news fills gaps and replaces nothing.
    pub fn learn(&mut self, other: &Self, at: Millis) -> bool {
        let is_old = self.told_at.is_some_and(|told_at| at < told_at);
        let mut is_changed = false;
        for (known, said) in [
            (&mut self.name, &other.name),
            (&mut self.username, &other.username),
            (&mut self.wa_id, &other.wa_id),
            (&mut self.user_id, &other.user_id),
            (&mut self.phone, &other.phone),
        ] {
            if said.is_some() && known != said && (known.is_none() || !is_old) {
                known.clone_from(said);
                is_changed = true;
            }
        }
        if is_changed && !is_old {
            self.told_at = Some(at);
        }
        is_changed
    }

    /// Whether this and `other` cannot be the same person: Meta gave them different ids.
    pub fn contradicts(&self, other: &Self) -> bool {
        matches!((&self.user_id, &other.user_id), (Some(here), Some(there)) if here != there)
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
    /// The contact that it was merged into, where it was.
    pub merged_into: Option<ContactId>,
    /// What the person told Meta about marketing messages, if anything.
    pub marketing: Option<MarketingChoice>,
}

/// What a person wants of marketing messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarketingChoice {
    /// None.
    Stop,
    /// Again some.
    Resume,
}

impl MarketingChoice {
    /// The word that is stored, which is Meta's.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Resume => "resume",
        }
    }

    /// Read the word that is stored.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "stop" => Some(Self::Stop),
            "resume" => Some(Self::Resume),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_learns_what_is_new_and_forgets_nothing() {
        let mut ana =
            Profile { name: Some("Ana".into()), wa_id: Some("5511999990001".into()), ..Profile::default() };
        assert!(!ana.learn(&Profile { name: Some("Ana".into()), ..Profile::default() }, 5));
        assert!(ana.learn(&Profile { user_id: Some("BR.1".into()), ..Profile::default() }, 5));
        assert_eq!((ana.name.as_deref(), ana.user_id.as_deref()), (Some("Ana"), Some("BR.1")));
    }

    #[test]
    fn what_comes_late_fills_gaps_and_replaces_nothing() {
        let mut ana = Profile::default();
        assert!(ana.learn(&Profile { wa_id: Some("2".into()), ..Profile::default() }, 20));
        let late = Profile { wa_id: Some("1".into()), name: Some("Ana".into()), ..Profile::default() };
        assert!(ana.learn(&late, 10));
        assert_eq!((ana.wa_id.as_deref(), ana.name.as_deref()), (Some("2"), Some("Ana")));
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
