//! Pairs that people leave as they are.

/// Fifty of them.
pub(super) fn left_as_they_are() -> Vec<(&'static str, &'static str)> {
    let names = [
        "admin",
        "root",
        "administrator",
        "admin@admin.com",
        "admin@example.com",
        "admin@localhost",
        "zelo",
        "admin@zelo.example.com",
        "user@example.com",
        "test@example.com",
    ];
    let passwords = ["admin", "password", "123456", "changeme", "zelo"];
    names.into_iter().flat_map(|name| passwords.into_iter().map(move |password| (name, password))).collect()
}
