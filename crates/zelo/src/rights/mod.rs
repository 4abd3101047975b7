//! Rights: what somebody may do, and whose conversations they see.
//!
//! Deny by default: a handler gets a tenant's scope only through [`crate::identity::May`], whose type names the
//! [`Permission`] that it demands. A role gives permissions and a [`Visibility`]; nobody hands out what they lack.

mod model;
mod permission;
mod roles;

pub use model::{Rights, Visibility};
pub use permission::{Demand, Permission, Permissions, UnknownPermission, to};
