//! What the built-in roles give.

use super::{Permission, Permissions, Rights, Visibility, permission::Permission as P};
use crate::identity::Role;

impl Role {
    /// What a built-in role gives. The platform's owner has none of a tenant's rights; what one of the tenant's own gives
    /// is not known here ([`super::rights_of`]).
    pub fn rights(self) -> Rights {
        let permissions = match self {
            Self::SuperAdmin | Self::Custom(_) => return Rights::NONE,
            Self::Owner => Permissions::all(),
            Self::Admin => Permissions::all().without(Permission::WriteOwners),
            Self::Manager => MANAGER.iter().chain(SUPERVISOR).chain(AGENT).chain(VIEWER).copied().collect(),
            Self::Supervisor => SUPERVISOR.iter().chain(AGENT).chain(VIEWER).copied().collect(),
            Self::Agent => AGENT.iter().chain(VIEWER).copied().collect(),
            Self::Viewer => VIEWER.iter().copied().collect(),
        };
        Rights { permissions, visibility: Visibility::All }
    }
}

// Each role has what those below it have, and this besides.
const VIEWER: &[Permission] =
    &[P::ReadConversations, P::OutlineConversations, P::ReadContacts, P::ReadChannels, P::ReadTeams];
const AGENT: &[Permission] = &[P::WriteConversations, P::AssignConversations, P::SendMessages];
const SUPERVISOR: &[Permission] = &[P::ReadUsers, P::ReadRoles, P::WriteContacts];
const MANAGER: &[Permission] = &[P::WriteUsers, P::WriteTeams, P::ReadSettings];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_more_than_the_next() {
        let ladder = [Role::Owner, Role::Admin, Role::Manager, Role::Supervisor, Role::Agent, Role::Viewer];
        for (upper, lower) in ladder.iter().zip(ladder.iter().skip(1)) {
            assert!(upper.rights().include(&lower.rights()), "{upper:?} lacks what {lower:?} has");
            assert!(!lower.rights().include(&upper.rights()), "{lower:?} has all that {upper:?} has");
        }
    }

    #[test]
    fn only_an_owner_makes_owners() {
        for role in [Role::Admin, Role::Manager, Role::Supervisor, Role::Agent, Role::Viewer] {
            assert!(!role.rights().allow(Permission::WriteOwners), "{role:?}");
        }
        assert!(Role::Owner.rights().allow(Permission::WriteOwners));
    }

    #[test]
    fn the_platforms_owner_has_no_right_in_a_tenant() {
        assert_eq!(Role::SuperAdmin.rights(), Rights::NONE);
    }
}
