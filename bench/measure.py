"""Measures the programs in turn; started by bench/run, which prepares servers, bodies and packages."""

import argparse
import os
import re
import subprocess
import time

import report
from programs import PROGRAMS

BODIES = ("known", "new")
# How long the slowest program may take to work off what it has acknowledged.
LONGEST_DRAIN_SECONDS = 300
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


def milliseconds(text):
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if match is None:
        raise SystemExit(f"wrk says a time that is none: {text}")
    number, unit = match.groups()
    return float(number) * UNITS[unit]


def load(program, bodies, settings):
    """Posts bodies with wrk; answers acknowledged events, seconds, p50 and p99 in ms, and when it began."""
    folder = os.path.dirname(os.path.abspath(__file__))
    command = ["wrk", "-t1", f"-c{settings.connections}", f"-d{settings.seconds}s", "--latency"]
    command += ["-s", os.path.join(folder, "peer/post.lua"), f"http://127.0.0.1:{program.port}/"]
    environment = dict(os.environ, BODIES=os.path.join(settings.cache, f"{bodies}.tsv"), THREADS="1")
    text = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    ended = time.time()
    requests, seconds = re.search(r"(\d+) requests in (\S+),", text).groups()
    seconds = milliseconds(seconds) / 1000
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: .*", text)
    return {
        "acknowledged": int(requests) - int(refused.group(1) if refused else 0),
        "refused": int(refused.group(1)) if refused else 0,
        "socket_errors": errors.group(0) if errors else "",
        "seconds": seconds,
        "p50": milliseconds(re.search(r"(?m)^\s+50%\s+(\S+)", text).group(1)),
        "p99": milliseconds(re.search(r"(?m)^\s+99%\s+(\S+)", text).group(1)),
        # wrk reads the bodies before it begins, so its end is the certain moment.
        "began": ended - seconds,
    }


def drain(program, acknowledged):
    """Waits until everything stored is processed; answers how many that were and when the last one was."""
    end = time.monotonic() + LONGEST_DRAIN_SECONDS
    while time.monotonic() < end:
        stored, processed, last = program.progress()
        if stored == processed:
            if stored < acknowledged:
                raise SystemExit(f"{program.name} acknowledged {acknowledged} events and stored {stored}")
            return processed, last
        time.sleep(program.poll_seconds)
    raise SystemExit(f"{program.name} did not end its work: {processed} of {stored}")


def measure(name, bodies, settings):
    program = PROGRAMS[name](settings)
    program.start()
    try:
        loaded = load(program, bodies, settings)
        processed, last = drain(program, loaded["acknowledged"])
        peak, final = program.memory()
    finally:
        program.stop()
    figures = {
        "program": name,
        "bodies": bodies,
        "acknowledged": loaded["acknowledged"] / loaded["seconds"],
        "p50": loaded["p50"],
        "p99": loaded["p99"],
        "processed": processed / (last - loaded["began"]),
        "events": processed,
        "refused": loaded["refused"],
        "peak": peak,
        "final": final,
    }
    print(
        f"{name:9}{bodies:6} acknowledged {figures['acknowledged']:8.0f}/s  p50 {figures['p50']:7.1f} ms  "
        f"p99 {figures['p99']:7.1f} ms  processed {figures['processed']:8.0f}/s  "
        f"memory {peak:5.0f} MB, {final:5.0f} MB at the end  refused {loaded['refused']} {loaded['socket_errors']}",
        flush=True,
    )
    return figures


def main():
    parser = argparse.ArgumentParser()
    for option in ("--cache", "--folder", "--zelo", "--psql", "--postgres-url", "--redis-url"):
        parser.add_argument(option, required=True)
    parser.add_argument("--only", action="append", choices=list(PROGRAMS))
    parser.add_argument("--bodies", choices=BODIES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--write", action="store_true")
    settings = parser.parse_args()
    if settings.zelo != "none":
        settings.zelo = os.path.abspath(settings.zelo)

    runs = []
    for number in range(settings.rounds):
        print(f"Round {number + 1} of {settings.rounds}", flush=True)
        for bodies in [settings.bodies] if settings.bodies else BODIES:
            for name in settings.only or PROGRAMS:
                runs.append(measure(name, bodies, settings))

    text = report.write(runs, settings)
    if settings.write or not (settings.only or settings.bodies):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "RESULTS.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        print("Written to bench/RESULTS.md")
    else:
        print("\n" + text)


if __name__ == "__main__":
    main()
