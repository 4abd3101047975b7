//! Contacts: the people who write in.
//!
//! A contact is known by what Meta says of it: a business-scoped user id, a WhatsApp id, a phone number. None of them is
//! a key, because each may be absent or change. Everything personal lies under the contact's own encryption key.

mod model;
mod profile;
mod resolve;
mod service;
mod store;

pub use model::{Contact, Profile};
pub use profile::contact_place;
pub use resolve::{Resolved, Resolver, Sighting, insert_resolved};
pub use service::{
    find_by_phone, find_by_phone_or_create, get_contact, get_seen_contact, list_contacts, load_contacts,
    remember_wa_id,
};
