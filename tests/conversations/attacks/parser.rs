//! What two readers could read differently: one parser, one tree, and only what was digested is read.

use super::play::{Arena, Row, row};
use crate::support::forge::{Party, Pieces, attribute, changed, cut_signature};
use crate::support::{Idp, Say, Signing};

const NAME: &str = "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c";

/// The answer with its assertion changed before it is signed.
fn signed_after(idp: &Idp, say: &Say, change: impl Fn(&str) -> String) -> String {
    let pieces = Pieces::of(&idp.write(&Say { signing: Signing::Nothing, ..say.clone() }));
    pieces.with(&Party::dev("idp-korsbaek").sign(&change(&pieces.assertion), |_| {}))
}

#[tokio::test]
async fn a_value_is_read_whole_or_not_at_all() {
    let mut arena = Arena::new("whole-values").await;
    let comments = || -> Vec<Row> {
        vec![
            // ATK-044. What is commented leaves the canonical form as it is, so the signature is right.
            row("a comment in the name", "value.comment", |xml| {
                changed(xml, "CN=Ib Dam", "CN=Ib<!-- --> Dam")
            }),
            row("a comment before the name", "value.comment", |xml| changed(xml, "C=DK", "<!---->C=DK")),
            row("a comment after the name", "value.comment", |xml| {
                changed(xml, "Serial=5b0c", "Serial=5b0c<!--x-->")
            }),
            // ATK-046
            row("a comment in the CVR number", "value.comment", |xml| {
                changed(xml, ">11111111<", ">1111<!---->1111<")
            }),
            row("a comment in the level", "value.comment", |xml| {
                changed(xml, ">Substantial<", ">Sub<!---->stantial<")
            }),
            row("a comment in the version", "value.comment", |xml| {
                changed(xml, "OIO-SAML-3.0", "OIO-SAML<!---->-3.0")
            }),
            row("a comment in the e-mail address", "value.comment", |xml| changed(xml, "ib@", "ib<!---->@")),
            row("a comment in the audience", "value.comment", |xml| {
                changed(xml, "<saml:Audience>", "<saml:Audience><!---->")
            }),
            row("a comment in the class", "value.comment", |xml| {
                changed(xml, "loa/Substantial", "loa/<!---->Substantial")
            }),
            row("a comment in the issuer", "value.comment", |xml| {
                let pieces = Pieces::of(xml);
                pieces.with(&changed(&pieces.assertion, "korsbaek", "kors<!---->baek"))
            }),
            row("a comment in the response's issuer", "value.comment", |xml| {
                changed(xml, "idp.korsbaek", "idp.<!---->korsbaek")
            }),
            row("an instruction in the name", "xml.malformed", |xml| {
                changed(xml, "CN=Ib Dam", "CN=Ib<?x?> Dam")
            }),
        ]
    };
    for signing in [Signing::Assertion, Signing::Both] {
        arena.table(signing, comments()).await;
    }
    // ATK-047: these are ways to write the same text.
    for (what, from, to) in [
        ("a CDATA section", "CN=Ib Dam", "CN=Ib<![CDATA[ ]]>Dam"),
        ("the whole name in a CDATA section", NAME, "<![CDATA[C=DK,O=11111111,CN=Ib Dam,Serial=5b0c]]>"),
        ("a character reference", "CN=Ib Dam", "CN=Ib&#x20;Dam"),
        ("a decimal character reference", "CN=Ib Dam", "CN=&#73;b Dam"),
        ("a reference in the number", "O=11111111", "O=1111&#x31;111"),
        ("a reference between CDATA sections", "CN=Ib Dam", "CN=<![CDATA[I]]>&#98;<![CDATA[ Dam]]>"),
    ] {
        let told = arena.accepts(what, |idp, say| changed(&idp.write(say), from, to)).await;
        assert_eq!(told.map(|told| told.name_id).as_deref(), Some(NAME), "{what}");
    }
    let odd = "C=DK,O=11111111,CN=Ib & <Dam> \"x\" 'y' > ]] Æ\u{1F600},Serial=5b0c";
    let told = arena
        .accepts("every sign that XML escapes", |idp, say| {
            idp.write(&Say { name_id: odd.into(), ..say.clone() })
        })
        .await;
    assert_eq!(told.map(|told| told.name_id).as_deref(), Some(odd));
    arena.verdict();
}

#[tokio::test]
async fn what_declares_a_document_type_or_leads_out_is_refused() {
    let mut arena = Arena::new("doctype").await;
    for signing in [Signing::Assertion, Signing::Response] {
        let mut rows: Vec<Row> = Vec::new();
        for declaration in [
            // ATK-049
            "<!DOCTYPE Response>",
            "<!DOCTYPE Response []>",
            "<!doctype Response>",
            "<?xml version=\"1.0\"?><!DOCTYPE x>",
            "<!-- x --><!DOCTYPE x>",
            // ATK-050, ATK-052
            "<!DOCTYPE x [<!ENTITY e \"_assertion1\">]>",
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"http://127.0.0.1:9/\">]>",
            "<!DOCTYPE x [<!ENTITY % e SYSTEM \"http://127.0.0.1:9/\"> %e;]>",
            "<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\">",
            "<!DOCTYPE x PUBLIC \"x\" \"file:///etc/passwd\">",
            "<!DOCTYPE x [<!ATTLIST x ID ID #IMPLIED>]>",
            "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;\">]>",
        ] {
            rows.push(row(declaration, "xml.doctype", move |xml| format!("{declaration}{xml}")));
        }
        rows.push(row("a declaration inside", "xml.doctype", |xml| {
            changed(xml, "<samlp:Status>", "<!DOCTYPE x><samlp:Status>")
        }));
        rows.push(row("an entity without declaration", "xml.malformed", |xml| {
            let id = attribute(&Pieces::of(xml).assertion, "ID").to_owned();
            changed(xml, &format!("ID=\"{id}\""), "ID=\"&e;\"")
        }));
        rows.push(row("an inclusion", "xml.doctype", |xml| {
            let include = "<samlp:Extensions><i:include xmlns:i=\"http://www.w3.org/2001/XInclude\" href=\"http://127.0.0.1:9/\"/></samlp:Extensions>";
            changed(xml, "<samlp:Status>", &format!("{include}<samlp:Status>"))
        }));
        for name in ["schemaLocation", "noNamespaceSchemaLocation"] {
            rows.push(row(name, "xml.doctype", move |xml| {
                let declared = format!("xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:{name}=\"urn:x http://127.0.0.1:9/x.xsd\"");
                changed(xml, "<samlp:Response ", &format!("<samlp:Response {declared} "))
            }));
        }
        arena.table(signing, rows).await;
    }
    arena.verdict();
}

#[tokio::test]
async fn a_name_means_the_same_to_every_reader() {
    let mut arena = Arena::new("namespaces").await;
    let lookalike = |xml: &str, declared: &str, prefix: &str| {
        let evil = cut_signature(&Pieces::of(xml).assertion).0.replace("CN=Ib Dam", "CN=Mallory");
        let evil = evil.replace("saml:", &format!("{prefix}:"));
        let evil =
            changed(&evil, &format!("xmlns:{prefix}=\"urn:oasis:names:tc:SAML:2.0:assertion\""), declared);
        changed(&evil, &format!("ID=\"{}\"", attribute(&evil, "ID")), "ID=\"_evil\"")
    };
    arena
        .table(
            Signing::Assertion,
            vec![
                // ATK-053
                row("an undeclared prefix", "xml.namespace", |xml| {
                    changed(xml, "<samlp:Status>", "<x:x/><samlp:Status>")
                }),
                row("an undeclared prefix of an attribute", "xml.namespace", |xml| {
                    changed(xml, "<samlp:Status>", "<samlp:Status x:y=\"z\">")
                }),
                row("xml declared anew", "xml.namespace", |xml| {
                    changed(xml, "<samlp:Status>", "<samlp:Status xmlns:xml=\"urn:x\">")
                }),
                row("xmlns declared", "xml.namespace", |xml| {
                    changed(xml, "<samlp:Status>", "<samlp:Status xmlns:xmlns=\"urn:x\">")
                }),
                row("xml under another prefix", "xml.namespace", |xml| {
                    changed(
                        xml,
                        "<samlp:Status>",
                        "<samlp:Status xmlns:x=\"http://www.w3.org/XML/1998/namespace\">",
                    )
                }),
                row("a prefix undeclared again", "xml.namespace", |xml| {
                    changed(xml, "<samlp:Status>", "<samlp:Status xmlns:saml=\"\">")
                }),
                row("a relative namespace", "xml.namespace", |xml| {
                    changed(xml, "<samlp:Status>", "<samlp:Status xmlns:x=\"x\">")
                }),
                row("a namespace with a line end", "xml.namespace", |xml| {
                    changed(xml, "<samlp:Status>", "<samlp:Status xmlns:x=\"urn:\nx\">")
                }),
                row("a prefix declared twice", "xml.namespace", |xml| {
                    changed(xml, "<samlp:Status>", "<samlp:Status xmlns:x=\"urn:x\" xmlns:x=\"urn:y\">")
                }),
                row("the prefix saml for another namespace", "xml.namespace", move |xml| {
                    let evil = lookalike(xml, "xmlns:saml=\"urn:evil\"", "saml");
                    changed(xml, "<saml:Assertion ", &format!("{evil}<saml:Assertion "))
                }),
                row("the prefix saml for the other namespace of SAML", "xml.namespace", move |xml| {
                    let evil = lookalike(xml, "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:protocol\"", "saml");
                    changed(xml, "<saml:Assertion ", &format!("{evil}<saml:Assertion "))
                }),
                row("an assertion in no namespace", "xml.namespace", |xml| {
                    changed(xml, "<saml:Assertion ", "<Assertion ID=\"_evil\"></Assertion><saml:Assertion ")
                }),
                row("a signature in a foreign namespace", "xml.namespace", |xml| {
                    changed(
                        xml,
                        "<samlp:Status>",
                        "<ds:Signature xmlns:ds=\"urn:x\"></ds:Signature><samlp:Status>",
                    )
                }),
                // ATK-055
                row("ID twice by prefix", "xml.namespace", |xml| {
                    changed(xml, "<samlp:Response ", "<samlp:Response samlp:ID=\"_evil\" ")
                }),
                row("Destination twice by prefix", "xml.namespace", |xml| {
                    changed(
                        xml,
                        "<samlp:Response ",
                        "<samlp:Response samlp:Destination=\"https://evil.test/\" ",
                    )
                }),
                row("Destination twice by a foreign prefix", "xml.namespace", |xml| {
                    changed(
                        xml,
                        "<samlp:Response ",
                        "<samlp:Response xmlns:x=\"urn:x\" x:Destination=\"https://evil.test/\" ",
                    )
                }),
                row("Id beside ID", "xml.namespace", |xml| {
                    changed(xml, "<samlp:Response ", "<samlp:Response Id=\"_evil\" ")
                }),
                row("xml:id beside ID", "xml.namespace", |xml| {
                    changed(xml, "<samlp:Response ", "<samlp:Response xml:id=\"_evil\" ")
                }),
                // ATK-059
                row("an attribute twice", "xml.malformed", |xml| {
                    changed(xml, "<samlp:Response ", "<samlp:Response ID=\"_evil\" ")
                }),
                row("a colon first", "xml.malformed", |xml| {
                    changed(xml, "<samlp:Status>", "<:x></:x><samlp:Status>")
                }),
                row("a colon last", "xml.malformed", |xml| {
                    changed(xml, "<samlp:Status>", "<samlp:></samlp:><samlp:Status>")
                }),
                row("two colons", "xml.malformed", |xml| {
                    changed(xml, "<samlp:Status>", "<a:b:c></a:b:c><samlp:Status>")
                }),
                row("an attribute with a colon first", "xml.malformed", |xml| {
                    changed(xml, "<samlp:Status>", "<samlp:Status :ID=\"x\">")
                }),
                // ATK-043: what changes on a round trip of other readers
                row("two colons in an attribute", "xml.malformed", |xml| {
                    changed(xml, "<samlp:Status>", "<samlp:Status a::b=\"x\">")
                }),
                row("a lone carriage return", "xml.malformed", |xml| changed(xml, "CN=Ib Dam", "CN=Ib\rDam")),
                row("the end of a section in text", "xml.malformed", |xml| {
                    changed(xml, "CN=Ib Dam", "CN=Ib]]>Dam")
                }),
                row("a markup sign in an attribute", "xml.malformed", |xml| {
                    changed(xml, "<samlp:Status>", "<samlp:Status x=\"<y>\">")
                }),
                row("a comment with two dashes", "xml.malformed", |xml| {
                    changed(xml, "<samlp:Status>", "<!-- -- --><samlp:Status>")
                }),
                row("an instruction named xml", "xml.malformed", |xml| {
                    changed(xml, "<samlp:Status>", "<?xml version=\"1.0\"?><samlp:Status>")
                }),
                // ATK-058
                row("XML 1.1", "xml.malformed", |xml| format!("<?xml version=\"1.1\"?>{xml}")),
                row("another encoding", "xml.malformed", |xml| {
                    format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{xml}")
                }),
                row("UTF-7", "xml.malformed", |xml| {
                    format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{xml}")
                }),
                row("a control character", "xml.malformed", |xml| changed(xml, "CN=Ib", "CN=\u{1}Ib")),
                row("a reference to a control character", "xml.malformed", |xml| {
                    changed(xml, "CN=Ib", "CN=&#1;Ib")
                }),
                row("a reference to NUL", "xml.malformed", |xml| changed(xml, "CN=Ib", "CN=&#0;Ib")),
                row("a reference to half a character", "xml.malformed", |xml| {
                    changed(xml, "CN=Ib", "CN=&#xD800;Ib")
                }),
                row("a reference beyond Unicode", "xml.malformed", |xml| {
                    changed(xml, "CN=Ib", "CN=&#x110000;Ib")
                }),
                row("a character that is none", "xml.malformed", |xml| {
                    changed(xml, "CN=Ib", "CN=\u{ffff}Ib")
                }),
                row("a NUL", "xml.malformed", |xml| changed(xml, "CN=Ib", "CN=\0Ib")),
                row("no XML", "xml.malformed", |_| "hello".to_owned()),
            ],
        )
        .await;
    arena.verdict();
}

#[tokio::test]
async fn base64_has_one_reading() {
    let mut arena = Arena::new("base64").await;
    let bend = |tag: &'static str, change: fn(&str) -> String| {
        move |xml: &str| {
            let (open, close) = (format!("<ds:{tag}>"), format!("</ds:{tag}>"));
            let (start, end) = (xml.find(&open).unwrap() + open.len(), xml.find(&close).unwrap());
            format!("{}{}{}", &xml[..start], change(&xml[start..end]), &xml[end..])
        }
    };
    // ATK-061
    let mut rows: Vec<Row> = Vec::new();
    for tag in ["SignatureValue", "DigestValue", "X509Certificate"] {
        rows.push(row("another alphabet", "encoding.base64", bend(tag, |v| format!("-_{}", &v[2..]))));
        rows.push(row("a sign too many", "encoding.base64", bend(tag, |v| format!("{v}A"))));
        rows.push(row("a sign too few", "encoding.base64", bend(tag, |v| v[1..].to_owned())));
        rows.push(row("padding in the middle", "encoding.base64", bend(tag, |v| format!("AA=={v}"))));
        rows.push(row("a point", "encoding.base64", bend(tag, |v| format!(".{}", &v[1..]))));
        rows.push(row(
            "a blank that XML does not know",
            "encoding.base64",
            bend(tag, |v| format!("\u{a0}{v}")),
        ));
        rows.push(row("two values", "encoding.base64", bend(tag, |v| format!("AA=={v}"))));
        rows.push(row("padding too much", "encoding.base64", bend(tag, |v| format!("{v}="))));
    }
    rows.push(row(
        "spare bits",
        "encoding.base64",
        bend("DigestValue", |v| {
            const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let last = v.as_bytes()[v.len() - 2];
            let place = ALPHABET.iter().position(|sign| *sign == last).unwrap();
            format!("{}{}=", &v[..v.len() - 2], char::from(ALPHABET[place + 1]))
        }),
    ));
    rows.push(row(
        "no padding",
        "encoding.base64",
        bend("DigestValue", |v| v.trim_end_matches('=').to_owned()),
    ));
    arena.table(Signing::Assertion, rows).await;
    arena
        .accepts("lines of 64 signs in the certificate", |idp, say| {
            bend("X509Certificate", |v| {
                let lines: Vec<_> =
                    v.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
                format!("\n{}\n", lines.join("\n"))
            })(&idp.write(say))
        })
        .await;
    arena
        .accepts("lines of 76 signs in the value", |idp, say| {
            bend("SignatureValue", |v| {
                let lines: Vec<_> =
                    v.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
                lines.join("\r\n")
            })(&idp.write(say))
        })
        .await;
    // The form itself.
    let forms: Vec<Row> = vec![
        row("nothing", "encoding.base64", |_| String::new()),
        row("only line ends", "encoding.base64", |_| "\r\n".into()),
        row("a blank inside", "encoding.base64", |m| format!("{} {}", &m[..40], &m[40..])),
        row("a tab inside", "encoding.base64", |m| format!("{}\t{}", &m[..40], &m[40..])),
        row("a NUL inside", "encoding.base64", |m| format!("{}\0{}", &m[..40], &m[40..])),
        row("a NUL last", "encoding.base64", |m| format!("{m}\0")),
        row("the alphabet of addresses", "encoding.base64", |m| format!("{}-_{}", &m[..40], &m[42..])),
        row("a sign too few", "encoding.base64", |m| m[1..].to_owned()),
        row("a sign too many", "encoding.base64", |m| format!("{m}A")),
        row("padding too much", "encoding.base64", |m| format!("{m}====")),
        row("two messages", "encoding.base64", |m| format!("PGEvPg=={m}")),
        row("spare bits", "encoding.base64", |m| format!("{}PGEvPh==", &m[..40])),
    ];
    for (what, bend, reason) in forms {
        arena.refuses_form(what, reason, bend).await;
    }
    arena.verdict();
}

#[tokio::test]
async fn a_value_has_the_form_that_the_profile_gives_it() {
    let mut arena = Arena::new("forms").await;
    arena.accepts("signed by hand", |idp, say| signed_after(idp, say, str::to_owned)).await;
    // All of these are signed by the identity provider itself.
    for (what, from, to, reason) in [
        // ATK-062
        ("full-width digits in the number", ">11111111<", ">１１１１１１１１<", "value.format"),
        ("a zero-width space in the number", ">11111111<", ">1111\u{200b}1111<", "value.format"),
        ("a blank before the number", ">11111111<", "> 11111111<", "value.format"),
        ("a line end after the number", ">11111111<", ">11111111\n<", "value.format"),
        ("DK before the number", ">11111111<", ">DK11111111<", "value.format"),
        ("Arabic digits in the number", ">11111111<", ">١١١١١١١١<", "value.format"),
        ("full-width digits in the name", "O=11111111", "O=１１１１１１１１", "value.format"),
        ("a direction sign in the name's number", "O=11111111", "O=\u{202e}11111111", "value.format"),
        ("a Cyrillic letter in the name's key", ",O=", ",\u{41e}=", "value.format"),
        ("a Cyrillic letter in the issuer", "idp.korsbaek", "idp.k\u{43e}rsbaek", "value.format"),
        ("a zero-width space in the issuer", "idp.korsbaek", "idp.\u{200b}korsbaek", "value.format"),
        ("an upper-case issuer", "idp.korsbaek", "IDP.korsbaek", "issuer.mismatch"),
        ("a blank after the issuer", "korsbaek.test/<", "korsbaek.test/ <", "value.format"),
        // ATK-064
        ("a blank in the ID", " ID=\"_", " ID=\"_ ", "sig.reference"),
        ("a blank before the recipient", "Recipient=\"", "Recipient=\" ", "value.format"),
        ("a line end in the recipient", "Recipient=\"http", "Recipient=\"&#xA;http", "value.format"),
        ("a tab in the recipient", "/saml/sp/acs\"", "/saml/sp/acs&#x9;\"", "value.format"),
        ("a blank in InResponseTo", "InResponseTo=\"", "InResponseTo=\" ", "value.format"),
        // ATK-065
        ("an element in the number", ">11111111<", "><saml:x>11111111</saml:x><", "attr.type"),
        ("an element in the level", ">Substantial<", ">Substantial<saml:x></saml:x><", "attr.type"),
        ("an element in the name", "CN=Ib Dam", "CN=Ib<saml:x></saml:x> Dam", "attr.type"),
    ] {
        arena
            .refuses(what, reason, |idp, say| {
                signed_after(idp, say, |assertion| changed(assertion, from, to))
            })
            .await;
    }
    for (what, kind, accepted) in [
        ("a string", "xs:string", true),
        ("any type", "xs:anyType", true),
        ("a type of SAML's own", "saml:NameIDType", false),
        ("an invented type", "x", false),
    ] {
        let make = |idp: &Idp, say: &Say| {
            let of_type =
                format!("xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"{kind}\"");
            let value = format!("<saml:AttributeValue {of_type}>11111111<");
            signed_after(idp, say, |assertion| changed(assertion, "<saml:AttributeValue>11111111<", &value))
        };
        if accepted {
            arena.accepts(what, make).await;
        } else {
            arena.refuses(what, "attr.type", make).await;
        }
    }
    arena.refuses("a value that is nil", "attr.type", |idp, say| signed_after(idp, say, |assertion| {
        let value = "<saml:AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\">11111111<";
        changed(assertion, "<saml:AttributeValue>11111111<", value)
    })).await;
    for (what, from, to) in [
        ("a blank after the destination", "/saml/sp/acs\"", "/saml/sp/acs \""),
        ("a line end in the destination", "/saml/sp/acs\"", "/saml/sp/acs\n\""),
        ("a tab in the destination", "/saml/sp/acs\"", "/saml/sp/acs&#9;\""),
        ("two blanks in the ID", " ID=\"_response", " ID=\"_  response"),
        ("a line end in the ID", " ID=\"_response", " ID=\"_\nresponse"),
    ] {
        arena.refuses(what, "value.format", |idp, say| changed(&idp.write(say), from, to)).await;
        if what.contains("destination") {
            arena
                .refuses(&format!("{what}, signed"), "value.format", |idp, say| {
                    let xml = idp.write(&Say { signing: Signing::Nothing, ..say.clone() });
                    let canonical = to.replace('\n', " ").replace("&#9;", "&#x9;");
                    Party::dev("idp-korsbaek").sign(&changed(&xml, from, &canonical), |_| {})
                })
                .await;
        }
    }
    arena.verdict();
}

#[tokio::test]
async fn what_is_too_much_is_refused_before_it_costs() {
    let mut arena = Arena::new("too-much").await;
    let inside = |xml: &str, what: &str| changed(xml, "<samlp:Status>", &format!("{what}<samlp:Status>"));
    arena
        .table(
            Signing::Assertion,
            vec![
                row("80,000 attributes", "limit.xml", move |xml| {
                    let attributes: Vec<_> = (0..40_000).map(|n| format!(" a{n:x}=\"\"")).collect();
                    inside(xml, &format!("<x{}/>", attributes.concat()))
                }),
                row("too many attributes", "limit.xml", move |xml| {
                    let attributes: Vec<_> = (0..65).map(|n| format!(" a{n}=\"\"")).collect();
                    inside(xml, &format!("<x{}/>", attributes.concat()))
                }),
                row("50,000 levels", "limit.xml", move |xml| {
                    inside(xml, &("<x>".repeat(50_000) + &"</x>".repeat(50_000)))
                }),
                row("100,000 elements", "limit.xml", move |xml| inside(xml, &"<x/>".repeat(100_000))),
                row("100,000 comments in a value", "limit.xml", move |xml| {
                    changed(xml, "CN=Ib", &("<!---->".repeat(60_000) + "CN=Ib"))
                }),
                row("10,000 namespaces", "limit.xml", move |xml| {
                    let declared: Vec<_> = (0..10_000).map(|n| format!(" xmlns:n{n}=\"urn:x\"")).collect();
                    inside(xml, &format!("<x{}/>", declared.concat()))
                }),
                row("a long name", "limit.xml", move |xml| {
                    inside(xml, &format!("<{}/>", "x".repeat(400_000)))
                }),
                row("2,500 signatures", "limit.sig", move |xml| {
                    inside(
                        xml,
                        &"<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>".repeat(2_500),
                    )
                }),
                row("9 signatures", "limit.sig", move |xml| {
                    inside(xml, &"<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>".repeat(8))
                }),
                row("20 certificates", "limit.sig", |xml| {
                    let (start, end) = (
                        xml.find("<ds:X509Certificate>").unwrap(),
                        xml.find("</ds:X509Certificate>").unwrap() + 21,
                    );
                    let certificate = xml[start..end].to_owned();
                    changed(xml, &certificate, &certificate.repeat(20))
                }),
            ],
        )
        .await;
    arena.verdict();
}
