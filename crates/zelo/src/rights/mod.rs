//! Rights: what somebody may do, and whose conversations they see.
//!
//! Deny by default: a handler gets a tenant's scope only through [`crate::identity::May`], whose type names the
//! [`Permission`] that it demands. A role gives permissions and a [`Visibility`]; nobody hands out what they lack. What
//! somebody does not see, does not exist for them: statements about conversations and contacts take a [`Sight`].

mod model;
mod permission;
mod roles;
mod service;
mod sight;
mod store;

pub use model::{CustomRole, Rights, Visibility};
pub use permission::{Demand, Permission, Permissions, UnknownPermission, to};
pub use service::{
    RoleChange, create_role, delete_role, get_role, list_roles, rights_of, rights_of_role, role_exists,
    update_role,
};
pub use sight::Sight;
