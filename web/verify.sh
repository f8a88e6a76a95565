#!/bin/sh
# Holds the source to its types, the server's description among them, builds it into a temporary folder and compares
# that with the committed files.
set -eu
cd "$(dirname "$0")"
committed=../src/sightline/web
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
[ -d node_modules ] || npm ci --no-audit --no-fund
npm run --silent check
SIGHTLINE_WEB_OUT="$fresh" npx vite build --logLevel warn
if ! diff -rq "$committed" "$fresh"; then
  echo "The dashboard in src/sightline/web differs from what web/ builds. Run 'make web' and commit the result." >&2
  exit 1
fi
echo "The committed dashboard is what web/ builds."
