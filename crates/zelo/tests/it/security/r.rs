//! Rights, and tenants apart from each other (rows R).

mod access_reviews;
mod approvals;
mod asks;
mod caller;
mod departure;
mod fields;
mod floor;
mod neighbours;
mod rows;
mod strangers;
mod support;
mod table;
mod transfer;
mod visibility;

use crate::stage::TestApp;
use asks::{ask, ends_sessions};
use caller::Door;
use table::{Demand, Part, ROLES, routes_of};
use zelo::{identity::Role, rights::Permission};

/// Permissions that no route demands at its door: what is asked for decides, or their routes are still to come.
const IN_SERVICES: &[Permission] = &[Permission::WriteOwners, Permission::ExportAudit];

/// Every route of the API that wants credentials, with ids of nothing.
pub(super) fn routes_behind_a_log_in() -> Vec<(reqwest::Method, String)> {
    let ghosts = asks::Things::that_never_were();
    let closed = routes_of(Part::Api).into_iter().filter(|route| route.demand != Demand::Open);
    closed.map(|route| (route.method.parse().unwrap(), ask(&route, &ghosts, &ghosts).path)).collect()
}

/// Each route with each role: in where the table says so, and out with a 403 where it does not.
#[tokio::test]
async fn r01_every_route_lets_in_whom_the_table_names_and_nobody_else() {
    let app = TestApp::new().await;
    app.may_leave_work();
    let scene = caller::Scene::set(&app, "hotel").await;
    let platform = caller::Visitor::platform(&app).await;
    let mut tried = 0;
    for part in [Part::Api, Part::Root] {
        for route in routes_of(part) {
            // From the weakest on: what the strongest may do leaves its traces last.
            let staff = ROLES.iter().rev().map(|role| (*role, scene.visitor(*role)));
            for (role, visitor) in staff.chain([(Role::SuperAdmin, &platform)]) {
                if matches!(route.demand, Demand::Open) {
                    continue;
                }
                let may_sign_out = ends_sessions(&route) || route.path.contains("sessions/{id}");
                let stand_in = if may_sign_out { Some(scene.stand_in(role).await) } else { None };
                let visitor = stand_in.as_ref().unwrap_or(visitor);
                let door =
                    visitor.knocks(&route, &ask(&route, &scene.things, &scene.things), &[]).await.door();
                let is_tenants = role != Role::SuperAdmin || route.demand != Demand::Oneself;
                let expected = if route.lets_in(role) { Door::Open } else { Door::Forbidden };
                if is_tenants || door != Door::Forbidden {
                    assert_eq!(door, expected, "{role} calls {}", route.name());
                }
                tried += 1;
            }
            let nobody = scene.nobody().knocks(&route, &ask(&route, &scene.things, &scene.things), &[]).await;
            // What is open to all judges what it is given (a signature, a password) and has tests of its own.
            let is_right = nobody.door() == Door::Unknown || route.demand == Demand::Open;
            assert!(is_right, "nobody calls {}: {nobody:?}", route.name());
            tried += 1;
        }
    }
    println!("{tried} calls at the doors");
}
