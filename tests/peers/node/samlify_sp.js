// samlify as a service provider: signed AuthnRequest by Redirect, signed and encrypted assertion by POST.
'use strict';
const samlify = require('samlify');
const web = require('./web');

// samlify ships without an XML schema validator and insists on being told one.
samlify.setSchemaValidator({ validate: async () => 'not checked' });

const post = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const sp = samlify.ServiceProvider({
  entityID: web.entityId,
  authnRequestsSigned: true,
  wantAssertionsSigned: true,
  wantMessageSigned: false,
  requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  signingCert: web.file('signing.crt'),
  privateKey: web.file('signing.key'),
  encryptCert: web.file('encryption.crt'),
  encPrivateKey: web.file('encryption.key'),
  nameIDFormat: [web.x509SubjectName],
  assertionConsumerService: [{ Binding: post, Location: `${web.url}/acs` }],
});
const idp = samlify.IdentityProvider({
  metadata: web.file('broker-idp.xml'),
  isAssertionEncrypted: true,
  messageSigningOrder: 'sign-then-encrypt',
});
const outstanding = new Set();

web.serve({
  login: (relayState) => {
    sp.entitySetting.relayState = relayState;
    const { id, context } = sp.createLoginRequest(idp, 'redirect');
    outstanding.add(id);
    return context;
  },
  receive: async (form) => {
    const { extract } = await sp.parseLoginResponse(idp, 'post', { body: form });
    // samlify leaves it to its user to ask whether the answer belongs to a question of ours.
    if (!outstanding.delete(extract.response.inResponseTo)) throw new Error('an answer to no question of ours');
    return { name_id: extract.nameID, name_id_format: null, attributes: extract.attributes };
  },
  metadata: () => sp.getMetadata(),
});
