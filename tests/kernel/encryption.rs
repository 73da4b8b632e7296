//! Encryption and decryption by the profile.

use std::sync::Arc;

use context_handler::domain::reason::Reason;
use context_handler::protocol::keys::{Certificate, Decrypter, FileKey};
use context_handler::protocol::xml::{
    Canonical, Cbc, ContentCipher, Document, Encryption, KeyTransport, Writer, base64, decrypt, encrypt,
    verify,
};
use openssl::symm::{Cipher, Crypter, Mode};

use crate::support::*;

const BOTH: [Encryption; 4] = [
    Encryption { content: ContentCipher::Aes256Gcm, key: KeyTransport::OaepSha256 },
    Encryption { content: ContentCipher::Aes256Gcm, key: KeyTransport::OaepMgf1p },
    Encryption { content: ContentCipher::Aes128Gcm, key: KeyTransport::OaepSha256 },
    Encryption { content: ContentCipher::Aes128Gcm, key: KeyTransport::OaepMgf1p },
];

fn ours(party: &Party) -> Arc<dyn Decrypter> {
    Arc::new(FileKey::from_pem(&party.certificate_pem, &party.key_pem, None).unwrap())
}

fn enveloped(data: &Canonical) -> String {
    Writer::new().start(saml("EncryptedAssertion")).embed(data).end().finish().unwrap().into_string()
}

fn open(text: &str, keys: &[Arc<dyn Decrypter>], cbc: Cbc) -> Result<Vec<u8>, Reason> {
    let document = Document::parse(text.as_bytes()).map_err(|fault| fault.reason)?;
    decrypt(document.root(), keys, cbc).map_err(|fault| fault.reason)
}

fn sealed() -> String {
    enveloped(
        &encrypt(&assertion("_a1", "Maude", Some(&IDP.key)), &BROKER.certificate(), BOTH[0], &Dice).unwrap(),
    )
}

#[test]
fn what_we_encrypt_its_receiver_opens_and_verifies() {
    let plaintext = assertion("_a1", "Maude", Some(&IDP.key));
    for how in BOTH {
        let text = enveloped(&encrypt(&plaintext, &BROKER.certificate(), how, &Dice).unwrap());
        assert!(!text.contains("Maude"));
        let opened = open(&text, &[ours(&OTHER), ours(&BROKER)], Cbc::Refused).unwrap();
        assert_eq!(opened, plaintext.as_str().as_bytes());
        let document = Document::parse_decrypted(&opened).unwrap();
        verify(document.root(), &IDP.trusted()).unwrap();
    }
}

#[test]
fn every_failure_behind_the_profile_is_the_same() {
    let text = sealed();
    open(&text, &[ours(&BROKER)], Cbc::Refused).unwrap();
    let values = text.match_indices("<xenc:CipherValue>").map(|(at, tag)| at + tag.len()).collect::<Vec<_>>();
    let changed = |place: usize, change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        let end = values[place] + text[values[place]..].find('<').unwrap();
        let bytes = change(base64::decode(&text[values[place]..end]).unwrap());
        format!("{}{}{}", &text[..values[place]], base64::encode(&bytes), &text[end..])
    };
    let flip = |at: usize| {
        move |mut bytes: Vec<u8>| {
            let at = at.min(bytes.len() - 1);
            bytes[at] ^= 1;
            bytes
        }
    };
    let cut = |length: usize| move |bytes: Vec<u8>| bytes[..length].to_vec();
    let wrong = [
        changed(0, &flip(0)),
        changed(0, &flip(255)),
        changed(0, &cut(0)),
        changed(0, &cut(255)),
        changed(1, &flip(0)),
        changed(1, &flip(100)),
        changed(1, &flip(usize::MAX)),
        changed(1, &cut(0)),
        changed(1, &cut(12)),
        changed(1, &cut(20)),
        changed(1, &cut(28)),
        text.replacen("aes256-gcm", "aes128-gcm", 1),
        text.replacen("mgf1sha256", "mgf1sha1", 1),
    ];
    let document = |text: &str| {
        let document = Document::parse(text.as_bytes()).unwrap();
        decrypt(document.root(), &[ours(&BROKER)], Cbc::Refused).unwrap_err()
    };
    for text in &wrong {
        assert_eq!(document(text), document(&wrong[0]), "the same reason and the same words");
    }
    assert_eq!(document(&wrong[0]).reason, Reason::DecFailed);
    assert_eq!(open(&text, &[ours(&OTHER)], Cbc::Refused), Err(Reason::DecFailed));
    assert_eq!(open(&text, &[], Cbc::Refused), Err(Reason::DecFailed));
}

#[test]
fn ciphers_and_paddings_outside_the_profile_are_refused() {
    let text = sealed();
    for (from, to) in [
        ("http://www.w3.org/2009/xmlenc11#aes256-gcm", "http://www.w3.org/2001/04/xmlenc#aes256-cbc"),
        ("http://www.w3.org/2009/xmlenc11#aes256-gcm", "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"),
        ("http://www.w3.org/2009/xmlenc11#rsa-oaep", "http://www.w3.org/2001/04/xmlenc#rsa-1_5"),
        ("http://www.w3.org/2009/xmlenc11#rsa-oaep", "http://www.w3.org/2001/04/xmlenc#kw-aes256"),
        ("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#md5"),
        ("http://www.w3.org/2009/xmlenc11#mgf1sha256", "http://www.w3.org/2009/xmlenc11#mgf1sha224"),
        ("http://www.w3.org/2009/xmlenc11#rsa-oaep", "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"),
    ] {
        assert!(text.contains(from));
        assert_eq!(
            open(&text.replacen(from, to, 1), &[ours(&BROKER)], Cbc::Refused),
            Err(Reason::AlgRefused),
            "{to}"
        );
    }
}

#[test]
fn forms_outside_the_profile_are_refused() {
    let text = sealed();
    let start = text.rfind("<xenc:CipherValue>").unwrap();
    let end = text.rfind("</xenc:CipherValue>").unwrap() + 19;
    let fetched = format!(
        "{}<xenc:CipherReference URI=\"http://192.0.2.1/\"></xenc:CipherReference>{}",
        &text[..start],
        &text[end..]
    );
    let label =
        text.replacen("<ds:DigestMethod", "<xenc:OAEPparams>AAAA</xenc:OAEPparams><ds:DigestMethod", 1);
    let content = text.replacen("xmlenc#Element", "xmlenc#Content", 1);
    let (key_start, key_end) =
        (text.find("<xenc:EncryptedKey>").unwrap(), text.find("</xenc:EncryptedKey>").unwrap() + 20);
    let key = &text[key_start..key_end];
    let many = format!("{}{}{}", &text[..key_start], key.repeat(5), &text[key_end..]);
    let none = format!("{}{}", &text[..key_start], &text[key_end..]);
    let retrieval = "<ds:RetrievalMethod URI=\"http://192.0.2.1/k\"></ds:RetrievalMethod>";
    let elsewhere = format!("{}{retrieval}{}", &text[..key_start], &text[key_end..]);
    let twice = {
        let (start, end) =
            (text.find("<xenc:EncryptedData").unwrap(), text.find("</saml:EncryptedAssertion>").unwrap());
        format!("{}{}{}", &text[..end], &text[start..end], &text[end..])
    };
    for wrong in [fetched, label, content, many, none, elsewhere, twice] {
        assert_eq!(open(&wrong, &[ours(&BROKER)], Cbc::Refused), Err(Reason::DecStructure), "{wrong}");
    }
    let not_base64 = format!("{}!{}", &text[..start + 18], &text[start + 18..]);
    assert_eq!(open(&not_base64, &[ours(&BROKER)], Cbc::Refused), Err(Reason::EncodingBase64));
}

/// The form of OpenSAML: the key beside the data, named by a `RetrievalMethod` or by nothing.
#[test]
fn a_key_beside_the_data_is_found() {
    let text = sealed();
    let (start, end) =
        (text.find("<xenc:EncryptedKey>").unwrap(), text.find("</xenc:EncryptedKey>").unwrap() + 20);
    let key = text[start..end].replacen("<xenc:EncryptedKey>", "<xenc:EncryptedKey xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"_k1\" Recipient=\"us\">", 1);
    let key = key.replacen(
        "</xenc:EncryptedKey>",
        "<xenc:ReferenceList><xenc:DataReference URI=\"#_d1\"/></xenc:ReferenceList></xenc:EncryptedKey>",
        1,
    );
    let retrieval =
        "<ds:RetrievalMethod Type=\"http://www.w3.org/2001/04/xmlenc#EncryptedKey\" URI=\"#_k1\"/>";
    let data = format!("{}{retrieval}{}", &text[..start], &text[end..]);
    let beside = data.replacen("</saml:EncryptedAssertion>", &format!("{key}</saml:EncryptedAssertion>"), 1);
    open(&beside, &[ours(&BROKER)], Cbc::Refused).unwrap();
    open(&beside.replacen(retrieval, "", 1), &[ours(&BROKER)], Cbc::Refused).unwrap();
    assert_eq!(
        open(&beside.replacen("URI=\"#_k1\"", "URI=\"#_k2\"", 1), &[ours(&BROKER)], Cbc::Refused),
        Err(Reason::DecStructure)
    );
    assert_eq!(open(&data, &[ours(&BROKER)], Cbc::Refused), Err(Reason::DecStructure));
}

#[test]
fn cbc_is_read_only_where_its_danger_is_allowed() {
    let plaintext = b"<a/>";
    let (key, iv) = ([7u8; 32], [9u8; 16]);
    let seal = |padded: &[u8]| {
        let mut crypter = Crypter::new(Cipher::aes_256_cbc(), Mode::Encrypt, &key, Some(&iv)).unwrap();
        crypter.pad(false);
        let mut out = vec![0; padded.len() + 16];
        let mut length = crypter.update(padded, &mut out).unwrap();
        length += crypter.finalize(&mut out[length..]).unwrap();
        [&iv[..], &out[..length]].concat()
    };
    let text = |content: &[u8]| {
        let template = sealed().replacen(
            "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
            1,
        );
        let mut context = openssl::pkey_ctx::PkeyCtx::new(&BROKER.private).unwrap();
        context.encrypt_init().unwrap();
        context.set_rsa_padding(openssl::rsa::Padding::PKCS1_OAEP).unwrap();
        context.set_rsa_oaep_md(openssl::md::Md::sha256()).unwrap();
        context.set_rsa_mgf1_md(openssl::md::Md::sha256()).unwrap();
        let mut wrapped = Vec::new();
        context.encrypt_to_vec(&key, &mut wrapped).unwrap();
        let mut parts = template.split("<xenc:CipherValue>").map(str::to_owned).collect::<Vec<_>>();
        for (part, bytes) in parts[1..].iter_mut().zip([&wrapped[..], content]) {
            let rest = part.find('<').unwrap();
            *part = format!("{}{}", base64::encode(bytes), &part[rest..]);
        }
        parts.join("<xenc:CipherValue>")
    };
    let padded = |last: u8| {
        let mut block = [b'x'; 16];
        block[..4].copy_from_slice(plaintext);
        block[15] = last;
        block
    };
    let keys = [ours(&BROKER)];
    assert_eq!(open(&text(&seal(&padded(12))), &keys, Cbc::DangerAllowed).unwrap(), plaintext);
    assert_eq!(open(&text(&seal(&padded(12))), &keys, Cbc::Refused), Err(Reason::AlgRefused));
    for wrong in [0, 17, 255] {
        assert_eq!(open(&text(&seal(&padded(wrong))), &keys, Cbc::DangerAllowed), Err(Reason::DecFailed));
    }
    assert_eq!(open(&text(&iv), &keys, Cbc::DangerAllowed), Err(Reason::DecFailed));
    assert_eq!(open(&text(&[0; 40]), &keys, Cbc::DangerAllowed), Err(Reason::DecFailed));
}

#[test]
fn nothing_is_encrypted_for_a_key_that_is_too_weak() {
    let small = openssl::pkey::PKey::from_rsa(openssl::rsa::Rsa::generate(1024).unwrap()).unwrap();
    let small = Certificate::from_der(&self_signed("small", &small).to_der().unwrap()).unwrap();
    for certificate in [small, P256.certificate()] {
        let refused = encrypt(&assertion("_a1", "Maude", None), &certificate, BOTH[0], &Dice).unwrap_err();
        assert_eq!(refused.reason, Reason::EncNokey);
    }
}

#[test]
fn a_key_file_is_pem_or_pkcs12_and_fits_its_certificate() {
    let together = [&IDP.certificate_pem[..], &IDP.key_pem[..]].concat();
    FileKey::read(&together, None).unwrap();
    let x509 = openssl::x509::X509::from_pem(&IDP.certificate_pem).unwrap();
    let mut builder = openssl::pkcs12::Pkcs12::builder();
    builder.pkey(&IDP.private).cert(&x509);
    let p12 = builder.build2("secret").unwrap().to_der().unwrap();
    FileKey::read(&p12, Some("secret")).unwrap();
    for wrong in [Some("wrong"), None] {
        let refused = FileKey::read(&p12, wrong).unwrap_err();
        assert_eq!(refused.detail, "the password does not open the PKCS#12 file");
    }
    let refused = FileKey::read(&p12[..40], Some("secret")).unwrap_err();
    assert_eq!(refused.detail, "the PKCS#12 file cannot be read");
    let encrypted =
        IDP.private.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"secret").unwrap();
    FileKey::from_pem(&IDP.certificate_pem, &encrypted, Some("secret")).unwrap();
    FileKey::from_pem(&IDP.certificate_pem, &encrypted, None).unwrap_err();
    FileKey::from_pem(&OTHER.certificate_pem, &IDP.key_pem, None).unwrap_err();
}

#[test]
fn a_certificate_tells_its_name_its_owner_and_its_time() {
    let certificate = IDP.certificate();
    assert_eq!(certificate.id().as_str().len(), 64);
    assert_eq!(certificate.subject(), "CN=korsbaek");
    assert_eq!(certificate.not_before().as_second(), 1_700_000_000);
    assert_eq!(certificate.not_after().as_second(), 2_000_000_000);
    let wrapped =
        certificate.to_base64().as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
    let wrapped = format!("\n  {}\n", wrapped.collect::<Vec<_>>().join("\n  "));
    assert_eq!(Certificate::from_base64(&wrapped).unwrap(), certificate);
    assert_eq!(Certificate::from_pem(&IDP.certificate_pem).unwrap(), certificate);
    let longer = [certificate.der(), b"\0"].concat();
    assert_eq!(Certificate::from_der(&longer).unwrap_err().reason, Reason::MdKey);
    assert_eq!(Certificate::from_der(b"").unwrap_err().reason, Reason::MdKey);
}
