#!/bin/sh
# Installs what the browser tests need: Chromium from Debian's packages, playwright-core and axe-core from npm.
set -eu
cd "$(dirname "$0")"
[ -x /usr/bin/chromium ] || ../../tools/install chromium
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
