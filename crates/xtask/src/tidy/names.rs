//! How files may be called, and how long they may be.

use super::tree::is_foreign;
use super::{Problem, Tree};

/// A file longer than this does more than one thing. The aim is half of it.
const MOST_LINES: usize = 600;

/// Names that say nothing of what is inside: an attic where things are put and not found again.
const ATTICS: [&str; 11] =
    ["util", "utils", "helper", "helpers", "common", "core", "type", "types", "misc", "manager", "managers"];

const CODE: [&str; 6] = ["rs", "js", "mjs", "css", "py", "sh"];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        tree.paths().filter(|path| !is_foreign(path)).filter_map(attic).collect();
    problems.extend(tree.texts().filter(|(path, _)| !is_foreign(path)).filter_map(too_long));
    problems
}

fn attic(path: &str) -> Option<Problem> {
    let (stem, extension) = path.rsplit_once('.')?;
    if !CODE.contains(&extension) {
        return None;
    }
    let name = stem.split('/').find(|part| ATTICS.contains(part))?;
    let message =
        format!("`{name}` does not say what is inside; name the file after the noun or verb it holds");
    Some(Problem::new(path, 1, message))
}

fn too_long((path, text): (&str, &str)) -> Option<Problem> {
    let lines = text.lines().count();
    (path.ends_with(".rs") && lines > MOST_LINES).then(|| {
        let message =
            format!("{lines} lines, at most {MOST_LINES}; move one of the things it does into its own file");
        Problem::new(path, MOST_LINES + 1, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(files: &[(&str, &str)]) -> Vec<(String, usize)> {
        check(&Tree::of(files)).into_iter().map(|problem| (problem.path, problem.line)).collect()
    }

    #[test]
    fn an_attic_is_found_as_a_file_and_as_a_folder() {
        let found = places(&[("crates/zelo/src/utils.rs", ""), ("crates/zelo/src/common/time.rs", "")]);
        let expected = ["crates/zelo/src/common/time.rs", "crates/zelo/src/utils.rs"];
        assert_eq!(found, expected.map(|path| (path.to_owned(), 1)));
    }

    #[test]
    fn names_that_only_contain_an_attics_name_are_fine() {
        assert_eq!(
            places(&[("src/message_types_seen.rs", ""), ("src/corera.rs", ""), ("docs/types.md", "")]),
            []
        );
    }

    #[test]
    fn the_six_hundred_and_first_line_is_too_many() {
        let full = "\n".repeat(600);
        let overfull = "\n".repeat(601);
        assert_eq!(places(&[("src/a.rs", &full), ("src/b.rs", &overfull)]), [("src/b.rs".to_owned(), 601)]);
    }

    #[test]
    fn other_peoples_files_may_be_called_and_sized_as_they_like() {
        assert_eq!(places(&[("assets/vendor/utils.js", "")]), []);
    }
}
