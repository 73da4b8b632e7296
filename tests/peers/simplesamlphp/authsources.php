<?php
// The employees of the municipality. Their attributes are those of OIOSAML 3, professional profile, plus `subject`, which
// becomes the NameID and does not leave as an attribute. Rights are stated where PEER_RIGHTS is 1.

$employee = function (string $name, string $uuid, string $email, string $level): array {
    $cvr = '11111111';
    $role = 'http://korsbaek.example/roles/jobrole/caseworker/1';
    $privileges = '<?xml version="1.0" encoding="UTF-8"?>'
        . '<bpp:PrivilegeList xmlns:bpp="http://itst.dk/oiosaml/basic_privilege_profile">'
        . "<PrivilegeGroup Scope=\"urn:dk:gov:saml:cvrNumberIdentifier:$cvr\"><Privilege>$role</Privilege></PrivilegeGroup>"
        . '</bpp:PrivilegeList>';
    $stated = getenv('PEER_RIGHTS') === '1'
        ? ['https://data.gov.dk/model/core/eid/privilegesIntermediate' => [base64_encode($privileges)]]
        : [];
    return $stated + [
        'subject' => ["C=DK,O=$cvr,CN=$name,Serial=$uuid"],
        'https://data.gov.dk/model/core/specVersion' => ['OIO-SAML-3.0'],
        'dk:gov:saml:attribute:KombitSpecVer' => ['2.0'],
        'https://data.gov.dk/concept/core/nsis/loa' => [$level],
        'https://data.gov.dk/model/core/eid/fullName' => [$name],
        'https://data.gov.dk/model/core/eid/email' => [$email],
        'https://data.gov.dk/model/core/eid/professional/cvr' => [$cvr],
        'https://data.gov.dk/model/core/eid/professional/orgName' => ['Korsbæk Kommune'],
        'https://data.gov.dk/model/core/eid/professional/uuid/persistent' => [$uuid],
    ];
};

$config = [
    'employees' => [
        'exampleauth:UserPass',
        'karen:skjern' => $employee('Karen Ærø Sørensen', '6f0b1f52-6f0c-4b7e-9d0b-0a4f6a1f5a11', 'karen@korsbaek.example', 'Substantial'),
        // Logged in with less proof than any of the systems asks for.
        'lars:skjern' => $employee('Lars Low', '0b7d3c40-3f0e-4a53-8c93-6d1d3a4f7b22', 'lars@korsbaek.example', 'Low'),
    ],
];
