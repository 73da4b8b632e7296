//! The same judgement as libxmlsec1 1.3 about what 1.2 does not know: RSA-PSS, and `xmlenc11#rsa-oaep` with every digest.

use context_handler::protocol::keys::SignatureAlgorithm;
use context_handler::protocol::xml::{
    Cbc, ContentCipher, Document, Encryption, KeyTransport, Writer, decrypt, encrypt, verify,
};

use crate::support::*;
use crate::tools::*;

#[test]
fn it_verifies_what_we_sign_with_pss() {
    let Some(newer) = Newer::installed() else { return };
    let folder = Folder::new();
    let (_, _, certificate) = key_files(&folder, &IDP);
    for algorithm in [
        SignatureAlgorithm::RSA_PSS_SHA256,
        SignatureAlgorithm::RSA_PSS_SHA384,
        SignatureAlgorithm::RSA_PSS_SHA512,
    ] {
        let plain = assertion("_a1", "CN=Maude", None);
        let signed = response("_r1", &plain, Some(&IDP.signing_with(algorithm))).into_string();
        let genuine = folder.file("genuine.xml", &signed);
        let changed = folder.file("changed.xml", signed.replace("CN=Maude", "CN=Mads!"));
        let verdicts = newer.verdicts(&certificate, &[genuine, changed]);
        assert!(verdicts[0] == "OK" && verdicts[1].starts_with("NO"), "{algorithm:?}: {verdicts:?}");
    }
}

#[test]
fn we_verify_what_it_signs_with_pss() {
    let Some(newer) = Newer::installed() else { return };
    let folder = Folder::new();
    let (_, private, certificate) = key_files(&folder, &IDP);
    for digest in ["256", "384", "512"] {
        let method = format!("http://www.w3.org/2007/05/xmldsig-more#sha{digest}-rsa-MGF1");
        let template = folder.file("template.xml", format!(
            "<samlp:Response xmlns:samlp='{SAMLP}' ID='_r1'><Signature xmlns='http://www.w3.org/2000/09/xmldsig#'><SignedInfo>\
             <CanonicalizationMethod Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/><SignatureMethod Algorithm='{method}'/>\
             <Reference URI='#_r1'><Transforms><Transform Algorithm='http://www.w3.org/2000/09/xmldsig#enveloped-signature'/>\
             <Transform Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/></Transforms><DigestMethod \
             Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/><DigestValue/></Reference></SignedInfo><SignatureValue/>\
             <KeyInfo><X509Data/></KeyInfo></Signature><x a='1'/></samlp:Response>"
        ));
        let [private, certificate, template] =
            [&private, &certificate, &template].map(|p| p.to_str().unwrap());
        let text = newer.says(&["sign", private, certificate, template]);
        let document = Document::parse(text.as_bytes()).unwrap();
        let signed = verify(document.root(), &IDP.trusted()).unwrap_or_else(|fault| panic!("{fault} {text}"));
        assert_eq!(signed.algorithm().uri(), method);
        let changed = text.replace("a=\"1\"", "a=\"2\"");
        assert_ne!(changed, text);
        let document = Document::parse(changed.as_bytes()).unwrap();
        verify(document.root(), &IDP.trusted()).unwrap_err();
    }
}

#[test]
fn it_opens_what_we_encrypt_with_the_newer_padding() {
    let Some(newer) = Newer::installed() else { return };
    let folder = Folder::new();
    let (_, private, _) = key_files(&folder, &BROKER);
    let plaintext = assertion("_a1", "CN=Maude", Some(&IDP.key));
    for content in [ContentCipher::Aes128Gcm, ContentCipher::Aes256Gcm] {
        let how = Encryption { content, key: KeyTransport::OaepSha256 };
        let data = encrypt(&plaintext, &BROKER.certificate(), how, &Dice).unwrap();
        let text = Writer::new().start(saml("EncryptedAssertion")).embed(&data).end().finish().unwrap();
        let sealed = folder.file("sealed.xml", text.as_str());
        let opened = newer.says(&["decrypt", private.to_str().unwrap(), sealed.to_str().unwrap()]);
        let document = Document::parse(opened.as_bytes()).unwrap();
        verify(document.root().only_child(saml("Assertion")).unwrap(), &IDP.trusted()).unwrap();
    }
}

#[test]
fn we_open_what_it_encrypts_with_the_newer_padding() {
    let Some(newer) = Newer::installed() else { return };
    let folder = Folder::new();
    let (_, _, certificate) = key_files(&folder, &BROKER);
    let (key, message) = (broker_key(), message_to_seal(&folder));
    let digests = [
        ("http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2009/xmlenc11#mgf1sha1"),
        ("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2009/xmlenc11#mgf1sha256"),
        ("http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2009/xmlenc11#mgf1sha384"),
        ("http://www.w3.org/2001/04/xmlenc#sha512", "http://www.w3.org/2009/xmlenc11#mgf1sha512"),
    ];
    for (bits, cipher) in [("128", "aes128-gcm"), ("256", "aes256-gcm")] {
        for (digest, mask) in digests {
            let template = folder.file("template.xml", format!(
                "<EncryptedData xmlns='http://www.w3.org/2001/04/xmlenc#' Type='http://www.w3.org/2001/04/xmlenc#Element'>\
                 <EncryptionMethod Algorithm='http://www.w3.org/2009/xmlenc11#{cipher}'/><KeyInfo xmlns='http://www.w3.org/2000/09/xmldsig#'>\
                 <EncryptedKey xmlns='http://www.w3.org/2001/04/xmlenc#'><EncryptionMethod Algorithm='http://www.w3.org/2009/xmlenc11#rsa-oaep'>\
                 <DigestMethod xmlns='http://www.w3.org/2000/09/xmldsig#' Algorithm='{digest}'/>\
                 <MGF xmlns='http://www.w3.org/2009/xmlenc11#' Algorithm='{mask}'/></EncryptionMethod>\
                 <CipherData><CipherValue/></CipherData></EncryptedKey></KeyInfo><CipherData><CipherValue/></CipherData></EncryptedData>"
            ));
            let [certificate, template, message] =
                [&certificate, &template, &message].map(|path| path.to_str().unwrap());
            let text = newer.says(&["encrypt", certificate, bits, template, message]);
            let document = Document::parse(text.as_bytes()).unwrap();
            let opened = decrypt(document.root(), std::slice::from_ref(&key), Cbc::Refused);
            let opened = opened.unwrap_or_else(|fault| panic!("{digest} {fault}: {text}"));
            let signed = Document::parse_decrypted(&opened).unwrap();
            verify(signed.root(), &IDP.trusted()).unwrap();
        }
    }
}
