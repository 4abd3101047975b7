//! What browsers are told, and what they are not let do.

mod answers;
mod origins;
