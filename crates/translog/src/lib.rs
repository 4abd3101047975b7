//! A transparency log: a tree over everything that was ever written, and a signature over its root.
//!
//! Whoever holds a signed [`Checkpoint`] can tell later whether anything that it covers was changed, removed, moved or
//! added, without trusting the one who keeps the log. The hashes are those of RFC 6962, section 2.1; checkpoints are
//! C2SP `tlog-checkpoint` inside a C2SP `signed-note`, so that tools of other makers read them. This crate knows no
//! database and no entries: only 32 bytes for each.

mod checkpoint;
mod proof;
mod tree;

pub use checkpoint::{Checkpoint, NoteError, Seal, Signer, Verifier};
pub use proof::{Leaves, root_from_inclusion};
pub use tree::{Frontier, Hash, leaf_hash, node_hash};
