// openid-client as a fagsystem: code flow with PKCE, state and nonce, private_key_jwt and ID tokens by PS256, refresh,
// userinfo, RP-initiated logout. Logout tokens it leaves to its user, who takes jose, the library beneath it.
// With PEER_DPOP it pushes its requests and holds tokens that are good only with its key; a call may say by `proof` that it
// comes with another key or with none.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

// Node 18 does not yet show these under the names by which the library looks for them.
globalThis.crypto ??= crypto.webcrypto;
globalThis.CryptoKey ??= crypto.webcrypto.CryptoKey;

const { PEER_URL: url, PEER_ENTITY_ID: clientId, PEER_ISSUER: issuer, PEER_DIR: folder } = process.env;
const redirectUri = `${url}/callback`;
const privateKey = crypto.createPrivateKey(fs.readFileSync(path.join(folder, 'signing.key')));
const publicKey = crypto.createPublicKey(privateKey).export({ format: 'jwk' });
const jwks = { keys: [{ ...publicKey, kid: 'signing', use: 'sig', alg: 'PS256' }] };

// Both are modules of the newer kind, which look for nothing in NODE_PATH.
const load = (name) => import(require.resolve(name));
const outstanding = new Map();
let session = null;
let logoutsHeard = 0;

async function routes() {
  const [oidc, jose] = await Promise.all([load('openid-client'), load('jose')]);
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-256' };
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const key = await globalThis.crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  // Asked anew each time: the provider may come up later than its client.
  const configuration = () => oidc.discovery(
    new URL(issuer), clientId, { id_token_signed_response_alg: 'PS256' },
    oidc.PrivateKeyJwt({ key, kid: 'signing' }), { execute: [oidc.allowInsecureRequests] },
  );
  const published = async () => (await configuration()).serverMetadata();
  const keyPairs = process.env.PEER_DPOP
    ? { own: await oidc.randomDPoPKeyPair(), other: await oidc.randomDPoPKeyPair() } : {};
  // A new handle each time, which remembers no nonce: so each kind of call has to get over the demand for one.
  const proofs = (asked, provider) => {
    const keyPair = keyPairs[asked.searchParams.get('proof') ?? 'own'];
    return keyPair && { DPoP: oidc.getDPoPHandle(provider, keyPair) };
  };
  const shown = () => ({
    claims: session.claims, expires_in: session.tokens.expires_in, refresh_token: Boolean(session.tokens.refresh_token),
    token_type: session.tokens.token_type, jkt: jose.decodeJwt(session.tokens.access_token).cnf?.jkt,
  });

  return {
    '/jwks': async () => jwks,
    '/login': async (asked) => {
      const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
      outstanding.set(state, { nonce, verifier });
      const provider = await configuration();
      const question = {
        redirect_uri: redirectUri, scope: asked.searchParams.get('scope') ?? 'openid offline_access',
        state, nonce, code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
        ...Object.fromEntries(['prompt', 'acr_values', 'max_age'].flatMap((name) =>
          asked.searchParams.has(name) ? [[name, asked.searchParams.get(name)]] : [])),
      };
      const proof = proofs(asked, provider);
      return proof
        ? oidc.buildAuthorizationUrlWithPAR(provider, question, proof) : oidc.buildAuthorizationUrl(provider, question);
    },
    '/callback': async (asked) => {
      const expected = outstanding.get(asked.searchParams.get('state'));
      if (!expected) throw new Error('an answer to no question of ours');
      outstanding.delete(asked.searchParams.get('state'));
      const provider = await configuration();
      const tokens = await oidc.authorizationCodeGrant(provider, asked, {
        pkceCodeVerifier: expected.verifier, expectedState: asked.searchParams.get('state'),
        expectedNonce: expected.nonce, idTokenExpected: true,
      }, undefined, proofs(asked, provider));
      session = { tokens, claims: tokens.claims() };
      return shown();
    },
    '/me': async () => {
      if (!session) throw new Error('nobody is logged in');
      return shown();
    },
    '/key': async (asked) => ({ jkt: await proofs(asked, await configuration()).DPoP.calculateThumbprint() }),
    '/refresh': async (asked) => {
      const provider = await configuration();
      const tokens = await oidc.refreshTokenGrant(
        provider, session.tokens.refresh_token, undefined, proofs(asked, provider));
      const fresh = tokens.access_token !== session.tokens.access_token;
      session.tokens = { ...session.tokens, ...tokens };
      return { ...shown(), fresh };
    },
    '/userinfo': async (asked) => {
      const provider = await configuration();
      return oidc.fetchUserInfo(
        provider, session.tokens.access_token, session.claims.sub, proofs(asked, provider));
    },
    '/logout': async () => {
      const { id_token } = session.tokens;
      session = null;
      return oidc.buildEndSessionUrl(await configuration(), {
        id_token_hint: id_token, post_logout_redirect_uri: `${url}/logged-out`, state: 'leaving',
      });
    },
    '/logouts-heard': async () => logoutsHeard,
    '/logged-out': async (asked) => ({ logged_out: asked.searchParams.get('state') === 'leaving' }),
    '/backchannel-logout': async (_, form) => {
      const keys = jose.createRemoteJWKSet(new URL((await published()).jwks_uri));
      const { payload } = await jose.jwtVerify(form.get('logout_token'), keys, {
        issuer, audience: clientId, typ: 'logout+jwt', algorithms: ['PS256'], maxTokenAge: '2 minutes',
        requiredClaims: ['jti', 'events', 'exp'],
      });
      if (!payload.events['http://schemas.openid.net/event/backchannel-logout']) throw new Error('no logout');
      if (payload.nonce !== undefined) throw new Error('a logout token with a nonce');
      const named = ['sub', 'sid'].filter((name) => payload[name] !== undefined);
      if (named.length === 0) throw new Error('a logout of nobody');
      logoutsHeard += 1;
      if (session && named.every((name) => payload[name] === session.claims[name])) session = null;
      return {};
    },
  };
}

routes().then((all) => http.createServer(async (request, response) => {
  const answer = (status, content, headers = {}) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(content));
  };
  const asked = new URL(request.url, url);
  let body = '';
  for await (const chunk of request) body += chunk;
  if (!all[asked.pathname]) return answer(404, { refused: 'no such page' });
  try {
    const said = await all[asked.pathname](asked, new URLSearchParams(body));
    if (said instanceof URL) answer(302, {}, { Location: said.href });
    else answer(200, said);
  } catch (refusal) {
    // Whatever the library objects to, the user is not logged in.
    answer(403, { refused: String(refusal.error ?? refusal.message), why: String(refusal.error_description ?? refusal.cause?.message ?? '') });
  }
}).listen(Number(new URL(url).port), new URL(url).hostname));
