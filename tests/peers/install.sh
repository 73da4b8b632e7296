#!/bin/sh
# Installs the SAML and OpenID Connect software that tests/peers.rs lets log in, by package name, and only what is missing or
# older than the version that the tests were written for.
# Debian packages go to the system; the Python and Node libraries stay below target/peers.
# Started again when everything is there, it ends within a second and says so.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
target=${CH_PEERS_DIR:-$here/../../target/peers}
mkdir -p "$target"
target=$(cd "$target" && pwd)
say() { echo "peers: $*"; }

# --- Debian: Apache with its two SAML modules and the one for OpenID Connect, SimpleSAMLphp, xmlsec1, and what runs the libraries ---
# Each with the oldest version that will do, where that matters: those of the README.
wanted="apache2 libapache2-mod-auth-mellon=0.18.1 libapache2-mod-auth-openidc=2.4.12.3 libapache2-mod-shib=3.4.1 simplesamlphp=1.19.7
    php-cli php-xml php-mbstring xmlsec1=1.2.37 openssl"
command -v node >/dev/null && command -v npm >/dev/null || wanted="$wanted nodejs npm"
python3 -c 'import venv, ensurepip' 2>/dev/null || wanted="$wanted python3-venv"
# Of these, those that are not installed, or are too old.
lacking() {
    for package in "$@"; do
        name=${package%%=*} oldest=${package#"${package%%=*}"}
        there=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$name" 2>/dev/null) || there=
        [ "${there% *}" = installed ] && dpkg --compare-versions "${there#* }" ge "${oldest#=}" || printf ' %s' "$name"
    done
}
# shellcheck disable=SC2086  # a list of names on purpose
missing=$(lacking $wanted)
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086  # a list of names on purpose
    "$here/../../tools/install" $missing
    # shellcheck disable=SC2086  # a list of names on purpose
    missing=$(lacking $wanted)
    [ -z "$missing" ] || { say "Debian has nothing new enough here for:$missing" >&2; exit 1; }
fi

# --- Python: pysaml2, python3-saml and Authlib in an environment of their own ---
# What is there was made from the list of then; an environment whose Python is gone is none.
if ! cmp -s "$here/python/requirements.txt" "$target/venv/requirements.txt" || ! "$target/venv/bin/python" -c '' 2>/dev/null; then
    say "installing from PyPI: $(grep -v '^#' "$here/python/requirements.txt" | tr '\n' ' ')"
    rm -rf "$target/venv"
    python3 -m venv "$target/venv"
    "$target/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/python/requirements.txt"
    cp "$here/python/requirements.txt" "$target/venv/requirements.txt"
fi

# --- Node: node-saml, samlify and openid-client ---
if ! cmp -s "$here/node/package-lock.json" "$target/node/installed.json"; then
    say "installing from npm: @node-saml/node-saml samlify openid-client"
    mkdir -p "$target/node"
    cp "$here/node/package.json" "$here/node/package-lock.json" "$target/node/"
    (cd "$target/node" && npm ci --no-audit --no-fund --loglevel=error)
    cp "$here/node/package-lock.json" "$target/node/installed.json"
fi

say "all there: $(dpkg-query -W -f '${Package} ${Version}, ' libapache2-mod-auth-mellon libapache2-mod-auth-openidc libapache2-mod-shib simplesamlphp)venv, node"
