//! Contacts: the people who write in.
//!
//! A contact is known by what Meta says of it: a business-scoped user id, a WhatsApp id, a phone number. None of them is
//! a key, because each may be absent or change. Everything personal lies under the contact's own encryption key.

mod merge;
mod model;
mod profile;
mod resolve;
mod service;
mod store;

pub use merge::{MergeReason, Merged, MovedConversation, Parting, part, record_merge};
pub use model::{Contact, MarketingChoice, Profile};
pub use profile::contact_place;
pub use resolve::{Merge, Resolved, Resolver, Sighting, insert_resolved, refuse_merged};
pub use service::{
    Prepared, find_by_phone, find_merge, get_contact, get_seen_contact, insert_prepared, list_contacts,
    list_merges, load_contacts, note_marketing, prepare_by_phone, remember_wa_id,
};
