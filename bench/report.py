"""Writes what was measured as Markdown: medians, ratios, targets, every run, and the machine."""

import datetime
import os
import platform
import re
import statistics
import subprocess
import time

NAMES = {"peer": "peer", "sqlite": "Zelo on SQLite", "postgres": "Zelo on PostgreSQL"}
KINDS = {"known": "2,000 contacts", "new": "a new contact in every message"}
# Times the peer's processed messages a second that each engine has to reach; with ever new contacts half of it.
LEAST_RATIO = {"sqlite": 10.0, "postgres": 5.0}
MOST_MEMORY_MB = 150


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().split("\n")[0]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def read(path, pattern):
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(pattern, file.read(), re.M)
            return found.group(1).strip() if found else "unknown"
    except OSError:
        return "unknown"


def sync_milliseconds(folder):
    """The median of 200 times writing 4 KiB and waiting for the disk."""
    path = os.path.join(folder, "sync-probe")
    times = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(200):
            began = time.monotonic()
            file.write(b"z" * 4096)
            os.fdatasync(file.fileno())
            times.append((time.monotonic() - began) * 1000)
    os.remove(path)
    return statistics.median(times)


def machine(settings):
    memory = read("/proc/meminfo", r"^MemTotal:\s+(\d+) kB")
    gigabytes = f"{int(memory) / 1048576:.0f} GB" if memory.isdigit() else "unknown"
    processor = read("/proc/cpuinfo", r"^model name\s*:\s*(.*)$")
    system = read("/etc/os-release", r'^PRETTY_NAME="(.*)"$')
    filesystem = first_line(["stat", "-f", "-c", "%T", settings.folder])
    rows = [
        ("Date", datetime.date.today().isoformat()),
        ("Processor", f"{len(os.sched_getaffinity(0))} x {processor}"),
        ("Memory", gigabytes),
        ("System", f"{system}, Linux {platform.release()}"),
        ("Disk", f"{filesystem}; 4 KiB written and synced in {sync_milliseconds(settings.folder):.2f} ms (median of 200)"),
        ("PostgreSQL", first_line([os.path.join(os.path.dirname(settings.psql), "postgres"), "--version"])),
        ("Redis", first_line(["redis-server", "--version"]).split(" sha")[0]),
        ("Node", first_line(["node", "--version"])),
        ("Zelo", first_line([settings.zelo, "--version"]) + ", commit " + first_line(["git", "rev-parse", "--short", "HEAD"])),
    ]
    return "\n".join(["| | |", "|---|---|"] + [f"| {name} | {value} |" for name, value in rows])


def medians(runs):
    """The median of each figure by kind of bodies and program, in the order of measuring."""
    groups = {}
    for run in runs:
        groups.setdefault((run["bodies"], run["program"]), []).append(run)
    figures = ("acknowledged", "p50", "p99", "processed", "peak", "final")
    return {key: {name: statistics.median(run[name] for run in group) for name in figures} for key, group in groups.items()}


def table(rows):
    lines = [
        "| messages of | program | acknowledged/s | p50 ms | p99 ms | processed/s | times the peer | peak MB | MB at the end |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for (bodies, program), row in rows.items():
        peer = rows.get((bodies, "peer"))
        ratio = f"{row['processed'] / peer['processed']:.1f}" if peer else "-"
        lines.append(
            f"| {KINDS[bodies]} | {NAMES[program]} | {row['acknowledged']:,.0f} | {row['p50']:.1f} | {row['p99']:.1f} "
            f"| {row['processed']:,.0f} | {ratio} | {row['peak']:.0f} | {row['final']:.0f} |"
        )
    return "\n".join(lines)


def targets(rows):
    """What was promised, and whether it is kept; only for what was measured beside the peer."""
    lines = []

    def say(promise, kept, figure):
        lines.append(f"- {'kept' if kept else '**not kept**'}: {promise} ({figure})")

    for (bodies, program), row in rows.items():
        peer = rows.get((bodies, "peer"))
        if program == "peer" or not peer:
            continue
        least = LEAST_RATIO[program] / (1 if bodies == "known" else 2)
        ratio = row["processed"] / peer["processed"]
        where = f"{NAMES[program]}, {KINDS[bodies]}"
        say(f"{where}: at least {least:g} times the peer's processed messages a second", ratio >= least, f"{ratio:.1f}")
        if bodies == "known":
            share = row["p99"] / peer["p99"]
            say(f"{where}: acknowledgement p99 at most half of the peer's", share <= 0.5, f"{share:.2f} of it")
            memory = row["final"]
            say(f"{where}: memory under {MOST_MEMORY_MB} MB at the end", memory < MOST_MEMORY_MB, f"{memory:.0f} MB")
    return "\n".join(lines) if lines else "- not everything was measured"


def every_run(runs):
    lines = [
        "| round | messages of | program | acknowledged/s | p99 ms | processed/s | events | refused | peak MB |",
        "|--:|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    seen = {}
    for run in runs:
        key = (run["bodies"], run["program"])
        seen[key] = seen.get(key, 0) + 1
        lines.append(
            f"| {seen[key]} | {KINDS[run['bodies']]} | {NAMES[run['program']]} | {run['acknowledged']:,.0f} | {run['p99']:.1f} "
            f"| {run['processed']:,.0f} | {run['events']:,} | {run['refused']} | {run['peak']:.0f} |"
        )
    return "\n".join(lines)


def write(runs, settings):
    rows = medians(runs)
    return f"""# Zelo against a peer

Written by `bench/run`; do not edit. Medians of {settings.rounds} round{'' if settings.rounds == 1 else 's'}, in which the programs ran in turn: `wrk` with one thread and
{settings.connections} connections posted signed bodies for {settings.seconds} s, each once, on the same cores as the program and its servers.

*Acknowledged* is answered with 200. *Processed* is end to end: all acknowledged events, divided by the time from the first request
until the last event is in its conversation. Memory is that of the program alone, not of PostgreSQL and Redis, which the peer needs
and Zelo on SQLite does not. The peer is described in `bench/peer/README.md`.

{table(rows)}

## Promises

{targets(rows)}

## Every run

{every_run(runs)}

## Machine

{machine(settings)}

## Again

```
bench/run                                # everything, some ten minutes
bench/run --only sqlite --rounds 1       # one program, a first impression
```
"""
