//! The checked-in table: every route, what it demands, who has it.

use crate::house::product_sources;
use serde_json::Value;
use std::{collections::BTreeSet, path::Path};
use zelo::{
    identity::Role,
    rights::{Permission, Permissions},
};

/// Every role of a tenant, from the strongest.
pub(crate) const ROLES: [Role; 6] =
    [Role::Owner, Role::Admin, Role::Manager, Role::Supervisor, Role::Agent, Role::Viewer];

/// Where a route belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Below `/api/v1`; every operation of `openapi.json`.
    Api,
    /// For browsers and operators: at the root.
    Root,
    /// An event that a client sends over its socket.
    Socket,
}

/// What a route demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Nothing: anybody may call.
    Open,
    /// To be signed in, in a tenant or on the platform.
    Oneself,
    /// To be the platform's owner.
    Platform,
    /// A permission.
    May(Permission),
}

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) part: Part,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) demand: Demand,
    roles: String,
}

impl Route {
    /// Its name: `GET /conversations`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether somebody with this role gets past the door.
    pub(crate) fn lets_in(&self, role: Role) -> bool {
        match self.demand {
            Demand::Open | Demand::Oneself => true,
            Demand::Platform => role.is_platform(),
            Demand::May(permission) => role.rights().allow(permission),
        }
    }
}

fn file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/security/r/table.txt")
}

/// The table as it is checked in. A line is `METHOD /path demand role role …`; a heading says where its routes belong.
pub(crate) fn table() -> Vec<Route> {
    let text = std::fs::read_to_string(file()).unwrap();
    let mut part = None;
    let mut routes = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line {
            "[api]" => part = Some(Part::Api),
            "[root]" => part = Some(Part::Root),
            "[socket]" => part = Some(Part::Socket),
            _ => {
                let mut words = line.split_whitespace();
                let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
                let demand = match words.next().expect(line) {
                    "open" => Demand::Open,
                    "oneself" => Demand::Oneself,
                    "platform" => Demand::Platform,
                    word => Demand::May(Permission::from_word(word).unwrap_or_else(|| panic!("{line}"))),
                };
                let roles = words.collect::<Vec<_>>().join(" ");
                routes.push(Route { part: part.unwrap(), method, path, demand, roles });
            }
        }
    }
    routes
}

/// The table's routes of one part.
pub(crate) fn routes_of(part: Part) -> Vec<Route> {
    table().into_iter().filter(|route| route.part == part).collect()
}

type Found = BTreeSet<(Part, String, String)>;

/// Every route that the code has.
fn found() -> Found {
    let mut found = Found::new();
    for (path, methods) in document()["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            if ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                found.insert((Part::Api, method, path.clone()));
            }
        }
    }
    for (file, text) in product_sources() {
        for (position, _) in text.match_indices(".route(") {
            let call = balanced(&text[position..]);
            let Some(rest) = call[".route(".len()..].trim_start().strip_prefix('"') else { continue };
            let path = rest.split('"').next().unwrap();
            for method in ["get", "post", "put", "patch", "delete"] {
                let is_there = call.match_indices(&format!("{method}(")).any(|(at, _)| {
                    !call[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
                });
                if is_there {
                    found.insert((Part::Root, method.to_uppercase(), path.to_owned()));
                }
            }
        }
        if file.ends_with("realtime/sockets.rs") {
            for (position, _) in text.match_indices("socket.on(\"") {
                let event = text[position..].split('"').nth(1).unwrap();
                found.insert((Part::Socket, "ON".into(), event.to_owned()));
            }
        }
    }
    found
}

pub(crate) fn document() -> Value {
    serde_json::from_str(zelo::api::docs::document()).unwrap()
}

/// From an opening parenthesis to the one that closes it.
fn balanced(text: &str) -> &str {
    let mut depth = 0_i32;
    for (position, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 1 => return &text[..=position],
            ')' => depth -= 1,
            _ => {}
        }
    }
    text
}

#[test]
fn r01_every_route_stands_in_the_table_once_and_no_other() {
    let found = found();
    let count = |part| found.iter().filter(|(of, ..)| *of == part).count();
    assert!(count(Part::Api) > 25 && count(Part::Root) > 25 && count(Part::Socket) == 5, "the scan is blind");
    let mut listed = Found::new();
    for route in table() {
        assert!(
            listed.insert((route.part, route.method.clone(), route.path.clone())),
            "{} stands in the table twice",
            route.name()
        );
    }
    let missing: Vec<_> = found.difference(&listed).collect();
    assert!(missing.is_empty(), "say in {} who may call these: {missing:#?}", file().display());
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(gone.is_empty(), "the table names routes that are gone: {gone:#?}");
}

/// The demand in the table is the one in the API's description, and its roles are those that have it.
#[test]
fn r01_the_table_says_what_the_code_says() {
    let document = document();
    let mut demanded = Vec::new();
    for route in table() {
        let expected = match route.demand {
            Demand::Open => "anybody".to_owned(),
            Demand::Oneself => "everybody".to_owned(),
            Demand::Platform => "super_admin".to_owned(),
            Demand::May(permission) => {
                demanded.push(permission);
                let roles = ROLES.iter().filter(|role| role.rights().allow(permission));
                roles.map(|role| role.to_string()).collect::<Vec<_>>().join(" ")
            }
        };
        assert_eq!(route.roles, expected, "the roles of {}", route.name());
        if route.part == Part::Api {
            let operation = &document["paths"][&route.path][route.method.to_lowercase()];
            let declared = match &operation["security"] {
                Value::Null => "open",
                security => security[0]["bearer"][0].as_str().unwrap_or("oneself"),
            };
            let said = match route.demand {
                Demand::Open => "open",
                Demand::Oneself => "oneself",
                Demand::Platform => "platform",
                Demand::May(permission) => permission.as_str(),
            };
            assert_eq!(said, declared, "the demand of {}", route.name());
        }
    }
    let demanded: Permissions = demanded.into_iter().collect();
    for permission in Permission::ALL.iter().filter(|permission| !demanded.allow(**permission)) {
        assert!(super::IN_SERVICES.contains(permission), "no route demands {permission}");
    }
}
