#!/bin/sh
# A throw-away PostgreSQL for the database tests. Never for data: it does not wait for the disk.
#   .ci/postgres.sh start   starts it on a free loopback port (trust authentication) and prints its DATABASE_URL
#   .ci/postgres.sh stop    stops it and removes its files
set -eu
umask 077

folder="${TMPDIR:-/tmp}/neuronforge-postgres-$(id -u)"

find_bin() {
  # Debian's 15 first: the oldest version we support.
  for bin in /usr/lib/postgresql/15/bin /usr/lib/postgresql/*/bin; do
    if [ -x "$bin/initdb" ]; then echo "$bin"; return; fi
  done
  if command -v initdb > /dev/null; then dirname "$(command -v initdb)"; fi
}

# PostgreSQL refuses to run as root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then su postgres -s /bin/sh -c "$1"; else sh -c "$1"; fi
}

start() {
  bin="$(find_bin)"
  if [ -z "$bin" ]; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } >&2
    bin="$(find_bin)"
  fi
  stop
  mkdir -p "$folder"
  if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
  as_postgres "'$bin/initdb' -D '$folder/data' -A trust -U postgres -E UTF8 --locale=C --no-sync" > /dev/null
  options="-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c full_page_writes=off -c max_connections=100"
  # Another process may take a free port before we do: then try the next one.
  for _ in 1 2 3 4 5; do
    port="$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')"
    if as_postgres "'$bin/pg_ctl' -D '$folder/data' -l '$folder/log' -w -o '$options -p $port' start" > /dev/null; then
      echo "postgres://postgres@127.0.0.1:$port/postgres"
      return
    fi
  done
  cat "$folder/log" >&2
  exit 1
}

stop() {
  if [ -d "$folder/data" ]; then
    as_postgres "'$(find_bin)/pg_ctl' -D '$folder/data' -m immediate -w stop" > /dev/null 2>&1 || true
  fi
  rm -rf "$folder"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
