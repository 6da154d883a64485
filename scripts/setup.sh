#!/bin/sh
# Everything that the tests need: redis-server, chromium and python3 where they are missing, and the packages of the three lock files.
# With --bench also etcd and NATS, which the bench compares with, and promtool, which reads the metrics.
set -eu
cd "$(dirname "$0")/.."

# Debian puts servers where only root looks.
PATH="$PATH:/usr/sbin"
missing=
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v chromium >/dev/null || missing="$missing chromium"
command -v python3 >/dev/null || missing="$missing python3"
case "${1-}" in
  "") ;;
  --bench)
    command -v etcd >/dev/null || missing="$missing etcd-server"
    command -v nats-server >/dev/null || missing="$missing nats-server"
    command -v promtool >/dev/null || missing="$missing prometheus"
    ;;
  *)
    echo "usage: scripts/setup.sh [--bench]" >&2
    exit 2
    ;;
esac
if [ -n "$missing" ]; then
  if command -v apt-get >/dev/null; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 -- a list of names
    $as_root apt-get install -y -qq $missing >/dev/null
  elif command -v brew >/dev/null; then
    for name in $missing; do
      [ "$name" = nats-server ] || name="${name%-server}"
      brew install "$name"
    done
  else
    echo "Install$missing (redis-server 7.0 or newer) and run this again." >&2
    exit 1
  fi
fi
npm ci
npm ci --prefix test/mcp
npm ci --prefix test/node/openapi
