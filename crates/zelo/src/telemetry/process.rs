//! How the process does, read from the kernel when somebody asks. Names as in Prometheus's own client libraries.

use std::{fmt::Write as _, fs};

/// Ticks a second in `/proc/PID/stat`: the kernel shows user space 100 on every architecture that Rust's Linux targets
/// run on (proc(5), `USER_HZ`).
const TICKS: f64 = 100.0;

/// Append the measures that this system offers; elsewhere than on Linux there are none.
pub(super) fn write(text: &mut String) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let kilobytes = |name| field(&status, name).map(|value| value * 1024.0);
    let started = boot_time().zip(stat_field(&stat, 22)).map(|(boot, ticks)| boot + ticks / TICKS);
    let cpu = stat_field(&stat, 14).zip(stat_field(&stat, 15)).map(|(user, system)| (user + system) / TICKS);
    let open = fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as f64);
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    for (name, kind, value) in [
        ("process_cpu_seconds_total", "counter", cpu),
        ("process_resident_memory_bytes", "gauge", kilobytes("VmRSS:")),
        ("process_virtual_memory_bytes", "gauge", kilobytes("VmSize:")),
        ("process_open_fds", "gauge", open),
        ("process_max_fds", "gauge", field(&limits, "Max open files")),
        ("process_threads", "gauge", field(&status, "Threads:")),
        ("process_start_time_seconds", "gauge", started),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "# TYPE {name} {kind}\n{name} {value}");
        }
    }
}

/// The first number behind a name at the beginning of a line.
fn field(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// The field of `/proc/self/stat` with this number in proc(5). Counting starts behind the program's name, which stands
/// in parentheses and may itself hold spaces.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, behind) = stat.rsplit_once(')')?;
    behind.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

/// When the machine started, in seconds since 1970.
fn boot_time() -> Option<f64> {
    field(&fs::read_to_string("/proc/stat").ok()?, "btime ")
}
