//! The signature profile: each refusal beside the message that is accepted.

use context_handler::domain::reason::{Fault, Reason};
use context_handler::protocol::keys::{SignatureAlgorithm, Signer, TrustedKeys};
use context_handler::protocol::xml::{Canonical, Document, Writer, is_signed, verify};

use crate::support::*;

fn judge(text: &str, keys: &TrustedKeys) -> Result<String, Fault> {
    let document = Document::parse(text.as_bytes())?;
    let signed = verify(document.root(), keys)?;
    Ok(name_id(signed.element()).unwrap_or_default())
}

fn reason(text: &str) -> Reason {
    judge(text, &IDP.trusted()).unwrap_err().reason
}

/// The genuine response with one place of it changed; the place must exist.
fn changed(from: &str, to: &str) -> String {
    let text = signed_response();
    assert!(text.contains(from), "the response has no {from}");
    text.replacen(from, to, 1)
}

/// A response whose `SignedInfo` is changed and then signed again, so that nothing but the profile can refuse it.
fn resigned(change: impl Fn(String) -> String) -> String {
    let text = signed_response();
    let (start, end) = (text.find("<ds:SignedInfo>").unwrap(), text.find("</ds:SignedInfo>").unwrap() + 16);
    let info = change(text[start..end].to_owned());
    // What is changed is kept canonical, so it can be signed as it stands.
    let standalone =
        info.replacen("<ds:SignedInfo", "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"", 1);
    let value = context_handler::protocol::xml::base64::encode(&IDP.key.sign(standalone.as_bytes()).unwrap());
    let old = &text[text.find("<ds:SignatureValue>").unwrap()..text.find("</ds:SignatureValue>").unwrap()];
    format!("{}{}{}", &text[..start], info, &text[end..]).replacen(
        old,
        &format!("<ds:SignatureValue>{value}"),
        1,
    )
}

#[test]
fn a_genuine_response_is_accepted_with_its_key_and_algorithm() {
    let text = signed_response();
    let document = Document::parse(text.as_bytes()).unwrap();
    assert!(is_signed(document.root()));
    let signed = verify(document.root(), &IDP.trusted()).unwrap();
    assert_eq!(signed.key(), IDP.certificate().id());
    assert_eq!(signed.algorithm(), SignatureAlgorithm::RSA_SHA256);
    assert_eq!(signed.element(), document.root());
    assert_eq!(resigned(|info| info), text, "the resigning of these tests is faithful");
}

#[test]
fn every_algorithm_that_we_sign_with_is_verified() {
    for (party, algorithm) in [
        (&*IDP, SignatureAlgorithm::RSA_SHA256),
        (&*IDP, SignatureAlgorithm::RSA_PSS_SHA256),
        (&*P256, SignatureAlgorithm::ECDSA_SHA256),
        (&*P384, SignatureAlgorithm::ECDSA_SHA384),
    ] {
        let key = party.signing_with(algorithm);
        let text = response("_r1", &assertion("_a1", "Maude", None), Some(&key)).into_string();
        assert_eq!(judge(&text, &party.trusted()).unwrap(), "Maude", "{algorithm:?}");
        assert_eq!(
            judge(&text.replace("Maude", "Mads!"), &party.trusted()).unwrap_err().reason,
            Reason::SigInvalid
        );
    }
}

#[test]
fn assertion_and_response_are_signed_each_by_itself() {
    let inner = assertion("_a1", "Maude", Some(&IDP.key));
    let text = response("_r1", &inner, Some(&OTHER.key)).into_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    verify(document.root(), &OTHER.trusted()).unwrap();
    verify(document.root().only_child(saml("Assertion")).unwrap(), &IDP.trusted()).unwrap();
}

#[test]
fn both_keys_of_a_roll_over_are_accepted_and_told_apart() {
    let keys = TrustedKeys::new(vec![OTHER.certificate(), IDP.certificate()]).unwrap();
    let text = signed_response();
    let document = Document::parse(text.as_bytes()).unwrap();
    assert_eq!(verify(document.root(), &keys).unwrap().key(), IDP.certificate().id());
}

#[test]
fn an_unsigned_element_is_missing_its_signature() {
    let text = response("_r1", &assertion("_a1", "Maude", None), None).into_string();
    assert_eq!(reason(&text), Reason::SigMissing);
}

#[test]
fn a_changed_value_does_not_fit_the_signature() {
    assert_eq!(reason(&changed("CN=Maude", "CN=Mads")), Reason::SigInvalid);
}

#[test]
fn a_changed_signed_info_does_not_fit_the_signature() {
    let text = signed_response();
    let at = text.find("<ds:DigestValue>").unwrap() + 16;
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    assert_eq!(reason(&format!("{}{other}{}", &text[..at], &text[at + 1..])), Reason::SigInvalid);
}

#[test]
fn values_that_upset_the_crypto_library_are_plain_refusals() {
    let text = signed_response();
    let (start, end) =
        (text.find("<ds:SignatureValue>").unwrap() + 19, text.find("</ds:SignatureValue>").unwrap());
    let with = |value: &[u8]| {
        let value = context_handler::protocol::xml::base64::encode(value);
        format!("{}{value}{}", &text[..start], &text[end..])
    };
    for value in [vec![], vec![0; 1], vec![0; 255], vec![0; 256], vec![255; 256], vec![0; 257], vec![1; 4096]]
    {
        assert_eq!(reason(&with(&value)), Reason::SigInvalid, "{} bytes", value.len());
    }
    let key = P256.signing_with(SignatureAlgorithm::ECDSA_SHA256);
    let text = response("_r1", &assertion("_a1", "Maude", None), Some(&key)).into_string();
    let (start, end) =
        (text.find("<ds:SignatureValue>").unwrap() + 19, text.find("</ds:SignatureValue>").unwrap());
    for value in [vec![], vec![0; 64], vec![255; 64], vec![1; 63], vec![1; 72]] {
        let value = context_handler::protocol::xml::base64::encode(&value);
        let text = format!("{}{value}{}", &text[..start], &text[end..]);
        assert_eq!(judge(&text, &P256.trusted()).unwrap_err().reason, Reason::SigInvalid);
    }
}

#[test]
fn a_key_of_our_own_list_is_the_only_one_that_counts() {
    let text = response("_r1", &assertion("_a1", "Maude", None), Some(&OTHER.key)).into_string();
    assert_eq!(reason(&text), Reason::KeyUntrusted, "a foreign certificate in KeyInfo");
    let (start, end) = (text.find("<ds:KeyInfo>").unwrap(), text.find("</ds:KeyInfo>").unwrap() + 13);
    let with = |info: &str| format!("{}{info}{}", &text[..start], &text[end..]);
    assert_eq!(reason(&with("")), Reason::SigInvalid, "nothing is said about the key");
    assert_eq!(
        reason(&with("<ds:KeyInfo><ds:KeyName>other</ds:KeyName></ds:KeyInfo>")),
        Reason::KeyUntrusted
    );
    let genuine = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        IDP.certificate().to_base64()
    );
    assert_eq!(
        reason(&with(&genuine)),
        Reason::SigInvalid,
        "the registered certificate is shown, another key signed"
    );
}

#[test]
fn key_info_may_be_absent_or_show_the_key_but_never_another_one() {
    let text = signed_response();
    let (start, end) = (text.find("<ds:KeyInfo>").unwrap(), text.find("</ds:KeyInfo>").unwrap() + 13);
    let with = |info: String| judge(&format!("{}{info}{}", &text[..start], &text[end..]), &IDP.trusted());
    let x509 = |inside: String| format!("<ds:KeyInfo><ds:X509Data>{inside}</ds:X509Data></ds:KeyInfo>");
    let certificate = |party: &Party| {
        format!("<ds:X509Certificate>{}</ds:X509Certificate>", party.certificate().to_base64())
    };
    let renewed = self_signed("korsbaek renewed", &IDP.private).to_der().unwrap();
    let renewed = context_handler::protocol::xml::base64::encode(&renewed);
    let rsa = IDP.private.rsa().unwrap();
    let encode =
        |number: &openssl::bn::BigNumRef| context_handler::protocol::xml::base64::encode(&number.to_vec());
    let value = |n: &openssl::bn::BigNumRef| {
        format!(
            "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{}</ds:Modulus><ds:Exponent>{}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>",
            encode(n),
            encode(rsa.e())
        )
    };
    let serial = |number: &str| {
        x509(format!(
            "<ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>{number}</ds:X509SerialNumber></ds:X509IssuerSerial>"
        ))
    };
    for fine in [
        String::new(),
        x509(certificate(&IDP)),
        x509(format!("{}{}", certificate(&IDP), certificate(&OTHER))),
        x509(format!("<ds:X509Certificate>{renewed}</ds:X509Certificate>")),
        "<ds:KeyInfo><ds:KeyName>whatever</ds:KeyName></ds:KeyInfo>".to_owned(),
        value(rsa.n()),
        serial("2155"),
    ] {
        with(fine.clone()).unwrap_or_else(|fault| panic!("{fault}: {fine}"));
    }
    for foreign in [
        x509(certificate(&OTHER)),
        value(OTHER.private.rsa().unwrap().n()),
        serial("99"),
        x509("<ds:X509SKI>AAAA</ds:X509SKI>".to_owned()),
        "<ds:KeyInfo><ds:RetrievalMethod URI=\"http://192.0.2.1/key\"></ds:RetrievalMethod></ds:KeyInfo>"
            .to_owned(),
        "<ds:KeyInfo><ds:RetrievalMethod URI=\"#_a1\"></ds:RetrievalMethod></ds:KeyInfo>".to_owned(),
        "<ds:KeyInfo><ds:MgmtData>x</ds:MgmtData></ds:KeyInfo>".to_owned(),
    ] {
        assert_eq!(with(foreign.clone()).unwrap_err().reason, Reason::KeyUntrusted, "{foreign}");
    }
    let crowd = certificate(&IDP).repeat(6);
    assert_eq!(with(x509(crowd)).unwrap_err().reason, Reason::LimitSig);
}

#[test]
fn the_reference_is_one_and_names_its_own_element() {
    for (from, to, expected) in [
        ("URI=\"#_r1\"", "URI=\"\"", Reason::SigReference),
        ("URI=\"#_r1\"", "URI=\"#\"", Reason::SigReference),
        (" URI=\"#_r1\"", "", Reason::SigReference),
        ("URI=\"#_r1\"", "URI=\"?x#_r1\"", Reason::SigReference),
        ("URI=\"#_r1\"", "URI=\"#xpointer(/)\"", Reason::SigReference),
        ("URI=\"#_r1\"", "URI=\"#element(/1/3)\"", Reason::SigReference),
        ("URI=\"#_r1\"", "URI=\"#_r1' or '1'='1\"", Reason::SigReference),
        ("URI=\"#_r1\"", "URI=\"http://192.0.2.1/#_r1\"", Reason::SigReference),
        ("URI=\"#_r1\"", "URI=\"#_r2\"", Reason::SigReference),
        ("URI=\"#_r1\"", "URI=\"#_a1\"", Reason::SigCoverage),
        (
            "<ds:Reference ",
            "<ds:Reference Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" ",
            Reason::SigReference,
        ),
    ] {
        let text = resigned(|info| info.replacen(from, to, 1));
        assert_eq!(reason(&text), expected, "{to}");
    }
    let doubled = |info: String| {
        let (start, end) = (info.find("<ds:Reference ").unwrap(), info.find("</ds:Reference>").unwrap() + 15);
        format!("{}{}{}", &info[..end], &info[start..end], &info[end..])
    };
    assert_eq!(reason(&resigned(doubled)), Reason::SigReference, "two references");
    let none = |info: String| format!("{}</ds:SignedInfo>", &info[..info.find("<ds:Reference ").unwrap()]);
    assert_eq!(reason(&resigned(none)), Reason::SigReference, "no reference");
}

#[test]
fn the_transforms_are_enveloped_then_exclusive_c14n_and_nothing_else() {
    let enveloped =
        "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>";
    let exclusive = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>";
    let xpath = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>not(ancestor-or-self::Subject)</ds:XPath></ds:Transform>";
    let base64 = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#base64\"></ds:Transform>";
    let comments = exclusive.replace("c14n#", "c14n#WithComments");
    let inclusive = exclusive.replace("2001/10/xml-exc-c14n#", "TR/2001/REC-xml-c14n-20010315");
    let both = format!("{enveloped}{exclusive}");
    for (to, expected) in [
        (exclusive.to_owned(), Reason::SigTransform),
        (enveloped.to_owned(), Reason::SigTransform),
        (String::new(), Reason::SigTransform),
        (format!("{exclusive}{enveloped}"), Reason::SigTransform),
        (format!("{enveloped}{enveloped}"), Reason::SigTransform),
        (format!("{enveloped}{enveloped}{exclusive}"), Reason::SigTransform),
        (format!("{enveloped}{xpath}"), Reason::SigTransform),
        (format!("{enveloped}{exclusive}{xpath}"), Reason::SigTransform),
        (format!("{enveloped}{base64}"), Reason::SigTransform),
        (format!("{enveloped}{comments}"), Reason::SigC14n),
        (format!("{enveloped}{inclusive}"), Reason::SigC14n),
    ] {
        assert_eq!(reason(&resigned(|info| info.replacen(&both, &to, 1))), expected, "{to}");
    }
}

#[test]
fn signed_info_is_canonicalised_without_comments_and_with_prefixes_of_the_right_namespace_only() {
    let method = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
    for (to, expected) in [
        (method.replace("c14n#", "c14n#WithComments"), Reason::SigC14n),
        (method.replace("2001/10/xml-exc-c14n#", "TR/2001/REC-xml-c14n-20010315"), Reason::SigC14n),
        (format!("{method}<InclusiveNamespaces PrefixList=\"xs\"></InclusiveNamespaces>"), Reason::SigC14n),
        (
            format!("{method}<ds:InclusiveNamespaces PrefixList=\"xs\"></ds:InclusiveNamespaces>"),
            Reason::SigC14n,
        ),
        (
            format!(
                "{method}<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"x:y\"></ec:InclusiveNamespaces>"
            ),
            Reason::SigC14n,
        ),
    ] {
        assert_eq!(reason(&resigned(|info| info.replacen(method, &to, 1))), expected, "{to}");
    }
    let list = format!(
        "{method}<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xs\"></ec:InclusiveNamespaces>"
    );
    judge(&resigned(|info| info.replacen(method, &list, 1)), &IDP.trusted()).unwrap();
}

#[test]
fn algorithms_outside_the_lists_are_refused() {
    let method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    for other in [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 ",
        "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256",
        "",
    ] {
        let text = resigned(|info| info.replacen(&format!("\"{method}\""), &format!("\"{other}\""), 1));
        assert_eq!(reason(&text), Reason::AlgRefused, "{other}");
    }
    for digest in ["http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2001/04/xmldsig-more#md5", ""]
    {
        let text = resigned(|info| info.replacen("http://www.w3.org/2001/04/xmlenc#sha256", digest, 1));
        assert_eq!(reason(&text), Reason::AlgRefused, "{digest}");
    }
}

#[test]
fn a_signature_has_the_parts_of_the_profile_and_no_others() {
    for (from, to) in [
        ("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object>x</ds:Object>"),
        ("<ds:SignatureValue>", "<ds:SignedInfo></ds:SignedInfo><ds:SignatureValue>"),
        (
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo></ds:SignedInfo>",
        ),
        ("<ds:SignedInfo>", "<ds:SignedInfo><!-- -->"),
        ("<ds:SignedInfo>", "<ds:SignedInfo>x"),
        ("<ds:SignedInfo>", "<ds:SignedInfo evil=\"1\">"),
        ("<ds:SignatureValue>", "<ds:SignatureValue><ds:SignatureValue>"),
    ] {
        let text = changed(from, to).replacen(
            if to.ends_with("<ds:SignatureValue><ds:SignatureValue>") {
                "</ds:SignatureValue>"
            } else {
                "\0"
            },
            "</ds:SignatureValue></ds:SignatureValue>",
            1,
        );
        let found = reason(&text);
        assert!(matches!(found, Reason::SigStructure | Reason::AttrType), "{to}: {found}");
    }
    let wrapped = |info: String| {
        info.replacen("<ds:SignedInfo>", "<ds:SignedInfo><ds:SignedInfo>", 1) + "</ds:SignedInfo>"
    };
    assert_eq!(reason(&resigned(wrapped)), Reason::SigReference, "SignedInfo one level down");
    for value in ["DigestValue", "SignatureValue"] {
        let text = changed(&format!("</ds:{value}>"), &format!("<!-- x --></ds:{value}>"));
        assert_eq!(reason(&text), Reason::ValueComment, "a comment in {value}");
    }
}

#[test]
fn a_signature_stands_after_the_issuer_and_is_alone() {
    let text = signed_response();
    let (start, end) = (text.find("<ds:Signature ").unwrap(), text.find("</ds:Signature>").unwrap() + 15);
    let signature = &text[start..end];
    let without = format!("{}{}", &text[..start], &text[end..]);
    let last = without.replacen("</samlp:Response>", &format!("{signature}</samlp:Response>"), 1);
    assert_eq!(reason(&last), Reason::SigStructure);
    let twice = format!("{}{signature}{}", &text[..start], &text[start..]);
    assert_eq!(reason(&twice), Reason::SigStructure);
    let first = without.replacen("<saml:Issuer", &format!("{signature}<saml:Issuer"), 1);
    judge(&first, &IDP.trusted()).unwrap();
}

/// The wrapping attacks of Somorovsky and others: the genuine signed part is moved, an evil one takes its place.
#[test]
fn a_wrapped_signature_covers_something_else() {
    let genuine = signed_response();
    let (start, end) =
        (genuine.find("<ds:Signature ").unwrap(), genuine.find("</ds:Signature>").unwrap() + 15);
    let signature = &genuine[start..end];
    let stripped = format!("{}{}", &genuine[..start], &genuine[end..]);
    let evil = stripped
        .replacen("_r1", "_evil", 1)
        .replacen("\"_a1\"", "\"_evil2\"", 1)
        .replace("CN=Maude", "CN=Mads");
    let after_issuer = |what: &str| evil.replacen("</saml:Issuer>", &format!("</saml:Issuer>{what}"), 1);
    let inside = signature.replacen("</ds:Signature>", &format!("{stripped}</ds:Signature>"), 1);
    let object = signature.replacen(
        "</ds:Signature>",
        &format!("<ds:Object>{stripped}</ds:Object></ds:Signature>"),
        1,
    );
    let extensions = |what: &str| after_issuer(&format!("<samlp:Extensions>{what}</samlp:Extensions>"));
    for (name, text, expected) in [
        ("the original inside the signature", after_issuer(&inside), Reason::SigCoverage),
        (
            "the original beside the signature",
            after_issuer(&format!("{signature}{stripped}")),
            Reason::SigCoverage,
        ),
        ("the original inside an object", after_issuer(&object), Reason::SigStructure),
        ("the original in extensions", extensions(&genuine), Reason::SigCoverage),
        (
            "the original in the issuer",
            evil.replacen("<saml:Issuer", &format!("{genuine}<saml:Issuer"), 1),
            Reason::SigCoverage,
        ),
    ] {
        assert_eq!(reason(&text), expected, "{name}");
    }
    let assertion = assertion("_a1", "Maude", Some(&IDP.key)).into_string();
    let nested = assertion.replacen("_a1", "_e1", 1).replacen("#_a1", "#_e1", 1);
    let nested = nested.replacen(
        "</saml:Assertion>",
        &format!("<saml:Advice>{assertion}</saml:Advice></saml:Assertion>"),
        1,
    );
    let (start, end) = (nested.find("<ds:Signature ").unwrap(), nested.find("</ds:Signature>").unwrap() + 15);
    assert_eq!(
        reason(&format!("{}{}", &nested[..start], &nested[end..])),
        Reason::SigCoverage,
        "genuine inside evil"
    );
}

#[test]
fn more_signatures_than_any_genuine_message_are_refused_unverified() {
    let many = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"></ds:Signature>".repeat(9);
    assert_eq!(reason(&changed("<samlp:Status>", &format!("<samlp:Status>{many}"))), Reason::LimitSig);
}

#[test]
fn base64_has_one_reading() {
    let text = signed_response();
    let at = text.find("<ds:SignatureValue>").unwrap() + 19;
    let end = text.find("</ds:SignatureValue>").unwrap();
    let value = text[at..end].to_owned();
    let with = |value: String| judge(&format!("{}{value}{}", &text[..at], &text[end..]), &IDP.trusted());
    let wrapped =
        value.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>();
    with(format!("\n{}\n", wrapped.join("\n"))).unwrap();
    let spare = {
        let mut bytes = value.clone().into_bytes();
        let last = bytes.len() - 3;
        bytes[last] += 1;
        String::from_utf8(bytes).unwrap()
    };
    let bare = value.trim_end_matches('=').to_owned();
    for other in [
        bare,
        format!("{value}="),
        format!("{value}AAAA"),
        format!("-{}", &value[1..]),
        spare,
        format!("{value}\u{a0}"),
    ] {
        assert_eq!(with(other).unwrap_err().reason, Reason::EncodingBase64);
    }
}

#[test]
fn a_weak_key_is_never_registered_nor_used() {
    use openssl::nid::Nid;
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;
    let small = PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap();
    let three = Rsa::generate_with_e(2048, &openssl::bn::BigNum::from_u32(3).unwrap()).unwrap();
    let three = PKey::from_rsa(three).unwrap();
    let group = openssl::ec::EcGroup::from_curve_name(Nid::SECP256K1).unwrap();
    let curve = PKey::from_ec_key(openssl::ec::EcKey::generate(&group).unwrap()).unwrap();
    for key in [small, three, curve] {
        let certificate = self_signed("weak", &key).to_der().unwrap();
        let certificate = context_handler::protocol::keys::Certificate::from_der(&certificate).unwrap();
        assert!(certificate.weakness().is_some());
        let refused = TrustedKeys::new(vec![IDP.certificate(), certificate]).unwrap_err();
        assert_eq!(refused.reason, Reason::MdKey);
    }
    assert_eq!(TrustedKeys::new(Vec::new()).unwrap_err().reason, Reason::MdKey);
    TrustedKeys::new(vec![IDP.certificate(), P256.certificate(), P384.certificate()]).unwrap();
}

#[test]
fn a_detached_signature_is_verified_over_the_octets_received() {
    let data = b"SAMLRequest=abc%2b&SigAlg=x";
    let signature = IDP.key.sign(data).unwrap();
    let keys = IDP.trusted();
    let uri = SignatureAlgorithm::RSA_SHA256.uri();
    let (key, algorithm) = keys.verify_detached(uri, data, &signature).unwrap();
    assert_eq!((&key, algorithm), (IDP.certificate().id(), SignatureAlgorithm::RSA_SHA256));
    let other = keys.verify_detached(uri, b"SAMLRequest=abc%2B&SigAlg=x", &signature).unwrap_err();
    assert_eq!(other.reason, Reason::SigInvalid);
    let sha1 =
        keys.verify_detached("http://www.w3.org/2000/09/xmldsig#rsa-sha1", data, &signature).unwrap_err();
    assert_eq!(sha1.reason, Reason::AlgRefused);
    let kind = P256.trusted().verify_detached(uri, data, &signature).unwrap_err();
    assert_eq!(kind.reason, Reason::AlgRefused, "the algorithm does not fit the key");
}

#[test]
fn a_namespace_in_the_prefix_list_is_part_of_what_is_signed() {
    // Written by hand, as other writers do: xs is used in a value only and protected by the list.
    let template = |list: &str| {
        format!(
            "<p:R xmlns:p=\"urn:p\" xmlns:xs=\"urn:xs\" ID=\"_r1\"><p:v t=\"xs:string\"></p:v>{list}</p:R>"
        )
    };
    let unsigned: Canonical = {
        let mut w = Writer::new();
        let p = |local| context_handler::protocol::xml::Name::new("urn:p", "p", local);
        w.start(p("R")).attribute("ID", "_r1");
        w.start(p("v")).attribute("t", "xs:string").end().end();
        w.finish().unwrap()
    };
    assert_eq!(template("").replace(" xmlns:xs=\"urn:xs\"", ""), unsigned.as_str());
    let digest =
        context_handler::protocol::xml::base64::encode(&openssl::sha::sha256(template("").as_bytes()));
    let info = format!(
        "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></ds:SignatureMethod><ds:Reference URI=\"#_r1\"><ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform><ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xs\"></ec:InclusiveNamespaces></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    );
    let value = context_handler::protocol::xml::base64::encode(&IDP.key.sign(info.as_bytes()).unwrap());
    let signature = format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{info}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"
    );
    // The signature stands first, as in metadata.
    let text = template("").replacen("<p:v", &format!("{signature}<p:v"), 1);
    let document = Document::parse(text.as_bytes()).unwrap();
    verify(document.root(), &IDP.trusted()).unwrap();
    let moved = text.replacen("urn:xs", "urn:evil", 1);
    let document = Document::parse(moved.as_bytes()).unwrap();
    assert_eq!(verify(document.root(), &IDP.trusted()).unwrap_err().reason, Reason::SigInvalid);
}

#[test]
fn a_canonical_form_that_would_be_far_longer_than_its_document_is_refused() {
    // Whoever has one signed message may put anything into it: what is signed is looked at before the digest is, and a
    // namespace that was declared once is declared anew at every element. 500 kB become ten thousand times as much.
    let bomb = |length: usize, elements: usize| {
        let named = format!("<samlp:Response xmlns:a=\"urn:{}\"", "a".repeat(length));
        let text = changed("<samlp:Status>", &format!("<samlp:Status>{}", "<a:x/>".repeat(elements)));
        text.replacen("<samlp:Response", &named, 1)
    };
    assert_eq!(reason(&bomb(100, 10)), Reason::SigInvalid, "a few change what was signed, no more");
    assert_eq!(reason(&bomb(1_000, 5_000)), Reason::LimitXml);
    assert_eq!(reason(&bomb(2_000, 10)), Reason::LimitXml, "no namespace has such a name");
    assert!(judge(&signed_response(), &IDP.trusted()).is_ok());
}
