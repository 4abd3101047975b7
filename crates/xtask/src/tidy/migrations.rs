//! Both engines have the same migrations: same number, same name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problem, Tree};

const ENGINES: [&str; 2] = ["sqlite", "postgres"];

/// Folder of one database's migrations, up to the engine: `migrations/` or `migrations/keystore/`.
type Database<'t> = &'t str;

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut databases: BTreeMap<Database<'_>, [BTreeSet<&str>; 2]> = BTreeMap::new();
    for path in tree.paths().filter(|path| path.starts_with("migrations/") && path.ends_with(".sql")) {
        for (engine, position) in ENGINES.iter().zip(0_usize..) {
            if let Some((database, name)) = path.split_once(&format!("{engine}/"))
                && let Some(names) = databases.entry(database).or_default().get_mut(position)
            {
                names.insert(name);
            }
        }
    }
    databases.iter().flat_map(|(database, names)| problems_of(database, names)).collect()
}

fn problems_of(database: Database<'_>, [sqlite, postgres]: &[BTreeSet<&str>; 2]) -> Vec<Problem> {
    let mut problems = missing(database, sqlite, postgres, ENGINES);
    problems.extend(missing(database, postgres, sqlite, [ENGINES[1], ENGINES[0]]));
    for (engine, names) in ENGINES.iter().zip([sqlite, postgres]) {
        problems.extend(misnumbered(&format!("{database}{engine}/"), names));
    }
    problems
}

fn missing(
    database: &str,
    have: &BTreeSet<&str>,
    lack: &BTreeSet<&str>,
    [this, other]: [&str; 2],
) -> Vec<Problem> {
    have.difference(lack)
        .map(|name| {
            let message = format!("has no twin; write `{database}{other}/{name}`");
            Problem::new(&format!("{database}{this}/{name}"), 1, message)
        })
        .collect()
}

fn misnumbered(folder: &str, names: &BTreeSet<&str>) -> Vec<Problem> {
    names
        .iter()
        .zip(1_u32..)
        .filter(|(name, expected)| !name.starts_with(&format!("{expected:04}_")))
        .map(|(name, expected)| {
            let message = format!("is out of order; rename it so that it begins with `{expected:04}_`");
            Problem::new(&format!("{folder}{name}"), 1, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<String> {
        let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, "")).collect();
        check(&Tree::of(&files)).into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn twins_in_order_are_fine_and_each_database_counts_on_its_own() {
        let twins = [
            "migrations/sqlite/0001_first.sql",
            "migrations/sqlite/0002_second.sql",
            "migrations/postgres/0001_first.sql",
            "migrations/postgres/0002_second.sql",
            "migrations/keystore/sqlite/0001_keys.sql",
            "migrations/keystore/postgres/0001_keys.sql",
        ];
        assert!(paths(&twins).is_empty());
    }

    #[test]
    fn a_migration_of_one_engine_only_is_found_from_either_side() {
        for alone in [
            "migrations/sqlite/0001_first.sql",
            "migrations/postgres/0001_first.sql",
            "migrations/keystore/postgres/0001_keys.sql",
        ] {
            assert_eq!(paths(&[alone]), [alone]);
        }
    }

    #[test]
    fn another_name_under_the_same_number_is_found_in_both_folders() {
        let found = paths(&["migrations/sqlite/0001_first.sql", "migrations/postgres/0001_begin.sql"]);
        assert_eq!(found, ["migrations/sqlite/0001_first.sql", "migrations/postgres/0001_begin.sql"]);
    }

    #[test]
    fn a_gap_and_a_doubled_number_are_found() {
        let gap = ["migrations/sqlite/0002_second.sql", "migrations/postgres/0002_second.sql"];
        assert_eq!(paths(&gap), gap);
        let doubled = [
            "migrations/sqlite/0001_a.sql",
            "migrations/sqlite/0001_b.sql",
            "migrations/postgres/0001_a.sql",
            "migrations/postgres/0001_b.sql",
        ];
        assert_eq!(paths(&doubled), ["migrations/sqlite/0001_b.sql", "migrations/postgres/0001_b.sql"]);
    }
}
