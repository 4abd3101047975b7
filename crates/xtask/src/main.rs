//! Chores of the repository that need more than a shell line.
//!
//! `cargo xtask tidy` checks what neither the compiler nor clippy knows: where things may stand and how they may be
//! called. It links nothing of the product, so it builds in a second and works when the product does not.

mod checklist;
mod tidy;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
Chores of the repository.

Usage: cargo xtask COMMAND

Commands:
  tidy       check names, sizes, crate directions, migrations, texts; prints file:line and the cure
  checklist  write docs/security-checklist.md from the names of the tests

Example:
  cargo xtask tidy
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let written = match (arguments.next().as_deref(), arguments.next()) {
        (Some("tidy"), None) => return tidy_up(),
        (Some("checklist"), None) => return write_checklist(),
        (Some("--help" | "-h" | "help"), None) => io::stdout().write_all(USAGE.as_bytes()).map(|()| 0),
        _ => io::stderr().write_all(USAGE.as_bytes()).map(|()| 2),
    };
    ExitCode::from(written.unwrap_or(1))
}

fn tidy_up() -> ExitCode {
    match report_problems(&mut io::stdout().lock()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            // Nothing is left to do when even standard error is closed; the exit code still says it.
            drop(writeln!(io::stderr(), "tidy could not look: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn write_checklist() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let written = tidy::Tree::read(&root)
        .and_then(|tree| std::fs::write(root.join(checklist::PAGE), checklist::page(&tree)));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "the checklist could not be written: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes every problem of the checkout that this program was built from, and answers how many there are.
fn report_problems(out: &mut impl Write) -> io::Result<usize> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tree = tidy::Tree::read(&root)?;
    let problems = tidy::check(&tree);
    for problem in &problems {
        writeln!(out, "{problem}")?;
    }
    match problems.len() {
        0 => writeln!(out, "tidy: {} files, nothing to say", tree.len())?,
        1 => writeln!(out, "tidy: 1 problem")?,
        many => writeln!(out, "tidy: {many} problems")?,
    }
    Ok(problems.len())
}
