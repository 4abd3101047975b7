//! Limits and bans (L).

mod bans;
mod counting;
mod fields;
mod networks;
mod overload;
mod processes;
mod rules;
mod sending;
mod shared;
