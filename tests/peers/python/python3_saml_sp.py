"""python3-saml as a service provider, in its strict mode: only encrypted and signed assertions in signed responses, no deprecated algorithm."""

import urllib.parse

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings

import web

settings = OneLogin_Saml2_IdPMetadataParser.parse(web.file("broker-idp.xml")) | {
    "strict": True,
    "debug": True,
    "sp": {
        "entityId": web.ENTITY_ID,
        "assertionConsumerService": {
            "url": f"{web.URL}/acs",
            "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        },
        "NameIDFormat": web.X509_SUBJECT_NAME,
        "x509cert": web.file("signing.crt"),
        "privateKey": web.file("signing.key"),
    },
    "security": {
        "authnRequestsSigned": True,
        "wantMessagesSigned": True,
        "wantAssertionsSigned": True,
        "wantAssertionsEncrypted": True,
        "requestedAuthnContext": False,
        "signatureAlgorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "digestAlgorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
        "rejectDeprecatedAlgorithm": True,
    },
}
outstanding = set()


def auth(path, form=None):
    address = urllib.parse.urlsplit(web.URL)
    request = {"https": "off", "http_host": address.netloc, "script_name": path, "get_data": {}, "post_data": form or {}}
    return OneLogin_Saml2_Auth(request, settings)


def login(relay_state, by_post):
    assert not by_post, "python3-saml asks by Redirect only"
    sp = auth("/login")
    location = sp.login(return_to=relay_state)
    outstanding.add(sp.get_last_request_id())
    return location


def receive(form):
    sp = auth("/acs", form)
    sp.process_response()
    if sp.get_last_error_reason() or sp.get_errors() or not sp.is_authenticated():
        raise PermissionError(f"{sp.get_errors()} {sp.get_last_error_reason()}")
    # The library compares InResponseTo only with an id that it is given, and we hold several: the question must be ours.
    outstanding.remove(sp.get_last_response_in_response_to())
    return {"name_id": sp.get_nameid(), "name_id_format": sp.get_nameid_format(), "attributes": sp.get_attributes()}


web.serve(login, receive, lambda: OneLogin_Saml2_Settings(settings, sp_validation_only=True).get_sp_metadata().decode())
