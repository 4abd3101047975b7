//! What every text file keeps to: no blanks at the ends of lines, nothing of one person's machine.

use super::tree::is_foreign;
use super::{Problem, Tree};

/// Where people keep their work. Written in halves, so that this file does not find itself.
const PERSONAL_FOLDERS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let ours = tree.texts().filter(|(path, _)| !is_foreign(path));
    ours.flat_map(|(path, text)| {
        text.lines().zip(1..).flat_map(move |(content, line)| {
            let found = [trailing_blank(content), personal_folder(content), private_word(tree, content)];
            found.into_iter().flatten().map(move |message| Problem::new(path, line, message))
        })
    })
    .collect()
}

fn trailing_blank(content: &str) -> Option<String> {
    content.ends_with([' ', '\t']).then(|| "ends in a blank; remove it".to_owned())
}

fn personal_folder(content: &str) -> Option<String> {
    let folder = PERSONAL_FOLDERS.iter().find(|folder| {
        // A longer path, such as one of an URL, only contains the folder's name.
        content.match_indices(**folder).any(|(at, _)| {
            let before = content.get(..at).and_then(|head| head.chars().next_back());
            !before
                .is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | '}' | '*' | '/'))
        })
    })?;
    Some(format!(
        "`{folder}` is a folder of one machine; use a path from the repository's root, or a variable"
    ))
}

fn private_word(tree: &Tree, content: &str) -> Option<String> {
    let lower = content.to_lowercase();
    let word = tree.private_words().iter().find(|word| lower.contains(word.as_str()))?;
    Some(format!("`{word}` is in this clone's list of private words; say it without"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&Tree::of(&[("docs/a.md", text)])).into_iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn blanks_at_the_end_of_a_line_are_found() {
        assert_eq!(lines("fine\nspace \ntab\t\n  indented\n"), [2, 3]);
    }

    #[test]
    fn a_folder_of_one_machine_is_found_and_a_part_of_an_address_is_not() {
        for folder in PERSONAL_FOLDERS {
            assert_eq!(lines(&format!("see {folder}notes.md\n")), [1], "{folder}");
            assert_eq!(lines(&format!("see https://example.org{folder}notes\n")), [], "{folder}");
        }
    }

    #[test]
    fn a_private_word_is_found_however_it_is_written() {
        let tree = Tree::of(&[("docs/a.md", "open\nask Hush about it\n")]).keeping_private(&["hush"]);
        assert_eq!(check(&tree).into_iter().map(|problem| problem.line).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn other_peoples_files_keep_their_blanks() {
        assert_eq!(check(&Tree::of(&[("assets/vendor/viewer.js", "a \n")])), []);
    }
}
