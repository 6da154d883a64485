#!/bin/sh
# Everything that the tests need: redis-server where it is missing, and the packages of the lock file.
set -eu
cd "$(dirname "$0")/.."

if ! command -v redis-server >/dev/null; then
  if command -v apt-get >/dev/null; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    $as_root apt-get install -y -qq redis-server >/dev/null
  elif command -v brew >/dev/null; then
    brew install redis
  else
    echo "Install redis-server (7.0 or newer) and run this again." >&2
    exit 1
  fi
fi
npm ci
