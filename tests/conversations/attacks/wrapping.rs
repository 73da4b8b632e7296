//! Signature wrapping: a genuine signed part is kept somewhere in the message, and a forged one put where it is read.

use super::play::{Arena, Row, row};
use crate::support::forge::{Envelope, Pieces, after_issuer, attribute, changed, cut_signature};
use crate::support::{Idp, Say, Signing};

const EVERYWHERE: [Signing; 3] = [Signing::Assertion, Signing::Response, Signing::Both];

/// The same assertion about somebody else, with another ID and unsigned.
fn forged(assertion: &str) -> String {
    let bare =
        if assertion.contains("<ds:Signature ") { cut_signature(assertion).0 } else { assertion.to_owned() };
    let id = attribute(&bare, "ID").to_owned();
    changed(&changed(&bare, &format!("ID=\"{id}\""), "ID=\"_evil_assertion\""), "CN=Ib Dam", "CN=Mallory")
}

/// The same response about somebody else, with other IDs and unsigned.
fn forged_response(response: &str) -> String {
    let bare = if response.find("<ds:Signature ") < response.find("<saml:Assertion ")
        && response.contains("<ds:Signature ")
    {
        cut_signature(response).0
    } else {
        response.to_owned()
    };
    let id = attribute(&bare, "ID").to_owned();
    let pieces = Pieces::of(&changed(&bare, &format!("ID=\"{id}\""), "ID=\"_evil_response\""));
    pieces.with(&forged(&pieces.assertion))
}

fn before_end(element: &str, what: &str) -> String {
    let end = element.rfind("</").unwrap();
    format!("{}{what}{}", &element[..end], &element[end..])
}

/// The response's own signature, and the response without it.
fn own(response: &str) -> (String, String) {
    assert!(response.find("<ds:Signature ") < response.find("<saml:Assertion "));
    cut_signature(response)
}

#[tokio::test]
async fn a_wrapped_response_is_refused() {
    let mut arena = Arena::new("wrapped-response").await;
    for signing in [Signing::Response, Signing::Both] {
        arena
            .table(
                signing,
                vec![
                    // ATK-023: XSW1
                    row(
                        "the genuine response inside the signature of the forged one",
                        "sig.coverage",
                        |xml| {
                            let (bare, signature) = own(xml);
                            after_issuer(&forged_response(xml), &before_end(&signature, &bare))
                        },
                    ),
                    row("the same with the signature left in", "sig.coverage", |xml| {
                        let (_, signature) = own(xml);
                        after_issuer(&forged_response(xml), &before_end(&signature, xml))
                    }),
                    // XSW2
                    row("the genuine response before the signature", "sig.coverage", |xml| {
                        let (bare, signature) = own(xml);
                        after_issuer(&forged_response(xml), &(bare + &signature))
                    }),
                    row("the genuine response after the signature", "sig.coverage", |xml| {
                        let (bare, signature) = own(xml);
                        after_issuer(&forged_response(xml), &(signature + &bare))
                    }),
                    row("the genuine response last", "sig.coverage", |xml| {
                        before_end(&forged_response(xml), xml)
                    }),
                    row("the genuine response in Extensions", "sig.coverage", |xml| {
                        after_issuer(
                            &forged_response(xml),
                            &format!("<samlp:Extensions>{xml}</samlp:Extensions>"),
                        )
                    }),
                    // ATK-034: the ancestor attack
                    row("the genuine response inside the issuer", "sig.coverage", |xml| {
                        changed(&forged_response(xml), "</saml:Issuer>", &format!("{xml}</saml:Issuer>"))
                    }),
                    row("the genuine response inside the status", "sig.coverage", |xml| {
                        changed(
                            &forged_response(xml),
                            "</samlp:Status>",
                            &format!("<samlp:StatusDetail>{xml}</samlp:StatusDetail></samlp:Status>"),
                        )
                    }),
                    row("the response's signature only points at it", "sig.coverage", |xml| {
                        let (_, signature) = own(xml);
                        after_issuer(&before_end(&forged_response(xml), &own(xml).0), &signature)
                    }),
                ],
            )
            .await;
    }
    arena.verdict();
}

/// Wrappings of the assertion, for any place of the signature.
fn of_the_assertion() -> Vec<Row> {
    let both = |xml: &str| {
        let pieces = Pieces::of(xml);
        let evil = forged(&pieces.assertion);
        (pieces, evil)
    };
    vec![
        // ATK-025: XSW3, in both orders
        row("a forged assertion first", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            pieces.with(&(evil + &pieces.assertion))
        }),
        row("a forged assertion last", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            pieces.with(&(pieces.assertion.clone() + &evil))
        }),
        row("forged assertions on both sides", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            let second = evil.replace("_evil_assertion", "_evil_too");
            pieces.with(&(evil + &pieces.assertion + &second))
        }),
        // ATK-026: XSW4
        row("the genuine assertion nested in the forged one", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            pieces.with(&before_end(&evil, &pieces.assertion))
        }),
        row("the forged assertion nested in the genuine one", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            pieces.with(&before_end(&pieces.assertion, &evil))
        }),
        // ATK-029: XSW7, each of the two as the forged one
        row("a forged assertion in Extensions", "sig.coverage", move |xml| {
            let (_, evil) = both(xml);
            changed(
                xml,
                "<samlp:Status>",
                &format!("<samlp:Extensions>{evil}</samlp:Extensions><samlp:Status>"),
            )
        }),
        row("the genuine assertion in Extensions", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            let genuine = &pieces.assertion;
            changed(
                &pieces.with(&evil),
                "<samlp:Status>",
                &format!("<samlp:Extensions>{genuine}</samlp:Extensions><samlp:Status>"),
            )
        }),
        row("a forged assertion in the status", "sig.coverage", move |xml| {
            let (_, evil) = both(xml);
            changed(
                xml,
                "</samlp:Status>",
                &format!("<samlp:StatusDetail>{evil}</samlp:StatusDetail></samlp:Status>"),
            )
        }),
        row("a forged assertion in a foreign element", "sig.coverage", move |xml| {
            let (_, evil) = both(xml);
            changed(xml, "<samlp:Status>", &format!("<x:x xmlns:x=\"urn:x\">{evil}</x:x><samlp:Status>"))
        }),
        // ATK-032: one and two in Advice
        row("the genuine assertion in Advice", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            let advice = format!("</saml:Conditions><saml:Advice>{}</saml:Advice>", pieces.assertion);
            pieces.with(&changed(&evil, "</saml:Conditions>", &advice))
        }),
        row("the genuine and another assertion in Advice", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            let second = evil.replace("_evil_assertion", "_evil_too");
            let advice = format!("</saml:Conditions><saml:Advice>{}{second}</saml:Advice>", pieces.assertion);
            pieces.with(&changed(&evil, "</saml:Conditions>", &advice))
        }),
        // ATK-035
        row("the genuine assertion in the confirmation", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            let inside = format!("{}</saml:SubjectConfirmationData>", pieces.assertion);
            pieces.with(&changed(&evil, "</saml:SubjectConfirmationData>", &inside))
        }),
        row("the genuine assertion in a value", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            pieces.with(&changed(
                &evil,
                "</saml:AttributeValue>",
                &format!("{}</saml:AttributeValue>", pieces.assertion),
            ))
        }),
        row("the genuine assertion in the name", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            pieces.with(&changed(&evil, "</saml:NameID>", &format!("{}</saml:NameID>", pieces.assertion)))
        }),
        row("the genuine assertion in the issuer", "sig.coverage", move |xml| {
            let (pieces, evil) = both(xml);
            pieces.with(&changed(&evil, "</saml:Issuer>", &format!("{}</saml:Issuer>", pieces.assertion)))
        }),
    ]
}

#[tokio::test]
async fn a_wrapped_assertion_is_refused() {
    let mut arena = Arena::new("wrapped-assertion").await;
    for signing in EVERYWHERE {
        arena.table(signing, of_the_assertion()).await;
    }
    arena.verdict();
}

/// Wrappings that move the assertion's own signature to the forged one.
fn with_its_signature() -> Vec<Row> {
    let parts = |xml: &str| {
        let pieces = Pieces::of(xml);
        let (bare, signature) = cut_signature(&pieces.assertion);
        let evil = forged(&pieces.assertion);
        (pieces, evil, bare, signature)
    };
    vec![
        // XSW5, in both orders
        row("the signature moved, the genuine one last", "sig.coverage", move |xml| {
            let (pieces, evil, bare, signature) = parts(xml);
            pieces.with(&(after_issuer(&evil, &signature) + &bare))
        }),
        row("the signature moved, the genuine one first", "sig.coverage", move |xml| {
            let (pieces, evil, bare, signature) = parts(xml);
            pieces.with(&(bare + &after_issuer(&evil, &signature)))
        }),
        // ATK-028: XSW6
        row("the genuine one inside the moved signature", "sig.coverage", move |xml| {
            let (pieces, evil, bare, signature) = parts(xml);
            pieces.with(&after_issuer(&evil, &before_end(&signature, &bare)))
        }),
        // XSW8
        row("the genuine one in an Object of the moved signature", "sig.coverage", move |xml| {
            let (pieces, evil, bare, signature) = parts(xml);
            let object = format!("<ds:Object>{bare}</ds:Object>");
            pieces.with(&after_issuer(&evil, &before_end(&signature, &object)))
        }),
        row("the genuine one in KeyInfo of the moved signature", "sig.coverage", move |xml| {
            let (pieces, evil, bare, signature) = parts(xml);
            pieces.with(&after_issuer(
                &evil,
                &changed(&signature, "</ds:KeyInfo>", &format!("{bare}</ds:KeyInfo>")),
            ))
        }),
        row("the genuine one in Advice, the signature moved", "sig.coverage", move |xml| {
            let (pieces, evil, bare, signature) = parts(xml);
            let advice = format!("</saml:Conditions><saml:Advice>{bare}</saml:Advice>");
            pieces.with(&changed(&after_issuer(&evil, &signature), "</saml:Conditions>", &advice))
        }),
        row("the genuine one in Extensions, the signature moved", "sig.coverage", move |xml| {
            let (pieces, evil, bare, signature) = parts(xml);
            let message = pieces.with(&after_issuer(&evil, &signature));
            changed(
                &message,
                "<samlp:Status>",
                &format!("<samlp:Extensions>{bare}</samlp:Extensions><samlp:Status>"),
            )
        }),
    ]
}

#[tokio::test]
async fn a_signature_that_was_moved_to_a_forged_assertion_is_refused() {
    let mut arena = Arena::new("moved").await;
    arena.table(Signing::Assertion, with_its_signature()).await;
    // The response's own signature is stripped, as whoever wraps does: it would not fit any more.
    arena
        .accepts("the twin signed at both places", |idp, say| {
            idp.write(&Say { signing: Signing::Both, ..say.clone() })
        })
        .await;
    for (what, bend, reason) in with_its_signature() {
        arena
            .refuses(&format!("{what} (both, one stripped)"), reason, |idp, say| {
                bend(&own(&idp.write(&Say { signing: Signing::Both, ..say.clone() })).0)
            })
            .await;
    }
    arena
        .table(
            Signing::Assertion,
            vec![
                // ATK-031: the assertion's signature raised to the response
                row("the assertion's signature raised to the response", "sig.coverage", |xml| {
                    let pieces = Pieces::of(xml);
                    let (bare, signature) = cut_signature(&pieces.assertion);
                    after_issuer(&pieces.with(&(forged(&pieces.assertion) + &bare)), &signature)
                }),
                row("the assertion's signature raised, nothing forged", "sig.coverage", |xml| {
                    let pieces = Pieces::of(xml);
                    let (bare, signature) = cut_signature(&pieces.assertion);
                    after_issuer(&pieces.with(&bare), &signature)
                }),
            ],
        )
        .await;
    arena
        .refuses("the response's signature lowered to the assertion", "sig.coverage", |idp, say| {
            let (bare, signature) = own(&idp.write(&Say { signing: Signing::Response, ..say.clone() }));
            let pieces = Pieces::of(&bare);
            pieces.with(&after_issuer(&changed(&pieces.assertion, "CN=Ib Dam", "CN=Mallory"), &signature))
        })
        .await;
    arena.verdict();
}

#[tokio::test]
async fn what_is_wrapped_inside_encryption_is_refused() {
    let mut arena = Arena::new("wrapped-encrypted").await;
    let sealed = |response: &str, inside: &str| Pieces::of(response).with(&Envelope::gcm(inside).xml());
    arena
        .accepts("the twin", |idp, say| {
            let xml = idp.write(say);
            sealed(&xml, &Pieces::of(&xml).assertion)
        })
        .await;
    // The wrappings that leave one assertion outermost can be encrypted as they are.
    for (what, bend, reason) in of_the_assertion().into_iter().chain(with_its_signature()) {
        let make = |idp: &Idp, say: &Say| {
            let genuine = idp.write(say);
            let pieces = Pieces::of(&bend(&genuine));
            let one_outermost =
                pieces.before == Pieces::of(&genuine).before && Document::parses(&pieces.assertion);
            one_outermost.then(|| sealed(&genuine, &pieces.assertion))
        };
        let say = arena.town.korsbaek.say("_probe");
        if make(&arena.town.korsbaek, &Say { encrypted: false, ..say }).is_some() {
            arena.refuses(&format!("{what} (encrypted)"), reason, |idp, say| make(idp, say).unwrap()).await;
        }
    }
    arena
        .refuses("a forged one encrypted beside the genuine one", "sig.missing", |idp, say| {
            let pieces = Pieces::of(&idp.write(say));
            pieces.with(&(pieces.assertion.clone() + &Envelope::gcm(&forged(&pieces.assertion)).xml()))
        })
        .await;
    arena
        .refuses("a forged one beside the genuine one, both encrypted", "sig.missing", |idp, say| {
            let pieces = Pieces::of(&idp.write(say));
            pieces.with(
                &(Envelope::gcm(&forged(&pieces.assertion)).xml() + &Envelope::gcm(&pieces.assertion).xml()),
            )
        })
        .await;
    arena
        .refuses("an assertion in plain around the encrypted one", "sig.coverage", |idp, say| {
            let xml = idp.write(say);
            let evil = forged(&Pieces::of(&xml).assertion);
            let sealed = sealed(&xml, &Pieces::of(&xml).assertion);
            changed(
                &sealed,
                "<samlp:Status>",
                &format!("<samlp:Extensions>{evil}</samlp:Extensions><samlp:Status>"),
            )
        })
        .await;
    arena
        .refuses("a whole response encrypted", "dec.failed", |idp, say| {
            let whole = idp.write(&Say { signing: Signing::Both, ..say.clone() });
            sealed(&idp.write(say), &whole)
        })
        .await;
    arena.verdict();
}

/// Whether a text is one element.
struct Document;

impl Document {
    fn parses(text: &str) -> bool {
        context_handler::protocol::xml::Document::parse(text.as_bytes()).is_ok()
    }
}

#[tokio::test]
async fn an_id_belongs_to_one_element() {
    let mut arena = Arena::new("ids").await;
    let twice = |xml: &str, first: bool| {
        let pieces = Pieces::of(xml);
        let id = attribute(&pieces.assertion, "ID").to_owned();
        let evil = forged(&pieces.assertion).replace("_evil_assertion", &id);
        pieces.with(&if first { evil + &pieces.assertion } else { pieces.assertion.clone() + &evil })
    };
    for signing in EVERYWHERE {
        arena
            .table(
                signing,
                vec![
                    // ATK-037
                    row("the same ID, the forged one first", "xml.duplicate_id", move |xml| twice(xml, true)),
                    row("the same ID, the forged one last", "xml.duplicate_id", move |xml| twice(xml, false)),
                    row("the assertion bears the response's ID", "xml.duplicate_id", |xml| {
                        let pieces = Pieces::of(xml);
                        let evil = forged(&pieces.assertion).replace("_evil_assertion", attribute(xml, "ID"));
                        pieces.with(&(pieces.assertion.clone() + &evil))
                    }),
                ],
            )
            .await;
        for spelling in ["ID", "Id", "id", "iD", "xml:id", "AssertionID", "x:ID", "x:Id", "wsu:Id"] {
            // ATK-038
            arena.refuses(&format!("the same ID as {spelling} ({signing:?})"), "xml.duplicate_id", |idp, say| {
                let xml = idp.write(&Say { signing, ..say.clone() });
                let id = attribute(&Pieces::of(&xml).assertion, "ID").to_owned();
                let prefix = spelling.split_once(':').map_or("x", |(prefix, _)| prefix);
                let declared = if prefix == "xml" { String::new() } else { format!(" xmlns:{prefix}=\"urn:x\"") };
                changed(&xml, "<samlp:Status>", &format!("<samlp:Extensions><y{declared} {spelling}=\"{id}\"/></samlp:Extensions><samlp:Status>"))
            }).await;
        }
    }
    arena.verdict();
}

#[tokio::test]
async fn a_message_is_one_document_with_one_assertion() {
    let mut arena = Arena::new("one-document").await;
    for signing in EVERYWHERE {
        arena
            .table(
                signing,
                vec![
                    // ATK-040
                    row("two root elements", "xml.malformed", |xml| format!("{}{xml}", forged_response(xml))),
                    row("two root elements, the genuine one first", "xml.malformed", |xml| {
                        format!("{xml}{}", forged_response(xml))
                    }),
                    row("a comment between two roots", "xml.malformed", |xml| {
                        format!("{xml}<!-- -->{}", forged_response(xml))
                    }),
                    row("an instruction between two roots", "xml.malformed", |xml| {
                        format!("{xml}<?x y?>{}", forged_response(xml))
                    }),
                    row("text after the root", "xml.malformed", |xml| format!("{xml}x")),
                    row("text before the root", "xml.malformed", |xml| format!("x{xml}")),
                    row("an end too few", "xml.malformed", |xml| changed(xml, "</samlp:Response>", "")),
                    row(
                        "no assertion at all",
                        if signing == Signing::Assertion { "assertion.count" } else { "sig.invalid" },
                        |xml| Pieces::of(xml).with(""),
                    ),
                ],
            )
            .await;
    }
    // ATK-041
    let second = |idp: &Idp, say: &Say| {
        let say = Say {
            assertion_id: "_second".into(),
            name_id: "C=DK,O=11111111,CN=Else Skou,Serial=77".into(),
            ..say.clone()
        };
        Pieces::of(&idp.write(&say)).assertion
    };
    for first in [true, false] {
        arena
            .refuses("two genuine assertions", "assertion.count", |idp, say| {
                let (pieces, second) = (Pieces::of(&idp.write(say)), second(idp, say));
                pieces.with(&if first {
                    second + &pieces.assertion
                } else {
                    pieces.assertion.clone() + &second
                })
            })
            .await;
        arena
            .refuses("two genuine assertions in a signed response", "assertion.count", |idp, say| {
                let (pieces, second) = (Pieces::of(&idp.write(say)), second(idp, say));
                let both =
                    if first { second + &pieces.assertion } else { pieces.assertion.clone() + &second };
                crate::support::forge::Party::dev("idp-korsbaek").sign(&pieces.with(&both), |_| {})
            })
            .await;
        arena
            .refuses("two genuine assertions, one encrypted", "assertion.count", |idp, say| {
                let (pieces, second) = (Pieces::of(&idp.write(say)), Envelope::gcm(&second(idp, say)).xml());
                pieces.with(&if first {
                    second + &pieces.assertion
                } else {
                    pieces.assertion.clone() + &second
                })
            })
            .await;
    }
    arena.verdict();
}

#[tokio::test]
async fn advice_that_the_signature_covers_is_not_read() {
    let mut arena = Arena::new("advice").await;
    let told = arena
        .accepts("an assertion in the advice of a signed one", |idp, say| {
            let pieces = Pieces::of(&idp.write(&Say { signing: Signing::Nothing, ..say.clone() }));
            let advice = format!(
                "</saml:Conditions><saml:Advice>{}</saml:Advice>",
                forged(&pieces.assertion)
                    .replace(" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", "")
            );
            let assertion = changed(&pieces.assertion, "</saml:Conditions>", &advice);
            pieces.with(&crate::support::forge::Party::dev("idp-korsbaek").sign(&assertion, |_| {}))
        })
        .await;
    assert_eq!(told.map(|told| told.name_id).as_deref(), Some("C=DK,O=11111111,CN=Ib Dam,Serial=5b0c"));
    arena.verdict();
}

#[tokio::test]
async fn a_wrapped_request_is_refused() {
    let mut arena = Arena::new("wrapped-request").await;
    arena.accepts_request("the twin", |ask, town| town.bbr.write(ask, true).into_string()).await;
    let evil = |xml: &str| {
        let bare = cut_signature(xml).0;
        let id = attribute(&bare, "ID").to_owned();
        changed(&bare, &format!("ID=\"{id}\""), "ID=\"_evil\"")
    };
    let rows: Vec<Row> = vec![
        row("the genuine request inside the signature", "sig.coverage", move |xml| {
            let (bare, signature) = cut_signature(xml);
            after_issuer(&evil(xml), &before_end(&signature, &bare))
        }),
        row("the genuine request before the signature", "sig.coverage", move |xml| {
            let (bare, signature) = cut_signature(xml);
            after_issuer(&evil(xml), &(bare + &signature))
        }),
        row("the genuine request after the signature", "sig.coverage", move |xml| {
            let (bare, signature) = cut_signature(xml);
            after_issuer(&evil(xml), &(signature + &bare))
        }),
        row("the genuine request in Extensions", "sig.coverage", move |xml| {
            after_issuer(&evil(xml), &format!("<samlp:Extensions>{xml}</samlp:Extensions>"))
        }),
        row("the genuine request inside the issuer", "sig.coverage", move |xml| {
            changed(&evil(xml), "</saml:Issuer>", &format!("{xml}</saml:Issuer>"))
        }),
        row("the same ID twice", "xml.duplicate_id", move |xml| {
            let id = attribute(xml, "ID").to_owned();
            before_end(&evil(xml).replace("_evil", &id), xml)
        }),
        row("two roots", "xml.malformed", move |xml| evil(xml) + xml),
    ];
    for (what, bend, reason) in rows {
        arena.refuses_request(what, reason, |ask, town| bend(town.bbr.write(ask, true).as_str())).await;
    }
    arena.verdict();
}
