//! The log in a folder: a file for each day and kind, which only its owner can read.
//!
//! Whoever logs never waits for the disk: lines lie in a queue until a thread of their own writes them, many at a time. When
//! the queue is full or the disk refuses, lines are lost and counted (`zelo_log_lines_lost_total`). Several processes may
//! share a folder: lines are appended whole.

use super::{Clock, lines::Sink};
use crate::clock::{DAY, Millis};
use chrono::{DateTime, NaiveDate};
use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
};
use tracing::{Level, Metadata};

/// Lines that wait at most: some 2 MB, and what a busy process writes in several seconds.
const ROOM: usize = 8_192;
/// Bytes that are gathered for one write.
const GATHERED: usize = 64 * 1024;

/// A sort of lines with files of its own.
struct Kind {
    /// How its files begin.
    name: &'static str,
    /// For how many days they are kept, today's included.
    days: i64,
    has: fn(&Metadata<'_>) -> bool,
}

/// The files of a folder. A line stands in each that it belongs to.
const KINDS: [Kind; 4] = [
    Kind { name: "combined", days: 14, has: |_| true },
    Kind { name: "error", days: 30, has: |of| *of.level() == Level::ERROR },
    Kind { name: "http", days: 7, has: |of| is_of(of, "zelo::http") },
    Kind { name: "audit", days: 90, has: |of| is_of(of, "zelo::audit") },
];

fn is_of(line: &Metadata<'_>, module: &str) -> bool {
    line.target().strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

enum Note {
    Line { day: i64, kinds: [bool; KINDS.len()], text: Box<[u8]> },
    End,
}

/// Writes what waits when it is dropped: keep it until the process has nothing more to say.
#[derive(Debug, Default)]
pub struct LogGuard {
    writing: Option<(SyncSender<Note>, JoinHandle<()>)>,
}

impl std::fmt::Debug for Note {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Note")
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        if let Some((notes, writer)) = self.writing.take()
            && notes.send(Note::End).is_ok()
        {
            let _ = writer.join();
        }
    }
}

/// Begin to write to the files of a folder, which is made where there is none.
pub(super) fn to_folder(folder: &Path, clock: Clock) -> io::Result<(Sink, LogGuard)> {
    let mut writer = Writer::open(folder, day_of(&clock))?;
    let (notes, arriving) = sync_channel(ROOM);
    let thread = std::thread::Builder::new().name("log".into()).spawn(move || writer.write_all(&arriving))?;
    let guard = LogGuard { writing: Some((notes.clone(), thread)) };
    let sink = move |of: &Metadata<'_>, line: &[u8]| {
        let kinds = KINDS.each_ref().map(|kind| (kind.has)(of));
        if notes.try_send(Note::Line { day: day_of(&clock), kinds, text: line.into() }).is_err() {
            count_lost(1);
        }
    };
    Ok((Box::new(sink), guard))
}

fn day_of(clock: &Clock) -> i64 {
    (clock)().div_euclid(DAY)
}

fn count_lost(lines: u64) {
    metrics::counter!("zelo_log_lines_lost_total").increment(lines);
}

/// What is gathered for one file.
#[derive(Default)]
struct Page {
    file: Option<File>,
    text: Vec<u8>,
    lines: u64,
}

struct Writer {
    folder: PathBuf,
    day: i64,
    pages: [Page; KINDS.len()],
}

impl Writer {
    fn open(folder: &Path, day: i64) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut writer = Self { folder: folder.to_owned(), day, pages: Default::default() };
        // A folder that cannot be written to is found at the start, and not by the first line.
        let [combined, ..] = &mut writer.pages;
        let [kind, ..] = &KINDS;
        combined.file = Some(open(folder, kind, day)?);
        writer.sweep();
        Ok(writer)
    }

    fn write_all(&mut self, arriving: &Receiver<Note>) {
        while let Ok(first) = arriving.recv() {
            let mut next = Some(first);
            while let Some(note) = next {
                match note {
                    Note::Line { day, kinds, text } => self.take(day, kinds, &text),
                    Note::End => return self.write_gathered(),
                }
                next = arriving.try_recv().ok();
            }
            self.write_gathered();
        }
    }

    fn take(&mut self, day: i64, kinds: [bool; KINDS.len()], text: &[u8]) {
        // A line that was delayed past midnight stands in the file of the new day.
        if day > self.day {
            self.write_gathered();
            self.day = day;
            self.pages = Default::default();
            self.sweep();
        }
        let mut is_full = false;
        for (page, _) in self.pages.iter_mut().zip(kinds).filter(|(_, has)| *has) {
            page.text.extend_from_slice(text);
            page.lines += 1;
            is_full |= page.text.len() >= GATHERED;
        }
        if is_full {
            self.write_gathered();
        }
    }

    fn write_gathered(&mut self) {
        for (page, kind) in self.pages.iter_mut().zip(&KINDS).filter(|(page, _)| page.lines > 0) {
            if page.file.is_none() {
                page.file = open(&self.folder, kind, self.day).ok();
            }
            let written = page.file.as_mut().is_some_and(|file| file.write_all(&page.text).is_ok());
            if !written {
                count_lost(page.lines);
                // It may be possible again with a file that is opened anew.
                page.file = None;
            }
            page.text.clear();
            page.lines = 0;
        }
    }

    /// Remove files whose days are over. Whatever is called otherwise is not ours.
    fn sweep(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let is_over = entry
                .file_name()
                .to_str()
                .and_then(parse)
                .is_some_and(|(kind, day)| day + kind.days <= self.day);
            if is_over {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

fn open(folder: &Path, kind: &Kind, day: i64) -> io::Result<File> {
    let path = folder.join(format!("{}-{}.log", kind.name, date(day)));
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

fn date(day: i64) -> NaiveDate {
    let moment: Millis = day.saturating_mul(DAY);
    DateTime::from_timestamp_millis(moment).unwrap_or_default().date_naive()
}

/// The kind and day of a file of ours.
fn parse(name: &str) -> Option<(&'static Kind, i64)> {
    let (name, date) = name.strip_suffix(".log")?.split_once('-')?;
    let kind = KINDS.iter().find(|kind| kind.name == name)?;
    let date: NaiveDate = date.parse().ok()?;
    Some((kind, date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis().div_euclid(DAY)))
}

#[cfg(test)]
mod tests {
    use super::{super::lines::Lines, *};
    use std::{
        fs,
        os::unix::fs::PermissionsExt as _,
        sync::{
            Arc,
            atomic::{AtomicI64, Ordering},
        },
    };
    use tracing_subscriber::layer::SubscriberExt as _;

    /// 21 November 2026, 23:59:59 UTC.
    const LATE: Millis = 1_795_305_599_000;

    /// What `work` logs, in the files of a folder. It may move the clock.
    fn logged(folder: &Path, work: impl FnOnce(&AtomicI64)) {
        let now = Arc::new(AtomicI64::new(LATE));
        let clock: Clock = {
            let now = Arc::clone(&now);
            Arc::new(move || now.load(Ordering::Relaxed))
        };
        let (sink, guard) = to_folder(folder, Arc::clone(&clock)).unwrap();
        let subscriber = tracing_subscriber::registry().with(Lines::new(true, clock, sink));
        tracing::subscriber::with_default(subscriber, || work(&now));
        drop(guard);
    }

    fn read(folder: &Path, name: &str) -> String {
        fs::read_to_string(folder.join(name)).unwrap_or_default()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn each_line_stands_in_the_files_that_it_belongs_to_and_nobody_else_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("log");
        logged(&logs, |_| {
            tracing::info!(target: "zelo::http", "Answered a request");
            tracing::error!(target: "zelo::outbound", note = "call +55 11 98765-4321", "Gave up a message");
            tracing::warn!(target: "zelo::audit::sealer", "The log was not sealed");
            tracing::info!(target: "zelo::httpd", "no request");
        });
        let of = |kind: &str| read(&logs, &format!("{kind}-2026-11-21.log"));
        assert_eq!(of("combined").lines().count(), 4);
        for (kind, text) in
            [("http", "Answered a request"), ("error", "Gave up a message"), ("audit", "not sealed")]
        {
            assert_eq!(of(kind).lines().count(), 1, "{kind}");
            assert!(of(kind).contains(text), "{kind}: {}", of(kind));
            assert!(of("combined").contains(&of(kind)), "{kind}");
        }
        assert!(of("error").contains("[number]") && !of("error").contains("98765"), "masked as everywhere");
        for name in names(&logs) {
            let mode = fs::metadata(logs.join(&name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{name}");
        }
        assert_eq!(fs::metadata(&logs).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_new_day_has_new_files_and_old_ones_go_when_their_days_are_over() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path();
        for (name, _) in [("combined-2026-11-08.log", "kept until midnight"), ("http-2026-11-14.log", "over")]
        {
            fs::write(logs.join(name), "old\n").unwrap();
        }
        for name in
            ["audit-2026-08-25.log", "error-2026-10-24.log", "notes-2020-01-01.log", "combined-old.log"]
        {
            fs::write(logs.join(name), "old\n").unwrap();
        }
        logged(logs, |now| {
            assert!(names(logs).contains(&"combined-2026-11-08.log".to_owned()));
            assert!(!names(logs).contains(&"http-2026-11-14.log".to_owned()), "seven days are over");
            tracing::info!("before midnight");
            now.fetch_add(2_000, Ordering::Relaxed);
            tracing::info!("after midnight");
        });
        assert!(read(logs, "combined-2026-11-21.log").contains("before midnight"));
        assert!(!read(logs, "combined-2026-11-21.log").contains("after midnight"));
        assert!(read(logs, "combined-2026-11-22.log").contains("after midnight"));
        let left = names(logs);
        for (name, is_left) in [
            ("combined-2026-11-08.log", false),
            ("error-2026-10-24.log", true),
            ("audit-2026-08-25.log", true),
            ("notes-2020-01-01.log", true),
            ("combined-old.log", true),
        ] {
            assert_eq!(left.contains(&name.to_owned()), is_left, "{name}: {left:?}");
        }
    }

    #[test]
    fn what_waits_is_written_at_the_end_and_a_second_start_goes_on_in_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..2 {
            logged(folder.path(), |_| (0..3_000).for_each(|line| tracing::info!(round, line, "Said")));
        }
        let text = read(folder.path(), "combined-2026-11-21.log");
        assert_eq!(text.lines().count(), 6_000);
        assert!(text.lines().all(|line| line.starts_with('{') && line.ends_with('}')));
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_found_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        fs::write(&file, "").unwrap();
        assert!(to_folder(&file, Arc::new(|| LATE)).is_err());
    }
}
