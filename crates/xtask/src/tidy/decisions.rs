//! Decisions are numbered without gaps, so that one may be named by its number.

use super::{Problem, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let decisions = tree.paths().filter_map(|path| {
        let name = path.strip_prefix("docs/decisions/")?;
        (name.ends_with(".md") && name != "README.md").then_some((path, name))
    });
    decisions
        .zip(1_u32..)
        .filter(|((_, name), expected)| !name.starts_with(&format!("{expected:04}-")))
        .map(|((path, _), expected)| {
            let message = format!("is out of order; rename it so that it begins with `{expected:04}-`");
            Problem::new(path, 1, message)
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
    fn numbers_in_order_are_fine_and_the_folder_may_have_an_index() {
        assert!(
            paths(&["docs/decisions/0001-a.md", "docs/decisions/0002-b.md", "docs/decisions/README.md"])
                .is_empty()
        );
    }

    #[test]
    fn a_gap_is_found_at_the_first_decision_after_it() {
        let found = paths(&["docs/decisions/0001-a.md", "docs/decisions/0003-c.md"]);
        assert_eq!(found, ["docs/decisions/0003-c.md"]);
    }

    #[test]
    fn a_doubled_number_and_a_missing_one_are_found() {
        let found =
            paths(&["docs/decisions/0001-a.md", "docs/decisions/0001-b.md", "docs/decisions/words.md"]);
        assert_eq!(found, ["docs/decisions/0001-b.md", "docs/decisions/words.md"]);
    }
}
