//! The keystore's schema, apart from the data's.

use db::migrate::Migration;

/// The keystore's schema: a database of its own, so that erasing a key there is not undone by a backup of the data.
pub const KEYSTORE_MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "keys",
    sqlite: include_str!("../../../../migrations/keystore/sqlite/0001_keys.sql"),
    postgres: include_str!("../../../../migrations/keystore/postgres/0001_keys.sql"),
}];
