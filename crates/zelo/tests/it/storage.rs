//! When the disk fails, Meta is told so: 503 and never 200, and afterwards everything goes on.

use crate::stage::{Databases, Tenant, TestApp, engine_is_postgres};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

async fn post(hotel: &Tenant, wamid: &str, text: &str) -> u16 {
    let message = crate::inbound::text_from("5511987654321", wamid, text);
    hotel.receives(&hotel.body(&json!({"messages": [message]}))).await.status
}

/// Of each message that was acknowledged one is stored, and no message twice.
async fn each_is_stored_once(app: &TestApp, hotel: &Tenant, acknowledged: &[String]) {
    let ana = hotel.agent("ana").await;
    let conversation = ana.the_conversation().await;
    let mut stored: Vec<String> = ana
        .messages(&conversation)
        .await
        .iter()
        .map(|message| message["wamid"].as_str().unwrap().to_owned())
        .collect();
    for wamid in acknowledged {
        assert_eq!(stored.iter().filter(|it| *it == wamid).count(), 1, "{wamid} was acknowledged");
    }
    let all = stored.len();
    stored.sort();
    stored.dedup();
    assert_eq!(stored.len(), all, "a message is stored twice");
    let counts = app.counts().await;
    assert_eq!((counts.waiting, counts.quarantined), (0, 0));
}

/// A file system of its own that is gone with this value.
struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// None where this test may not mount.
    fn mount(folder: &Path, mebibytes: u32) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let options = format!("size={mebibytes}m,mode=700");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "zelo-test"]).arg(folder).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self { folder: folder.to_owned() })
    }

    fn fill(&self) {
        let ballast = std::fs::File::create(self.folder.join("ballast")).unwrap();
        let mut ballast = std::io::BufWriter::with_capacity(4096, ballast);
        // Ends with the error that the disk is full.
        let copied = std::io::copy(&mut std::io::repeat(7), &mut ballast);
        assert_eq!(copied.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    }

    fn clear(&self) {
        std::fs::remove_file(self.folder.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the database's files may still be open for a moment.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}

#[tokio::test]
async fn w03_a_full_disk_refuses_events_and_takes_them_again_when_there_is_room() {
    if engine_is_postgres() {
        println!("skipped: the disk of a PostgreSQL server is not this test's to fill");
        return;
    }
    let outer = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&outer.path().join("disk"), 24) else {
        println!("skipped: only root may mount the small disk that this test fills");
        return;
    };
    let app = TestApp::with_data_in(&disk.folder).await;
    let hotel = app.tenant("hotel").await;
    let mut acknowledged = Vec::new();
    assert_eq!(post(&hotel, "wamid.BEFORE", "antes").await, 200);
    acknowledged.push("wamid.BEFORE".to_owned());

    disk.fill();
    let mut refused = 0;
    // What lies in the file already may take a few events more; each is as large as a page of the database.
    for number in 0..2_000 {
        let wamid = format!("wamid.FULL{number}");
        match post(&hotel, &wamid, &"z".repeat(4_000)).await {
            200 => acknowledged.push(wamid),
            503 => refused += 1,
            other => panic!("answered {other}"),
        }
        if refused == 5 {
            break;
        }
    }
    assert_eq!(refused, 5, "the disk never became full");

    disk.clear();
    for number in 0..5 {
        let wamid = format!("wamid.AFTER{number}");
        assert_eq!(post(&hotel, &wamid, "depois").await, 200);
        acknowledged.push(wamid);
    }
    app.run_jobs().await;
    each_is_stored_once(&app, &hotel, &acknowledged).await;
}

/// A disk whose file system turns read-only under open files, as ext4 does when its device fails.
struct FailingDisk {
    folder: PathBuf,
}

impl FailingDisk {
    /// None where this test may not mount.
    fn mount(folder: &Path) -> Option<Self> {
        let (disk, image) = (folder.join("disk"), folder.join("image"));
        std::fs::create_dir_all(&disk).unwrap();
        std::fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
        let went_well = |program: &str, arguments: &[&str], path: &[&Path]| {
            Command::new(program).args(arguments).args(path).output().is_ok_and(|it| it.status.success())
        };
        let mounted = went_well("mkfs.ext4", &["-q"], &[&image])
            && went_well("mount", &["-o", "loop"], &[&image, &disk]);
        mounted.then_some(Self { folder: disk })
    }

    /// `abort` is ext4's own way to rehearse what it does after an error of the device.
    fn fails(&self) {
        let remounted = Command::new("mount").args(["-o", "remount,abort"]).arg(&self.folder).status();
        assert!(remounted.unwrap().success());
        std::fs::write(self.folder.join("proof"), "x").unwrap_err();
    }
}

impl Drop for FailingDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}

#[tokio::test]
async fn w03_a_disk_that_turned_read_only_refuses_every_event() {
    if engine_is_postgres() {
        println!("skipped: the disk of a PostgreSQL server is not this test's to break");
        return;
    }
    let outer = tempfile::tempdir().unwrap();
    let Some(disk) = FailingDisk::mount(outer.path()) else {
        println!("skipped: only root with a loop device may mount the disk that this test breaks");
        return;
    };
    let data = disk.folder.join("data");
    std::fs::create_dir(&data).unwrap();
    let app = TestApp::with_data_in(&data).await;
    let hotel = app.tenant("hotel").await;
    assert_eq!(post(&hotel, "wamid.BEFORE", "antes").await, 200);
    app.run_jobs().await;

    disk.fails();
    for number in 0..5 {
        assert_eq!(post(&hotel, &format!("wamid.BROKEN{number}"), "durante").await, 503);
    }

    let ready = app.web.call(reqwest::Method::GET, None, "/ready", None).await;
    assert_eq!(ready.status, 503);
    let alive = app.web.call(reqwest::Method::GET, None, "/alive", None).await;
    assert_eq!(alive.status, 200);
    let stored = "select count(*) from messages where tenant_id = $1";
    assert_eq!(app.count(Some(hotel.id.0), stored).await, 1);
    app.may_leave_work();
}

#[tokio::test]
async fn w03_a_locked_database_refuses_events_until_the_lock_is_gone() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let other = db::Db::open(&app.databases().serving(), &db::Options { create: false, connections: 1 })
        .await
        .unwrap();
    let mut lock = other.begin_write(db::Scope::Platform).await.unwrap();
    // On SQLite any writer excludes all others; on PostgreSQL this table is taken.
    lock.execute("update webhook_inlets set last_seq = last_seq", &[]).await.unwrap();

    assert_eq!(post(&hotel, "wamid.LOCKED", "fechado").await, 503);
    let released: db::Result<()> = other.settle(lock, Ok(())).await;
    released.unwrap();
    let mut acknowledged = Vec::new();
    for number in 0..3 {
        let wamid = format!("wamid.AFTER{number}");
        assert_eq!(post(&hotel, &wamid, "aberto").await, 200);
        acknowledged.push(wamid);
    }
    // Meta sends again what was refused; it may have been stored all the same.
    assert_eq!(post(&hotel, "wamid.LOCKED", "fechado").await, 200);
    acknowledged.push("wamid.LOCKED".to_owned());
    app.run_jobs().await;
    each_is_stored_once(&app, &hotel, &acknowledged).await;
}

#[tokio::test]
async fn w03_a_server_that_went_away_refuses_events_until_it_is_back() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let Databases::Postgres { name, .. } = app.databases() else {
        println!("skipped: an embedded database does not go away");
        return;
    };
    assert_eq!(post(&hotel, "wamid.BEFORE", "antes").await, 200);
    let administrator = app.databases().server_administrator().await.unwrap();
    administrator
        .batch_execute(&format!(
            "alter database {name} with allow_connections false;
             select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
        ))
        .await
        .unwrap();

    assert_eq!(post(&hotel, "wamid.AWAY", "longe").await, 503);
    administrator.batch_execute(&format!("alter database {name} with allow_connections true")).await.unwrap();
    assert_eq!(post(&hotel, "wamid.BACK", "de volta").await, 200);
    app.run_jobs().await;
    each_is_stored_once(&app, &hotel, &["wamid.BEFORE".into(), "wamid.BACK".into()]).await;
}
