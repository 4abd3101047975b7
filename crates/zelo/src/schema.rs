//! The steps of the data's schema, in order.

use db::migrate::Migration;

/// A migration in both engines' words.
macro_rules! migration {
    ($number:literal, $digits:literal, $name:literal) => {
        Migration {
            number: $number,
            name: $name,
            sqlite: include_str!(concat!("../../../migrations/sqlite/", $digits, "_", $name, ".sql")),
            postgres: include_str!(concat!("../../../migrations/postgres/", $digits, "_", $name, ".sql")),
        }
    };
}

/// All of them. A released one is never changed.
pub const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001", "the_first_conversation"),
    migration!(2, "0002", "jobs"),
    migration!(3, "0003", "idempotency_keys"),
    migration!(4, "0004", "limits"),
    migration!(5, "0005", "audit"),
    migration!(6, "0006", "identity"),
    migration!(7, "0007", "rights"),
    migration!(8, "0008", "outbound_pace"),
    migration!(9, "0009", "governance"),
    migration!(10, "0010", "approvals"),
    migration!(11, "0011", "rotation"),
    migration!(12, "0012", "access_reviews"),
    migration!(13, "0013", "tax_ids"),
    migration!(14, "0014", "media"),
    migration!(15, "0015", "inbound"),
    migration!(16, "0016", "receipts"),
    migration!(17, "0017", "templates"),
    migration!(18, "0018", "silence"),
    migration!(19, "0019", "quotas"),
    migration!(20, "0020", "job_traces"),
];
