//! Encryption: few forms are known, one answer is given for all that fails, and what was opened is read like any message.

use openssl::pkey::PKey;
use openssl::rsa::{Padding, Rsa};

use super::play::Arena;
use crate::support::forge::{CONTENT_KEY, Envelope, OAEP, Party, Pieces, b64, changed, wrap};
use crate::support::{Idp, Say, Signing, Town};

/// The genuine answer with its signed assertion sealed as told.
fn sealed(idp: &Idp, say: &Say, seal: impl FnOnce(&str) -> Envelope) -> String {
    let pieces = Pieces::of(&idp.write(say));
    pieces.with(&seal(&pieces.assertion).xml())
}

type Bend = Box<dyn Fn(&mut Envelope)>;

fn bend(what: &'static str, bend: impl Fn(&mut Envelope) + 'static) -> (&'static str, Bend) {
    (what, Box::new(bend))
}

async fn refuse_all(arena: &mut Arena, reason: &str, rows: Vec<(&'static str, Bend)>) {
    for (what, bend) in rows {
        arena
            .refuses(what, reason, |idp, say| {
                sealed(idp, say, |plain| {
                    let mut envelope = Envelope::gcm(plain);
                    bend(&mut envelope);
                    envelope
                })
            })
            .await;
    }
}

const METHODS: &str = "http://www.w3.org/2001/04/xmlenc#";

#[tokio::test]
async fn only_authenticated_ciphers_and_the_newer_padding_are_known() {
    let mut arena = Arena::new("ciphers").await;
    arena.accepts("AES-256-GCM", |idp, say| sealed(idp, say, Envelope::gcm)).await;
    arena.refuses("AES-256-CBC", "alg.refused", |idp, say| sealed(idp, say, Envelope::cbc)).await;
    let method = |uri: &'static str| move |envelope: &mut Envelope| envelope.content_method = uri.into();
    let key = |method: &'static str| {
        move |envelope: &mut Envelope| envelope.key_method = format!(" Algorithm=\"{method}\">")
    };
    refuse_all(&mut arena, "alg.refused", vec![
        // ATK-091
        bend("RSA with the older padding", |envelope| {
            envelope.key_method = format!(" Algorithm=\"{METHODS}rsa-1_5\">");
            envelope.wrapped = wrap(&Party::dev("broker-decryption"), &CONTENT_KEY, Padding::PKCS1);
        }),
        bend("the newer padding under the older name", |envelope| envelope.key_method = format!(" Algorithm=\"{METHODS}rsa-1_5\">")),
        // ATK-095
        bend("GCM called CBC", method("http://www.w3.org/2001/04/xmlenc#aes256-cbc")),
        bend("GCM called CBC of another size", method("http://www.w3.org/2001/04/xmlenc#aes128-cbc")),
        bend("triple DES", method("http://www.w3.org/2001/04/xmlenc#tripledes-cbc")),
        bend("an unknown cipher", method("urn:x")),
        bend("a cipher with a blank", method("http://www.w3.org/2009/xmlenc11#aes256-gcm ")),
        bend("no cipher", method("")),
        bend("key wrapping", key("http://www.w3.org/2001/04/xmlenc#kw-aes256")),
        bend("an unknown key transport", key("urn:x")),
        bend("no key transport", key("")),
        bend("a label digest of MD5", |envelope| {
            envelope.key_method = OAEP.replace("http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2001/04/xmldsig-more#md5");
        }),
        bend("an unknown mask", |envelope| {
            envelope.key_method = "  Algorithm=\"http://www.w3.org/2009/xmlenc11#rsa-oaep\"><m:MGF xmlns:m=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"urn:x\"/>".into();
        }),
    ]).await;
    arena.verdict();
}

#[tokio::test]
async fn whatever_fails_to_open_fails_alike() {
    let mut arena = Arena::new("oracle").await;
    arena.accepts("the twin", |idp, say| sealed(idp, say, Envelope::gcm)).await;
    let wrapped = |change: fn(Vec<u8>) -> Vec<u8>| {
        move |envelope: &mut Envelope| envelope.wrapped = change(envelope.wrapped.clone())
    };
    let content = |change: fn(Vec<u8>) -> Vec<u8>| {
        move |envelope: &mut Envelope| envelope.content = change(envelope.content.clone())
    };
    refuse_all(
        &mut arena,
        "dec.failed",
        vec![
            // ATK-094
            bend("no tag", content(|c| c[..c.len() - 16].to_vec())),
            bend("a tag of 4 bytes", content(|c| c[..c.len() - 12].to_vec())),
            bend("a tag of 8 bytes", content(|c| c[..c.len() - 8].to_vec())),
            bend("a tag of 15 bytes", content(|c| c[..c.len() - 1].to_vec())),
            bend("a byte after the tag", content(|c| [c, vec![0]].concat())),
            bend("a tag of zeroes", content(|c| [&c[..c.len() - 16], &[0; 16]].concat())),
            bend("another IV", content(|c| [&[8; 12], &c[12..]].concat())),
            bend("an IV of 8 bytes", content(|c| c[4..].to_vec())),
            bend("an IV of 16 bytes", content(|c| [vec![9; 4], c].concat())),
            bend("nothing but an IV", content(|c| c[..12].to_vec())),
            bend("shorter than the tag", content(|c| c[..20].to_vec())),
            bend("only IV and tag", content(|c| [&c[..12], &c[c.len() - 16..]].concat())),
            bend("nothing", content(|_| vec![])),
            bend(
                "one bit of the content",
                content(|mut c| {
                    c[100] ^= 1;
                    c
                }),
            ),
            // ATK-092: manipulations of the wrapped key
            bend("a wrapped key of zeroes", wrapped(|w| vec![0; w.len()])),
            bend("a wrapped key of ones", wrapped(|w| vec![255; w.len()])),
            bend("a short wrapped key", wrapped(|w| w[1..].to_vec())),
            bend("a long wrapped key", wrapped(|w| [w, vec![0]].concat())),
            bend("no wrapped key", wrapped(|_| vec![])),
            bend(
                "one bit of the wrapped key",
                wrapped(|mut w| {
                    w[383] ^= 1;
                    w
                }),
            ),
            bend("the older padding under the newer name", |envelope| {
                envelope.wrapped = wrap(&Party::dev("broker-decryption"), &CONTENT_KEY, Padding::PKCS1);
            }),
            bend("no padding", |envelope| {
                let block = [vec![0; 352], CONTENT_KEY.to_vec()].concat();
                envelope.wrapped = wrap(&Party::dev("broker-decryption"), &block, Padding::NONE);
            }),
            bend("a content key of 16 bytes", |envelope| {
                envelope.wrapped = wrap(&Party::dev("broker-decryption"), &[7; 16], Padding::PKCS1_OAEP);
            }),
            bend("another content key", |envelope| {
                envelope.wrapped = wrap(&Party::dev("broker-decryption"), &[8; 32], Padding::PKCS1_OAEP);
            }),
            bend("a label digest that is another", |envelope| {
                envelope.key_method = OAEP.replace(
                    "http://www.w3.org/2000/09/xmldsig#sha1",
                    "http://www.w3.org/2001/04/xmlenc#sha256",
                );
            }),
            bend("called AES-128", |envelope| {
                envelope.content_method = "http://www.w3.org/2009/xmlenc11#aes128-gcm".into()
            }),
            bend("called AES-192", |envelope| {
                envelope.content_method = "http://www.w3.org/2009/xmlenc11#aes192-gcm".into()
            }),
            // ATK-104 and its like: there is one receiver here, and others' messages do not open
            bend("for the key that we sign with", |envelope| {
                envelope.wrapped = wrap(&Party::dev("broker-signing"), &CONTENT_KEY, Padding::PKCS1_OAEP);
            }),
            bend("for a fagsystem", |envelope| {
                envelope.wrapped = wrap(&Party::dev("sp-oiosaml3"), &CONTENT_KEY, Padding::PKCS1_OAEP);
            }),
        ],
    )
    .await;
    arena.verdict();
}

#[tokio::test]
async fn failures_to_open_and_to_verify_look_the_same_from_outside() {
    let town = Town::new("one-face").await;
    let mut faces = Vec::new();
    let tries: Vec<fn(&Idp, &Say) -> String> = vec![
        |idp, say| sealed(idp, say, |plain| Envelope { wrapped: vec![0; 384], ..Envelope::gcm(plain) }),
        |idp, say| sealed(idp, say, |plain| Envelope { content: vec![0; 64], ..Envelope::gcm(plain) }),
        |idp, say| sealed(idp, say, |_| Envelope::gcm("no XML")),
        |idp, say| sealed(idp, say, |_| Envelope::gcm("<x/>")),
        |idp, say| sealed(idp, say, |plain| Envelope::gcm(&changed(plain, "CN=Ib Dam", "CN=Mallory"))),
        |idp, say| sealed(idp, &Say { signing: Signing::Nothing, ..say.clone() }, Envelope::gcm),
        |idp, say| sealed(idp, say, Envelope::cbc),
        |idp, say| changed(&idp.write(say), "CN=Ib Dam", "CN=Mallory"),
    ];
    for (n, make) in tries.into_iter().enumerate() {
        let (mut browser, mut ask) = (town.browser(), town.bbr.ask());
        ask.id = format!("_request{n}");
        let sent = town.bbr.send(&mut browser, &ask).await;
        let (question, arrived) = town.korsbaek.question(&sent);
        let mut say = town.korsbaek.say(&question);
        say.encrypted = false;
        let xml = make(&town.korsbaek, &say);
        let answer = crate::support::deliver(&town, &mut browser, &xml, arrived.relay_state.as_deref()).await;
        // The case number differs from one login to the next.
        let body: String = answer.body.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        faces.push((answer.status, body));
    }
    assert_eq!(faces[0].0, 400);
    for (n, face) in faces.iter().enumerate() {
        assert!(*face == faces[0], "{n}: {} {}", face.0, face.1);
    }
}

#[tokio::test]
async fn encrypted_content_has_one_shape() {
    let mut arena = Arena::new("shapes").await;
    arena.accepts("the key inside", |idp, say| sealed(idp, say, Envelope::gcm)).await;
    arena.accepts("the key beside", |idp, say| sealed(idp, say, |plain| {
        let envelope = Envelope::gcm(plain);
        let beside = envelope.key().replace("<xenc:EncryptedKey ", "<xenc:EncryptedKey Id=\"_key\" ");
        let named = "<ds:RetrievalMethod Type=\"http://www.w3.org/2001/04/xmlenc#EncryptedKey\" URI=\"#_key\"/>";
        Envelope { beside, encrypted_key: Some(named.into()), ..envelope }
    })).await;
    arena
        .accepts("a key for somebody else first", |idp, say| {
            sealed(idp, say, |plain| {
                let own = Envelope::gcm(plain);
                let other = Envelope {
                    wrapped: wrap(&Party::dev("sp-oiosaml3"), &CONTENT_KEY, Padding::PKCS1_OAEP),
                    ..Envelope::gcm(plain)
                };
                Envelope { encrypted_key: Some(other.key() + &own.key()), ..own }
            })
        })
        .await;
    let reference = |uri: &str| format!("<xenc:CipherReference URI=\"{uri}\"/>");
    let instead =
        |key: &'static str| move |envelope: &mut Envelope| envelope.encrypted_key = Some(key.into());
    refuse_all(
        &mut arena,
        "dec.structure",
        vec![
            // ATK-097
            bend("content elsewhere", move |envelope| {
                envelope.cipher_data = Some(reference("http://127.0.0.1:9/"))
            }),
            bend("content in a file", move |envelope| {
                envelope.cipher_data = Some(reference("file:///etc/passwd"))
            }),
            bend("content elsewhere in the message", move |envelope| {
                envelope.cipher_data = Some(reference("#_elsewhere"))
            }),
            bend("content twice", |envelope| {
                let value = format!("<xenc:CipherValue>{}</xenc:CipherValue>", b64(&envelope.content));
                envelope.cipher_data = Some(value.repeat(2));
            }),
            bend("no content", |envelope| envelope.cipher_data = Some(String::new())),
            bend("no key", instead("")),
            bend("a key by name only", instead("<ds:KeyName>broker</ds:KeyName>")),
            bend("a key to be fetched", instead("<ds:RetrievalMethod URI=\"http://127.0.0.1:9/\"/>")),
            bend("a key that is not there", instead("<ds:RetrievalMethod URI=\"#_nowhere\"/>")),
            bend("an agreed key", instead("<xenc:AgreementMethod Algorithm=\"urn:x\"/>")),
            bend("a derived key", instead("<x:DerivedKey xmlns:x=\"http://www.w3.org/2009/xmlenc11#\"/>")),
            bend("five keys", |envelope| envelope.encrypted_key = Some(envelope.key().repeat(5))),
            bend("a hundred keys", |envelope| envelope.encrypted_key = Some(envelope.key().repeat(100))),
            bend("a label", |envelope| {
                envelope.key_method = format!("{OAEP}<xenc:OAEPparams>AAAA</xenc:OAEPparams>");
            }),
            bend("content twice encrypted", |envelope| envelope.beside = envelope.data()),
            bend("a key whose content is elsewhere", move |envelope| {
                let key = envelope.key();
                let (start, end) =
                    (key.find("<xenc:CipherValue>").unwrap(), key.find("</xenc:CipherValue>").unwrap() + 19);
                envelope.encrypted_key =
                    Some(format!("{}{}{}", &key[..start], reference("http://127.0.0.1:9/"), &key[end..]));
            }),
            bend("an encrypted key inside a key", |envelope| {
                let key = envelope.key();
                envelope.encrypted_key =
                    Some(changed(&key, "<xenc:CipherData>", &format!("{key}<xenc:CipherData>")));
            }),
        ],
    )
    .await;
    arena
        .refuses("content, not an element", "dec.structure", |idp, say| {
            changed(&sealed(idp, say, Envelope::gcm), "xmlenc#Element", "xmlenc#Content")
        })
        .await;
    arena
        .refuses("nothing encrypted", "dec.structure", |idp, say| {
            Pieces::of(&idp.write(say))
                .with("<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>")
        })
        .await;
    arena
        .refuses("not base64", "encoding.base64", |idp, say| {
            sealed(idp, say, |plain| Envelope {
                cipher_data: Some("<xenc:CipherValue>====</xenc:CipherValue>".into()),
                ..Envelope::gcm(plain)
            })
        })
        .await;
    arena.verdict();
}

#[tokio::test]
async fn what_was_opened_stands_on_its_own() {
    let mut arena = Arena::new("opened").await;
    arena.accepts("the twin", |idp, say| sealed(idp, say, Envelope::gcm)).await;
    let declared = " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
    for (what, reason, make) in [
        // ATK-100
        (
            "a prefix of the carrier",
            "xml.namespace",
            Box::new(|plain: &str| changed(plain, declared, "")) as Box<dyn Fn(&str) -> String>,
        ),
        ("a document type", "xml.doctype", Box::new(|plain| format!("<!DOCTYPE x>{plain}"))),
        ("two assertions", "xml.malformed", Box::new(|plain| plain.repeat(2))),
        ("a comment in the name", "value.comment", Box::new(|plain| changed(plain, "CN=Ib", "CN=<!---->Ib"))),
        ("a changed name", "sig.invalid", Box::new(|plain| changed(plain, "CN=Ib", "CN=Ub"))),
        ("no XML", "xml.malformed", Box::new(|_| "x".to_owned())),
        ("something else", "dec.failed", Box::new(|_| "<x/>".to_owned())),
        // ATK-098
        ("encrypted twice", "limit.depth", Box::new(|plain| Envelope::gcm(plain).data())),
        ("encrypted twice as an assertion", "limit.depth", Box::new(|plain| Envelope::gcm(plain).xml())),
        (
            "encrypted five times",
            "limit.depth",
            Box::new(|plain| (0..4).fold(plain.to_owned(), |inner, _| Envelope::gcm(&inner).data())),
        ),
        (
            "encrypted content in an assertion",
            "limit.depth",
            Box::new(|plain| {
                changed(
                    plain,
                    "</saml:Assertion>",
                    &format!("{}</saml:Assertion>", Envelope::gcm("<x/>").data()),
                )
            }),
        ),
        (
            "encrypted content fifty deep",
            "limit.depth",
            Box::new(|plain| {
                let nested = (0..45).fold(String::new(), |inner, _| {
                format!("<xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"><xenc:CipherData>{inner}</xenc:CipherData></xenc:EncryptedData>")
            });
                changed(plain, "</saml:Assertion>", &format!("{nested}</saml:Assertion>"))
            }),
        ),
    ] {
        arena.refuses(what, reason, |idp, say| sealed(idp, say, |plain| Envelope::gcm(&make(plain)))).await;
    }
    // ATK-101
    let hidden = |name: &str| {
        format!(
            "<saml:{name}>{}</saml:{name}>",
            Envelope::gcm(
                "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">x</saml:NameID>"
            )
            .data()
        )
    };
    arena
        .refuses("a name encrypted by another message", "sig.coverage", |idp, say| {
            let xml = idp.write(say);
            let (start, end) = (xml.find("<saml:NameID>").unwrap(), xml.find("</saml:NameID>").unwrap() + 14);
            format!("{}{}{}", &xml[..start], hidden("EncryptedID"), &xml[end..])
        })
        .await;
    arena
        .refuses("an attribute encrypted by another message", "sig.coverage", |idp, say| {
            changed(
                &idp.write(say),
                "</saml:AttributeStatement>",
                &format!("{}</saml:AttributeStatement>", hidden("EncryptedAttribute")),
            )
        })
        .await;
    arena.verdict();
}

#[tokio::test]
async fn the_older_cipher_is_a_danger_that_the_register_must_name() {
    let town = Town::with("cbc", |files| {
        let toml = files.get_mut("register.toml").unwrap();
        let text = String::from_utf8(toml.clone()).unwrap();
        *toml = changed(
            &text,
            "metadata = \"korsbaek.xml\"\n",
            "metadata = \"korsbaek.xml\"\ndanger-allow-cbc = true\n",
        )
        .into_bytes();
    })
    .await;
    let mut arena = Arena::of(town);
    arena.accepts("AES-256-CBC where it is allowed", |idp, say| sealed(idp, say, Envelope::cbc)).await;
    arena.accepts("AES-256-GCM as well", |idp, say| sealed(idp, say, Envelope::gcm)).await;
    arena
        .refuses("a padding that is none", "dec.failed", |idp, say| {
            sealed(idp, say, Envelope::cbc_without_padding)
        })
        .await;
    for (what, reason, change) in [
        ("half a block", "dec.failed", (|c| c[..c.len() - 8].to_vec()) as fn(Vec<u8>) -> Vec<u8>),
        ("only an IV", "dec.failed", |c| c[..16].to_vec()),
        ("nothing", "dec.failed", |_| vec![]),
    ] {
        arena
            .refuses(what, reason, |idp, say| {
                sealed(idp, say, |plain| {
                    let mut envelope = Envelope::cbc(plain);
                    envelope.content = change(envelope.content);
                    envelope
                })
            })
            .await;
    }
    arena
        .refuses("RSA with the older padding is not allowed with it", "alg.refused", |idp, say| {
            sealed(idp, say, |plain| Envelope {
                key_method: format!(" Algorithm=\"{METHODS}rsa-1_5\">"),
                wrapped: wrap(&Party::dev("broker-decryption"), &CONTENT_KEY, Padding::PKCS1),
                ..Envelope::cbc(plain)
            })
        })
        .await;
    arena
        .refuses("unsigned", "sig.missing", |idp, say| {
            sealed(idp, &Say { signing: Signing::Nothing, ..say.clone() }, Envelope::cbc)
        })
        .await;
    arena.verdict();
}

#[tokio::test]
async fn a_fagsystem_with_a_useless_encryption_key_is_never_answered_in_plain() {
    // ATK-103
    let now = 1_795_248_000;
    for (name, valid) in [
        ("enc-valid", (now - 100, now + 100)),
        ("enc-expired", (now - 100, now)),
        ("enc-early", (now + 1, now + 100)),
    ] {
        let party = Party::new(PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(), valid);
        let town = Town::with(name, |files| encryption_key(files.get_mut("bbr.xml").unwrap(), &party)).await;
        let mut browser = town.browser();
        let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
        let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
        assert!(!answer.body.contains("Ib Dam"));
        if name == "enc-valid" {
            assert_eq!(town.last_reason().await, "login.ok");
            continue;
        }
        let told = town.bbr.read(&answer, &town);
        assert_eq!(
            (told.status.as_slice(), told.assertion),
            (&["Responder".to_owned(), "RequestUnsupported".to_owned()][..], None)
        );
        assert_eq!(town.last_reason().await, "enc.nokey", "{name}");
        let log = town.log().await;
        assert!(log.iter().all(|record| format!("{:?}", record.event) != "TokenIssued"));
    }
}

fn encryption_key(metadata: &mut Vec<u8>, party: &Party) {
    let text = String::from_utf8(metadata.clone()).unwrap();
    let (before, after) = text.split_once("<md:KeyDescriptor use=\"encryption\">").unwrap();
    let genuine = Party::dev("sp-oiosaml3").b64();
    *metadata =
        format!("{before}<md:KeyDescriptor use=\"encryption\">{}", changed(after, &genuine, &party.b64()))
            .into_bytes();
}

#[tokio::test]
async fn a_fagsystem_with_a_weak_encryption_key_is_not_registered() {
    use context_handler::broker::registry::plan;
    use context_handler::store::Store;
    let town = Town::new("enc-weak").await;
    let kept = town.store.registry().await.unwrap();
    for (what, party, accepted) in [
        ("RSA with 2048 bits", Party::rsa(2048), true),
        ("RSA with 1024 bits", Party::rsa(1024), false),
        ("a key that cannot encrypt", Party::ec(openssl::nid::Nid::X9_62_PRIME256V1), false),
    ] {
        let mut files = kept.files.clone();
        encryption_key(files.get_mut("bbr.xml").unwrap(), &party);
        let judged = plan(&kept, &files);
        assert_eq!(judged.is_ok(), accepted, "{what}");
        assert!(accepted || format!("{judged:?}").contains("md.key"), "{what}");
    }
}
