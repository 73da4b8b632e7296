// node-saml as a service provider: signed AuthnRequest by Redirect, signed and encrypted assertion by POST.
'use strict';
const { SAML, ValidateInResponseTo } = require('@node-saml/node-saml');
const web = require('./web');

// node-saml reads no metadata: what it needs of the broker is cut out here, as its users do by hand.
const broker = web.file('broker-idp.xml');
const cut = (pattern) => {
  const found = broker.match(pattern);
  if (!found) throw new Error(`the broker's metadata lacks ${pattern}`);
  return found[1];
};

const saml = new SAML({
  issuer: web.entityId,
  audience: web.entityId,
  callbackUrl: `${web.url}/acs`,
  identifierFormat: web.x509SubjectName,
  privateKey: web.file('signing.key'),
  decryptionPvk: web.file('encryption.key'),
  signatureAlgorithm: 'sha256',
  digestAlgorithm: 'sha256',
  entryPoint: cut(/<(?:\w+:)?SingleSignOnService\b[^>]*HTTP-Redirect[^>]*\bLocation="([^"]+)"/),
  idpIssuer: cut(/<(?:\w+:)?EntityDescriptor\b[^>]*\bentityID="([^"]+)"/),
  idpCert: cut(/<(?:\w+:)?IDPSSODescriptor[^]*?use="signing"[^]*?<(?:\w+:)?X509Certificate>([^<]+)</).replace(/\s/g, ''),
  wantAssertionsSigned: true,
  wantAuthnResponseSigned: false,
  validateInResponseTo: ValidateInResponseTo.always,
  disableRequestedAuthnContext: true,
});

web.serve({
  login: (relayState) => saml.getAuthorizeUrlAsync(relayState, undefined, {}),
  receive: async (form) => {
    const { profile } = await saml.validatePostResponseAsync(form);
    return { name_id: profile.nameID, name_id_format: profile.nameIDFormat, attributes: profile.attributes };
  },
  metadata: () => saml.generateServiceProviderMetadata(web.file('encryption.crt'), web.file('signing.crt')),
});
