//! Rows of `docs/security-checklist.md`, each a test that is named after its row; a file for each letter.

mod a;
mod account;
mod browser;
mod desk;
mod f;
mod h;
mod i;
mod l;
mod m;
mod r;
mod rotation;
mod s;
mod s_keys;
mod s_sockets;
mod s_tenants;
mod u;
mod w;
