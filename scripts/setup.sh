#!/bin/sh
# Everything that the tests need: redis-server, chromium and python3 where they are missing, and the packages of both lock files.
set -eu
cd "$(dirname "$0")/.."

missing=
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v chromium >/dev/null || missing="$missing chromium"
command -v python3 >/dev/null || missing="$missing python3"
if [ -n "$missing" ]; then
  if command -v apt-get >/dev/null; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 -- a list of names
    $as_root apt-get install -y -qq $missing >/dev/null
  elif command -v brew >/dev/null; then
    for name in $missing; do brew install "${name%-server}"; done
  else
    echo "Install$missing (redis-server 7.0 or newer) and run this again." >&2
    exit 1
  fi
fi
npm ci
npm ci --prefix test/mcp
