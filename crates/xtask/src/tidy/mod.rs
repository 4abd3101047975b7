//! The checks, one file for each family, and what they share: the tree they look at and the problem they report.

mod checklist;
mod crates;
mod decisions;
mod locales;
mod migrations;
mod names;
mod text;
mod tree;
mod unfinished;

use std::fmt;

pub(crate) use tree::Tree;

/// Something to mend, with the place and the cure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// Path from the root of the repository.
    path: String,
    /// Counted from 1; 1 also where the whole file is meant.
    line: usize,
    /// What is wrong, then what to do about it.
    message: String,
}

impl Problem {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Runs every check and answers the problems sorted by place.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let checks: [fn(&Tree) -> Vec<Problem>; 8] = [
        names::check,
        unfinished::check,
        text::check,
        crates::check,
        migrations::check,
        locales::check,
        decisions::check,
        checklist::check,
    ];
    let mut problems: Vec<Problem> = checks.iter().flat_map(|check| check(tree)).collect();
    problems.sort();
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_a_place_an_editor_can_open() {
        let problem = Problem::new("docs/testing.md", 7, "ends in a blank; remove it");
        assert_eq!(problem.to_string(), "docs/testing.md:7: ends in a blank; remove it");
    }

    #[test]
    fn an_empty_tree_has_no_problems() {
        assert_eq!(check(&Tree::of(&[])), []);
    }

    #[test]
    fn every_family_of_checks_is_run_and_the_answer_is_sorted_by_place() {
        let tree = Tree::of(&[
            ("src/utils.rs", "fn a() {} \n"),
            ("src/a.rs", concat!("to", "do!()\n")),
            ("migrations/sqlite/0001_first.sql", ""),
            ("locales/en/main.ftl", "hello = Hello\n"),
            ("locales/pt-BR/main.ftl", ""),
            ("docs/decisions/0002-second.md", ""),
            ("crates/lonely/Cargo.toml", ""),
        ]);
        let places: Vec<String> = check(&tree).into_iter().map(|problem| problem.path).collect();
        assert_eq!(
            places,
            [
                "crates/lonely/Cargo.toml",
                "docs/decisions/0002-second.md",
                "locales/pt-BR/main.ftl",
                "migrations/sqlite/0001_first.sql",
                "src/a.rs",
                "src/utils.rs",
                "src/utils.rs",
            ]
        );
    }
}
