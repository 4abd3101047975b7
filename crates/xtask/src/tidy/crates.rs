//! Which crates there are, and which way they may depend on each other.

use super::{Problem, Tree};

/// Every crate, and the crates of ours that it may use. `xtask` stands alone so that it builds when the product does not.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("zelo", &["db", "jobs", "whatsapp", "simulator", "translog", "buckets", "pictures", "voice"]),
    ("jobs", &["db"]),
    ("simulator", &["whatsapp"]),
    ("db", &[]),
    ("whatsapp", &[]),
    ("translog", &[]),
    ("buckets", &[]),
    ("pictures", &[]),
    ("voice", &[]),
    ("xtask", &[]),
];

const MAP: &str = "ARCHITECTURE.md";

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let manifests: Vec<(&str, &str, &str)> = tree
        .texts()
        .filter_map(|(path, text)| {
            let name = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
            (!name.contains('/')).then_some((name, path, text))
        })
        .collect();
    let names: Vec<&str> = manifests.iter().map(|(name, _, _)| *name).collect();
    let mut problems: Vec<Problem> =
        manifests.iter().flat_map(|(name, path, text)| directions(name, path, text, &names)).collect();
    if let Some(map) = tree.text(MAP) {
        problems.extend(unmapped(&names, map));
        problems.extend(mapped_but_missing(&names, map));
    }
    problems
}

fn directions(name: &str, path: &str, manifest: &str, names: &[&str]) -> Vec<Problem> {
    let Some((_, allowed)) = MAY_USE.iter().find(|(known, _)| *known == name) else {
        let message = "is a new crate; a feature is a module, and where a crate it must be, say in tidy/crates.rs what it may use";
        return vec![Problem::new(path, 1, message)];
    };
    dependencies(manifest)
        .filter(|(_, used)| names.contains(used) && !allowed.contains(used))
        .map(|(line, used)| {
            let message = format!("`{name}` may not use `{used}`; move what both need into the lower one");
            Problem::new(path, line, message)
        })
        .collect()
}

/// Line and name of every dependency, of whatever kind; a manifest is read as lines, which is all that ours need.
fn dependencies(manifest: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    manifest.lines().zip(1..).filter_map(move |(content, line)| {
        let content = content.trim();
        if let Some(table) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = table.ends_with("dependencies");
            let (kind, name) = table.rsplit_once('.')?;
            return kind.ends_with("dependencies").then_some((line, name));
        }
        let end = content.find(['.', '=', ' '])?;
        (inside && !content.starts_with('#')).then_some((line, content.get(..end)?))
    })
}

fn unmapped(names: &[&str], map: &str) -> Vec<Problem> {
    names
        .iter()
        .filter(|name| {
            let ways = [format!("crates/{name}"), format!(" {name}/"), format!("`{name}`")];
            !ways.iter().any(|way| map.contains(way.as_str()))
        })
        .map(|name| Problem::new(MAP, 1, format!("does not show `crates/{name}`; add it to the map")))
        .collect()
}

fn mapped_but_missing(names: &[&str], map: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (content, line) in map.lines().zip(1..) {
        for (_, rest) in content
            .match_indices("crates/")
            .filter_map(|(at, found)| content.split_at_checked(at + found.len()))
        {
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !name.is_empty() && !names.contains(&name.as_str()) {
                problems.push(Problem::new(
                    MAP,
                    line,
                    format!("shows `crates/{name}`, which is not there; remove it"),
                ));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_dependency_against_the_direction_is_found_however_it_is_written() {
        for (manifest, line) in [
            ("[dependencies]\njobs.workspace = true\n", 2),
            ("[dev-dependencies]\njobs = { path = \"../jobs\" }\n", 2),
            ("[dependencies.jobs]\npath = \"../jobs\"\n", 1),
            ("[target.'cfg(unix)'.dependencies]\njobs.workspace = true\n", 2),
        ] {
            let found = problems(&[("crates/db/Cargo.toml", manifest), ("crates/jobs/Cargo.toml", "")]);
            let expected = format!(
                "crates/db/Cargo.toml:{line}: `db` may not use `jobs`; move what both need into the lower one"
            );
            assert_eq!(found, [expected], "{manifest}");
        }
    }

    #[test]
    fn the_right_direction_and_other_peoples_crates_are_fine() {
        let manifest = "[package]\nname = \"jobs\"\n[dependencies]\ndb.workspace = true\n# xtask is not used\nserde = \"1\"\n";
        let files = [
            ("crates/jobs/Cargo.toml", manifest),
            ("crates/db/Cargo.toml", ""),
            ("crates/xtask/Cargo.toml", ""),
        ];
        assert!(problems(&files).is_empty());
    }

    #[test]
    fn a_crate_without_a_direction_is_found() {
        assert_eq!(problems(&[("crates/billing/Cargo.toml", "")]).len(), 1);
    }

    #[test]
    fn the_map_shows_every_crate_and_no_other() {
        let map = "Rooms\n├── db/ the driver\n`crates/ghost` is gone\n";
        let files = [("ARCHITECTURE.md", map), ("crates/db/Cargo.toml", ""), ("crates/xtask/Cargo.toml", "")];
        assert_eq!(
            problems(&files),
            [
                "ARCHITECTURE.md:1: does not show `crates/xtask`; add it to the map",
                "ARCHITECTURE.md:3: shows `crates/ghost`, which is not there; remove it",
            ]
        );
    }
}
