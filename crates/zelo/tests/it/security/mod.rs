//! Rows of `docs/security-checklist.md`, each a test that is named after its row; a file for each letter.

mod browser;
mod desk;
mod h;
mod i;
mod r;
mod s;
