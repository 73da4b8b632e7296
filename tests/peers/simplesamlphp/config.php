<?php
// SimpleSAMLphp as the identity provider of a municipality. Everything that differs from run to run comes from the
// environment: PEER_DIR (keys, sessions, temporary files), PEER_URL (where this server answers).

$dir = getenv('PEER_DIR');
$config = [
    'baseurlpath' => getenv('PEER_URL') . '/',
    'certdir' => "$dir/",
    'loggingdir' => "$dir/",
    'datadir' => "$dir/",
    'tempdir' => "$dir/tmp",
    'metadatadir' => __DIR__ . '/metadata',
    'attributenamemapdir' => '/usr/share/simplesamlphp/config/attributemap/',
    'secretsalt' => hash('sha256', file_get_contents("$dir/idp.key")),
    'auth.adminpassword' => hash('sha512', file_get_contents("$dir/idp.key")),
    'technicalcontact_name' => 'Korsbæk Kommune',
    'technicalcontact_email' => 'it@korsbaek.example',
    'timezone' => 'Europe/Copenhagen',
    'admin.checkforupdates' => false,
    'trusted.url.domains' => null,
    'debug' => ['saml' => false, 'backtraces' => true, 'validatexml' => false],
    'showerrors' => true,
    'errorreporting' => false,
    'logging.level' => SimpleSAML\Logger::INFO,
    'logging.handler' => 'stderr',
    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'language.cookie.secure' => false,
    'language.cookie.samesite' => null,
    'session.phpsession.savepath' => "$dir/tmp",
    'store.type' => 'phpsession',
    'language.available' => ['en', 'da'],
    'language.default' => 'da',
    'production' => true,
    'metadata.sources' => [
        ['type' => 'flatfile'],
        // The broker as its service provider, read from the metadata that the broker itself publishes.
        ['type' => 'xml', 'file' => "$dir/broker-sp.xml"],
    ],
];
