//! Marks of unfinished work, which belong in an issue.

use super::{Problem, Tree};

/// What may not stand in Rust code, and what to do instead. Written in halves, so that this file does not find itself.
const MARKS: [(&str, &str); 4] = [
    (concat!("to", "do!("), "finish it, or leave the path out until it works"),
    (concat!("unimpl", "emented!("), "finish it, or leave the path out until it works"),
    (concat!("FIX", "ME"), "mend it now, or open an issue and say there what is wrong"),
    (concat!("#[ign", "ore"), "mend the test or delete it; a test that is not run proves nothing"),
];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    tree.texts()
        .filter(|(path, _)| path.ends_with(".rs"))
        .flat_map(|(path, text)| marks(path, text))
        .collect()
}

fn marks<'t>(path: &'t str, text: &'t str) -> impl Iterator<Item = Problem> + 't {
    text.lines().zip(1..).filter_map(move |(content, line)| {
        let (mark, cure) = MARKS.iter().find(|(mark, _)| content.contains(mark))?;
        Some(Problem::new(path, line, format!("`{mark}` is unfinished work; {cure}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_found_on_its_line() {
        for (mark, _) in MARKS {
            let text = format!("fn a() {{}}\n    {mark}\n");
            let found = check(&Tree::of(&[("src/a.rs", &text)]));
            assert_eq!(found.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2], "{mark}");
        }
    }

    #[test]
    fn documents_may_speak_of_the_marks_and_finished_code_has_none() {
        let spoken = MARKS.map(|(mark, _)| mark).join("\n");
        assert_eq!(check(&Tree::of(&[("CONTRIBUTING.md", &spoken), ("src/a.rs", "fn a() {}\n")])), []);
    }
}
