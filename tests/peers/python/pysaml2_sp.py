"""pysaml2 as a service provider: signed AuthnRequest by Redirect or POST, signed and encrypted assertion by POST."""

import shutil

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

import web

config = SPConfig().load(
    {
        "entityid": web.ENTITY_ID,
        "xmlsec_binary": shutil.which("xmlsec1"),
        "metadata": {"local": [str(web.DIR / "broker-idp.xml")]},
        "key_file": str(web.DIR / "signing.key"),
        "cert_file": str(web.DIR / "signing.crt"),
        "encryption_keypairs": [
            {"key_file": str(web.DIR / "encryption.key"), "cert_file": str(web.DIR / "encryption.crt")}
        ],
        "allow_unknown_attributes": True,
        "service": {
            "sp": {
                "endpoints": {"assertion_consumer_service": [(f"{web.URL}/acs", BINDING_HTTP_POST)]},
                "authn_requests_signed": True,
                "want_assertions_signed": True,
                "want_response_signed": False,
                "allow_unsolicited": False,
                "name_id_format": [web.X509_SUBJECT_NAME],
            }
        },
    }
)
client = Saml2Client(config)
outstanding = {}


def login(relay_state, by_post):
    request_id, http = client.prepare_for_authenticate(
        binding=BINDING_HTTP_POST if by_post else BINDING_HTTP_REDIRECT,
        relay_state=relay_state,
        sign=True,
        sigalg=SIG_RSA_SHA256,
        digest_alg=DIGEST_SHA256,
    )
    outstanding[request_id] = relay_state
    return http["data"] if by_post else dict(http["headers"])["Location"]


def receive(form):
    answer = client.parse_authn_request_response(form["SAMLResponse"], BINDING_HTTP_POST, outstanding)
    subject = answer.get_subject()
    return {"name_id": subject.text, "name_id_format": subject.format, "attributes": answer.ava}


web.serve(login, receive, lambda: str(entity_descriptor(config)))
