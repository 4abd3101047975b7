//! What is kept secret, and how.
//!
//! A master key outside of every database wraps a key per tenant, which wraps a key per contact ([`Keyring`]).
//! Personal data is sealed before it reaches a store ([`Key::seal`]) and says where it belongs ([`Place`]), so that a
//! ciphertext that was moved to another row does not open. What must be found by its value has a blind index
//! ([`BlindIndex`]) beside it. The key records live in a database of their own, the keystore, which no data backup
//! copies: destroying a contact's key there erases the contact everywhere.

mod blind;
pub(crate) mod file;
mod key;
mod keyring;
mod keystore;
mod master;
mod records;
mod secret;

pub use blind::{BlindIndex, Field};
pub use file::{FileCipher, FileKey};
pub(crate) use key::key_id_of;
pub use key::{Key, KeyId, OpenError, Place};
pub use keyring::{KeyError, Keyring, TenantKeys};
pub use keystore::KEYSTORE_MIGRATIONS;
pub use master::{MasterKey, MasterKeyError};
pub use secret::{Token, digest, random_bytes};
