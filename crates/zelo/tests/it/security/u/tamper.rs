//! Somebody goes around the product and writes into the database file.

use super::PLATFORM;
use crate::stage::{TestApp, engine_is_postgres, environment};
use rusqlite::{Connection, params, types::Value};
use std::path::{Path, PathBuf};
use translog::{Frontier, Hash};
use zelo::audit::{self, BadEntry, Depth, Fault, OutsideFault, Verdict};

/// A small generator with a seed, so that a tamper that was not found can be made again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        // xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016).
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }
}

/// A log whose file is copied for each tamper.
struct Laboratory {
    app: TestApp,
    folder: tempfile::TempDir,
    pristine: PathBuf,
    older: PathBuf,
    checkpoint: String,
    size: i64,
    older_size: i64,
}

impl Laboratory {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let folder = tempfile::tempdir().unwrap();
        app.notes(PLATFORM, 30).await;
        let hotel = app.tenant("hotel").await;
        let mut lab = Self {
            older: folder.path().join("older.db"),
            pristine: folder.path().join("pristine.db"),
            checkpoint: String::new(),
            size: 0,
            older_size: 0,
            folder,
            app,
        };
        lab.checkpoint = lab.app.checkpoint().await;
        lab.copy_to(&lab.older).await;
        lab.app.notes(hotel.id, 40).await;
        lab.app.notes(PLATFORM, 15).await;
        lab.checkpoint = lab.app.checkpoint().await;
        lab.copy_to(&lab.pristine).await;
        lab.size = lab.count(&lab.pristine);
        lab.older_size = lab.count(&lab.older);
        lab
    }

    async fn copy_to(&self, file: &Path) {
        let from = self.app.folder().join("zelo.db");
        let connection = Connection::open(from).unwrap();
        connection.execute("vacuum into ?1", [file.to_str().unwrap()]).unwrap();
    }

    /// The file past every trigger.
    fn open(&self, file: &Path) -> Connection {
        let connection = Connection::open(file).unwrap();
        let triggers: Vec<String> = connection
            .prepare("select name from sqlite_master where type = 'trigger'")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for trigger in triggers {
            connection.execute_batch(&format!("drop trigger {trigger}")).unwrap();
        }
        connection.execute_batch("pragma synchronous = off").unwrap();
        connection
    }

    fn count(&self, file: &Path) -> i64 {
        self.open(file).query_row("select count(*) from audit_tree", [], |row| row.get(0)).unwrap()
    }

    async fn verdict(&self, file: &Path, outside: &[String]) -> Verdict {
        let url = db::DatabaseUrl::Sqlite(file.to_owned());
        let copy = db::Db::open(&url, &db::Options { create: false, connections: 1 }).await.unwrap();
        audit::verify_in(&copy, self.app.app.audit.verifier(), Depth::EverySeal, outside).await.unwrap()
    }
}

/// What a tamper must lead to.
#[derive(Debug)]
enum Expected {
    /// This number is the first bad one.
    Bad(i64),
    /// An entry that the tree does not know.
    Unknown,
    /// Only a checkpoint from outside shows it; from this number on everything is missing.
    CutOff(u64),
}

const ENTRY_COLUMNS: [&str; 18] = [
    "tenant_id",
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "event_type",
    "action",
    "target_kind",
    "target_id",
    "outcome",
    "ip_digest",
    "request_id",
    "trace_id",
    "actor_sealed",
    "actor_digest",
    "detail_sealed",
    "detail_digest",
    "leaf",
];

/// The bytes of an entry, written down a second time after `docs/audit-log.md`.
fn leaf_of(connection: &Connection, tenant: &[u8], id: &[u8]) -> Vec<u8> {
    let sql = format!(
        "select {} from audit_entries where tenant_id = ?1 and id = ?2",
        ENTRY_COLUMNS[..17].join(", ")
    );
    let values: Vec<Value> = connection
        .query_row(&sql, params![tenant, id], |row| (0..17).map(|column| row.get(column)).collect())
        .unwrap();
    let mut whole = b"\0zelo audit entry v1\n".to_vec();
    for value in values {
        let bytes = match value {
            Value::Null => {
                whole.extend(u32::MAX.to_be_bytes());
                continue;
            }
            Value::Integer(number) => number.to_be_bytes().to_vec(),
            Value::Text(text) => text.into_bytes(),
            Value::Blob(bytes) => bytes,
            Value::Real(_) => unreachable!(),
        };
        whole.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
        whole.extend(bytes);
    }
    zelo::crypto::digest(&whole).to_vec()
}

fn place(connection: &Connection, seq: i64) -> (Vec<u8>, Vec<u8>) {
    let sql = "select tenant_id, entry_id from audit_tree where seq = ?1";
    connection.query_row(sql, [seq], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

/// Another value of the same column: a flipped bit, more, less, or nothing at all where that may be.
fn other(value: Value, dice: &mut Dice) -> Value {
    match value {
        Value::Null => Value::Blob(vec![7; 16]),
        Value::Integer(number) => Value::Integer(number + 1 + dice.below(1_000_000) as i64),
        Value::Text(text) => match dice.below(3) {
            0 if !text.is_empty() => Value::Text(text[..text.len() - 1].to_owned()),
            1 => Value::Text(text.to_uppercase() + "X"),
            _ => Value::Text(format!("{text}.")),
        },
        Value::Blob(mut bytes) => {
            match dice.below(3) {
                0 => bytes.push(0),
                1 if !bytes.is_empty() => {
                    bytes.pop();
                }
                _ if !bytes.is_empty() => {
                    let at = dice.below(bytes.len() as u64) as usize;
                    bytes[at] ^= 1 << dice.below(8);
                }
                _ => bytes.push(1),
            }
            Value::Blob(bytes)
        }
        Value::Real(_) => unreachable!(),
    }
}

fn edit_entry(connection: &Connection, dice: &mut Dice, seq: i64, also_the_leaf: bool) -> Expected {
    let (tenant, id) = place(connection, seq);
    let columns = if also_the_leaf { &ENTRY_COLUMNS[2..17] } else { &ENTRY_COLUMNS[..] };
    let column = columns[dice.below(columns.len() as u64) as usize];
    let old: Value = connection
        .query_row(
            &format!("select {column} from audit_entries where tenant_id = ?1 and id = ?2"),
            params![tenant, id],
            |row| row.get(0),
        )
        .unwrap();
    let new = other(old, dice);
    connection
        .execute(
            &format!("update audit_entries set {column} = ?3 where tenant_id = ?1 and id = ?2"),
            params![tenant, id, new],
        )
        .unwrap();
    if also_the_leaf {
        let leaf = leaf_of(connection, &tenant, &id);
        connection
            .execute(
                "update audit_entries set leaf = ?3 where tenant_id = ?1 and id = ?2",
                params![tenant, id, leaf],
            )
            .unwrap();
        connection.execute("update audit_tree set leaf = ?2 where seq = ?1", params![seq, leaf]).unwrap();
        repair_frontier(connection);
    }
    Expected::Bad(seq)
}

fn edit_place(connection: &Connection, dice: &mut Dice, seq: i64) -> Expected {
    let column = ["tenant_id", "entry_id", "leaf", "seal"][dice.below(4) as usize];
    let old: Value = connection
        .query_row(&format!("select {column} from audit_tree where seq = ?1"), [seq], |row| row.get(0))
        .unwrap();
    let new = other(old, dice);
    connection
        .execute(&format!("update audit_tree set {column} = ?2 where seq = ?1"), params![seq, new])
        .unwrap();
    Expected::Bad(seq)
}

fn delete(connection: &Connection, dice: &mut Dice, seq: i64, size: i64) -> Expected {
    let (tenant, id) = place(connection, seq);
    let way = dice.below(4);
    if way != 1 {
        connection
            .execute("delete from audit_entries where tenant_id = ?1 and id = ?2", params![tenant, id])
            .unwrap();
    }
    if way != 0 {
        connection.execute("delete from audit_tree where seq = ?1", [seq]).unwrap();
    }
    if way == 3 {
        // The careful one closes the gap and the head.
        connection.execute("update audit_tree set seq = seq - 1000000 where seq > ?1", [seq]).unwrap();
        connection.execute("update audit_tree set seq = seq + 999999 where seq < 0", []).unwrap();
        repair_frontier(connection);
        if seq == size - 1 {
            return Expected::CutOff(seq as u64);
        }
    }
    Expected::Bad(seq)
}

fn insert(connection: &Connection, dice: &mut Dice, seq: i64, size: i64) -> Expected {
    let (tenant, id) = place(connection, seq);
    let forged: Vec<u8> = (0..16).map(|_| dice.below(256) as u8).collect();
    let columns = ENTRY_COLUMNS[2..].join(", ");
    connection
        .execute(
            &format!(
                "insert into audit_entries (tenant_id, id, {columns})
                 select tenant_id, ?3, {columns} from audit_entries where tenant_id = ?1 and id = ?2"
            ),
            params![tenant, id, forged],
        )
        .unwrap();
    let leaf = leaf_of(connection, &tenant, &forged);
    connection
        .execute(
            "update audit_entries set leaf = ?3 where tenant_id = ?1 and id = ?2",
            params![tenant, forged, leaf],
        )
        .unwrap();
    let way = dice.below(4);
    let at = match way {
        0 => return Expected::Unknown,
        1 | 2 => size,
        _ => {
            connection.execute("update audit_tree set seq = -1 - seq where seq >= ?1", [seq]).unwrap();
            connection.execute("update audit_tree set seq = -seq where seq < 0", []).unwrap();
            seq
        }
    };
    connection
        .execute(
            "insert into audit_tree (seq, tenant_id, entry_id, leaf, seal)
             select ?1, ?2, ?3, ?4, seal from audit_tree where seq = ?5",
            params![at, tenant, forged, leaf, if at == 0 { 1 } else { at - 1 }],
        )
        .unwrap();
    if way != 1 {
        repair_frontier(connection);
    }
    Expected::Bad(at)
}

fn reorder(connection: &Connection, dice: &mut Dice, seq: i64, size: i64) -> Expected {
    let other = (seq + 1 + dice.below(size as u64 - 1) as i64) % size;
    let first = seq.min(other);
    if dice.below(2) == 0 {
        for (from, to) in [(seq, -1), (other, seq), (-1, other)] {
            connection.execute("update audit_tree set seq = ?2 where seq = ?1", [from, to]).unwrap();
        }
    } else {
        // The entries change places, with all that the tree says of them but the signatures.
        let (one, two) = (place(connection, seq), place(connection, other));
        let leaf = |name: &(Vec<u8>, Vec<u8>)| leaf_of(connection, &name.0, &name.1);
        let (first_leaf, second_leaf) = (leaf(&one), leaf(&two));
        let set = "update audit_tree set tenant_id = ?2, entry_id = ?3, leaf = ?4 where seq = ?1";
        connection.execute(set, params![-1, [0u8; 16], [0u8; 16], [0u8; 32]]).unwrap();
        connection.execute(set, params![seq, [1u8; 16], [1u8; 16], [0u8; 32]]).unwrap();
        connection.execute(set, params![other, one.0, one.1, first_leaf]).unwrap();
        connection.execute(set, params![seq, two.0, two.1, second_leaf]).unwrap();
        repair_frontier(connection);
    }
    Expected::Bad(first)
}

fn truncate(connection: &Connection, dice: &mut Dice, size: i64) -> Expected {
    let left = dice.below(size as u64) as i64;
    connection
        .execute(
            "delete from audit_entries where exists (select 1 from audit_tree t where t.seq >= ?1
             and t.tenant_id = audit_entries.tenant_id and t.entry_id = audit_entries.id)",
            [left],
        )
        .unwrap();
    connection.execute("delete from audit_tree where seq >= ?1", [left]).unwrap();
    repair_frontier(connection);
    Expected::CutOff(left as u64)
}

/// What a careful forger also does: the head is that of the leaves that are there.
fn repair_frontier(connection: &Connection) {
    let mut frontier = Frontier::default();
    let leaves: Vec<Vec<u8>> = connection
        .prepare("select leaf from audit_tree order by seq")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    leaves.iter().for_each(|leaf| frontier.push(Hash::try_from(leaf.as_slice()).unwrap()));
    connection
        .execute(
            "update audit_sealer set size = ?1, frontier = ?2",
            params![frontier.size() as i64, frontier.to_bytes()],
        )
        .unwrap();
}

#[track_caller]
fn assert_found(expected: &Expected, verdict: &Verdict, round: u64) {
    assert!(!verdict.is_whole(), "round {round}: {expected:?} was not found");
    match (expected, verdict.first_bad) {
        (Expected::Bad(seq), Some(BadEntry { seq: Some(found), .. })) => {
            assert_eq!(*seq, found, "round {round}");
        }
        (Expected::Unknown, Some(BadEntry { seq: None, entry: Some(_), fault: Fault::NotInTree })) => {}
        (Expected::CutOff(from), None) => {
            let [OutsideFault::Truncated { first_missing, .. }] = verdict.outside.as_slice() else {
                panic!("round {round}: {verdict:?}")
            };
            assert_eq!(first_missing, from, "round {round}");
        }
        _ => panic!("round {round}: expected {expected:?}, found {verdict:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u02_every_tamper_in_the_file_is_found_and_the_first_bad_entry_named() {
    if engine_is_postgres() {
        println!("skipped: this is about the database file of SQLite");
        return;
    }
    let rounds: u64 = environment("ZELO_AUDIT_TAMPERS").map_or(300, |rounds| rounds.parse().unwrap());
    let lab = Laboratory::new().await;
    let outside = [lab.checkpoint.clone()];
    assert!(lab.verdict(&lab.pristine, &outside).await.is_whole());
    let work = lab.folder.path().join("work.db");
    let mut dice = Dice(0x5eed_0f2e_1000_0001);
    let mut kinds = [0; 7];
    for round in 0..rounds {
        std::fs::copy(&lab.pristine, &work).unwrap();
        let connection = lab.open(&work);
        let seq = dice.below(lab.size as u64) as i64;
        let kind = dice.below(7);
        kinds[kind as usize] += 1;
        let expected = match kind {
            0 => edit_entry(&connection, &mut dice, seq, false),
            1 => edit_entry(&connection, &mut dice, seq, true),
            2 => edit_place(&connection, &mut dice, seq),
            3 => delete(&connection, &mut dice, seq, lab.size),
            4 => insert(&connection, &mut dice, seq, lab.size),
            5 => reorder(&connection, &mut dice, seq, lab.size),
            _ => truncate(&connection, &mut dice, lab.size),
        };
        drop(connection);
        assert_found(&expected, &lab.verdict(&work, &outside).await, round);
    }
    println!("U02: {rounds} of {rounds} tampers found, first bad entry named; by kind {kinds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u03_a_cut_end_and_an_older_file_show_against_an_outside_checkpoint_only() {
    if engine_is_postgres() {
        println!("skipped: this is about the database file of SQLite");
        return;
    }
    let lab = Laboratory::new().await;
    let outside = [lab.checkpoint.clone()];
    let truncated = |first_missing: i64| OutsideFault::Truncated {
        first_missing: u64::try_from(first_missing).unwrap(),
        sealed: u64::try_from(lab.size).unwrap(),
    };

    let restored = lab.verdict(&lab.older, &outside).await;
    assert_eq!(restored.outside, [truncated(lab.older_size)]);
    let alone = lab.verdict(&lab.older, &[]).await;
    assert!(alone.is_whole(), "an older file is whole by itself");
    assert_eq!(alone.proven_until, None, "and nothing is proven about its end");

    let work = lab.folder.path().join("work.db");
    let mut dice = Dice(77);
    for _ in 0..20 {
        std::fs::copy(&lab.pristine, &work).unwrap();
        let Expected::CutOff(left) = truncate(&lab.open(&work), &mut dice, lab.size) else { unreachable!() };
        let verdict = lab.verdict(&work, &outside).await;
        assert_eq!(verdict.outside, [truncated(i64::try_from(left).unwrap())]);
        assert!(lab.verdict(&work, &[]).await.is_whole());
    }
    let whole = lab.verdict(&lab.pristine, &outside).await;
    assert_eq!(whole.proven_until, Some(u64::try_from(lab.size).unwrap()));
    // A note that somebody else signed is not believed.
    let forged = lab.checkpoint.replacen(&format!("\n{}\n", lab.size), &format!("\n{}\n", lab.size - 1), 1);
    assert!(!lab.verdict(&lab.pristine, &[forged]).await.is_whole());
}

/// The sealer never vouches for two histories: where the tree is not what was signed last, it stops.
#[tokio::test]
async fn nothing_more_is_sealed_once_the_tree_was_changed() {
    if engine_is_postgres() {
        println!("skipped: this is about the database file of SQLite");
        return;
    }
    let app = TestApp::new().await;
    app.notes(PLATFORM, 5).await;
    assert!(app.verifies().await.is_whole());
    let connection = Connection::open(app.folder().join("zelo.db")).unwrap();
    // The frontier is only remembered; without it the leaves tell it again.
    connection.execute("update audit_sealer set frontier = x''", []).unwrap();
    app.notes(PLATFORM, 1).await;
    assert!(app.verifies().await.is_whole());

    connection.execute_batch("drop trigger audit_tree_update").unwrap();
    connection.execute("update audit_tree set leaf = randomblob(32) where seq = 2", []).unwrap();
    connection.execute("update audit_sealer set frontier = x''", []).unwrap();
    app.notes(PLATFORM, 1).await;
    assert!(audit::seal_pending(&app.app).await.is_err());
    assert_eq!(audit::count_unsealed(&app.app).await.unwrap(), 1);
}
