#!/bin/sh
# Installs what the browser tests need: Chromium from Debian's packages, playwright-core and axe-core from npm.
set -eu
cd "$(dirname "$0")"
if ! [ -x /usr/bin/chromium ]; then
    [ "$(id -u)" = 0 ] && as_root= || as_root=sudo
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
fi
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
