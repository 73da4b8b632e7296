#!/bin/sh
# Installs what the feature second-opinion builds and links with: libxmlsec1, libxml2, the system's OpenSSL, and libclang,
# which reads their headers. Does nothing when all is there.
set -eu
if pkg-config --exists xmlsec1-openssl libxml-2.0 openssl 2>/dev/null && ls /usr/lib/llvm-*/lib/libclang*.so* >/dev/null 2>&1; then
    exit 0
fi
exec "$(dirname "$0")/install" pkg-config libssl-dev libxml2-dev libxmlsec1-dev libclang-dev
