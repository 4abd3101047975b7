//! What comes in, and calls that go out.

mod bodies;
mod egress;
mod fuzz;
mod order;
mod tables;
mod text;
