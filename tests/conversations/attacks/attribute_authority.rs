//! Who asks us about users: whoever may not ask, or asks for too much, is denied and learns nothing, and nobody learns who
//! works where. The queries are written and signed by hand.

use context_handler::domain::audit::{Actor, Event};
use context_handler::domain::id::{EntityId, MessageId};
use context_handler::protocol::keys::{Signer, TrustedKeys};
use context_handler::protocol::saml::metadata::{OurLogoutAddresses, OurMetadata};
use context_handler::protocol::saml::soap::unwrap;
use context_handler::protocol::xml::{Document, Name, verify};
use jiff::SignedDuration;

use crate::registry::{Partner, Says, egress};
use crate::support::forge::{Party, after_issuer, attribute, changed, cut_signature};
use crate::support::{Answer, Town, at, key};

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const RIGHTS: &str = "dk:gov:saml:attribute:Privileges_intermediate";
const TITLE: &str = "urn:oid:2.5.4.12";
const CPR: &str = "dk:gov:saml:attribute:CprNumberIdentifier";
const BYG: &str = "http://korsbaek.dk/roles/jobrole/byg/1";

/// Ib has a role, a title and a CPR number; Bo is known and has nothing; Else has only what nobody here may be told.
async fn town(name: &str) -> Town {
    Town::with(name, |files| {
        let mut toml = String::new();
        for (cvr, id, rest) in [
            ("11111111", "ib", format!("roles = [{{ role = {BYG:?} }}]\nclaims = {{ {TITLE:?} = [\"Chef\"], {CPR:?} = [\"0101010101\"] }}")),
            ("11111111", "bo", String::new()),
            ("11111111", "else", format!("claims = {{ {CPR:?} = [\"0202020202\"] }}")),
            ("99999999", "ib", format!("roles = [{{ role = {BYG:?} }}]")),
        ] {
            toml += &format!("[[user]]\nauthority = {cvr:?}\nid = {id:?}\n{rest}\n\n");
        }
        for (name, entity_id, file, more) in [
            ("driving", "https://koereproevebooking.test/saml", "sp-oiosaml2", ""),
            ("off", "https://off.test", "idp-feddet", "active = false\n"),
            ("bbr", "https://bbr.test/saml", "sp-oiosaml3", ""),
        ] {
            let encryption = if name == "bbr" { descriptor("encryption", "broker-decryption") } else { String::new() };
            let metadata = format!(
                "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity_id}\">\
                 <md:SPSSODescriptor protocolSupportEnumeration=\"{SAMLP}\">{}{encryption}\
                 <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://asks.test/acs\" index=\"0\"/>\
                 </md:SPSSODescriptor></md:EntityDescriptor>",
                descriptor("signing", file)
            );
            files.insert(format!("asks-{name}.xml"), metadata.into_bytes());
            toml += &format!(
                "[[attribute-requester]]\nentity-id = {entity_id:?}\nname = {name:?}\nmetadata = \"asks-{name}.xml\"\n\
                 authorities = [\"11111111\"]\nattributes = [{RIGHTS:?}, {TITLE:?}]\n{more}\n"
            );
        }
        files.get_mut("register.toml").unwrap().extend(toml.into_bytes());
    })
    .await
}

fn descriptor(used_for: &str, name: &str) -> String {
    format!(
        "<md:KeyDescriptor use=\"{used_for}\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
         <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
        Signer::certificate(key(name).as_ref()).to_base64()
    )
}

/// A query as it is to be written.
#[derive(Clone)]
struct Ask {
    id: String,
    issuer: String,
    destination: String,
    issue_instant: String,
    name: String,
    attributes: Vec<&'static str>,
    key: &'static str,
}

impl Ask {
    /// What a registered requester asks about Ib.
    fn about(town: &Town, serial: &str) -> Self {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        Self {
            id: format!("_query{:06}", NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed)),
            issuer: "https://koereproevebooking.test/saml".into(),
            destination: format!("{}/saml/aa/soap", town.url),
            issue_instant: at(0).to_string(),
            name: format!("C=DK,O=11111111,CN=Ib Dam,Serial={serial}"),
            attributes: Vec::new(),
            key: "sp-oiosaml2",
        }
    }

    fn unsigned(&self) -> String {
        let Self { id, issuer, destination, issue_instant, name, attributes, .. } = self;
        let wanted = attributes
            .iter()
            .map(|name| format!("<saml:Attribute xmlns:saml=\"{SAML}\" Name=\"{name}\"></saml:Attribute>"));
        format!(
            "<samlp:AttributeQuery xmlns:samlp=\"{SAMLP}\" Destination=\"{destination}\" ID=\"{id}\" IssueInstant=\"{issue_instant}\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"{SAML}\">{issuer}</saml:Issuer><saml:Subject xmlns:saml=\"{SAML}\">\
             <saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName\">{name}</saml:NameID></saml:Subject>{}\
             </samlp:AttributeQuery>",
            wanted.collect::<String>()
        )
    }

    fn signed(&self) -> String {
        Party::dev(self.key).sign(&self.unsigned(), |_| {})
    }
}

fn envelope(header: &str, body: &str) -> String {
    let header =
        if header.is_empty() { String::new() } else { format!("<soap:Header>{header}</soap:Header>") };
    format!(
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\">{header}<soap:Body>{body}</soap:Body></soap:Envelope>"
    )
}

async fn send(town: &Town, envelope: String) -> Answer {
    town.browser().post_raw(&format!("{}/saml/aa/soap", town.url), "text/xml", envelope).await
}

async fn ask(town: &Town, ask: &Ask) -> Answer {
    send(town, envelope("", &ask.signed())).await
}

/// What an answer tells, its proof checked: attributes by name. None when it is a denial.
fn told(town: &Town, answer: &Answer, asked: &Ask) -> Option<Vec<(String, Vec<String>)>> {
    let saml = |local| Name::new(SAML, "saml", local);
    let samlp = |local| Name::new(SAMLP, "samlp", local);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/xml"));
    let keys = TrustedKeys::new(vec![Signer::certificate(key("broker-signing").as_ref()).clone()]).unwrap();
    let document = Document::parse(answer.body.as_bytes()).unwrap();
    let response = unwrap(&document).unwrap();
    assert!(response.is(samlp("Response")), "{}", answer.body);
    let status = response.only_child(samlp("Status")).unwrap().only_child(samlp("StatusCode")).unwrap();
    if !status.attribute("Value").unwrap().ends_with(":Success") {
        assert!(status.source().contains("status:RequestDenied") && !answer.body.contains("Assertion "));
        return None;
    }
    assert_eq!(response.attribute("InResponseTo"), Some(asked.id.as_str()));
    let proved = verify(response.only_child(saml("Assertion")).unwrap(), &keys).unwrap();
    let assertion = proved.element();
    let text = |element: context_handler::protocol::xml::Element<'_>| element.text().unwrap().into_owned();
    assert_eq!(text(assertion.only_child(saml("Issuer")).unwrap()), format!("{}/saml", town.url));
    let subject = assertion.only_child(saml("Subject")).unwrap();
    assert_eq!(text(subject.only_child(saml("NameID")).unwrap()), asked.name);
    let confirmation = subject.only_child(saml("SubjectConfirmation")).unwrap();
    assert!(confirmation.attribute("Method").unwrap().ends_with(":sender-vouches"), "nobody's login");
    let data = confirmation.only_child(saml("SubjectConfirmationData")).unwrap();
    assert_eq!(data.attribute("InResponseTo"), Some(asked.id.as_str()), "bound by the signature");
    assert!(assertion.only_child(saml("Conditions")).unwrap().source().contains(&asked.issuer));
    let Some(statement) = assertion.optional_child(saml("AttributeStatement")).unwrap() else {
        return Some(Vec::new());
    };
    let attributes = statement.children().map(|attribute| {
        (attribute.attribute("Name").unwrap().to_owned(), attribute.children().map(text).collect())
    });
    Some(attributes.collect())
}

/// Promises about every denial: the same status for all and nothing else, and one record with this reason.
async fn denied(town: &Town, answer: &Answer, asked: &Ask, reason: &str, what: &str) {
    assert!(told(town, answer, asked).is_none(), "{what}: {}", answer.body);
    let status = answer.body.split("<samlp:Status>").nth(1).unwrap();
    let same = context_handler::protocol::saml::query::answer::write_denial;
    let same =
        same(&MessageId::new("_any").unwrap(), &EntityId::new("https://any.test").unwrap(), at(0)).unwrap();
    assert!(same.as_str().ends_with(status), "{what}: {status}");
    assert!(answer.headers.get("set-cookie").is_none(), "{what}");
    let record = town.log().await.pop().unwrap();
    assert_eq!((record.reason.as_str(), record.allowed), (reason, false), "{what}: {:?}", record.detail);
    assert_eq!(record.event, Event::AttributesAsked);
}

#[tokio::test]
async fn a_registered_requester_is_told_what_it_is_entitled_to_and_nothing_else() {
    let town = town("aa-told").await;
    let query = Ask::about(&town, "ib");
    let attributes = told(&town, &ask(&town, &query).await, &query).unwrap();
    let names: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [RIGHTS, TITLE], "its CPR number is not told");
    let rights = context_handler::protocol::bpp::read(&attributes[0].1[0]).unwrap();
    assert_eq!(rights.groups[0].privileges, [BYG]);
    assert_eq!(attributes[1].1, ["Chef"]);
    let record = town.log().await.pop().unwrap();
    assert_eq!((record.event, record.actor), (Event::AttributesAsked, Actor::AttributeRequester));
    assert_eq!((record.reason.as_str(), record.message.as_deref()), ("aq.answered", Some(query.id.as_str())));
    assert!(record.key.is_some() && record.sha256.is_some() && record.assertion.is_some());
    assert!(!format!("{record:?}").contains("Chef") && !format!("{record:?}").contains("0101010101"));

    let only = Ask { attributes: vec![TITLE], ..Ask::about(&town, "ib") };
    let attributes = told(&town, &ask(&town, &only).await, &only).unwrap();
    assert_eq!(attributes, [(TITLE.to_owned(), vec!["Chef".to_owned()])]);
    let sealed =
        Ask { issuer: "https://bbr.test/saml".into(), key: "sp-oiosaml3", ..Ask::about(&town, "ib") };
    let answer = ask(&town, &sealed).await;
    assert!(answer.body.contains("<saml:EncryptedAssertion") && !answer.body.contains("<saml:Assertion"));
}

#[tokio::test]
async fn whoever_may_not_ask_or_asks_for_too_much_is_denied() {
    // ATK-238
    let town = town("aa-denied").await;
    let twin = Ask::about(&town, "ib");
    assert!(told(&town, &ask(&town, &twin).await, &twin).is_some(), "the twin");
    let bare = Ask::about(&town, "ib");
    let answer = send(&town, envelope("", &bare.unsigned())).await;
    denied(&town, &answer, &bare, "aq.denied", "unsigned").await;
    let base = || Ask::about(&town, "ib");
    let of = |cvr: &str, serial: &str| format!("C=DK,O={cvr},CN=Ib Dam,Serial={serial}");
    for (what, query, reason) in [
        ("unregistered", Ask { issuer: "https://stranger.test".into(), ..base() }, "aq.denied"),
        (
            "a fagsystem that may not ask",
            Ask { issuer: town.bbr.entity_id.clone() + "/x", ..base() },
            "aq.denied",
        ),
        ("switched off", Ask { issuer: "https://off.test".into(), key: "idp-feddet", ..base() }, "aq.denied"),
        ("another tenant's user", Ask { name: of("99999999", "ib"), ..base() }, "aq.denied"),
        (
            "another tenant's user, two names",
            Ask { name: of("99999999,O=11111111", "ib"), ..base() },
            "value.format",
        ),
        ("an attribute too many", Ask { attributes: vec![TITLE, CPR], ..base() }, "aq.denied"),
        (
            "the same attribute in another spelling",
            Ask { attributes: vec!["URN:OID:2.5.4.12"], ..base() },
            "aq.denied",
        ),
        ("the key of another requester", Ask { key: "sp-oiosaml3", ..base() }, "key.untrusted"),
        (
            "another requester's name",
            Ask { issuer: "https://bbr.test/saml".into(), ..base() },
            "key.untrusted",
        ),
        (
            "another address",
            Ask { destination: format!("{}/saml/idp/sso", town.url), ..base() },
            "destination",
        ),
        ("too old", Ask { issue_instant: at(-400).to_string(), ..base() }, "request.stale"),
        ("no subject name", Ask { name: "ib".into(), ..base() }, "value.format"),
    ] {
        denied(&town, &ask(&town, &query).await, &query, reason, what).await;
    }
    denied(&town, &ask(&town, &twin).await, &twin, "request.replay", "asked a second time").await;
    town.pass(SignedDuration::from_hours(24 * 365 * 50));
    let late = Ask { issue_instant: town.now().to_string(), ..base() };
    denied(&town, &ask(&town, &late).await, &late, "key.expired", "with a certificate that ran out").await;
}

/// Metadata of a fagsystem of this name with one key, which signs it.
fn of_fagsystem(name: &str, signer: &str) -> Vec<u8> {
    let signer = key(signer);
    let written = OurMetadata {
        id: &MessageId::new("_metadata").unwrap(),
        entity_id: &EntityId::new(name).unwrap(),
        now: at(0),
        signing: &[Signer::certificate(signer.as_ref()).clone()],
        encryption: &[],
    };
    let logout = OurLogoutAddresses {
        browser: "https://asks.test/slo".to_owned(),
        soap: "https://asks.test/slo/soap".to_owned(),
    };
    written.write_sp("https://asks.test/acs", &logout, signer.as_ref()).unwrap().into_string().into_bytes()
}

#[tokio::test]
async fn what_is_fetched_for_a_fagsystem_brings_it_no_key_to_ask_with() {
    let town = town("aa-fetched").await;
    let partner = Partner::new().await;
    let name = "https://koereproevebooking.test/saml";
    let metadata = of_fagsystem(name, "sp-seb");
    town.change(|files| {
        files.insert("fagsystem.xml".into(), metadata.clone());
        let toml = format!(
            "[[service-provider]]\nentity-id = {name:?}\nname = \"Asks\"\ncvr = \"77777777\"\nprofile = \"OIOSAML2\"\n\
             required-nist = 3\nmetadata = \"fagsystem.xml\"\nmetadata-url = \"{}/metadata\"\n\n",
            partner.url
        );
        files.get_mut("register.toml").unwrap().extend(toml.into_bytes());
    })
    .await;
    partner.says(Says::Content(metadata));
    let fetched = town.broker.refresh_metadata(&egress()).await.unwrap();
    assert_eq!(fetched[0].outcome.as_ref().ok(), Some(&true), "it holds for logins");

    let twin = Ask::about(&town, "ib");
    assert!(
        told(&town, &ask(&town, &twin).await, &twin).is_some(),
        "by the key that was registered for this"
    );
    let by_fagsystem = Ask { key: "sp-seb", ..Ask::about(&town, "ib") };
    let answer = ask(&town, &by_fagsystem).await;
    denied(&town, &answer, &by_fagsystem, "key.untrusted", "by the key of logins").await;
}

#[tokio::test]
async fn an_attribute_is_told_once_however_often_it_is_asked_for() {
    let town = town("aa-often").await;
    for count in [1, 1_000] {
        let wanted = [vec![TITLE; count], vec![RIGHTS; count]].concat();
        let query = Ask { attributes: wanted, ..Ask::about(&town, "ib") };
        let attributes = told(&town, &ask(&town, &query).await, &query).unwrap();
        let mut names: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, [RIGHTS, TITLE], "asked for {count} times");
    }
}

#[tokio::test]
async fn somebody_unknown_and_somebody_without_rights_look_alike() {
    // ATK-239
    let town = town("aa-alike").await;
    let twin = Ask::about(&town, "ib");
    assert_eq!(told(&town, &ask(&town, &twin).await, &twin).unwrap().len(), 2, "the twin");
    let mut seen = Vec::new();
    for serial in ["bo", "else", "nobody"] {
        let query =
            Ask { name: "C=DK,O=11111111,CN=X,Serial=".to_owned() + serial, ..Ask::about(&town, serial) };
        let answer = ask(&town, &query).await;
        assert_eq!(told(&town, &answer, &query), Some(Vec::new()), "{serial}");
        let mut record = town.log().await.pop().unwrap();
        assert_eq!((record.reason.as_str(), record.allowed), ("aq.answered", true));
        assert_eq!(record.noticed, ["aq.denied"]);
        (record.login, record.sha256) = (town.log().await[0].login, None);
        (record.message, record.assertion) = (None, None);
        let mut headers: Vec<String> = answer
            .headers
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "content-length" | "date"))
            .map(|h| format!("{h:?}"))
            .collect();
        headers.sort();
        seen.push((answer.status, headers, without_chance(&answer.body, &query), format!("{record:?}")));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

/// The answer without what differs by chance or by the question: IDs, digest, signature, and what the query said.
fn without_chance(xml: &str, query: &Ask) -> String {
    let mut plain = xml.replace(&query.name, "NAME").replace(&query.id, "QUERY");
    for (from, to) in [("DigestValue>", "<"), ("SignatureValue>", "<"), (" ID=\"_", "\""), ("URI=\"#_", "\"")]
    {
        let mut parts = plain.split(from);
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            out += from;
            out += part.find(to).map_or(part, |end| &part[end..]);
        }
        plain = out;
    }
    plain
}

#[tokio::test]
async fn a_wrapped_query_is_refused() {
    // ATK-241: the eight wrappings, with a query in the place of the response or the assertion.
    let town = town("aa-wrapped").await;
    let genuine = Ask::about(&town, "ib");
    let xml = genuine.signed();
    let (bare, signature) = cut_signature(&xml);
    let forged = {
        let id = attribute(&bare, "ID").to_owned();
        changed(&changed(&bare, &id, "_evil_query"), "Serial=ib", "Serial=bo")
    };
    let before_end = |element: &str, what: &str| {
        let end = element.rfind("</").unwrap();
        format!("{}{what}{}", &element[..end], &element[end..])
    };
    let extensions =
        |inside: &str| format!("<samlp:Extensions xmlns:samlp=\"{SAMLP}\">{inside}</samlp:Extensions>");
    let object = format!("<ds:Object>{bare}</ds:Object>");
    for (what, header, body) in [
        (
            "XSW1: the genuine query inside the moved signature",
            "",
            after_issuer(&forged, &before_end(&signature, &bare)),
        ),
        (
            "XSW2: the genuine query before the moved signature",
            "",
            after_issuer(&forged, &format!("{bare}{signature}")),
        ),
        (
            "XSW2: the genuine query after the moved signature",
            "",
            after_issuer(&forged, &format!("{signature}{bare}")),
        ),
        ("XSW3: the forged query first", "", format!("{forged}{xml}")),
        ("XSW3: the forged query last", "", format!("{xml}{forged}")),
        ("XSW4: the genuine query nested in the forged one", "", before_end(&forged, &xml)),
        ("XSW4: the forged query nested in the genuine one", "", before_end(&xml, &forged)),
        (
            "XSW5: the signature moved, the genuine query beside",
            "",
            after_issuer(&forged, &signature) + &bare,
        ),
        (
            "XSW6: the signature moved, the genuine query in its KeyInfo",
            "",
            after_issuer(&forged, &changed(&signature, "</ds:KeyInfo>", &format!("{bare}</ds:KeyInfo>"))),
        ),
        ("XSW7: the genuine query in Extensions", "", after_issuer(&forged, &extensions(&xml))),
        (
            "XSW7: the forged query in Extensions of the genuine one",
            "",
            after_issuer(&xml, &extensions(&forged)),
        ),
        ("XSW8: the genuine query in an Object", "", after_issuer(&forged, &before_end(&signature, &object))),
        ("in SOAP: the genuine query in the header", xml.as_str(), forged.clone()),
        (
            "in SOAP: the genuine query in the header, its signature moved",
            bare.as_str(),
            after_issuer(&forged, &signature),
        ),
        ("in SOAP: the forged query in the header", forged.as_str(), xml.clone()),
    ] {
        let answer = send(&town, envelope(header, &body)).await;
        denied(&town, &answer, &genuine, "sig.coverage", what).await;
    }
    assert!(told(&town, &ask(&town, &genuine).await, &genuine).is_some(), "the twin");
}

#[tokio::test]
async fn what_is_no_query_is_answered_with_a_fault_that_tells_nothing() {
    let town = town("aa-fault").await;
    let genuine = Ask::about(&town, "ib");
    let xml = genuine.signed();
    for (what, content, status, reason) in [
        ("no XML", "ib".to_owned(), 400, "xml.malformed"),
        ("no envelope", xml.clone(), 400, "xml.schema"),
        ("a document type", format!("<!DOCTYPE a>{}", envelope("", &xml)), 400, "xml.doctype"),
        (
            "a header that must be understood",
            envelope("<x xmlns=\"urn:x\" soap:mustUnderstand=\"1\"></x>", &xml),
            400,
            "soap.header",
        ),
        ("another message", envelope("", &xml.replace("AttributeQuery", "AuthnQuery")), 400, "xml.schema"),
    ] {
        let answer = send(&town, content).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        assert!(answer.body.contains("Fault>") && !answer.body.contains(reason), "{what}: {}", answer.body);
        let record = town.log().await.pop().unwrap();
        assert_eq!((record.reason.as_str(), record.allowed), (reason, false), "{what}");
    }
    let url = format!("{}/saml/aa/soap", town.url);
    let answer = town.browser().post_raw(&url, "application/x-www-form-urlencoded", envelope("", &xml)).await;
    assert_eq!(answer.status, 415);
    let twin = Ask::about(&town, "ib");
    let answer = town.browser().post_raw(&url, "application/soap+xml", envelope("", &twin.signed())).await;
    assert!(told(&town, &answer, &twin).is_some(), "the twin, with the content type of SOAP 1.2");
    let lock = rusqlite::Connection::open(town.database()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = ask(&town, &genuine).await;
    assert!(answer.status == 503 && answer.body.contains("Fault>") && !answer.body.contains("Assertion"));
    lock.execute_batch("ROLLBACK").unwrap();
    assert!(told(&town, &ask(&town, &genuine).await, &genuine).is_some(), "the twin, once the store is back");
}

#[tokio::test]
async fn our_metadata_as_an_attribute_authority_is_signed_and_names_the_address() {
    let town = town("aa-metadata").await;
    let answer = town.browser().get(&format!("{}/saml/aa/metadata", town.url)).await;
    assert_eq!(answer.headers["content-type"], "application/samlmetadata+xml");
    let keys = TrustedKeys::new(vec![Signer::certificate(key("broker-signing").as_ref()).clone()]).unwrap();
    let document = Document::parse_metadata(answer.body.as_bytes()).unwrap();
    let entity = verify(document.root(), &keys).unwrap();
    let md = |local| Name::new("urn:oasis:names:tc:SAML:2.0:metadata", "md", local);
    let role = entity.element().only_child(md("AttributeAuthorityDescriptor")).unwrap();
    let service = role.only_child(md("AttributeService")).unwrap();
    assert_eq!(service.attribute("Location"), Some(format!("{}/saml/aa/soap", town.url).as_str()));
    assert_eq!(service.attribute("Binding"), Some("urn:oasis:names:tc:SAML:2.0:bindings:SOAP"));
}
