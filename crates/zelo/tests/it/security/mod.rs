//! The requirements of `docs/security-checklist.md`, one file for each group of them; a test is named after its row.

mod egress;
mod r;
mod s;
mod u;
