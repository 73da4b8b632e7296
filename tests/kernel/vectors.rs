//! Public test vectors of others, through our own door: the folder named by `CH_VECTORS`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use context_handler::domain::reason::Reason;
use context_handler::protocol::keys::{Certificate, Decrypter, FileKey, TrustedKeys};
use context_handler::protocol::xml::{Cbc, Document, Element, Name, base64, decrypt, is_signed, verify};
use openssl::pkey::PKey;
use serde_json::Value;

use crate::support::*;
use crate::tools::*;

#[expect(clippy::disallowed_methods, reason = "tests find their vectors through the environment")]
fn folder(name: &str) -> Option<PathBuf> {
    let folder = std::env::var("CH_VECTORS")
        .ok()
        .map(|folder| Path::new(&folder).join(name))
        .filter(|path| path.is_dir());
    if folder.is_none() {
        println!("skipped: no vectors");
    }
    folder
}

fn groups(file: &Path) -> Vec<Value> {
    let whole: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    whole["testGroups"].as_array().unwrap().clone()
}

fn hex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap().as_bytes();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// A certificate for a public key alone, since that is the only way in.
fn certificate_of(public_der: &[u8]) -> Certificate {
    let key = PKey::public_key_from_der(public_der).unwrap();
    let mut builder = openssl::x509::X509::builder().unwrap();
    builder.set_pubkey(&key).unwrap();
    let at = |seconds| openssl::asn1::Asn1Time::from_unix(seconds).unwrap();
    builder.set_not_before(&at(0)).unwrap();
    builder.set_not_after(&at(1)).unwrap();
    builder.sign(&IDP.private, openssl::hash::MessageDigest::sha256()).unwrap();
    Certificate::from_der(&builder.build().to_der().unwrap()).unwrap()
}

/// The URI under which a group's algorithm would arrive here, if it is one of ours, and whether its parameters are too.
fn algorithm(group: &Value) -> Option<(String, bool)> {
    let digest = group["sha"].as_str()?.strip_prefix("SHA-")?;
    let size = digest.parse::<u64>().ok().filter(|size| matches!(size, 256 | 384 | 512))?;
    match group["type"].as_str()? {
        "RsassaPkcs1Verify" => {
            Some((format!("http://www.w3.org/2001/04/xmldsig-more#rsa-sha{digest}"), true))
        }
        "EcdsaP1363Verify" => {
            Some((format!("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha{digest}"), true))
        }
        "RsassaPssVerify" => {
            let ours = group["mgfSha"] == group["sha"] && group["sLen"].as_u64() == Some(size / 8);
            Some((format!("http://www.w3.org/2007/05/xmldsig-more#sha{digest}-rsa-MGF1"), ours))
        }
        _ => None,
    }
}

#[test]
fn signatures_of_wycheproof_are_judged_as_it_says() {
    let Some(folder) = folder("wycheproof") else { return };
    let (mut judged, mut accepted, mut weak) = (0, 0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("rsa_") && !name.starts_with("ecdsa_") {
            continue;
        }
        for group in groups(&path) {
            let Some((uri, ours)) = algorithm(&group) else { continue };
            let certificate = certificate_of(&hex(&group["publicKeyDer"]));
            // Some of the keys are weak; such a key is not even registered.
            let Ok(keys) = TrustedKeys::new(vec![certificate]) else {
                weak += 1;
                continue;
            };
            for test in group["tests"].as_array().unwrap() {
                let verdict = keys.verify_detached(&uri, &hex(&test["msg"]), &hex(&test["sig"]));
                judged += 1;
                accepted += usize::from(verdict.is_ok());
                let says = format!("{name} {}: {verdict:?}", test["tcId"]);
                match test["result"].as_str().unwrap() {
                    "valid" if ours => assert!(verdict.is_ok(), "{says}"),
                    "valid" => assert!(verdict.is_err(), "other parameters than ours: {says}"),
                    "invalid" => assert_eq!(verdict.unwrap_err().reason, Reason::SigInvalid, "{says}"),
                    _ => {}
                }
            }
        }
    }
    println!("wycheproof signatures: {judged} judged, {accepted} accepted, {weak} groups with weak keys");
    assert!(judged > 2_000 && accepted > 500);
}

/// An encrypted assertion around given ciphertext, its key wrapped for the broker.
fn encrypted(cipher: &str, key: &[u8], content: &[u8]) -> String {
    let mut context = openssl::pkey_ctx::PkeyCtx::new(&BROKER.private).unwrap();
    context.encrypt_init().unwrap();
    context.set_rsa_padding(openssl::rsa::Padding::PKCS1_OAEP).unwrap();
    let mut wrapped = Vec::new();
    context.encrypt_to_vec(key, &mut wrapped).unwrap();
    format!(
        "<s:EncryptedAssertion xmlns:s='urn:oasis:names:tc:SAML:2.0:assertion'><x:EncryptedData xmlns:x='http://www.w3.org/2001/04/xmlenc#'><x:EncryptionMethod Algorithm='{cipher}'/>\
         <KeyInfo xmlns='http://www.w3.org/2000/09/xmldsig#'><x:EncryptedKey><x:EncryptionMethod \
         Algorithm='http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p'/><x:CipherData><x:CipherValue>{}</x:CipherValue></x:CipherData></x:EncryptedKey></KeyInfo>\
         <x:CipherData><x:CipherValue>{}</x:CipherValue></x:CipherData></x:EncryptedData></s:EncryptedAssertion>",
        base64::encode(&wrapped),
        base64::encode(content)
    )
}

#[test]
fn ciphertexts_of_wycheproof_are_opened_as_it_says() {
    let Some(folder) = folder("wycheproof") else { return };
    let key: Arc<dyn Decrypter> =
        Arc::new(FileKey::from_pem(&BROKER.certificate_pem, &BROKER.key_pem, None).unwrap());
    let open = |text: &str| {
        let document = Document::parse(text.as_bytes()).unwrap();
        decrypt(document.root(), std::slice::from_ref(&key), Cbc::DangerAllowed).map_err(|fault| fault.reason)
    };
    let mut judged = 0;
    for group in groups(&folder.join("aes_gcm_test.json")) {
        // XML encryption has one form: 96 bits of IV, 128 bits of tag, nothing authenticated beside.
        let form = (group["ivSize"].as_u64(), group["tagSize"].as_u64());
        for test in group["tests"].as_array().unwrap() {
            if form != (Some(96), Some(128)) || test["aad"] != "" {
                continue;
            }
            let content = [hex(&test["iv"]), hex(&test["ct"]), hex(&test["tag"])].concat();
            let cipher = format!("http://www.w3.org/2009/xmlenc11#aes{}-gcm", group["keySize"]);
            let opened = open(&encrypted(&cipher, &hex(&test["key"]), &content));
            let expected =
                if test["result"] == "valid" { Ok(hex(&test["msg"])) } else { Err(Reason::DecFailed) };
            assert_eq!(opened, expected, "aes_gcm {}", test["tcId"]);
            judged += 1;
        }
    }
    for group in groups(&folder.join("aes_cbc_pkcs5_test.json")) {
        for test in group["tests"].as_array().unwrap() {
            // Paddings that PKCS#5 refuses and XML encryption allows are not for this list to judge.
            if test["result"] != "valid" {
                continue;
            }
            let content = [hex(&test["iv"]), hex(&test["ct"])].concat();
            let cipher = format!("http://www.w3.org/2001/04/xmlenc#aes{}-cbc", group["keySize"]);
            let opened = open(&encrypted(&cipher, &hex(&test["key"]), &content));
            assert_eq!(opened, Ok(hex(&test["msg"])), "aes_cbc {}", test["tcId"]);
            judged += 1;
        }
    }
    println!("wycheproof ciphertexts: {judged} judged");
    assert!(judged > 100);
}

/// Every XML text below a folder, with its path.
fn texts(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(texts(&path));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.contains("base64") {
            let compact = bytes.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<_>>();
            let decoded = std::str::from_utf8(&compact).ok().and_then(|text| base64::decode(text).ok());
            found.extend(decoded.map(|text| (path, text)));
        } else if ["xml", "tmpl"].iter().any(|kind| name.ends_with(kind)) {
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

#[test]
fn canonical_forms_of_real_files_are_those_of_libxml2() {
    let Some(folder) = folder("") else { return };
    if !installed("xmllint") {
        return;
    }
    let (scratch, mut files, mut ours) = (Folder::new(), Vec::new(), Vec::new());
    let (all, mut refused) = (texts(&folder), BTreeMap::<&str, usize>::new());
    for (path, bytes) in &all {
        match Document::parse(bytes) {
            // The program keeps comments, which our form leaves out: they go beforehand.
            Ok(document) => {
                let canonical = document.root().canonical().unwrap().into_string();
                if document.root().source().contains("<!--") {
                    continue;
                }
                let text = document.root().source().to_owned();
                files.push(scratch.file(&format!("{}.xml", files.len()), text));
                ours.push((path, canonical));
            }
            Err(fault) => *refused.entry(fault.reason.code()).or_default() += 1,
        }
    }
    for ((path, ours), theirs) in ours.iter().zip(xmllint_c14n(&scratch, &files)) {
        assert_eq!(*ours, theirs, "{}", path.display());
    }
    println!("real files: {} of {} compared, refused {refused:?}", files.len(), all.len());
    assert!(files.len() > 200);
}

/// The signed elements of a message that a SAML reader would look at: the outermost and its assertions.
fn signed_elements(document: &Document<'_>) -> Vec<(&'static str, Name, String)> {
    let root = document.root();
    let nested = "/*/*[local-name()='Assertion']/*[local-name()='Signature']";
    let mut found = Vec::new();
    if is_signed(root) {
        found.push((ROOT_SIGNATURE, Name::new("", "", ""), root.source().to_owned()));
    }
    let assertions = root.children().filter(|child| child.is(saml("Assertion"))).collect::<Vec<_>>();
    if let [assertion] = assertions.as_slice()
        && is_signed(*assertion)
    {
        found.push((nested, saml("Assertion"), root.source().to_owned()));
    }
    found
}

fn pick<'d>(document: &'d Document<'d>, name: Name) -> Element<'d> {
    if name.local.is_empty() { document.root() } else { document.root().only_child(name).unwrap() }
}

#[test]
fn real_signatures_are_accepted_only_where_libxmlsec1_accepts_them() {
    let Some(folder) = folder("") else { return };
    if !installed("xmlsec1") {
        return;
    }
    let all = texts(&folder);
    let mut certificates = Vec::new();
    let pem = std::fs::read(folder.join("node-saml/test/static/cert.pem")).unwrap();
    certificates.push(Certificate::from_pem(&pem).unwrap());
    for (_, bytes) in &all {
        let text = String::from_utf8_lossy(bytes).into_owned();
        for part in text.split("X509Certificate>").skip(1).step_by(2) {
            let der = part.split('<').next().unwrap_or_default().replace("-----", "");
            certificates.extend(Certificate::from_base64(&der).ok().filter(|one| one.weakness().is_none()));
        }
    }
    certificates.sort_by(|a, b| a.id().cmp(b.id()));
    certificates.dedup();
    let (scratch, mut accepted, mut refused) = (Folder::new(), Vec::new(), BTreeMap::<&str, usize>::new());
    for (path, bytes) in &all {
        let Ok(document) = Document::parse(bytes) else { continue };
        for (signature, name, _) in signed_elements(&document) {
            let element = pick(&document, name);
            let verdicts = certificates.iter().map(|certificate| {
                let keys = TrustedKeys::new(vec![certificate.clone()]).unwrap();
                verify(element, &keys).map(|_| certificate.clone())
            });
            let verdicts = verdicts.collect::<Vec<_>>();
            let Some(certificate) = verdicts.iter().find_map(|verdict| verdict.as_ref().ok()) else {
                let reason = verdicts
                    .iter()
                    .filter_map(|verdict| verdict.as_ref().err())
                    .map(|fault| fault.reason.code());
                *refused.entry(reason.min().unwrap_or_default()).or_default() += 1;
                continue;
            };
            let x509 = openssl::x509::X509::from_der(certificate.der()).unwrap();
            let key = scratch.file("key.pem", x509.public_key().unwrap().public_key_to_pem().unwrap());
            let file = scratch.file("file.xml", bytes);
            assert!(xmlsec1_verifies(&key, signature, &[file]), "accepted by us only: {}", path.display());
            accepted.push(path.strip_prefix(&folder).unwrap().display().to_string());
        }
    }
    println!("real signatures accepted: {accepted:#?}\nrefused: {refused:?}");
    // Most of these files use SHA-1 or put their signature where the schema has none.
    for genuine in ["signedMetadata.xml", "response_with_retrieval_method.xml"] {
        assert!(accepted.iter().any(|path| path.ends_with(genuine)), "{genuine}");
    }
    assert!(!accepted.iter().any(|path| path.contains("invalid")));
}
