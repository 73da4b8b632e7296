// The smallest web server a service provider needs: /login, /acs, /metadata. It knows nothing of SAML.
// What the two Node service providers share; each hands in its library as three functions.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const url = process.env.PEER_URL;
const entityId = process.env.PEER_ENTITY_ID;
const x509SubjectName = 'urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName';
const file = (name) => fs.readFileSync(path.join(process.env.PEER_DIR, name), 'utf8');

// login(relayState) gives the address of the broker, receive(form) who is logged in (or throws), metadata() XML.
function serve({ login, receive, metadata }) {
  const server = http.createServer(async (request, response) => {
    const answer = (status, kind, body, headers = {}) => {
      response.writeHead(status, { 'Content-Type': kind, ...headers });
      response.end(body);
    };
    const asked = new URL(request.url, url);
    if (request.method === 'GET' && asked.pathname === '/login') {
      answer(302, 'text/plain', '', { Location: await login(asked.searchParams.get('RelayState') ?? '') });
    } else if (request.method === 'GET' && asked.pathname === '/metadata') {
      answer(200, 'application/samlmetadata+xml', metadata());
    } else if (request.method === 'POST' && asked.pathname === '/acs') {
      let body = '';
      for await (const chunk of request) body += chunk;
      const form = Object.fromEntries(new URLSearchParams(body));
      try {
        const who = await receive(form);
        answer(200, 'application/json', JSON.stringify({ ...who, relay_state: form.RelayState ?? '' }));
      } catch (refusal) {
        // Whatever the library objects to, the user is not logged in. samlify throws strings.
        answer(403, 'application/json', JSON.stringify({ refused: String(refusal?.message ?? refusal) }));
      }
    } else {
      answer(404, 'text/plain', 'no such page');
    }
  });
  server.listen(Number(new URL(url).port), new URL(url).hostname);
}

module.exports = { entityId, file, serve, url, x509SubjectName };
