//! `docs/security-checklist.md`: what the product promises, and which tests hold it to that.
//!
//! A test is named after its row, as in `a07_…`; one that holds two rows names both (`h02_h08_…`). The page is made from
//! the names, so it cannot praise what nobody tests.

mod rows;

use crate::tidy::Tree;
use rows::GROUPS;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Where the page is.
pub(crate) const PAGE: &str = "docs/security-checklist.md";
/// Where tests are that are named after rows.
const TESTS: &str = "crates/zelo/tests/it/";

const HEAD: &str = "\
# Security checklist

Made by `cargo xtask checklist` from the names of tests under `crates/zelo/tests/it/`; tidy compares. A row with tests passes wherever the suite passes: they run on
SQLite and PostgreSQL with every change. \"Not yet built\" means that no test holds the row, so nothing is promised.

";

/// The page for these files.
pub(crate) fn page(tree: &Tree) -> String {
    let tests = tests_by_row(tree);
    let rows = GROUPS.iter().flat_map(|group| group.rows);
    let (all, built) =
        rows.fold((0, 0), |(all, built), (id, _)| (all + 1, built + usize::from(tests.contains_key(*id))));
    let mut page = format!("{HEAD}{built} of {all} rows have tests.\n");
    for group in GROUPS {
        // Writing to a text does not fail.
        let _ = write!(page, "\n## {}\n\n| row | promise | tests |\n|---|---|---|\n", group.title);
        for (id, promise) in group.rows {
            let names = tests.get(*id).map_or_else(
                || "not yet built".to_owned(),
                |names| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join("<br>"),
            );
            let _ = writeln!(page, "| {id} | {promise} | {names} |");
        }
    }
    page
}

/// The names of tests, by the rows that they begin with.
fn tests_by_row(tree: &Tree) -> BTreeMap<String, Vec<String>> {
    let mut tests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, text) in tree.texts().filter(|(path, _)| path.starts_with(TESTS) && path.ends_with(".rs")) {
        for line in text.lines() {
            let Some((_, rest)) = line.trim_start().split_once("fn ") else { continue };
            let Some(name) = rest.split('(').next() else { continue };
            for id in ids_of(name) {
                tests.entry(id).or_default().push(name.to_owned());
            }
        }
    }
    for names in tests.values_mut() {
        names.sort();
        names.dedup();
    }
    tests
}

/// `H02` and `H08` for `h02_h08_pages_obey`.
fn ids_of(name: &str) -> impl Iterator<Item = String> + '_ {
    name.split('_').map_while(|part| {
        let digits = part.strip_prefix(|letter: char| letter.is_ascii_lowercase())?;
        let is_id = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then(|| part.to_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_built_when_a_test_is_named_after_it() {
        let test = "async fn h02_h08_pages_obey() {}\n    fn i01_strict(bytes in any()) {\nfn s_01_is_none() {}\nfn i012_no() {}\n";
        let tree = Tree::of(&[
            ("crates/zelo/tests/it/security/h.rs", test),
            ("crates/zelo/src/a.rs", "fn i08_x() {}"),
        ]);
        let tests = tests_by_row(&tree);
        assert_eq!(tests.keys().collect::<Vec<_>>(), ["H02", "H08", "I01"]);
        let page = page(&tree);
        assert!(page.contains("| `h02_h08_pages_obey` |") && page.contains("\n3 of "), "{page}");
        assert!(page.lines().any(|line| line.starts_with("| I08 |") && line.ends_with("| not yet built |")));
    }

    #[test]
    fn every_row_stands_once_and_in_order() {
        let ids: Vec<&str> = GROUPS.iter().flat_map(|group| group.rows).map(|(id, _)| *id).collect();
        let mut sorted = ids.clone();
        sorted.dedup();
        assert_eq!(ids, sorted);
        assert!(ids.len() > 80, "a group is missing");
    }
}
