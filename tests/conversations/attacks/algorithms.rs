//! Algorithms, keys and transforms: few are known, all others are refused; keys come from the register and from nowhere
//! else.

use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;

use super::play::{Arena, row};
use crate::support::forge::{
    ENVELOPED, EXCLUSIVE, Parts, Party, Pieces, RSA_SHA256, Value, b64, changed, digest, key_info, transform,
};
use crate::support::{Idp, Say, Signing, Town};

/// The genuine answer with its assertion signed by hand with somebody's key, bent as told.
fn by(party: &Party, idp: &Idp, say: &Say, bend: impl FnOnce(&mut Parts)) -> String {
    let pieces = Pieces::of(&idp.write(&Say { signing: Signing::Nothing, ..say.clone() }));
    pieces.with(&party.sign(&pieces.assertion, bend))
}

fn sp() -> Party {
    Party::dev("sp-oiosaml3")
}

/// Bends a signature before it is made.
type Bend = Box<dyn Fn(&mut Parts)>;

fn korsbaek() -> Party {
    Party::dev("idp-korsbaek")
}

/// A town in which Korsbæk is registered with these keys instead of its own.
async fn registered_with(name: &str, parties: &[&Party]) -> Town {
    let descriptor = |party: &&Party| {
        format!("<md:KeyDescriptor use=\"signing\">{}</md:KeyDescriptor>", declared(&party.x509_data()))
    };
    let descriptors: Vec<_> = parties.iter().map(descriptor).collect();
    Town::with(name, |files| replace_keys(files.get_mut("korsbaek.xml").unwrap(), &descriptors.concat()))
        .await
}

fn declared(key_info: &str) -> String {
    changed(key_info, "<ds:KeyInfo>", "<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">")
}

fn replace_keys(metadata: &mut Vec<u8>, descriptors: &str) {
    let text = String::from_utf8(metadata.clone()).unwrap();
    let (start, end) =
        (text.find("<md:KeyDescriptor").unwrap(), text.rfind("</md:KeyDescriptor>").unwrap() + 19);
    *metadata = format!("{}{descriptors}{}", &text[..start], &text[end..]).into_bytes();
}

#[tokio::test]
async fn only_named_algorithms_are_known() {
    let mut arena = Arena::new("algorithms").await;
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    for (what, method, kind) in [
        ("rsa-sha256", format!("{more}rsa-sha256"), MessageDigest::sha256()),
        ("rsa-sha384", format!("{more}rsa-sha384"), MessageDigest::sha384()),
        ("rsa-sha512", format!("{more}rsa-sha512"), MessageDigest::sha512()),
    ] {
        arena
            .accepts(what, |idp, say| {
                by(&korsbaek(), idp, say, |parts| {
                    (parts.method, parts.value) = (method, Value::Rsa(kind));
                })
            })
            .await;
    }
    for (what, method, kind) in [
        ("sha256", "http://www.w3.org/2001/04/xmlenc#sha256", MessageDigest::sha256()),
        ("sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384", MessageDigest::sha384()),
        ("sha512", "http://www.w3.org/2001/04/xmlenc#sha512", MessageDigest::sha512()),
    ] {
        arena.accepts(what, |idp, say| with_digest(idp, say, method, kind)).await;
    }
    for (what, method, kind) in [
        ("sha1", "http://www.w3.org/2000/09/xmldsig#sha1", MessageDigest::sha1()),
        ("md5", "http://www.w3.org/2001/04/xmldsig-more#md5", MessageDigest::md5()),
        ("ripemd160 by name", "http://www.w3.org/2001/04/xmlenc#ripemd160", MessageDigest::sha256()),
        ("sha224 by name", "http://www.w3.org/2001/04/xmldsig-more#sha224", MessageDigest::sha224()),
        ("no digest method", "", MessageDigest::sha256()),
        ("sha256 with a blank", "http://www.w3.org/2001/04/xmlenc#sha256 ", MessageDigest::sha256()),
    ] {
        arena.refuses(what, "alg.refused", |idp, say| with_digest(idp, say, method, kind)).await;
    }
    // ATK-080 and its like: right signatures under names that are not ours.
    for (what, method, kind) in [
        ("rsa-sha1", "http://www.w3.org/2000/09/xmldsig#rsa-sha1".to_owned(), MessageDigest::sha1()),
        ("rsa-md5", format!("{more}rsa-md5"), MessageDigest::md5()),
        ("rsa-sha224", format!("{more}rsa-sha224"), MessageDigest::sha224()),
        ("an unknown URI", "urn:x".to_owned(), MessageDigest::sha256()),
        ("the empty URI", String::new(), MessageDigest::sha256()),
        ("a blank at the end", format!("{RSA_SHA256} "), MessageDigest::sha256()),
        ("upper case", RSA_SHA256.to_uppercase(), MessageDigest::sha256()),
        ("https", RSA_SHA256.replace("http:", "https:"), MessageDigest::sha256()),
        ("dsa-sha1", "http://www.w3.org/2000/09/xmldsig#dsa-sha1".to_owned(), MessageDigest::sha1()),
        ("dsa-sha256", "http://www.w3.org/2009/xmldsig11#dsa-sha256".to_owned(), MessageDigest::sha256()),
        (
            "PSS with parameters inside",
            "http://www.w3.org/2007/05/xmldsig-more#rsa-pss".to_owned(),
            MessageDigest::sha256(),
        ),
        ("another kind of key: ecdsa", format!("{more}ecdsa-sha256"), MessageDigest::sha256()),
    ] {
        arena
            .refuses(what, "alg.refused", |idp, say| {
                by(&korsbaek(), idp, say, |parts| {
                    (parts.method, parts.value) = (method, Value::Rsa(kind));
                })
            })
            .await;
    }
    arena
        .refuses("SHA-1 under the name of SHA-256", "sig.invalid", |idp, say| {
            by(&korsbaek(), idp, say, |parts| parts.value = Value::Rsa(MessageDigest::sha1()))
        })
        .await;
    arena.verdict();
}

fn with_digest(idp: &Idp, say: &Say, method: &str, kind: MessageDigest) -> String {
    let pieces = Pieces::of(&idp.write(&Say { signing: Signing::Nothing, ..say.clone() }));
    pieces.with(&korsbaek().sign(&pieces.assertion, |parts| {
        parts.digest_method = method.to_owned();
        parts.digest_value = digest(kind, &pieces.assertion);
    }))
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let mut arena = Arena::new("hmac").await;
    arena.accepts("signed by hand", |idp, say| by(&korsbaek(), idp, say, |_| {})).await;
    let party = korsbaek();
    let secrets = [
        ("the certificate", party.certificate.to_der().unwrap()),
        ("the certificate in PEM", party.certificate.to_pem().unwrap()),
        ("the certificate in base64", party.b64().into_bytes()),
        ("the public key", party.key.public_key_to_der().unwrap()),
        ("the public key in PEM", party.key.public_key_to_pem().unwrap()),
        ("the modulus", party.key.rsa().unwrap().n().to_vec()),
        ("nothing", vec![0]),
    ];
    let methods = [
        ("http://www.w3.org/2000/09/xmldsig#hmac-sha1", MessageDigest::sha1()),
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", MessageDigest::sha256()),
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha512", MessageDigest::sha512()),
    ];
    // ATK-073
    for (what, secret) in secrets {
        for (method, kind) in methods {
            let value = Value::Hmac(kind, secret.clone());
            arena
                .refuses(&format!("{method} with {what}"), "alg.refused", |idp, say| {
                    by(&party, idp, say, |parts| {
                        (parts.method, parts.value) = (method.to_owned(), value);
                    })
                })
                .await;
        }
    }
    // ATK-074
    for (length, value) in [("0", vec![]), ("8", vec![0])] {
        for method in [methods[0].0, RSA_SHA256] {
            let reason = if method == RSA_SHA256 { "sig.structure" } else { "alg.refused" };
            let value = value.clone();
            arena
                .refuses(&format!("{method} cut to {length} bits"), reason, |idp, say| {
                    by(&party, idp, say, |parts| {
                        parts.inside_method = format!("<ds:HMACOutputLength>{length}</ds:HMACOutputLength>");
                        (parts.method, parts.value) = (method.to_owned(), Value::Given(value));
                    })
                })
                .await;
        }
    }
    arena.verdict();
}

#[tokio::test]
async fn pss_is_accepted_with_the_parameters_of_its_name_only() {
    let mut arena = Arena::new("pss").await;
    let uri = |digest: &str| format!("http://www.w3.org/2007/05/xmldsig-more#{digest}-rsa-MGF1");
    let (sha256, sha384, sha512) =
        (MessageDigest::sha256(), MessageDigest::sha384(), MessageDigest::sha512());
    // ATK-077
    for (name, kind, salt) in [("sha256", sha256, 32), ("sha384", sha384, 48), ("sha512", sha512, 64)] {
        arena
            .accepts(name, |idp, say| {
                by(&korsbaek(), idp, say, |parts| {
                    (parts.method, parts.value) = (uri(name), Value::Pss(kind, salt, kind));
                })
            })
            .await;
    }
    for (what, value) in [
        ("no salt", Value::Pss(sha256, 0, sha256)),
        ("a short salt", Value::Pss(sha256, 20, sha256)),
        ("a long salt", Value::Pss(sha256, 64, sha256)),
        ("the mask of another digest", Value::Pss(sha256, 32, sha384)),
        ("the mask of SHA-1", Value::Pss(sha256, 32, MessageDigest::sha1())),
        ("another digest", Value::Pss(sha384, 48, sha384)),
        ("the older padding", Value::Rsa(sha256)),
        ("zeroes", Value::Given(vec![0; 384])),
    ] {
        arena
            .refuses(what, "sig.invalid", |idp, say| {
                by(&korsbaek(), idp, say, |parts| {
                    (parts.method, parts.value) = (uri("sha256"), value);
                })
            })
            .await;
    }
    arena
        .refuses("the new padding under the older name", "sig.invalid", |idp, say| {
            by(&korsbaek(), idp, say, |parts| parts.value = Value::Pss(sha256, 32, sha256))
        })
        .await;
    for digest in ["sha1", "sha224", "md5"] {
        arena
            .refuses(digest, "alg.refused", |idp, say| {
                by(&korsbaek(), idp, say, |parts| {
                    (parts.method, parts.value) = (uri(digest), Value::Pss(sha256, 32, sha256));
                })
            })
            .await;
    }
    arena.verdict();
}

#[tokio::test]
async fn elliptic_curves_are_accepted_on_two_curves() {
    let (sha256, sha384, sha512) =
        (MessageDigest::sha256(), MessageDigest::sha384(), MessageDigest::sha512());
    for (name, curve, width) in [("p256", Nid::X9_62_PRIME256V1, 32), ("p384", Nid::SECP384R1, 48)] {
        let party = Party::ec(curve);
        let mut arena = Arena::of(registered_with(name, &[&party]).await);
        let ecdsa = |digest: &str| format!("http://www.w3.org/2001/04/xmldsig-more#ecdsa-{digest}");
        for (digest, kind) in [("sha256", sha256), ("sha384", sha384), ("sha512", sha512)] {
            arena
                .accepts(&format!("{name} {digest}"), |idp, say| {
                    by(&party, idp, say, |parts| {
                        (parts.method, parts.value) = (ecdsa(digest), Value::Ecdsa(kind, width));
                    })
                })
                .await;
        }
        // ATK-007 for curves: no value makes the library err into acceptance.
        let size = usize::try_from(2 * width).unwrap();
        let half = size / 2;
        for (what, value) in [
            ("nothing", vec![]),
            ("zeroes", vec![0; size]),
            ("ones", vec![255; size]),
            ("s is 0", [vec![1; half], vec![0; half]].concat()),
            ("r is 0", [vec![0; half], vec![1; half]].concat()),
            ("too short", vec![1; size - 1]),
            ("too long", vec![1; size + 1]),
            ("DER", vec![0x30, 6, 2, 1, 1, 2, 1, 1]),
        ] {
            arena
                .refuses(&format!("{name} {what}"), "sig.invalid", |idp, say| {
                    by(&party, idp, say, |parts| {
                        (parts.method, parts.value) = (ecdsa("sha256"), Value::Given(value));
                    })
                })
                .await;
        }
        for method in ["ecdsa-sha1", "ecdsa-sha224", "ecdsa-ripemd160"] {
            arena
                .refuses(&format!("{name} {method}"), "alg.refused", |idp, say| {
                    by(&party, idp, say, |parts| {
                        parts.method = format!("http://www.w3.org/2001/04/xmldsig-more#{method}");
                        parts.value = Value::Ecdsa(sha256, width);
                    })
                })
                .await;
        }
        // ATK-079
        arena
            .refuses(&format!("{name}, signed as RSA"), "alg.refused", |idp, say| {
                by(&korsbaek(), idp, say, |_| {})
            })
            .await;
        arena.verdict();
    }
}

#[tokio::test]
async fn a_weak_key_is_neither_registered_nor_believed() {
    let weak = [
        ("RSA with 1024 bits", Party::rsa(1024), Value::Rsa(MessageDigest::sha256()), RSA_SHA256),
        (
            "RSA with the exponent 3",
            Party::rsa_with_exponent_3(),
            Value::Rsa(MessageDigest::sha256()),
            RSA_SHA256,
        ),
        (
            "the curve of another currency",
            Party::ec(Nid::SECP256K1),
            Value::Ecdsa(MessageDigest::sha256(), 32),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        ),
    ];
    let mut arena = Arena::new("weak").await;
    arena.accepts("the registered key", |idp, say| by(&korsbaek(), idp, say, |_| {})).await;
    for (what, party, value, method) in weak {
        for file in ["korsbaek.xml", "bbr.xml"] {
            let complaint = not_registered(&arena.town, file, &party).await;
            assert!(complaint.contains("md.key"), "{what} in {file}: {complaint}");
        }
        // ATK-076
        arena
            .refuses(what, "alg.refused", |idp, say| {
                by(&party, idp, say, |parts| {
                    (parts.method, parts.value) = (method.to_owned(), value);
                })
            })
            .await;
    }
    // A forged signature block that a careless reader takes from a key with the exponent 3: the cube root of a padding
    // with the rest left free.
    arena
        .refuses("a forged block", "sig.invalid", |idp, say| {
            by(&korsbaek(), idp, say, |parts| {
                let mut block = vec![0; 384];
                block[1] = 1;
                parts.value = Value::Given(block);
            })
        })
        .await;
    arena.verdict();
}

/// What the register says to metadata with another key.
async fn not_registered(town: &Town, file: &str, party: &Party) -> String {
    use context_handler::broker::registry::{NotApplied, plan};
    use context_handler::store::Store;
    let kept = town.store.registry().await.unwrap();
    let mut files = kept.files.clone();
    let descriptor = format!("<md:KeyDescriptor>{}</md:KeyDescriptor>", declared(&party.x509_data()));
    replace_keys(files.get_mut(file).unwrap(), &descriptor);
    match plan(&kept, &files).map_err(NotApplied::Wrong) {
        Ok(plan) => format!("accepted: {}", plan.summary()),
        Err(refused) => format!("{refused:?}"),
    }
}

#[tokio::test]
async fn transforms_are_two_and_the_canonical_form_is_one() {
    let mut arena = Arena::new("transforms").await;
    arena.accepts("signed by hand", |idp, say| by(&korsbaek(), idp, say, |_| {})).await;
    let slow = "count(//. | //@* | //namespace::*)".repeat(50);
    let xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116";
    let with = |algorithm: &str, inside: &str| {
        format!("<ds:Transform Algorithm=\"{algorithm}\">{inside}</ds:Transform>")
    };
    let filter =
        "<f:XPath xmlns:f=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"subtract\">/</f:XPath>";
    let (e, c) = (transform(ENVELOPED), transform(EXCLUSIVE));
    let base64 = transform("http://www.w3.org/2000/09/xmldsig#base64");
    // ATK-082, ATK-083
    for (what, transforms) in [
        ("XPath", with(xpath, "<ds:XPath>not(ancestor-or-self::x)</ds:XPath>") + &c),
        ("XPath in the middle", format!("{e}{}{c}", with(xpath, "<ds:XPath>1</ds:XPath>"))),
        ("a slow XPath", format!("{e}{c}{}", with(xpath, &format!("<ds:XPath>{slow}</ds:XPath>")))),
        ("XPath filter 2", format!("{e}{c}{}", with("http://www.w3.org/2002/06/xmldsig-filter2", filter))),
        (
            "XSLT",
            format!(
                "{e}{c}{}",
                with(
                    "http://www.w3.org/TR/1999/REC-xslt-19991116",
                    "<s:stylesheet xmlns:s=\"http://www.w3.org/1999/XSL/Transform\"></s:stylesheet>"
                )
            ),
        ),
        ("base64", format!("{e}{base64}")),
        ("base64 last", format!("{e}{c}{base64}")),
        ("decryption", format!("{e}{}{c}", transform("http://www.w3.org/2002/07/decrypt#XML"))),
        ("none", String::new()),
        ("enveloped missing", c.clone()),
        ("only enveloped", e.clone()),
        ("enveloped twice", format!("{e}{e}")),
        ("enveloped twice and canonical", format!("{e}{e}{c}")),
        ("canonical twice", format!("{e}{c}{c}")),
        ("the order swapped", format!("{c}{e}")),
        ("fifty", format!("{e}{}", c.repeat(49))),
        ("an unknown one", format!("{e}{}", transform("urn:x"))),
        ("an empty name", format!("{e}{}", transform(""))),
    ] {
        arena
            .refuses(what, "sig.transform", |idp, say| {
                by(&korsbaek(), idp, say, |parts| parts.transforms = transforms)
            })
            .await;
    }
    // ATK-056
    let list = |namespace: &str, prefixes: &str| {
        with(
            EXCLUSIVE,
            &format!(
                "<ec:InclusiveNamespaces xmlns:ec=\"{namespace}\" PrefixList=\"{prefixes}\"></ec:InclusiveNamespaces>"
            ),
        )
    };
    let many: Vec<_> = (0..33).map(|n| format!("p{n}")).collect();
    for (what, form) in [
        ("with comments", transform("http://www.w3.org/2001/10/xml-exc-c14n#WithComments")),
        ("inclusive", transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")),
        ("inclusive with comments", transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments")),
        ("version 1.1", transform("http://www.w3.org/2006/12/xml-c14n11")),
        ("a list in a foreign namespace", list("urn:x", "samlp")),
        ("a list in the namespace of signatures", list("http://www.w3.org/2000/09/xmldsig#", "samlp")),
        ("two lists", with(EXCLUSIVE, &"<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"saml\"></ec:InclusiveNamespaces>".repeat(2))),
        ("a list that is none", list(EXCLUSIVE, "saml:x")),
        ("a list of expressions", list(EXCLUSIVE, "saml|samlp //*")),
        ("a list that is too long", list(EXCLUSIVE, &many.join(" "))),
    ] {
        let transforms = format!("{e}{form}");
        arena.refuses(what, "sig.c14n", |idp, say| by(&korsbaek(), idp, say, |parts| parts.transforms = transforms)).await;
        let method = form.replace("ds:Transform", "ds:CanonicalizationMethod");
        arena.refuses(&format!("{what}, of SignedInfo"), "sig.c14n", |idp, say| by(&korsbaek(), idp, say, |parts| parts.form = method)).await;
    }
    let samlp = " xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"";
    let saml = " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
    let listed = |idp: &Idp, say: &Say, prefixes: &str, in_force: &str| {
        let pieces = Pieces::of(&idp.write(&Say { signing: Signing::Nothing, ..say.clone() }));
        let seen = changed(&pieces.assertion, saml, &format!("{saml}{in_force}"));
        pieces.with(&korsbaek().sign(&pieces.assertion, |parts| {
            parts.transforms = format!("{e}{}", list(EXCLUSIVE, prefixes));
            parts.digest_value = digest(MessageDigest::sha256(), &seen);
        }))
    };
    arena.accepts("a list of prefixes", |idp, say| listed(idp, say, "samlp", samlp)).await;
    arena
        .accepts("a list with one that is not in force", |idp, say| listed(idp, say, "saml samlp xs", samlp))
        .await;
    arena
        .refuses("a list that changes what was digested", "sig.invalid", |idp, say| {
            listed(idp, say, "samlp", "")
        })
        .await;
    arena
        .accepts("a list for SignedInfo", |idp, say| {
            by(&korsbaek(), idp, say, |parts| {
                parts.form =
                    list(EXCLUSIVE, "saml samlp").replace("ds:Transform", "ds:CanonicalizationMethod");
                parts.in_scope = format!("{saml}{samlp}");
            })
        })
        .await;
    arena.table(Signing::Assertion, vec![
        row("a list put in later", "sig.invalid", move |xml| {
            let later = format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"><ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"samlp\"/>");
            changed(xml, &format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\">"), &later)
        }),
    ]).await;
    arena.verdict();
}

#[tokio::test]
async fn a_key_counts_only_when_it_is_registered_for_the_sender() {
    let mut arena = Arena::new("keys").await;
    arena.accepts("signed by hand", |idp, say| by(&korsbaek(), idp, say, |_| {})).await;
    let (stranger, feddet, fagsystem) =
        (Party::rsa(2048), Party::dev("idp-feddet"), Party::dev("sp-oiosaml3"));
    let serial = |party: &Party| {
        let number = party.certificate.serial_number().to_bn().unwrap().to_dec_str().unwrap().to_string();
        key_info(&format!(
            "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>{number}</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>"
        ))
    };
    let value = |party: &Party| {
        let rsa = party.key.rsa().unwrap();
        let (n, e) = (b64(&rsa.n().to_vec()), b64(&rsa.e().to_vec()));
        key_info(&format!(
            "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{n}</ds:Modulus><ds:Exponent>{e}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
        ))
    };
    let ski = |party: &Party| {
        let id = party.certificate.subject_key_id().map_or(vec![1; 20], |id| id.as_slice().to_vec());
        key_info(&format!("<ds:X509Data><ds:X509SKI>{}</ds:X509SKI></ds:X509Data>", b64(&id)))
    };
    let name = |_: &Party| key_info("<ds:KeyName>idp-feddet</ds:KeyName>");
    let retrieval = |uri: &str| key_info(&format!("<ds:RetrievalMethod URI=\"{uri}\"></ds:RetrievalMethod>"));
    let subject = |_: &Party| {
        key_info("<ds:X509Data><ds:X509SubjectName>CN=Feddet IdP</ds:X509SubjectName></ds:X509Data>")
    };
    // ATK-068, ATK-070: whoever signed, and however it is shown
    for (who, party) in
        [("a stranger", &stranger), ("another identity provider", &feddet), ("a fagsystem", &fagsystem)]
    {
        for (what, info) in [
            ("certificate", party.x509_data()),
            ("serial number", serial(party)),
            ("key value", value(party)),
            ("key identifier", ski(party)),
            ("key name", name(party)),
            ("subject", subject(party)),
        ] {
            arena
                .refuses(&format!("{who} by {what}"), "key.untrusted", |idp, say| {
                    by(party, idp, say, |parts| parts.key_info = info)
                })
                .await;
        }
        arena
            .refuses(&format!("{who} showing nothing"), "sig.invalid", |idp, say| {
                by(party, idp, say, |parts| parts.key_info = String::new())
            })
            .await;
        arena
            .refuses(&format!("{who} showing the genuine certificate"), "sig.invalid", |idp, say| {
                by(party, idp, say, |parts| parts.key_info = korsbaek().x509_data())
            })
            .await;
        let both = key_info(&format!(
            "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>",
            korsbaek().b64(),
            party.b64()
        ));
        arena
            .refuses(&format!("{who} showing both"), "sig.invalid", |idp, say| {
                by(party, idp, say, |parts| parts.key_info = both)
            })
            .await;
        arena
            .refuses(&format!("the genuine key showing {who}"), "key.untrusted", |idp, say| {
                by(&korsbaek(), idp, say, |parts| parts.key_info = party.x509_data())
            })
            .await;
        arena
            .refuses(&format!("the genuine key showing the value of {who}"), "key.untrusted", |idp, say| {
                by(&korsbaek(), idp, say, |parts| parts.key_info = value(party))
            })
            .await;
    }
    // ATK-071
    for uri in ["http://127.0.0.1:9/key", "file:///etc/passwd", "#_elsewhere", ""] {
        arena
            .refuses(&format!("a key to be fetched from {uri:?}"), "key.untrusted", |idp, say| {
                by(&korsbaek(), idp, say, |parts| parts.key_info = retrieval(uri))
            })
            .await;
    }
    for (what, info) in [
        (
            "an encrypted key",
            "<x:EncryptedKey xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\"></x:EncryptedKey>",
        ),
        (
            "an agreement",
            "<x:AgreementMethod xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\"></x:AgreementMethod>",
        ),
        (
            "a reference",
            "<d:KeyInfoReference xmlns:d=\"http://www.w3.org/2009/xmldsig11#\" URI=\"http://127.0.0.1:9/\"></d:KeyInfoReference>",
        ),
        ("PGP", "<ds:PGPData></ds:PGPData>"),
        ("a token reference", "<w:SecurityTokenReference xmlns:w=\"urn:x\"></w:SecurityTokenReference>"),
    ] {
        arena
            .refuses(what, "key.untrusted", |idp, say| {
                by(&korsbaek(), idp, say, |parts| parts.key_info = key_info(info))
            })
            .await;
    }
    // Harmless ways to show the genuine key.
    for (what, info) in [
        ("nothing", String::new()),
        ("its serial number", serial(&korsbaek())),
        ("its value", value(&korsbaek())),
        ("a name", name(&korsbaek())),
    ] {
        arena
            .accepts(&format!("the genuine key showing {what}"), |idp, say| {
                by(&korsbaek(), idp, say, |parts| parts.key_info = info)
            })
            .await;
    }
    arena.verdict();
}

#[tokio::test]
async fn a_key_for_another_use_does_not_sign_logins() {
    let (service, sealing) = (Party::dev("attribute-service"), Party::dev("nemlogin"));
    let town = Town::with("roles", |files| {
        let metadata = files.get_mut("korsbaek.xml").unwrap();
        let text = String::from_utf8(metadata.clone()).unwrap();
        let encryption = format!("<md:KeyDescriptor use=\"encryption\">{}</md:KeyDescriptor><md:SingleSignOnService", declared(&sealing.x509_data()));
        let other = format!(
            "</md:IDPSSODescriptor><md:AttributeAuthorityDescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <md:KeyDescriptor use=\"signing\">{}</md:KeyDescriptor></md:AttributeAuthorityDescriptor>",
            declared(&service.x509_data())
        );
        let text = changed(&text, "<md:SingleSignOnService", &encryption);
        *metadata = changed(&text, "</md:IDPSSODescriptor>", &other).into_bytes();
    }).await;
    let mut arena = Arena::of(town);
    arena.accepts("its signing key", |idp, say| by(&korsbaek(), idp, say, |_| {})).await;
    // ATK-085
    for (what, party) in [("the attribute service's key", service), ("the encryption key", sealing)] {
        arena.refuses(what, "key.role", |idp, say| by(&party, idp, say, |_| {})).await;
        arena
            .refuses(&format!("{what}, showing nothing"), "sig.invalid", |idp, say| {
                by(&party, idp, say, |parts| parts.key_info = String::new())
            })
            .await;
    }
    arena.verdict();
}

#[tokio::test]
async fn a_certificate_counts_while_it_is_valid() {
    let key = || PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let now = 1_795_248_000;
    for (name, valid, accepted) in [
        ("valid", (now - 100, now + 100), true),
        ("expired", (now - 1000, now - 1), false),
        ("ending", (now - 1000, now), false),
        ("early", (now + 1, now + 1000), false),
    ] {
        let party = Party::new(key(), valid);
        let mut arena = Arena::of(registered_with(name, &[&party]).await);
        if accepted {
            arena.accepts(name, |idp, say| by(&party, idp, say, |_| {})).await;
        } else {
            // ATK-086
            arena.refuses(name, "key.expired", |idp, say| by(&party, idp, say, |_| {})).await;
        }
        arena.verdict();
    }
    let key = key();
    let (old, renewed) =
        (Party::new(key.clone(), (now - 1000, now - 1)), Party::new(key, (now - 1, now + 1000)));
    let mut arena = Arena::of(registered_with("renewed", &[&old, &renewed]).await);
    arena.accepts("a renewed certificate beside the old one", |idp, say| by(&old, idp, say, |_| {})).await;
    arena.verdict();
}

#[tokio::test]
async fn keys_roll_over_without_an_appointment() {
    let (old, new) = (korsbaek(), Party::rsa(2048));
    let mut arena = Arena::of(registered_with("roll-over", &[&old, &new]).await);
    // ATK-089
    for (what, party) in [("the old key", &old), ("the new key", &new)] {
        arena.accepts(what, |idp, say| by(party, idp, say, |_| {})).await;
        let id: String = openssl::sha::sha256(&party.certificate.to_der().unwrap())
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let log = arena.town.log().await;
        let received = log.iter().rfind(|record| format!("{:?}", record.event) == "AnswerReceived").unwrap();
        assert_eq!(received.key.as_deref(), Some(id.as_str()), "{what}");
    }
    // ATK-088
    let descriptor =
        format!("<md:KeyDescriptor use=\"signing\">{}</md:KeyDescriptor>", declared(&new.x509_data()));
    arena.town.change(|files| replace_keys(files.get_mut("korsbaek.xml").unwrap(), &descriptor)).await;
    arena.accepts("the new key alone", |idp, say| by(&new, idp, say, |_| {})).await;
    arena
        .refuses("the old key after its removal", "key.untrusted", |idp, say| by(&old, idp, say, |_| {}))
        .await;
    arena.verdict();
}

#[tokio::test]
async fn requests_are_held_to_the_same_lists() {
    let mut arena = Arena::new("request-algorithms").await;
    arena
        .accepts_request("signed by hand", |ask, town| sp().sign(town.bbr.write(ask, false).as_str(), |_| {}))
        .await;
    arena
        .accepts_request("PSS", |ask, town| {
            sp().sign(town.bbr.write(ask, false).as_str(), |parts| {
                parts.method = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1".into();
                parts.value = Value::Pss(MessageDigest::sha256(), 32, MessageDigest::sha256());
            })
        })
        .await;
    let rows: Vec<(&str, &str, Bend)> = vec![
        (
            "rsa-sha1",
            "alg.refused",
            Box::new(|parts| {
                parts.method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1".into();
                parts.value = Value::Rsa(MessageDigest::sha1());
            }),
        ),
        (
            "hmac",
            "alg.refused",
            Box::new(|parts| {
                parts.method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256".into();
                parts.value = Value::Hmac(MessageDigest::sha256(), sp().certificate.to_der().unwrap());
            }),
        ),
        (
            "XPath",
            "sig.transform",
            Box::new(|parts| {
                parts.transforms =
                    transform(ENVELOPED) + &transform("http://www.w3.org/TR/1999/REC-xpath-19991116")
            }),
        ),
        (
            "with comments",
            "sig.c14n",
            Box::new(|parts| {
                parts.transforms =
                    transform(ENVELOPED) + &transform("http://www.w3.org/2001/10/xml-exc-c14n#WithComments")
            }),
        ),
        (
            "a key to be fetched",
            "key.untrusted",
            Box::new(|parts| {
                parts.key_info =
                    key_info("<ds:RetrievalMethod URI=\"http://127.0.0.1:9/\"></ds:RetrievalMethod>")
            }),
        ),
        ("another's certificate", "key.untrusted", Box::new(|parts| parts.key_info = korsbaek().x509_data())),
    ];
    for (what, reason, bend) in rows {
        arena
            .refuses_request(what, reason, |ask, town| {
                sp().sign(town.bbr.write(ask, false).as_str(), |parts| bend(parts))
            })
            .await;
    }
    for (what, party) in [
        ("an identity provider's key", korsbaek()),
        ("another fagsystem's key", Party::dev("sp-oiosaml2")),
        ("a stranger's key", Party::rsa(2048)),
    ] {
        arena
            .refuses_request(what, "key.untrusted", |ask, town| {
                party.sign(town.bbr.write(ask, false).as_str(), |_| {})
            })
            .await;
    }
    arena.verdict();
}

#[tokio::test]
async fn signatures_beside_a_request_are_held_to_the_same_lists() {
    let mut arena = Arena::new("redirect-algorithms").await;
    let (sp, sha256) = (sp(), MessageDigest::sha256());
    let signed = |party: &Party, unsigned: &str, method: &str, value: Value| {
        let escaped = context_handler::protocol::address::escaped;
        let octets = format!("{unsigned}&SigAlg={}", escaped(method));
        let signature = b64(&value.over(&party.key, octets.as_bytes()));
        format!("{octets}&Signature={}", escaped(&signature))
    };
    let more = |name: &str| format!("http://www.w3.org/2001/04/xmldsig-more#{name}");
    let pss = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
    for (what, method, value) in [
        ("rsa-sha256", more("rsa-sha256"), Value::Rsa(sha256)),
        ("rsa-sha512", more("rsa-sha512"), Value::Rsa(MessageDigest::sha512())),
        ("PSS", pss.to_owned(), Value::Pss(sha256, 32, sha256)),
    ] {
        arena.redirect(what, None, |unsigned| signed(&sp, unsigned, &method, value)).await;
    }
    let sha1 = MessageDigest::sha1();
    let secret = sp.certificate.to_der().unwrap();
    for (what, reason, method, value) in [
        (
            "rsa-sha1",
            "alg.refused",
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1".to_owned(),
            Value::Rsa(sha1),
        ),
        ("hmac", "alg.refused", more("hmac-sha256"), Value::Hmac(sha256, secret)),
        ("ecdsa for an RSA key", "alg.refused", more("ecdsa-sha256"), Value::Rsa(sha256)),
        ("no algorithm", "alg.refused", String::new(), Value::Rsa(sha256)),
        ("an unknown algorithm", "alg.refused", "urn:x".to_owned(), Value::Rsa(sha256)),
        ("a blank after the algorithm", "alg.refused", RSA_SHA256.to_owned() + " ", Value::Rsa(sha256)),
        ("PSS without salt", "sig.invalid", pss.to_owned(), Value::Pss(sha256, 0, sha256)),
        ("another digest than is said", "sig.invalid", more("rsa-sha512"), Value::Rsa(sha256)),
        ("zeroes", "sig.invalid", RSA_SHA256.to_owned(), Value::Given(vec![0; 384])),
        ("too short", "sig.invalid", RSA_SHA256.to_owned(), Value::Given(vec![1])),
    ] {
        arena.redirect(what, Some(reason), |unsigned| signed(&sp, unsigned, &method, value)).await;
    }
    for (what, party) in [("a stranger's key", Party::rsa(2048)), ("an identity provider's key", korsbaek())]
    {
        let value = Value::Rsa(sha256);
        arena
            .redirect(what, Some("sig.invalid"), |unsigned| signed(&party, unsigned, RSA_SHA256, value))
            .await;
    }
    arena.verdict();
}
