#!/bin/sh
# Installs the design system and takes from it only what the pages use, into web/dist. The next `cargo build` embeds it.
# Without this step (no node at hand) `cargo build` embeds our own stylesheet, and every page works the same.
set -eu
cd "$(dirname "$0")"
if ! command -v npm >/dev/null; then
    echo "web: npm not found; the pages keep their own plain stylesheet" >&2
    exit 0
fi
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
node extract.mjs
