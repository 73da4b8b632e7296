<?php
// How the municipality's identity provider speaks: it requires signed questions and logouts, signs the assertion and encrypts it.
// PEER_FAULT names what its administrator got wrong.

$fault = getenv('PEER_FAULT');

$email = 'https://data.gov.dk/model/core/eid/email';
$subject = 'urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName';
$metadata['https://saml.korsbaek.example/idp'] = [
    'host' => '__DEFAULT__',
    'privatekey' => $fault === 'old-key' ? 'old.key' : 'idp.key',
    'certificate' => $fault === 'old-key' ? 'old.crt' : 'idp.crt',
    'auth' => 'employees',
    'signature.algorithm' => $fault === 'sha1'
        ? 'http://www.w3.org/2000/09/xmldsig#rsa-sha1'
        : 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'validate.authnrequest' => true,
    'redirect.sign' => true,
    // The end of a session is asked for and answered with a signature, from either side.
    'sign.logout' => true,
    'validate.logout' => true,
    'saml20.sign.assertion' => true,
    'saml20.sign.response' => getenv('PEER_SIGN_RESPONSE') === '1',
    'assertion.encryption' => getenv('PEER_ENCRYPT') === '1',
    'NameIDFormat' => $subject,
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
    'authproc' => [
        10 => ['class' => 'saml:AttributeNameID', 'attribute' => $fault === 'email-name' ? $email : 'subject', 'Format' => $subject],
        20 => [
            'class' => 'core:PHP',
            'code' => '$level = $attributes["https://data.gov.dk/concept/core/nsis/loa"][0];'
                . '$state["saml:AuthnContextClassRef"] = "https://data.gov.dk/concept/core/nsis/loa/$level";'
                . 'unset($attributes["subject"]);'
                . ($fault === 'no-version' ? 'unset($attributes["https://data.gov.dk/model/core/specVersion"]);' : '')
                . ($fault === 'no-cvr' ? 'unset($attributes["https://data.gov.dk/model/core/eid/professional/cvr"]);' : '')
                . ($fault === 'no-level' ? 'unset($attributes["https://data.gov.dk/concept/core/nsis/loa"], $state["saml:AuthnContextClassRef"]);' : ''),
        ],
    ],
];
