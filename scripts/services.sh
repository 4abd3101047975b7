# Private PostgreSQL and Redis servers for tests and measurements: free ports, a folder of their own, gone afterwards.
# Sourced after machine.sh by ./test and bench/run; bash, set -eu. Call `stop_services` from a trap.

services_folder=
postgres_user=
redis_pid=

# find_postgres: prints the folder of a PostgreSQL server's programs, Debian's newest first; fails below version 15.
find_postgres() {
  local folder version
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) "$(dirname "$(command -v postgres || echo /nowhere/postgres)")"; do
    [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] || continue
    version=$("$folder/postgres" --version | sed -n 's/^[^0-9]*\([0-9][0-9]*\).*/\1/p')
    [ "${version:-0}" -ge 15 ] || continue
    printf '%s\n' "$folder"
    return 0
  done
  return 1
}

find_redis() { command -v redis-server || command -v valkey-server; }

# A port that nothing listens on, below those that the system hands out to outgoing connections.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s\n' "$port"
      return 0
    fi
  done
}

# make_services_folder [memory|disk]: where the servers keep their files. In memory a test does not wait for the disk,
# although every setting that guards data stays as in production; a measurement needs the disk.
make_services_folder() {
  local parent=${TMPDIR:-/tmp} free
  if [ "${1:-disk}" = memory ] && [ -w /dev/shm ]; then
    free=$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')
    [ "${free:-0}" -lt 2000000 ] || parent=/dev/shm
  fi
  services_folder=$(mktemp -d "$parent/zelo-services.XXXXXX")
  chmod 711 "$services_folder"
}

# PostgreSQL refuses to run as root.
as_postgres_user() {
  if [ "$(id -u)" != 0 ]; then
    "$@"
  elif have runuser; then
    runuser -u "$postgres_user" -- "$@"
  else
    su -s /bin/sh "$postgres_user" -c 'exec "$0" "$@"' -- "$@"
  fi
}

# start_postgres: sets postgres_port and postgres_url (owner of everything, no password, loopback only).
start_postgres() {
  local bin attempt
  bin=$(find_postgres) || { complain "No PostgreSQL 15 or newer is installed."; return 1; }
  postgres_bin=$bin
  postgres_user=postgres
  id postgres >/dev/null 2>&1 || postgres_user=nobody
  mkdir "$services_folder/postgres"
  if [ "$(id -u)" = 0 ]; then chown "$postgres_user" "$services_folder/postgres"; fi
  # The program may not be allowed to enter the folder that the caller stands in.
  cd "$services_folder/postgres"
  as_postgres_user "$bin/initdb" -D "$services_folder/postgres/data" -U owner --auth=trust --encoding=UTF8 \
    --locale=C.UTF-8 --no-sync >"$services_folder/initdb.log" 2>&1 \
    || { cat "$services_folder/initdb.log" >&2; cd "$OLDPWD"; return 1; }
  cd "$OLDPWD"
  for attempt in 1 2 3; do
    postgres_port=$(free_port)
    if start_postgres_on "$postgres_port"; then
      postgres_url="postgres://owner@127.0.0.1:$postgres_port/postgres"
      return 0
    fi
  done
  tail -n 20 "$services_folder/postgres/log" >&2
  return 1
}

# fsync and synchronous_commit stay on: Zelo refuses to start without them.
start_postgres_on() {
  (
    cd "$services_folder/postgres"
    as_postgres_user "$postgres_bin/pg_ctl" -D data -l log -w -t 30 -s -o "-p $1 -k $services_folder/postgres \
      -c listen_addresses=127.0.0.1 -c max_connections=200 -c timezone=UTC -c max_wal_size=2GB \
      ${POSTGRES_OPTIONS:-}" start
  ) >/dev/null 2>&1
}

# start_redis: sets redis_port and redis_url; nothing is written to disk.
start_redis() {
  local server attempt
  server=$(find_redis) || { complain "No Redis or Valkey server is installed."; return 1; }
  mkdir -p "$services_folder/redis"
  redis_port=$(free_port)
  "$server" --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --dir "$services_folder/redis" \
    >"$services_folder/redis/log" 2>&1 &
  redis_pid=$!
  for attempt in $(seq 1 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$redis_port") 2>/dev/null; then
      redis_url="redis://127.0.0.1:$redis_port"
      return 0
    fi
    kill -0 "$redis_pid" 2>/dev/null || break
    sleep 0.1
  done
  cat "$services_folder/redis/log" >&2
  return 1
}

# Ends what was started here and removes its files. Safe to call twice, and when nothing was started.
stop_services() {
  [ -n "$services_folder" ] || return 0
  if [ -f "$services_folder/postgres/data/postmaster.pid" ]; then
    (cd "$services_folder/postgres" && as_postgres_user "$postgres_bin/pg_ctl" -D data -m fast -t 10 -s stop \
      || as_postgres_user "$postgres_bin/pg_ctl" -D data -m immediate -s stop) || true
  fi
  if [ -n "$redis_pid" ]; then
    kill "$redis_pid" 2>/dev/null || true
    wait "$redis_pid" 2>/dev/null || true
  fi
  rm -rf "$services_folder"
  services_folder=
}
