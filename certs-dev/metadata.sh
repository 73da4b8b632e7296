#!/bin/sh
# Writes the metadata of the sandbox's parties, and the key sets of those that speak OpenID Connect, with the certificates
# beside this script: into ../metadata, or into the folder that is named. The addresses are those of the sandbox at its usual port.
set -eu
cd "$(dirname "$0")"
to=${1:-../metadata}

certificate() {
    sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/{/-----/d;p;}' "$1.pem"
}

key() {
    cat <<END
    <md:KeyDescriptor use="$1">
      <ds:KeyInfo><ds:X509Data><ds:X509Certificate>
$(certificate "$2")
      </ds:X509Certificate></ds:X509Data></ds:KeyInfo>
END
    for method in $3; do
        echo "      <md:EncryptionMethod Algorithm=\"$method\"/>"
    done
    echo "    </md:KeyDescriptor>"
}

begin() {
    cat <<END
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="$1">
END
}

SAML2=urn:oasis:names:tc:SAML:2.0:protocol
NAME=urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName
PERSISTENT=urn:oasis:names:tc:SAML:2.0:nameid-format:persistent

identity_provider() {
    name=$1 entity_id=$2 port=$3 key=$4 names=$5
    {
        begin "$entity_id"
        echo "  <md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" protocolSupportEnumeration=\"$SAML2\">"
        key signing "$key" ""
        cat <<END
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="http://localhost:$port/slo"/>
    <md:NameIDFormat>$names</md:NameIDFormat>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="http://localhost:$port/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
END
    } >"$to/$name.xml"
}

attribute_service() {
    name=$1 entity_id=$2 port=$3 key=$4
    {
        begin "$entity_id"
        echo "  <md:AttributeAuthorityDescriptor protocolSupportEnumeration=\"$SAML2\">"
        key signing "$key" ""
        cat <<END
    <md:AttributeService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="http://localhost:$port/soap"/>
    <md:NameIDFormat>$NAME</md:NameIDFormat>
  </md:AttributeAuthorityDescriptor>
</md:EntityDescriptor>
END
    } >"$to/$name.xml"
}

# The last argument lists the algorithms of its encryption key; without any it has no such key.
fagsystem() {
    name=$1 entity_id=$2 port=$3 key=$4 methods=$5
    {
        begin "$entity_id"
        echo "  <md:SPSSODescriptor AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"$SAML2\">"
        key signing "$key" ""
        [ -z "$methods" ] || key encryption "$key" "$methods"
        cat <<END
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="http://localhost:$port/slo"/>
    <md:NameIDFormat>$NAME</md:NameIDFormat>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="http://localhost:$port/acs" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
END
    } >"$to/$name.xml"
}

base64url() {
    openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# The key set of a fagsystem that speaks OpenID Connect. Its key is named by the digest of its certificate.
key_set() {
    name=$1 key=$2
    kid=$(openssl x509 -in "$key.pem" -outform DER | openssl dgst -sha256 -binary | base64url)
    modulus=$(openssl x509 -in "$key.pem" -noout -modulus | perl -ne 'print pack "H*", /=(\w+)/' | base64url)
    cat >"$to/$name.jwks.json" <<END
{
  "keys": [
    {
      "kty": "RSA",
      "use": "sig",
      "alg": "PS256",
      "kid": "$kid",
      "n": "$modulus",
      "e": "AQAB"
    }
  ]
}
END
}

GCM="http://www.w3.org/2009/xmlenc11#aes256-gcm"
OAEP="http://www.w3.org/2009/xmlenc11#rsa-oaep"

identity_provider korsbaek https://saml.korsbaek.example/idp 8081 idp-korsbaek $NAME
identity_provider feddet https://saml.feddet.example/idp 8082 idp-feddet $NAME
identity_provider nemlogin https://saml.nemlog-in.example 8086 nemlogin $PERSISTENT
attribute_service feddet-rettigheder https://rettigheder.feddet.example/saml 8085 attribute-service
fagsystem koereproevebooking https://saml.koereproevebooking.example 8083 sp-oiosaml2 ""
fagsystem bbr https://saml.bbr.example 8084 sp-oiosaml3 "$GCM $OAEP"
fagsystem seb https://saml.seb.example 8087 sp-seb "$GCM $OAEP"
key_set byggesag oidc-byggesag
