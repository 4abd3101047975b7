//! Both engines have the same migrations: same number, same name.

use std::collections::BTreeSet;

use super::{Problem, Tree};

const ENGINES: [&str; 2] = ["sqlite", "postgres"];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let [sqlite, postgres] = ENGINES.map(|engine| migrations_of(tree, engine));
    let mut problems = missing(&sqlite, &postgres, ENGINES);
    problems.extend(missing(&postgres, &sqlite, [ENGINES[1], ENGINES[0]]));
    for (engine, names) in ENGINES.iter().zip([&sqlite, &postgres]) {
        problems.extend(misnumbered(engine, names));
    }
    problems
}

/// Paths below the engine's folder, so that a folder of its own (a second database) is numbered on its own.
fn migrations_of<'t>(tree: &'t Tree, engine: &str) -> BTreeSet<&'t str> {
    let folder = format!("migrations/{engine}/");
    tree.paths().filter_map(|path| path.strip_prefix(&folder)).filter(|name| name.ends_with(".sql")).collect()
}

fn missing(have: &BTreeSet<&str>, lack: &BTreeSet<&str>, [this, other]: [&str; 2]) -> Vec<Problem> {
    have.difference(lack)
        .map(|name| {
            let message = format!("has no twin; write `migrations/{other}/{name}`");
            Problem::new(&format!("migrations/{this}/{name}"), 1, message)
        })
        .collect()
}

fn misnumbered(engine: &str, names: &BTreeSet<&str>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut folder = "";
    let mut expected = 1;
    for name in names {
        let (parent, file) = name.rsplit_once('/').unwrap_or(("", name));
        if parent != folder {
            (folder, expected) = (parent, 1);
        }
        let number = file.split_once('_').filter(|(digits, _)| digits.len() == 4);
        if number.and_then(|(digits, _)| digits.parse().ok()) != Some(expected) {
            let message = format!("is out of order; the next one begins with `{expected:04}_`");
            problems.push(Problem::new(&format!("migrations/{engine}/{name}"), 1, message));
        }
        expected += 1;
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<String> {
        let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, "")).collect();
        check(&Tree::of(&files)).into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn twins_in_order_are_fine() {
        let names = ["0001_first.sql", "0002_second.sql", "keys/0001_first.sql"];
        let both: Vec<String> = ENGINES
            .iter()
            .flat_map(|engine| names.map(|name| format!("migrations/{engine}/{name}")))
            .collect();
        assert!(paths(&both.iter().map(String::as_str).collect::<Vec<_>>()).is_empty());
    }

    #[test]
    fn a_migration_of_one_engine_only_is_found_from_either_side() {
        assert_eq!(paths(&["migrations/sqlite/0001_first.sql"]), ["migrations/sqlite/0001_first.sql"]);
        assert_eq!(paths(&["migrations/postgres/0001_first.sql"]), ["migrations/postgres/0001_first.sql"]);
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
