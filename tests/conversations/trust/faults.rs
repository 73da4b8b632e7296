//! Faults that municipalities make, one by one: each is played through a trust run and through a real login, by the same
//! message. The run names exactly what is wrong, and the real login ends, or notices, for the same reason. A fault that is
//! none is told as such, so that a broker that refuses everything fails.

use context_handler::broker::registry::Files;
use context_handler::domain::trust::Scenario;
use openssl::hash::MessageDigest;

use super::runs::with_logout;
use super::{at_idp, report, told};
use crate::support::forge::{Envelope, Parts, Party, Pieces, Value, after_issuer, b64, changed};
use crate::support::roles::{FEDDETS, LENT, SEE, TOPIC, UNIT_PARAMETER, WORKER, scope};
use crate::support::{Idp, Say, Signing, Town, key};

const LOA: &str = "https://data.gov.dk/concept/core/nsis/loa";
const CVR: &str = "https://data.gov.dk/model/core/eid/professional/cvr";
const SPEC: &str = "https://data.gov.dk/model/core/specVersion";
const RIGHTS: &str = "https://data.gov.dk/model/core/eid/privilegesIntermediate";
const OLD_RIGHTS: &str = "dk:gov:saml:attribute:Privileges_intermediate";

/// How an answer is made.
type Make = Box<dyn Fn(&Idp, Say) -> String>;

struct Seeded {
    what: &'static str,
    make: Make,
    /// What the report says: `check reason`, with a question mark where it only warns.
    run: &'static [&'static str],
    /// What the real login ends with, or `noticed …`, or `ok`.
    login: &'static str,
}

/// An answer that is bent before it is signed.
fn says(
    what: &'static str,
    run: &'static [&'static str],
    login: &'static str,
    bend: impl Fn(&mut Say) + 'static,
) -> Seeded {
    let make = move |idp: &Idp, mut say: Say| {
        bend(&mut say);
        idp.write(&say)
    };
    Seeded { what, make: Box::new(make), run, login }
}

/// An answer that is made by hand.
fn made(
    what: &'static str,
    run: &'static [&'static str],
    login: &'static str,
    make: impl Fn(&Idp, Say) -> String + 'static,
) -> Seeded {
    Seeded { what, make: Box::new(make), run, login }
}

/// The answer in plain, signed by hand.
fn by_hand(idp: &Idp, say: Say, bend: impl FnOnce(&mut Parts)) -> String {
    let unsigned = Say { signing: Signing::Nothing, encrypted: false, ..say };
    let pieces = Pieces::of(&idp.write(&unsigned));
    pieces.with(&Party::dev("idp-korsbaek").sign(&pieces.assertion, bend))
}

/// The answer with its assertion sealed by hand.
fn sealed(idp: &Idp, say: Say, seal: impl FnOnce(&str) -> Envelope) -> String {
    let pieces = Pieces::of(&idp.write(&Say { encrypted: false, ..say }));
    pieces.with(&seal(&pieces.assertion).xml())
}

fn list(xml: &str) -> String {
    b64(xml.as_bytes())
}

fn set(name: &'static str, value: Option<&'static str>) -> impl Fn(&mut Say) {
    move |say| say.set(name, value)
}

fn twice(name: &'static str) -> impl Fn(&mut Say) {
    move |say| {
        let again = say.attributes.iter().find(|(known, _)| known == name).cloned().unwrap();
        say.attributes.push(again);
    }
}

fn holds(group: (&'static str, &'static str, &'static [(&'static str, &'static str)])) -> impl Fn(&mut Say) {
    move |say| say.rights(&[(&scope(group.0), group.1, group.2)])
}

fn of_proof() -> Vec<Seeded> {
    vec![
        says("signed at the assertion", &[], "ok", |_| {}),
        says("signed at the Response only", &[], "ok", |say| say.signing = Signing::Response),
        says("signed at both", &[], "ok", |say| say.signing = Signing::Both),
        says(
            "not signed",
            &["login.let-in sig.missing", "signature.covers sig.missing"],
            "sig.missing",
            |say| {
                say.signing = Signing::Nothing;
            },
        ),
        made(
            "signed by a key of another municipality",
            &[
                "login.let-in key.untrusted",
                "signature.covers key.untrusted",
                "signature.assertion key.untrusted",
            ],
            "key.untrusted",
            |idp, say| idp.write_with(&say, &key("idp-feddet")),
        ),
        made(
            "signed with SHA-1",
            &[
                "login.let-in alg.refused",
                "signature.covers alg.refused",
                "signature.assertion alg.refused",
                "encryption.used enc.missing?",
            ],
            "alg.refused",
            |idp, say| {
                by_hand(idp, say, |parts| {
                    parts.method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1".into();
                    parts.value = Value::Rsa(MessageDigest::sha1());
                })
            },
        ),
        made(
            "signed with MD5",
            &[
                "login.let-in alg.refused",
                "signature.covers alg.refused",
                "signature.assertion alg.refused",
                "encryption.used enc.missing?",
            ],
            "alg.refused",
            |idp, say| {
                by_hand(idp, say, |parts| {
                    parts.method = "http://www.w3.org/2001/04/xmldsig-more#rsa-md5".into();
                    parts.value = Value::Rsa(MessageDigest::md5());
                })
            },
        ),
        made(
            "changed after it was signed",
            &[
                "login.let-in sig.invalid",
                "signature.covers sig.invalid",
                "signature.assertion sig.invalid",
                "encryption.used enc.missing?",
            ],
            "sig.invalid",
            |idp, say| changed(&by_hand(idp, say, |_| {}), "ib@korsbaek.test", "bo@korsbaek.test"),
        ),
        made(
            "signed with comments in the canonical form",
            &[
                "login.let-in sig.c14n",
                "signature.covers sig.c14n",
                "signature.assertion sig.c14n",
                "encryption.used enc.missing?",
            ],
            "sig.c14n",
            |idp, say| {
                by_hand(idp, say, |parts| {
                    parts.form = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#WithComments\"></ds:CanonicalizationMethod>".into();
                })
            },
        ),
        made(
            "signed with an XPath transform",
            &[
                "login.let-in sig.transform",
                "signature.covers sig.transform",
                "signature.assertion sig.transform",
                "encryption.used enc.missing?",
            ],
            "sig.transform",
            |idp, say| {
                by_hand(idp, say, |parts| {
                    parts.transforms += "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"></ds:Transform>";
                })
            },
        ),
        made(
            "signed over another element",
            &[
                "login.let-in sig.reference",
                "signature.covers sig.reference",
                "signature.assertion sig.reference",
                "encryption.used enc.missing?",
            ],
            "sig.reference",
            |idp, say| by_hand(idp, say, |parts| parts.reference = " URI=\"#_somewhere_else\"".into()),
        ),
        made("in the clear", &["encryption.used enc.missing?"], "ok", |idp, say| {
            idp.write(&Say { encrypted: false, ..say })
        }),
        made(
            "encrypted to an old key",
            &["login.let-in dec.failed", "encryption.opens dec.failed"],
            "dec.failed",
            |idp, say| {
                sealed(idp, say, |plain| {
                    let mut envelope = Envelope::gcm(plain);
                    let old = Party::rsa(2048);
                    envelope.wrapped = crate::support::forge::wrap(
                        &old,
                        &crate::support::forge::CONTENT_KEY,
                        openssl::rsa::Padding::PKCS1_OAEP,
                    );
                    envelope
                })
            },
        ),
        made(
            "encrypted with AES-CBC",
            &["login.let-in alg.refused", "encryption.opens alg.refused"],
            "alg.refused",
            |idp, say| sealed(idp, say, Envelope::cbc),
        ),
        made(
            "encrypted with RSA 1.5",
            &["login.let-in alg.refused", "encryption.opens alg.refused"],
            "alg.refused",
            |idp, say| {
                sealed(idp, say, |plain| {
                    let mut envelope = Envelope::gcm(plain);
                    envelope.key_method = " Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-1_5\">".into();
                    envelope
                })
            },
        ),
        made(
            "two assertions",
            &[
                "login.let-in sig.coverage",
                "answer.assertion assertion.count",
                "signature.covers sig.coverage",
                "encryption.used enc.missing?",
            ],
            "sig.coverage",
            |idp, say| {
                let one = idp.write(&Say { encrypted: false, ..say });
                let pieces = Pieces::of(&one);
                let other = changed(&pieces.assertion, "_assertion", "_another");
                pieces.with(&format!("{}{other}", pieces.assertion))
            },
        ),
        made(
            "no assertion",
            &["login.let-in assertion.count", "answer.assertion assertion.count"],
            "assertion.count",
            |idp, say| Pieces::of(&idp.write(&Say { encrypted: false, ..say })).with(""),
        ),
        made(
            "not XML",
            &["login.let-in xml.malformed", "transport.answer xml.malformed"],
            "xml.malformed",
            |_, _| "not XML".to_owned(),
        ),
        made(
            "a DOCTYPE",
            &["login.let-in xml.doctype", "transport.answer xml.doctype"],
            "xml.doctype",
            |idp, say| format!("<!DOCTYPE x>{}", idp.write(&say)),
        ),
        made(
            "an assertion without Conditions",
            &["login.let-in xml.schema", "transport.answer xml.schema", "encryption.used enc.missing?"],
            "xml.schema",
            |idp, say| {
                let unsigned = idp.write(&Say { signing: Signing::Nothing, encrypted: false, ..say });
                let pieces = Pieces::of(&unsigned);
                let (before, rest) = pieces.assertion.split_once("<saml:Conditions").unwrap();
                let rest = rest.split_once("</saml:Conditions>").unwrap().1;
                let bare = format!("{before}{rest}");
                pieces.with(&after_issuer(&bare, &Party::dev("idp-korsbaek").signature(&bare, |_| {})))
            },
        ),
    ]
}

fn of_place_and_time() -> Vec<Seeded> {
    let later = |seconds| crate::support::at(seconds).to_string();
    vec![
        says(
            "metadata of another environment",
            &["login.let-in idp.unexpected", "answer.issuer idp.unexpected"],
            "idp.unexpected",
            |say| {
                say.response_issuer = Some("https://idp.korsbaek-prod.test/".into());
                say.assertion_issuer = "https://idp.korsbaek-prod.test/".into();
            },
        ),
        says(
            "no slash at the end of the entityID",
            &["login.let-in idp.unexpected", "answer.issuer idp.unexpected"],
            "idp.unexpected",
            |say| {
                say.response_issuer = Some("https://idp.korsbaek.test".into());
                say.assertion_issuer = "https://idp.korsbaek.test".into();
            },
        ),
        says(
            "two issuers",
            &["login.let-in issuer.mismatch", "answer.issuer issuer.mismatch"],
            "issuer.mismatch",
            |say| say.assertion_issuer = "https://idp.feddet.test/adfs".into(),
        ),
        says(
            "another audience",
            &["login.let-in audience", "receiver.audience audience"],
            "audience",
            |say| say.audiences = vec![vec!["https://ch.elsewhere.test/saml".into()]],
        ),
        says(
            "a slash at the end of the audience",
            &["login.let-in audience", "receiver.audience audience"],
            "audience",
            |say| say.audiences[0][0] += "/",
        ),
        says("no audience", &["login.let-in audience", "receiver.audience audience"], "audience", |say| {
            say.audiences.clear()
        }),
        says(
            "another ACS in Recipient",
            &["login.let-in recipient", "receiver.confirmation recipient"],
            "recipient",
            |say| say.recipient = Some("https://ch.elsewhere.test/acs".into()),
        ),
        says(
            "no Recipient",
            &["login.let-in recipient", "receiver.confirmation recipient"],
            "recipient",
            |say| say.recipient = None,
        ),
        says(
            "another Destination",
            &["login.let-in recipient", "receiver.destination recipient"],
            "recipient",
            |say| say.destination = Some("https://ch.elsewhere.test/acs".into()),
        ),
        says(
            "no InResponseTo",
            &["login.let-in irt.missing", "answer.in-response-to irt.missing"],
            "irt.missing",
            |say| say.in_response_to = None,
        ),
        says(
            "another InResponseTo",
            &["login.let-in irt.unknown", "answer.in-response-to irt.unknown"],
            "irt.unknown",
            |say| say.in_response_to = Some("_another".into()),
        ),
        says(
            "no InResponseTo on the confirmation",
            &["login.let-in irt.missing", "receiver.confirmation irt.missing"],
            "irt.missing",
            |say| say.scd_in_response_to = None,
        ),
        says(
            "no bearer confirmation",
            &["login.let-in scd.method", "receiver.confirmation scd.method"],
            "scd.method",
            |say| say.method = "sender-vouches",
        ),
        says(
            "a bearer confirmation with NotBefore",
            &["login.let-in scd.method", "receiver.confirmation scd.method"],
            "scd.method",
            |say| say.scd_not_before = say.not_before.clone(),
        ),
        says(
            "a confirmation without end",
            &["login.let-in time.scd", "receiver.confirmation time.scd"],
            "time.scd",
            |say| say.scd_not_on_or_after = None,
        ),
        says(
            "a confirmation that has ended",
            &["login.let-in time.scd", "receiver.confirmation time.scd"],
            "time.scd",
            move |say| say.scd_not_on_or_after = Some(later(-120)),
        ),
        says(
            "a clock 4 minutes ahead",
            &[
                "login.let-in time.issue",
                "time.issued time.issue",
                "time.conditions time.conditions",
                "time.skew time.skew",
            ],
            "time.issue",
            |say| say.at(crate::support::at(240)),
        ),
        says(
            "a clock 4 minutes behind",
            &["login.let-in time.issue", "time.issued time.issue", "time.skew time.skew"],
            "time.issue",
            |say| say.at(crate::support::at(-240)),
        ),
        says("a clock 45 seconds ahead", &["time.skew time.skew?"], "ok", |say| {
            say.at(crate::support::at(45))
        }),
        says(
            "conditions that have ended",
            &["login.let-in time.conditions", "time.conditions time.conditions"],
            "time.conditions",
            |say| say.not_on_or_after = Some(crate::support::at(-90).to_string()),
        ),
        says(
            "conditions that do not hold yet",
            &["login.let-in time.conditions", "time.conditions time.conditions"],
            "time.conditions",
            |say| say.not_before = Some(crate::support::at(90).to_string()),
        ),
        says(
            "a condition that we do not know",
            &["login.let-in condition.unknown", "time.conditions condition.unknown"],
            "condition.unknown",
            |say| say.extra_condition = Some("Oneday"),
        ),
        says(
            "a session that has ended",
            &["login.let-in time.session", "time.session time.session"],
            "time.session",
            |say| {
                say.session_not_on_or_after = Some(crate::support::at(-90).to_string());
            },
        ),
        says(
            "a local time",
            &["login.let-in xml.schema", "transport.answer xml.schema"],
            "xml.schema",
            |say| say.issue_instant = "2026-11-21T09:00:00+01:00".into(),
        ),
        says(
            "a login that the provider refused",
            &["login.let-in status", "answer.status status"],
            "status",
            |say| say.status = vec!["Responder", "AuthnFailed"],
        ),
        says(
            "a class that the provider refused, as Entra ID does",
            &["login.let-in status", "answer.status status"],
            "status",
            |say| {
                say.status = vec!["Requester", "NoAuthnContext"];
            },
        ),
        says(
            "a status that nobody knows",
            &["login.let-in status", "answer.status status"],
            "status",
            |say| say.status = vec!["Oops"],
        ),
    ]
}

fn of_user() -> Vec<Seeded> {
    vec![
        says(
            "a NameID that is an e-mail address",
            &["login.let-in value.format", "name.form value.format"],
            "value.format",
            |say| say.name_id = "ib@korsbaek.test".into(),
        ),
        says(
            "a NameID without Serial",
            &["login.let-in value.format", "name.form value.format"],
            "value.format",
            |say| say.name_id = "C=DK,O=11111111,CN=Ib Dam".into(),
        ),
        says(
            "a NameID of another municipality",
            &["login.let-in tenant.nameid", "name.organisation tenant.nameid"],
            "tenant.nameid",
            |say| {
                say.name_id = "C=DK,O=99999999,CN=Ib Dam,Serial=5b0c".into();
            },
        ),
        says(
            "no CVR number",
            &["login.let-in attr.missing", "attribute.cvr attr.missing"],
            "attr.missing",
            set(CVR, None),
        ),
        says(
            "the CVR number of another municipality",
            &["login.let-in tenant.mismatch", "attribute.cvr tenant.mismatch"],
            "tenant.mismatch",
            set(CVR, Some("99999999")),
        ),
        says(
            "a CVR number with a country",
            &["login.let-in value.format", "attribute.cvr value.format"],
            "value.format",
            set(CVR, Some("DK11111111")),
        ),
        says(
            "two CVR numbers",
            &["login.let-in attr.duplicate", "attribute.cvr attr.duplicate", "attribute.once attr.duplicate"],
            "attr.duplicate",
            twice(CVR),
        ),
        says(
            "no specVersion",
            &["login.let-in profile", "attribute.profile profile"],
            "profile",
            set(SPEC, None),
        ),
        says(
            "the specVersion of OIOSAML 2",
            &["login.let-in profile", "attribute.profile profile"],
            "profile",
            set(SPEC, Some("DK-SAML-2.0")),
        ),
        says(
            "two specVersions",
            &["login.let-in attr.duplicate", "attribute.profile attr.duplicate"],
            "attr.duplicate",
            twice(SPEC),
        ),
        says(
            "a citizen",
            &["login.let-in profile", "name.form value.format", "attribute.profile profile"],
            "profile",
            |say| {
                say.name_id =
                    "https://data.gov.dk/model/core/eid/person/uuid/123e4567-e89b-12d3-a456-426655440000"
                        .into();
            },
        ),
        says(
            "a version that only we may set",
            &["attribute.reserved attr.reserved?"],
            "noticed attr.reserved",
            |say| {
                say.set("https://data.gov.dk/model/core/kombitSpecVer", Some("9.9"));
            },
        ),
        says(
            "somebody else's authority in the chain",
            &["attribute.reserved chain?"],
            "noticed chain",
            |say| {
                say.authorities = vec!["https://elsewhere.test/".into()];
            },
        ),
    ]
}

fn of_level() -> Vec<Seeded> {
    vec![
        says("a level above the registered one", &["level.ceiling loa.cap?"], "noticed loa.cap", |say| {
            say.class = "https://data.gov.dk/concept/core/nsis/loa/High".into();
            say.set(LOA, Some("High"));
        }),
        says(
            "a class without level and no loa",
            &["login.let-in loa.unknown", "level.stated loa.missing", "level.enough loa.unknown"],
            "loa.unknown",
            |say| {
                say.class = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".into();
                say.set(LOA, None);
            },
        ),
        says(
            "AD FS answers windows, and NIST 3",
            &["login.let-in loa.lower", "level.enough loa.lower"],
            "loa.lower",
            |say| say.nist("3"),
        ),
        says(
            "a level in Danish",
            &["login.let-in loa.unknown", "level.stated loa.unknown"],
            "loa.unknown",
            set(LOA, Some("Betydelig")),
        ),
        says(
            "a class and a loa that disagree",
            &["login.let-in loa.lower", "level.consistent loa.inconsistent?", "level.enough loa.lower"],
            "loa.lower",
            set(LOA, Some("Low")),
        ),
        says(
            "a level that is too low",
            &["login.let-in loa.lower", "level.enough loa.lower"],
            "loa.lower",
            |say| {
                say.class = "https://data.gov.dk/concept/core/nsis/loa/Low".into();
                say.set(LOA, Some("Low"));
            },
        ),
        says(
            "a class that begins like a level",
            &["login.let-in loa.unknown", "level.stated loa.unknown"],
            "loa.unknown",
            |say| {
                say.class = "https://data.gov.dk/concept/core/nsis/loa/Betydelig".into();
            },
        ),
        says(
            "two levels",
            &["login.let-in attr.duplicate", "attribute.once attr.duplicate", "level.stated attr.duplicate"],
            "attr.duplicate",
            twice(LOA),
        ),
    ]
}

fn of_rights() -> Vec<Seeded> {
    let bpp = "http://itst.dk/oiosaml/basic_privilege_profile";
    let group = "<PrivilegeGroup Scope=\"urn:dk:gov:saml:cvrNumberIdentifier:11111111\"><Privilege>http://korsbaek.test/roles/jobrole/sagsbehandler/1</Privilege></PrivilegeGroup>";
    let whole = format!("<bpp:PrivilegeList xmlns:bpp=\"{bpp}\">{group}</bpp:PrivilegeList>");
    let raw = |value: String| move |say: &mut Say| say.set(RIGHTS, Some(&value));
    vec![
        says("a role that is right", &[], "ok", holds(("11111111", WORKER, &[]))),
        says("a delegated role", &[], "ok", holds(("99999999", LENT, &[]))),
        says(
            "OIOBPP that is not base64",
            &["login.let-in bpp.xml", "rights.readable bpp.xml"],
            "bpp.xml",
            raw("not base64!".into()),
        ),
        says("OIOBPP as XML, without base64", &[], "ok", raw(whole.clone())),
        says("OIOBPP with a byte order mark", &[], "ok", raw(list(&format!("\u{feff}{whole}")))),
        says(
            "OIOBPP in another namespace",
            &["login.let-in bpp.xml", "rights.readable bpp.xml"],
            "bpp.xml",
            raw(list(&whole.replace(bpp, "http://korsbaek.test/bpp"))),
        ),
        says(
            "OIOBPP that is another document",
            &["login.let-in bpp.xml", "rights.readable bpp.xml"],
            "bpp.xml",
            raw(list("<html/>")),
        ),
        says(
            "OIOBPP cut off",
            &["login.let-in bpp.xml", "rights.readable bpp.xml"],
            "bpp.xml",
            raw(list(&whole[..whole.len() - 9])),
        ),
        says("OIOBPP in UTF-16", &["login.let-in bpp.xml", "rights.readable bpp.xml"], "bpp.xml", {
            let wide: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
            raw(b64(&wide))
        }),
        says(
            "a group without scope",
            &["rights.scope bpp.scope"],
            "noticed bpp.scope",
            raw(list(&whole.replace(" Scope=\"urn:dk:gov:saml:cvrNumberIdentifier:11111111\"", ""))),
        ),
        says(
            "a role that nobody has registered",
            &["rights.known bpp.role"],
            "noticed bpp.role",
            holds(("11111111", "http://korsbaek.test/roles/jobrole/ukendt/1", &[])),
        ),
        says(
            "a role of another municipality",
            &["rights.known bpp.role"],
            "noticed bpp.role",
            holds(("11111111", FEDDETS, &[])),
        ),
        says(
            "a scope of another municipality",
            &["rights.scope bpp.scope"],
            "noticed bpp.scope",
            holds(("99999999", FEDDETS, &[])),
        ),
        says(
            "a fagsystem's own role",
            &["rights.known bpp.role"],
            "noticed bpp.role",
            holds(("11111111", SEE, &[])),
        ),
        says(
            "a role without the parameter that it needs",
            &["rights.mapped bpp.constraint"],
            "noticed bpp.constraint",
            holds(("11111111", TOPIC, &[])),
        ),
        says(
            "two lists that differ",
            &[
                "login.let-in attr.ambiguous",
                "attribute.once attr.ambiguous",
                "rights.readable attr.ambiguous",
            ],
            "attr.ambiguous",
            |say| {
                say.rights(&[(&scope("11111111"), WORKER, &[])]);
                say.attributes.push((
                    OLD_RIGHTS.into(),
                    vec![list(
                        "<bpp:PrivilegeList xmlns:bpp=\"http://itst.dk/oiosaml/basic_privilege_profile\"/>",
                    )],
                ));
            },
        ),
        says(
            "the list twice",
            &[
                "login.let-in attr.ambiguous",
                "attribute.once attr.ambiguous",
                "rights.readable attr.ambiguous",
            ],
            "attr.ambiguous",
            |say| {
                say.rights(&[(&scope("11111111"), WORKER, &[])]);
                say.rights(&[(&scope("11111111"), WORKER, &[])]);
            },
        ),
        says("a parameter without its role", &[], "ok", |say| {
            say.attributes.push((UNIT_PARAMETER.into(), vec!["4711".into()]));
        }),
    ]
}

/// What a real login makes of the answer.
async fn real(town: &Town, number: usize, make: &Make) -> String {
    let mut browser = town.browser();
    let mut ask = town.bbr.ask();
    ask.id = format!("_request{number}");
    let sent = town.bbr.send(&mut browser, &ask).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    let mut say = town.korsbaek.say(&question);
    say.assertion_id = format!("_assertion-real-{number}");
    let xml = make(&town.korsbaek, say);
    let before = town.log().await.len();
    crate::support::deliver(town, &mut browser, &xml, arrived.relay_state.as_deref()).await;
    let records = town.log().await.split_off(before);
    let ended = records.iter().find(|record| format!("{:?}", record.event) == "AnswerReceived").unwrap();
    let rulings = records.iter().flat_map(|record| &record.rulings).map(|ruling| ruling.reason.code());
    let noticed: Vec<&str> = ended.noticed.iter().map(String::as_str).chain(rulings).collect();
    let noticed: Vec<&str> = noticed.into_iter().filter(|code| *code != "bpp.kept").collect();
    match (ended.allowed, noticed.as_slice()) {
        (false, _) => ended.reason.clone(),
        (true, []) => "ok".into(),
        (true, some) => format!("noticed {}", some.join(" ")),
    }
}

async fn play(name: &str, change: impl FnOnce(&mut Files), faults: Vec<Seeded>) {
    let town = Town::with(name, change).await;
    let mut otherwise = Vec::new();
    let whole = faults.len();
    for (number, fault) in faults.into_iter().enumerate() {
        let bbr = town.bbr.entity_id.clone();
        let mut run = at_idp(&town, &town.korsbaek, Scenario::NsisSubstantial, Some(&bbr)).await;
        let mut say = town.korsbaek.say(&run.question);
        say.assertion_id = format!("_assertion-{number}");
        let xml = (fault.make)(&town.korsbaek, say);
        crate::support::deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
        let seen = match report(&town, &run.ticket).await {
            Some(report) => told(&report),
            None => vec!["no report".to_owned()],
        };
        assert!(seen.iter().all(|line| !line.contains(" -")), "what is wrong has a page: {seen:?}");
        // The town's provider never says which format its NameID has.
        let seen: Vec<String> =
            seen.into_iter().filter(|line| line != "name.format nameid.format?").collect();
        let ended = real(&town, number, &fault.make).await;
        if seen != fault.run || ended != fault.login {
            otherwise.push(format!("        {:?}: {:?}, {:?}", fault.what, seen, ended));
        }
    }
    assert!(otherwise.is_empty(), "{} of {whole}:\n{}", otherwise.len(), otherwise.join("\n"));
}

#[tokio::test]
async fn faults_of_signature_encryption_and_form_are_named() {
    play("faults-proof", with_logout, of_proof()).await;
}

#[tokio::test]
async fn faults_of_place_and_time_are_named() {
    play("faults-place", with_logout, of_place_and_time()).await;
}

#[tokio::test]
async fn faults_of_the_user_are_named() {
    play("faults-user", with_logout, of_user()).await;
}

#[tokio::test]
async fn faults_of_the_level_are_named() {
    play("faults-level", with_logout, of_level()).await;
}

#[tokio::test]
async fn faults_of_rights_are_named() {
    play("faults-rights", with_logout, of_rights()).await;
}
