//! Is there a signature, and does it cover what is read.

use super::play::{Arena, row};
use crate::support::forge::{
    DS, ENVELOPED, Envelope, Parts, Party, Pieces, Value, after_issuer, attribute, b64, changed,
    cut_signature, transform,
};
use crate::support::{Idp, Say, Signing};

/// The genuine answer with its assertion signed by hand, bent as told.
fn by_hand(idp: &Idp, say: &Say, bend: impl FnOnce(&mut Parts)) -> String {
    let pieces = Pieces::of(&idp.write(&Say { signing: Signing::Nothing, ..say.clone() }));
    pieces.with(&Party::dev("idp-korsbaek").sign(&pieces.assertion, bend))
}

/// The genuine answer signed as a whole by hand, bent as told.
fn whole_by_hand(idp: &Idp, say: &Say, bend: impl FnOnce(&mut Parts)) -> String {
    let response = idp.write(&Say { signing: Signing::Nothing, ..say.clone() });
    Party::dev("idp-korsbaek").sign(&response, bend)
}

/// Takes the first signature out of the element that it stands in, and puts it back elsewhere.
fn in_place(xml: &str, bend: impl Fn(&str, &str) -> String) -> String {
    if xml.find("<ds:Signature ") < xml.find("<saml:Assertion ") {
        let (bare, signature) = cut_signature(xml);
        return bend(&bare, &signature);
    }
    let pieces = Pieces::of(xml);
    let (bare, signature) = cut_signature(&pieces.assertion);
    pieces.with(&bend(&bare, &signature))
}

#[tokio::test]
async fn without_a_signature_nothing_is_believed() {
    let mut arena = Arena::new("unsigned").await;
    for signing in [Signing::Assertion, Signing::Response] {
        arena
            .table(
                signing,
                vec![
                    // ATK-002
                    row("the signature is cut out", "sig.missing", |xml| cut_signature(xml).0),
                    row("an empty signature", "sig.structure", |xml| {
                        let (bare, _) = cut_signature(xml);
                        after_issuer(&bare, &format!("<ds:Signature xmlns:ds=\"{DS}\"/>"))
                    }),
                    row("the signature is commented out", "sig.missing", |xml| {
                        let (bare, signature) = cut_signature(xml);
                        after_issuer(&bare, &format!("<!--{signature}-->"))
                    }),
                    row("the signature is text", "sig.missing", |xml| {
                        let (bare, signature) = cut_signature(xml);
                        after_issuer(&bare, &format!("<![CDATA[{signature}]]>"))
                    }),
                ],
            )
            .await;
    }
    arena
        .table(
            Signing::Both,
            vec![row("both signatures are cut out", "sig.missing", |xml| {
                cut_signature(&cut_signature(xml).0).0
            })],
        )
        .await;
    // ATK-001
    arena
        .refuses("a message that was never signed", "sig.missing", |idp, say| {
            let say = Say {
                signing: Signing::Nothing,
                name_id: "C=DK,O=11111111,CN=Mallory,Serial=1".into(),
                ..say.clone()
            };
            idp.write(&say)
        })
        .await;
    arena.verdict();
}

#[tokio::test]
async fn encrypted_is_not_taken_for_signed() {
    let mut arena = Arena::new("encrypted-unsigned").await;
    let hidden = |idp: &Idp, say: &Say, signing| {
        let pieces = Pieces::of(&idp.write(&Say { signing, ..say.clone() }));
        pieces.with(&Envelope::gcm(&pieces.assertion).xml())
    };
    arena.accepts("signed, then encrypted", |idp, say| hidden(idp, say, Signing::Assertion)).await;
    // ATK-005
    arena
        .refuses("encrypted by anybody, signed by nobody", "sig.missing", |idp, say| {
            hidden(idp, say, Signing::Nothing)
        })
        .await;
    // ATK-004, in both orders
    for forged_first in [true, false] {
        arena
            .refuses("an old assertion beside a forged encrypted one", "sig.missing", |idp, say| {
                let old =
                    Say { assertion_id: "_old".into(), response_id: "_old_response".into(), ..say.clone() };
                let old = Pieces::of(&idp.write(&old)).assertion;
                let pieces = Pieces::of(&idp.write(&Say { signing: Signing::Nothing, ..say.clone() }));
                let forged = Envelope::gcm(&changed(&pieces.assertion, "CN=Ib Dam", "CN=Mallory")).xml();
                pieces.with(&if forged_first { forged + &old } else { old + &forged })
            })
            .await;
    }
    arena
        .refuses("the signature of a neighbour", "sig.reference", |idp, say| {
            let pieces = Pieces::of(&idp.write(say));
            let (bare, signature) = cut_signature(&pieces.assertion);
            let evil = changed(&bare, attribute(&bare, "ID"), "_evil");
            pieces.with(&(Envelope::gcm(&after_issuer(&evil, &signature)).xml() + &pieces.assertion))
        })
        .await;
    arena.verdict();
}

#[tokio::test]
async fn a_value_that_upsets_the_crypto_library_is_a_plain_refusal() {
    let mut arena = Arena::new("values").await;
    arena.accepts("signed by hand", |idp, say| by_hand(idp, say, |_| {})).await;
    arena.accepts("signed by hand as a whole", |idp, say| whole_by_hand(idp, say, |_| {})).await;
    // ATK-007
    let values = [
        vec![],
        vec![0],
        vec![0; 383],
        vec![0; 384],
        vec![255; 384],
        vec![1; 385],
        vec![1; 256],
        vec![3; 9000],
    ];
    for value in values {
        let what = format!("{} bytes of {:?}", value.len(), value.first());
        let reason = "sig.invalid";
        let bent = value.clone();
        arena
            .refuses(&what, reason, |idp, say| by_hand(idp, say, |parts| parts.value = Value::Given(bent)))
            .await;
        arena
            .refuses(&what, reason, |idp, say| {
                whole_by_hand(idp, say, |parts| parts.value = Value::Given(value))
            })
            .await;
    }
    // ATK-022
    arena
        .refuses("a right signature around a wrong one", "sig.invalid", |idp, say| {
            let pieces = Pieces::of(&idp.write(say));
            let altered = changed(&pieces.assertion, "CN=Ib Dam", "CN=Mallory");
            Party::dev("idp-korsbaek").sign(&pieces.with(&altered), |_| {})
        })
        .await;
    arena
        .refuses("a wrong signature around a right one", "sig.invalid", |idp, say| {
            let xml = idp.write(&Say { signing: Signing::Both, ..say.clone() });
            changed(&xml, "IssueInstant=\"2026", "IssueInstant=\"2025")
        })
        .await;
    arena
        .refuses("a value is changed", "sig.invalid", |idp, say| {
            changed(&idp.write(say), "CN=Ib Dam", "CN=Mallory")
        })
        .await;
    arena
        .refuses("the digest is changed", "sig.invalid", |idp, say| {
            by_hand(idp, say, |parts| parts.digest_value = b64(&[0; 32]))
        })
        .await;
    arena
        .refuses("the digest is of another length", "sig.invalid", |idp, say| {
            by_hand(idp, say, |parts| parts.digest_value = b64(&[]))
        })
        .await;
    arena.verdict();
}

type Change = Box<dyn Fn(&mut Parts)>;

fn change(what: &'static str, change: impl Fn(&mut Parts) + 'static) -> (&'static str, Change) {
    (what, Box::new(change))
}

#[tokio::test]
async fn a_signature_has_one_reference_and_it_names_what_it_stands_in() {
    let mut arena = Arena::new("references").await;
    arena.accepts("signed by hand", |idp, say| by_hand(idp, say, |_| {})).await;
    let harmless = || {
        format!(
            "<ds:Reference URI=\"#_elsewhere\"><ds:Transforms>{}</ds:Transforms><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\">\
             </ds:DigestMethod><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>",
            transform(ENVELOPED)
        )
    };
    let uri = |what: &'static str, uri: &'static str| {
        change(what, move |parts| {
            let id = parts.reference.trim_start_matches(" URI=\"#").trim_end_matches('"').to_owned();
            parts.reference = uri.replace("ID", &id);
        })
    };
    for (what, bend) in [
        // ATK-008
        change("no reference", |parts| parts.only_these_references = Some(String::new())),
        // ATK-010
        change("a second reference after", move |parts| parts.after = harmless()),
        change("a second reference before", move |parts| parts.before = harmless()),
        change("the same reference twice", |parts| parts.after = parts.genuine_reference()),
        // ATK-011
        uri("no URI", ""),
        uri("the empty URI", " URI=\"\""),
        uri("a fragment that is empty", " URI=\"#\""),
        uri("a query before the fragment", " URI=\"?x#ID\""),
        uri("an address before the fragment", " URI=\"https://idp.korsbaek.test/#ID\""),
        uri("no fragment", " URI=\"ID\""),
        uri("a blank in the fragment", " URI=\"# ID\""),
        uri("an escaped fragment", " URI=\"#%5fassertion\""),
        uri("an ID that is not there", " URI=\"#_nowhere\""),
        // ATK-013
        uri("xpointer to an ID", " URI=\"#xpointer(id('ID'))\""),
        uri("xpointer to everything", " URI=\"#xpointer(/)\""),
        uri("xpointer to any", " URI=\"#xpointer(//*[@ID='ID'])\""),
        uri("element scheme", " URI=\"#element(/1/3)\""),
        uri("element scheme by ID", " URI=\"#element(ID)\""),
        // ATK-014
        uri("a quote in the ID", " URI=\"#ID'] | //*['\""),
        uri("a double quote in the ID", " URI=\"#ID&quot;] | //*[&quot;\""),
        // ATK-016
        uri(
            "a reference of the type Manifest",
            " Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" URI=\"#ID\"",
        ),
        uri(
            "a reference of the type Object",
            " Type=\"http://www.w3.org/2000/09/xmldsig#Object\" URI=\"#ID\"",
        ),
        change("a manifest", |parts| {
            let wrong = parts.genuine_reference().replace(&parts.digest_value, &b64(&[0; 32]));
            parts.reference =
                " Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" URI=\"#_manifest\"".into();
            parts.objects =
                format!("<ds:Object><ds:Manifest Id=\"_manifest\">{wrong}</ds:Manifest></ds:Object>");
        }),
        change("a manifest that is not called one", |parts| {
            let wrong = parts.genuine_reference().replace(&parts.digest_value, &b64(&[0; 32]));
            parts.reference = " URI=\"#_manifest\"".into();
            parts.objects =
                format!("<ds:Object><ds:Manifest Id=\"_manifest\">{wrong}</ds:Manifest></ds:Object>");
        }),
    ] {
        arena.refuses(what, "sig.reference", |idp, say| by_hand(idp, say, &bend)).await;
        arena
            .refuses(&format!("{what}, whole"), "sig.reference", |idp, say| whole_by_hand(idp, say, &bend))
            .await;
    }
    arena.verdict();
}

#[tokio::test]
async fn a_signature_has_the_parts_of_the_profile_and_no_others() {
    let mut arena = Arena::new("structure").await;
    let info = |xml: &str| {
        let (start, end) = (xml.find("<ds:SignedInfo>").unwrap(), xml.find("</ds:SignedInfo>").unwrap() + 16);
        xml[start..end].to_owned()
    };
    for signing in [Signing::Assertion, Signing::Response] {
        arena
            .table(
                signing,
                vec![
                    // ATK-019, in both orders
                    row("a second SignedInfo after", "sig.structure", move |xml| {
                        changed(xml, "</ds:SignedInfo>", &format!("</ds:SignedInfo>{}", info(xml)))
                    }),
                    row("a second SignedInfo last", "sig.structure", move |xml| {
                        changed(xml, "</ds:Signature>", &format!("{}</ds:Signature>", info(xml)))
                    }),
                    row("a second SignatureValue", "sig.structure", |xml| {
                        changed(
                            xml,
                            "<ds:KeyInfo>",
                            "<ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo>",
                        )
                    }),
                    row("a second signature", "sig.structure", |xml| {
                        let signature = cut_signature(xml).1;
                        changed(xml, "</ds:Signature>", &format!("</ds:Signature>{signature}"))
                    }),
                    // ATK-020
                    row("SignedInfo one level down beside a decoy", "sig.structure", move |xml| {
                        let own = info(xml);
                        changed(
                            xml,
                            &own,
                            &format!("<ds:SignedInfo></ds:SignedInfo><x xmlns=\"urn:x\">{own}</x>"),
                        )
                    }),
                    row("SignedInfo one level down", "sig.structure", move |xml| {
                        let own = info(xml);
                        changed(xml, &own, &format!("<x xmlns=\"urn:x\">{own}</x>"))
                    }),
                    row("SignedInfo after its value", "sig.structure", move |xml| {
                        let own = info(xml);
                        changed(&changed(xml, &own, ""), "<ds:KeyInfo>", &format!("{own}<ds:KeyInfo>"))
                    }),
                    row("a comment in the signature", "sig.structure", |xml| {
                        changed(xml, "<ds:SignedInfo>", "<!----><ds:SignedInfo>")
                    }),
                    row("text in the signature", "sig.structure", |xml| {
                        changed(xml, "<ds:SignedInfo>", "x<ds:SignedInfo>")
                    }),
                    row("a comment in the digest", "value.comment", |xml| {
                        changed(xml, "<ds:DigestValue>", "<ds:DigestValue><!--x-->")
                    }),
                    row("a comment in the value", "value.comment", |xml| {
                        changed(xml, "<ds:SignatureValue>", "<ds:SignatureValue><!--x-->")
                    }),
                    row("an Object", "sig.structure", |xml| {
                        changed(xml, "</ds:KeyInfo>", "</ds:KeyInfo><ds:Object>x</ds:Object>")
                    }),
                    row("a foreign attribute", "sig.structure", |xml| {
                        changed(xml, "<ds:SignedInfo>", "<ds:SignedInfo x=\"y\">")
                    }),
                    row("the signature stands last", "sig.structure", |xml| {
                        in_place(xml, |bare, signature| {
                            let end = bare.rfind("</").unwrap();
                            format!("{}{signature}{}", &bare[..end], &bare[end..])
                        })
                    }),
                ],
            )
            .await;
    }
    // ATK-017
    arena
        .refuses("enveloping, the signature outermost", "sig.structure", |idp, say| {
            let xml = idp.write(&Say { signing: Signing::Nothing, ..say.clone() });
            let signature = Party::dev("idp-korsbaek").signature(&xml, |_| {});
            changed(&signature, "</ds:Signature>", &format!("<ds:Object>{xml}</ds:Object></ds:Signature>"))
        })
        .await;
    arena
        .refuses("enveloping, inside another response", "sig.structure", |idp, say| {
            let xml = idp.write(&Say { signing: Signing::Response, ..say.clone() });
            let (bare, signature) = cut_signature(&xml);
            let evil = changed(&bare, attribute(&bare, "ID"), "_evil");
            let evil = Pieces::of(&evil).with("");
            let around = changed(
                &signature,
                "</ds:Signature>",
                &format!("<ds:Object>{bare}</ds:Object></ds:Signature>"),
            );
            after_issuer(&evil, &around)
        })
        .await;
    arena.verdict();
}

#[tokio::test]
async fn a_request_is_signed_whole_or_refused() {
    let mut arena = Arena::new("request-signatures").await;
    arena.accepts_request("the twin", |ask, town| town.bbr.write(ask, true).into_string()).await;
    arena
        .refuses_request("no signature", "sig.missing", |ask, town| town.bbr.write(ask, false).into_string())
        .await;
    let rows: Vec<super::play::Row> = vec![
        row("the signature is cut out", "sig.missing", |xml| cut_signature(xml).0),
        row("a value is changed", "sig.invalid", |xml| {
            changed(xml, "Version=\"2.0\"", "ForceAuthn=\"true\" Version=\"2.0\"")
        }),
        row("two signatures", "sig.structure", |xml| {
            let signature = cut_signature(xml).1;
            changed(xml, "</ds:Signature>", &format!("</ds:Signature>{signature}"))
        }),
        row("an Object", "sig.structure", |xml| {
            changed(xml, "</ds:KeyInfo>", "</ds:KeyInfo><ds:Object>x</ds:Object>")
        }),
        row("no reference", "sig.reference", |xml| {
            let (start, end) =
                (xml.find("<ds:Reference ").unwrap(), xml.find("</ds:Reference>").unwrap() + 15);
            format!("{}{}", &xml[..start], &xml[end..])
        }),
    ];
    for (what, bend, reason) in rows {
        arena.refuses_request(what, reason, |ask, town| bend(town.bbr.write(ask, true).as_str())).await;
    }
    let sp = || Party::dev("sp-oiosaml3");
    arena
        .accepts_request("signed by hand", |ask, town| sp().sign(town.bbr.write(ask, false).as_str(), |_| {}))
        .await;
    for (what, uri) in [("the empty URI", " URI=\"\""), ("no URI", ""), ("xpointer", " URI=\"#xpointer(/)\"")]
    {
        arena
            .refuses_request(what, "sig.reference", |ask, town| {
                sp().sign(town.bbr.write(ask, false).as_str(), |parts| parts.reference = uri.into())
            })
            .await;
    }
    for value in [vec![], vec![0; 384], vec![255; 384]] {
        arena
            .refuses_request("a value that is none", "sig.invalid", |ask, town| {
                sp().sign(town.bbr.write(ask, false).as_str(), |parts| parts.value = Value::Given(value))
            })
            .await;
    }
    arena.verdict();
}
