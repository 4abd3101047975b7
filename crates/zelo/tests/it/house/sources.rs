//! Who may write what, by the text of the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Name (from `crates/`) and text of every Rust file of a crate's product code, without its tests and comments.
pub(super) fn sources(crates: &[&str]) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = crates.iter().map(|name| root.join(name).join("src")).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                if !name.contains("/tests/")
                    && !name.ends_with("/tests.rs")
                    && !name.ends_with("/conformance.rs")
                {
                    files.push((name, product_of(&std::fs::read_to_string(&path).unwrap())));
                }
            }
        }
    }
    files.sort();
    assert!(files.len() > 20);
    files
}

fn product_of(text: &str) -> String {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    product.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Name and text of every file of the product.
pub(crate) fn product_sources() -> Vec<(String, String)> {
    sources(&["zelo"])
}

/// The tables that SQL in a text writes.
fn written_tables(text: &str) -> BTreeSet<String> {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut tables = BTreeSet::new();
    for verb in ["insert into ", "update ", "delete from "] {
        for (position, _) in flat.match_indices(verb) {
            let after = &flat[position + verb.len()..];
            let word: String =
                after.chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_').collect();
            let rest = &after[word.len()..];
            // English says "update" too; SQL goes on with a column list, `set`, `where` or the end of the text.
            let is_sql = [" (", " set ", " where ", "\""].iter().any(|next| rest.starts_with(next));
            if !word.is_empty() && is_sql {
                tables.insert(word);
            }
        }
    }
    tables
}

#[test]
fn the_scan_for_written_tables_sees_what_it_looks_for() {
    let text = "\"insert into messages (id)\n select 1\" then \"update  channels\n set x = 1\" and \"delete from outbox where 1\" or update me";
    assert_eq!(written_tables(text), BTreeSet::from(["messages".into(), "channels".into(), "outbox".into()]));
}

/// Only its owner writes a table, and only in one file of SQL.
#[test]
fn every_table_is_written_in_one_place() {
    let mut writers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in sources(&["zelo", "jobs", "db"]) {
        for table in written_tables(&text) {
            writers.entry(table).or_default().insert(file.clone());
        }
    }
    for table in
        ["messages", "conversations", "contacts", "users", "webhook_events", "outbox", "jobs", "keys"]
    {
        assert!(writers.contains_key(table), "nobody writes {table}: the scan is blind");
    }
    // The queue's rows are written by the steps of a job's life, each with a file of its own.
    let one_folder = ["jobs"];
    for (table, files) in &writers {
        if one_folder.contains(&table.as_str()) {
            assert!(
                files.iter().all(|file| file.starts_with("jobs/src/")),
                "{table} is written in {files:?}"
            );
        } else {
            assert_eq!(files.len(), 1, "{table} is written in {files:?}");
        }
    }
    // In the product, SQL that writes stands in a slice's store, or in a file of its own for a table apart.
    let apart = BTreeMap::from([
        (
            "zelo/src/inbound/quarantine.rs",
            "the quarantine: its rows are written, listed and replayed in one place",
        ),
        ("zelo/src/events/outbox.rs", "the outbox, which is all that events store"),
        ("zelo/src/http/idempotency.rs", "answers given before, which belong to no slice"),
        ("zelo/src/crypto/records.rs", "the keystore, a database of its own"),
    ]);
    let files: BTreeSet<&str> = writers.values().flatten().map(String::as_str).collect();
    let strange: Vec<_> = files
        .iter()
        .filter(|file| {
            file.starts_with("zelo/") && !file.ends_with("/store.rs") && !apart.contains_key(**file)
        })
        .collect();
    assert!(strange.is_empty(), "SQL that writes stands outside of a store: {strange:?}");
    assert!(apart.keys().all(|file| files.contains(file)), "the list names a file that writes nothing");
}

/// An engine's quirk is a named function of `db`; nobody else asks which engine it is.
#[test]
fn nobody_outside_of_db_branches_by_engine() {
    // Where an installation is set up somebody must know what an address means.
    let may: BTreeMap<&str, &str> = BTreeMap::from([
        (
            "zelo/src/stores.rs",
            "a database file of our own may be created and is copied before its schema changes",
        ),
        ("zelo/src/config/mod.rs", "the default place of the data is a file, of the keys one beside it"),
        ("zelo/src/cli/", "commands show people the engine, and say what is wrong with an address"),
    ]);
    let asks = [
        "Engine::Sqlite",
        "Engine::Postgres",
        "DatabaseUrl::Sqlite",
        "DatabaseUrl::Postgres",
        "sqlite_master",
        "pg_catalog",
    ];
    let (mut found, mut used) = (Vec::new(), BTreeSet::new());
    for (file, text) in sources(&["zelo", "jobs", "whatsapp", "simulator"]) {
        if asks.iter().any(|word| text.contains(word)) {
            match may.keys().find(|allowed| file.starts_with(**allowed)) {
                Some(allowed) => {
                    used.insert(*allowed);
                }
                None => found.push(file),
            }
        }
    }
    assert!(
        may.keys().all(|allowed| used.contains(allowed)),
        "the list allows more than anybody needs: {used:?}"
    );
    assert!(
        found.is_empty(),
        "these ask for the engine; give the difference a name in db/src/dialect: {found:?}"
    );
}

/// Drivers stay behind `db`.
#[test]
fn no_crate_but_db_knows_a_driver() {
    for (file, text) in sources(&["zelo", "jobs", "whatsapp", "simulator"]) {
        for driver in ["rusqlite", "tokio_postgres", "deadpool"] {
            assert!(!text.contains(driver), "{file} uses {driver}");
        }
    }
}

/// A scope value is made from credentials or by background work, and nowhere from what a client sends.
#[test]
fn a_tenants_scope_is_made_in_few_places() {
    let mut makers = BTreeSet::new();
    for (file, text) in sources(&["zelo"]) {
        if text.contains("TenantScope::of_credentials") || text.contains("TenantScope::of_work") {
            makers.insert(file);
        }
    }
    assert!(makers.contains("zelo/src/identity/caller.rs"));
    let may = |file: &String| {
        [
            "zelo/src/identity/",
            "zelo/src/inbound/",
            "zelo/src/media/",
            "zelo/src/outbound/",
            "zelo/src/realtime/",
            "zelo/src/cli/",
            "zelo/src/events/",
            "zelo/src/rotation/",
            "zelo/src/silence/",
            "zelo/src/connecting/",
            "zelo/src/conversations/",
            "zelo/src/templates/",
            "zelo/src/tasks.rs",
        ]
        .iter()
        .any(|folder| file.starts_with(folder))
    };
    let others: Vec<_> = makers.iter().filter(|file| !may(file)).collect();
    assert!(others.is_empty(), "{others:?} make a tenant's scope");
    assert!(makers.iter().all(|file| !file.contains("/api/") && !file.contains("/pages/")));
}

/// What leads out of the house: Meta, other servers, the post, the store of files, the shared cache.
const DOORS: [&str; 9] = [
    "graph.",
    "http.",
    "egress.",
    "mailer.",
    "objects.",
    "redis.",
    "connecting::check(",
    "mail::deliver(",
    "show_typing(",
];

/// No network inside a transaction: between `db::write!` or `db::read!` and its end nobody is called.
#[test]
fn no_transaction_waits_for_meta() {
    let (mut transactions, mut waiting) = (0, Vec::new());
    for (file, text) in sources(&["zelo"]) {
        for (position, _) in text.match_indices("db::write!(").chain(text.match_indices("db::read!(")) {
            let block = braced(&text[position..]);
            transactions += 1;
            waiting.extend(calls_out(block).map(|door| format!("{file} calls {door} in {block}")));
        }
    }
    assert!(transactions > 200, "the scan is blind: {transactions}");
    assert!(waiting.is_empty(), "a transaction waits for somebody outside: {waiting:#?}");
}

fn calls_out(block: &str) -> impl Iterator<Item = &'static str> {
    // A door is a word of its own: `app.objects.put(…)` is one, `open_objects.len()` is none.
    DOORS.into_iter().filter(|door| {
        block
            .match_indices(door)
            .any(|(at, _)| !block[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
    })
}

#[test]
fn the_scan_for_calls_in_transactions_sees_each_door() {
    for door in DOORS {
        let block = format!("db::write!(app.db, \"x\", scope, |tx| {{ app.{door}send(1).await }})");
        assert_eq!(calls_out(&block).collect::<Vec<_>>(), [door]);
    }
    assert_eq!(calls_out("db::write!(app.db, |tx| open_objects.len() + telegraph.len())").count(), 0);
}

/// What leaves towards a contact passes the one gate, so that only the deliveries behind it speak to Meta of messages.
#[test]
fn only_outbound_sends_messages_to_meta() {
    let mut callers = BTreeSet::new();
    for (file, text) in sources(&["zelo"]) {
        for call in [".send_message(", ".mark_read(", ".show_typing("] {
            if text.split_whitespace().collect::<String>().contains(&format!("graph{call}")) {
                callers.insert(file.clone());
            }
        }
    }
    assert!(callers.contains("zelo/src/outbound/deliver.rs"), "the scan is blind: {callers:?}");
    let others: Vec<_> = callers.iter().filter(|file| !file.starts_with("zelo/src/outbound/")).collect();
    assert!(others.is_empty(), "{others:?} send to contacts past the gate");
}

/// From a macro's opening parenthesis to the one that closes it.
fn braced(text: &str) -> &str {
    let mut depth = 0_i32;
    for (position, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 1 => return &text[..=position],
            ')' => depth -= 1,
            _ => {}
        }
    }
    text
}
