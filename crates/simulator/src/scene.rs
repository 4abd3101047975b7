//! Everything that the simulator remembers.

use std::collections::{BTreeMap, HashMap};

use whatsapp::phone::Phone;

use crate::channel::Channel;
use crate::conditions::Conditions;
use crate::contact::{Contact, ContactId, NewContact, NotAContact};
use crate::delivery::Line;
use crate::ids::Ids;
use crate::log::Log;
use crate::media::Files;
use crate::meter::{Meter, Tally};
use crate::talk::Talk;
use crate::template::Template;

/// A channel with what happened to its credentials, and the line to its callback.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) channel: Channel,
    pub(crate) token_expired: bool,
    pub(crate) subscribed: bool,
    pub(crate) standing: Standing,
    pub(crate) line: Line,
}

impl Connected {
    /// Where the number's webhooks go: of messages to the nearest override, of everything else to the app's own address.
    /// Nowhere while no app is subscribed to the account.
    pub(crate) fn destination(&self, is_of_messages: bool) -> Option<&str> {
        let own = self.channel.callback_url.as_deref();
        let standing = &self.standing;
        let nearest = standing.number_callback.as_deref().or(standing.account_callback.as_deref());
        if is_of_messages { nearest.or(own) } else { own }.filter(|_| self.subscribed)
    }
}

/// What Meta thinks of a number.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// `GREEN`, `YELLOW`, `RED`.
    pub(crate) quality: String,
    /// `TIER_250`, `TIER_2K`, …
    pub(crate) limit: String,
    /// `STANDARD` or `HIGH`.
    pub(crate) throughput: String,
    /// What was granted to the token.
    pub(crate) scopes: Vec<String>,
    /// What the app hears of.
    pub(crate) fields: Vec<String>,
    /// Nobody pays for the account.
    pub(crate) unpaid: bool,
    /// Where messages of the account go instead of to the app's own address.
    pub(crate) account_callback: Option<String>,
    /// Where messages of this number go; it goes before the account's.
    pub(crate) number_callback: Option<String>,
}

impl Default for Standing {
    fn default() -> Self {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            quality: "GREEN".into(),
            limit: "TIER_2K".into(),
            throughput: "STANDARD".into(),
            scopes: own(&["whatsapp_business_management", "whatsapp_business_messaging"]),
            fields: own(&[
                "account_alerts",
                "account_review_update",
                "account_update",
                "business_capability_update",
                "message_template_components_update",
                "message_template_quality_update",
                "message_template_status_update",
                "messages",
                "phone_number_name_update",
                "phone_number_quality_update",
                "template_category_update",
                "user_preferences",
            ]),
            unpaid: false,
            account_callback: None,
            number_callback: None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Scene {
    /// By phone number id.
    pub(crate) channels: BTreeMap<String, Connected>,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) talks: HashMap<(String, ContactId), Talk>,
    pub(crate) files: Files,
    pub(crate) templates: Vec<Template>,
    pub(crate) conditions: Conditions,
    pub(crate) log: Log,
    pub(crate) meter: Meter,
    pub(crate) tally: Tally,
    pub(crate) ids: Ids,
    /// How far the clock was moved forward, in milliseconds.
    pub(crate) advanced: i64,
}

impl Scene {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            channels: BTreeMap::new(),
            contacts: Vec::new(),
            talks: HashMap::new(),
            files: Files::new(),
            templates: Vec::new(),
            conditions: Conditions::default(),
            log: Log::default(),
            meter: Meter::default(),
            tally: Tally::default(),
            ids: Ids::from_seed(seed),
            advanced: 0,
        }
    }

    pub(crate) fn channel(&self, phone_number_id: &str) -> Option<&Channel> {
        self.channels.get(phone_number_id).map(|connected| &connected.channel)
    }

    pub(crate) fn contact(&self, id: ContactId) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.id == id)
    }

    pub(crate) fn add_contact(&mut self, new: NewContact) -> Result<ContactId, NotAContact> {
        let last = self.contacts.last().map_or(0, |contact| contact.id.0);
        let contact = new.into_contact(ContactId(last.saturating_add(1)))?;
        if self.contacts.iter().any(|other| other.same_person(&contact)) {
            return Err(NotAContact::Taken);
        }
        let id = contact.id;
        self.contacts.push(contact);
        Ok(id)
    }

    pub(crate) fn contact_by_phone(&self, phone: &Phone) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.has_number(phone))
    }

    pub(crate) fn contact_by_user_id(&self, user_id: &str, waba_id: &str) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.user_id(waba_id) == user_id)
    }

    pub(crate) fn talk_mut(&mut self, phone_number_id: &str, contact: ContactId) -> &mut Talk {
        let key = (phone_number_id.to_owned(), contact);
        self.talks.entry(key).or_insert_with(|| Talk::new(phone_number_id.to_owned(), contact))
    }
}
