"""The programs that are measured: how each is started on fresh storage, asked how far it is, and ended."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request

APP_SECRET = "bench-app-secret"
PHONE_NUMBER_ID = "106540352242922"
WABA_ID = "102290129340398"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(question, seconds, what):
    """Asks every 50 ms until the answer is true; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if question():
            return
        time.sleep(0.05)
    raise SystemExit(f"{what} within {seconds} s")


class Program:
    """What all programs share. A subclass gives `start`, `progress` and what has to be removed."""

    def __init__(self, settings):
        self.settings = settings
        self.port = free_port()
        self.process = None
        self.log = None

    def launch(self, command, environment=None):
        # Not read while it runs, so that writing it costs what it costs in a real installation.
        self.log = open(os.path.join(self.settings.folder, "program.log"), "wb")
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=subprocess.STDOUT)
        wait_until(self.answers, 30, f"{self.name} did not answer")

    def answers(self):
        if self.process.poll() is not None:
            with open(self.log.name, encoding="utf-8", errors="replace") as log:
                raise SystemExit(f"{self.name} ended with {self.process.returncode}:\n{log.read()[-3000:]}")
        try:
            return self.get(self.health).status == 200
        except OSError:
            return False

    def get(self, path):
        return urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5)

    def memory(self):
        """Resident memory in MB: the most there was, and what there is."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            kilobytes = dict(re.findall(r"(VmHWM|VmRSS):\s+(\d+) kB", status.read()))
        return int(kilobytes["VmHWM"]) / 1024, int(kilobytes["VmRSS"]) / 1024

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.remove()

    def sql(self, statement, database="postgres"):
        """Runs SQL as the owner of the server and answers what it prints."""
        url = self.settings.postgres_url.rsplit("/", 1)[0] + "/" + database
        command = [self.settings.psql, url, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]
        command += ["--set", "ON_ERROR_STOP=1", "--command", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout.strip()

    def fresh_database(self, name, owner="owner"):
        self.sql(f"drop database if exists {name} with (force)")
        self.sql(f"create database {name} owner {owner}")


class Peer(Program):
    """Node, Express, Bull, PostgreSQL and Redis, in one process as such a platform is usually deployed."""

    name = "peer"
    health = "/health"

    def start(self):
        folder = os.path.join(self.settings.cache, "peer")
        self.fresh_database("peer")
        with open(os.path.join(folder, "schema.sql"), encoding="utf-8") as schema:
            # The statements begin with a drop of tables that are not there yet.
            self.sql("set client_min_messages = error; " + schema.read(), "peer")
        self.sql("checkpoint")
        url = self.settings.postgres_url.rsplit("/", 1)[0] + "/peer"
        environment = dict(os.environ, APP_SECRET=APP_SECRET, NODE_ENV="production")
        command = ["node", os.path.join(folder, "server.js"), str(self.port), url, self.settings.redis_url]
        self.launch(command, environment)

    def progress(self):
        """Events stored, events processed, and when the last was (seconds since 1970)."""
        row = self.sql(
            "select count(*), count(processed_at), extract(epoch from max(processed_at)) from webhook_events", "peer"
        )
        stored, processed, last = row.split("|")
        return int(stored), int(processed), float(last or 0)

    # Its own clock gives the exact end, so it is asked seldom: each question reads the whole table.
    poll_seconds = 1.0

    def remove(self):
        self.fresh_database("peer")
        subprocess.run(["redis-cli", "-u", self.settings.redis_url, "flushall"], check=True, capture_output=True)


class Zelo(Program):
    """A real installation, with one tenant and one channel, everything switched on."""

    health = "/ready"
    poll_seconds = 0.1

    def start(self):
        self.data = os.path.join(self.settings.folder, "zelo")
        shutil.rmtree(self.data, ignore_errors=True)
        os.makedirs(self.data, mode=0o700)
        self.environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self.environment.update(ZELO__DATA__DIR=self.data, PORT=str(self.port), REDIS_URL=self.settings.redis_url)
        self.environment.update(self.storage())
        self.run("migrate")
        self.run("tenant", "create", "--name", "Bench", "--slug", "bench", "--json")
        secret = os.path.join(self.settings.folder, "app-secret")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(APP_SECRET)
        ids = ["--phone-number-id", PHONE_NUMBER_ID, "--waba-id", WABA_ID]
        secrets = ["--access-token-stdin", "--app-secret-file", secret]
        self.run("channel", "create", "--tenant", "bench", *ids, *secrets, "--json", typed="bench-access-token\n")
        self.sql("checkpoint")
        self.launch([self.settings.zelo, "serve"], self.environment)

    def run(self, *arguments, typed=""):
        done = subprocess.run(
            [self.settings.zelo, *arguments], env=self.environment, input=typed, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise SystemExit(f"zelo {' '.join(arguments[:2])} failed:\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    def progress(self):
        """Events stored, events dealt with, and now."""
        with self.get("/metrics") as answer:
            text = answer.read().decode()
        outcomes = {}
        for outcome, count in re.findall(r'^zelo_webhook_events_total\{outcome="(\w+)"\} (\S+)$', text, re.M):
            outcomes[outcome] = int(float(count))
        if outcomes.get("quarantined") or outcomes.get("duplicate"):
            raise SystemExit(f"bodies were not taken as messages: {outcomes}")
        return outcomes.get("stored", 0), outcomes.get("processed", 0), time.time()


class ZeloSqlite(Zelo):
    name = "sqlite"

    def storage(self):
        return {}

    def remove(self):
        shutil.rmtree(self.data)


class ZeloPostgres(Zelo):
    name = "postgres"

    def storage(self):
        if not self.sql("select 1 from pg_roles where rolname = 'zelo_serving'"):
            # It owns nothing, so that row-level security holds for it.
            self.sql("create role zelo_serving login nosuperuser nobypassrls")
        self.fresh_database("zelo_bench")
        self.fresh_database("zelo_bench_keys", owner="zelo_serving")
        server = self.settings.postgres_url.rsplit("/", 1)[0]
        serving = server.replace("//owner@", "//zelo_serving@")
        return {
            "DATABASE_URL": f"{serving}/zelo_bench",
            "DATABASE_ADMIN_URL": f"{server}/zelo_bench",
            "KEYS_DATABASE_URL": f"{serving}/zelo_bench_keys",
        }

    def remove(self):
        shutil.rmtree(self.data)
        for database in ("zelo_bench", "zelo_bench_keys"):
            self.sql(f"drop database {database} with (force)")


PROGRAMS = {program.name: program for program in (Peer, ZeloSqlite, ZeloPostgres)}
