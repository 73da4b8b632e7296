#!/bin/sh
# Makes a development key and certificate for each party of the sandbox: NAME.pem holds both, not secret (see README.md).
# Existing files stay; remove the one that is to be made anew.
set -eu
cd "$(dirname "$0")"
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Begun long ago and good for long, so that a test may set its clock.
cat >"$work/openssl.cnf" <<END
[ca]
default_ca = self
[self]
database = $work/index
new_certs_dir = $work
policy = any
x509_extensions = party
default_md = sha256
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
[party]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
subjectKeyIdentifier = hash
END
: >"$work/index"

# The size of OCES3 keys, and subjects of the shape of OCES3 organisation certificates. Self-signed: nobody vouches for them.
make() {
    name=$1 cvr=$2 uuid=$3 organisation=$4 common_name=$5
    [ ! -e "$name.pem" ] || return 0
    # A slash would begin the next part of the name.
    organisation=$(printf %s "$organisation" | sed 's#/#\\/#g')
    openssl req -new -newkey rsa:3072 -nodes -utf8 -keyout "$work/key" -out "$work/request" \
        -subj "/C=DK/O=$organisation/organizationIdentifier=NTRDK-$cvr/serialNumber=UI:DK-O:G:$uuid/CN=$common_name" 2>/dev/null
    openssl ca -config "$work/openssl.cnf" -selfsign -batch -notext -preserveDN -utf8 \
        -startdate 20240101000000Z -enddate 20440101000000Z \
        -keyfile "$work/key" -in "$work/request" -out "$work/certificate" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
    cat "$work/key" "$work/certificate" >"$name.pem"
    echo "made certs-dev/$name.pem: $common_name"
}

#    file               CVR      UUID                                 organisation           name
make broker-signing     10000009 7a1c6a52-3f58-4c7e-9d0e-5b0f3c1d2a01 "Context Handler ApS"   "Context Handler (development), signing"
make broker-decryption  10000009 7a1c6a52-3f58-4c7e-9d0e-5b0f3c1d2a02 "Context Handler ApS"   "Context Handler (development), decryption"
make idp-korsbaek       11111111 7a1c6a52-3f58-4c7e-9d0e-5b0f3c1d2a03 "Korsbæk Kommune"       "Korsbæk IdP (development)"
make idp-feddet         99999999 7a1c6a52-3f58-4c7e-9d0e-5b0f3c1d2a04 "Feddet Kommune"        "Feddet IdP (development)"
make sp-oiosaml2        33333333 7a1c6a52-3f58-4c7e-9d0e-5b0f3c1d2a05 "Køreprøvebooking A/S"  "Køreprøvebooking (development)"
make sp-oiosaml3        44444444 7a1c6a52-3f58-4c7e-9d0e-5b0f3c1d2a06 "BBR A/S"               "BBR (development)"
make attribute-service  99999999 7a1c6a52-3f58-4c7e-9d0e-5b0f3c1d2a07 "Feddet Kommune"        "Feddet attribute service (development)"
make nemlogin           55555555 7a1c6a52-3f58-4c7e-9d0e-5b0f3c1d2a08 "NemLog-in stand-in"    "NemLog-in stand-in (development)"
make sp-seb             66666666 7a1c6a52-3f58-4c7e-9d0e-5b0f3c1d2a09 "SEB A/S"               "SEB (development)"
make oidc-byggesag     77777777 7a1c6a52-3f58-4c7e-9d0e-5b0f3c1d2a0a "Byggesag ApS"          "Byggesag (development)"
