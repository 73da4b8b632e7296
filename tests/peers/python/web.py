"""The smallest web server a service provider needs: /login, /acs, /metadata. It knows nothing of SAML.

What the two Python service providers share; each hands in its library as three functions.
"""

import json
import os
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

DIR = Path(os.environ["PEER_DIR"])
URL = os.environ["PEER_URL"]
ENTITY_ID = os.environ["PEER_ENTITY_ID"]
X509_SUBJECT_NAME = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"


def file(name):
    return (DIR / name).read_text()


def serve(login, receive, metadata):
    """login(relay_state, by_post) gives the address of the broker, or the page that posts there; receive(form) gives who is
    logged in, or raises; metadata() gives XML."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path, _, query = self.path.partition("?")
            if path == "/login":
                asked = dict(urllib.parse.parse_qsl(query))
                by_post = asked.get("binding") == "post"
                way = login(asked.get("RelayState", ""), by_post)
                if by_post:
                    self.answer(200, "text/html; charset=utf-8", way)
                else:
                    self.answer(302, "text/plain", "", [("Location", way)])
            elif path == "/metadata":
                self.answer(200, "application/samlmetadata+xml", metadata())
            else:
                self.answer(404, "text/plain", "no such page")

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
            try:
                who = receive(form)
                who["relay_state"] = form.get("RelayState", "")
                self.answer(200, "application/json", json.dumps(who))
            except Exception as refusal:  # whatever the library objects to, the user is not logged in
                why = {"refused": f"{type(refusal).__name__}: {refusal}"}
                self.answer(403, "application/json", json.dumps(why))

        def answer(self, status, kind, body, headers=()):
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format, *args):
            print(format % args, file=sys.stderr)

    address = urllib.parse.urlsplit(URL)
    HTTPServer((address.hostname, address.port), Handler).serve_forever()
