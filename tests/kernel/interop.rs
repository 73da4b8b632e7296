//! The same judgement as libxml2 and libxmlsec1, in both directions.

use std::path::PathBuf;

use context_handler::protocol::keys::{SignatureAlgorithm, Signer};
use context_handler::protocol::xml::{
    Cbc, ContentCipher, Document, Encryption, KeyTransport, Writer, decrypt, encrypt, verify,
};

use crate::dice::Chance;
use crate::support::*;
use crate::tools::*;

/// Writes a random document in as many spellings as XML knows.
fn random_document(chance: &mut Chance, depth: usize, scope: &[(String, String)], out: &mut String) {
    const PREFIXES: [&str; 5] = ["", "a", "b", "c", "xs"];
    const URIS: [&str; 5] = ["urn:one", "urn:two", "http://three.example/?a=1", "urn:four", "URN:one"];
    let mut scope = scope.to_vec();
    let mut declared: Vec<(String, String)> = Vec::new();
    for _ in 0..chance.below(4) {
        let prefix = (chance.word(&PREFIXES)).to_owned();
        if declared.iter().any(|(known, _)| *known == prefix) {
            continue;
        }
        let uri = if prefix.is_empty() && chance.one_in(3) { "" } else { chance.word(&URIS) };
        scope.retain(|(known, _)| *known != prefix);
        scope.push((prefix.clone(), uri.to_owned()));
        declared.push((prefix, uri.to_owned()));
    }
    let qualified = |chance: &mut Chance, local: &str, element: bool| {
        let usable = scope.iter().filter(|(prefix, _)| !prefix.is_empty()).collect::<Vec<_>>();
        if usable.is_empty() || chance.one_in(2) && element || chance.one_in(2) {
            return local.to_owned();
        }
        format!("{}:{local}", chance.pick(&usable).0)
    };
    let local = chance.word(&["x", "y", "longer-name", "æ"]);
    let name = qualified(chance, local, true);
    let mut parts = declared
        .iter()
        .map(|(prefix, uri)| {
            let attribute = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            format!("{attribute}=\"{uri}\"")
        })
        .collect::<Vec<_>>();
    let mut expanded: Vec<(String, String)> = Vec::new();
    for local in ["m", "n", "é", "o", "id-less"] {
        if chance.one_in(3) {
            let name = qualified(chance, local, false);
            let uri = name.split_once(':').map_or("", |(prefix, _)| {
                scope.iter().find(|(known, _)| known == prefix).map_or("", |(_, uri)| uri)
            });
            if expanded.contains(&(uri.to_owned(), local.to_owned())) {
                continue;
            }
            expanded.push((uri.to_owned(), local.to_owned()));
            let quote = *chance.pick(&['"', '\'']);
            parts.push(format!(
                "{name}{}{quote}{}{quote}",
                chance.word(&["=", " = ", "\n="]),
                random_value(chance, quote)
            ));
        }
    }
    if chance.one_in(8) {
        parts.push("xml:lang='da'".to_owned());
    }
    for at in (1..parts.len()).rev() {
        parts.swap(at, chance.below(at + 1));
    }
    out.push('<');
    out.push_str(&name);
    for part in parts {
        out.push_str(chance.word(&[" ", "  ", "\n", "\t", "\r\n"]));
        out.push_str(&part);
    }
    if chance.one_in(5) {
        out.push_str("/>");
        return;
    }
    out.push_str(chance.word(&[">", " >", "\n>"]));
    for _ in 0..chance.below(5) {
        if depth > 0 && chance.one_in(2) {
            random_document(chance, depth - 1, &scope, out);
        } else {
            random_text(chance, out);
        }
    }
    out.push_str("</");
    out.push_str(&name);
    out.push_str(chance.word(&[">", " >", "\n>"]));
}

const PIECES: [&str; 22] = [
    "x",
    "æøå",
    " ",
    "\n",
    "\r\n",
    "\t",
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&apos;",
    "&#13;",
    "&#xD;&#10;",
    "&#9;",
    "&#32;",
    "&#x1F600;",
    "]]",
    ">",
    "&#x85;",
    "\u{2028}",
    "&#x10FFFF;",
    "&#65;\r\n",
];

fn random_value(chance: &mut Chance, quote: char) -> String {
    let other = if quote == '"' { "'" } else { "\"" };
    (0..chance.below(6)).map(|_| if chance.one_in(6) { other } else { chance.word(&PIECES) }).collect()
}

fn random_text(chance: &mut Chance, out: &mut String) {
    for _ in 0..chance.below(5) {
        match chance.below(6) {
            0 => out.push_str("<![CDATA[<&]] >\r\n&amp;é]]>"),
            _ => {
                let piece = chance.word(&PIECES);
                // The one sequence that text may not hold.
                out.push_str(if piece == ">" && out.ends_with("]]") { "&gt;" } else { piece });
            }
        }
    }
}

#[test]
fn our_canonical_form_is_that_of_libxml2() {
    if !installed("xmllint") {
        return;
    }
    let (folder, mut chance) = (Folder::new(), Chance::new());
    let mut texts = Vec::new();
    for _ in 0..2_000 {
        let mut text = String::new();
        random_document(&mut chance, 4, &[], &mut text);
        texts.push(text);
    }
    compare(&folder, &texts, 1_900);
}

/// Compares the forms of all texts that both sides read; at least so many must be.
fn compare(folder: &Folder, texts: &[String], at_least: usize) {
    let write = |(at, text): (usize, &String)| folder.file(&format!("{at}.xml"), text);
    let files = texts.iter().enumerate().map(write).collect::<Vec<PathBuf>>();
    let theirs = xmllint_c14n(folder, &files);
    let mut compared = 0;
    for (text, theirs) in texts.iter().zip(theirs) {
        match Document::parse(text.as_bytes()) {
            Ok(document) => {
                let ours = document.root().canonical().unwrap();
                assert_eq!(ours.as_str(), theirs, "of {text}");
                compared += 1;
            }
            // Ours is the stricter reader; the reasons are known.
            Err(fault) => println!("refused by us: {fault}"),
        }
    }
    println!("canonical forms compared: {compared} of {}", texts.len());
    assert!(compared >= at_least);
}

#[test]
fn libxmlsec1_verifies_what_we_sign() {
    if !installed("xmlsec1") {
        return;
    }
    let folder = Folder::new();
    for (party, algorithm) in [
        (&*IDP, SignatureAlgorithm::RSA_SHA256),
        (&*P256, SignatureAlgorithm::ECDSA_SHA256),
        (&*P384, SignatureAlgorithm::ECDSA_SHA384),
    ] {
        let (public, ..) = key_files(&folder, party);
        let key = party.signing_with(algorithm);
        let inner = assertion("_a1", "CN=Maude", Some(&key));
        let outer = response("_r1", &inner, Some(&key)).into_string();
        let genuine = folder.file("genuine.xml", &outer);
        let changed = folder.file("changed.xml", outer.replace("CN=Maude", "CN=Mads!"));
        let nested = "/*/*[local-name()='Assertion']/*[local-name()='Signature']";
        for signature in [ROOT_SIGNATURE, nested] {
            assert!(
                xmlsec1_verifies(&public, signature, std::slice::from_ref(&genuine)),
                "{algorithm:?} {signature}"
            );
            assert!(
                !xmlsec1_verifies(&public, signature, std::slice::from_ref(&changed)),
                "{algorithm:?} {signature}"
            );
        }
    }
}

#[test]
fn we_verify_what_libxmlsec1_signs() {
    if !installed("xmlsec1") {
        return;
    }
    let folder = Folder::new();
    let algorithms = [
        (
            &*IDP,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "http://www.w3.org/2001/04/xmlenc#sha256",
        ),
        (
            &*IDP,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            "http://www.w3.org/2001/04/xmlenc#sha512",
        ),
        (
            &*IDP,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            "http://www.w3.org/2001/04/xmldsig-more#sha384",
        ),
        (
            &*P256,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            "http://www.w3.org/2001/04/xmlenc#sha256",
        ),
        (
            &*P384,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
            "http://www.w3.org/2001/04/xmlenc#sha256",
        ),
    ];
    for (party, method, digest) in algorithms {
        let (_, private, certificate) = key_files(&folder, party);
        for list in [
            "",
            "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xs #default q\"/>",
        ] {
            let template = format!(
                "<?xml version=\"1.0\"?>\n<samlp:Response xmlns:samlp='{SAMLP}'  xmlns:xs='urn:xs' ID='_r1' xmlns='urn:d'>\r\n \
                 <Signature xmlns='http://www.w3.org/2000/09/xmldsig#'>\n<SignedInfo><CanonicalizationMethod \
                 Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'>{list}</CanonicalizationMethod><SignatureMethod Algorithm='{method}'/>\
                 <Reference URI='#_r1'><Transforms><Transform Algorithm='http://www.w3.org/2000/09/xmldsig#enveloped-signature'/>\
                 <Transform Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'>{list}</Transform></Transforms><DigestMethod \
                 Algorithm='{digest}'/><DigestValue/></Reference></SignedInfo><SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature>\
                 <x xmlns:xs='urn:inner' a='&#9;&lt;\"' xmlns:q='urn:q'><![CDATA[<]]>&#13; <!-- c --><y xmlns='' t='xs:q'/></x></samlp:Response>"
            );
            let input = folder.file("template.xml", template);
            let output = folder.path("signed.xml");
            let key = format!("{},{}", private.display(), certificate.display());
            let mut arguments = vec!["--sign", "--privkey-pem", &key, "--output", output.to_str().unwrap()];
            arguments.extend(ID_ATTRIBUTES);
            let done = run("xmlsec1", &arguments, &[input]);
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            let text = std::fs::read_to_string(&output).unwrap();
            let document = Document::parse(text.as_bytes()).unwrap();
            let signed =
                verify(document.root(), &party.trusted()).unwrap_or_else(|fault| panic!("{fault} {text}"));
            assert_eq!(signed.algorithm().uri(), method);
            let changed = text.replace("a=\"&#9;", "a=\"&#10;").replace("a=\"&#x9;", "a=\"&#10;");
            assert_ne!(changed, text);
            let document = Document::parse(changed.as_bytes()).unwrap();
            verify(document.root(), &party.trusted()).unwrap_err();
        }
    }
}

#[test]
fn libxmlsec1_opens_what_we_encrypt() {
    if !installed("xmlsec1") {
        return;
    }
    let folder = Folder::new();
    let (_, private, _) = key_files(&folder, &BROKER);
    let plaintext = assertion("_a1", "CN=Maude", Some(&IDP.key));
    // 1.2 knows rsa-oaep-mgf1p with SHA-1 only.
    for content in [ContentCipher::Aes128Gcm, ContentCipher::Aes256Gcm] {
        let how = Encryption { content, key: KeyTransport::OaepMgf1p };
        let data = encrypt(&plaintext, &BROKER.certificate(), how, &Dice).unwrap();
        let text = Writer::new().start(saml("EncryptedAssertion")).embed(&data).end().finish().unwrap();
        let input = folder.file("encrypted.xml", text.as_str());
        let done = run("xmlsec1", &["--decrypt", "--privkey-pem", private.to_str().unwrap()], &[input]);
        let opened = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let document = Document::parse(opened.as_bytes()).unwrap();
        verify(document.root().only_child(saml("Assertion")).unwrap(), &IDP.trusted()).unwrap();
    }
}

#[test]
fn we_open_what_libxmlsec1_encrypts() {
    if !installed("xmlsec1") {
        return;
    }
    let folder = Folder::new();
    let (_, _, certificate) = key_files(&folder, &BROKER);
    let (key, message) = (broker_key(), message_to_seal(&folder));
    for (cipher, session) in [
        ("http://www.w3.org/2009/xmlenc11#aes128-gcm", "aes-128"),
        ("http://www.w3.org/2009/xmlenc11#aes192-gcm", "aes-192"),
        ("http://www.w3.org/2009/xmlenc11#aes256-gcm", "aes-256"),
        ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "aes-128"),
        ("http://www.w3.org/2001/04/xmlenc#aes256-cbc", "aes-256"),
    ] {
        let template = folder.file("template.xml", format!(
            "<EncryptedData xmlns='http://www.w3.org/2001/04/xmlenc#' Type='http://www.w3.org/2001/04/xmlenc#Element'>\
             <EncryptionMethod Algorithm='{cipher}'/><KeyInfo xmlns='http://www.w3.org/2000/09/xmldsig#'>\
             <EncryptedKey xmlns='http://www.w3.org/2001/04/xmlenc#'><EncryptionMethod Algorithm='http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p'/>\
             <KeyInfo xmlns='http://www.w3.org/2000/09/xmldsig#'><X509Data/></KeyInfo><CipherData><CipherValue/></CipherData></EncryptedKey></KeyInfo>\
             <CipherData><CipherValue/></CipherData></EncryptedData>"));
        let done = run(
            "xmlsec1",
            &[
                "--encrypt",
                "--pubkey-cert-pem",
                certificate.to_str().unwrap(),
                "--session-key",
                session,
                "--xml-data",
                message.to_str().unwrap(),
                "--node-xpath",
                "/*/*[local-name()='Assertion']",
            ],
            &[template],
        );
        let text = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let document = Document::parse(text.as_bytes()).unwrap();
        let opened = decrypt(document.root(), std::slice::from_ref(&key), Cbc::DangerAllowed).unwrap();
        let signed = Document::parse_decrypted(&opened).unwrap();
        verify(signed.root(), &IDP.trusted()).unwrap();
        assert_eq!(
            decrypt(document.root(), std::slice::from_ref(&key), Cbc::Refused).is_err(),
            cipher.ends_with("cbc")
        );
    }
    assert_eq!(Signer::certificate(&BROKER.key), &BROKER.certificate());
}
