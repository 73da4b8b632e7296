"""pysaml2 as a party that asks an attribute authority: `pysaml2_query.py metadata`, or `pysaml2_query.py ask NAME [ATTRIBUTE...]`.

Prints JSON: the attributes of an answer that it believes, or why it does not believe it. The query is signed and goes by
SOAP; the answer must hold an assertion that the authority signed, about this user, in answer to this query. In the
environment: PEER_ENCRYPTED for a party with an encryption key, PEER_UNSIGNED for one that does not sign, PEER_TAMPERED for an answer
that somebody changed on its way.
"""

import json
import os
import shutil
import sys
from xml.etree import ElementTree

from saml2 import BINDING_HTTP_POST, BINDING_SOAP, saml, samlp, xmldsig, xmlenc
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from saml2.response import AttributeResponse
from saml2.saml import NAME_FORMAT_URI, NameID
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

import web

# pysaml2 takes the answer out of its envelope by printing it anew, which invents prefixes unless they are known: without
# these lines no signature of anybody with prefixes of his own fits.
for prefix, namespace in [("saml", saml.NAMESPACE), ("samlp", samlp.NAMESPACE), ("ds", xmldsig.NAMESPACE), ("xenc", xmlenc.NAMESPACE)]:
    ElementTree.register_namespace(prefix, namespace)

AUTHORITY = web.DIR / "broker-aa.xml"
encryption = {"key_file": str(web.DIR / "encryption.key"), "cert_file": str(web.DIR / "encryption.crt")}
config = SPConfig().load(
    {
        "entityid": web.ENTITY_ID,
        "xmlsec_binary": shutil.which("xmlsec1"),
        "metadata": {"local": [str(AUTHORITY)]},
        "key_file": str(web.DIR / "signing.key"),
        "cert_file": str(web.DIR / "signing.crt"),
        "encryption_keypairs": [encryption] if "PEER_ENCRYPTED" in os.environ else [],
        "service": {
            "sp": {
                "endpoints": {"assertion_consumer_service": [(f"{web.URL}/acs", BINDING_HTTP_POST)]},
                "name_id_format": [web.X509_SUBJECT_NAME],
            }
        },
    }
)


class SignedAnswer(AttributeResponse):
    """pysaml2 takes unsigned answers about attributes, and forgets attributes that it does not know, unless it is told not to."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.require_signature = True
        self.allow_unknown_attributes = True


def ask(name, *attributes):
    client = Saml2Client(config)
    authority = client.metadata.with_descriptor("attribute_authority")
    (entity_id,) = authority.keys()
    destination = client.metadata.attribute_service(entity_id, BINDING_SOAP)[0]["location"]
    query_id, query = client.create_attribute_query(
        destination,
        name_id=NameID(text=name, format=web.X509_SUBJECT_NAME),
        attribute={(attribute, NAME_FORMAT_URI): None for attribute in attributes},
        sign="PEER_UNSIGNED" not in os.environ,
        sign_alg=SIG_RSA_SHA256,
        digest_alg=DIGEST_SHA256,
    )
    content = client.send_using_soap(query, destination).text
    if "PEER_TAMPERED" in os.environ:
        changed = content.replace("Serial=", "Serial=0")
        assert changed != content
        content = changed
    answer = client._parse_response(
        content,
        SignedAnswer,
        "attribute_consuming_service",
        BINDING_SOAP,
        entity_id=web.ENTITY_ID,
        attribute_converters=config.attribute_converters,
    )
    assert answer.in_response_to == query_id and answer.issuer() == entity_id
    subject = answer.get_subject().text
    assert subject == name, subject
    return {"attributes": answer.get_identity(), "encrypted": "EncryptedAssertion" in content}


if sys.argv[1] == "metadata":
    print(entity_descriptor(config))
else:
    try:
        told = ask(*sys.argv[2:])
    except Exception as refusal:  # whatever the library objects to, nothing was learned
        told = {"refused": f"{type(refusal).__name__}: {refusal}"}
    print(json.dumps(told))
