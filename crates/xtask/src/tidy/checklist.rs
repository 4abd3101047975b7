//! The security checklist is the one that the tests make.

use super::{Problem, Tree};
use crate::checklist::{PAGE, page};

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    match tree.text(PAGE) {
        Some(text) if text != page(tree) => {
            vec![Problem::new(PAGE, 1, "is not what the tests say; run `cargo xtask checklist`")]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_page_is_found_and_a_new_one_is_fine() {
        let test = ("crates/zelo/tests/it/security/i.rs", "fn i08_doubled_keys() {}");
        let now = page(&Tree::of(&[test]));
        assert!(check(&Tree::of(&[test, (PAGE, &now)])).is_empty());
        assert_eq!(check(&Tree::of(&[(PAGE, &now)])).len(), 1);
    }
}
