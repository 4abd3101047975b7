//! Teams: groups of a tenant's staff that have conversations together.

mod service;
mod store;

pub use service::{
    Team, TeamChange, check_assignment, create_team, delete_team, get_team, list_teams, teams_of, update_team,
};
