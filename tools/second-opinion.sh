#!/bin/sh
# Installs what the feature second-opinion builds and links with: libxmlsec1, libxml2, the system's OpenSSL, and libclang,
# which reads their headers. Says what it installs; does nothing when all is there.
set -eu
if pkg-config --exists xmlsec1-openssl libxml-2.0 openssl 2>/dev/null && ls /usr/lib/llvm-*/lib/libclang*.so* >/dev/null 2>&1; then
    exit 0
fi
packages="pkg-config libssl-dev libxml2-dev libxmlsec1-dev libclang-dev"
if ! command -v apt-get >/dev/null; then
    echo "please install: $packages" >&2
    exit 1
fi
as_root=; [ "$(id -u)" = 0 ] || as_root=sudo
echo "installing from Debian: $packages"
$as_root apt-get -qq update
# shellcheck disable=SC2086  # a list of names on purpose
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $packages
