//! Real software logs in and out through the broker: six service providers of SAML and three relying parties of OpenID
//! Connect, with SimpleSAMLphp as the municipality.
//!
//! Every test starts its own broker, municipality and fagsystemer and plays the browser between them.
//! `tests/peers/install.sh` installs the software; where it is missing the tests say so and pass, unless `CH_PEERS=1`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "all of this is a test: what does not work out is a failure, and is told"
)]

mod browser;
mod clients;
mod logout;
mod process;
mod rights;
mod trust;
mod world;

use browser::{Browser, Page, encode};
use serde_json::{Value, json};
use world::{IDP, Municipality, Program, Sp, World, installed};

const KAREN: &str = "C=DK,O=11111111,CN=Karen Ærø Sørensen,Serial=6f0b1f52-6f0c-4b7e-9d0b-0a4f6a1f5a11";
const X509_SUBJECT_NAME: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName";
const AES256_GCM: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const OAEP_SHA256: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep http://www.w3.org/2001/04/xmlenc#sha256 \
                           http://www.w3.org/2009/xmlenc11#mgf1sha256";
/// A RelayState whose every byte is easily lost: it must come back unchanged. (No blank and no
/// apostrophe: node-saml signs `%20` and `'` but sends `+` and `%27`, so that its own signature does not fit.)
const RELAY_STATE: &str = "til/bage?æ=1&b=2+3%41#\"<>";

/// SimpleSAMLphp knows no block encryption but AES-128-CBC.
const KORSBAEK: Municipality = Municipality { danger_allow_cbc: true, encrypts: true, states_rights: true };

const MELLON: Sp = Sp {
    program: Program::Apache("mellon"),
    name: "mellon",
    profile: "OIOSAML2",
    sign_response: true,
    login: "/me",
    metadata: "/mellon/metadata",
};
const SHIBBOLETH: Sp = Sp {
    program: Program::Apache("shibboleth"),
    name: "shibboleth",
    profile: "OIOSAML3",
    sign_response: false,
    login: "/me",
    metadata: "/Shibboleth.sso/Metadata",
};
const PYSAML2: Sp = library(Program::Python("pysaml2_sp.py"), "pysaml2", "OIOSAML3", false);
const PYTHON3_SAML: Sp = library(Program::Python("python3_saml_sp.py"), "python3-saml", "OIOSAML2", true);
const NODE_SAML: Sp = library(Program::Node("node_saml_sp.js"), "node-saml", "OIOSAML3", false);
const SAMLIFY: Sp = library(Program::Node("samlify_sp.js"), "samlify", "OIOSAML3", false);

#[test]
fn mod_auth_mellon_logs_in_and_refuses() {
    prove(MELLON, OAEP_MGF1P);
}

#[test]
fn shibboleth_logs_in_and_refuses() {
    prove(SHIBBOLETH, OAEP_SHA256);
}

#[test]
fn pysaml2_logs_in_and_refuses() {
    prove(PYSAML2, OAEP_MGF1P);
}

#[test]
fn python3_saml_logs_in_and_refuses() {
    prove(PYTHON3_SAML, OAEP_MGF1P);
}

#[test]
fn node_saml_logs_in_and_refuses() {
    prove(NODE_SAML, OAEP_MGF1P);
}

#[test]
fn samlify_logs_in_and_refuses() {
    prove(SAMLIFY, OAEP_MGF1P);
}

#[test]
fn pysaml2_asks_by_post_and_its_user_chooses_the_municipality() {
    if missing() {
        return;
    }
    let mut world = World::start("post", KORSBAEK);
    let url = world.join(PYSAML2);
    world.register_neighbour();
    let mut browser = Browser::default();
    let page =
        browser.log_in(&format!("{url}/login?binding=post&RelayState={}", encode(RELAY_STATE)), "karen");
    assert_is_karen(PYSAML2, &page);
    assert!(browser.visited.iter().any(|url| url.contains("/discovery")), "{:?}", browser.visited);
}

#[test]
fn simplesamlphp_encrypts_to_us_where_its_cbc_is_allowed_and_is_refused_where_not() {
    if missing() {
        return;
    }
    for allowed in [true, false] {
        let mut world =
            World::start(&format!("cbc-{allowed}"), Municipality { danger_allow_cbc: allowed, ..KORSBAEK });
        let url = world.join(NODE_SAML);
        let mut browser = Browser::default();
        let page = browser.log_in(&format!("{url}/login"), "karen");
        let answer = answer_to(&browser, &world.broker);
        assert_eq!(
            encryption(&answer),
            ("http://www.w3.org/2001/04/xmlenc#aes128-cbc".into(), OAEP_MGF1P.into())
        );
        if allowed {
            assert_eq!(page.json()["name_id"], KAREN);
        } else {
            assert_nobody_logged_in(&page);
            assert_eq!(world.refusals(), ["answer-received alg.refused"]);
        }
    }
}

#[test]
fn simplesamlphp_without_encryption_logs_in_and_its_changed_answer_is_refused_by_us() {
    if missing() {
        return;
    }
    let mut world =
        World::start("plain", Municipality { danger_allow_cbc: false, encrypts: false, ..KORSBAEK });
    let url = world.join(NODE_SAML);
    let mut browser = Browser::default();
    assert_eq!(browser.log_in(&format!("{url}/login"), "karen").json()["name_id"], KAREN);

    let mut browser = Browser::default();
    browser.tampering = Some((world.broker.clone(), |xml| {
        let changed = xml.replace("CN=Karen", "CN=Laura");
        assert_ne!(xml, changed);
        changed
    }));
    let page = browser.log_in(&format!("{url}/login"), "karen");
    assert_nobody_logged_in(&page);
    assert_eq!(world.refusals(), ["answer-received sig.invalid"]);
}

#[test]
fn simplesamlphp_answers_our_signed_question_and_refuses_it_without_the_signature() {
    if missing() {
        return;
    }
    let mut world = World::start("question", KORSBAEK);
    let url = world.join(NODE_SAML);
    let mut browser = Browser::default();
    let question = way_to_the_idp(&mut browser, &world, &format!("{url}/login"));
    assert!(browser.get(&question).body.contains("type=\"password\""));

    let (unsigned, _) = question.split_once("&SigAlg=").unwrap();
    let refused = Browser::default().get(unsigned);
    assert!(refused.body.contains("no signature found on message"), "{refused:?}");
}

/// One complete login with the strongest encryption that the service provider reads; then a changed answer, which it
/// refuses; then a user with too low a level, whom we refuse with a signed status that it shows as a refusal.
fn prove(sp: Sp, transport: &str) {
    if missing() {
        return;
    }
    let mut world = World::start(sp.name, KORSBAEK);
    let url = world.join(sp);
    let start = match sp.program {
        Program::Apache(_) => format!("{url}{}", sp.login),
        _ => format!("{url}{}?RelayState={}", sp.login, encode(RELAY_STATE)),
    };

    let mut browser = Browser::default();
    let page = browser.log_in(&start, "karen");
    assert_is_karen(sp, &page);
    let answer = answer_to(&browser, &url);
    assert_eq!(encryption(&answer), (AES256_GCM.into(), transport.into()));
    assert_eq!(
        is_signed(&answer),
        sp.sign_response,
        "the Response is signed where the registration asks: {answer}"
    );

    let mut browser = Browser::default();
    browser.tampering = Some((url.clone(), change_the_ciphertext));
    assert_nobody_logged_in(&browser.log_in(&start, "karen"));

    let mut browser = Browser::default();
    let page = browser.log_in(&start, "lars");
    assert_nobody_logged_in(&page);
    let answer = answer_to(&browser, &url);
    assert!(is_signed(&answer), "the refusal is signed: {answer}");
    assert_eq!(status(&answer).last().unwrap(), "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext");
    assert_eq!(world.refusals(), ["answer-received loa.lower", "refusal-sent loa.lower"]);
    println!("{}: logged in ({AES256_GCM}, {transport}), refused twice; shows: {}", sp.name, summary(&page));
}

/// The identity at the service provider is the one that the municipality gave.
fn assert_is_karen(sp: Sp, page: &Page) {
    assert_eq!(page.status, 200, "{page:?}");
    let who = page.json();
    assert_eq!(who["name_id"], KAREN);
    if let Some(format) = who["name_id_format"].as_str() {
        assert_eq!(format, X509_SUBJECT_NAME);
    }
    let expected = match (sp.program, sp.profile) {
        (Program::Apache(_), "OIOSAML2") => json!({ "cvr": "11111111", "level": "3" }),
        (Program::Apache(_), _) => {
            json!({ "cvr": "11111111", "level": "Substantial", "email": "karen@korsbaek.example" })
        }
        (_, "OIOSAML2") => json!({
            "dk:gov:saml:attribute:CvrNumberIdentifier": "11111111",
            "dk:gov:saml:attribute:AssuranceLevel": "3",
        }),
        _ => json!({
            "https://data.gov.dk/model/core/eid/professional/cvr": "11111111",
            "https://data.gov.dk/model/core/eid/professional/orgName": "Korsbæk Kommune",
            "https://data.gov.dk/concept/core/nsis/loa": "Substantial",
            "https://data.gov.dk/model/core/eid/email": "karen@korsbaek.example",
        }),
    };
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(only(&who["attributes"][name]), value, "{name}: {who:#}");
    }
    if !matches!(sp.program, Program::Apache(_)) {
        assert_eq!(who["relay_state"], RELAY_STATE);
    }
}

fn assert_nobody_logged_in(page: &Page) {
    assert!(page.status >= 400, "refused: {page:?}");
    assert!(!page.body.contains("Karen") && !page.body.contains("Lars"), "nobody is named: {page:?}");
}

fn missing() -> bool {
    if installed() {
        return false;
    }
    let wanted = std::env::var_os("CH_PEERS").is_some_and(|value| value == "1");
    assert!(!wanted, "CH_PEERS=1, but peers are not installed (tests/peers/install.sh)");
    println!("skipped: peers are not installed (tests/peers/install.sh)");
    true
}

/// The address at the municipality to which the broker sends the browser.
fn way_to_the_idp(browser: &mut Browser, world: &World, start: &str) -> String {
    let mut address = start.to_owned();
    while !address.starts_with(&world.idp) {
        let page = browser.get_once(&address);
        page.header("Location")
            .unwrap_or_else(|| panic!("on the way to {IDP}: {page:?}"))
            .clone_into(&mut address);
    }
    address
}

/// The SAML response that went to this place.
fn answer_to(browser: &Browser, place: &str) -> String {
    let found = browser.answers.iter().find(|(target, _)| target.starts_with(place));
    found.unwrap_or_else(|| panic!("no answer went to {place}: {:?}", browser.answers)).1.clone()
}

/// The block encryption, and the key transport with what is said of its digest and mask beyond SHA-1.
fn encryption(xml: &str) -> (String, String) {
    let document = roxmltree::Document::parse(xml).unwrap();
    let of = |parent: &str| -> Vec<String> {
        let found = document.descendants().find(|node| node.tag_name().name() == parent);
        let method = found
            .and_then(|node| node.children().find(|child| child.tag_name().name() == "EncryptionMethod"))
            .unwrap_or_else(|| panic!("no {parent}: {xml}"));
        let all = method.descendants().filter_map(|node| node.attribute("Algorithm"));
        all.filter(|algorithm| !algorithm.ends_with("#sha1")).map(str::to_owned).collect()
    };
    (of("EncryptedData").join(" "), of("EncryptedKey").join(" "))
}

fn status(xml: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let codes = document.descendants().filter(|node| node.tag_name().name() == "StatusCode");
    codes.filter_map(|node| node.attribute("Value")).map(str::to_owned).collect()
}

fn is_signed(xml: &str) -> bool {
    let document = roxmltree::Document::parse(xml).unwrap();
    document.root_element().children().any(|node| node.tag_name().name() == "Signature")
}

/// Changes one character in the middle of the encrypted assertion.
fn change_the_ciphertext(xml: &str) -> String {
    let end = xml.rfind("CipherValue>").unwrap();
    let start = xml[..end].rfind("CipherValue>").unwrap();
    let middle = usize::midpoint(start, end);
    let other = if xml.as_bytes()[middle] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &xml[..middle], &xml[middle + 1..])
}

fn only(value: &Value) -> &Value {
    match value.as_array() {
        Some(values) if values.len() == 1 => &values[0],
        _ => value,
    }
}

fn summary(page: &Page) -> String {
    let text: String =
        page.body.split('<').filter_map(|part| part.split_once('>').map(|(_, text)| text)).collect();
    let text = if text.is_empty() { page.body.clone() } else { text };
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

const fn library(program: Program, name: &'static str, profile: &'static str, sign_response: bool) -> Sp {
    Sp { program, name, profile, sign_response, login: "/login", metadata: "/metadata" }
}
