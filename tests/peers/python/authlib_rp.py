"""Authlib as a fagsystem: code flow with PKCE, state and nonce, client_secret_basic or, with PEER_AUTH=private_key_jwt, a
signed assertion by RS256; refresh, userinfo, RP-initiated logout. Logout tokens it leaves to its user, who takes its JOSE."""

import json
import os
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken

URL = os.environ["PEER_URL"]
CLIENT_ID = os.environ["PEER_ENTITY_ID"]
ISSUER = os.environ["PEER_ISSUER"]
DIR = Path(os.environ["PEER_DIR"])
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
BY_KEY = os.environ.get("PEER_AUTH") == "private_key_jwt"

jwt = JsonWebToken(["PS256"])
outstanding = {}
session = {}


def provider():
    """What the provider publishes, asked anew each time: it may come up later than its client."""
    return plain.get(f"{ISSUER}/.well-known/openid-configuration").json()


def new_client():
    secret = (DIR / ("signing.key" if BY_KEY else "secret")).read_text().strip()
    client = OAuth2Session(
        CLIENT_ID,
        secret,
        scope="openid offline_access",
        redirect_uri=f"{URL}/callback",
        code_challenge_method="S256",
        token_endpoint_auth_method="private_key_jwt" if BY_KEY else "client_secret_basic",
    )
    if BY_KEY:
        client.register_client_auth_method(PrivateKeyJWT(provider()["token_endpoint"], headers={"kid": "signing"}))
    return client


def keys():
    return JsonWebKey.import_key_set(plain.get(provider()["jwks_uri"]).json())


def jwks():
    key = JsonWebKey.import_key((DIR / "signing.key").read_bytes(), {"kid": "signing", "use": "sig"})
    return {"keys": [key.as_dict(is_private=False)]}


def login(asked, form):
    client = new_client()
    verifier, nonce = generate_token(48), generate_token(20)
    more = {name: asked[name] for name in ("prompt", "acr_values", "max_age") if name in asked}
    address, state = client.create_authorization_url(
        provider()["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **more
    )
    outstanding[state] = (verifier, nonce)
    return address


def callback(asked, form):
    verifier, nonce = outstanding.pop(asked["state"])
    # Authlib does not compare iss (RFC 9207); its user does.
    if asked.get("iss") != ISSUER:
        raise ValueError(f"an answer of {asked.get('iss')}")
    if "error" in asked:
        raise ValueError(f"{asked['error']} {asked.get('error_description', '')}")
    token = new_client().fetch_token(
        provider()["token_endpoint"], grant_type="authorization_code", code=asked["code"], code_verifier=verifier
    )
    options = {"iss": {"value": ISSUER}, "aud": {"value": CLIENT_ID}}
    params = {"nonce": nonce, "client_id": CLIENT_ID, "access_token": token["access_token"]}
    claims = jwt.decode(token["id_token"], keys(), CodeIDToken, options, params)
    claims.validate()
    session.update(token=dict(token), claims=dict(claims))
    return shown()


def shown():
    if not session:
        raise ValueError("nobody is logged in")
    token = session["token"]
    return {
        "claims": session["claims"],
        "expires_in": token["expires_in"],
        "refresh_token": bool(token.get("refresh_token")),
    }


def refresh(asked, form):
    before = session["token"]
    token = new_client().refresh_token(provider()["token_endpoint"], refresh_token=before["refresh_token"])
    session["token"] = {**before, **token}
    return {**shown(), "fresh": token["access_token"] != before["access_token"]}


def userinfo(asked, form):
    client = OAuth2Session(CLIENT_ID, token=session["token"])
    answer = client.get(provider()["userinfo_endpoint"])
    answer.raise_for_status()
    said = answer.json()
    if said["sub"] != session["claims"]["sub"]:
        raise ValueError("userinfo is about somebody else")
    return said


def logout(asked, form):
    hint = session["token"]["id_token"]
    session.clear()
    leaving = {"id_token_hint": hint, "post_logout_redirect_uri": f"{URL}/logged-out", "state": "leaving"}
    return f"{provider()['end_session_endpoint']}?{urllib.parse.urlencode(leaving)}"


def backchannel_logout(asked, form):
    essential = {"essential": True}
    options = {"iss": {**essential, "value": ISSUER}, "aud": {**essential, "value": CLIENT_ID}}
    options |= {name: essential for name in ("iat", "exp", "jti", "events")}
    claims = jwt.decode(form["logout_token"], keys(), claims_options=options)
    claims.validate(now=int(time.time()))
    if claims.header.get("typ") != "logout+jwt" or LOGOUT not in claims["events"] or "nonce" in claims:
        raise ValueError("no logout token")
    named = [name for name in ("sub", "sid") if name in claims]
    if not named:
        raise ValueError("a logout of nobody")
    if session and all(claims[name] == session["claims"].get(name) for name in named):
        session.clear()
    return {}


ROUTES = {
    "/jwks": lambda asked, form: jwks(),
    "/login": login,
    "/callback": callback,
    "/me": lambda asked, form: shown(),
    "/refresh": refresh,
    "/userinfo": userinfo,
    "/logout": logout,
    "/logged-out": lambda asked, form: {"logged_out": asked.get("state") == "leaving"},
    "/backchannel-logout": backchannel_logout,
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.handle_with({})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.handle_with(dict(urllib.parse.parse_qsl(body)))

    def handle_with(self, form):
        path, _, query = self.path.partition("?")
        if path not in ROUTES:
            return self.answer(404, {"refused": "no such page"})
        try:
            said = ROUTES[path](dict(urllib.parse.parse_qsl(query)), form)
        except Exception as refusal:  # whatever the library objects to, the user is not logged in
            return self.answer(403, {"refused": f"{type(refusal).__name__}: {refusal}"})
        if isinstance(said, str):
            return self.answer(302, {}, [("Location", said)])
        return self.answer(200, said)

    def answer(self, status, content, headers=()):
        data = json.dumps(content).encode()
        self.send_response(status)
        for name, value in [("Content-Type", "application/json"), ("Content-Length", str(len(data))), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args):
        # The path alone: what stands behind it is secret.
        print(format.split('"')[0], self.command, self.path.partition("?")[0], file=sys.stderr)


plain = requests.Session()
address = urllib.parse.urlsplit(URL)
HTTPServer((address.hostname, address.port), Handler).serve_forever()
